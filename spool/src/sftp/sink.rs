//! Reading and writing one file over SFTP.
//!
//! The library sends packets of 30,000 bytes and returns from a write as soon as the first of them is acknowledged,
//! with the rest still on its way; it wants to be given that rest again, unchanged. So the writer keeps a window: what
//! was acknowledged is dropped at its head, new bytes are put at its tail, and the whole is passed again. 1.5 MiB keep
//! the line full and stay below the 2 MiB that OpenSSH lets a channel have on the way.

use super::faults;
use super::lease::Lease;
use crate::error::{Error, ErrorKind, Result};
use crate::folder::{Finished, Sink};
use ssh2::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};

const WINDOW_BYTES: usize = 3 << 19;
/// The library reads ahead four times as much as it is asked for; of a small file, most of that would lie behind its end.
const READ_BYTES: usize = 1 << 20;
const READ_BYTES_MIN: usize = 8 << 10;
/// A file system with less room than this is full: not even one packet of the library would fit.
const FULL_BYTES: u64 = 32 << 10;

/// An open file, and the session it is open in.
struct Open {
    file: Option<File>,
    lease: Lease,
    what: String,
    /// Nothing is on its way. Else the session cannot be used for anything else, and closing the handle would wait for a
    /// partner that may be frozen.
    quiet: bool,
}

impl Open {
    fn file(&mut self) -> Result<(&mut File, &mut Lease)> {
        match &mut self.file {
            Some(file) => Ok((file, &mut self.lease)),
            None => Err(Error::new(ErrorKind::Io, format!("{} is closed", self.what))),
        }
    }

    fn close(&mut self) -> Result<()> {
        let Some(mut file) = self.file.take() else { return Ok(()) };
        let closed = self.lease.call(|_| file.close());
        closed.map_err(|e| faults::error(format_args!("closing {}", self.what), e))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if !self.quiet {
            self.lease.shut();
        } else if let Err(error) = self.close() {
            tracing::debug!("{error}");
        }
        self.file = None;
    }
}

/// A file being written.
pub(super) struct SftpSink {
    open: Open,
    /// Bytes not yet acknowledged are `window[head..]`.
    window: Vec<u8>,
    head: usize,
}

impl SftpSink {
    pub(super) fn new(file: File, lease: Lease, what: String) -> SftpSink {
        let open = Open { file: Some(file), lease, what, quiet: false };
        SftpSink { open, window: Vec::new(), head: 0 }
    }

    /// Passes the window once; at least its first packet is acknowledged then.
    fn pass(&mut self) -> Result<()> {
        let unacknowledged = &self.window[self.head..];
        let (file, lease) = self.open.file()?;
        match lease.watched(|| file.write(unacknowledged)) {
            Ok(0) => {
                let what = format!("writing {}: nothing is accepted", self.open.what);
                Err(Error::new(ErrorKind::Unreachable, what))
            }
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
                let error = faults::io_error(format_args!("writing {}", self.open.what), e);
                Err(self.judged(error))
            }
        }
    }

    /// OpenSSH says only "failure" when its disk is full; the free space tells.
    fn judged(&mut self, error: Error) -> Error {
        if error.kind == ErrorKind::Unreachable {
            self.open.lease.broke(&error.what);
            return error;
        }
        let Ok((file, lease)) = self.open.file() else { return error };
        if error.kind != ErrorKind::Io {
            return error;
        }
        match lease.call(|_| file.statvfs()) {
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

    /// All is acknowledged and durable after it; whether it could be made durable.
    fn sync(&mut self) -> Result<bool> {
        self.drain()?;
        let (file, lease) = self.open.file()?;
        let synced = sync(lease, file).map_err(|e| {
            let answered = faults::status(&e).is_some();
            let error = faults::error(format_args!("syncing {}", self.open.what), e);
            if answered { self.judged(error) } else { error }
        })?;
        self.open.quiet = true;
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
        let durable = self.sync()?;
        self.open.close()?;
        Ok(durable)
    }

    /// Without this, opening it by its name and closing it again would be two round trips more.
    fn finish_to_read(mut self: Box<Self>) -> Result<Finished> {
        let durable = self.sync()?;
        let (file, _) = self.open.file()?;
        // Nothing is sent: the protocol has an offset in every read.
        let size = file.stream_position().and_then(|size| file.seek(SeekFrom::Start(0)).map(|_| size));
        let size = size.map_err(|e| faults::io_error(format_args!("reading {}", self.open.what), e))?;
        Ok(Finished { durable, reader: Some(Box::new(SftpReader { open: self.open, ended: false }.buffered(size))) })
    }
}

/// A file being read.
pub(super) struct SftpReader {
    open: Open,
    ended: bool,
}

impl SftpReader {
    pub(super) fn new(file: File, lease: Lease, what: String) -> SftpReader {
        SftpReader { open: Open { file: Some(file), lease, what, quiet: true }, ended: false }
    }

    /// With a buffer for so many bytes that are still to come.
    pub(super) fn buffered(self, bytes: u64) -> BufReader<SftpReader> {
        let bytes = usize::try_from(bytes).unwrap_or(READ_BYTES).clamp(READ_BYTES_MIN, READ_BYTES);
        BufReader::with_capacity(bytes, self)
    }
}

impl Read for SftpReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ended || buffer.is_empty() {
            return Ok(0);
        }
        // Short of the end, blocks that were asked for ahead are still on their way.
        self.open.quiet = false;
        let (file, lease) = self.open.file().map_err(Error::into_io)?;
        match lease.watched(|| file.read(buffer)) {
            Ok(0) => {
                (self.ended, self.open.quiet) = (true, true);
                Ok(0)
            }
            Ok(n) => Ok(n),
            Err(e) => {
                let error = faults::io_error(format_args!("reading {}", self.open.what), e);
                if error.kind == ErrorKind::Unreachable {
                    self.open.lease.broke(&error.what);
                } else {
                    self.open.lease.shut();
                }
                Err(error.into_io())
            }
        }
    }
}
