//! Zoned decimal (S): a digit a byte, the sign in the last zone; and numbers as plain text.
//!
//! Every zone is checked: F in front, A C E F (plus) or B D (minus) in the last byte. A blank is a fault. Text numbers
//! have no point and, if the layout says so, a `+` or `-` in front; their digits are those of the field's page.

use super::digits::Digits;
use super::outcome::{DIGIT, Parsed, SIGN, fail};
use crate::code::Code;
use crate::fault::Flaw;
use nom::bytes::complete::take;

const ZONE: &str = "zone is not F, or not a digit";

/// Reads up to 38 digits.
pub fn zoned(input: &[u8], digits: u8) -> Parsed<'_, i128> {
    let (rest, field) = take(usize::from(digits))(input)?;
    let Some((last, front)) = field.split_last() else {
        return fail(Code::LENGTH, 0, "a zoned field without bytes");
    };
    let (Some(value), Some(minus)) = (number(front, 0xF0), sign_of(*last)) else {
        return Err(nom::Err::Error(zoned_flaw(field)));
    };
    let value = value * 10 + i128::from(last & 15);
    Ok((rest, if minus { -value } else { value }))
}

/// Reads any number of digits.
pub fn zoned_wide(input: &[u8], digits: u8) -> Parsed<'_, Digits> {
    let (rest, field) = take(usize::from(digits))(input)?;
    let minus = field.last().and_then(|last| sign_of(*last));
    let front = field.split_last().map_or(&[][..], |(_, front)| front);
    match minus {
        Some(negative) if front.iter().all(|b| (0xF0..=0xF9).contains(b)) => {
            let mut number = Digits { negative, ..Digits::ZERO };
            number.values.iter_mut().rev().zip(field.iter().rev()).for_each(|(slot, b)| *slot = b & 15);
            Ok((rest, number))
        }
        _ => Err(nom::Err::Error(zoned_flaw(field))),
    }
}

/// Appends a zoned number.
pub fn write_zoned(number: &Digits, digits: u8, out: &mut Vec<u8>) -> Result<(), Flaw> {
    let values = number.last(digits)?;
    out.extend(values.iter().map(|d| 0xF0 | d));
    let minus = number.negative && values.iter().any(|d| *d != 0);
    if let (true, Some(last)) = (minus, out.last_mut()) {
        *last = 0xD0 | (*last & 15);
    }
    Ok(())
}

/// Reads a text number of up to 38 digits.
pub fn text(input: &[u8], digits: u8, signed: bool, ebcdic: bool) -> Parsed<'_, i128> {
    let (rest, (minus, field)) = split_text(input, digits, signed, ebcdic)?;
    match number(field, zone(ebcdic)) {
        Some(value) => Ok((rest, if minus { -value } else { value })),
        None => text_flaw(field, signed, ebcdic),
    }
}

/// Reads a text number of any number of digits.
pub fn text_wide(input: &[u8], digits: u8, signed: bool, ebcdic: bool) -> Parsed<'_, Digits> {
    let (rest, (negative, field)) = split_text(input, digits, signed, ebcdic)?;
    if !field.iter().all(|b| b & 0xF0 == zone(ebcdic) && b & 15 <= 9) {
        return text_flaw(field, signed, ebcdic);
    }
    let mut number = Digits { negative, ..Digits::ZERO };
    number.values.iter_mut().rev().zip(field.iter().rev()).for_each(|(slot, b)| *slot = b & 15);
    Ok((rest, number))
}

/// Appends a text number.
pub fn write_text(number: &Digits, digits: u8, signed: bool, ebcdic: bool, out: &mut Vec<u8>) -> Result<(), Flaw> {
    let values = number.last(digits)?;
    let minus = number.negative && values.iter().any(|d| *d != 0);
    if minus && !signed {
        return Err(Flaw::new(Code::SIGN, 0, "a number below zero in a field without sign"));
    }
    if signed {
        out.push(signs(ebcdic)[usize::from(minus)]);
    }
    out.extend(values.iter().map(|d| zone(ebcdic) | d));
    Ok(())
}

const fn zone(ebcdic: bool) -> u8 {
    if ebcdic { 0xF0 } else { 0x30 }
}

/// Plus and minus.
const fn signs(ebcdic: bool) -> [u8; 2] {
    if ebcdic { [0x4E, 0x60] } else { [b'+', b'-'] }
}

/// The rest, whether the sign is minus, and the digits.
fn split_text(input: &[u8], digits: u8, signed: bool, ebcdic: bool) -> Parsed<'_, (bool, &[u8])> {
    let (rest, field) = take(usize::from(digits) + usize::from(signed))(input)?;
    if !signed {
        return Ok((rest, (false, field)));
    }
    let [plus, minus] = signs(ebcdic);
    match field.split_first() {
        Some((sign, digits)) if *sign == plus || *sign == minus => Ok((rest, (*sign == minus, digits))),
        _ => Err(nom::Err::Error(Flaw::new(Code::SIGN, 0, "the sign is neither + nor -"))),
    }
}

/// The number of a run of digits in one zone, 38 at most.
fn number(bytes: &[u8], zone: u8) -> Option<i128> {
    let (head, tail) = bytes.split_at(bytes.len() % 8);
    let mut value = 0u64;
    for byte in head {
        let digit = byte ^ zone;
        if digit > 9 {
            return None;
        }
        value = value * 10 + u64::from(digit);
    }
    let mut wide = i128::from(value);
    for (index, chunk) in tail.chunks_exact(8).enumerate() {
        let eight = eight_digits(u64::from_le_bytes(chunk.try_into().ok()?), zone)?;
        // Seven digits and eight more are far below a u64's limit; from the second chunk on it might not be enough.
        wide =
            if index == 0 { i128::from(value * 100_000_000 + eight) } else { wide * 100_000_000 + i128::from(eight) };
    }
    Some(wide)
}

/// Eight digits at once: checks all zones, then adds neighbours pairwise, fourwise, and all.
fn eight_digits(bytes: u64, zone: u8) -> Option<u64> {
    let digits = bytes ^ u64::from_le_bytes([zone; 8]);
    let above_nine = digits.wrapping_add(0x7676_7676_7676_7676);
    if (digits | above_nine) & 0x8080_8080_8080_8080 != 0 {
        return None;
    }
    let pairs = (digits.wrapping_mul(2561) >> 8) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs.wrapping_mul(6_553_601) >> 16) & 0x0000_FFFF_0000_FFFF;
    Some(fours.wrapping_mul(42_949_672_960_001) >> 32)
}

/// Whether a last byte says minus; nothing if it has no sign or no digit.
fn sign_of(last: u8) -> Option<bool> {
    match (last >> 4, last & 15) {
        (_, 10..) => None,
        (0x0B | 0x0D, _) => Some(true),
        (0x0A..=0x0F, _) => Some(false),
        _ => None,
    }
}

fn zoned_flaw(field: &[u8]) -> Flaw {
    let front = field.len().saturating_sub(1);
    let bad = field.iter().take(front).position(|b| !(0xF0..=0xF9).contains(b));
    match (bad, field.last()) {
        (Some(at), _) => Flaw::new(Code::ZONE, at, ZONE),
        (None, Some(last)) if last & 15 > 9 => Flaw::new(Code::ZONE, front, DIGIT),
        _ => Flaw::new(Code::SIGN, front, SIGN),
    }
}

fn text_flaw<'a, T>(digits: &[u8], signed: bool, ebcdic: bool) -> Parsed<'a, T> {
    let bad = digits.iter().position(|b| b & 0xF0 != zone(ebcdic) || b & 15 > 9).unwrap_or(0);
    fail(Code::ZONE, bad + usize::from(signed), DIGIT)
}
