//! Character data: code pages, one at a time and mixed with double-byte runs.
//!
//! The contract that layouts and records rely on is [`Page`], [`decode`] and [`encode`], and for a field with a form and
//! rules of its own [`Field`]. All are strict: every byte and every character is converted or refused with its place;
//! nothing is replaced, and repaired or dropped only what a field's [`Rules`] name. What was appended to `out` before a
//! fault is taken back. Private-use characters (自定义字符) are refused (FPP2011) although the tables hold them. The only
//! mapping that does not go both ways is U+30FB to 4345 in current 935 and 1388, which reads back as U+00B7 (D18). The substitute
//! character (3F, U+001A) is read and written like any other, told by whoever fills a field, and refused by rule.

mod blank;
mod fault;
mod field;
mod fit;
mod gb;
mod list;
mod mixed;
mod page;
mod pool;
mod repair;
mod rules;
mod single;
mod strict;
mod structure;
pub(crate) mod substitute;
mod table;
mod utf16;
mod utf8;

pub use blank::{pad, trim};
pub use fault::TextFault;
pub use field::{Field, Form};
pub use page::Page;
pub use rules::{Repair, Rules};

use pool::table;

/// The rules of a field that has none: nothing passes that is not in order.
pub static STRICT: Rules = Rules::STRICT;

/// Decodes a whole field and appends its characters; after a fault `out` is as it was.
pub fn decode(page: Page, bytes: &[u8], out: &mut String) -> Result<(), TextFault> {
    strict::decode(page, &STRICT, bytes, out)
}

/// Encodes text and appends its bytes, runs opened and closed; after a fault `out` is as it was.
pub fn encode(page: Page, text: &str, out: &mut Vec<u8>) -> Result<(), TextFault> {
    strict::encode(page, &STRICT, text, out)
}

/// Decodes a graphic field (DDS type G): two-byte codes without shifts, or UTF-16.
pub fn decode_double(page: Page, bytes: &[u8], out: &mut String) -> Result<(), TextFault> {
    strict::decode_double(page, &STRICT, bytes, out)
}

/// Encodes a graphic field (DDS type G): two-byte codes without shifts, or UTF-16.
pub fn encode_double(page: Page, text: &str, out: &mut Vec<u8>) -> Result<(), TextFault> {
    strict::encode_double(page, &STRICT, text, out)
}

/// The longest start of `text`, in whole characters, whose encoding takes at most `max_bytes`, shifts included.
///
/// A character that the page lacks is not dropped in silence: it counts as one byte, and encoding then refuses it.
/// Two characters that the page has as one are not parted.
pub fn cut(page: Page, text: &str, max_bytes: usize) -> &str {
    fit::text(page, &STRICT, text, max_bytes)
}

/// For each byte outside double-byte runs its ASCII character, or 80 where it has none or another.
pub fn ascii(page: Page) -> &'static [u8; 256] {
    table(page).ascii()
}

/// What one code stands for as the table has it, private use included; for listing and comparing tables.
///
/// `code` is one, two or four bytes without shifts. Pages made by rule (UTF-8, UTF-16) have no table.
pub fn table_text(page: Page, code: &[u8]) -> Option<String> {
    let table = table(page);
    match *code {
        [byte] => table.single(byte).map(String::from),
        [lead, trail] => table.double(lead, trail).map(|found| [found.first].into_iter().chain(found.second).collect()),
        [_, _, _, _] => table.four(gb::four_byte_number(code)?).map(String::from),
        _ => None,
    }
}

/// The code of one character, or of two that the page has as one, as the table has it; private use included, without
/// shifts: bytes and their number.
pub fn table_code(page: Page, text: &str) -> Option<([u8; 4], usize)> {
    let table = table(page);
    let mut characters = text.chars();
    let (first, second) = (characters.next()?, characters.next());
    let code = second.map_or_else(|| table.code(first), |second| table.sequence(first, second));
    match (code.map(u16::to_be_bytes), second) {
        _ if characters.next().is_some() => None,
        (Some([0, byte]), _) => Some(([byte, 0, 0, 0], 1)),
        (Some([lead, trail]), _) => Some(([lead, trail, 0, 0], 2)),
        (None, None) => table.four_byte_code(first).map(|number| (gb::four_bytes_of(number), 4)),
        (None, Some(_)) => None,
    }
}
