//! One line of JSON to a row, ready for encoding.
//!
//! Strict where a slip would change a record: unknown types and fields, missing fields and values of the wrong shape
//! are faults. `n`, `offset` and `parent` are for people and are not looked at.

use super::tree;
use super::value::{JsonFault, at, push};
use crate::format::{Format, RecordFormat};
use crate::record::{Cell, Row};
use serde_json::{Map, Value};

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

fn whole(message: String) -> JsonFault {
    JsonFault { message, field: None }
}
