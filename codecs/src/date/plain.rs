//! A moment's field as ASCII characters, and back: what all the forms of dates and times are read from.
//!
//! Only the characters that dates are written with are known. They have the same codes in all EBCDIC pages and in all
//! ASCII-based ones, so that a page need not be known here.

use super::day::digits;
use crate::code::Code;
use crate::fault::Flaw;

/// The characters dates are written with, as ASCII; 0 for all others.
const ASCII_OF_EBCDIC: [u8; 256] = {
    let mut table = [0; 256];
    let known = [(0x40, b' '), (0x4B, b'.'), (0x60, b'-'), (0x61, b'/'), (0x6B, b','), (0x7A, b':')];
    let letters = [(0xC1, b'A'), (0xD7, b'P'), (0xD4, b'M'), (0xE3, b'T')];
    let mut at = 0;
    while at < known.len() {
        table[known[at].0] = known[at].1;
        at += 1;
    }
    at = 0;
    while at < letters.len() {
        table[letters[at].0] = letters[at].1;
        at += 1;
    }
    at = 0;
    while at < 10 {
        table[0xF0 + at] = b'0' + at as u8;
        at += 1;
    }
    table
};

/// The way back; only what the first table knows is asked for.
const EBCDIC_OF_ASCII: [u8; 256] = {
    let mut table = [0x40; 256];
    let mut at = 0;
    while at < 256 {
        if ASCII_OF_EBCDIC[at] != 0 {
            table[ASCII_OF_EBCDIC[at] as usize] = at as u8;
        }
        at += 1;
    }
    table
};

/// The EBCDIC code of a character that dates are written with.
#[inline]
pub(super) const fn ebcdic(character: u8) -> u8 {
    EBCDIC_OF_ASCII[character as usize]
}

/// What may stand between the parts of a two-digit-year format.
pub(super) const SEPARATORS: &[u8] = b"/-., ";

/// The flaw of a byte that its format does not have there.
pub(super) const fn no_part(at: usize) -> Flaw {
    Flaw::new(Code::DATE, at, "not a digit or separator of its format")
}

/// A field in ASCII; the longest is a timestamp of 32 bytes.
pub(super) struct Plain(pub(super) [u8; 32]);

impl Plain {
    pub(super) fn of(bytes: &[u8], ebcdic: bool) -> Plain {
        let mut plain = [0; 32];
        for (slot, byte) in plain.iter_mut().zip(bytes) {
            *slot = if ebcdic { ASCII_OF_EBCDIC[usize::from(*byte)] } else { *byte };
        }
        Plain(plain)
    }

    /// Checks a picture: 9 is a digit, `s` a separator of the two-digit-year formats, anything else is itself.
    pub(super) fn fits(&self, picture: &[u8]) -> Result<(), Flaw> {
        let fits = |(byte, mark): (&u8, &u8)| match mark {
            b'9' => byte.is_ascii_digit(),
            b's' => SEPARATORS.contains(byte),
            mark => byte == mark,
        };
        match self.0.iter().zip(picture).position(|pair| !fits(pair)) {
            Some(at) => Err(no_part(at)),
            None => Ok(()),
        }
    }

    pub(super) fn number(&self, at: usize, count: usize) -> u16 {
        self.0.get(at..at + count).and_then(digits).and_then(|n| u16::try_from(n).ok()).unwrap_or(0)
    }

    /// Two digits, 0 to 99.
    pub(super) fn two(&self, at: usize) -> u8 {
        self.number(at, 2) as u8
    }
}

pub(super) fn push_ascii(bytes: &[u8], out: &mut String) {
    out.push_str(std::str::from_utf8(bytes).unwrap_or_default());
}

/// Brings what was appended in ASCII to the field's page.
pub(super) fn to_page(out: &mut [u8], start: usize, is_ebcdic: bool) {
    if is_ebcdic {
        out.iter_mut().skip(start).for_each(|byte| *byte = ebcdic(*byte));
    }
}

/// A number's last digits as characters.
pub(super) fn push_digits(number: u32, count: u32, out: &mut Vec<u8>) {
    out.extend((0..count).rev().map(|place| b'0' + (number / 10u32.pow(place) % 10) as u8));
}
