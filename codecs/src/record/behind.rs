//! Bytes behind the counted end of a record that is filled up to the longest (OCCURS DEPENDING ON in records of one
//! length).
//!
//! Blanks and 00 are filling, and so are entries of a table at the record's end that read as zero or blank, as INITIALIZE
//! leaves them. Anything else may be what entries held before, or the rest of the record by a counter that is wrong: no
//! field shows it, and so it is counted as a repair of the record, with its place.

use super::occurs::occurrences;
use super::plan::Plan;
use super::row::{Cell, Repair, Row};
use crate::layout::{Array, Node};
use std::ops::Range;

const BEHIND: &str = "bytes behind the counted end of the record are not shown";

impl Plan {
    /// Tells of what stands behind the end, which is at `length`.
    #[cold]
    pub(super) fn behind(&self, record: &[u8], length: usize, row: &mut Row) {
        let behind = record.get(length..).unwrap_or_default();
        let Some(held) = behind.iter().position(|byte| !self.is_filling(*byte)) else { return };
        if !self.unused(row).is_some_and(|leaves| self.reads_as_nothing(leaves, length, record)) {
            row.repairs.push(Repair { field: usize::MAX, offset: length + held, what: BEHIND });
        }
    }

    fn is_filling(&self, byte: u8) -> bool {
        byte == 0 || byte == self.page.blank()
    }

    /// The leaves of entries that the counter leaves out, if the record ends in such a table.
    fn unused(&self, row: &Row) -> Option<Range<usize>> {
        let array = last_array(self.nodes.last()?)?;
        let depending = array.depending.as_ref()?;
        let (first, end) = (array.item.span().0, self.steps.len());
        let count = occurrences(row, depending.field, depending).filter(|count| *count < array.count)?;
        // A projection may have left out what follows it.
        (first + array.count * array.leaves == end).then_some(first + count * array.leaves..end)
    }

    /// Whether leaves, of which the first one begins at `length`, all read as zero or blank, and nothing else follows.
    fn reads_as_nothing(&self, leaves: Range<usize>, length: usize, record: &[u8]) -> bool {
        let Some(begin) = self.steps.get(leaves.start).map(|step| step.start) else { return false };
        let (mut own, mut end) = (Row::default(), length);
        let nothing = leaves.into_iter().all(|leaf| {
            let Some(step) = self.steps.get(leaf) else { return false };
            let Some(start) = (step.start + length).checked_sub(begin) else { return false };
            let Some(bytes) = record.get(start..start + step.bytes) else { return false };
            end = end.max(start + step.bytes);
            own.clear();
            bytes.iter().all(|byte| self.is_filling(*byte)) || {
                let cell = self.cell(step, leaf, start, bytes, &mut own);
                // What a policy makes of damage is not what stands there.
                own.repairs.is_empty() && is_nothing(cell, &own)
            }
        });
        nothing && record.iter().skip(end).all(|byte| self.is_filling(*byte))
    }
}

/// The table that a record ends in; not one within the entries of another.
fn last_array(node: &Node) -> Option<&Array> {
    match node {
        Node::Array(array) => Some(array),
        Node::Group { nodes, .. } => last_array(nodes.last()?),
        Node::Leaf { .. } | Node::Redefines(_) => None,
    }
}

/// Whether a cell is zero, blank or null.
fn is_nothing(cell: Cell, row: &Row) -> bool {
    match cell {
        Cell::Null => true,
        Cell::Bad | Cell::Absent | Cell::Raw(..) | Cell::Hex(..) => false,
        Cell::Text(from, to) => row.text.get(from as usize..to as usize).is_some_and(|text| text.trim().is_empty()),
        Cell::Wide(from, to) => {
            row.text.get(from as usize..to as usize).is_some_and(|text| text.bytes().all(|c| b"-0.".contains(&c)))
        }
        Cell::Decimal { unscaled, .. } => unscaled.get() == 0,
        Cell::Int(n) => n == 0,
        Cell::Single(n) => n == 0.0,
        Cell::Double(n) => n == 0.0,
    }
}
