//! Reading and writing one file over SFTP.
//!
//! The library sends packets of 30,000 bytes and returns from a write as soon as the first of them is acknowledged,
//! with the rest still on its way; it wants to be given that rest again, unchanged. So the writer keeps a window: what
//! was acknowledged is dropped at its head, new bytes are put at its tail, and the whole is passed again. 1.5 MiB keep
//! the line full and stay below the 2 MiB that OpenSSH lets a channel have on the way.

use super::faults;
use super::pool::Lease;
use crate::error::{Error, ErrorKind, Result};
use crate::folder::Sink;
use ssh2::File;
use std::io::{self, Read, Write};

const WINDOW_BYTES: usize = 3 << 19;
/// A file system with less room than this is full: not even one packet of the library would fit.
const FULL_BYTES: u64 = 32 << 10;

/// A file being written.
pub(super) struct SftpSink {
    file: Option<File>,
    lease: Lease,
    /// Bytes not yet acknowledged are `window[head..]`.
    window: Vec<u8>,
    head: usize,
    what: String,
    finished: bool,
}

impl SftpSink {
    pub(super) fn new(file: File, lease: Lease, what: String) -> SftpSink {
        SftpSink { file: Some(file), lease, window: Vec::new(), head: 0, what, finished: false }
    }

    /// Passes the window once; at least its first packet is acknowledged then.
    fn pass(&mut self) -> Result<()> {
        let Some(file) = &mut self.file else {
            return Err(Error::new(ErrorKind::Io, format!("{} is closed", self.what)));
        };
        let unacknowledged = &self.window[self.head..];
        let acknowledged = self.lease.watched(|| file.write(unacknowledged));
        match acknowledged {
            Ok(0) => Err(Error::new(ErrorKind::Unreachable, format!("writing {}: nothing is accepted", self.what))),
            Ok(n) => {
                self.head += n;
                // Moving the rest to the front only now and then keeps copying at one byte for each byte sent.
                if self.head >= WINDOW_BYTES || self.head == self.window.len() {
                    self.window.drain(..self.head);
                    self.head = 0;
                }
                Ok(())
            }
            Err(e) => {
                let error = faults::io_error(format_args!("writing {}", self.what), e);
                Err(self.judged(error))
            }
        }
    }

    /// OpenSSH says only "failure" when its disk is full; the free space tells.
    fn judged(&mut self, error: Error) -> Error {
        if error.kind == ErrorKind::Unreachable {
            self.lease.broke(&error.what);
            return error;
        }
        let Some(file) = self.file.as_mut().filter(|_| error.kind == ErrorKind::Io) else { return error };
        match self.lease.call(|_| file.statvfs()) {
            Ok(fs) if fs.f_bavail.saturating_mul(fs.f_frsize) < FULL_BYTES => {
                let what = format!("{}; the partner's file system has {} blocks left", error.what, fs.f_bavail);
                Error::new(ErrorKind::NoSpace, what).caused_by(error)
            }
            _ => error,
        }
    }

    fn drain(&mut self) -> Result<()> {
        while self.head < self.window.len() {
            self.pass()?;
        }
        Ok(())
    }

    fn close(&mut self) -> Result<bool> {
        self.drain()?;
        let Some(mut file) = self.file.take() else { return Ok(false) };
        let synced = sync(&mut self.lease, &mut file);
        let synced = match synced {
            Ok(synced) => synced,
            Err(e) => {
                let answered = faults::status(&e).is_some();
                self.file = Some(file);
                let error = faults::error(format_args!("syncing {}", self.what), e);
                return Err(if answered { self.judged(error) } else { error });
            }
        };
        let closed = self.lease.call(|_| file.close());
        closed.map_err(|e| faults::error(format_args!("closing {}", self.what), e))?;
        Ok(synced)
    }
}

/// Makes an open file durable, where the partner offers that (fsync@openssh.com).
pub(super) fn sync(lease: &mut Lease, file: &mut File) -> std::result::Result<bool, ssh2::Error> {
    let synced = match lease.call(|_| file.fsync()) {
        Ok(()) => true,
        Err(e) if matches!(faults::status(&e), Some(faults::UNSUPPORTED | faults::PERMISSION_DENIED)) => false,
        Err(e) => return Err(e),
    };
    lease.learn_fsync(synced);
    Ok(synced)
}

impl Write for SftpSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.window.len() - self.head >= WINDOW_BYTES {
            self.pass().map_err(Error::into_io)?;
        }
        let room = WINDOW_BYTES - (self.window.len() - self.head);
        let taken = room.min(bytes.len());
        self.window.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.drain().map_err(Error::into_io)
    }
}

impl Sink for SftpSink {
    fn finish(mut self: Box<Self>) -> Result<bool> {
        let closed = self.close();
        self.finished = closed.is_ok();
        closed
    }
}

impl Drop for SftpSink {
    fn drop(&mut self) {
        // Packets may still be on their way, and closing the handle would wait for a partner that may be frozen.
        if !self.finished {
            self.lease.shut();
        }
        self.file = None;
    }
}

/// A file being read.
pub(super) struct SftpReader {
    file: Option<File>,
    lease: Lease,
    ended: bool,
    what: String,
}

impl SftpReader {
    pub(super) fn new(file: File, lease: Lease, what: String) -> SftpReader {
        SftpReader { file: Some(file), lease, ended: false, what }
    }
}

impl Read for SftpReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(file) = self.file.as_mut().filter(|_| !self.ended && !buffer.is_empty()) else { return Ok(0) };
        match self.lease.watched(|| file.read(buffer)) {
            Ok(0) => {
                self.ended = true;
                Ok(0)
            }
            Ok(n) => Ok(n),
            Err(e) => {
                let error = faults::io_error(format_args!("reading {}", self.what), e);
                if error.kind == ErrorKind::Unreachable {
                    self.lease.broke(&error.what);
                } else {
                    self.lease.shut();
                }
                Err(error.into_io())
            }
        }
    }
}

impl Drop for SftpReader {
    fn drop(&mut self) {
        // Short of the end, blocks that were asked for ahead are still on their way.
        if !self.ended {
            self.lease.shut();
        } else if let Some(mut file) = self.file.take() {
            let _ = self.lease.call(|_| file.close());
        }
        self.file = None;
    }
}
