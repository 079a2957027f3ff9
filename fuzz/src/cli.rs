//! Compressed files, as they come and as they are made here: the readers of the command line, which no library has.

/// The command line's own source.
#[path = "../../src/cli/compressed/mod.rs"]
#[allow(dead_code)]
mod compressed;

use crate::bytes::Bytes;
use compressed::{Unreadable, unpacked};
use std::io::{self, Read, Write};

/// Bytes that are unpacked, at most: a few of zstd become 128 KiB.
const SEEN_MAX: u64 = 1 << 20;

/// Unpacks the bytes as a file, then what was packed of them, whole and damaged.
pub fn unpack(data: &[u8]) {
    let (whole, good) = read(data, usize::MAX);
    let mut bytes = Bytes(data);
    let piece = 1 + bytes.below(300);
    assert_eq!(read(data, piece), (whole, good), "in pieces of {piece}");

    let (members, zeros) = (1 + bytes.below(3), bytes.below(40));
    let is_zstd = bytes.flag();
    let (at, change) = (bytes.below(4096), bytes.below(256) as u8);
    let content = bytes.0;
    let mut file = Vec::new();
    for part in content.chunks((content.len() / members).max(1)) {
        pack(part, is_zstd, &mut file);
    }
    if content.is_empty() {
        pack(content, is_zstd, &mut file);
    }
    if !is_zstd {
        // The filling of a last block.
        file.resize(file.len() + zeros, 0);
    }
    assert_eq!(read(&file, piece), (Some(content.to_vec()), true));
    // A gzip file that is damaged or cut is refused, or says the same all the same: its name and time may be anything.
    let end = file.len() - zeros * usize::from(!is_zstd);
    let place = at % end;
    let mut damaged = file.clone();
    damaged[place] ^= change;
    let (found, _) = read(&damaged, piece);
    let taken_as_packed = damaged.starts_with(&[0x1F, 0x8B, 0x08]);
    if let (Some(found), true) = (found, taken_as_packed) {
        assert_eq!(found, content, "byte {place} changed by {change}");
    }
    let (found, _) = read(&file[..place], piece);
    if file[..place].starts_with(&[0x1F, 0x8B, 0x08]) {
        // Where a member ends, a cut is no damage that anybody can see.
        assert!(found.is_none_or(|found| found.len() < content.len() && content.starts_with(&found) && members > 1));
    }
}

/// What comes out, as far as it is looked at, and whether the end came without a fault. In one case nobody knows what the
/// bytes were: nothing then.
fn read(file: &[u8], piece: usize) -> (Option<Vec<u8>>, bool) {
    let source = io::Cursor::new(file.to_vec());
    let (mut reader, _) = unpacked(Pieces(source, piece)).expect("memory can be read");
    let mut found = Vec::new();
    match reader.by_ref().take(SEEN_MAX).read_to_end(&mut found) {
        Ok(_) => (Some(found), true),
        Err(error) => {
            assert!(Unreadable::of(&error).is_some() && !error.to_string().is_empty(), "{error:?}");
            (None, false)
        }
    }
}

fn pack(content: &[u8], is_zstd: bool, file: &mut Vec<u8>) {
    if is_zstd {
        let level = ruzstd::encoding::CompressionLevel::Fastest;
        file.extend(ruzstd::encoding::compress_to_vec(content, level));
        return;
    }
    let mut member = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    member.write_all(content).and_then(|()| member.finish().map(drop)).expect("memory can be written");
}

/// Gives so many bytes at once, at most.
struct Pieces<R>(R, usize);

impl<R: Read> Read for Pieces<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(buffer.len());
        self.0.read(&mut buffer[..count])
    }
}
