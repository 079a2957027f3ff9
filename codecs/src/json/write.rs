//! A row to one line of JSON, without a tree and without allocation but the output's own growth.

use super::cell::{is_shown, write_cell};
use super::digits::write_whole;
use super::style::Style;
use super::tree;
use crate::fault::Fault;
use crate::format::RecordFormat;
use crate::quote::write_text;
use crate::record::{Repair, Row};
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
            if !is_shown(&format.layout, index, *cell) {
                continue;
            }
            let key = &key[usize::from(first)..];
            first = false;
            write_cell(row, *cell, key, out);
        }
    } else {
        tree::write(format, None, row, out);
    }
    out.push(b'}');
    end(format, row, out);
}

/// Appends one line in a style of its own.
pub fn write_styled(
    format: &RecordFormat,
    style: &Style,
    place: (u64, u64),
    record: &[u8],
    row: &Row,
    out: &mut Vec<u8>,
) {
    let keys = format.keys();
    out.extend_from_slice(b"{\"n\":");
    write_whole(place.0, out);
    out.extend_from_slice(b",\"offset\":");
    write_whole(place.1, out);
    out.extend_from_slice(&keys.head);
    if format.layout.is_flat() {
        let mut first = true;
        for (index, (cell, key)) in row.cells.iter().zip(&keys.fields).enumerate() {
            if !is_shown(&format.layout, index, *cell) || style.hides(index) {
                continue;
            }
            let key = &key[usize::from(first)..];
            first = false;
            style.write_cell(row, index, *cell, key, out);
        }
    } else {
        tree::write(format, Some(style), row, out);
    }
    out.push(b'}');
    if style.raw {
        style.write_raw(format, record, row, out);
    }
    end(format, row, out);
}

fn end(format: &RecordFormat, row: &Row, out: &mut Vec<u8>) {
    if !row.faults.is_empty() {
        write_faults(format, &row.faults, out);
    }
    if !row.repairs.is_empty() {
        write_repairs(format, &row.repairs, out);
    }
    out.extend_from_slice(b"}\n");
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
