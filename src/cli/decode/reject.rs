//! Rejects: every bad field as one line of JSON that a program can act on.
//!
//! `record` counts from 1, all else from 0: `offset` is the record's place in the file, `record_offset` the bad byte's
//! place in the record, `field_offset` in the field. `hex` are the field's bytes, `***` where they are sensitive. What
//! concerns a record as a whole has no field; what concerns the file has no record format either, and `hex` is the word that
//! frames the record, or what stands where it should end. With raw bytes, the
//! first line of a record also has the record, sensitive bytes as `**`.

use super::job::{Job, View};
use super::next::{DELIMITED, next};
use crate::cli::compressed::Unreadable;
use fpp_codecs::Code;
use fpp_codecs::fault::Fault;
use fpp_codecs::format::RecordFormat;
use fpp_codecs::framing::{Cut, CutError, Wrong};
use fpp_codecs::record::Row;
use serde::Serialize;
use std::ops::Range;

/// One line.
#[derive(Default, Serialize)]
struct Line<'a> {
    record: Option<u64>,
    offset: Option<u64>,
    r#type: Option<&'a str>,
    field: Option<&'a str>,
    record_offset: Option<usize>,
    field_offset: Option<usize>,
    hex: Option<&'a str>,
    code: String,
    message: &'a str,
    hint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<&'a str>,
}

impl Line<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        // Writing strings and numbers to a vector cannot fail.
        let _ = serde_json::to_writer(&mut *out, self);
        out.push(b'\n');
    }
}

/// Appends a line for each fault of a record.
pub(super) fn record(job: &Job, view: &View, index: usize, cut: &Cut<'_>, row: &Row, out: &mut Vec<u8>) {
    let format = &view.format.records[index];
    let places = format.places(cut.bytes, row);
    let secret = view.secret.get(index).map_or(&[][..], Vec::as_slice);
    let mut raw = job.raw.then(|| whole(cut.bytes, &places, secret));
    for fault in &row.faults {
        let field = format.layout.fields.get(fault.field);
        let place = places.get(fault.field);
        let hex = place.map(|place| match secret.get(fault.field) {
            Some(true) => "***".to_owned(),
            _ => hex(cut.bytes.get(place.clone()).unwrap_or_default()),
        });
        let hint = next(format, row, fault);
        let line = Line {
            record: Some(cut.n),
            offset: Some(cut.offset),
            r#type: Some(&format.layout.name),
            field: field.map(|field| field.name.as_str()),
            record_offset: Some(fault.offset),
            field_offset: place.map(|place| fault.offset.saturating_sub(place.start)),
            hex: hex.as_deref(),
            code: fault.code.to_string(),
            message: fault.detail,
            hint: &hint,
            raw: raw.as_deref(),
        };
        line.write(out);
        raw = None;
    }
}

/// A fault of a record in words, with what to do next. No value is told, for fields may be sensitive.
pub(super) fn told(format: &RecordFormat, cut: &Cut<'_>, row: &Row, fault: &Fault) -> String {
    let field = format.layout.fields.get(fault.field).map_or("the record", |field| &field.name);
    let (n, name, at, code) = (cut.n, &format.layout.name, fault.offset + 1, fault.code);
    let page = format.page(fault.field).filter(|_| code == Code::UNMAPPED);
    let page = page.map_or_else(String::new, |page| format!(" (it was read in code page {})", page.name()));
    format!("record {n}: {name} {field}: {code} at byte {at}: {}{page}. {}", fault.detail, next(format, row, fault))
}

/// Appends the line of a record that no record format fits.
pub(super) fn unknown(job: &Job, cut: &Cut<'_>, out: &mut Vec<u8>) {
    let raw = job.raw.then(|| if job.clear { hex(cut.bytes) } else { "***".to_owned() });
    let line = Line {
        record: Some(cut.n),
        offset: Some(cut.offset),
        r#type: None,
        field: None,
        record_offset: Some(0),
        field_offset: None,
        hex: None,
        code: Code::NO_LAYOUT.to_string(),
        message: Code::NO_LAYOUT.english(),
        hint: Code::NO_LAYOUT.hint(),
        raw: raw.as_deref(),
    };
    line.write(out);
}

/// Appends the line of the fault at which cutting ended, and of which record: its number and its place in the file.
pub(super) fn cutting(job: &Job, error: &CutError, (n, offset): (u64, u64), out: &mut Vec<u8>) {
    let mut line = Line { record: Some(n), offset: Some(offset), ..Line::default() };
    let (message, bytes);
    match error {
        CutError::Io(error) => {
            let code = Unreadable::of(error).map_or(Code::INTERNAL, |unreadable| unreadable.code);
            message = error.to_string();
            (line.code, line.hint, line.message) = (code.to_string(), code.hint(), &message);
        }
        CutError::Frame(frame) => {
            message = frame.wrong.to_string();
            (line.code, line.message) = (frame.code.to_string(), &message);
            let is_delimited = job.whole.framing.delimited().is_some();
            line.hint = frame.hint.as_deref().unwrap_or(if is_delimited { DELIMITED } else { frame.code.hint() });
            (line.record, line.offset) = (Some(frame.n), Some(frame.offset));
            if let Some(found) = &frame.found {
                bytes = if found.of_record && !job.clear && !found.bytes.is_empty() {
                    "***".to_owned()
                } else {
                    hex(&found.bytes)
                };
                (line.record_offset, line.hex) = (Some(found.at), Some(bytes.as_str()));
            }
            if let Wrong::Counter(bad) = &frame.wrong {
                (line.r#type, line.field, line.hex) =
                    (Some(bad.layout.as_str()), Some(bad.field.as_str()), Some(bad.hex.as_str()));
                (line.record_offset, line.field_offset) =
                    (Some(bad.offset), Some(bad.offset.saturating_sub(bad.start)));
                line.message = bad.detail;
            }
        }
    }
    line.write(out);
}

fn hex(bytes: &[u8]) -> String {
    crate::cli::layouts::hex(bytes, "")
}

/// A record in hex, secret fields as stars.
fn whole(record: &[u8], places: &[Range<usize>], secret: &[bool]) -> String {
    let mut hex = hex(record);
    for (place, _) in places.iter().zip(secret).filter(|(_, secret)| **secret) {
        let (from, to) = (place.start * 2, place.end * 2);
        hex.replace_range(from..to, &"*".repeat(to - from));
    }
    hex
}
