//! Decoding and encoding by a page's structure: every byte and character is converted or refused with its place.
//!
//! Exceptions come from the lists of the field's rules and from nowhere else; repairs are not made here.

use crate::text::fault::TextFault;
use crate::text::page::Page;
use crate::text::pool::table;
use crate::text::rules::Rules;
use crate::text::structure::Structure;
use crate::text::{gb, mixed, single, utf8, utf16};

const NO_DOUBLE: &str = "this code page has no double-byte half";

/// Appends the characters of bytes; after a fault `out` is as it was.
#[inline]
pub(super) fn decode(page: Page, rules: &Rules, bytes: &[u8], out: &mut String) -> Result<(), TextFault> {
    let before = out.len();
    let result = match page.structure() {
        Structure::Single => single::decode(table(page), rules, bytes, out),
        Structure::Mixed => mixed::decode(table(page), rules, bytes, out),
        Structure::Gbk | Structure::Gb18030 | Structure::Big5 => gb::decode(table(page), rules, bytes, out),
        Structure::Utf8 => utf8::decode(rules, bytes, out),
        wide @ (Structure::Utf16 | Structure::Ucs2) => utf16::decode(wide, rules, bytes, out),
    };
    result.inspect_err(|_| out.truncate(before))
}

/// Appends the bytes of text, runs opened and closed; after a fault `out` is as it was.
#[inline]
pub(super) fn encode(page: Page, rules: &Rules, text: &str, out: &mut Vec<u8>) -> Result<(), TextFault> {
    let before = out.len();
    let result = match page.structure() {
        Structure::Single => single::encode(table(page), rules, text, out),
        Structure::Mixed => mixed::encode(table(page), rules, text, out),
        Structure::Gbk | Structure::Gb18030 | Structure::Big5 => gb::encode(table(page), rules, text, out),
        Structure::Utf8 => utf8::encode(rules, text, out),
        wide @ (Structure::Utf16 | Structure::Ucs2) => utf16::encode(wide, rules, text, out),
    };
    result.inspect_err(|_| out.truncate(before))
}

/// Appends the characters of two-byte codes without shifts, or of UTF-16.
pub(super) fn decode_double(page: Page, rules: &Rules, bytes: &[u8], out: &mut String) -> Result<(), TextFault> {
    match page.structure() {
        Structure::Single | Structure::Utf8 => Err(TextFault::unmapped(0, NO_DOUBLE)),
        Structure::Utf16 | Structure::Ucs2 => decode(page, rules, bytes, out),
        Structure::Mixed | Structure::Gbk | Structure::Gb18030 | Structure::Big5 => {
            let before = out.len();
            mixed::decode_double(table(page), rules, bytes, out).inspect_err(|_| out.truncate(before))
        }
    }
}

/// Appends two-byte codes without shifts, or UTF-16.
pub(super) fn encode_double(page: Page, rules: &Rules, text: &str, out: &mut Vec<u8>) -> Result<(), TextFault> {
    match page.structure() {
        Structure::Single | Structure::Utf8 => Err(TextFault::unmapped(0, NO_DOUBLE)),
        Structure::Utf16 | Structure::Ucs2 => encode(page, rules, text, out),
        Structure::Mixed | Structure::Gbk | Structure::Gb18030 | Structure::Big5 => {
            let before = out.len();
            mixed::encode_double(table(page), rules, text, out).inspect_err(|_| out.truncate(before))
        }
    }
}

/// The character that a written character reads back as: another one where its code goes one way only.
pub(super) fn reads_back(page: Page, rules: &Rules, character: char) -> char {
    let table = table(page);
    let Some(code) = rules.listed_code(character).or_else(|| table.code(character)) else { return character };
    let listed = || rules.listed_character(code);
    let read = match code.to_be_bytes() {
        [0, byte] => table.single(byte).filter(|found| !rules.refuses(*found)).or_else(listed),
        [lead, trail] => {
            let rare = || table.double(lead, trail).map(|found| found.first);
            table.plain(lead, trail).or_else(listed).or_else(rare)
        }
    };
    read.unwrap_or(character)
}
