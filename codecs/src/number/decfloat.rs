//! DECFLOAT(16) and DECFLOAT(34): IEEE 754 decimal64 and decimal128, densely packed, big-endian, as IBM i stores them.
//!
//! The exponent is part of the value: 1.0 and 1.00 are different bytes. Text is the `to-scientific-string` of the General
//! Decimal Arithmetic Specification, which reads back to the same bytes. Infinities and NaNs have their names; whoever
//! wants numbers only asks for [`DecFloat::finite`]. A number that has too many digits or too large an exponent is a
//! fault, never rounded; zeros at its end may go or come where the exponent needs it, because the value stays.
//!
//! Read are also the 24 declets and the odd infinities that are not canonical; written are canonical ones.

use super::outcome::Parsed;
use super::scientific;
use crate::code::Code;
use crate::fault::Flaw;
use nom::bytes::complete::take;

/// How many digits a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Eight bytes.
    Sixteen,
    /// Sixteen bytes.
    ThirtyFour,
}

/// A value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecFloat {
    /// `coefficient` times ten to the `exponent`.
    Finite {
        /// Below zero, or minus zero.
        negative: bool,
        /// Up to 34 digits.
        coefficient: u128,
        /// Power of ten.
        exponent: i32,
    },
    /// An infinity.
    Infinity {
        /// Minus infinity.
        negative: bool,
    },
    /// No number.
    Nan {
        /// The sign, which means nothing.
        negative: bool,
        /// `sNaN`.
        signaling: bool,
        /// Up to 33 digits that mean nothing.
        payload: u128,
    },
}

const TOO_LONG: Flaw = Flaw::new(Code::TOO_LONG, 0, "the number has more digits than its field");
const TOO_LARGE: Flaw = Flaw::new(Code::TOO_LONG, 0, "the number's exponent does not fit its field");

/// Three digits of each declet; IEEE 754-2008, table 3.3.
const DECODE: [u16; 1024] = decode_table();
/// The canonical declet of three digits.
const ENCODE: [u16; 1000] = encode_table();

const fn decode_table() -> [u16; 1024] {
    let mut table = [0; 1024];
    let mut declet = 0;
    while declet < 1024 {
        let (high, middle, low) = digits_of(declet as u16);
        table[declet] = high * 100 + middle * 10 + low;
        declet += 1;
    }
    table
}

/// The digits of a declet, whose bits IEEE calls p q r s t u v w x y.
const fn digits_of(d: u16) -> (u16, u16, u16) {
    let (pqr, stu, wxy) = (d >> 7 & 7, d >> 4 & 7, d & 7);
    let (pq, st) = (d >> 7 & 6, d >> 4 & 6);
    let (r, u, y) = (d >> 7 & 1, d >> 4 & 1, d & 1);
    if d >> 3 & 1 == 0 {
        return (pqr, stu, wxy);
    }
    match (d >> 1 & 3, st >> 1) {
        (0, _) => (pqr, stu, 8 + y),
        (1, _) => (pqr, 8 + u, st + y),
        (2, _) => (8 + r, stu, pq + y),
        (_, 0) => (8 + r, 8 + u, pq + y),
        (_, 1) => (8 + r, pq + u, 8 + y),
        (_, 2) => (pqr, 8 + u, 8 + y),
        _ => (8 + r, 8 + u, 8 + y),
    }
}

const fn encode_table() -> [u16; 1000] {
    let mut table = [0; 1000];
    // From above, so that the lowest of several declets stays: that is the canonical one.
    let mut declet = 1024;
    while declet > 0 {
        declet -= 1;
        table[DECODE[declet] as usize] = declet as u16;
    }
    table
}

impl Precision {
    /// Bytes of a field.
    pub const fn bytes(self) -> usize {
        match self {
            Precision::Sixteen => 8,
            Precision::ThirtyFour => 16,
        }
    }

    /// Digits of a field.
    pub const fn digits(self) -> u32 {
        match self {
            Precision::Sixteen => 16,
            Precision::ThirtyFour => 34,
        }
    }

    const fn declets(self) -> u32 {
        (self.digits() - 1) / 3
    }

    /// Bits of the exponent behind the combination field.
    const fn exponent_bits(self) -> u32 {
        8 * self.bytes() as u32 - 6 - 10 * self.declets()
    }

    const fn bias(self) -> i32 {
        match self {
            Precision::Sixteen => 398,
            Precision::ThirtyFour => 6176,
        }
    }

    /// The largest exponent of a coefficient; the smallest is minus the bias.
    const fn exponent_max(self) -> i32 {
        (3 << self.exponent_bits()) - 1 - self.bias()
    }
}

/// Reads a value; all bytes are one.
pub fn read(input: &[u8], precision: Precision) -> Parsed<'_, DecFloat> {
    let (rest, field) = take(precision.bytes())(input)?;
    let bits = field.iter().fold(0u128, |n, byte| n << 8 | u128::from(*byte));
    let width = 8 * precision.bytes() as u32;
    let negative = bits >> (width - 1) & 1 == 1;
    let combination = (bits >> (width - 6) & 31) as u32;
    let places = 10 * precision.declets();
    let continuation = (bits >> places) as u32 & ((1 << precision.exponent_bits()) - 1);
    let declets = (0..precision.declets()).rev().map(|at| DECODE[(bits >> (10 * at) & 1023) as usize]);
    let tail = declets.fold(0u128, |n, three| n * 1000 + u128::from(three));
    let (first, exponent) = match combination {
        30 => return Ok((rest, DecFloat::Infinity { negative })),
        31 => {
            let signaling = continuation >> (precision.exponent_bits() - 1) == 1;
            return Ok((rest, DecFloat::Nan { negative, signaling, payload: tail }));
        }
        24.. => (8 + (combination & 1), combination >> 1 & 3),
        _ => (combination & 7, combination >> 3),
    };
    let coefficient = u128::from(first) * 10u128.pow(precision.digits() - 1) + tail;
    let exponent = (exponent << precision.exponent_bits() | continuation) as i32 - precision.bias();
    Ok((rest, DecFloat::Finite { negative, coefficient, exponent }))
}

/// Appends a value.
pub fn write(value: &DecFloat, precision: Precision, out: &mut Vec<u8>) -> Result<(), Flaw> {
    let exponent_bits = precision.exponent_bits();
    let (negative, combination, continuation, tail) = match *value {
        DecFloat::Infinity { negative } => (negative, 30, 0, 0),
        DecFloat::Nan { payload, .. } if payload >= 10u128.pow(precision.digits() - 1) => return Err(TOO_LONG),
        DecFloat::Nan { negative, signaling, payload } => {
            (negative, 31, u32::from(signaling) << (exponent_bits - 1), payload)
        }
        DecFloat::Finite { negative, coefficient, exponent } => {
            let (coefficient, exponent) = fit(coefficient, exponent, precision)?;
            let power = 10u128.pow(precision.digits() - 1);
            let (first, tail) = ((coefficient / power) as u32, coefficient % power);
            let biased = (exponent + precision.bias()) as u32;
            let high = biased >> exponent_bits;
            let combination = if first > 7 { 24 | high << 1 | (first & 1) } else { high << 3 | first };
            (negative, combination, biased & ((1 << exponent_bits) - 1), tail)
        }
    };
    let width = 8 * precision.bytes() as u32;
    let places = 10 * precision.declets();
    let mut bits = u128::from(negative) << (width - 1)
        | u128::from(combination) << (width - 6)
        | u128::from(continuation) << places;
    let mut tail = tail;
    for at in 0..precision.declets() {
        bits |= u128::from(ENCODE[(tail % 1000) as usize]) << (10 * at);
        tail /= 1000;
    }
    out.extend_from_slice(bits.to_be_bytes().get(16 - precision.bytes()..).unwrap_or_default());
    Ok(())
}

/// Moves zeros between coefficient and exponent until both fit.
fn fit(mut coefficient: u128, mut exponent: i32, precision: Precision) -> Result<(u128, i32), Flaw> {
    let limit = 10u128.pow(precision.digits());
    let (least, most) = (-precision.bias(), precision.exponent_max());
    if coefficient == 0 {
        return Ok((0, exponent.clamp(least, most)));
    }
    while (coefficient >= limit || exponent < least) && coefficient.is_multiple_of(10) {
        coefficient /= 10;
        exponent = exponent.saturating_add(1);
    }
    while exponent > most && coefficient < limit / 10 {
        coefficient *= 10;
        exponent -= 1;
    }
    match () {
        () if coefficient >= limit => Err(TOO_LONG),
        () if exponent < least || exponent > most => Err(TOO_LARGE),
        () => Ok((coefficient, exponent)),
    }
}

impl DecFloat {
    /// The same, unless it is no number.
    pub fn finite(self) -> Result<DecFloat, Flaw> {
        match self {
            DecFloat::Finite { .. } => Ok(self),
            _ => Err(Flaw::new(Code::RANGE, 0, "not a finite number")),
        }
    }

    /// Reads `-1.50`, `1E+3`, `Infinity`, `NaN`, `sNaN12`; letters of either case.
    pub fn parse(text: &str) -> Result<DecFloat, Flaw> {
        let (negative, name) = match text.as_bytes() {
            [b'-', ..] => (true, &text[1..]),
            [b'+', ..] => (false, &text[1..]),
            _ => (false, text),
        };
        let name = name.to_ascii_lowercase();
        if name == "infinity" || name == "inf" {
            return Ok(DecFloat::Infinity { negative });
        }
        if let Some(payload) = name.strip_prefix("snan").or(name.strip_prefix("nan")) {
            let no_number = Flaw::new(Code::RANGE, 0, "the value is not a number");
            if payload.len() > 33 || !payload.bytes().all(|b| b.is_ascii_digit()) {
                return Err(no_number);
            }
            let payload = payload.bytes().fold(0u128, |n, b| n * 10 + u128::from(b - b'0'));
            return Ok(DecFloat::Nan { negative, signaling: name.starts_with('s'), payload });
        }
        let number = scientific::parse(text)?;
        let zeros = number.digits.iter().rev().take_while(|d| **d == 0).count();
        // Zeros beyond 34 digits are the exponent's.
        let cut = number.digits.len().saturating_sub(34);
        if number.more || cut > zeros {
            return Err(TOO_LONG);
        }
        let kept = &number.digits[..number.digits.len() - cut];
        let coefficient = kept.iter().fold(0u128, |n, d| n * 10 + u128::from(*d));
        let exponent = i32::try_from(number.exponent + cut as i64).map_err(|_| TOO_LARGE)?;
        Ok(DecFloat::Finite { negative: number.negative, coefficient, exponent })
    }

    /// Appends the text that reads back to the same value and exponent.
    pub fn text(&self, out: &mut String) {
        let sign = |negative| if negative { "-" } else { "" };
        match *self {
            DecFloat::Infinity { negative } => {
                out.push_str(sign(negative));
                out.push_str("Infinity");
            }
            DecFloat::Nan { negative, signaling, payload } => {
                out.push_str(sign(negative));
                out.push_str(if signaling { "sNaN" } else { "NaN" });
                if payload != 0 {
                    out.push_str(&payload.to_string());
                }
            }
            DecFloat::Finite { negative, coefficient, exponent } => {
                let digits: Vec<u8> = coefficient.to_string().bytes().map(|b| b - b'0').collect();
                scientific::write(negative, &digits, exponent, out);
            }
        }
    }
}
