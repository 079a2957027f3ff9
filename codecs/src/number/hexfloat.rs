//! Hexadecimal floats (COMP-1 and COMP-2 of z/OS): sign, a power of 16 with excess 64, a fraction of 6 or 14 hex digits.
//!
//! z/Architecture Principles of Operation, "Hexadecimal-Floating-Point": the value is the fraction 0.hhh times 16 to the
//! characteristic minus 64; the instructions truncate what does not fit, while assembler constants are rounded (HLASM
//! Language Reference, "DC E, D"). So both are here, and a field has one [`Rounding`] for both directions: the text of a
//! number is the shortest that this rounding brings back to it. All arithmetic is exact, on whole numbers.
//!
//! Written numbers are normalised, and below 16 to the -65th, which has no normal form, have characteristic 0. A number
//! that was not normalised is written so; its value is the same. Zero has no sign. Too large is a fault, too small is 0.

use super::big::Big;
use super::outcome::Parsed;
use super::scientific::{self, Scientific};
use crate::code::Code;
use crate::fault::Flaw;
use nom::bytes::complete::take;
use std::cmp::Ordering;

/// How a number between two floats is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Rounding {
    /// To the nearer one, or to the even one of two as near.
    #[default]
    HalfEven,
    /// To the one nearer to zero, as the machine's instructions do.
    Truncate,
}

/// A float: its fraction as a whole number times 16 to the exponent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HexFloat {
    /// Below zero.
    pub negative: bool,
    /// Up to 14 hex digits, normalised if that can be.
    pub fraction: u64,
    /// Power of 16.
    pub exponent: i32,
    /// Eight bytes instead of four.
    pub long: bool,
}

const TOO_LARGE: Flaw = Flaw::new(Code::TOO_LONG, 0, "the number is larger than any of its field");

/// Hex digits of a fraction.
const fn digits(long: bool) -> i32 {
    if long { 14 } else { 6 }
}

/// Bytes of a field.
pub const fn bytes(long: bool) -> usize {
    if long { 8 } else { 4 }
}

/// Reads a float; all bytes are one.
pub fn read(input: &[u8], long: bool) -> Parsed<'_, HexFloat> {
    let (rest, field) = take(bytes(long))(input)?;
    let bits = field.iter().fold(0u64, |n, byte| n << 8 | u64::from(*byte));
    let width = 4 * digits(long) as u32;
    let mut fraction = bits & ((1 << width) - 1);
    let mut characteristic = (bits >> width & 0x7F) as i32;
    let negative = bits >> (width + 7) != 0 && fraction != 0;
    while fraction != 0 && fraction >> (width - 4) == 0 && characteristic > 0 {
        fraction <<= 4;
        characteristic -= 1;
    }
    let exponent = if fraction == 0 { 0 } else { characteristic - 64 - digits(long) };
    Ok((rest, HexFloat { negative, fraction, exponent, long }))
}

/// The float of a number in text, as `-1.5E-3`.
pub fn parse(text: &str, long: bool, rounding: Rounding) -> Result<HexFloat, Flaw> {
    let number = scientific::parse(text)?;
    let zero = HexFloat { negative: false, fraction: 0, exponent: 0, long };
    // The largest is below 1E76, and half of the smallest above 1E-95.
    let size = number.exponent + number.digits.len() as i64;
    if number.digits.is_empty() || size < -95 {
        return Ok(zero);
    }
    if size > 76 {
        return Err(TOO_LARGE);
    }
    match nearest(&number, long, rounding)? {
        // Too small for any: zero has one form only.
        (0, _) => Ok(zero),
        (fraction, exponent) => Ok(HexFloat { negative: number.negative, fraction, exponent, long }),
    }
}

/// Appends a float.
pub fn write(number: &HexFloat, out: &mut Vec<u8>) {
    let width = 4 * digits(number.long) as u32;
    let characteristic = if number.fraction == 0 { 0 } else { number.exponent + 64 + digits(number.long) };
    let bits = u64::from(number.negative) << (width + 7) | (characteristic as u64 & 0x7F) << width | number.fraction;
    out.extend_from_slice(bits.to_be_bytes().get(8 - bytes(number.long)..).unwrap_or_default());
}

impl HexFloat {
    /// Appends the shortest text that `rounding` brings back to the same float.
    pub fn text(&self, rounding: Rounding, out: &mut String) {
        if self.fraction == 0 {
            out.push('0');
            return;
        }
        let (mut digits, mut exponent) = shortest(self, rounding);
        // Zeros at the end of a whole number are written out, so that 100 is not 1E+2.
        let places = digits.len() + usize::try_from(exponent).unwrap_or(0);
        if exponent > 0 && places <= 17 {
            digits.resize(places, 0);
            exponent = 0;
        }
        scientific::write(self.negative, &digits, exponent, out);
    }
}

/// Fraction and exponent of the float that a number is rounded to.
///
/// The digits are 401 at most and the size between 1E-95 and 1E76, so numerator and denominator have at most 500
/// decimal digits, 1,660 bits, and with the shift to the fraction's place fewer than 2,048.
fn nearest(number: &Scientific, long: bool, rounding: Rounding) -> Result<(u64, i32), Flaw> {
    let (mut top, mut bottom) = (Big::of(0), Big::of(1));
    for digit in number.digits.iter().copied().chain(number.more.then_some(1)) {
        if top.is_zero() {
            top = Big::of(digit.into());
        } else {
            top.scale(10, digit.into());
        }
    }
    let power = number.exponent - i64::from(number.more);
    match u32::try_from(power) {
        Ok(power) => top.tens(power),
        Err(_) => bottom.tens(power.unsigned_abs() as u32),
    }
    // 16 to the exponent is the first power above the number, give or take one.
    let mut exponent = (top.bits() - bottom.bits() - 1).div_euclid(4) + 1;
    let (mut left, mut right) = (top, bottom);
    if exponent >= 0 {
        right.shift(4 * exponent as u32)
    } else {
        left.shift(4 * exponent.unsigned_abs())
    }
    exponent += i32::from(left.order(&right) != Ordering::Less);
    exponent = exponent.max(-64);
    let places = 4 * (digits(long) - exponent);
    if places >= 0 {
        top.shift(places as u32)
    } else {
        bottom.shift(places.unsigned_abs())
    }
    let mut fraction = divide(&mut top, &bottom);
    if rounding == Rounding::HalfEven {
        top.shift(1);
        let up = match top.order(&bottom) {
            Ordering::Less => false,
            Ordering::Equal => fraction & 1 == 1,
            Ordering::Greater => true,
        };
        fraction += u64::from(up);
        if fraction >> (4 * digits(long)) != 0 {
            fraction >>= 4;
            exponent += 1;
        }
    }
    if exponent > 63 { Err(TOO_LARGE) } else { Ok((fraction, exponent - digits(long))) }
}

/// The quotient, which has at most 57 bits; the remainder stays.
fn divide(top: &mut Big, bottom: &Big) -> u64 {
    let mut step = *bottom;
    step.shift(56);
    let mut quotient = 0;
    for _ in 0..57 {
        quotient <<= 1;
        if top.order(&step) != Ordering::Less {
            top.subtract(&step);
            quotient |= 1;
        }
        step.halve();
    }
    quotient
}

/// The shortest digits and their exponent: Steele and White, in the form of Burger and Dybvig ("Printing
/// Floating-Point Numbers Quickly and Accurately", 1996). `rest / unit` is what is still to be written, `above` and
/// `below` are the distances to the ends of the range that rounds to this float.
fn shortest(float: &HexFloat, rounding: Rounding) -> (Vec<u8>, i32) {
    let bits = 4 * float.exponent;
    let first = 1u64 << (4 * digits(float.long) - 4);
    // Below a power of 16 the floats are sixteen times as dense, unless there is no smaller exponent.
    let dense = float.fraction == first && float.exponent > -64 - digits(float.long);
    // All in 32nds of the last place.
    let (above, below, with_ends) = match rounding {
        Rounding::HalfEven => (16, if dense { 1 } else { 16 }, float.fraction & 1 == 0),
        Rounding::Truncate => (32, 0, false),
    };
    let (mut rest, mut unit) = (Big::of(float.fraction), Big::of(32));
    let (mut above, mut below) = (Big::of(above), Big::of(below));
    rest.scale(32, 0);
    if bits >= 0 {
        for number in [&mut rest, &mut above, &mut below] {
            number.shift(bits as u32);
        }
    } else {
        unit.shift(bits.unsigned_abs());
    }
    // Ten to the power is the first that is above the whole range, give or take one.
    let mut power = ((64 - float.fraction.leading_zeros() as i32 + bits - 1) * 30_103).div_euclid(100_000);
    match u32::try_from(power) {
        Ok(power) => unit.tens(power),
        Err(_) => {
            for number in [&mut rest, &mut above, &mut below] {
                number.tens(power.unsigned_abs());
            }
        }
    }
    let reaches = |rest: &Big, above: &Big, unit: &Big| match rest.plus(above).order(unit) {
        Ordering::Equal => with_ends,
        order => order == Ordering::Greater,
    };
    while reaches(&rest, &above, &unit) {
        unit.scale(10, 0);
        power += 1;
    }
    let mut digits = Vec::with_capacity(18);
    loop {
        for number in [&mut rest, &mut above, &mut below] {
            number.scale(10, 0);
        }
        let mut digit = 0;
        while rest.order(&unit) != Ordering::Less {
            rest.subtract(&unit);
            digit += 1;
        }
        let low = match rest.order(&below) {
            Ordering::Equal => with_ends || rounding == Rounding::Truncate,
            order => order == Ordering::Less,
        };
        let high = reaches(&rest, &above, &unit);
        if low || high {
            let nearer = rest.plus(&rest).order(&unit) == Ordering::Less;
            digits.push(if low && (!high || nearer) { digit } else { digit + 1 });
            let exponent = power - digits.len() as i32;
            return (digits, exponent);
        }
        digits.push(digit);
    }
}
