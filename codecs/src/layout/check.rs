//! Limits of layouts and the arithmetic of their bytes, whatever source they came from.
//!
//! The limits are those of IBM i (records of 32,766 bytes, 8,000 fields), so that a hostile source cannot ask for much.

use super::{Field, Kind, Layout};
use crate::date::field as moment;
use crate::number::{WIDEST, binary, packed};
use std::collections::HashSet;

/// Most bytes of a record.
pub const RECORD_MAX: usize = 32_766;
/// Most bytes of a record with arrays or alternatives, which IBM i does not have; z/OS has up to 16 MB, seldom used.
pub const TREE_MAX: usize = 1 << 20;
/// Most fields of a record.
pub const FIELDS_MAX: usize = 8_000;
/// Most fields of a record with its arrays written out.
pub const LEAVES_MAX: usize = 1 << 16;
/// Most fields of all records of a source or a format together, their arrays written out.
pub const ALL_LEAVES_MAX: usize = 4 * LEAVES_MAX;
/// How deep groups and arrays may stand in each other; COBOL has 49 levels.
pub const DEPTH_MAX: usize = 50;
/// Most characters of a source text.
pub const SOURCE_MAX: usize = 1 << 20;

/// Why a kind cannot be.
pub(crate) type Wrong = String;

impl Kind {
    /// Bytes of a field, if its kind decides them; nothing for text and hex, whose source says how many.
    pub fn own_bytes(self) -> Option<usize> {
        Some(match self {
            Kind::Char | Kind::Open | Kind::Only | Kind::Either | Kind::Graphic | Kind::Hex => return None,
            Kind::Edited { .. } | Kind::NumberText { .. } => return None,
            Kind::Comp6 { digits, .. } => usize::from(digits).div_ceil(2),
            Kind::DecFloat { digits } => usize::from(digits) / 2 - if digits > 16 { 1 } else { 0 },
            Kind::Packed { digits, .. } => packed::bytes(digits),
            Kind::Zoned { digits, .. } => digits.into(),
            Kind::Binary { digits, .. } => binary::bytes(digits),
            Kind::Float { double } => {
                if double {
                    8
                } else {
                    4
                }
            }
            Kind::Date(format) => moment::date_bytes(format),
            Kind::Time(format) => moment::time_bytes(format),
            Kind::Timestamp { fraction } => moment::timestamp_bytes(fraction),
            Kind::Number { digits, signed, .. } => usize::from(digits) + usize::from(signed),
        })
    }

    /// Whether bytes that are all blanks are a number, so that strict reading never refuses them.
    pub fn counts_blanks(self) -> bool {
        match self {
            Kind::Binary { .. } | Kind::Float { .. } | Kind::DecFloat { .. } => true,
            // Of an odd number of digits the first half byte must be 0.
            Kind::Comp6 { digits, .. } => digits % 2 == 0,
            _ => false,
        }
    }

    /// Whether the field's bytes are characters of a page.
    pub fn has_page(self) -> bool {
        !matches!(
            self,
            Kind::Hex
                | Kind::Packed { .. }
                | Kind::Comp6 { .. }
                | Kind::Zoned { .. }
                | Kind::Binary { .. }
                | Kind::Float { .. }
                | Kind::DecFloat { .. }
        )
    }

    /// Whether VARLEN is possible.
    pub fn may_vary(self) -> bool {
        self.is_text() || self == Kind::Hex
    }

    /// Limits of IBM i, which has no more decimals than digits.
    pub(crate) fn check(self) -> Result<(), Wrong> {
        match self.digits() {
            Some((digits, decimals)) if digits > 0 && decimals > digits => {
                Err(format!("{decimals} decimals are more than the {digits} digits"))
            }
            _ => self.check_scaled(),
        }
    }

    /// Limits of COBOL, where `PIC VPP99` has more decimals than digits.
    pub(crate) fn check_scaled(self) -> Result<(), Wrong> {
        let (digits, decimals, most) = match self {
            Kind::Packed { digits, decimals }
            | Kind::Comp6 { digits, decimals }
            | Kind::Zoned { digits, decimals }
            | Kind::Edited { digits, decimals }
            | Kind::Number { digits, decimals, .. } => (digits, decimals, WIDEST),
            Kind::DecFloat { digits } if !matches!(digits, 16 | 34) => {
                return Err(format!("DECFLOAT has 16 or 34 digits, not {digits}"));
            }
            Kind::Binary { digits, decimals } => (digits, decimals, 38),
            Kind::Timestamp { fraction } if fraction > 12 => {
                return Err(format!("{fraction} fraction digits are more than 12"));
            }
            _ => return Ok(()),
        };
        if !(1..=most).contains(&digits) {
            return Err(format!("{digits} digits are not within 1 to {most}"));
        }
        if decimals > WIDEST {
            return Err(format!("{decimals} decimals are more than {WIDEST}"));
        }
        Ok(())
    }
}

/// Bytes of a text or hex field of so many bytes (pairs for G), length bytes of VARLEN included.
pub(crate) fn sized(kind: Kind, units: usize, varlen: bool) -> Result<usize, Wrong> {
    let bytes = if kind == Kind::Graphic { units.saturating_mul(2) } else { units };
    let least = if matches!(kind, Kind::Open | Kind::Only | Kind::Either) { 4 } else { 1 };
    if units < least || bytes > RECORD_MAX {
        return Err(format!("length {units} is not within {least} to {RECORD_MAX} bytes"));
    }
    Ok(bytes + if varlen { 2 } else { 0 })
}

/// Places the fields one after the other and checks the whole.
pub(crate) fn assemble(
    name: String,
    text: String,
    mut fields: Vec<Field>,
    keys: Vec<String>,
) -> Result<Layout, (usize, Wrong)> {
    let mut names = HashSet::new();
    let mut offset = 0;
    for (index, field) in fields.iter_mut().enumerate() {
        field.kind.check().map_err(|wrong| (index, wrong))?;
        field.offset = offset;
        offset += field.bytes;
        if offset > RECORD_MAX {
            return Err((index, format!("the record is longer than {RECORD_MAX} bytes")));
        }
        if index >= FIELDS_MAX {
            return Err((index, format!("the record has more than {FIELDS_MAX} fields")));
        }
        if !names.insert(field.name.clone()) {
            return Err((index, format!("field {} is there twice", field.name)));
        }
    }
    if fields.is_empty() {
        return Err((0, "the record has no fields".to_owned()));
    }
    if let Some(key) = keys.iter().find(|key| !names.contains(*key)) {
        return Err((0, format!("key {key} is not a field of the record")));
    }
    Ok(Layout { name, text, length: offset, least: offset, fields, nodes: Vec::new(), keys, notes: Vec::new() })
}
