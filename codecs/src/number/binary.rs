//! Binary (B) and float (F): big-endian, as IBM i stores them.
//!
//! A binary field holds what its bytes hold, which may be more than its declared digits; it is read and written as it
//! is. Floats must be finite.

use super::outcome::{Parsed, fail};
use crate::code::Code;
use crate::fault::Flaw;
use nom::number::complete::{be_f32, be_f64, be_i16, be_i32, be_i64};

/// Bytes of a field: 2, 4 or 8.
pub const fn bytes(digits: u8) -> usize {
    match digits {
        0..=4 => 2,
        5..=9 => 4,
        _ => 8,
    }
}

/// Reads a binary number.
pub fn binary(input: &[u8], digits: u8) -> Parsed<'_, i64> {
    match bytes(digits) {
        2 => be_i16(input).map(|(rest, n)| (rest, n.into())),
        4 => be_i32(input).map(|(rest, n)| (rest, n.into())),
        _ => be_i64(input),
    }
}

/// Appends a binary number.
pub fn write(value: i128, digits: u8, out: &mut Vec<u8>) -> Result<(), Flaw> {
    let too_long = |_| Flaw::new(Code::TOO_LONG, 0, "the number does not fit the bytes of its field");
    match bytes(digits) {
        2 => out.extend(i16::try_from(value).map_err(too_long)?.to_be_bytes()),
        4 => out.extend(i32::try_from(value).map_err(too_long)?.to_be_bytes()),
        _ => out.extend(i64::try_from(value).map_err(too_long)?.to_be_bytes()),
    }
    Ok(())
}

/// Reads an IEEE single.
pub fn single(input: &[u8]) -> Parsed<'_, f32> {
    match be_f32(input) {
        Ok((_, n)) if !n.is_finite() => fail(Code::RANGE, 0, "not a finite number"),
        other => other,
    }
}

/// Reads an IEEE double.
pub fn double(input: &[u8]) -> Parsed<'_, f64> {
    match be_f64(input) {
        Ok((_, n)) if !n.is_finite() => fail(Code::RANGE, 0, "not a finite number"),
        other => other,
    }
}
