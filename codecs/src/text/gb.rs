//! GBK, Big5 and GB18030: ASCII as it is, two-byte codes, and for GB18030 four-byte codes.
//!
//! Lead bytes are 81..FE. A lead byte that is followed by nothing or by a byte that cannot be a trail is half a
//! character: fixed-width fields cut by bytes end like that. Trail bytes overlap ASCII from 40 on, so text is always
//! read from its start.

use crate::code::Code;
use crate::simd::{Pen, pairs};
use crate::text::fault::TextFault;
use crate::text::rules::Rules;
use crate::text::single;
use crate::text::table::Table;

pub(super) fn decode(table: &Table, rules: &Rules, bytes: &[u8], out: &mut String) -> Result<(), TextFault> {
    out.reserve(bytes.len() + bytes.len() / 2);
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let ascii = rest.iter().position(|&b| b >= 0x80).unwrap_or(rest.len());
        if let Ok(text) = str::from_utf8(&rest[..ascii]) {
            out.push_str(text);
        }
        at += ascii;
        while bytes.get(at).is_some_and(|lead| *lead >= 0x80) {
            let done = pairs(&bytes[at..], 0x80, |lead, trail| table.value(lead, trail), &mut Pen::on_text(out));
            at += done;
            if done == 0 {
                let (found, taken) = rare(table, rules, &bytes[at..], at)?;
                out.push(found);
                at += taken;
            }
        }
    }
    Ok(())
}

/// The character that starts at `at` with a byte from 80 on, and its bytes.
#[cold]
fn rare(table: &Table, rules: &Rules, bytes: &[u8], at: usize) -> Result<(char, usize), TextFault> {
    let listed = |code: u16, taken: usize| rules.listed_character(code).map(|found| (found, taken));
    let (found, taken) = match *bytes {
        [lead, trail, ..] if let Some(found) = listed(u16::from_be_bytes([lead, trail]), 2) => return Ok(found),
        [byte, ..] if let Some(found) = listed(byte.into(), 1) => return Ok(found),
        [byte, ..] if let Some(found) = table.single(byte) => (found, 1),
        [lead, trail, ..] if let Some(found) = table.double(lead, trail) => (found.first, 2),
        [0x80 | 0xFF, ..] => return Err(TextFault::unmapped(at, "a byte without a character in this code page")),
        [_, 0x30..=0x39, ..] if table.has_four() => four_bytes(table, bytes, at)?,
        [_, 0x40..=0xFE, ..] => {
            return Err(TextFault::unmapped(at, "a two-byte code without a character in this code page"));
        }
        _ => return Err(TextFault::half(at, "half a two-byte character")),
    };
    if rules.refuses(found) { Err(TextFault::private_use(at)) } else { Ok((found, taken)) }
}

fn four_bytes(table: &Table, bytes: &[u8], at: usize) -> Result<(char, usize), TextFault> {
    let number = four_byte_number(bytes).ok_or(TextFault::half(at, "part of a four-byte character"))?;
    let character = table.four(number);
    let character = character.ok_or(TextFault::unmapped(at, "a four-byte code without a character"))?;
    Ok((character, 4))
}

/// The number of the four-byte code that `bytes` start with, when it has the right structure.
pub(super) fn four_byte_number(bytes: &[u8]) -> Option<u32> {
    match *bytes {
        [a @ 0x81..=0xFE, b @ 0x30..=0x39, c @ 0x81..=0xFE, d @ 0x30..=0x39, ..] => {
            let [a, b, c, d] = [a - 0x81, b - 0x30, c - 0x81, d - 0x30].map(u32::from);
            Some(((a * 10 + b) * 126 + c) * 10 + d)
        }
        _ => None,
    }
}

/// The bytes of the four-byte code with this number.
pub(super) fn four_bytes_of(number: u32) -> [u8; 4] {
    [0x81 + number / 12_600, 0x30 + number / 1_260 % 10, 0x81 + number / 10 % 126, 0x30 + number % 10].map(|b| b as u8)
}

pub(super) fn encode(table: &Table, rules: &Rules, text: &str, out: &mut Vec<u8>) -> Result<(), TextFault> {
    out.reserve(text.len());
    for (at, character) in text.chars().enumerate() {
        match single::code(table, rules, character, at).map(u16::to_be_bytes) {
            Ok([0, byte]) => out.push(byte),
            Ok(double) => out.extend_from_slice(&double),
            Err(fault) if fault.code == Code::PRIVATE_USE => return Err(fault),
            Err(fault) => {
                let number = table.four_byte_code(character).ok_or(fault)?;
                out.extend_from_slice(&four_bytes_of(number));
            }
        }
    }
    Ok(())
}
