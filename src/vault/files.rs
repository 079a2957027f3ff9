//! Files that appear whole or not at all: temporary name, write, fsync, rename, fsync of the folder.
//!
//! A temporary is locked while its writer lives, so that whoever opens the vault next can tell a leftover from the work
//! of another process and sweep only the leftover.

use crate::error::Error;
use fpp_codecs::Code;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Files hold trades and accounts: nobody but the node's own user reads them.
const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;

/// Classes an I/O error of the vault: no space is tried again when there is space.
pub(super) fn failed(place: &str, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            Error::retry(Code::NO_SPACE, format!("{place}: there is no space for it"))
                .hint("Make space on the vault's disk; it goes on by itself.")
                .caused_by(error)
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Error::halt(Code::VAULT, format!("{place}: it may not be read or written"))
                .hint("Give the node's user the right to the vault's folder.")
                .caused_by(error)
        }
        _ => Error::retry(Code::VAULT, format!("{place}: it cannot be read or written"))
            .hint("Look at the vault's disk and the system's log.")
            .caused_by(error),
    }
}

/// A file under a temporary name; removed again unless it is kept.
pub(super) struct Temporary {
    path: PathBuf,
    file: File,
    kept: bool,
}

impl Temporary {
    /// Creates one in a folder.
    pub(super) fn create(folder: &Path) -> io::Result<Temporary> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = folder.join(format!("{}.{number}.part", std::process::id()));
            let file = match OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&path) {
                Ok(file) => file,
                // A leftover of an earlier process with this id, or another machine's.
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(e) => return Err(e),
            };
            file.lock()?;
            // A sweep may have come between creation and lock: then the name is gone, and the next one is tried.
            if file.metadata()?.nlink() > 0 {
                return Ok(Temporary { path, file, kept: false });
            }
        }
    }

    /// Makes the content durable under its final name. An existing file of that name is replaced.
    pub(super) fn keep_as(mut self, name: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.path, name)?;
        self.kept = true;
        match name.parent() {
            Some(folder) => sync_folder(folder),
            None => Ok(()),
        }
    }
}

impl Write for Temporary {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.kept {
            // A leftover that cannot be removed now is swept at the next opening.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Removes temporaries whose writers are dead; returns how many.
pub(super) fn sweep(folder: &Path) -> io::Result<u64> {
    let mut swept = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "part") {
            continue;
        }
        let file = match OpenOptions::new().write(true).open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            Err(e) => return Err(e),
        };
        match file.try_lock() {
            Ok(()) => {
                fs::remove_file(&path)
                    .or_else(|e| if e.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(e) })?;
                swept += 1;
            }
            Err(fs::TryLockError::WouldBlock) => {}
            Err(fs::TryLockError::Error(e)) => return Err(e),
        }
    }
    Ok(swept)
}

/// Creates a folder below a root that exists, and makes each new name on the way durable.
pub(super) fn make_folder(root: &Path, below: &[&str]) -> io::Result<PathBuf> {
    let mut folder = root.to_owned();
    for name in below {
        let parent = folder.clone();
        folder.push(name);
        match fs::DirBuilder::new().mode(FOLDER_MODE).create(&folder) {
            Ok(()) => sync_folder(&parent)?,
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
        }
    }
    Ok(folder)
}

/// Creates the root with all folders above it.
pub(super) fn make_root(root: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(root)?;
    root.parent().filter(|parent| !parent.as_os_str().is_empty()).map_or(Ok(()), sync_folder)
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Class;

    #[test]
    fn no_space_is_tried_again_and_says_so() {
        let mut full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let error = failed("x", full.write_all(b"1").unwrap_err());
        assert_eq!((error.code, error.class), (Code::NO_SPACE, Class::Retry));
    }

    #[test]
    fn a_sweep_leaves_the_temporary_of_a_living_writer() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("1.0.part"), b"left behind").unwrap();
        let mut living = Temporary::create(folder.path()).unwrap();
        living.write_all(b"abc").unwrap();
        assert_eq!(sweep(folder.path()).unwrap(), 1);
        let name = folder.path().join("done");
        living.keep_as(&name).unwrap();
        assert_eq!(fs::read(name).unwrap(), b"abc");
        drop(Temporary::create(folder.path()).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "a dropped temporary is gone");
    }
}
