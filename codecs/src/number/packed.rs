//! Packed decimal (P): two digits a byte, the sign in the last nibble.
//!
//! A C E F are plus, B D minus; F and D are written. An even number of digits leaves a pad nibble in front, which must
//! be 0. Bytes are `digits / 2 + 1`.

use super::digits::Digits;
use super::outcome::{DIGIT, Parsed, SIGN, fail};
use crate::code::Code;
use crate::fault::Flaw;
use nom::bytes::complete::take;

/// Two digits of a byte, 255 if one is none.
const PAIRS: [u8; 256] = pairs();

const fn pairs() -> [u8; 256] {
    let mut table = [255; 256];
    let mut byte = 0;
    while byte < 256 {
        if byte >> 4 <= 9 && byte & 15 <= 9 {
            table[byte] = ((byte >> 4) * 10 + (byte & 15)) as u8;
        }
        byte += 1;
    }
    table
}

/// Bytes of a field.
pub const fn bytes(digits: u8) -> usize {
    digits as usize / 2 + 1
}

/// Reads up to 38 digits.
pub fn packed(input: &[u8], digits: u8) -> Parsed<'_, i128> {
    let (rest, field) = take(bytes(digits))(input)?;
    let (last, front) = match field.split_last() {
        Some((last, front)) => (*last, front),
        None => return fail(Code::LENGTH, 0, "a packed field without bytes"),
    };
    let mut bad = last >> 4 > 9 || last & 15 < 10 || (digits.is_multiple_of(2) && field[0] > 0x0F);
    // Nine bytes and a digit are 19 digits, which a u64 holds.
    let value = if front.len() <= 9 {
        let mut value = 0u64;
        for byte in front {
            let pair = PAIRS[usize::from(*byte)];
            bad |= pair == 255;
            value = value.wrapping_mul(100).wrapping_add(u64::from(pair));
        }
        i128::from(value.wrapping_mul(10).wrapping_add(u64::from(last >> 4)))
    } else {
        let mut value = 0i128;
        for byte in front {
            let pair = PAIRS[usize::from(*byte)];
            bad |= pair == 255;
            value = value.wrapping_mul(100).wrapping_add(i128::from(pair));
        }
        value.wrapping_mul(10).wrapping_add(i128::from(last >> 4))
    };
    if bad {
        return Err(nom::Err::Error(find_flaw(field, digits)));
    }
    Ok((rest, if is_minus(last) { -value } else { value }))
}

/// Reads any number of digits.
pub fn packed_wide(input: &[u8], digits: u8) -> Parsed<'_, Digits> {
    let (rest, field) = take(bytes(digits))(input)?;
    let flaw = find_flaw(field, digits);
    if flaw.code != Code::OK {
        return Err(nom::Err::Error(flaw));
    }
    let mut number = Digits { negative: field.last().is_some_and(|b| is_minus(*b)), ..Digits::ZERO };
    let nibbles = field.iter().flat_map(|b| [b >> 4, b & 15]).rev().skip(1);
    number.values.iter_mut().rev().zip(nibbles).for_each(|(slot, nibble)| *slot = nibble);
    Ok((rest, number))
}

/// Appends a number.
pub fn write(number: &Digits, digits: u8, out: &mut Vec<u8>) -> Result<(), Flaw> {
    let values = number.last(digits)?;
    let sign = if number.negative && values.iter().any(|d| *d != 0) { 0x0D } else { 0x0F };
    let pad = if digits.is_multiple_of(2) { Some(0) } else { None };
    let mut nibbles = pad.into_iter().chain(values.iter().copied()).chain([sign]);
    while let (Some(high), Some(low)) = (nibbles.next(), nibbles.next()) {
        out.push(high << 4 | low);
    }
    Ok(())
}

fn is_minus(last: u8) -> bool {
    matches!(last & 15, 0x0B | 0x0D)
}

/// The first thing wrong; code `OK` if nothing is.
fn find_flaw(field: &[u8], digits: u8) -> Flaw {
    let end = field.len().saturating_sub(1);
    for (at, byte) in field.iter().enumerate() {
        if byte >> 4 > 9 || (at < end && byte & 15 > 9) {
            return Flaw::new(Code::PACKED_DIGIT, at, DIGIT);
        }
        if at == 0 && digits.is_multiple_of(2) && *byte > 0x0F {
            return Flaw::new(Code::PACKED_DIGIT, at, "the pad nibble is not 0");
        }
        if at == end && byte & 15 < 10 {
            return Flaw::new(Code::SIGN, at, SIGN);
        }
    }
    Flaw::new(Code::OK, 0, "")
}
