//! Mixed EBCDIC: single bytes, and double-byte runs between SO (0E) and SI (0F).
//!
//! Reading is strict. A run that is not closed in its field, half a character, a shift where none may stand and a code
//! without a character are faults at the first bad byte; nothing is repaired, because a repair would move every byte
//! after it. Writing makes the shortest form: one run for neighbouring double-byte characters, always closed. Padding
//! a field is up to the caller.

use crate::simd::{Pen, pairs};
use crate::text::fault::TextFault;
use crate::text::rules::Rules;
use crate::text::single;
use crate::text::table::Table;
use std::str::Chars;

const SHIFT_OUT: u8 = 0x0E;
const SHIFT_IN: u8 = 0x0F;
/// Double-byte codes are made of bytes from here on.
const FIRST_GRAPHIC: u8 = 0x40;

pub(super) fn decode(table: &Table, rules: &Rules, bytes: &[u8], out: &mut String) -> Result<(), TextFault> {
    // Two bytes of a run become three of UTF-8.
    out.reserve(bytes.len() + bytes.len() / 2);
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            SHIFT_OUT => at = decode_run(table, rules, bytes, at, out)?,
            SHIFT_IN => return Err(TextFault::stray(at, "SI without SO before it")),
            _ => match single::push_ascii(table, &bytes[at..], out) {
                0 => {
                    out.push(single_character(table, rules, bytes, at)?);
                    at += 1;
                }
                taken => at += taken,
            },
        }
    }
    Ok(())
}

/// Decodes the run whose SO is at `shift`; gives the place after its SI.
fn decode_run(table: &Table, rules: &Rules, bytes: &[u8], shift: usize, out: &mut String) -> Result<usize, TextFault> {
    let mut at = shift + 1;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        at += pairs(rest, FIRST_GRAPHIC, |lead, trail| table.value(lead, trail), &mut Pen::on_text(out));
        match bytes.get(at..).unwrap_or_default() {
            [] => return Err(TextFault::open_run(shift)),
            [SHIFT_IN, ..] => return Ok(at + 1),
            &[lead, trail, ..] => push_pair(table, rules, [lead, trail], at, out)?,
            &[lead] => return Err(bad_pair(lead, SHIFT_IN, at)),
        }
        at += 2;
    }
}

/// Appends what two bytes stand for.
#[inline]
fn push_pair(table: &Table, rules: &Rules, code: [u8; 2], at: usize, out: &mut String) -> Result<(), TextFault> {
    // Under lead byte 00 the tables have the single bytes, which are no characters of a run.
    if code[0] < FIRST_GRAPHIC {
        return Err(bad_pair(code[0], code[1], at));
    }
    match table.plain(code[0], code[1]) {
        Some(found) => out.push(found),
        None => push_rare(table, rules, code, at, out)?,
    }
    Ok(())
}

#[cold]
fn push_rare(table: &Table, rules: &Rules, code: [u8; 2], at: usize, out: &mut String) -> Result<(), TextFault> {
    let [lead, trail] = code;
    if let Some(listed) = rules.listed_character(u16::from_be_bytes(code)) {
        out.push(listed);
        return Ok(());
    }
    let found = table.double(lead, trail).ok_or_else(|| bad_pair(lead, trail, at))?;
    if rules.refuses(found.first) {
        return Err(TextFault::private_use(at));
    }
    out.push(found.first);
    out.extend(found.second);
    Ok(())
}

#[cold]
fn bad_pair(lead: u8, trail: u8, at: usize) -> TextFault {
    match (lead, trail) {
        (SHIFT_OUT, _) => TextFault::stray(at, "SO within a double-byte run"),
        (..FIRST_GRAPHIC, _) => TextFault::unmapped(at, "a control within a double-byte run"),
        (_, ..FIRST_GRAPHIC) => TextFault::half(at, "half a double-byte character"),
        (0xFE, 0xFE) => TextFault::unmapped(at, "FEFE: the sender's mark for a character it could not convert"),
        _ => TextFault::unmapped(at, "a double-byte code without a character in this code page"),
    }
}

/// The character outside runs at `at`. Bytes of a run whose SO is lost seldom make characters, so the SI that follows
/// tells what is really wrong.
fn single_character(table: &Table, rules: &Rules, bytes: &[u8], at: usize) -> Result<char, TextFault> {
    single::character(table, rules, bytes[at], at).map_err(|fault| {
        match bytes.iter().skip(at).position(|&b| matches!(b, SHIFT_OUT | SHIFT_IN)) {
            Some(ahead) if bytes[at + ahead] == SHIFT_IN => TextFault::stray(at + ahead, "SI without SO before it"),
            _ => fault,
        }
    })
}

/// Decodes a graphic field: double-byte codes without shifts.
pub(super) fn decode_double(table: &Table, rules: &Rules, bytes: &[u8], out: &mut String) -> Result<(), TextFault> {
    out.reserve(bytes.len() + bytes.len() / 2);
    for (n, code) in bytes.chunks(2).enumerate() {
        match *code {
            [lead, trail] => push_pair(table, rules, [lead, trail], 2 * n, out)?,
            _ => return Err(TextFault::half(2 * n, "half a double-byte character")),
        }
    }
    Ok(())
}

pub(super) fn encode(table: &Table, rules: &Rules, text: &str, out: &mut Vec<u8>) -> Result<(), TextFault> {
    out.reserve(text.len());
    let mut in_run = false;
    for_codes(table, rules, text, |_, code| {
        if (code > 0xFF) != in_run {
            out.push(if in_run { SHIFT_IN } else { SHIFT_OUT });
            in_run = !in_run;
        }
        match code.to_be_bytes() {
            [0, byte] => out.push(byte),
            double => out.extend_from_slice(&double),
        }
        Ok(())
    })?;
    if in_run {
        out.push(SHIFT_IN);
    }
    Ok(())
}

/// Encodes a graphic field; only characters of the double-byte half have a place in it.
pub(super) fn encode_double(table: &Table, rules: &Rules, text: &str, out: &mut Vec<u8>) -> Result<(), TextFault> {
    out.reserve(text.len());
    for_codes(table, rules, text, |at, code| match code.to_be_bytes() {
        [0, _] => Err(TextFault::unmapped(at, "a single-byte character in a double-byte field")),
        double => {
            out.extend_from_slice(&double);
            Ok(())
        }
    })
}

/// Calls `each` with the place and the code of each character, or of two characters that the page has as one.
#[inline]
fn for_codes(
    table: &Table,
    rules: &Rules,
    text: &str,
    mut each: impl FnMut(usize, u16) -> Result<(), TextFault>,
) -> Result<(), TextFault> {
    let mut at = 0;
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        match sequence(table, character, &rest) {
            Some(code) => {
                each(at, code)?;
                rest.next();
                at += 2;
            }
            None => {
                each(at, single::code(table, rules, character, at)?)?;
                at += 1;
            }
        }
    }
    Ok(())
}

/// The code that `first` has together with the character after it.
#[inline]
pub(super) fn sequence(table: &Table, first: char, rest: &Chars<'_>) -> Option<u16> {
    if table.has_sequences() { table.sequence(first, rest.clone().next()?) } else { None }
}
