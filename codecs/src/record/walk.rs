//! Decoding over the parts of a record: OCCURS, OCCURS DEPENDING ON, REDEFINES, and the segments between them.
//!
//! Every leaf has the place it would have if every array before it were full; `lost` is by how many bytes the record
//! is behind that. IBM's COBOL lets a part that follows a varying array move, and so does this; what follows
//! alternatives does not move, because their bytes are the longest one's (Language Reference, REDEFINES). When a counter cannot be
//! read nobody knows where the rest stands: it is left bad, with the one fault of the counter. Alternatives of which a
//! field's value chooses none are bad, too: bytes that no reading shows would be lost in silence. Where no field chooses,
//! [`super::readings`] says what is shown.

use super::column::Columns;
use super::occurs::{Around, occurrences, same, text_of};
use super::op::Shift;
use super::parts::{Alternative, Part, Redefines, Repeat, Segment, Segments, Varying};
use super::plan::Plan;
use super::row::{Cell, Row};
use super::segment::Decode;
use crate::code::Code;
use crate::fault::Flaw;
use crate::layout::Depending;

pub(super) const UNCHOSEN: Flaw = Flaw::new(
    Code::RANGE,
    0,
    "the field that chooses what these bytes are has a value that is none of the cases of `choice`, and no `otherwise` holds",
);

/// Decodes the whole record; gives the bytes that varying arrays leave out, nothing if the way was lost.
pub(super) fn decode(plan: &Plan, record: &[u8], row: &mut Row) -> Option<usize> {
    // Most records are all segments.
    if let [Part::Segments(segments)] = &plan.quick.parts[..] {
        shifted(segments, usize::MAX, &Shift { leaves: 0, bytes: 0 }, plan, record, row);
        return Some(0);
    }
    let mut walk = Walk { plan, record, row, lost: 0, astray: false, around: Around::default() };
    walk.parts(&plan.quick.parts, Shift::default());
    (!walk.astray).then_some(walk.lost)
}

/// A record on its way to a row.
pub(super) struct Walk<'a> {
    pub(super) plan: &'a Plan,
    record: &'a [u8],
    pub(super) row: &'a mut Row,
    /// Bytes that varying arrays have left out so far.
    pub(super) lost: usize,
    /// Whether a counter could not be read.
    pub(super) astray: bool,
    around: Around,
}

/// Segments, with so many occurrences of each at most.
#[inline(always)]
fn shifted(segments: &Segments, most: usize, shift: &Shift, plan: &Plan, record: &[u8], row: &mut Row) {
    let (columns, level) = (&segments.columns[..], plan.quick.level);
    let good = columns.is_empty() || level.run(Columns { columns, most, shift, record, cells: &mut row.cells });
    let segments = if good { &segments.rest } else { &segments.all };
    if !segments.is_empty() {
        level.run(Decode { plan, segments, most, shift, record, row });
    }
}

impl Walk<'_> {
    pub(super) fn parts(&mut self, parts: &[Part], shift: Shift) {
        for part in parts {
            match part {
                Part::Segments(segments) => self.segments(segments, usize::MAX, shift),
                Part::Varying(array) => self.varying(array, shift),
                Part::Repeat(repeat) => self.repeat(repeat, shift),
                Part::Redefines(part) => self.redefines(part, shift),
            }
        }
    }

    /// Segments, of each occurrence so many at most.
    fn segments(&mut self, segments: &Segments, most: usize, shift: Shift) {
        if self.astray {
            return segments.all.iter().for_each(|segment| self.spoil(segment, shift));
        }
        let shift = Shift { bytes: shift.bytes.wrapping_sub(self.lost), ..shift };
        shifted(segments, most, &shift, self.plan, self.record, self.row);
    }

    /// All its cells are bad.
    fn spoil(&mut self, segment: &Segment, shift: Shift) {
        for op in self.plan.quick.ops.get(segment.ops.clone()).unwrap_or_default() {
            let first = segment.leaf + shift.leaves + op.leaf as usize;
            let cells = self.row.cells.get_mut(first..).unwrap_or_default().iter_mut();
            cells.step_by(segment.leaves.max(1)).take(segment.count).for_each(|cell| *cell = Cell::Bad);
        }
    }

    fn varying(&mut self, array: &Varying, shift: Shift) {
        let count = self.counted(array.count, &array.depending);
        self.segments(&array.segments, count, shift);
        self.lost += (array.count - count) * array.bytes;
    }

    fn repeat(&mut self, array: &Repeat, shift: Shift) {
        let depending = array.depending.as_ref();
        let count = depending.map_or(array.count, |depending| self.counted(array.count, depending));
        for n in 0..count {
            self.around.enter(array.first, array.leaves, n);
            let (leaves, bytes) = (shift.leaves + n * array.leaves, shift.bytes + n * array.bytes);
            self.parts(&array.parts, Shift { leaves, bytes });
            self.around.leave();
        }
        self.lost += (array.count - count) * array.bytes;
    }

    /// How many occurrences there are; all that there can be when the way is lost.
    fn counted(&mut self, most: usize, depending: &Depending) -> usize {
        if self.astray {
            return most;
        }
        let counter = self.around.resolved(depending.field);
        match occurrences(self.row, counter, depending) {
            Some(count) if (depending.least..=most).contains(&count) => return count,
            None if self.row.cells.get(counter) == Some(&Cell::Bad) => {}
            _ => {
                let flaw = Flaw::new(Code::OCCURRENCES, 0, "the counter is not within what the array may have");
                let start = self.plan.steps.get(counter).map_or(0, |step| step.start);
                self.row.faults.push(flaw.within(counter, start));
            }
        }
        self.astray = true;
        most
    }

    fn redefines(&mut self, part: &Redefines, shift: Shift) {
        let before = self.lost;
        let Some(choice) = &part.choice else { return self.every(part, shift) };
        let field = self.around.resolved(choice.field);
        // The field may stand in the first alternative itself.
        let within = self.row.cells.get(field) == Some(&Cell::Absent) && !self.astray;
        if within {
            self.leaf(field);
            self.row.repairs.retain(|repair| repair.field != field);
            self.row.faults.retain(|fault| fault.field != field);
        }
        let value = text_of(self.row, field);
        let case = value.and_then(|value| choice.cases.iter().find(|(wanted, _)| same(wanted, &value)));
        let chosen = case.map(|(_, at)| *at).or(choice.otherwise);
        // A bad one before the alternatives is told already; the fault of one within was forgotten.
        let told = match self.row.cells.get(field) {
            Some(Cell::Bad) => !within,
            cell => matches!(cell, Some(Cell::Absent) | None),
        };
        if chosen.is_none() && !self.astray && !told {
            return self.unchosen(part, shift, field);
        }
        if let Some(cell) = self.row.cells.get_mut(field)
            && part.alternatives.iter().any(|alternative| alternative.has(field, shift.leaves))
        {
            *cell = Cell::Absent;
        }
        if let Some(alternative) = chosen.and_then(|at| part.alternatives.get(at)) {
            self.parts(&alternative.parts, shift);
            self.lost = before;
        }
    }

    /// The value is in no case: the bytes are there, and nobody knows what they are.
    #[cold]
    fn unchosen(&mut self, part: &Redefines, shift: Shift, field: usize) {
        let Some(first) = part.alternatives.first() else { return };
        let (leaf, chooser) = (first.leaves.start + shift.leaves, self.row.cells.get(field).copied());
        self.fill(first, shift, Cell::Bad);
        // It may stand in the first alternative itself.
        if let (Some(cell), Some(chooser)) = (self.row.cells.get_mut(field), chooser) {
            *cell = chooser;
        }
        let start = self.plan.steps.get(leaf).map_or(0, |step| step.start.saturating_sub(self.lost));
        self.row.faults.push(UNCHOSEN.within(leaf, start));
    }

    /// One field, before its turn.
    fn leaf(&mut self, index: usize) {
        let Some(step) = self.plan.steps.get(index) else { return };
        let cell = self.plan.leaf(index, step.start - self.lost, self.record, self.row);
        if let Some(slot) = self.row.cells.get_mut(index) {
            *slot = cell;
        }
    }

    pub(super) fn fill(&mut self, alternative: &Alternative, shift: Shift, with: Cell) {
        let leaves = &alternative.leaves;
        if let Some(cells) = self.row.cells.get_mut(leaves.start + shift.leaves..leaves.end + shift.leaves) {
            cells.fill(with);
        }
    }
}

impl Alternative {
    /// Whether a leaf is one of its own.
    pub(super) fn has(&self, leaf: usize, shift: usize) -> bool {
        (self.leaves.start + shift..self.leaves.end + shift).contains(&leaf)
    }
}
