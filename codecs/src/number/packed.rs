//! Packed decimal (P, COMP-3): two digits a byte, the sign in the last nibble; and COMP-6, which has no sign.
//!
//! A C E F are plus, B D minus; [`Signs`] says what is written. An even number of digits leaves a pad nibble in front,
//! which must be 0, as Enterprise COBOL's NUMCHECK(PAC) has it. A field without a sign (`PIC 9 COMP-3`) is written with
//! F and refuses minus, also of zero. COMP-6 is GnuCOBOL's and Micro Focus': all nibbles are digits.

use super::digits::Digits;
use super::outcome::{DIGIT, Parsed, SIGN};
use super::signs::{Signs, is_minus};
use super::swar;
use crate::code::Code;
use crate::fault::Flaw;
use nom::bytes::complete::take;

const PAD: &str = "the pad nibble is not 0";
const MINUS: &str = "minus in a field without sign";
/// Ten to the sixteenth: what a word of nibbles counts to.
const WORD: u128 = 10_000_000_000_000_000;

/// Bytes of a field.
pub const fn bytes(digits: u8) -> usize {
    digits as usize / 2 + 1
}

/// Bytes of a COMP-6 field.
pub const fn bytes_comp6(digits: u8) -> usize {
    digits.div_ceil(2) as usize
}

/// Reads a whole field of up to 18 digits; nothing if anything is wrong, and [`find_flaw`] knows what.
#[inline]
pub fn narrow(field: &[u8], digits: u8) -> Option<i64> {
    if digits > 18 || field.len() != bytes(digits) {
        return None;
    }
    let word = swar::load(field);
    let (sign, digits_of) = (word & 15, word >> 4);
    let (value, bad) = match field.len() {
        0..=4 => (swar::eight_nibbles(digits_of), swar::above_nine(digits_of)),
        5..=8 => (swar::sixteen(digits_of), swar::above_nine(digits_of)),
        length => {
            // One or two bytes more: their lowest nibble goes to the word, three digits at most remain.
            let front = swar::load(field.get(..length - 8)?);
            let nibbles = front << 60 | digits_of;
            let above = swar::above_nine(nibbles) | swar::above_nine(front >> 4);
            (swar::eight_nibbles(front >> 4) * WORD as u64 + swar::sixteen(nibbles), above)
        }
    };
    let pad = digits & 1 == 0 && field.first().is_some_and(|b| *b > 0x0F);
    if bad != 0 || sign < 10 || pad {
        return None;
    }
    // B and D are the bits 11 and 13.
    let minus = (0x2800 >> sign & 1) as i64;
    Some((value as i64 ^ -minus) + minus)
}

/// Fields of 1 to 10 bytes and up to 18 digits, for loops over many: nothing depends on what they hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Straight<const WIDTH: usize> {
    /// Bits of the first byte that must be 0.
    pad: u64,
    /// Bits of a minus that must not be there.
    minus: u64,
}

impl<const WIDTH: usize> Straight<WIDTH> {
    /// Of so many digits; whether minus is allowed.
    pub(crate) fn of(digits: u8, signed: bool) -> Straight<WIDTH> {
        let pad = if digits.is_multiple_of(2) { 0xF0 } else { 0 };
        Straight { pad, minus: u64::from(!signed) }
    }

    /// The number, and not 0 when it is none.
    #[inline(always)]
    pub(crate) fn read(self, field: &[u8; WIDTH]) -> (i64, u64) {
        let word = swar::load(field);
        // The sign must be above 9, and nothing else.
        let mut wrong = swar::above_nine(word) ^ 8 | u64::from(field[0]) & self.pad;
        let value = match WIDTH {
            0..=4 => swar::eight_nibbles(word >> 4),
            5..=8 => swar::sixteen(word >> 4),
            _ => {
                let front = swar::load(&field[..WIDTH - 8]);
                wrong |= swar::above_nine(front);
                swar::eight_nibbles(front >> 4) * WORD as u64 + swar::sixteen(front << 60 | word >> 4)
            }
        };
        // B and D are the bits 11 and 13.
        let minus = 0x2800 >> (word & 15) & 1;
        let mask = (minus as i64).wrapping_neg();
        ((value as i64 ^ mask).wrapping_sub(mask), wrong | minus & self.minus)
    }
}

/// Reads a whole field of up to 38 digits; nothing if anything is wrong, and [`find_flaw`] knows what.
#[inline]
pub fn whole(field: &[u8], digits: u8) -> Option<i128> {
    if digits <= 18 {
        return narrow(field, digits).map(i128::from);
    }
    if digits > 38 || field.len() != bytes(digits) {
        return None;
    }
    let (last, front) = field.split_last()?;
    let pad = digits.is_multiple_of(2) && field.first().is_some_and(|b| *b > 0x0F);
    let value = nibbles(front).filter(|_| last >> 4 < 10 && !pad)? * 10 + u128::from(last >> 4);
    let value = value as i128;
    Some(if is_minus(last & 15)? { -value } else { value })
}

/// The number of whole bytes of digits, up to 38.
#[inline]
fn nibbles(field: &[u8]) -> Option<u128> {
    let (front, chunks) = field.split_at(field.len() % 8);
    let word = swar::load(front);
    let (mut value, mut bad) = (u128::from(swar::sixteen(word)), swar::above_nine(word));
    for chunk in chunks.chunks_exact(8) {
        let word = swar::load(chunk);
        bad |= swar::above_nine(word);
        value = value.wrapping_mul(WORD).wrapping_add(swar::sixteen(word).into());
    }
    (bad == 0).then_some(value)
}

/// Reads up to 38 digits.
pub fn packed(input: &[u8], digits: u8) -> Parsed<'_, i128> {
    let (rest, field) = take(bytes(digits))(input)?;
    match whole(field, digits) {
        Some(value) => Ok((rest, value)),
        None => Err(nom::Err::Error(find_flaw(field, digits).unwrap_or(TOO_WIDE))),
    }
}

/// Reads any number of digits.
pub fn packed_wide(input: &[u8], digits: u8) -> Parsed<'_, Digits> {
    let (rest, field) = take(bytes(digits))(input)?;
    if let Some(flaw) = find_flaw(field, digits) {
        return Err(nom::Err::Error(flaw));
    }
    let negative = field.last().is_some_and(|b| is_minus(b & 15) == Some(true));
    Ok((rest, digits_of(field, 1, negative)))
}

/// Reads up to 38 digits of a field without sign.
pub fn unsigned(input: &[u8], digits: u8) -> Parsed<'_, i128> {
    let (rest, value) = packed(input, digits)?;
    match refuse_minus(input, digits) {
        Some(flaw) => Err(nom::Err::Error(flaw)),
        None => Ok((rest, value)),
    }
}

/// Reads any number of digits of a field without sign.
pub fn unsigned_wide(input: &[u8], digits: u8) -> Parsed<'_, Digits> {
    let (rest, value) = packed_wide(input, digits)?;
    match refuse_minus(input, digits) {
        Some(flaw) => Err(nom::Err::Error(flaw)),
        None => Ok((rest, value)),
    }
}

/// Reads up to 38 digits of a COMP-6 field.
pub fn comp6(input: &[u8], digits: u8) -> Parsed<'_, i128> {
    let (rest, field) = take(bytes_comp6(digits))(input)?;
    let pad = !digits.is_multiple_of(2) && field.first().is_some_and(|b| *b > 0x0F);
    match nibbles(field).filter(|_| !pad && digits <= 38) {
        Some(value) => Ok((rest, value as i128)),
        None => Err(nom::Err::Error(find_flaw_comp6(field, digits).unwrap_or(TOO_WIDE))),
    }
}

/// Reads any number of digits of a COMP-6 field.
pub fn comp6_wide(input: &[u8], digits: u8) -> Parsed<'_, Digits> {
    let (rest, field) = take(bytes_comp6(digits))(input)?;
    match find_flaw_comp6(field, digits) {
        Some(flaw) => Err(nom::Err::Error(flaw)),
        None => Ok((rest, digits_of(field, 0, false))),
    }
}

/// Appends a number with the signs of IBM i.
pub fn write(number: &Digits, digits: u8, out: &mut Vec<u8>) -> Result<(), Flaw> {
    write_signed(number, digits, Signs::Ibmi, out)
}

/// Appends a number with the signs of a platform.
pub fn write_signed(number: &Digits, digits: u8, signs: Signs, out: &mut Vec<u8>) -> Result<(), Flaw> {
    let values = number.last(digits)?;
    push(values, Some(signs.nibble(number.is_negative())), out);
    Ok(())
}

/// Appends a number to a field without sign: the last nibble is F.
pub fn write_unsigned(number: &Digits, digits: u8, out: &mut Vec<u8>) -> Result<(), Flaw> {
    number.refuse_negative()?;
    push(number.last(digits)?, Some(0x0F), out);
    Ok(())
}

/// Appends a number to a COMP-6 field.
pub fn write_comp6(number: &Digits, digits: u8, out: &mut Vec<u8>) -> Result<(), Flaw> {
    number.refuse_negative()?;
    push(number.last(digits)?, None, out);
    Ok(())
}

fn push(values: &[u8], sign: Option<u8>, out: &mut Vec<u8>) {
    let nibbles = values.len() + usize::from(sign.is_some());
    let pad = if nibbles.is_multiple_of(2) { None } else { Some(0) };
    let mut nibbles = pad.into_iter().chain(values.iter().copied()).chain(sign);
    while let (Some(high), Some(low)) = (nibbles.next(), nibbles.next()) {
        out.push(high << 4 | low);
    }
}

/// The digits of a field that is known to be good, without so many nibbles at its end.
fn digits_of(field: &[u8], skip: usize, negative: bool) -> Digits {
    let mut number = Digits { negative, ..Digits::ZERO };
    let nibbles = field.iter().rev().flat_map(|b| [b & 15, b >> 4]).skip(skip);
    number.values.iter_mut().rev().zip(nibbles).for_each(|(slot, nibble)| *slot = nibble);
    number
}

const TOO_WIDE: Flaw = Flaw::new(Code::TOO_LONG, 0, "more than 38 digits");

/// The first thing wrong with a field.
#[cold]
pub fn find_flaw(field: &[u8], digits: u8) -> Option<Flaw> {
    let (last, front) = field.split_last()?;
    find_flaw_digits(front, digits.is_multiple_of(2)).or_else(|| {
        let at = front.len();
        if last >> 4 > 9 {
            Some(Flaw::new(Code::PACKED_DIGIT, at, DIGIT))
        } else if at == 0 && digits.is_multiple_of(2) && *last > 0x0F {
            Some(Flaw::new(Code::PACKED_DIGIT, 0, PAD))
        } else {
            is_minus(last & 15).is_none().then_some(Flaw::new(Code::SIGN, at, SIGN))
        }
    })
}

/// The first thing wrong with a COMP-6 field.
#[cold]
pub fn find_flaw_comp6(field: &[u8], digits: u8) -> Option<Flaw> {
    find_flaw_digits(field, !digits.is_multiple_of(2))
}

fn find_flaw_digits(field: &[u8], pad: bool) -> Option<Flaw> {
    let bad = field.iter().position(|b| b >> 4 > 9 || b & 15 > 9);
    match field.first() {
        Some(first) if pad && *first > 0x0F && bad != Some(0) => Some(Flaw::new(Code::PACKED_DIGIT, 0, PAD)),
        _ => bad.map(|at| Flaw::new(Code::PACKED_DIGIT, at, DIGIT)),
    }
}

fn refuse_minus(input: &[u8], digits: u8) -> Option<Flaw> {
    let at = bytes(digits) - 1;
    let minus = input.get(at).is_some_and(|b| is_minus(b & 15) == Some(true));
    minus.then_some(Flaw::new(Code::SIGN, at, MINUS))
}
