//! Decoding segments of a record by the shortest ways.
//!
//! A field whose short way finds anything unusual is decoded by its step, which knows what is wrong and what to do.
//!
//! All segments of a record are one task, and the row's cells and text are taken out of the row while it runs: what goes
//! through memory between two fields costs as much as a short field.

use super::column::{decimal, int, single};
use super::op::{Op, Shift, Value};
use super::parts::Segment;
use super::plan::Plan;
use super::row::{Cell, Row};
use crate::number::{packed, zoned};
use crate::simd::{Kernels, Pen, Task};
use crate::text::{self, Page, substitute};

/// Segments of a record, moved.
pub(super) struct Decode<'a> {
    pub(super) plan: &'a Plan,
    pub(super) segments: &'a [Segment],
    /// Occurrences that there are, of those that a segment can have.
    pub(super) most: usize,
    pub(super) shift: &'a Shift,
    pub(super) record: &'a [u8],
    pub(super) row: &'a mut Row,
}

impl Task for Decode<'_> {
    type Output = ();

    #[inline(always)]
    fn run<K: Kernels>(self, kernels: K) {
        let Decode { plan, segments, most, shift, record, row } = self;
        let mut cells = std::mem::take(&mut row.cells);
        for segment in segments {
            let (leaf, start) = (segment.leaf + shift.leaves, segment.start.wrapping_add(shift.bytes));
            let ops = plan.quick.ops.get(segment.ops.clone()).unwrap_or_default();
            for n in 0..segment.count.min(most) {
                let (leaf, start) = (leaf + n * segment.leaves, start.wrapping_add(n * segment.bytes));
                let place = Place { plan, leaf, start, record };
                place.fields(kernels, ops, cells.get_mut(leaf..).unwrap_or_default(), row);
            }
        }
        row.cells = cells;
    }
}

/// Where fields are decoded.
struct Place<'a> {
    plan: &'a Plan,
    leaf: usize,
    start: usize,
    record: &'a [u8],
}

impl Place<'_> {
    /// Fields one behind the other.
    ///
    /// Each way writes its cell itself: a cell made elsewhere would be copied, and copying what has just been written in
    /// smaller parts stalls.
    #[inline(always)]
    fn fields<K: Kernels>(&self, kernels: K, ops: &[Op], cells: &mut [Cell], row: &mut Row) {
        let quick = &self.plan.quick;
        let bytes = self.record.get(self.start..).unwrap_or_default();
        let mut text = std::mem::take(&mut row.text);
        let mut pen = Pen::on_text(&mut text);
        for op in ops {
            let Some(cell) = cells.get_mut(op.leaf as usize) else { continue };
            let field = bytes.get(op.start as usize..).and_then(|bytes| bytes.get(..op.bytes as usize));
            if let Some(field) = field.filter(|field| !field.is_empty()) {
                match &op.value {
                    Value::Text(index) => {
                        if let Some(plain) = quick.texts.get(usize::from(*index)) {
                            let start = pen.length();
                            let rest = plain.write(kernels, field, &mut pen);
                            let mut good = true;
                            if !rest.is_empty() {
                                drop(pen);
                                good = finish(plain.page, rest, start, &mut text);
                                pen = Pen::on_text(&mut text);
                            }
                            if good {
                                *cell = Cell::Text(start as u32, pen.length() as u32);
                                continue;
                            }
                        }
                    }
                    Value::Moment(index) => {
                        let start = pen.length();
                        if let Some(moment) = quick.moments.get(usize::from(*index))
                            && kernels.moment_text(moment, field, &mut pen)
                        {
                            *cell = Cell::Text(start as u32, pen.length() as u32);
                            continue;
                        }
                    }
                    Value::Hex => {
                        let start = pen.length();
                        pen.hex(field);
                        *cell = Cell::Hex(start as u32, pen.length() as u32);
                        continue;
                    }
                    value => {
                        if number(value, field, cell) {
                            continue;
                        }
                    }
                }
            }
            drop(pen);
            self.by_step(op, &mut text, row, cell);
            pen = Pen::on_text(&mut text);
        }
        drop(pen);
        row.text = text;
    }

    /// A field that is not for its short way.
    #[inline(never)]
    fn by_step(&self, op: &Op, text: &mut String, row: &mut Row, cell: &mut Cell) {
        std::mem::swap(text, &mut row.text);
        let (leaf, start) = (self.leaf + op.leaf as usize, self.start.wrapping_add(op.start as usize));
        *cell = self.plan.leaf(leaf, start, self.record, row);
        std::mem::swap(text, &mut row.text);
    }
}

/// A number into its cell; false, and nothing done, when it is none or not for its short way.
#[inline(always)]
fn number(value: &Value, field: &[u8], cell: &mut Cell) -> bool {
    match value {
        Value::Packed { digits, decimals, signed } => {
            let minus = field.last().is_some_and(|last| matches!(last & 15, 0x0B | 0x0D));
            let Some(value) = packed::narrow(field, *digits).filter(|_| *signed || !minus) else { return false };
            *cell = decimal(value, *decimals);
        }
        Value::Zoned { decimals } => {
            let Some(value) = zoned::narrow(field) else { return false };
            *cell = decimal(value, *decimals);
        }
        Value::Digits { decimals, zone, signs } => {
            let Some(value) = zoned::narrow_text(field, *zone, *signs) else { return false };
            *cell = decimal(value, *decimals);
        }
        Value::Int => {
            let Some(value) = int(field) else { return false };
            *cell = Cell::Int(value);
        }
        Value::Single => {
            let Some(value) = single(field) else { return false };
            *cell = Cell::Single(value);
        }
        Value::Text(_) | Value::Moment(_) | Value::Hex | Value::Long => return false,
    }
    true
}

/// What is left of a text whose plain part stands already, from `start` on; false, and nothing appended, when it cannot
/// be decoded, or there is something to tell of it.
#[inline(never)]
fn finish(page: Page, rest: &[u8], start: usize, out: &mut String) -> bool {
    let plain_to = out.len();
    let read = text::decode(page, rest, out);
    let good = read.is_ok() && !substitute::is_in(out.get(plain_to..).unwrap_or_default());
    if !good {
        out.truncate(start);
    }
    good
}
