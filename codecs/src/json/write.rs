//! A row to one line of JSON, without a tree and without allocation but the output's own growth.

use super::tree;
use crate::fault::Fault;
use crate::format::RecordFormat;
use crate::quote::{write_rest, write_text};
use crate::record::{Cell, Decimal, Repair, Row};
use std::io::Write;

/// Appends one line.
pub fn write(format: &RecordFormat, n: u64, offset: u64, row: &Row, out: &mut Vec<u8>) {
    let keys = format.keys();
    out.extend_from_slice(b"{\"n\":");
    write_whole(n, out);
    out.extend_from_slice(b",\"offset\":");
    write_whole(offset, out);
    out.extend_from_slice(&keys.head);
    if format.layout.is_flat() {
        let mut first = true;
        for (index, (cell, key)) in row.cells.iter().zip(&keys.fields).enumerate() {
            if !is_shown(format, index, *cell) {
                continue;
            }
            let key = &key[usize::from(first)..];
            first = false;
            write_cell(row, *cell, key, out);
        }
    } else {
        tree::write(format, row, out);
    }
    out.push(b'}');
    if !row.faults.is_empty() {
        write_faults(format, &row.faults, out);
    }
    if !row.repairs.is_empty() {
        write_repairs(format, &row.repairs, out);
    }
    out.extend_from_slice(b"}\n");
}

/// Whether a field stands in the line at all.
pub(super) fn is_shown(format: &RecordFormat, index: usize, cell: Cell) -> bool {
    match cell {
        Cell::Bad | Cell::Absent => false,
        Cell::Text(from, to) if from == to => format.layout.fields.get(index).is_none_or(|field| !field.is_filler()),
        _ => true,
    }
}

/// The key, which ends in the first quote of a string, and the value.
pub(super) fn write_cell(row: &Row, cell: Cell, key: &[u8], out: &mut Vec<u8>) {
    let unquoted = &key[..key.len().saturating_sub(1)];
    match cell {
        Cell::Text(from, to) => {
            out.extend_from_slice(key);
            write_rest(row.text.get(from as usize..to as usize).unwrap_or_default(), out);
        }
        Cell::Decimal(value) => {
            out.extend_from_slice(key);
            write_decimal(value, out);
            out.push(b'"');
        }
        // Digits only: nothing to escape.
        Cell::Wide(from, to) | Cell::Hex(from, to) => {
            out.extend_from_slice(key);
            out.extend_from_slice(row.text.as_bytes().get(from as usize..to as usize).unwrap_or_default());
            out.push(b'"');
        }
        Cell::Raw(from, to) => {
            out.extend_from_slice(unquoted);
            out.extend_from_slice(b"{\"raw\":\"");
            out.extend_from_slice(row.text.as_bytes().get(from as usize..to as usize).unwrap_or_default());
            out.extend_from_slice(b"\"}");
        }
        Cell::Null | Cell::Bad | Cell::Absent => {
            out.extend_from_slice(unquoted);
            out.extend_from_slice(b"null");
        }
        Cell::Int(value) => {
            out.extend_from_slice(unquoted);
            if value < 0 {
                out.push(b'-');
            }
            write_whole(value.unsigned_abs(), out);
        }
        Cell::Single(value) => {
            out.extend_from_slice(unquoted);
            write_single(value, out);
        }
        Cell::Double(value) => {
            out.extend_from_slice(unquoted);
            write_float(format_args!("{value:?}"), out);
        }
    }
}

/// Readers take numbers as doubles; the rare single whose shortest text would then round to its neighbour is written
/// with all its digits.
fn write_single(value: f32, out: &mut Vec<u8>) {
    let start = out.len();
    write_float(format_args!("{value:?}"), out);
    let read: Option<f64> = std::str::from_utf8(&out[start..]).ok().and_then(|text| text.parse().ok());
    if read.is_none_or(|double| (double as f32).to_bits() != value.to_bits()) {
        out.truncate(start);
        write_float(format_args!("{:?}", f64::from(value)), out);
    }
}

fn write_float(value: std::fmt::Arguments<'_>, out: &mut Vec<u8>) {
    // Writing to a vector cannot fail.
    let _ = out.write_fmt(value);
    if out.ends_with(b".0") {
        out.truncate(out.len() - 2);
    }
}

fn write_decimal(value: Decimal, out: &mut Vec<u8>) {
    let scale = usize::from(value.scale);
    match i64::try_from(value.unscaled) {
        Ok(narrow) if scale < NARROW => {
            let mut digits = [b'0'; NARROW + 1];
            let start = put_digits(narrow.unsigned_abs(), &mut digits);
            write_placed(narrow < 0, &digits, start, scale, out);
        }
        _ => {
            let _ = write!(out, "{value}");
        }
    }
}

/// Sign, digits and point; `digits` are zeros in front of `start`.
fn write_placed(minus: bool, digits: &[u8], start: usize, scale: usize, out: &mut Vec<u8>) {
    if minus {
        out.push(b'-');
    }
    if scale == 0 {
        out.extend_from_slice(&digits[start..]);
        return;
    }
    let point = digits.len() - scale;
    out.extend_from_slice(&digits[start.min(point - 1)..point]);
    out.push(b'.');
    out.extend_from_slice(&digits[point..]);
}

fn write_whole(value: u64, out: &mut Vec<u8>) {
    let mut digits = [b'0'; NARROW + 1];
    let start = put_digits(value, &mut digits);
    out.extend_from_slice(&digits[start..]);
}

/// Digits of the longest `u64`.
const NARROW: usize = 20;

const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut at = 0;
    while at < 100 {
        pairs[at] = [b'0' + (at / 10) as u8, b'0' + (at % 10) as u8];
        at += 1;
    }
    pairs
};

/// Writes a number to the end of zeros; gives its first digit, one digit at least.
fn put_digits(value: u64, digits: &mut [u8; NARROW + 1]) -> usize {
    let mut end = digits.len();
    let mut rest = value;
    while rest >= 100 {
        end -= 2;
        digits[end..end + 2].copy_from_slice(&PAIRS[(rest % 100) as usize]);
        rest /= 100;
    }
    end -= 1;
    digits[end] = b'0' + (rest % 10) as u8;
    if rest >= 10 {
        end -= 1;
        digits[end] = b'0' + (rest / 10) as u8;
    }
    end
}

fn write_faults(format: &RecordFormat, faults: &[Fault], out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"faults\":[");
    for (index, fault) in faults.iter().enumerate() {
        write_name(format, fault.field, index, out);
        let _ = write!(out, ",\"code\":\"{}\",\"offset\":{},\"detail\":", fault.code, fault.offset);
        write_text(fault.detail, out);
        out.push(b'}');
    }
    out.push(b']');
}

fn write_repairs(format: &RecordFormat, repairs: &[Repair], out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"repairs\":[");
    for (index, repair) in repairs.iter().enumerate() {
        write_name(format, repair.field, index, out);
        let _ = write!(out, ",\"offset\":{},\"repair\":", repair.offset);
        write_text(repair.what, out);
        out.push(b'}');
    }
    out.push(b']');
}

/// The start of a fault or repair; what concerns the record as a whole has no field.
fn write_name(format: &RecordFormat, field: usize, index: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(if index == 0 { &b"{\"field\":"[..] } else { &b",{\"field\":"[..] });
    match format.layout.fields.get(field) {
        Some(field) => write_text(&field.name, out),
        None => out.extend_from_slice(b"null"),
    }
}
