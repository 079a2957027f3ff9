//! Compressed input: gzip and zstd, told by their first bytes and unpacked on the way.
//!
//! Several gzip members or zstd frames one after the other are one file, as `cat a.gz b.gz` and IBM's tools make it (RFC
//! 1952, 2.2; RFC 8878, 3); zeros behind a gzip member are the filling of its last block and no data, as `gzip` takes
//! them. Memory is the format's window: 32 KiB for gzip, for zstd what the file asks for, 128 MiB at most. What is damaged,
//! ends too early or grows beyond all measure is [`Unreadable`], with the byte of the compressed file at which it was
//! found: never a shorter file. Nothing is told by a file's name.

use flate2::bufread::GzDecoder;
use fpp_codecs::Code;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::error::Error;
use std::fmt;
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
            let what = format!(
                "{packed} bytes have become {unpacked}, more than {RATIO_MAX} for each; unpack it by another tool if that is meant"
            );
            return Err(io::Error::other(Unreadable { code: Code::UNSAFE, what }));
        }
        Ok(count)
    }
}

/// Why a compressed file is not read on.
#[derive(Debug)]
pub(super) struct Unreadable {
    /// What kind of fault it is.
    pub(super) code: Code,
    /// The fault in words.
    what: String,
}

impl Unreadable {
    /// The one behind a failed read, if it is one.
    pub(super) fn of(error: &io::Error) -> Option<&Unreadable> {
        error.get_ref()?.downcast_ref()
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Error for Unreadable {}

/// What failed while the source stood behind the buffered bytes; a read of the source that failed stays what it is.
fn unreadable<R>(form: &str, source: &BufReader<Counted<R>>, error: &(dyn Error + 'static)) -> io::Error {
    let at = source.get_ref().packed.load(Ordering::Relaxed).saturating_sub(source.buffer().len() as u64);
    let mut is_cut = false;
    let mut cause = Some(error);
    while let Some(error) = cause {
        is_cut |= error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::UnexpectedEof);
        cause = error.source();
    }
    let what = match is_cut {
        true => format!("cut short: the {form} data ends at byte {at}, in its middle"),
        false => format!("damaged: the {form} data is wrong at byte {at} or before it ({error})"),
    };
    io::Error::new(io::ErrorKind::InvalidData, Unreadable { code: Code::PACKED_FILE, what })
}

/// Gzip members one after the other; their checksums and lengths are compared.
struct Members<R> {
    /// Between two members only.
    source: Option<BufReader<Counted<R>>>,
    member: Option<GzDecoder<BufReader<Counted<R>>>>,
}

impl<R: Read> Members<R> {
    fn new(source: BufReader<Counted<R>>) -> Members<R> {
        Members { source: None, member: Some(GzDecoder::new(source)) }
    }

    /// Goes to the next member; `false` at the end of the file.
    fn next(&mut self) -> io::Result<bool> {
        let Some(mut source) = self.member.take().map(GzDecoder::into_inner).or_else(|| self.source.take()) else {
            return Ok(false);
        };
        loop {
            let bytes = source.fill_buf()?;
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            let (first, is_empty) = (bytes.get(zeros).copied(), bytes.is_empty());
            source.consume(zeros);
            match first {
                _ if is_empty => {
                    self.source = Some(source);
                    return Ok(false);
                }
                Some(0x1F) => {
                    self.member = Some(GzDecoder::new(source));
                    return Ok(true);
                }
                Some(_) => {
                    let error = unreadable("gzip", &source, &io::Error::other("what follows is no gzip member"));
                    self.source = Some(source);
                    return Err(error);
                }
                None => {}
            }
        }
    }
}

impl<R: Read> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let Some(member) = &mut self.member else {
                return Ok(0);
            };
            let read = member.read(buffer).map_err(|error| match is_own(&error) {
                true => unreadable("gzip", member.get_ref(), &error),
                false => error,
            })?;
            if read > 0 || !self.next()? {
                return Ok(read);
            }
        }
    }
}

/// Whether an error is the decoder's and not that of the file below.
fn is_own(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
    error.raw_os_error().is_none() && matches!(error.kind(), InvalidData | InvalidInput | Other | UnexpectedEof)
}

/// Zstd frames one after the other; their checksums are compared.
struct Frames<R> {
    source: BufReader<Counted<R>>,
    decoder: FrameDecoder,
    within: bool,
}

impl<R: Read> Frames<R> {
    fn new(source: BufReader<Counted<R>>) -> Frames<R> {
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
                    let length = u64::from(length);
                    let skipped = io::copy(&mut self.source.by_ref().take(length), &mut io::sink())?;
                    if skipped < length {
                        let end = io::Error::from(io::ErrorKind::UnexpectedEof);
                        return Err(unreadable("zstd", &self.source, &end));
                    }
                }
                Err(error) => return Err(unreadable("zstd", &self.source, &error)),
            }
        }
    }
}

impl<R: Read> Read for Frames<R> {
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
                let decoded = self.decoder.decode_blocks(&mut self.source, one);
                decoded.map_err(|error| unreadable("zstd", &self.source, &error))?;
            }
            let count = self.decoder.read(buffer)?;
            if count > 0 {
                return Ok(count);
            }
            self.within = false;
            let (told, found) = (self.decoder.get_checksum_from_data(), self.decoder.get_calculated_checksum());
            if told.is_some() && told != found {
                let differs = io::Error::other("the checksum of a frame differs");
                return Err(unreadable("zstd", &self.source, &differs));
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
    fn zeros_fill_the_last_block_of_a_member() {
        let filled = [gzip(b"one"), vec![0; 70_000], gzip(b"two"), vec![0; 77]].concat();
        assert_eq!(read(&filled).unwrap(), (b"onetwo".to_vec(), true));
    }

    fn told(bytes: &[u8]) -> String {
        let error = read(bytes).unwrap_err();
        let unreadable = Unreadable::of(&error).unwrap();
        assert_eq!(unreadable.code, Code::PACKED_FILE);
        unreadable.to_string()
    }

    #[test]
    fn a_cut_file_is_told_as_cut_wherever_it_was_cut() {
        let text: Vec<u8> = (0..40_000u32).flat_map(|n| (n * n / 7).to_be_bytes()).collect();
        for (form, packed) in [("gzip", gzip(&text)), ("zstd", zstd(&text))] {
            for kept in (5..packed.len()).step_by(packed.len() / 60).chain([packed.len() - 1]) {
                let told = told(&packed[..kept]);
                assert_eq!(told, format!("cut short: the {form} data ends at byte {kept}, in its middle"));
            }
            let second = [packed.clone(), packed[..9].to_vec()].concat();
            assert!(told(&second).starts_with("cut short"), "{}", told(&second));
        }
    }

    #[test]
    fn a_damaged_file_is_told_with_its_byte() {
        let text = b"0123456789".repeat(5_000);
        for mut packed in [gzip(&text), zstd(&text)] {
            let last = packed.len() - 1;
            packed[last] ^= 1;
            let checked = told(&packed);
            assert!(
                checked.starts_with("damaged: ") && checked.contains(&format!("at byte {}", last + 1)),
                "{checked}"
            );
            packed[last] ^= 1;
            packed.extend(b"garbage");
            let behind = told(&packed);
            assert!(behind.starts_with("damaged: "), "{behind}");
            // In the middle: a wrong byte is found there, or by the checksum at the end; never is the file a good one.
            packed.truncate(last + 1);
            for at in 10..packed.len() {
                packed[at] ^= 0x55;
                assert!(read(&packed).map_or(true, |(found, _)| found == text), "byte {at}");
                packed[at] ^= 0x55;
            }
        }
    }

    #[test]
    fn a_failed_read_of_the_file_itself_stays_one() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::from_raw_os_error(5))
            }
        }
        let packed = gzip(&b"0123456789".repeat(50));
        let (mut reader, _) = unpacked(Cursor::new(packed[..20].to_vec()).chain(Broken)).unwrap();
        let error = reader.read_to_end(&mut Vec::new()).unwrap_err();
        assert!(Unreadable::of(&error).is_none() && error.raw_os_error() == Some(5), "{error:?}");
    }

    /// Reads what unpacks without end; how much came, and why no more.
    fn explode(bomb: Vec<u8>) -> (u64, String) {
        let (mut reader, _) = unpacked(Cursor::new(bomb)).unwrap();
        let (mut piece, mut come) = (vec![0; BUFFER_BYTES], 0);
        loop {
            match reader.read(&mut piece) {
                Ok(0) => return (come, "its end".to_owned()),
                Ok(count) => come += count as u64,
                Err(error) => {
                    let told = Unreadable::of(&error).unwrap();
                    assert_eq!(told.code, Code::UNSAFE, "{told}");
                    return (come, told.to_string());
                }
            }
        }
    }

    /// A frame of blocks of one byte each that say "128 KiB of it".
    fn zstd_zeros(blocks: u32) -> Vec<u8> {
        const BLOCK: u32 = 128 << 10;
        // No size, no checksum; a window of one block.
        let mut frame = [&ZSTD[..], &[0, (17 - 10) << 3]].concat();
        for n in 1..=blocks {
            let head = BLOCK << 3 | 1 << 1 | u32::from(n == blocks);
            frame.extend_from_slice(&head.to_le_bytes()[..3]);
            frame.push(0);
        }
        frame
    }

    #[test]
    fn real_bombs_of_both_forms_are_stopped() {
        const MIB: usize = 1 << 20;
        assert_eq!(read(&zstd_zeros(3)).unwrap(), (vec![0; 3 << 17], true), "it is zstd");
        // Each member has 16 MiB of zeros in 16 KiB, as small as the form can make them.
        let mut member = GzEncoder::new(Vec::new(), Compression::best());
        member.write_all(&vec![0; 16 * MIB]).unwrap();
        let members = member.finish().unwrap().repeat(80);
        for (form, bomb) in [("gzip", members), ("zstd", zstd_zeros(10_000))] {
            assert!(bomb.len() < 8 * MIB, "{form}: {}", bomb.len());
            let (come, why) = explode(bomb);
            assert!(why.contains("more than 500 for each"), "{form}: {why}");
            assert!(come <= FREE_BYTES, "{form}: {come}");
        }
    }

    #[test]
    fn a_window_that_asks_for_too_much_memory_is_refused() {
        let frame = |exponent: u8| [&ZSTD[..], &[0, (exponent - 10) << 3], &[1, 0, 0]].concat();
        assert_eq!(read(&frame(26)).unwrap(), (Vec::new(), true));
        for exponent in [30, 41] {
            assert!(
                told(&frame(exponent)).starts_with("damaged: the zstd data is wrong"),
                "{}",
                told(&frame(exponent))
            );
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
