//! Known answers: edge cases of decoding, telling characters of encoding, and the digests of the tables.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use fpp_codecs::text::{Page, cut, decode, decode_double, encode, encode_double, table_character, table_code};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::path::Path;

const EDGES: &str = include_str!("data/edge_decode.tsv");
const SPECIALS: &str = include_str!("data/specials_encode.tsv");
const PROVENANCE: &str = include_str!("../tables/PROVENANCE.tsv");

fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02X}").unwrap();
        text
    })
}

/// What a decoding gave, in the notation of the vectors.
fn decoded(page: Page, input: &[u8]) -> String {
    let mut out = String::from("kept");
    match decode(page, input, &mut out) {
        Ok(()) if out == "kept" => "-".into(),
        Ok(()) => out[4..].chars().map(|c| format!("{:04X}", u32::from(c))).collect::<Vec<_>>().join(" "),
        Err(fault) => {
            assert_eq!(out, "kept", "a fault must leave no text behind");
            format!("{}@{}", fault.code, fault.at)
        }
    }
}

fn encoded(page: Page, text: &str) -> Result<String, String> {
    let mut out = vec![0xAA];
    match encode(page, text, &mut out) {
        Ok(()) => Ok(hex(&out[1..])),
        Err(fault) => {
            assert_eq!(out, [0xAA], "a fault must leave no bytes behind");
            Err(format!("{}@{}", fault.code, fault.at))
        }
    }
}

#[test]
fn edge_cases_decode_as_listed() {
    let mut lines = rows(EDGES);
    let head = lines.next().unwrap();
    for line in lines {
        for (column, want) in line.iter().enumerate().skip(2) {
            let page = Page::parse(head[column]).unwrap();
            assert_eq!(decoded(page, &bytes(line[0])), *want, "{} in {}: {}", line[0], head[column], line[1]);
        }
    }
}

#[test]
fn telling_characters_encode_as_listed() {
    let mut lines = rows(SPECIALS);
    let head = lines.next().unwrap();
    for line in lines {
        let character = char::from_u32(u32::from_str_radix(line[0], 16).unwrap()).unwrap();
        for (column, want) in line.iter().enumerate().skip(2) {
            let page = Page::parse(head[column]).unwrap();
            let got = encoded(page, &character.to_string());
            let want = match *want {
                "-" => Err("FPP2007@0".to_string()),
                "P" => Err("FPP2011@0".to_string()),
                bytes => Ok(bytes.to_string()),
            };
            assert_eq!(got, want, "U+{} in {}", line[0], head[column]);
        }
    }
}

#[test]
fn gbk_text_cut_by_bytes_ends_in_half_a_character() {
    let quote = bytes("baecc0fbb5cdb2a83530455446c4cfb7");
    assert_eq!(decoded(Page::Gbk, &quote), "FPP2005@15");
    assert_eq!(decoded(Page::Gbk, &bytes("b720")), "FPP2005@0");
    assert_eq!(decoded(Page::Gbk, &bytes("1a1c7f")), "001A 001C 007F");
    assert_eq!(decoded(Page::Gbk, &bytes("4180")), "FPP2007@1");
    assert_eq!(decoded(Page::Gbk, &bytes("b730")), "FPP2005@0");
    assert_eq!(decoded(Page::Gb18030Of2022, &bytes("b7308130")), decoded(Page::Gb18030Of2005, &bytes("b7308130")));
    assert_eq!(decoded(Page::Gb18030Of2022, &bytes("813081")), "FPP2005@0");
    assert_eq!(decoded(Page::Gb18030Of2022, &bytes("fe39fe39")), "FPP2007@0");
    assert_eq!(decoded(Page::Gb18030Of2022, &bytes("9534b23543")), "20BB7 0043");
    assert_eq!(decoded(Page::Utf8, "贵".as_bytes().split_last().unwrap().1), "FPP2005@0");
    assert_eq!(decoded(Page::Utf8, b"a\xff"), "FPP2007@1");
    assert_eq!(decoded(Page::Utf8, "a\u{E000}".as_bytes()), "FPP2011@1");
}

#[test]
fn editions_of_gb18030_differ_in_the_exchanged_pairs_only() {
    assert_eq!(decoded(Page::Gb18030Of2005, &bytes("fe59")), "FPP2011@0");
    assert_eq!(decoded(Page::Gb18030Of2022, &bytes("fe59")), "9FB4");
    assert_eq!(decoded(Page::Gb18030Of2022, &bytes("a6d9")), "FE10");
    assert_eq!(decoded(Page::Gb18030Of2022, &bytes("fe51")), "FPP2011@0");
    assert_eq!(encoded(Page::Gb18030Of2022, "\u{20087}").unwrap(), "95329031");
    let differ = (0x8140..=0xFEFEu16)
        .filter(|code| {
            let code = code.to_be_bytes();
            table_character(Page::Gb18030Of2005, &code) != table_character(Page::Gb18030Of2022, &code)
        })
        .count();
    assert_eq!(differ, 18);
}

#[test]
fn runs_are_minimal_and_closed() {
    assert_eq!(encoded(Page::Cp1388, "中A国B银C行").unwrap().len(), 2 * 19);
    assert_eq!(encoded(Page::Cp1388, "贰贰A贰").unwrap(), "0E4C414C410FC10E4C410F");
    assert_eq!(encoded(Page::Cp1388, "A\u{E}"), Err("FPP2007@1".into()));
    assert_eq!(encoded(Page::Cp1388, "中¢"), Err("FPP2007@1".into()));
}

#[test]
fn cutting_keeps_whole_characters_and_room_for_the_shift() {
    assert_eq!(cut(Page::Cp1388, "中国A", 3), "");
    assert_eq!(cut(Page::Cp1388, "中国A", 4), "中");
    assert_eq!(cut(Page::Cp1388, "中国A", 6), "中国");
    assert_eq!(cut(Page::Cp1388, "中国A", 7), "中国A");
    assert_eq!(cut(Page::Cp1388, "A中B国", 9), "A中B");
    assert_eq!(cut(Page::Gbk, "A中国", 4), "A中");
    assert_eq!(cut(Page::Gb18030Of2022, "㛃㛃", 7), "㛃");
    assert_eq!(cut(Page::Utf8, "中国", 5), "中");
    assert_eq!(cut(Page::Cp37, "ABC", 2), "AB");
    assert_eq!(cut(Page::Cp37, "A中C", 2), "A中", "what cannot be encoded must stay for the encoder to refuse");
}

#[test]
fn graphic_fields_have_no_shifts() {
    let mut text = String::new();
    decode_double(Page::Cp1388, &bytes("4c414040"), &mut text).unwrap();
    assert_eq!(text, "\u{8D30}\u{3000}");
    let mut out = Vec::new();
    encode_double(Page::Cp935, "\u{8D30}·", &mut out).unwrap();
    assert_eq!(hex(&out), "4C414345");
    assert_eq!(encode_double(Page::Cp935, "中A", &mut out).unwrap_err().at, 1);
    assert_eq!(decode_double(Page::Cp935, &bytes("4c4140"), &mut text).unwrap_err().at, 2);
    assert_eq!(decode_double(Page::Cp37, &bytes("4c41"), &mut text).unwrap_err().code.to_string(), "FPP2007");
}

#[test]
fn private_use_is_in_the_tables_and_refused() {
    for page in Page::ALL.iter().filter(|p| !matches!(p, Page::Cp37 | Page::Cp836 | Page::Utf8)) {
        let (code, length) = table_code(*page, '\u{E000}').unwrap();
        let code = if page.is_mixed() { vec![0x0E, code[0], code[1], 0x0F] } else { code[..length].to_vec() };
        let place = usize::from(page.is_mixed());
        assert_eq!(decoded(*page, &code), format!("FPP2011@{place}"), "{page:?}");
        assert_eq!(encoded(*page, "A\u{E000}"), Err("FPP2011@1".into()), "{page:?}");
    }
}

#[test]
fn shift_bytes_in_a_field_tagged_836_are_refused() {
    assert_eq!(decoded(Page::Cp836, &bytes("c10e4c410f")), "FPP2006@1");
}

#[test]
fn tables_have_the_digests_and_counts_that_are_written_beside_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tables");
    let mut total = 0;
    for row in rows(PROVENANCE).skip(1) {
        let packed = std::fs::read(folder.join(format!("{}.bin", row[0]))).unwrap();
        let digest = hex(&Sha256::digest(&packed)).to_lowercase();
        assert_eq!(digest, row[2], "{}", row[0]);
        total += packed.len();
        for page in Page::ALL.iter().filter(|p| p.name() == row[0] || row[0] == "935-1388" && p.name() == "935") {
            assert!(page.edition().ends_with(&digest[..16]), "{page:?}");
            let singles = (0..=255u8).filter(|b| table_character(*page, &[*b]).is_some()).count();
            let doubles = (0..=0xFFFFu16).filter(|c| table_character(*page, &c.to_be_bytes()).is_some()).count();
            assert_eq!((singles.to_string(), doubles.to_string()), (row[4].into(), row[5].into()), "{page:?}");
        }
    }
    assert!(total < 200_000, "{total} bytes of tables");
}
