//! The tables against `PROVENANCE.tsv`: digests of their mappings, counts, and sizes of the files.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use fpp_codecs::text::{Page, ascii, table_code, table_text};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

const PROVENANCE: &str = include_str!("../tables/PROVENANCE.tsv");
/// Codes from here on are the four-byte codes of GB18030 by number.
const FOURS: u32 = 0x1_0000;

fn rows() -> impl Iterator<Item = Vec<&'static str>> {
    PROVENANCE.lines().filter(|line| !line.starts_with('#')).skip(1).map(|line| line.split('\t').collect())
}

fn code_bytes(code: u32) -> Vec<u8> {
    match code.checked_sub(FOURS) {
        Some(n) => {
            [0x81 + n / 12_600, 0x30 + n / 1_260 % 10, 0x81 + n / 10 % 126, 0x30 + n % 10].map(|b| b as u8).to_vec()
        }
        None if code < 0x100 => vec![code as u8],
        None => (code as u16).to_be_bytes().to_vec(),
    }
}

/// Every mapping of a page.
fn mapping(page: Page) -> BTreeMap<u32, String> {
    let end = if page.is_ebcdic() && !page.is_mixed() { 0x100 } else { FOURS + 39_420 };
    (0..end).filter_map(|code| Some((code, table_text(page, &code_bytes(code))?))).collect()
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 & 0x7F | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// The listing that `tables/pack.py` describes.
fn listing(mapping: &BTreeMap<u32, u32>, out: &mut Vec<u8>) {
    let mut stretches: Vec<Vec<u32>> = Vec::new();
    for &code in mapping.keys() {
        match stretches.last_mut().filter(|stretch| stretch.last() == Some(&code.wrapping_sub(1))) {
            Some(stretch) => stretch.push(code),
            None => stretches.push(vec![code]),
        }
    }
    varint(stretches.len() as u64, out);
    let (mut end, mut last, mut zeros) = (0, 0i64, 0u64);
    for stretch in stretches {
        varint(u64::from(stretch[0] - end), out);
        varint(stretch.len() as u64, out);
        end = stretch[stretch.len() - 1] + 1;
        for code in stretch {
            let scalar = i64::from(mapping[&code]);
            let step = scalar - last - 1;
            last = scalar;
            if step == 0 {
                zeros += 1;
                continue;
            }
            flush(&mut zeros, out);
            varint(if step > 0 { step * 2 } else { -step * 2 - 1 } as u64, out);
        }
        flush(&mut zeros, out);
    }
}

fn flush(zeros: &mut u64, out: &mut Vec<u8>) {
    if *zeros > 0 {
        out.push(0);
        varint(*zeros - 1, out);
        *zeros = 0;
    }
}

fn digest(page: Page, mapping: &BTreeMap<u32, String>) -> String {
    let scalars = |length: usize, place: usize| {
        let wanted = mapping.iter().filter(move |(_, text)| text.chars().count() == length);
        wanted.map(|(code, text)| (*code, u32::from(text.chars().nth(place).unwrap()))).collect::<BTreeMap<_, _>>()
    };
    let mut encode_only = BTreeMap::new();
    for character in '\0'..='\u{FFFF}' {
        let mut buffer = [0; 4];
        let text: &str = character.encode_utf8(&mut buffer);
        if let Some((bytes, length @ 1..=2)) = table_code(page, text)
            && table_text(page, &bytes[..length]).as_deref() != Some(text)
        {
            encode_only
                .insert(bytes[..length].iter().fold(0, |code, b| code << 8 | u32::from(*b)), u32::from(character));
        }
    }
    let mut content = b"FPT1".to_vec();
    listing(&scalars(1, 0), &mut content);
    listing(&encode_only, &mut content);
    if mapping.values().any(|text| text.chars().count() == 2) {
        listing(&scalars(2, 0), &mut content);
        listing(&scalars(2, 1), &mut content);
    }
    Sha256::digest(&content).iter().map(|b| format!("{b:02x}")).collect()
}

#[test]
fn every_table_has_the_digest_and_counts_that_are_written_beside_it() {
    let mut pages: Vec<_> = Page::ALL.iter().filter(|page| page.edition().contains("sha256:")).collect();
    for row in rows() {
        let page = Page::parse(row[0]).unwrap();
        let mapping = mapping(page);
        let digest = digest(page, &mapping);
        assert_eq!(digest, row[3], "{page:?}");
        assert!(page.edition().ends_with(&digest[..16]), "{page:?}");
        let count = |low: u32, high: u32| mapping.range(low..high).count().to_string();
        assert_eq!([count(0, 0x100), count(0x100, FOURS), count(FOURS, u32::MAX)], row[4..7], "{page:?}");
        pages.retain(|other| **other != page);
    }
    assert!(pages.is_empty(), "not in PROVENANCE.tsv: {pages:?}");
}

#[test]
fn every_mapping_goes_both_ways() {
    for &page in Page::ALL {
        for (code, text) in mapping(page) {
            let (bytes, length) = table_code(page, &text).unwrap();
            assert_eq!(bytes[..length], code_bytes(code), "{page:?} {text:?}");
        }
    }
}

#[test]
fn the_ascii_of_a_page_is_that_of_its_table() {
    for &page in Page::ALL {
        for byte in 0..=255u8 {
            let character = table_text(page, &[byte]).filter(|text| text.is_ascii());
            assert_eq!(
                ascii(page)[usize::from(byte)],
                character.map_or(0x80, |text| text.as_bytes()[0]),
                "{page:?} {byte:02X}"
            );
        }
    }
}

#[test]
fn the_files_stay_small() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tables");
    let size = |name: &str| std::fs::metadata(folder.join(name)).unwrap().len();
    let sizes = ["single.bin", "ebcdic.bin", "ascii.bin"].map(size);
    assert!(sizes.iter().all(|size| *size < 1_200_000) && sizes.iter().sum::<u64>() < 1_600_000, "{sizes:?}");
}

#[test]
fn the_reference_lists_every_page() {
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/layouts.md");
    let reference = std::fs::read_to_string(reference).unwrap();
    let table = reference.split("| name | also | is |\n|---|---|---|\n").nth(1).unwrap();
    let told: Vec<_> = table.lines().take_while(|line| line.starts_with('|')).map(str::to_owned).collect();
    let quoted = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let row = |page: &Page| format!("| `{}` | {} | {} |", page.name(), quoted(page.also()), page.title());
    for page in Page::ALL {
        assert!(told.contains(&row(page)), "{} is not in docs/layouts.md as {}", page.name(), row(page));
    }
    assert_eq!(told.len(), Page::ALL.len());
}
