//! Records that are shorter than their layout, filled up as they are read (`short_records = "pad"`).
//!
//! Filling is what IBM i does where records are copied to longer ones that are no database records: with blanks (CPYF,
//! "Copying between different database record formats"; CPYFRMSTMF; FTP). Text gets the blanks of its own page, VARLEN a
//! length of zero. Everything else gets the blanks of the record's page and is then dirty, and what becomes of it is for
//! the field's policy to say (`blank`, `dirty`, `no_date`): the zeros that CPYF puts into numbers of database records
//! are a value that nobody wrote, and are there for whoever names them, `blank = "zero"`. It is told once for a record.

use super::plan::{Nulls, Plan, Step};
use super::row::{Cell, Repair, Row};
use super::special;
use crate::code::Code;
use crate::fault::Flaw;
use crate::layout::{Kind, Rules};
use crate::text;

/// What is told of a record that was filled.
const FILLED: &str = "a short record: filled with blanks";
const UNFILLED: Flaw = Flaw::new(Code::UNFILLED, 0, "the field is blank");
const CUT: Flaw = Flaw::new(Code::LENGTH, 0, "the record ends before this field does");

impl Plan {
    /// A field that the record does not have, or not all of it.
    pub(super) fn filled(&self, index: usize, start: usize, record: &[u8], row: &mut Row) -> Cell {
        let Some(step) = self.steps.get(index) else { return Cell::Absent };
        let Some(bytes) = fill(step, self.page.blank(), record.get(start..).unwrap_or_default()) else {
            row.faults.push(CUT.within(index, start));
            return Cell::Bad;
        };
        row.filled.get_or_insert((index, start.max(record.len())));
        if step.nullable && self.nulls == Nulls::Blank && text::trim(step.page, &bytes).is_empty() {
            return Cell::Null;
        }
        let moment = step.rules.as_deref().is_some_and(|rules| rules.moment.is_some());
        if step.kind.counts_blanks() && !moment {
            return missing(step, index, (start, record.len()), &bytes, row);
        }
        self.cell(step, index, start, &bytes, row)
    }
}

/// A number that is not there, where the blanks in its place would be one that nobody wrote: what its policy says of
/// fields that nobody filled. Half a number is none.
fn missing(step: &Step, index: usize, (start, end): (usize, usize), bytes: &[u8], row: &mut Row) -> Cell {
    let (flaw, policy) = match start < end {
        true => (CUT, &Rules::PLAIN),
        false => (UNFILLED, step.rules.as_deref().unwrap_or(&Rules::PLAIN)),
    };
    let (text, repairs) = (&mut row.text, &mut row.repairs);
    let mut repaired = |at, what| repairs.push(Repair { field: index, offset: start + at, what });
    special::passed(step, policy, bytes, flaw, text, &mut repaired).unwrap_or_else(|flaw| {
        row.faults.push(flaw.within(index, start));
        Cell::Bad
    })
}

/// Tells that a record was filled, in layout order.
pub(super) fn tell(row: &mut Row) {
    if let Some((field, offset)) = row.filled {
        let at = row.repairs.iter().position(|repair| repair.field >= field).unwrap_or(row.repairs.len());
        row.repairs.insert(at, Repair { field, offset, what: FILLED });
    }
}

/// The field's bytes with what is missing; nothing if it counts bytes that are not there, or ends in half a character.
fn fill(step: &Step, blank: u8, present: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = present.to_vec();
    let (mut content, unit) = (present, if step.page.is_wide() || step.kind == Kind::Graphic { 2 } else { 1 });
    if step.varlen {
        match present {
            [] => bytes.extend([0, 0]),
            [high, low, rest @ ..] if usize::from(u16::from_be_bytes([*high, *low])) * unit <= rest.len() => {
                content = rest;
            }
            _ => return None,
        }
    }
    if step.kind.is_text() && content.len() % unit != 0 {
        return None;
    }
    if step.kind.is_text() {
        text::pad(step.page, step.bytes, &mut bytes);
    }
    bytes.resize(step.bytes, blank);
    Some(bytes)
}
