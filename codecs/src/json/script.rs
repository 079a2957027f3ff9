//! What the lines of one record format consist of, prepared: an op for each field, with its key and the shortest way
//! from bytes to JSON.
//!
//! A [`Script`] says the same as decoding a row and writing it, for records in which everything is plain: it stops at
//! the first field that is not, and the caller takes the long way for that record. It repairs nothing, and never says
//! what is wrong. Groups are only braces in the keys of their fields, and OCCURS is a loop over the ops of one
//! occurrence; a record whose parts vary (OCCURS DEPENDING ON, REDEFINES) has no script.

use super::cell::write_cell;
use crate::quote;
use crate::record::Row;
use crate::record::plain_text::PlainText;
use crate::record::plan::Plan;
use crate::simd::{Block, Form, Kernels, Level, Pen, Task};
use crate::text;

/// Most arrays within each other; records that are deeper have no script.
pub(super) const DEPTH_MAX: usize = 4;

/// One record format.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(super) level: Level,
    pub(super) ops: Vec<Op>,
    pub(super) forms: Vec<Form>,
    pub(super) texts: Vec<PlainText>,
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
    pub(super) start: usize,
    pub(super) bytes: usize,
    pub(super) does: Does,
}

/// What an op does after its key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Does {
    /// Text of a page; index in `texts`.
    Text(u16),
    /// The same, but left out when it is blank.
    Filler(u16),
    /// Packed; index in `forms`.
    Packed(u16),
    /// Zoned, or a number in text; index in `forms`.
    Zoned(u16),
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
        let mut at = 0;
        while let Some(op) = script.ops.get(at) {
            at += 1;
            let start = op.start + shift;
            let field = record.get(start..start + op.bytes)?;
            if op.comma && !matches!(pen.last(), Some(b'{' | b'[')) && !matches!(op.does, Does::Filler(_)) {
                pen.push(b',');
            }
            match op.does {
                Does::Text(text) => {
                    op.key.append(&mut pen);
                    string(kernels, script.texts.get(usize::from(text))?, field, row, &mut pen)?;
                }
                Does::Packed(form) => {
                    op.key.append(&mut pen);
                    kernels.packed_text(script.forms.get(usize::from(form))?, field, &mut pen).then_some(())?;
                }
                Does::Zoned(form) => {
                    op.key.append(&mut pen);
                    kernels.zoned_text(script.forms.get(usize::from(form))?, field, &mut pen).then_some(())?;
                }
                Does::Filler(text) => {
                    let text = script.texts.get(usize::from(text))?;
                    if kernels.trimmed(field, text.blank) > 0 {
                        if op.comma && pen.last() != Some(b'{') {
                            pen.push(b',');
                        }
                        op.key.append(&mut pen);
                        string(kernels, text, field, row, &mut pen)?;
                    }
                }
                Does::Cell(index) => {
                    row.clear();
                    let cell = plan.leaf((index + leaf) as usize, start, record, row);
                    if !row.faults.is_empty() || !row.repairs.is_empty() {
                        return None;
                    }
                    drop(pen);
                    write_cell(row, cell, op.key.bytes(), out);
                    pen = Pen::new(out);
                }
                Does::Nothing => op.key.append(&mut pen),
                Does::Open { count, leaves } => {
                    op.key.append(&mut pen);
                    *around.get_mut(depth)? =
                        Around { first: at, left: count - 1, bytes: op.bytes, leaves, shift, leaf };
                    depth += 1;
                }
                Does::Close => {
                    op.key.append(&mut pen);
                    let array = around.get_mut(depth.checked_sub(1)?)?;
                    if array.left > 0 {
                        array.left -= 1;
                        pen.push(b',');
                        (shift, leaf, at) = (shift + array.bytes, leaf + array.leaves, array.first);
                    } else {
                        (shift, leaf) = (array.shift, array.leaf);
                        depth -= 1;
                    }
                }
            }
        }
        Some(())
    }
}

/// Appends text without trailing blanks, and the quote after it.
#[inline(always)]
fn string<K: Kernels>(kernels: K, text: &PlainText, field: &[u8], row: &mut Row, pen: &mut Pen<'_>) -> Option<()> {
    let rest = text.write(kernels, field, pen);
    if rest.is_empty() {
        pen.push(b'"');
        return Some(());
    }
    row.text.clear();
    text::decode(text.page, rest, &mut row.text).ok()?;
    quote::rest(kernels, &row.text, pen);
    Some(())
}
