//! Writing a file of this machine, and making bytes and names durable.

use crate::error::{Error, Result};
use crate::folder::Sink;
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;

/// A file that is being written, in its open folder.
pub(super) struct LocalSink {
    pub(super) file: File,
    pub(super) folder: OwnedFd,
    /// Name and folder, for errors.
    pub(super) what: String,
}

impl Write for LocalSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Sink for LocalSink {
    fn finish(self: Box<Self>) -> Result<bool> {
        let failed = |e: Errno| Error::from_io(format_args!("syncing {}", self.what), e.into());
        let file_done = could(rustix::fs::fsync(&self.file)).map_err(failed)?;
        // The name must be durable too: "proven" is recorded on the strength of it.
        let folder_done = sync_handle(&self.folder).map_err(failed)?;
        // Reading back should read what the disk has, not what the cache has; a hint that may be ignored.
        let _ = rustix::fs::fadvise(&self.file, 0, None, rustix::fs::Advice::DontNeed);
        Ok(file_done && folder_done)
    }
}

/// Makes the names of a folder durable.
pub(super) fn sync_handle(folder: &OwnedFd) -> rustix::io::Result<bool> {
    could(rustix::fs::fsync(folder))
}

/// Some file systems cannot sync a folder: that is reported, and is no error.
pub(super) fn could(synced: rustix::io::Result<()>) -> rustix::io::Result<bool> {
    match synced {
        Ok(()) => Ok(true),
        Err(Errno::INVAL | Errno::NOTSUP | Errno::NOSYS) => Ok(false),
        Err(e) => Err(e),
    }
}
