//! Numbers that are none: what kind of dirt a field holds, so that its policy can treat it.
//!
//! The reader of a good number never comes here. A bad field is looked at once more: blanks, low-values and high-values
//! are fields that nobody filled, the rest is damage. Nothing is repaired here, and whoever asks gets the flaw too. IBM's own repair is [`super::fixnbr`].

use super::display::{Display, Place};
use super::explicit::Explicit;
use super::packed;
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
    /// Too many digits or decimals, or too few bytes: no dirt that a policy can wash.
    Misfit,
}

impl Dirt {
    /// Whether nobody ever filled the field.
    pub const fn is_unfilled(self) -> bool {
        matches!(self, Dirt::Blank | Dirt::LowValues | Dirt::HighValues)
    }

    /// In words, for whoever counts what was let pass.
    pub const fn words(self) -> &'static str {
        match self {
            Dirt::Blank => "blanks",
            Dirt::LowValues => "low-values",
            Dirt::HighValues => "high-values",
            Dirt::BadSign => "a bad or missing sign",
            Dirt::BadZone => "a bad zone",
            Dirt::BadDigit => "a bad digit",
            Dirt::Misfit => "a number that does not fit",
        }
    }
}

/// What is wrong with a whole packed field; nothing if it is good.
#[cold]
pub fn of_packed(field: &[u8], digits: u8, signed: bool) -> Option<(Dirt, Flaw)> {
    let minus = Flaw::new(Code::SIGN, field.len().saturating_sub(1), "minus in a field without sign");
    let is_minus = !signed && field.last().is_some_and(|b| matches!(b & 15, 0x0B | 0x0D));
    let flaw = length(field, packed::bytes(digits))
        .or_else(|| packed::find_flaw(field, digits))
        .or_else(|| is_minus.then_some(minus))?;
    Some((unfilled(field).unwrap_or(of_code(flaw)), flaw))
}

/// What is wrong with a whole COMP-6 field; nothing if it is good. Zeros are a number here.
#[cold]
pub fn of_comp6(field: &[u8], digits: u8) -> Option<(Dirt, Flaw)> {
    let flaw = length(field, packed::bytes_comp6(digits)).or_else(|| packed::find_flaw_comp6(field, digits))?;
    Some((unfilled(field).unwrap_or(of_code(flaw)), flaw))
}

/// What is wrong with a whole field of digits; nothing if it is good.
#[cold]
pub fn of_display(field: &[u8], form: Display) -> Option<(Dirt, Flaw)> {
    let flaw = length(field, form.bytes()).or_else(|| form.find_flaw(field))?;
    let digit = |byte: &u8| byte & 15 <= 9;
    let dirt = match flaw.code {
        // The zone is wrong only where the digit could be one.
        Code::ZONE if field.get(flaw.at).is_some_and(digit) => Dirt::BadZone,
        Code::SIGN if matches!(form.place, Place::Trailing | Place::Leading) => match field.get(flaw.at) {
            Some(byte) if digit(byte) => Dirt::BadSign,
            _ => Dirt::BadDigit,
        },
        _ => of_code(flaw),
    };
    Some((unfilled(field).unwrap_or(dirt), flaw))
}

/// What is wrong with a number with a point; nothing if it is good.
#[cold]
pub fn of_explicit(field: &[u8], form: Explicit) -> Option<(Dirt, Flaw)> {
    let flaw = form.read(field).err()?;
    let empty = if field.is_empty() { Some(Dirt::Blank) } else { unfilled(field) };
    Some((empty.unwrap_or(of_code(flaw)), flaw))
}

/// What a bad field is whose reader has found the flaw already.
#[cold]
pub fn of_flaw(field: &[u8], flaw: Flaw) -> Dirt {
    unfilled(field).unwrap_or(of_code(flaw))
}

fn length(field: &[u8], bytes: usize) -> Option<Flaw> {
    (field.len() != bytes).then_some(Flaw::new(Code::LENGTH, 0, "the record ends within the field"))
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

fn of_code(flaw: Flaw) -> Dirt {
    match flaw.code {
        Code::SIGN => Dirt::BadSign,
        Code::PACKED_DIGIT | Code::ZONE => Dirt::BadDigit,
        _ => Dirt::Misfit,
    }
}
