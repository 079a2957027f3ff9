//! The engine of kind `append`: events as JSON lines at the end of files in a folder, one file for each route and business
//! date, for programs that ship log files (Filebeat, Fluent Bit, Vector).
//!
//! A batch is written at once and synced before it counts as taken. What a crash left of a line is cut off before the
//! next one is written, so a file consists of whole lines. It keeps no cursor: after a crash some events may stand there
//! twice. Files are never renamed or removed here; whoever ships them does that.

use super::push::{Batch, Engine, Outcome, Posting};
use crate::blocking::blocking;
use crate::error::{Error, Result};
use async_trait::async_trait;
use fpp_codecs::Code;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Of a line that was cut short so much is read at a time, from the end.
const BACK_BYTES: u64 = 64 << 10;
/// The file of transfers that have no business date.
const UNDATED: &str = "undated";

/// Lines in files of a folder.
#[derive(Debug)]
pub struct Append {
    folder: PathBuf,
}

impl Append {
    /// The folder is made when the first event comes.
    pub fn new(folder: &Path) -> Append {
        Append { folder: folder.to_owned() }
    }
}

#[async_trait]
impl Engine for Append {
    async fn cursor(&self, _: &Posting) -> Result<Option<u64>> {
        Ok(None)
    }

    async fn push(&self, posting: &Posting, batch: &Batch) -> Result<Outcome> {
        let date = posting.business_date.as_deref().unwrap_or(UNDATED);
        let path = self.folder.join(format!("{}-{date}.jsonl", posting.route));
        let mut lines = Vec::with_capacity(batch.json.len() + batch.events.len());
        for event in &batch.events {
            lines.extend_from_slice(batch.json_of(event));
            lines.push(b'\n');
        }
        blocking(move || append(&path, &lines).map_err(|e| cannot(&path, e))).await?;
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

fn append(path: &Path, lines: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let is_new = !path.exists();
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    let end = whole(&mut file)?;
    file.set_len(end)?;
    file.seek(SeekFrom::Start(end))?;
    file.write_all(lines)?;
    file.sync_data()?;
    match path.parent() {
        Some(folder) if is_new => File::open(folder)?.sync_all(),
        _ => Ok(()),
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
    use super::append;

    #[test]
    fn what_a_crash_left_of_a_line_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/pmtrd-2026-01-05.jsonl");
        append(&path, b"{\"a\":1}\n").unwrap();
        std::fs::write(&path, format!("{{\"a\":1}}\n{{\"b\":\"{}", "x".repeat(200_000))).unwrap();
        append(&path, b"{\"b\":2}\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"a\":1}\n{\"b\":2}\n");
        std::fs::write(&path, "half a line and nothing before it").unwrap();
        append(&path, b"{\"c\":3}\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"c\":3}\n");
    }
}
