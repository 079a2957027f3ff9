//! One field alone, where each field has its place in every record: read without the others, or written anew into a record
//! that was encoded before. A file whose records differ in a few fields is made so at a fraction of the cost.
//!
//! Invariant: a record with a field written anew is byte for byte what encoding the whole row would give; the field was
//! read back and compared, and the others were when they were written. Records that vary are left to the long way.

use super::plan::{Nulls, Plan, Short};
use super::row::{Cell, Repair, Row};
use crate::code::Code;
use crate::fault::{Fault, Flaw};

const NO_PLACE: Flaw = Flaw::new(Code::INTERNAL, 0, "the field has no place of its own in the record");

/// Buffers of [`crate::format::RecordFormat::rewrite`], kept between records.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    bytes: Vec<u8>,
    back: Row,
    repairs: Vec<Repair>,
}

impl Scratch {
    /// What policies did to the value that was written last.
    pub fn repairs(&self) -> &[Repair] {
        &self.repairs
    }
}

impl Plan {
    /// Whether each field has its place, whatever the others hold.
    pub(crate) fn has_places(&self) -> bool {
        self.nodes.is_empty()
            && self.nulls == Nulls::None
            && self.short == Short::Refuse
            && self.filled.is_none()
            && self.shared.is_empty()
    }

    /// Cells of these fields alone; those of all others are absent.
    pub(crate) fn decode_some(&self, fields: &[usize], record: &[u8], row: &mut Row) {
        row.clear();
        row.cells.resize(self.steps.len(), Cell::Absent);
        for index in fields {
            let cell = self.field(*index, record, row);
            row.cells.get_mut(*index).into_iter().for_each(|slot| *slot = cell);
        }
    }

    /// Writes the cell that `row` has at `index` to its place.
    pub(crate) fn rewrite(
        &self,
        index: usize,
        row: &Row,
        record: &mut [u8],
        scratch: &mut Scratch,
    ) -> Result<(), Fault> {
        scratch.bytes.clear();
        scratch.repairs.clear();
        self.write_leaf(index, row, &mut scratch.bytes, &mut scratch.repairs)?;
        let step = self.steps.get(index);
        let place = step.and_then(|step| record.get_mut(step.start..step.start + step.bytes));
        match place {
            Some(place) if place.len() == scratch.bytes.len() => place.copy_from_slice(&scratch.bytes),
            _ => return Err(NO_PLACE.within(index, 0)),
        }
        self.decode_some(&[index], record, &mut scratch.back);
        self.compare_one(index, row, &scratch.back)
    }
}
