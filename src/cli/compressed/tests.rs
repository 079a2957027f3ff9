//! Files of both forms: whole, one after the other, cut, damaged, and made to do harm.

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
        assert!(checked.starts_with("damaged: ") && checked.contains(&format!("at byte {}", last + 1)), "{checked}");
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
    for (exponent, mib) in [(28, "256"), (30, "1024"), (41, "2097152")] {
        let error = read(&frame(exponent)).unwrap_err();
        let unreadable = Unreadable::of(&error).unwrap();
        let told = unreadable.to_string();
        assert_eq!(unreadable.code, Code::UNSAFE, "{told}");
        assert!(told.starts_with(&format!("not damaged, but packed with a window of {mib} MiB")), "{told}");
        assert!(told.contains("no more than 128") && told.contains("--long=27"), "{told}");
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
