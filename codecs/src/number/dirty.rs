//! Numbers, dates and times that are none: what kind of dirt a field holds, so that its policy can treat it.
//!
//! The reader of a good number never comes here. A bad field is looked at once more: blanks, low-values and high-values
//! are fields that nobody filled, the rest is damage. Nothing is repaired here. IBM's own repair is [`super::fixnbr`].

use crate::code::Code;
use crate::fault::Flaw;

/// What a bad number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dirt {
    /// Blanks only, 40 or 20.
    Blank,
    /// Bytes 00 only.
    LowValues,
    /// Bytes FF only.
    HighValues,
    /// The digits are good but the sign is none, or is one the field must not have.
    BadSign,
    /// A digit's zone is not that of a digit.
    BadZone,
    /// A digit is none.
    BadDigit,
    /// Good characters of no value: an impossible day or time, NaN, infinity, digits that the field has no place for.
    NoValue,
    /// Too few bytes: no dirt that a policy can wash.
    Misfit,
}

impl Dirt {
    /// Whether nobody ever filled the field.
    pub const fn is_unfilled(self) -> bool {
        matches!(self, Dirt::Blank | Dirt::LowValues | Dirt::HighValues)
    }
}

/// What a bad field is whose reader has found the flaw already.
#[cold]
pub fn of_flaw(field: &[u8], flaw: Flaw) -> Dirt {
    let is_digit = field.get(flaw.at).is_some_and(|byte| byte & 15 <= 9);
    unfilled(field).unwrap_or(match flaw.code {
        Code::SIGN => Dirt::BadSign,
        // The zone is to blame only where the rest of the byte could be a digit.
        Code::ZONE if is_digit => Dirt::BadZone,
        Code::PACKED_DIGIT | Code::ZONE => Dirt::BadDigit,
        Code::DATE | Code::RANGE | Code::TOO_LONG => Dirt::NoValue,
        _ => Dirt::Misfit,
    })
}

fn unfilled(field: &[u8]) -> Option<Dirt> {
    let first = field.first()?;
    let dirt = match first {
        0x40 | 0x20 => Dirt::Blank,
        0x00 => Dirt::LowValues,
        0xFF => Dirt::HighValues,
        _ => return None,
    };
    field.iter().all(|byte| byte == first).then_some(dirt)
}
