//! What is wrong with a field, and where.

use crate::code::Code;
use std::fmt;

/// One bad field of one record.
///
/// `offset` counts from 0 within the record and points at the first bad byte, which may be in the middle of the field.
/// What an operator sees (ERROFF, `inspect`) counts from 1, as IBM does. When a record is encoded there are no bytes yet:
/// then `offset` is the first bad character within the field's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub code: Code,
    /// Index of the field in its layout.
    pub field: usize,
    /// First bad byte within the record, from 0; when encoding, the first bad character within the value.
    pub offset: usize,
    /// The fault in words, without the field's content.
    pub detail: &'static str,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}: {}", self.code, self.offset + 1, self.detail)
    }
}

impl std::error::Error for Fault {}

/// What a field's parser found wrong; `at` counts from the first byte of its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// What is wrong.
    pub code: Code,
    /// First bad byte, from 0.
    pub at: usize,
    /// In words.
    pub detail: &'static str,
}

impl Flaw {
    /// A field that must have a value has none.
    pub(crate) const NO_VALUE: Flaw = Flaw::new(Code::MANDATORY, 0, "the field has no value");

    /// A flaw at a byte.
    pub const fn new(code: Code, at: usize, detail: &'static str) -> Flaw {
        Flaw { code, at, detail }
    }

    /// In a record's field that begins at a byte.
    pub fn within(self, field: usize, start: usize) -> Fault {
        Fault { code: self.code, field, offset: start + self.at, detail: self.detail }
    }
}

impl nom::error::ParseError<&[u8]> for Flaw {
    fn from_error_kind(_: &[u8], _: nom::error::ErrorKind) -> Flaw {
        Flaw::new(Code::LENGTH, 0, "the record ends within the field")
    }

    fn append(_: &[u8], _: nom::error::ErrorKind, other: Flaw) -> Flaw {
        other
    }
}
