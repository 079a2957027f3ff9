//! One line of JSON to a row, ready for encoding.
//!
//! Strict where a slip would change a record: unknown types and fields, missing fields, names given twice and values of
//! the wrong shape are faults, and so are children in the line of their parent, which would be lost. `n`, `offset`, `parent`, `raw`, `faults` and `repairs` are for people and are not looked at.

use super::parts::{Json, Object};
use super::tree;
use super::value::{JsonFault, at, push, shape};
use crate::code::Code;
use crate::format::{Format, RecordFormat};
use crate::record::{Cell, Row};

/// Reads one line into a row, ready for [`RecordFormat::encode`]; gives the index of the record format.
pub fn read(format: &Format, line: &str, row: &mut Row) -> Result<usize, JsonFault> {
    row.clear();
    // A file may begin with the mark of UTF-8.
    let line = line.strip_prefix('\u{FEFF}').unwrap_or(line);
    let no_line = |e: &dyn std::fmt::Display| whole(Code::LINE, format!("not a line of JSON: {e}"));
    if !line.trim_start().starts_with('{') {
        return Err(no_line(&"an object is needed"));
    }
    let object = Object::read(line, ["type", "fields", "children"]).map_err(|e| no_line(&e))?;
    if let Some(name) = object.twice {
        return Err(whole(Code::TWICE, format!("`{name}` is there twice")));
    }
    let name = match object.get("type").map(Json::of).transpose().map_err(|e| no_line(&e))? {
        Some(Json::Text(name)) => Some(name),
        _ => None,
    };
    let index = match &name {
        Some(name) => format.records.iter().position(|r| r.layout.name == *name),
        None if format.records.len() == 1 => Some(0),
        None => None,
    };
    let Some((index, record)) = index.and_then(|i| format.records.get(i).map(|r| (i, r))) else {
        let known: Vec<_> = format.records.iter().map(|r| r.layout.name.as_str()).collect();
        return Err(whole(Code::RECORD_FORMAT, format!("`type` must be one of: {}", known.join(", "))));
    };
    if object.get("children").is_some_and(|children| !is_empty(children.get())) {
        let words = "`children` are records of their own: write each as a line, as `fpp decode` does without --nested";
        return Err(JsonFault { record: Some(index), ..whole(Code::SHAPE, words.to_owned()) });
    }
    let of_record = |fault: JsonFault| JsonFault { record: Some(index), ..fault };
    let fields = match object.get("fields").map(Json::of).transpose().map_err(|e| no_line(&e))? {
        Some(Json::Object(fields)) => fields,
        Some(_) => return Err(of_record(whole(Code::SHAPE, "`fields` must be an object".to_owned()))),
        None => return Err(of_record(whole(Code::MISSING, "`fields` is missing".to_owned()))),
    };
    let filled = match record.layout.is_flat() {
        true => fill(record, fields, row),
        false => tree::fill(record, fields, row),
    };
    filled.map_err(of_record)?;
    Ok(index)
}

fn fill(record: &RecordFormat, text: &str, row: &mut Row) -> Result<(), JsonFault> {
    let names = record.layout.fields.iter().map(|field| field.name.as_str());
    let fields = Object::read(text, names).map_err(|e| whole(Code::LINE, format!("not a line of JSON: {e}")))?;
    if let Some(name) = fields.unknown {
        let alike = record.layout.fields.iter().find(|field| field.name.eq_ignore_ascii_case(&name));
        let alike = alike.map_or_else(String::new, |field| format!("; perhaps {}", field.name));
        return Err(at(Code::NO_FIELD, &name, format!("{} has no such field{alike}", record.layout.name)));
    }
    if let Some(name) = fields.twice {
        return Err(at(Code::TWICE, &name, "is there twice".to_owned()));
    }
    for field in &record.layout.fields {
        match fields.get(&field.name) {
            None if field.is_filler() => row.cells.push(Cell::Null),
            None => return Err(at(Code::MISSING, &field.name, "is missing".to_owned())),
            Some(value) => push(row, field, &shape(value, &field.name)?)?,
        }
    }
    Ok(())
}

/// Whether a list holds nothing.
fn is_empty(list: &str) -> bool {
    list.strip_prefix('[').is_some_and(|rest| rest.trim_start() == "]")
}

fn whole(code: Code, message: String) -> JsonFault {
    JsonFault { code, message, field: None, record: None }
}
