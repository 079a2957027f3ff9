//! Why a line was refused: for people on one line, for programs as a line of JSON like those of `decode`.
//!
//! `record` counts the lines that are records, `line` all of them, both from 1; `field_offset` counts the characters of
//! the value from 0, and stands where one of them is to blame. No value is ever told, for fields may be sensitive.

use fpp_codecs::Code;
use fpp_codecs::csv::CsvFault;
use fpp_codecs::fault::Fault;
use fpp_codecs::format::{Format, RecordFormat};
use fpp_codecs::framing::Misframed;
use fpp_codecs::json::JsonFault;
use fpp_codecs::layout::Field;
use serde::Serialize;
use std::fmt;

/// One refusal.
pub(super) struct Refusal {
    code: Code,
    /// Name of the record format, if the line got so far.
    format: Option<String>,
    field: Option<String>,
    field_offset: Option<usize>,
    message: String,
}

/// As a line.
#[derive(Serialize)]
struct Line<'a> {
    record: u64,
    line: u64,
    r#type: Option<&'a str>,
    field: Option<&'a str>,
    field_offset: Option<usize>,
    code: String,
    message: &'a str,
    hint: &'a str,
}

impl Refusal {
    /// A line that cannot be read at all.
    pub(super) fn line(message: String) -> Refusal {
        Refusal { code: Code::LINE, format: None, field: None, field_offset: None, message }
    }

    /// A line of JSON that does not fit the format.
    pub(super) fn json(format: &Format, fault: JsonFault) -> Refusal {
        let JsonFault { code, message, field, record } = fault;
        Refusal { code, format: name(format, record), field, field_offset: None, message }
    }

    /// A line of a table that does not.
    pub(super) fn csv(format: &Format, fault: CsvFault) -> Refusal {
        let CsvFault { code, message, column, record } = fault;
        Refusal { code, format: name(format, record), field: column, field_offset: None, message }
    }

    /// A value that does not fit its field.
    pub(super) fn value(record: &RecordFormat, fault: &Fault) -> Refusal {
        Refusal {
            code: fault.code,
            format: Some(record.layout.name.clone()),
            field: record.layout.fields.get(fault.field).map(|field| field.name.clone()),
            field_offset: Some(fault.offset),
            message: match record.layout.fields.get(fault.field).filter(|_| fault.code == Code::TOO_LONG) {
                Some(field) => format!("{} ({})", fault.detail, room(field)),
                None => fault.detail.to_owned(),
            },
        }
    }

    /// A record that a reader would take for one of another format, or for none.
    pub(super) fn other(format: &Format, index: usize, bytes: &[u8]) -> Option<Refusal> {
        let selected = format.select(bytes);
        if selected == Some(index) {
            return None;
        }
        let name = |at: usize| format.records.get(at).map(|record| record.layout.name.clone());
        let message = match selected.and_then(name) {
            Some(other) => format!("by its selector it would be read as {other}"),
            None => "no selector takes it, so nothing would read it".to_owned(),
        };
        Some(Refusal { code: Code::OTHER_FORMAT, format: name(index), field: None, field_offset: None, message })
    }

    /// A record that does not fit the framing.
    pub(super) fn framing(record: &RecordFormat, fault: &Misframed) -> Refusal {
        let format = Some(record.layout.name.clone());
        Refusal { code: fault.code, format, field: None, field_offset: None, message: fault.wrong.to_string() }
    }

    /// What to do next.
    pub(super) fn hint(&self) -> &'static str {
        self.code.hint()
    }

    /// Appends it as a line of JSON.
    pub(super) fn write(&self, record: u64, line: u64, out: &mut Vec<u8>) {
        let told = Line {
            record,
            line,
            r#type: self.format.as_deref(),
            field: self.field.as_deref(),
            field_offset: self.field_offset,
            code: self.code.to_string(),
            message: &self.message,
            hint: self.code.hint(),
        };
        // Writing strings and numbers to a vector cannot fail.
        let _ = serde_json::to_writer(&mut *out, &told);
        out.push(b'\n');
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = [self.format.as_deref(), self.field.as_deref()].into_iter().flatten().collect();
        if !names.is_empty() {
            write!(f, "{}: ", names.join(" "))?;
        }
        write!(f, "{}", self.code)?;
        if let Some(at) = self.field_offset.filter(|at| *at > 0) {
            write!(f, " at character {}", at + 1)?;
        }
        write!(f, ": {}", self.message)
    }
}

/// How much a field holds.
fn room(field: &Field) -> String {
    match field.kind.digits() {
        Some((digits, 0)) => format!("the field has {digits} digits"),
        Some((digits, decimals)) => format!("the field has {digits} digits, {decimals} of them decimals"),
        None => format!("the field has {} bytes", field.bytes),
    }
}

fn name(format: &Format, record: Option<usize>) -> Option<String> {
    Some(format.records.get(record?)?.layout.name.clone())
}
