//! Properties that hold for every page: what was encoded reads back, what was decoded has one encoding, and no bytes
//! make a codec panic.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use fpp_codecs::text::{Page, cut, decode, decode_double, encode, encode_double, table_code};
use proptest::prelude::*;
use std::sync::OnceLock;

fn is_private_use(character: char) -> bool {
    matches!(character, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..)
}

/// The characters of a page that may be encoded.
fn repertoire(page: Page) -> &'static [char] {
    static LISTS: [OnceLock<Vec<char>>; Page::ALL.len()] = [const { OnceLock::new() }; Page::ALL.len()];
    LISTS[page as usize].get_or_init(|| {
        let last = if page.is_ebcdic() && !page.is_mixed() || page == Page::Ucs2 { '\u{FFFF}' } else { '\u{3FFFF}' };
        let by_rule = matches!(page, Page::Utf8 | Page::Utf16 | Page::Ucs2);
        let all = ('\0'..=last).filter(|c| !is_private_use(*c));
        all.filter(|c| by_rule || table_code(page, c.encode_utf8(&mut [0; 4])).is_some()).collect()
    })
}

/// Any page, and more often one whose characters are not all single bytes.
fn page() -> impl Strategy<Value = Page> {
    let several: Vec<_> = Page::ALL.iter().copied().filter(|page| page.is_mixed() || !page.is_ebcdic()).collect();
    prop_oneof![3 => proptest::sample::select(several), 1 => proptest::sample::select(Page::ALL)]
}

/// Text of a page: half of the characters among the first 100, so that runs open and close often.
fn page_and_text() -> impl Strategy<Value = (Page, String)> {
    page().prop_flat_map(|page| {
        let list = repertoire(page);
        let character = prop_oneof![0..list.len().min(100), 0..list.len()].prop_map(|index| list[index]);
        (Just(page), proptest::collection::vec(character, 0..80).prop_map(String::from_iter))
    })
}

/// Bytes that look like the page's own: shifts, codes and damage.
fn page_and_bytes() -> impl Strategy<Value = (Page, Vec<u8>)> {
    let byte = prop_oneof![2 => Just(0x0Eu8), 2 => Just(0x0Fu8), 8 => 0x40u8..=0xFE, 3 => any::<u8>()];
    (page(), proptest::collection::vec(byte, 0..40))
}

/// Pages in which some two characters have one code.
fn has_sequences(page: Page) -> bool {
    ["か\u{309A}", "\u{514D}\u{FE01}"].iter().any(|text| table_code(page, text).is_some())
}

/// Found by fuzzing: 00C1 within a run was the A of the single byte C1.
#[test]
fn no_control_begins_a_character_of_two_bytes() {
    for &page in Page::ALL.iter().filter(|page| page.is_mixed()) {
        for (lead, trail) in (0..0x40u8).flat_map(|lead| (0..=u8::MAX).map(move |trail| (lead, trail))) {
            let mut text = String::new();
            let read = decode(page, &[0x0E, lead, trail, 0x0F], &mut text);
            assert!(read.is_err() || lead == 0x0F, "{} {lead:02X}{trail:02X}: {text}", page.name());
            let read = decode_double(page, &[lead, trail], &mut text);
            assert!(read.is_err(), "{} {lead:02X}{trail:02X}: {text}", page.name());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_encoded_reads_back((page, text) in page_and_text()) {
        let (mut bytes, mut back) = (Vec::new(), String::new());
        encode(page, &text, &mut bytes).unwrap();
        decode(page, &bytes, &mut back).unwrap();
        // U+30FB is the one character that reads back as another (D18).
        let dotted = matches!(page, Page::Cp935 | Page::Cp1388);
        let want = if dotted { text.replace('\u{30FB}', "\u{B7}") } else { text };
        prop_assert_eq!(back, want);
    }

    #[test]
    fn decoding_never_panics_and_has_one_encoding((page, bytes) in page_and_bytes()) {
        let mut text = String::new();
        match decode(page, &bytes, &mut text) {
            Err(fault) => prop_assert!(fault.at < bytes.len(), "{}", fault),
            Ok(()) => {
                let (mut canonical, mut again) = (Vec::new(), String::new());
                encode(page, &text, &mut canonical).unwrap();
                prop_assert!(canonical.len() <= bytes.len());
                // Without needless shifts the bytes were canonical already.
                let needless = page.is_mixed() && bytes.windows(2).any(|w| matches!(w, [0x0E, 0x0F] | [0x0F, 0x0E]));
                // Two characters that have a code together are written with it.
                if !needless && !has_sequences(page) {
                    prop_assert_eq!(&canonical, &bytes);
                }
                decode(page, &canonical, &mut again).unwrap();
                prop_assert_eq!(again, text);
            }
        }
    }

    #[test]
    fn graphic_fields_read_back((page, bytes) in page_and_bytes()) {
        let (mut text, mut again) = (String::new(), Vec::new());
        if decode_double(page, &bytes, &mut text).is_ok() {
            // The text may have characters that the page writes as single bytes, or two as one.
            if encode_double(page, &text, &mut again).is_ok() && !has_sequences(page) {
                prop_assert_eq!(again, bytes);
            }
        }
    }

    #[test]
    fn a_cut_is_the_longest_start_that_fits((page, text) in page_and_text(), room in 0usize..120) {
        let length = |text: &str| {
            let mut out = Vec::new();
            encode(page, text, &mut out).unwrap();
            out.len()
        };
        let kept = cut(page, &text, room);
        prop_assert!(text.starts_with(kept) && length(kept) <= room);
        if let Some(next) = text[kept.len()..].chars().next() {
            let longer = format!("{kept}{next}");
            prop_assert!(length(&longer) > room);
        }
    }
}
