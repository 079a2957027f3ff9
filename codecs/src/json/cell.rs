//! One value as JSON, and whether there is one.

use super::digits::{write_decimal, write_double, write_signed, write_single};
use crate::layout::Layout;
use crate::quote::write_rest;
use crate::record::{Cell, Decimal, Row};

/// Whether a field stands in a line at all.
pub(super) fn is_shown(layout: &Layout, index: usize, cell: Cell) -> bool {
    match cell {
        Cell::Bad | Cell::Absent => false,
        Cell::Text(from, to) if from == to => layout.fields.get(index).is_none_or(|field| !field.is_filler()),
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
        Cell::Decimal { unscaled, scale } => {
            out.extend_from_slice(key);
            write_decimal(Decimal { unscaled: unscaled.get(), scale }, out);
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
            write_signed(value, out);
        }
        Cell::Single(value) => {
            out.extend_from_slice(unquoted);
            write_single(value, out);
        }
        Cell::Double(value) => {
            out.extend_from_slice(unquoted);
            write_double(value, out);
        }
    }
}
