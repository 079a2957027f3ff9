//! One line of JSON to a row, ready for encoding.
//!
//! Strict where a slip would change a record: unknown types and fields, missing fields and values of the wrong shape
//! are faults. `n` and `offset` are for people and are not looked at.

use super::tree;
use crate::format::{Format, RecordFormat};
use crate::layout::{Field, Kind};
use crate::record::{Cell, Row};
use serde_json::{Map, Value};
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

/// Reads one line into a row, ready for [`RecordFormat::encode`]; gives the index of the record format.
pub fn read(format: &Format, line: &str, row: &mut Row) -> Result<usize, JsonFault> {
    row.clear();
    let value: Value = serde_json::from_str(line).map_err(|e| whole(format!("not a line of JSON: {e}")))?;
    let name = value.get("type").and_then(Value::as_str);
    let index = match name {
        Some(name) => format.records.iter().position(|r| r.layout.name == name),
        None if format.records.len() == 1 => Some(0),
        None => None,
    };
    let Some((index, record)) = index.and_then(|i| format.records.get(i).map(|r| (i, r))) else {
        let known: Vec<_> = format.records.iter().map(|r| r.layout.name.as_str()).collect();
        return Err(whole(format!("`type` must be one of: {}", known.join(", "))));
    };
    let Some(Value::Object(fields)) = value.get("fields") else {
        return Err(whole("`fields` must be an object".to_owned()));
    };
    match record.layout.is_flat() {
        true => fill(record, fields, row)?,
        false => tree::fill(record, fields, row)?,
    }
    Ok(index)
}

fn fill(record: &RecordFormat, fields: &Map<String, Value>, row: &mut Row) -> Result<(), JsonFault> {
    if let Some(name) = fields.keys().find(|name| record.field(name).is_none()) {
        return Err(at(name, format!("{} has no such field", record.layout.name)));
    }
    for field in &record.layout.fields {
        match fields.get(&field.name) {
            None if field.is_filler() => row.cells.push(Cell::Null),
            None => return Err(at(&field.name, "is missing".to_owned())),
            Some(value) => push(row, field, value)?,
        }
    }
    Ok(())
}

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

fn whole(message: String) -> JsonFault {
    JsonFault { message, field: None }
}

pub(super) fn at(field: &str, message: String) -> JsonFault {
    JsonFault { message, field: Some(field.to_owned()) }
}
