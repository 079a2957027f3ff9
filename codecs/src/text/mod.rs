//! Character data: code pages, one at a time and mixed with double-byte runs.
//!
//! The contract that layouts and records rely on is [`Page`], [`decode`] and [`encode`]. Both are strict: every byte
//! and every character is converted or refused with its place; nothing is replaced, repaired or dropped. What was
//! appended to `out` before a fault is taken back. Private-use characters (自定义字符) are refused (FPP2011) although
//! the tables hold them. The only mapping that does not go both ways is U+30FB to 4345 in current 935 and 1388, which
//! reads back as U+00B7 (D18). Trimming and padding belong to the layouts.

mod fault;
mod gb;
mod mixed;
mod page;
mod single;
mod table;
mod utf8;

pub use fault::TextFault;
pub use page::Page;

use table::Table;

/// How the bytes of a page are built.
enum Structure {
    Single,
    Mixed,
    Gb,
    Utf8,
}

fn structure(page: Page) -> Structure {
    match page {
        Page::Cp37 | Page::Cp836 => Structure::Single,
        Page::Cp935 | Page::Cp935Classic | Page::Cp1388 | Page::Cp1388Of2001 => Structure::Mixed,
        Page::Gbk | Page::Gbk936 | Page::Gb18030Of2005 | Page::Gb18030Of2022 => Structure::Gb,
        Page::Utf8 => Structure::Utf8,
    }
}

/// Decodes a whole field and appends its characters; after a fault `out` is as it was.
pub fn decode(page: Page, bytes: &[u8], out: &mut String) -> Result<(), TextFault> {
    let before = out.len();
    let table = Table::of(page);
    let result = match structure(page) {
        Structure::Single => single::decode(table, bytes, out),
        Structure::Mixed => mixed::decode(table, bytes, out),
        Structure::Gb => gb::decode(table, bytes, out),
        Structure::Utf8 => utf8::decode(bytes, out),
    };
    result.inspect_err(|_| out.truncate(before))
}

/// Encodes text and appends its bytes, runs opened and closed; after a fault `out` is as it was.
pub fn encode(page: Page, text: &str, out: &mut Vec<u8>) -> Result<(), TextFault> {
    let before = out.len();
    let table = Table::of(page);
    let result = match structure(page) {
        Structure::Single => single::encode(table, text, out),
        Structure::Mixed => mixed::encode(table, text, out),
        Structure::Gb => gb::encode(table, text, out),
        Structure::Utf8 => utf8::encode(text, out),
    };
    result.inspect_err(|_| out.truncate(before))
}

const NO_DOUBLE: &str = "this code page has no double-byte half";

/// Decodes a graphic field (DDS type G): two-byte codes without shifts.
pub fn decode_double(page: Page, bytes: &[u8], out: &mut String) -> Result<(), TextFault> {
    let table = Table::of(page);
    if !table.has_double() {
        return Err(TextFault::unmapped(0, NO_DOUBLE));
    }
    let before = out.len();
    mixed::decode_double(table, bytes, out).inspect_err(|_| out.truncate(before))
}

/// Encodes a graphic field (DDS type G): two-byte codes without shifts.
pub fn encode_double(page: Page, text: &str, out: &mut Vec<u8>) -> Result<(), TextFault> {
    let table = Table::of(page);
    if !table.has_double() {
        return Err(TextFault::unmapped(0, NO_DOUBLE));
    }
    let before = out.len();
    mixed::encode_double(table, text, out).inspect_err(|_| out.truncate(before))
}

/// The longest start of `text`, in whole characters, whose encoding takes at most `max_bytes`, shifts included.
///
/// A character that the page lacks is not dropped in silence: it counts as one byte, and encoding then refuses it.
pub fn cut(page: Page, text: &str, max_bytes: usize) -> &str {
    let table = Table::of(page);
    let mut run = mixed::Width::default();
    let mut used = 0;
    for (start, character) in text.char_indices() {
        used += match structure(page) {
            Structure::Single => 1,
            Structure::Mixed => run.add(table, character),
            Structure::Gb => gb::width(table, character),
            Structure::Utf8 => character.len_utf8(),
        };
        if used > max_bytes {
            return &text[..start];
        }
    }
    text
}

/// The character of one code as the table has it, private use included; for listing and comparing tables.
///
/// `code` is one, two or four bytes without shifts. UTF-8 has no table.
pub fn table_character(page: Page, code: &[u8]) -> Option<char> {
    let table = Table::of(page);
    match *code {
        [byte] => table.single(byte),
        [lead, trail] => table.double(lead, trail),
        [_, _, _, _] => table.four(gb::four_byte_number(code)?),
        _ => None,
    }
}

/// The code of a character as the table has it, private use included, without shifts: bytes and their number.
pub fn table_code(page: Page, character: char) -> Option<([u8; 4], usize)> {
    let table = Table::of(page);
    match table.code(character).map(u16::to_be_bytes) {
        Some([0, byte]) => Some(([byte, 0, 0, 0], 1)),
        Some([lead, trail]) => Some(([lead, trail, 0, 0], 2)),
        None => table.four_byte_code(character).map(|number| (gb::four_bytes_of(number), 4)),
    }
}
