//! What the disk vault asks of the operating system, and nothing more: the one seam at which tests let a call fail, tear
//! or come late.
//!
//! Invariant: no file of this room calls the operating system beside [`Io`], but [`System`], which adds nothing to a call.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Files hold trades and accounts: nobody but the node's own user reads them.
const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;

/// What is known of a name or an open file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// An ordinary file.
    pub is_file: bool,
    /// Bytes.
    pub bytes: u64,
    /// Last change of its bytes, UTC milliseconds.
    pub modified_ms: i64,
    /// Names it has.
    pub names: u64,
}

/// Calls by name.
pub trait Io: Send + Sync {
    /// Makes one folder, for the own user.
    fn make_folder(&self, folder: &Path) -> io::Result<()>;
    /// Creates a file for writing, for the own user; an existing one is an error.
    fn create_new(&self, file: &Path) -> io::Result<Box<dyn IoFile>>;
    /// Opens a file for reading.
    fn open(&self, file: &Path) -> io::Result<Box<dyn IoFile>>;
    /// Opens a file that is there for reading and writing; nothing is cut. A lock on it may be shared or not: over NFS a
    /// shared one asks for a file that may be read, the other for one that may be written.
    fn open_for_writing(&self, file: &Path) -> io::Result<Box<dyn IoFile>>;
    /// Opens a file that is there for reading, and for writing behind its end.
    fn open_to_go_on(&self, file: &Path) -> io::Result<Box<dyn IoFile>>;
    /// Names in a folder.
    fn list(&self, folder: &Path) -> io::Result<Vec<OsString>>;
    /// What a name leads to.
    fn stat(&self, path: &Path) -> io::Result<Stat>;
    /// Gives a file another name; what had that name is replaced.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, file: &Path) -> io::Result<()>;
    /// Makes the names of a folder durable.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
    /// Bytes that may still be written to the disk of a folder.
    fn free_bytes(&self, folder: &Path) -> io::Result<u64>;
}

/// Calls on an open file.
pub trait IoFile: Send + Sync {
    /// Writes some of the bytes.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;
    /// Reads some bytes from a place on.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
    /// Makes the bytes durable.
    fn sync(&self) -> io::Result<()>;
    /// What is known of it.
    fn stat(&self) -> io::Result<Stat>;
    /// Says that it changed now.
    fn touch(&self) -> io::Result<()>;
    /// Waits for a lock, shared or not; it is given back when the file is closed.
    fn lock(&self, shared: bool) -> io::Result<()>;
    /// Takes a lock that is not shared, if nobody has one.
    fn try_lock(&self) -> io::Result<bool>;
}

/// The operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

fn boxed(file: io::Result<File>) -> io::Result<Box<dyn IoFile>> {
    file.map(|file| Box::new(file) as Box<dyn IoFile>)
}

fn stat_of(of: &fs::Metadata) -> Stat {
    let modified = of.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Stat {
        is_file: of.is_file(),
        bytes: of.len(),
        modified_ms: modified.and_then(|since| i64::try_from(since.as_millis()).ok()).unwrap_or_default(),
        names: of.nlink(),
    }
}

impl Io for System {
    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        fs::DirBuilder::new().mode(FOLDER_MODE).create(folder)
    }

    fn create_new(&self, file: &Path) -> io::Result<Box<dyn IoFile>> {
        boxed(OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(file))
    }

    fn open(&self, file: &Path) -> io::Result<Box<dyn IoFile>> {
        boxed(File::open(file))
    }

    fn open_for_writing(&self, file: &Path) -> io::Result<Box<dyn IoFile>> {
        boxed(OpenOptions::new().read(true).write(true).open(file))
    }

    fn open_to_go_on(&self, file: &Path) -> io::Result<Box<dyn IoFile>> {
        boxed(OpenOptions::new().read(true).append(true).open(file))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<OsString>> {
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.file_name())).collect()
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        fs::metadata(path).map(|of| stat_of(&of))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, file: &Path) -> io::Result<()> {
        fs::remove_file(file)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    fn free_bytes(&self, folder: &Path) -> io::Result<u64> {
        let of = rustix::fs::statvfs(folder)?;
        Ok(of.f_bavail.saturating_mul(of.f_frsize))
    }
}

impl IoFile for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Write::write(self, bytes)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(self, buffer, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_all()
    }

    fn stat(&self) -> io::Result<Stat> {
        self.metadata().map(|of| stat_of(&of))
    }

    fn touch(&self) -> io::Result<()> {
        self.set_modified(SystemTime::now())
    }

    fn lock(&self, shared: bool) -> io::Result<()> {
        if shared { File::lock_shared(self) } else { File::lock(self) }
    }

    fn try_lock(&self) -> io::Result<bool> {
        match File::try_lock(self) {
            Ok(()) => Ok(true),
            Err(fs::TryLockError::WouldBlock) => Ok(false),
            Err(fs::TryLockError::Error(e)) => Err(e),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_locked_may_be_read_and_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        drop(System.create_new(&path).unwrap());
        let mut file = System.open_for_writing(&path).unwrap();
        assert_eq!(file.write(b"a").unwrap(), 1);
        assert_eq!(file.read_at(&mut [0; 4], 0).unwrap(), 1, "NFS refuses a shared lock on a file that cannot be read");
        file.lock(true).unwrap();
        assert!(!System.open_for_writing(&path).unwrap().try_lock().unwrap(), "somebody shares it");
    }
}
