//! Numbers in fields: packed, zoned, binary, float, and plain text.
//!
//! Parsers take what they need from the front of their input and give the value and the rest, or a [`Flaw`] with the
//! first bad byte. They are strict: fpp never repairs a digit, a zone or a sign. Up to 38 digits travel as `i128`;
//! wider numbers as [`Digits`].

pub mod binary;
pub mod digits;
pub mod packed;
pub mod zoned;

pub use digits::Digits;

use crate::code::Code;
use crate::fault::Flaw;
use nom::IResult;

/// What a number parser gives: the rest of the input and the value.
pub type Parsed<'a, T> = IResult<&'a [u8], T, Flaw>;

/// Most digits an `i128` holds whatever they are.
pub const NARROW: u8 = 38;

/// Most digits a field can have.
pub const WIDEST: u8 = 63;

pub(crate) const SIGN: &str = "sign is none of A to F";
pub(crate) const DIGIT: &str = "not a digit";

/// The flaw behind a nom error.
pub fn flaw(error: nom::Err<Flaw>) -> Flaw {
    match error {
        nom::Err::Error(flaw) | nom::Err::Failure(flaw) => flaw,
        nom::Err::Incomplete(_) => Flaw::new(Code::LENGTH, 0, "the record ends within the field"),
    }
}

pub(crate) fn fail<'a, T>(code: Code, at: usize, detail: &'static str) -> Parsed<'a, T> {
    Err(nom::Err::Error(Flaw::new(code, at, detail)))
}
