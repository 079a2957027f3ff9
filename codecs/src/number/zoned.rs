//! Zoned decimal of EBCDIC files (S), and numbers as plain text: the two forms that DDS and text layouts have.
//!
//! Every zone is checked: F in front, A C E F (plus) or B D (minus) in the last byte. A blank is a fault. Text numbers
//! have no point and, if the layout says so, a `+` or `-` in front; their digits are those of the field's page. All
//! other forms of USAGE DISPLAY are in [`super::display`].

use super::digits::Digits;
use super::display::{Display, Encoding, Place};
use super::outcome::Parsed;
use super::signs::{Signs, is_minus};
use super::swar;
use crate::fault::Flaw;

const fn trailing(digits: u8) -> Display {
    Display { digits, place: Place::Trailing, encoding: Encoding::Ebcdic, signs: Signs::Ibmi }
}

const fn plain(digits: u8, signed: bool, ebcdic: bool) -> Display {
    let place = if signed { Place::LeadingSeparate } else { Place::Unsigned };
    let encoding = if ebcdic { Encoding::Ebcdic } else { Encoding::Ascii };
    Display { digits, place, encoding, signs: Signs::Ibmi }
}

/// Reads a whole field of up to 18 digits, sign in the last zone; nothing if anything is wrong.
#[inline]
pub fn narrow(field: &[u8]) -> Option<i64> {
    let (last, front) = field.split_last()?;
    if front.len() > 17 || last & 15 > 9 {
        return None;
    }
    let value = (swar::eighteen(front, 0xF0)? * 10 + u64::from(last & 15)) as i64;
    Some(if is_minus(last >> 4)? { -value } else { value })
}

/// Reads a whole field of up to 18 digits of a zone, plus or minus in front if there are `signs`; nothing if anything is
/// wrong.
#[inline]
pub(crate) fn narrow_text(field: &[u8], zone: u8, signs: Option<[u8; 2]>) -> Option<i64> {
    let Some([plus, minus]) = signs else { return swar::eighteen(field, zone).map(|value| value as i64) };
    let (sign, digits) = field.split_first()?;
    let value = swar::eighteen(digits, zone)? as i64;
    (*sign == plus || *sign == minus).then_some(if *sign == minus { -value } else { value })
}

/// Reads a whole field of up to 38 digits, sign in the last zone; nothing if anything is wrong.
#[inline]
pub fn whole(field: &[u8]) -> Option<i128> {
    if field.len() <= 18 {
        return narrow(field).map(i128::from);
    }
    let (last, front) = field.split_last()?;
    if front.len() > 37 || last & 15 > 9 {
        return None;
    }
    let value = (swar::thirty_eight(front, 0xF0)? * 10 + u128::from(last & 15)) as i128;
    Some(if is_minus(last >> 4)? { -value } else { value })
}

/// Reads up to 38 digits.
pub fn zoned(input: &[u8], digits: u8) -> Parsed<'_, i128> {
    if let Some((field, rest)) = input.split_at_checked(usize::from(digits))
        && let Some(value) = whole(field)
    {
        return Ok((rest, value));
    }
    trailing(digits).read(input)
}

/// Reads any number of digits.
pub fn zoned_wide(input: &[u8], digits: u8) -> Parsed<'_, Digits> {
    trailing(digits).read_wide(input)
}

/// Reads a text number of up to 38 digits.
pub fn text(input: &[u8], digits: u8, signed: bool, ebcdic: bool) -> Parsed<'_, i128> {
    plain(digits, signed, ebcdic).read(input)
}

/// Reads a text number of any number of digits.
pub fn text_wide(input: &[u8], digits: u8, signed: bool, ebcdic: bool) -> Parsed<'_, Digits> {
    plain(digits, signed, ebcdic).read_wide(input)
}

/// Appends a text number.
pub fn write_text(number: &Digits, digits: u8, signed: bool, ebcdic: bool, out: &mut Vec<u8>) -> Result<(), Flaw> {
    plain(digits, signed, ebcdic).write(number, out)
}
