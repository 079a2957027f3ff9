//! Compressed input: gzip and zstd, told by their first bytes and unpacked on the way.
//!
//! Several gzip members or zstd frames one after the other are one file, as `cat a.gz b.gz` and IBM's tools make it (RFC
//! 1952, 2.2; RFC 8878, 3); zeros behind a gzip member are the filling of its last block and no data, as `gzip` takes
//! them. Memory is the format's window: 32 KiB for gzip, for zstd what the file asks for, 128 MiB at most. What is damaged,
//! ends too early or grows beyond all measure is [`Unreadable`], with the byte of the compressed file at which it was
//! found: never a shorter file. Nothing is told by a file's name.

mod gzip;
mod source;
mod zstd;

use fpp_codecs::Code;
use gzip::Members;
use source::Counted;
pub(super) use source::Unreadable;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use zstd::Frames;

/// Read from the compressed file at once.
const BUFFER_BYTES: usize = 1 << 16;
/// Unpacked bytes that every file may have.
const FREE_BYTES: u64 = 1 << 30;
/// Unpacked bytes for each packed one beyond that. Records of blanks come to some hundreds.
const RATIO_MAX: u64 = 500;

const GZIP: [u8; 3] = [0x1F, 0x8B, 0x08];
const ZSTD: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// Whether a file on disk is compressed; it is at its beginning again.
pub(super) fn is_packed(file: &mut File) -> io::Result<bool> {
    let head = head(file)?;
    file.rewind()?;
    Ok(head.starts_with(&GZIP) || head == ZSTD)
}

/// The reader as it is, or unpacking; and whether it unpacks.
pub(super) fn unpacked<R: Read + Send + 'static>(mut reader: R) -> io::Result<(Box<dyn Read + Send>, bool)> {
    let head = head(&mut reader)?;
    let (is_gzip, is_zstd) = (head.starts_with(&GZIP), head == ZSTD);
    let whole = Cursor::new(head).chain(reader);
    if !is_gzip && !is_zstd {
        return Ok((Box::new(whole), false));
    }
    let packed = Arc::new(AtomicU64::new(0));
    let source = BufReader::with_capacity(BUFFER_BYTES, Counted { reader: whole, packed: packed.clone() });
    Ok((if is_gzip { guard(Members::new(source), packed) } else { guard(Frames::new(source), packed) }, true))
}

fn head(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    reader.take(ZSTD.len() as u64).read_to_end(&mut head)?;
    Ok(head)
}

fn guard<R: Read + Send + 'static>(reader: R, packed: Arc<AtomicU64>) -> Box<dyn Read + Send> {
    Box::new(Guarded { reader, packed, unpacked: 0, free: FREE_BYTES })
}
/// Stops where so few bytes become so many that it can only be meant to do harm.
struct Guarded<R> {
    reader: R,
    packed: Arc<AtomicU64>,
    unpacked: u64,
    free: u64,
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.unpacked += count as u64;
        let packed = self.packed.load(Ordering::Relaxed);
        if self.unpacked > self.free && self.unpacked / packed.max(1) > RATIO_MAX {
            let unpacked = self.unpacked;
            let what = format!(
                "{packed} bytes have become {unpacked}, more than {RATIO_MAX} for each; unpack it by another tool if that is meant"
            );
            return Err(io::Error::other(Unreadable { code: Code::UNSAFE, what }));
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
