//! What a number parser gives: the value and the rest of its input, or the flaw.

use crate::code::Code;
use crate::fault::Flaw;
use nom::IResult;

/// What a number parser gives: the rest of the input and the value.
pub type Parsed<'a, T> = IResult<&'a [u8], T, Flaw>;

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
