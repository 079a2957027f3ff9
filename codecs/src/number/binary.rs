//! Binary integers (B, COMP, COMP-4, COMP-5, BINARY): two's complement, 1 to 16 bytes, either end first.
//!
//! A binary field holds what its bytes hold, which may be more than its declared digits; it is read as it is. On
//! writing COMP and BINARY refuse more than their digits (COBOL would cut them), COMP-5 takes all that its bytes hold.
//! Bytes by digits are those of DDS ("Length"); what COBOL's dialects make of digits is the copybook reader's business.

use super::digits::Digits;
use super::outcome::{Parsed, fail};
use crate::code::Code;
use crate::fault::Flaw;
use nom::bytes::complete::take;

pub use super::float::{double, single};
pub use super::order::Order;

/// The form of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binary {
    /// Bytes, 1 to 16.
    pub bytes: u8,
    /// Two's complement.
    pub signed: bool,
    /// Which end stands first.
    pub order: Order,
}

const TOO_LONG: Flaw = Flaw::new(Code::TOO_LONG, 0, "the number does not fit the bytes of its field");

impl Binary {
    /// Reads a number; the unsigned 16 bytes above `i128::MAX` are for [`Binary::read_wide`] only.
    #[inline]
    pub fn read(self, input: &[u8]) -> Parsed<'_, i128> {
        let (rest, bits) = self.bits(input)?;
        if self.signed {
            // The sign bit moves to the top and comes back.
            let shift = 128 - 8 * u32::from(self.bytes);
            return Ok((rest, (bits << shift) as i128 >> shift));
        }
        match i128::try_from(bits) {
            Ok(value) => Ok((rest, value)),
            Err(_) => fail(Code::TOO_LONG, 0, "more than 38 digits"),
        }
    }

    /// Reads any number.
    pub fn read_wide(self, input: &[u8]) -> Parsed<'_, Digits> {
        if self.signed {
            return self.read(input).map(|(rest, n)| (rest, Digits::of(n)));
        }
        self.bits(input).map(|(rest, n)| (rest, Digits::of_parts(false, n)))
    }

    /// Appends a number: any that the bytes hold, whatever digits a picture names. Programs put larger ones there (DDS;
    /// COMP-5; COMP under TRUNC(BIN), Enterprise COBOL Programming Guide), and what is read is written again.
    pub fn write(self, number: &Digits, out: &mut Vec<u8>) -> Result<(), Flaw> {
        if !self.signed {
            number.refuse_negative()?;
        }
        let size = number.size().ok_or(TOO_LONG)?;
        let bits = 8 * u32::from(self.bytes);
        // The most negative number is one larger than the largest.
        let room = bits - u32::from(self.signed);
        let fits = |n: u128| room == 128 || n >> room == 0;
        let negative = number.is_negative();
        if !(fits(size) || (negative && fits(size - 1))) {
            return Err(TOO_LONG);
        }
        let value = if negative { size.wrapping_neg() } else { size };
        let count = usize::from(self.bytes);
        match self.order {
            Order::Big => out.extend_from_slice(value.to_be_bytes().get(16 - count..).unwrap_or_default()),
            Order::Little => out.extend_from_slice(value.to_le_bytes().get(..count).unwrap_or_default()),
        }
        Ok(())
    }

    #[inline]
    fn bits(self, input: &[u8]) -> Parsed<'_, u128> {
        if !(1..=16).contains(&self.bytes) {
            return fail(Code::LENGTH, 0, "a binary field has 1 to 16 bytes");
        }
        let (rest, field) = take(usize::from(self.bytes))(input)?;
        let add = |n: u128, byte: &u8| n << 8 | u128::from(*byte);
        let value = match self.order {
            Order::Big if field.len() <= 8 => u128::from(super::swar::load(field)),
            Order::Big => field.iter().fold(0, add),
            Order::Little => field.iter().rev().fold(0, add),
        };
        Ok((rest, value))
    }
}

/// Bytes of a field of DDS: 2, 4 or 8.
pub const fn bytes(digits: u8) -> usize {
    match digits {
        0..=4 => 2,
        5..=9 => 4,
        _ => 8,
    }
}

const fn dds(digits: u8) -> Binary {
    Binary { bytes: bytes(digits) as u8, signed: true, order: Order::Big }
}

/// Reads a binary number of DDS.
#[inline]
pub fn binary(input: &[u8], digits: u8) -> Parsed<'_, i64> {
    dds(digits).read(input).map(|(rest, n)| (rest, n as i64))
}

/// Appends a binary number of DDS, which may use all that its bytes hold.
pub fn write(value: i128, digits: u8, out: &mut Vec<u8>) -> Result<(), Flaw> {
    dds(digits).write(&Digits::of(value), out)
}
