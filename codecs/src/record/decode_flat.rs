//! Decoding a flat record by the shortest ways.
//!
//! A field whose short way finds anything unusual is decoded by its step, which knows what is wrong and what to do.

use super::content::hex;
use super::decimal::Decimal;
use super::plain_text::PlainText;
use super::plan::Plan;
use super::quick::{Quick, Value};
use super::row::{Cell, Row};
use crate::number::{packed, zoned};
use crate::simd::{Kernels, Moment, Pen, Task};
use crate::text::{self, substitute};

/// Fills a cleared row.
pub(super) fn decode(quick: &Quick, plan: &Plan, record: &[u8], row: &mut Row) {
    quick.level.run(Decode { quick, plan, record, row });
}

struct Decode<'a> {
    quick: &'a Quick,
    plan: &'a Plan,
    record: &'a [u8],
    row: &'a mut Row,
}

impl Task for Decode<'_> {
    type Output = ();

    #[inline(always)]
    fn run<K: Kernels>(self, kernels: K) {
        let Decode { quick, plan, record, row } = self;
        row.cells.reserve(quick.ops.len());
        // Each way pushes its cell itself: a cell made elsewhere would be copied, and copying what has just been
        // written in smaller parts stalls.
        for (index, op) in quick.ops.iter().enumerate() {
            let start = op.start as usize;
            let field = record.get(start..start + op.bytes as usize).unwrap_or_default();
            match op.value {
                Value::Text(text) => {
                    if let Some(plain) = quick.texts.get(usize::from(text))
                        && !field.is_empty()
                        && push_text(kernels, plain, field, row)
                    {
                        continue;
                    }
                }
                Value::Packed { digits, decimals, signed } => {
                    let minus = field.last().is_some_and(|last| matches!(last & 15, 0x0B | 0x0D));
                    if let Some(value) = packed::narrow(field, digits)
                        && (signed || !minus)
                    {
                        push_decimal(value, decimals, row);
                        continue;
                    }
                }
                Value::Zoned { decimals } => {
                    if let Some(value) = zoned::narrow(field) {
                        push_decimal(value, decimals, row);
                        continue;
                    }
                }
                Value::Digits { decimals, zone, signs } => {
                    if !field.is_empty()
                        && let Some(value) = zoned::narrow_text(field, zone, signs)
                    {
                        push_decimal(value, decimals, row);
                        continue;
                    }
                }
                Value::Moment(moment) => {
                    if let Some(moment) = quick.moments.get(usize::from(moment))
                        && push_moment(kernels, moment, field, row)
                    {
                        continue;
                    }
                }
                Value::Single => {
                    if let Ok(bytes) = field.try_into()
                        && let value = f32::from_be_bytes(bytes)
                        && value.is_finite()
                    {
                        row.cells.push(Cell::Single(value));
                        continue;
                    }
                }
                Value::Hex if !field.is_empty() => {
                    let start = row.text.len() as u32;
                    hex(field, &mut row.text);
                    row.cells.push(Cell::Hex(start, row.text.len() as u32));
                    continue;
                }
                Value::Hex | Value::Long => {}
            }
            let cell = plan.leaf(index, start, record, row);
            row.cells.push(cell);
        }
    }
}

#[inline(always)]
fn push_decimal(value: i64, decimals: u8, row: &mut Row) {
    row.cells.push(Cell::Decimal(Decimal { unscaled: value.into(), scale: decimals }));
}

/// False, and nothing appended, when the text cannot be decoded, or there is something to tell of it.
#[inline(always)]
fn push_text<K: Kernels>(kernels: K, plain: &PlainText, field: &[u8], row: &mut Row) -> bool {
    let start = row.text.len();
    let rest = plain.write(kernels, field, &mut Pen::on_text(&mut row.text));
    if !rest.is_empty() {
        let plain_to = row.text.len();
        let read = text::decode(plain.page, rest, &mut row.text);
        if read.is_err() || substitute::is_in(&row.text[plain_to..]) {
            row.text.truncate(start);
            return false;
        }
    }
    row.cells.push(Cell::Text(start as u32, row.text.len() as u32));
    true
}

/// False, and nothing appended, when the field is no good date or timestamp of its form.
#[inline(always)]
fn push_moment<K: Kernels>(kernels: K, moment: &Moment, field: &[u8], row: &mut Row) -> bool {
    let start = row.text.len();
    if !kernels.moment_text(moment, field, &mut Pen::on_text(&mut row.text)) {
        return false;
    }
    row.cells.push(Cell::Text(start as u32, row.text.len() as u32));
    true
}
