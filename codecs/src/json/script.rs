//! What the lines of one record format consist of, prepared: an op for each field, with its key and the shortest way
//! from bytes to JSON.
//!
//! A [`Script`] says the same as decoding a row and writing it, for records in which everything is plain: it stops at
//! the first field that is not, and the caller takes the long way for that record. It repairs nothing, and never says
//! what is wrong. Groups are only braces in the keys of their fields, and OCCURS is a loop over the ops of one
//! occurrence; a record whose parts vary (OCCURS DEPENDING ON, REDEFINES) has no script.

use super::cell::write_cell;
use super::digits::write_single;
use crate::quote;
use crate::record::plain_text::PlainText;
use crate::record::plan::Plan;
use crate::record::{Cell, Row};
use crate::simd::{Block, Form, Kernels, Level, Moment, Pen, Task};
use crate::text::{self, substitute};
use std::sync::Arc;

/// Most arrays within each other; records that are deeper have no script.
pub(super) const DEPTH_MAX: usize = 4;

/// One record format.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(super) level: Level,
    pub(super) ops: Vec<Op>,
    /// Bytes of a record.
    pub(super) length: usize,
}

/// One field, or what stands between fields.
#[derive(Clone, Debug)]
pub(super) struct Op {
    /// `,"TRDNO":"`, or without the comma if that is not always due.
    pub(super) key: Block,
    /// A comma is due unless a brace stands before.
    pub(super) comma: bool,
    /// Where the field is, of the first occurrence.
    pub(super) start: u32,
    pub(super) bytes: u32,
    pub(super) does: Does,
}

/// What an op does after its key.
#[derive(Clone, Debug)]
pub(super) enum Does {
    /// Text of a page; a filler is left out when it is blank.
    Text { text: Arc<PlainText>, filler: bool },
    /// Packed.
    Packed(Arc<Form>),
    /// Zoned, or a number in text.
    Zoned(Arc<Form>),
    /// A whole number in two, four or eight bytes.
    Int,
    /// A date or timestamp.
    Moment(Arc<Moment>),
    /// An IEEE single.
    Single,
    /// Bytes as hex digits.
    Hex,
    /// By a cell; index of the field.
    Cell(u32),
    /// Nothing more.
    Nothing,
    /// Begins an array of so many occurrences of so many leaves; `bytes` is an occurrence.
    Open { count: u32, leaves: u32 },
    /// Ends an occurrence.
    Close,
}

/// An array that is being written.
#[derive(Clone, Copy, Default)]
struct Around {
    /// The first op of an occurrence.
    first: usize,
    /// Occurrences that are left after this one.
    left: u32,
    bytes: usize,
    leaves: u32,
    /// What to go back to.
    shift: usize,
    leaf: u32,
}

impl Script {
    /// Appends the line of a record; false, with `out` as far as it came, when something in the record is not plain.
    pub(super) fn write(
        &self,
        plan: &Plan,
        n: u64,
        offset: u64,
        record: &[u8],
        row: &mut Row,
        out: &mut Vec<u8>,
    ) -> bool {
        record.len() == self.length
            && self.level.run(Write { script: self, plan, n, offset, record, row, out }).is_some()
    }
}

struct Write<'a> {
    script: &'a Script,
    plan: &'a Plan,
    n: u64,
    offset: u64,
    record: &'a [u8],
    row: &'a mut Row,
    out: &'a mut Vec<u8>,
}

impl Task for Write<'_> {
    type Output = Option<()>;

    #[inline(always)]
    fn run<K: Kernels>(self, kernels: K) -> Option<()> {
        let Write { script, plan, n, offset, record, row, out } = self;
        let mut pen = Pen::new(out);
        pen.append("{\"n\":");
        pen.whole(n);
        pen.append(",\"offset\":");
        pen.whole(offset);
        let mut around = [Around::default(); DEPTH_MAX];
        let (mut depth, mut shift, mut leaf) = (0, 0, 0);
        let mut ops = script.ops.iter();
        // Round after round: ops up to the next end of an occurrence, on the bytes of that occurrence.
        loop {
            let bytes = record.get(shift..)?;
            let mut end = None;
            for op in ops.by_ref() {
                let start = op.start as usize;
                let field = bytes.get(start..start + op.bytes as usize)?;
                if let Does::Text { text, filler: true } = &op.does
                    && kernels.trimmed(field, text.blank) == 0
                {
                    continue;
                }
                if op.comma && !matches!(pen.last(), Some(b'{' | b'[')) {
                    pen.push(b',');
                }
                match &op.does {
                    Does::Text { text, .. } => {
                        let rest = text.write_json(kernels, &op.key, field, &mut pen);
                        if !rest.is_empty() {
                            row.text.clear();
                            text::decode(text.page, rest, &mut row.text).ok()?;
                            if substitute::is_in(&row.text) {
                                return None;
                            }
                            quote::rest(kernels, &row.text, &mut pen);
                        }
                    }
                    Does::Packed(form) => {
                        op.key.append(&mut pen);
                        kernels.packed_text(form, field, &mut pen).then_some(())?;
                    }
                    Does::Zoned(form) => {
                        op.key.append(&mut pen);
                        kernels.zoned_text(form, field, &mut pen).then_some(())?;
                    }
                    Does::Moment(moment) => {
                        op.key.append(&mut pen);
                        kernels.moment_text(moment, field, &mut pen).then_some(())?;
                        pen.push(b'"');
                    }
                    Does::Int => {
                        op.key.append(&mut pen);
                        let value = int(field)?;
                        if value < 0 {
                            pen.push(b'-');
                        }
                        pen.whole(value.unsigned_abs());
                    }
                    Does::Cell(index) => {
                        row.clear();
                        let cell = plan.leaf((index + leaf) as usize, start + shift, record, row);
                        if !row.faults.is_empty() || !row.repairs.is_empty() {
                            return None;
                        }
                        match (cell, row.text.as_str()) {
                            (Cell::Text(..), text) => {
                                op.key.append(&mut pen);
                                quote::rest(kernels, text, &mut pen);
                            }
                            (Cell::Hex(..), digits) => {
                                op.key.append(&mut pen);
                                pen.append(digits);
                                pen.push(b'"');
                            }
                            _ => {
                                drop(pen);
                                write_cell(row, cell, op.key.bytes(), out);
                                pen = Pen::new(out);
                            }
                        }
                    }
                    Does::Single => {
                        let value = field.try_into().ok().map(f32::from_be_bytes).filter(|value| value.is_finite())?;
                        op.key.append(&mut pen);
                        drop(pen);
                        write_single(value, out);
                        pen = Pen::new(out);
                    }
                    Does::Hex => {
                        op.key.append(&mut pen);
                        pen.hex(field);
                        pen.push(b'"');
                    }
                    Does::Nothing => op.key.append(&mut pen),
                    Does::Open { .. } | Does::Close => {
                        end = Some(op);
                        break;
                    }
                }
            }
            let Some(end) = end else { return Some(()) };
            end.key.append(&mut pen);
            match end.does {
                Does::Open { count, leaves } => {
                    let first = script.ops.len() - ops.as_slice().len();
                    *around.get_mut(depth)? =
                        Around { first, left: count - 1, bytes: end.bytes as usize, leaves, shift, leaf };
                    depth += 1;
                }
                _ => {
                    let array = around.get_mut(depth.checked_sub(1)?)?;
                    if array.left > 0 {
                        array.left -= 1;
                        pen.push(b',');
                        (shift, leaf) = (shift + array.bytes, leaf + array.leaves);
                        ops = script.ops.get(array.first..)?.iter();
                    } else {
                        (shift, leaf) = (array.shift, array.leaf);
                        depth -= 1;
                    }
                }
            }
        }
    }
}

/// A whole number in two, four or eight bytes, the highest first.
#[inline(always)]
fn int(field: &[u8]) -> Option<i64> {
    match *field {
        [a, b] => Some(i16::from_be_bytes([a, b]).into()),
        [a, b, c, d] => Some(i32::from_be_bytes([a, b, c, d]).into()),
        [a, b, c, d, e, f, g, h] => Some(i64::from_be_bytes([a, b, c, d, e, f, g, h])),
        _ => None,
    }
}
