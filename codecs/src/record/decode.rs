//! Bytes to a row: one pass over the plan, no allocation once the row's buffers have grown.
//!
//! A bad field costs its own cell only. Trailing blanks of text are dropped before decoding, so that padding costs
//! nothing; what VARLEN counts is kept as it is.

use super::content::{characters, hex_cell};
use super::decimal::Decimal;
use super::plan::{Nulls, Plan, Short, Step};
use super::row::{Cell, Repair, Row};
use super::{short, special, walk};
use crate::code::Code;
use crate::date::field as moment;
use crate::fault::Flaw;
use crate::layout::Kind;
use crate::number::{self, NARROW, binary, packed, zoned};

const BEYOND: Flaw = Flaw::new(Code::LENGTH, 0, "the record has more bytes than its layout");

impl Plan {
    pub(crate) fn decode(&self, record: &[u8], row: &mut Row) {
        // Cells that are written in any case need not be forgotten first.
        if !self.quick.whole {
            row.cells.clear();
        }
        row.cells.resize(self.steps.len(), Cell::Absent);
        row.clear_all_but_cells();
        let lost =
            if self.map_is_plain(record) { walk::decode(self, record, row) } else { self.each_field(record, row) };
        short::tell(row);
        if let Some(length) = lost.map(|lost| self.length - lost).filter(|length| record.len() > *length) {
            match self.filled == Some(record.len()) {
                true => self.behind(record, length, row),
                false => row.faults.push(BEYOND.within(usize::MAX, length)),
            }
        }
    }

    /// Every field of a flat record by its step; gives the bytes that are left out.
    #[cold]
    fn each_field(&self, record: &[u8], row: &mut Row) -> Option<usize> {
        for index in 0..self.steps.len() {
            let cell = self.field(index, record, row);
            row.cells.get_mut(index).into_iter().for_each(|slot| *slot = cell);
        }
        Some(0)
    }

    /// One field of a record in which no array before it varies.
    pub(crate) fn field(&self, index: usize, record: &[u8], row: &mut Row) -> Cell {
        let start = self.steps.get(index).map_or(0, |step| step.start);
        self.leaf(index, start, record, row)
    }

    /// One field at a place; faults and repairs are noted in the row.
    pub(crate) fn leaf(&self, index: usize, start: usize, record: &[u8], row: &mut Row) -> Cell {
        let Some(step) = self.steps.get(index) else { return Cell::Absent };
        if self.short == Short::Absent && start >= record.len() && step.bytes > 0 {
            return Cell::Absent;
        }
        if self.nulls != Nulls::None {
            match self.null(index, step, record) {
                Ok(false) => {}
                Ok(true) => return Cell::Null,
                Err(fault) => {
                    row.faults.push(fault);
                    return Cell::Bad;
                }
            }
        }
        let Some(bytes) = record.get(start..start + step.bytes) else {
            if self.short == Short::Pad {
                return self.filled(index, start, record, row);
            }
            row.faults.push(Flaw::new(Code::LENGTH, 0, "the record ends before this field does").within(index, start));
            return Cell::Bad;
        };
        self.cell(step, index, start, bytes, row)
    }

    /// The cell of a field's bytes.
    pub(super) fn cell(&self, step: &Step, index: usize, start: usize, bytes: &[u8], row: &mut Row) -> Cell {
        let length = row.text.len();
        let (text, repairs) = (&mut row.text, &mut row.repairs);
        let mut repaired = |at, what| repairs.push(Repair { field: index, offset: start + at, what });
        let cell = match &step.rules {
            None => plain(step, bytes, text, &mut repaired),
            Some(rules) => special::decode(step, rules, bytes, text, &mut repaired),
        };
        cell.unwrap_or_else(|flaw| {
            row.text.truncate(length);
            row.faults.push(special::blamed(step, bytes, flaw).within(index, start));
            Cell::Bad
        })
    }
}

/// A field by IBM i's own strict rules.
pub(super) fn plain(
    step: &Step,
    bytes: &[u8],
    out: &mut String,
    repaired: &mut dyn FnMut(usize, &'static str),
) -> Result<Cell, Flaw> {
    let ebcdic = step.page.is_ebcdic();
    let start = out.len() as u32;
    match step.kind {
        Kind::Char | Kind::Open | Kind::Only | Kind::Either | Kind::Graphic => {
            characters(step, bytes, out, repaired)?;
            Ok(Cell::Text(start, out.len() as u32))
        }
        Kind::Hex => hex_cell(step, bytes, out),
        Kind::Packed { digits, decimals } if digits <= NARROW => {
            packed::packed(bytes, digits).map(|(_, n)| decimal(n, decimals)).map_err(number::flaw)
        }
        Kind::Zoned { digits, decimals } if digits <= NARROW => {
            zoned::zoned(bytes, digits).map(|(_, n)| decimal(n, decimals)).map_err(number::flaw)
        }
        Kind::Number { digits, decimals, signed } if digits <= NARROW => {
            zoned::text(bytes, digits, signed, ebcdic).map(|(_, n)| decimal(n, decimals)).map_err(number::flaw)
        }
        Kind::Packed { decimals, .. } | Kind::Zoned { decimals, .. } | Kind::Number { decimals, .. } => {
            wide(step.kind, bytes, ebcdic).map_err(number::flaw)?.write(decimals, out);
            Ok(Cell::Wide(start, out.len() as u32))
        }
        Kind::Binary { digits, decimals } if bytes.len() == binary::bytes(digits) => {
            let (_, n) = binary::binary(bytes, digits).map_err(number::flaw)?;
            Ok(if decimals == 0 { Cell::Int(n) } else { decimal(n.into(), decimals) })
        }
        Kind::Binary { .. }
        | Kind::Comp6 { .. }
        | Kind::DecFloat { .. }
        | Kind::Edited { .. }
        | Kind::NumberText { .. } => special::unplain(step, bytes, out),
        Kind::Float { double: false } => binary::single(bytes).map(|(_, n)| Cell::Single(n)).map_err(number::flaw),
        Kind::Float { double: true } => binary::double(bytes).map(|(_, n)| Cell::Double(n)).map_err(number::flaw),
        Kind::Date(format) => {
            moment::date(bytes, format, ebcdic, out).map_err(number::flaw).map(|_| text_from(start, out))
        }
        Kind::Time(format) => {
            moment::time(bytes, format, ebcdic, out).map_err(number::flaw).map(|_| text_from(start, out))
        }
        Kind::Timestamp { fraction } => {
            moment::timestamp(bytes, fraction, ebcdic, out).map_err(number::flaw).map(|_| text_from(start, out))
        }
    }
}

fn text_from(start: u32, out: &str) -> Cell {
    Cell::Text(start, out.len() as u32)
}

fn decimal(unscaled: i128, decimals: u8) -> Cell {
    Decimal { unscaled, scale: decimals }.into()
}

fn wide(kind: Kind, bytes: &[u8], ebcdic: bool) -> Result<number::Digits, nom::Err<Flaw>> {
    match kind {
        Kind::Packed { digits, .. } => packed::packed_wide(bytes, digits),
        Kind::Zoned { digits, .. } => zoned::zoned_wide(bytes, digits),
        Kind::Number { digits, signed, .. } => zoned::text_wide(bytes, digits, signed, ebcdic),
        _ => Ok((bytes, number::Digits::ZERO)),
    }
    .map(|(_, digits)| digits)
}
