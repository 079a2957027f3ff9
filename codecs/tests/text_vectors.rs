//! Known answers: edge cases of decoding, telling characters of encoding, and the digests of the tables.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod hex_support;

use fpp_codecs::text::{Page, cut, decode, decode_double, encode, encode_double, table_code, table_text};
use hex_support::{bytes, hex};

const EDGES: &str = include_str!("data/edge_decode.tsv");
const SPECIALS: &str = include_str!("data/specials_encode.tsv");

fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
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
            table_text(Page::Gb18030Of2005, &code) != table_text(Page::Gb18030Of2022, &code)
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
    for page in Page::ALL.iter().filter(|p| table_code(**p, "\u{E000}").is_some()) {
        let (code, length) = table_code(*page, "\u{E000}").unwrap();
        let code = if page.is_mixed() { vec![0x0E, code[0], code[1], 0x0F] } else { code[..length].to_vec() };
        let place = usize::from(page.is_mixed());
        assert_eq!(decoded(*page, &code), format!("FPP2011@{place}"), "{page:?}");
        assert_eq!(encoded(*page, "A\u{E000}"), Err("FPP2011@1".into()), "{page:?}");
    }
}

#[test]
fn shift_bytes_in_a_field_tagged_with_a_single_byte_half_are_refused() {
    for name in ["836", "28709", "1159", "290", "8482", "1027", "5123", "833"] {
        assert_eq!(decoded(Page::parse(name).unwrap(), &bytes("c10e4c410f")), "FPP2006@1", "{name}");
    }
}

#[test]
fn utf16_is_strict() {
    assert_eq!(decoded(Page::Utf16, &bytes("8d30d842dfb7")), "8D30 20BB7");
    assert_eq!(decoded(Page::Ucs2, &bytes("8d30d842dfb7")), "FPP2007@2");
    assert_eq!(decoded(Page::Utf16, &bytes("0041d842")), "FPP2005@2");
    assert_eq!(decoded(Page::Utf16, &bytes("d8420041")), "FPP2007@0");
    assert_eq!(decoded(Page::Utf16, &bytes("0041dfb7")), "FPP2007@2");
    assert_eq!(decoded(Page::Utf16, &bytes("00418d")), "FPP2005@2");
    assert_eq!(decoded(Page::Utf16, &bytes("e000")), "FPP2011@0");
    assert_eq!(encoded(Page::Utf16, "A\u{20BB7}").unwrap(), "0041D842DFB7");
    assert_eq!(encoded(Page::Ucs2, "A\u{20BB7}"), Err("FPP2007@1".into()));
    let mut out = Vec::new();
    encode_double(Page::Ucs2, "中", &mut out).unwrap();
    assert_eq!(hex(&out), "4E2D");
}

#[test]
fn two_characters_of_one_code_stay_together() {
    assert_eq!(decoded(Page::Cp1399, &bytes("0eecb50f")), "304B 309A");
    assert_eq!(encoded(Page::Cp1399, "か\u{309A}か").unwrap(), "0EECB544860F");
    assert_eq!(cut(Page::Cp1399, "か\u{309A}か", 5), "か\u{309A}");
    assert_eq!(cut(Page::Cp1399, "か\u{309A}か", 3), "");
    assert_eq!(encoded(Page::Cp1371, "\u{514D}\u{FE01}").unwrap(), "0EFDB00F");
}

#[test]
fn editions_differ_where_their_makers_do() {
    // Minus, wave dash and double vertical line of Japanese: IBM i has the forms of Windows, ICU those of JIS.
    for (code, now, then) in [("4260", "FF0D", "2212"), ("43A1", "FF5E", "301C"), ("447C", "2225", "2016")] {
        let code = bytes(&format!("0e{code}0f"));
        assert_eq!((decoded(Page::Cp939, &code), decoded(Page::Cp939Of1999, &code)), (now.into(), then.into()));
    }
    assert_eq!(decoded(Page::Cp1399, &bytes("0ee8600f")), "32FF");
    assert_eq!(decoded(Page::Cp1399Of2003, &bytes("0ee8600f")), "FPP2007@1");
    assert_eq!(decoded(Page::Cp1371, &bytes("0e444b0f9f")), "00B1 20AC");
    assert_eq!(decoded(Page::Gbk, &bytes("a892")), "2295");
    assert_eq!(decoded(Page::GbkJdk, &bytes("a892a2e3")), "2641 20AC");
    assert_eq!(decoded(Page::GbkJdk, &bytes("80")), "FPP2007@0");
    assert_eq!(decoded(Page::Gbk936, &bytes("80")), "20AC");
    assert_eq!(decoded(Page::Cp1026, &[0x9A]), "00AA");
    assert_eq!(decoded(Page::parse("1026-lira").unwrap(), &[0x9A]), "20BA");
    assert_eq!(decoded(Page::parse("1047-s390").unwrap(), &[0x15, 0x25]), "000A 0085");
    assert_eq!(decoded(Page::Cp950, &bytes("a374a140")), "3105 3000");
}
