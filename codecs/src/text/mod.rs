//! Character data: code pages, one at a time and mixed with double-byte runs.
//!
//! The contract that layouts and records rely on is [`Page`], [`decode`] and [`encode`]. Both are strict: every byte
//! and every character is converted or refused with its place; nothing is replaced, repaired or dropped. What was
//! appended to `out` before a fault is taken back. Private-use characters (自定义字符) are refused (FPP2011) although
//! the tables hold them. The only mapping that does not go both ways is U+30FB to 4345 in current 935 and 1388, which
//! reads back as U+00B7 (D18). Trimming and padding belong to the layouts.

mod blank;
mod fault;
mod gb;
mod list;
mod mixed;
mod page;
mod pool;
mod single;
mod structure;
mod table;
mod utf16;
mod utf8;

pub use blank::{pad, trim};
pub use fault::TextFault;
pub use page::Page;

use pool::table;
use structure::Structure;

/// Decodes a whole field and appends its characters; after a fault `out` is as it was.
pub fn decode(page: Page, bytes: &[u8], out: &mut String) -> Result<(), TextFault> {
    let before = out.len();
    let result = match page.structure() {
        Structure::Single => single::decode(table(page), bytes, out),
        Structure::Mixed => mixed::decode(table(page), bytes, out),
        Structure::Gbk | Structure::Gb18030 | Structure::Big5 => gb::decode(table(page), bytes, out),
        Structure::Utf8 => utf8::decode(bytes, out),
        wide @ (Structure::Utf16 | Structure::Ucs2) => utf16::decode(wide, bytes, out),
    };
    result.inspect_err(|_| out.truncate(before))
}

/// Encodes text and appends its bytes, runs opened and closed; after a fault `out` is as it was.
pub fn encode(page: Page, text: &str, out: &mut Vec<u8>) -> Result<(), TextFault> {
    let before = out.len();
    let result = match page.structure() {
        Structure::Single => single::encode(table(page), text, out),
        Structure::Mixed => mixed::encode(table(page), text, out),
        Structure::Gbk | Structure::Gb18030 | Structure::Big5 => gb::encode(table(page), text, out),
        Structure::Utf8 => utf8::encode(text, out),
        wide @ (Structure::Utf16 | Structure::Ucs2) => utf16::encode(wide, text, out),
    };
    result.inspect_err(|_| out.truncate(before))
}

const NO_DOUBLE: &str = "this code page has no double-byte half";

/// Decodes a graphic field (DDS type G): two-byte codes without shifts, or UTF-16.
pub fn decode_double(page: Page, bytes: &[u8], out: &mut String) -> Result<(), TextFault> {
    match page.structure() {
        Structure::Single | Structure::Utf8 => Err(TextFault::unmapped(0, NO_DOUBLE)),
        Structure::Utf16 | Structure::Ucs2 => decode(page, bytes, out),
        Structure::Mixed | Structure::Gbk | Structure::Gb18030 | Structure::Big5 => {
            let before = out.len();
            mixed::decode_double(table(page), bytes, out).inspect_err(|_| out.truncate(before))
        }
    }
}

/// Encodes a graphic field (DDS type G): two-byte codes without shifts, or UTF-16.
pub fn encode_double(page: Page, text: &str, out: &mut Vec<u8>) -> Result<(), TextFault> {
    match page.structure() {
        Structure::Single | Structure::Utf8 => Err(TextFault::unmapped(0, NO_DOUBLE)),
        Structure::Utf16 | Structure::Ucs2 => encode(page, text, out),
        Structure::Mixed | Structure::Gbk | Structure::Gb18030 | Structure::Big5 => {
            let before = out.len();
            mixed::encode_double(table(page), text, out).inspect_err(|_| out.truncate(before))
        }
    }
}

/// The longest start of `text`, in whole characters, whose encoding takes at most `max_bytes`, shifts included.
///
/// A character that the page lacks is not dropped in silence: it counts as one byte, and encoding then refuses it.
/// Two characters that the page has as one are not parted.
pub fn cut(page: Page, text: &str, max_bytes: usize) -> &str {
    let table = table(page);
    let mut run = mixed::Width::default();
    let mut used = 0;
    let mut rest = text.chars();
    loop {
        let start = text.len() - rest.as_str().len();
        let Some(character) = rest.next() else { return text };
        used += match page.structure() {
            Structure::Single => 1,
            Structure::Mixed if mixed::sequence(table, character, &rest).is_some() => {
                rest.next();
                run.add(true)
            }
            Structure::Mixed => run.add(table.code(character).is_some_and(|code| code > 0xFF)),
            Structure::Gbk | Structure::Gb18030 | Structure::Big5 => gb::width(table, character),
            Structure::Utf8 => character.len_utf8(),
            Structure::Utf16 | Structure::Ucs2 => 2 * character.len_utf16(),
        };
        if used > max_bytes {
            return &text[..start];
        }
    }
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
