//! The engine of kind `append`: events as JSON lines at the end of files in a folder, one file for each route and business
//! date, for programs that ship log files (Filebeat, Fluent Bit, Vector).
//!
//! A batch is written at once and synced before it counts as taken. What a crash left of a line is cut off before the
//! next one is written, so a file consists of whole lines. Who writes into a file holds its lock and writes at its end, so
//! that two who do it at once, an older holder of the lease among them, take nothing from each other. It keeps no cursor:
//! after a crash some events may stand there twice. Files are never renamed or removed here; whoever ships them does that.

use super::own;
use super::push::{Batch, Broken, Engine, Outcome, Posting};
use crate::blocking::blocking;
use crate::error::{Error, Result};
use async_trait::async_trait;
use fpp_codecs::Code;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Of a line that was cut short so much is read at a time, from the end.
const BACK_BYTES: u64 = 64 << 10;
/// How long another writer of a file is waited for, and how often it is looked whether it is done.
const TURN_TIMEOUT: Duration = Duration::from_secs(10);
const TURN_POLL: Duration = Duration::from_millis(5);
/// The file of transfers that have no business date.
const UNDATED: &str = "undated";

/// Lines in files of a folder.
#[derive(Debug)]
pub struct Append {
    folder: PathBuf,
    mode: u32,
}

impl Append {
    /// The folder is made when the first event comes; files are made with this mode.
    pub fn new(folder: &Path, mode: u32) -> Append {
        Append { folder: folder.to_owned(), mode }
    }
}

#[async_trait]
impl Engine for Append {
    async fn cursor(&self, _: &Posting) -> Result<Option<u64>> {
        Ok(None)
    }

    async fn push(&self, posting: &Posting, batch: &Batch) -> Result<Outcome, Broken> {
        let date = posting.business_date.as_deref().unwrap_or(UNDATED);
        let path = self.folder.join(format!("{}-{date}.jsonl", posting.route));
        let mut lines = Vec::with_capacity(batch.json.len() + batch.events.len());
        for event in &batch.events {
            lines.extend_from_slice(batch.json_of(event));
            lines.push(b'\n');
        }
        let mode = self.mode;
        blocking(move || append(&path, &lines, mode).map_err(|e| cannot(&path, e))).await?;
        Ok(Outcome::default())
    }

    async fn look(&self) -> Result<String> {
        let folder = self.folder.clone();
        blocking(move || {
            std::fs::create_dir_all(&folder).map_err(|e| cannot(&folder, e))?;
            // Whether it can be written to is known by writing.
            tempfile::tempfile_in(&folder).map_err(|e| cannot(&folder, e))?;
            Ok(format!("{}: can be written to", folder.display()))
        })
        .await
    }

    async fn close(&self) {}
}

fn cannot(path: &Path, error: io::Error) -> Error {
    Error::retry(Code::OUTLET, format!("{} cannot be written to", path.display()))
        .hint("Look at its rights and at the disk; it is tried again by itself.")
        .caused_by(error)
}

fn append(path: &Path, lines: &[u8], mode: u32) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let (mut file, is_new) = own::open(path, OpenOptions::new().read(true).append(true), mode)?;
    lock(&file, TURN_TIMEOUT)?;
    let end = whole(&mut file)?;
    if end < file.metadata()?.len() {
        file.set_len(end)?;
    }
    file.write_all(lines)?;
    file.sync_data()?;
    match path.parent() {
        Some(folder) if is_new => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

/// The lock of a file; given back when it is closed, at any end of the process.
fn lock(file: &File, patience: Duration) -> io::Result<()> {
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if begun.elapsed() < patience => std::thread::sleep(TURN_POLL),
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "somebody else has it locked"));
            }
        }
    }
}

/// Where the last whole line ends.
fn whole(file: &mut File) -> io::Result<u64> {
    let mut end = file.seek(SeekFrom::End(0))?;
    let mut piece = Vec::new();
    while end > 0 {
        let from = end.saturating_sub(BACK_BYTES);
        file.seek(SeekFrom::Start(from))?;
        piece.clear();
        (&mut *file).take(end - from).read_to_end(&mut piece)?;
        if let Some(at) = piece.iter().rposition(|byte| *byte == b'\n') {
            return Ok(from + at as u64 + 1);
        }
        end = from;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::{append, lock};
    use crate::outlets::own::OWN;
    use std::fs::File;
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;

    #[test]
    fn what_a_crash_left_of_a_line_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/pmtrd-2026-01-05.jsonl");
        append(&path, b"{\"a\":1}\n", OWN).unwrap();
        std::fs::write(&path, format!("{{\"a\":1}}\n{{\"b\":\"{}", "x".repeat(200_000))).unwrap();
        append(&path, b"{\"b\":2}\n", OWN).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"a\":1}\n{\"b\":2}\n");
        std::fs::write(&path, "half a line and nothing before it").unwrap();
        append(&path, b"{\"c\":3}\n", OWN).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"c\":3}\n");
    }
    #[test]
    fn writers_at_once_take_no_line_from_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pmtrd-2026-01-05.jsonl");
        std::thread::scope(|threads| {
            for writer in 0..4 {
                let path = &path;
                threads.spawn(move || {
                    for n in 0..100 {
                        let line = format!("{{\"{writer}\":{n},\"x\":\"{}\"}}\n", "x".repeat(40 * writer));
                        append(path, line.as_bytes(), OWN).unwrap();
                    }
                });
            }
        });
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: std::collections::BTreeSet<&str> = text.lines().collect();
        assert_eq!((lines.len(), text.lines().count()), (400, 400));
        assert!(lines.iter().all(|line| line.starts_with('{') && line.ends_with('}')));
    }

    #[test]
    fn a_lock_that_is_not_given_back_holds_nobody_for_ever() {
        let file = tempfile::NamedTempFile::new().unwrap();
        lock(file.as_file(), Duration::ZERO).unwrap();
        let refused = lock(&File::open(file.path()).unwrap(), Duration::from_millis(20)).unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::TimedOut);
    }

    #[test]
    fn a_file_is_for_whom_it_is_set_up_for_and_keeps_what_somebody_gave_it() {
        let folder = tempfile::tempdir().unwrap();
        let mode = |name: &str| folder.path().join(name).metadata().unwrap().permissions().mode() & 0o777;
        append(&folder.path().join("a"), b"{}\n", OWN).unwrap();
        append(&folder.path().join("b"), b"{}\n", 0o664).unwrap();
        append(&folder.path().join("a"), b"{}\n", 0o664).unwrap();
        assert_eq!((mode("a"), mode("b")), (0o600, 0o664), "the umask takes nothing");
    }
}
