//! Numbers of an array, a field of all occurrences at a time: one loop for each form, which is known from the layout.
//!
//! A loop only tells whether all its numbers are good. When one is not, that has been for nothing: all fields are decoded
//! in their order (see [`super::segment`]), which finds what is wrong, and faults stand in theirs.
//!
//! This is a task of its own, so that the loop over single fields has the registers for itself.

use super::decimal::Decimal;
use super::op::{Op, Shift, Value};
use super::row::Cell;
use crate::number::zoned;
use crate::simd::{EIGHT, Kernels, Packed, Task};

/// A number of each occurrence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    /// The first leaf, and its place.
    leaf: usize,
    start: usize,
    /// Bytes of the field.
    width: usize,
    count: usize,
    /// Leaves and bytes from one occurrence to the next.
    leaves: usize,
    stride: usize,
    reads: Reads,
}

/// How it is read.
#[derive(Clone, Copy, Debug)]
enum Reads {
    Packed { form: Packed, decimals: u8 },
    Zoned { decimals: u8 },
    Digits { decimals: u8, zone: u8, signs: Option<[u8; 2]> },
    Int,
    Single,
}

impl Column {
    /// Of a field at its first place, if it is a number, with so many leaves and bytes from one to the next.
    pub(super) fn of(op: &Op, count: usize, leaves: usize, stride: usize) -> Option<Column> {
        let reads = match op.value {
            Value::Packed { digits, decimals, signed } => {
                Reads::Packed { form: Packed::of(digits, signed, stride)?, decimals }
            }
            Value::Zoned { decimals } => Reads::Zoned { decimals },
            Value::Digits { decimals, zone, signs } => Reads::Digits { decimals, zone, signs },
            Value::Int => Reads::Int,
            Value::Single => Reads::Single,
            Value::Text(_) | Value::Moment(_) | Value::Hex | Value::Long => return None,
        };
        let (leaf, start, width) = (op.leaf as usize, op.start as usize, op.bytes as usize);
        Some(Column { leaf, start, width, count, leaves, stride, reads })
    }
}

/// Reads the numbers of the first `most` occurrences, moved; false when one of them is not good, and then cells have been written for nothing.
pub(super) struct Columns<'a> {
    pub(super) columns: &'a [Column],
    pub(super) most: usize,
    pub(super) shift: &'a Shift,
    pub(super) record: &'a [u8],
    pub(super) cells: &'a mut [Cell],
}

impl Task for Columns<'_> {
    type Output = bool;

    #[inline(always)]
    fn run<K: Kernels>(self, kernels: K) -> bool {
        let Columns { columns, most, shift, record, cells } = self;
        for column in columns {
            let mut fields = Fields {
                bytes: record.get(column.start.wrapping_add(shift.bytes)..).unwrap_or_default(),
                cells: cells.get_mut(column.leaf + shift.leaves..).unwrap_or_default(),
                column,
                count: column.count.min(most),
            };
            let good = match column.reads {
                Reads::Packed { ref form, decimals } => fields.packed(kernels, form, decimals),
                Reads::Zoned { decimals } => fields.some(|field| Some(decimal(zoned::narrow(field)?, decimals))),
                Reads::Digits { decimals, zone, signs } => {
                    fields.some(|field| Some(decimal(zoned::narrow_text(field, zone, signs)?, decimals)))
                }
                Reads::Int => match column.width {
                    2 => fields.all(|field: &[u8; 2]| Cell::Int(i16::from_be_bytes(*field).into())),
                    4 => fields.all(|field: &[u8; 4]| Cell::Int(i32::from_be_bytes(*field).into())),
                    8 => fields.all(|field: &[u8; 8]| Cell::Int(i64::from_be_bytes(*field))),
                    _ => false,
                },
                Reads::Single => fields.some(|field| single(field).map(Cell::Single)),
            };
            if !good {
                return false;
            }
        }
        true
    }
}

/// One field of all occurrences.
struct Fields<'a> {
    column: &'a Column,
    /// From the first occurrence on.
    bytes: &'a [u8],
    cells: &'a mut [Cell],
    count: usize,
}

impl Fields<'_> {
    /// A cell of each field; false when they are not all there.
    #[inline(always)]
    fn all<const WIDTH: usize>(&mut self, mut cell: impl FnMut(&[u8; WIDTH]) -> Cell) -> bool {
        let mut done = 0;
        let occurrences = self.bytes.chunks(self.column.stride.max(1));
        for (cells, occurrence) in self.cells.chunks_mut(self.column.leaves.max(1)).zip(occurrences).take(self.count) {
            let (Some(slot), Some(field)) = (cells.first_mut(), occurrence.first_chunk()) else { return false };
            *slot = cell(field);
            done += 1;
        }
        done == self.count
    }

    /// The same while there are cells.
    #[inline(always)]
    fn some(&mut self, mut cell: impl FnMut(&[u8]) -> Option<Cell>) -> bool {
        (0..self.count).all(|n| {
            let start = n * self.column.stride;
            let field = self.bytes.get(start..start + self.column.width).filter(|field| !field.is_empty());
            let found = field.and_then(&mut cell).zip(self.cells.get_mut(n * self.column.leaves));
            found.map(|(cell, slot)| *slot = cell).is_some()
        })
    }

    /// Packed numbers, eight at a time.
    #[inline(always)]
    fn packed<K: Kernels>(&mut self, kernels: K, form: &Packed, decimals: u8) -> bool {
        let mut numbers = [0; EIGHT];
        let (mut bytes, mut left) = (self.bytes, self.count);
        let mut cells = std::mem::take(&mut self.cells);
        // Counted down: how many eights there are would take a division, which costs as much as several fields.
        while left > 0 {
            let count = left.min(EIGHT);
            if !kernels.packed_numbers(form, bytes, count, &mut numbers) {
                return false;
            }
            match self.column.leaves {
                1 => put::<1>(cells, &numbers, count, decimals),
                2 => put::<2>(cells, &numbers, count, decimals),
                leaves => {
                    let slots = cells.iter_mut().step_by(leaves.max(1)).zip(&numbers).take(count);
                    slots.for_each(|(slot, number)| *slot = decimal(*number, decimals));
                }
            }
            left -= count;
            bytes = bytes.get(EIGHT * self.column.stride..).unwrap_or_default();
            cells = cells.get_mut(EIGHT * self.column.leaves..).unwrap_or_default();
        }
        true
    }
}

/// The first `count` numbers, one every so many cells; all eight without a loop.
#[inline(always)]
fn put<const LEAVES: usize>(cells: &mut [Cell], numbers: &[i64; EIGHT], count: usize, decimals: u8) {
    let count = if count == EIGHT { EIGHT } else { count };
    let slots = cells.iter_mut().step_by(LEAVES).zip(numbers).take(count);
    slots.for_each(|(slot, number)| *slot = decimal(*number, decimals));
}

#[inline(always)]
pub(super) fn decimal(value: i64, decimals: u8) -> Cell {
    Cell::from(Decimal { unscaled: value.into(), scale: decimals })
}

/// A whole number in two, four or eight bytes, the highest first.
#[inline(always)]
pub(super) fn int(field: &[u8]) -> Option<i64> {
    match *field {
        [a, b] => Some(i16::from_be_bytes([a, b]).into()),
        [a, b, c, d] => Some(i32::from_be_bytes([a, b, c, d]).into()),
        [a, b, c, d, e, f, g, h] => Some(i64::from_be_bytes([a, b, c, d, e, f, g, h])),
        _ => None,
    }
}

/// A single that is a number.
#[inline(always)]
pub(super) fn single(field: &[u8]) -> Option<f32> {
    field.try_into().ok().map(f32::from_be_bytes).filter(|value| value.is_finite())
}
