//! Every code page, both ways.

use crate::bytes::Bytes;
use fpp_codecs::text::{self, Page};

/// What decodes and encodes decodes to the same again; nothing is longer than its bound.
pub fn text(data: &[u8]) {
    let mut bytes = Bytes(data);
    let page = bytes.of(Page::ALL);
    let double = bytes.flag();
    let decode = |bytes: &[u8], out: &mut String| match double {
        true => text::decode_double(page, bytes, out),
        false => text::decode(page, bytes, out),
    };
    let encode = |text: &str, out: &mut Vec<u8>| match double {
        true => text::encode_double(page, text, out),
        false => text::encode(page, text, out),
    };
    let mut characters = String::new();
    if decode(bytes.0, &mut characters).is_err() {
        assert!(characters.is_empty());
        characters = String::from_utf8_lossy(bytes.0).into_owned();
    }
    let cut = text::cut(page, &characters, bytes.0.len() / 2);
    assert!(characters.starts_with(cut));
    let mut again = Vec::new();
    if encode(&characters, &mut again).is_ok() {
        let mut back = String::new();
        decode(&again, &mut back).unwrap_or_else(|fault| panic!("{}: {fault}", page.name()));
        // Both are written as 4345, which reads as the first (D18).
        let fold = |text: &str| text.replace('\u{30FB}', "\u{B7}");
        assert_eq!(fold(&back), fold(&characters), "{}", page.name());
    }
}
