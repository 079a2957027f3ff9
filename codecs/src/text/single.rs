//! Pages of one byte a character, and the single bytes of mixed pages.
//!
//! The invariant: a byte without a character is a fault, never a substitute. Byte 3F is the one EBCDIC gives to U+001A;
//! it goes both ways like any other.

use crate::text::fault::TextFault;
use crate::text::rules::Rules;
use crate::text::table::{NOT_ASCII, Table};

pub(super) fn decode(table: &Table, rules: &Rules, bytes: &[u8], out: &mut String) -> Result<(), TextFault> {
    out.reserve(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let taken = push_ascii(table, &bytes[at..], out);
        if taken > 0 {
            at += taken;
            continue;
        }
        out.push(character(table, rules, byte, at)?);
        at += 1;
    }
    Ok(())
}

/// Appends the bytes at the start that are ASCII characters, at most one buffer full; says how many.
pub(super) fn push_ascii(table: &Table, bytes: &[u8], out: &mut String) -> usize {
    let mut buffer = [0u8; 64];
    let mut length = 0;
    for (slot, &byte) in buffer.iter_mut().zip(bytes) {
        *slot = table.ascii()[usize::from(byte)];
        if *slot == NOT_ASCII {
            break;
        }
        length += 1;
    }
    let Ok(text) = str::from_utf8(&buffer[..length]) else { return 0 };
    out.push_str(text);
    length
}

/// The character of the byte at `at`.
pub(super) fn character(table: &Table, rules: &Rules, byte: u8, at: usize) -> Result<char, TextFault> {
    match table.single(byte) {
        Some(found) if !rules.refuses(found) => Ok(found),
        _ if let Some(listed) = rules.listed_character(byte.into()) => Ok(listed),
        Some(_) => Err(TextFault::private_use(at)),
        None if matches!(byte, 0x0E | 0x0F) => {
            Err(TextFault::stray(at, "a shift in a field of a single-byte code page"))
        }
        None => Err(TextFault::unmapped(at, "a byte without a character in this code page")),
    }
}

pub(super) fn encode(table: &Table, rules: &Rules, text: &str, out: &mut Vec<u8>) -> Result<(), TextFault> {
    out.reserve(text.len());
    for (at, character) in text.chars().enumerate() {
        let code = code(table, rules, character, at)?;
        out.push(u8::try_from(code).map_err(|_| missing(at))?);
    }
    Ok(())
}

/// The code of the character at `at`, of one byte or two.
pub(super) fn code(table: &Table, rules: &Rules, character: char, at: usize) -> Result<u16, TextFault> {
    if let Some(listed) = rules.listed_code(character) {
        return Ok(listed);
    }
    if rules.refuses(character) {
        return Err(TextFault::private_use(at));
    }
    table.code(character).ok_or_else(|| missing(at))
}

/// The fault of a character that the page has not got.
#[cold]
pub(super) fn missing(at: usize) -> TextFault {
    TextFault::unmapped(at, "a character that is not in this code page")
}
