//! One value of JSON to a cell, and what can be wrong with it.

use crate::layout::{Field, Kind};
use crate::record::{Cell, Row};
use serde_json::Value;
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

/// Appends the cell of a value.
pub(super) fn push(row: &mut Row, field: &Field, value: &Value) -> Result<(), JsonFault> {
    let name = field.name.as_str();
    match (value, field.kind) {
        (Value::Null, _) => row.cells.push(Cell::Null),
        (Value::String(text), Kind::Hex) => row.push_hex(text),
        (Value::String(text), _) => row.push_text(text),
        (Value::Number(number), _) => match number_cell(number, field) {
            Some(cell) => row.cells.push(cell),
            None => return Err(at(name, "this number must be written as a string".to_owned())),
        },
        (Value::Object(map), _) => match (map.len(), map.get("raw")) {
            (1, Some(Value::String(hex))) => row.push_raw(hex),
            _ => return Err(at(name, "an object here must be {\"raw\": hex}".to_owned())),
        },
        _ => return Err(at(name, "must be a string, a number or null".to_owned())),
    }
    Ok(())
}

fn number_cell(number: &serde_json::Number, field: &Field) -> Option<Cell> {
    match field.kind {
        // A short hexadecimal float reaches farther than an IEEE single.
        Kind::Float { .. } if field.rules.hex_float => number.as_f64().map(Cell::Double),
        Kind::Binary { decimals: 0, .. } => number.as_i64().map(Cell::Int),
        Kind::Float { double: true } => number.as_f64().map(Cell::Double),
        Kind::Float { double: false } => number.as_f64().map(|n| Cell::Single(n as f32)),
        // Whole numbers are exact whatever the field; fractions would pass through a double.
        kind if kind.digits().is_some() => number.as_i64().map(Cell::Int),
        _ => None,
    }
}

pub(super) fn at(field: &str, message: String) -> JsonFault {
    JsonFault { message, field: Some(field.to_owned()) }
}
