//! JSON lines.

use crate::format::{Format, RecordFormat};
use crate::record::Row;
use std::fmt;

/// Why a line does not fit the format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonFault {
    /// What is wrong and what would be right.
    pub message: String,
    /// The field, if it is one field's fault.
    pub field: Option<String>,
}

impl fmt::Display for JsonFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{field}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for JsonFault {}

/// Appends one line.
pub fn write(_format: &RecordFormat, _n: u64, _offset: u64, _row: &Row, _out: &mut Vec<u8>) {}

/// Reads one line into a row, ready for [`RecordFormat::encode`]; gives the index of the record format.
pub fn read(_format: &Format, _line: &str, _row: &mut Row) -> Result<usize, JsonFault> {
    Ok(0)
}
