//! IEEE single and double (F, COMP-1 and COMP-2 of everybody but z/OS), either end first.
//!
//! Floats must be finite. Text is the shortest that reads back as the same bits, and is read with correct rounding, half
//! to even (IEEE 754), both by the standard library. IBM's own hexadecimal floats are in [`super::hexfloat`].

use super::order::Order;
use super::outcome::{Parsed, fail};
use crate::code::Code;
use crate::fault::Flaw;
use nom::bytes::complete::take;

const NOT_FINITE: &str = "not a finite number";
const NO_NUMBER: Flaw = Flaw::new(Code::RANGE, 0, "the value is not a number");
const TOO_LARGE: Flaw = Flaw::new(Code::TOO_LONG, 0, "the number is larger than any of its field");

/// Reads a big-endian single.
pub fn single(input: &[u8]) -> Parsed<'_, f32> {
    single_of(input, Order::Big)
}

/// Reads a big-endian double.
pub fn double(input: &[u8]) -> Parsed<'_, f64> {
    double_of(input, Order::Big)
}

/// Reads a single.
pub fn single_of(input: &[u8], order: Order) -> Parsed<'_, f32> {
    let (rest, field) = take(4usize)(input)?;
    let bytes = field.try_into().unwrap_or_default();
    let value = if order == Order::Big { f32::from_be_bytes(bytes) } else { f32::from_le_bytes(bytes) };
    if value.is_finite() { Ok((rest, value)) } else { fail(Code::RANGE, 0, NOT_FINITE) }
}

/// Reads a double.
pub fn double_of(input: &[u8], order: Order) -> Parsed<'_, f64> {
    let (rest, field) = take(8usize)(input)?;
    let bytes = field.try_into().unwrap_or_default();
    let value = if order == Order::Big { f64::from_be_bytes(bytes) } else { f64::from_le_bytes(bytes) };
    if value.is_finite() { Ok((rest, value)) } else { fail(Code::RANGE, 0, NOT_FINITE) }
}

/// Appends a single.
pub fn write_single(value: f32, order: Order, out: &mut Vec<u8>) -> Result<(), Flaw> {
    if !value.is_finite() {
        return Err(Flaw::new(Code::RANGE, 0, NOT_FINITE));
    }
    out.extend(if order == Order::Big { value.to_be_bytes() } else { value.to_le_bytes() });
    Ok(())
}

/// Appends a double.
pub fn write_double(value: f64, order: Order, out: &mut Vec<u8>) -> Result<(), Flaw> {
    if !value.is_finite() {
        return Err(Flaw::new(Code::RANGE, 0, NOT_FINITE));
    }
    out.extend(if order == Order::Big { value.to_be_bytes() } else { value.to_le_bytes() });
    Ok(())
}

/// The single nearest to a number in text, as `-1.5E-3`.
pub fn parse_single(text: &str) -> Result<f32, Flaw> {
    let value: f32 = plain(text)?.parse().map_err(|_| NO_NUMBER)?;
    if value.is_finite() { Ok(value) } else { Err(TOO_LARGE) }
}

/// The double nearest to a number in text, as `-1.5E-3`.
pub fn parse_double(text: &str) -> Result<f64, Flaw> {
    let value: f64 = plain(text)?.parse().map_err(|_| NO_NUMBER)?;
    if value.is_finite() { Ok(value) } else { Err(TOO_LARGE) }
}

/// Words such as `inf` are no numbers here.
fn plain(text: &str) -> Result<&str, Flaw> {
    let allowed = |b: u8| b.is_ascii_digit() || b"+-.eE".contains(&b);
    if text.bytes().all(allowed) { Ok(text) } else { Err(NO_NUMBER) }
}
