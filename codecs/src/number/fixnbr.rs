//! IBM's own repair of decimal data: FIXNBR of the ILE RPG compiler, as an option of a field.
//!
//! The manual (ILE RPG Reference, control specification keyword FIXNBR): with `*ZONED` blanks are zeros; a digit that is
//! not valid becomes zero; a sign that is not valid becomes plus. With `*INPUTPACKED` a packed field that is not valid in
//! any way becomes zero. Zones before the last byte are not looked at, because turning zoned into packed never does (IBM
//! support, "Correcting Decimal Data Errors": 8aA69 becomes 81169). What was changed is told, so that it is counted.
//! Too few bytes are not repaired.

use super::digits::Digits;
use super::signs::is_minus;
use super::{packed, zoned};
use crate::code::Code;
use crate::fault::Flaw;

/// A number and what was wrong with it before the repair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// The number, repaired if need be.
    pub number: Digits,
    /// The flaw that was repaired, if there was one.
    pub repaired: Option<Flaw>,
}

/// Reads a whole zoned field of EBCDIC, sign in the last zone, as `FIXNBR(*ZONED)` does.
pub fn zoned(field: &[u8], digits: u8) -> Result<Fixed, Flaw> {
    match zoned::zoned_wide(field, digits) {
        Ok((_, number)) => Ok(Fixed { number, repaired: None }),
        Err(nom::Err::Error(flaw)) if flaw.code != Code::LENGTH => {
            let field = &field[..usize::from(digits)];
            let negative = field.last().is_some_and(|b| is_minus(b >> 4) == Some(true));
            let mut number = Digits { negative, ..Digits::ZERO };
            let fixed = field.iter().rev().map(|b| if b & 15 > 9 { 0 } else { b & 15 });
            number.values.iter_mut().rev().zip(fixed).for_each(|(slot, digit)| *slot = digit);
            Ok(Fixed { number: Digits { negative: number.is_negative(), ..number }, repaired: Some(flaw) })
        }
        Err(error) => Err(super::flaw(error)),
    }
}

/// Reads a whole packed field as `FIXNBR(*INPUTPACKED)` does.
pub fn packed(field: &[u8], digits: u8) -> Result<Fixed, Flaw> {
    match packed::packed_wide(field, digits) {
        Ok((_, number)) => Ok(Fixed { number, repaired: None }),
        Err(nom::Err::Error(flaw)) if flaw.code != Code::LENGTH => {
            Ok(Fixed { number: Digits::ZERO, repaired: Some(flaw) })
        }
        Err(error) => Err(super::flaw(error)),
    }
}
