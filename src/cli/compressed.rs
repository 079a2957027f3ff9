//! Compressed input: gzip and zstd, told by their first bytes and unpacked on the way.
//!
//! Several gzip members or zstd frames one after the other are one file, as `cat a.gz b.gz` makes it. Memory is the
//! format's window: 32 KiB for gzip, for zstd what the file asks for, 128 MiB at most. What grows beyond all measure is
//! refused rather than followed to its end. Nothing is told by a file's name.

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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
    Ok((if is_gzip { guard(MultiGzDecoder::new(source), packed) } else { guard(Frames::new(source), packed) }, true))
}

fn head(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    reader.take(ZSTD.len() as u64).read_to_end(&mut head)?;
    Ok(head)
}

fn guard<R: Read + Send + 'static>(reader: R, packed: Arc<AtomicU64>) -> Box<dyn Read + Send> {
    Box::new(Guarded { reader, packed, unpacked: 0, free: FREE_BYTES })
}

/// Counts what is read.
struct Counted<R> {
    reader: R,
    packed: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.packed.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
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
            return Err(io::Error::other(format!(
                "{packed} bytes have become {unpacked}, more than {RATIO_MAX} for each; unpack it by another tool if that is meant"
            )));
        }
        Ok(count)
    }
}

/// Zstd frames one after the other; their checksums are compared.
struct Frames<R> {
    source: R,
    decoder: FrameDecoder,
    within: bool,
}

impl<R: BufRead> Frames<R> {
    fn new(source: R) -> Frames<R> {
        Frames { source, decoder: FrameDecoder::new(), within: false }
    }

    /// Goes to the next frame; `false` at the end of the file.
    fn next(&mut self) -> io::Result<bool> {
        loop {
            if self.source.fill_buf()?.is_empty() {
                return Ok(false);
            }
            match self.decoder.init(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    io::copy(&mut self.source.by_ref().take(length.into()), &mut io::sink())?;
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.within {
                if !self.next()? {
                    return Ok(0);
                }
                self.within = true;
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder.decode_blocks(&mut self.source, one).map_err(io::Error::other)?;
            }
            let count = self.decoder.read(buffer)?;
            if count > 0 {
                return Ok(count);
            }
            self.within = false;
            let (told, found) = (self.decoder.get_checksum_from_data(), self.decoder.get_calculated_checksum());
            if told.is_some() && told != found {
                return Err(io::Error::other("the checksum of a zstd frame differs: the file is damaged"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        compress_to_vec(bytes, CompressionLevel::Fastest)
    }

    fn read(bytes: &[u8]) -> io::Result<(Vec<u8>, bool)> {
        let (mut reader, packed) = unpacked(Cursor::new(bytes.to_vec()))?;
        let mut out = Vec::new();
        reader.read_to_end(&mut out)?;
        Ok((out, packed))
    }

    #[test]
    fn members_and_frames_follow_each_other() {
        let text: Vec<u8> = (0..300_000u32).flat_map(|n| (n / 7).to_be_bytes()).collect();
        let twice = [&text[..], b"end"].concat();
        assert_eq!(read(&[gzip(&text), gzip(b"end")].concat()).unwrap(), (twice.clone(), true));
        let skipped = b"\x50\x2A\x4D\x18\x03\0\0\0abc".to_vec();
        assert_eq!(read(&[zstd(&text), skipped, zstd(b""), zstd(b"end")].concat()).unwrap(), (twice, true));
    }

    #[test]
    fn other_files_are_read_as_they_are() {
        for plain in [&b""[..], b"\x1F", b"\x1F\x8B\x07abc", b"\x28\xB5\x2Fabcdefg", b"PMTRD"] {
            assert_eq!(read(plain).unwrap(), (plain.to_vec(), false));
        }
    }

    #[test]
    fn a_cut_or_damaged_file_is_an_error_and_no_shorter_file() {
        let text = b"0123456789".repeat(5_000);
        for mut packed in [gzip(&text), zstd(&text)] {
            assert!(read(&packed[..packed.len() - 6]).is_err());
            let last = packed.len() - 1;
            packed[last] ^= 1;
            assert!(read(&packed).is_err(), "length or checksum");
            packed[last] ^= 1;
            packed.extend(b"garbage");
            assert!(read(&packed).is_err());
        }
    }

    #[test]
    fn a_bomb_is_stopped_and_blanks_are_not() {
        let bomb = |free| {
            let packed = Arc::new(AtomicU64::new(1000));
            let mut guarded = Guarded { reader: io::repeat(b' ').take(2_000_000), packed, unpacked: 0, free };
            io::copy(&mut guarded, &mut io::sink())
        };
        assert!(bomb(1_000).unwrap_err().to_string().contains("more than 500 for each"));
        assert_eq!(bomb(FREE_BYTES).unwrap(), 2_000_000);
    }
}
