//! What is wrong with a field, and where.

use crate::code::Code;
use std::fmt;

/// One bad field of one record.
///
/// `offset` counts from 0 within the record and points at the first bad byte, which may be in the middle of the field.
/// What an operator sees (ERROFF, `inspect`) counts from 1, as IBM does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub code: Code,
    /// Index of the field in its layout.
    pub field: usize,
    /// First bad byte within the record, from 0.
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
