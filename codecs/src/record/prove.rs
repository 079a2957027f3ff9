//! Reading back what was written: no record leaves the encoder that does not decode to the row it was made of.

use super::plan::{Plan, Step};
use super::row::{Cell, Row};
use crate::code::Code;
use crate::fault::{Fault, Flaw};
use crate::layout::{Kind, Rules};

const NOT_READ_BACK: Flaw = Flaw::new(Code::INTERNAL, 0, "the field does not read back as it was written");

impl Plan {
    /// Decodes the record and compares.
    pub(super) fn prove(&self, row: &Row, record: &[u8]) -> Result<(), Fault> {
        let mut back = Row::default();
        self.decode(record, &mut back);
        self.compare(row, &back)
    }

    /// Compares a row with what was read back of it.
    pub(super) fn compare(&self, row: &Row, back: &Row) -> Result<(), Fault> {
        if let Some(fault) = back.faults.first() {
            // Bytes that were given as such are to blame themselves, and so is a number that is to be a date.
            let given = matches!(row.cells.get(fault.field), Some(Cell::Raw(..) | Cell::Int(_)));
            let code = if given { fault.code } else { Code::INTERNAL };
            return Err(Fault { code, offset: 0, ..fault.clone() });
        }
        let differs = |index: &usize| !is_same(&self.steps[*index], row, back, *index);
        match (0..self.steps.len()).find(differs) {
            Some(index) => Err(NOT_READ_BACK.within(index, 0)),
            None => Ok(()),
        }
    }
}

/// Whether a cell came back. Text in a field of another kind has been read as that kind; it need not look the same.
fn is_same(step: &Step, row: &Row, back: &Row, index: usize) -> bool {
    let fixed_text = |text: &str| match step.kind {
        _ if step.varlen => text.to_owned(),
        Kind::Only | Kind::Either | Kind::Graphic => text.trim_end_matches(['\u{3000}', ' ']).to_owned(),
        _ => text.trim_end_matches(' ').to_owned(),
    };
    match (row.cells.get(index), back.cells.get(index)) {
        (Some(Cell::Absent), _) => true,
        (None | Some(Cell::Null), Some(Cell::Null)) => true,
        (None | Some(Cell::Null), Some(_)) => step.filler,
        (Some(Cell::Text(..)), Some(Cell::Text(..))) if step.kind.is_text() => {
            let (given, found) = (row.str(index).unwrap_or_default(), back.str(index).unwrap_or_default());
            let same = |given: &str| {
                let (given, found) = (fixed_text(given), fixed_text(found));
                step.rules.as_ref().map_or(given == found, |rules| is_same_text(rules, &given, &found))
            };
            // A character that is written one way only reads back as another.
            same(given) || same(&step.text().reads_back(given))
        }
        (Some(Cell::Text(..)), Some(Cell::Null)) => row.str(index).is_some_and(|text| fixed_text(text).is_empty()),
        (Some(Cell::Text(..)), Some(_)) => true,
        (Some(Cell::Hex(..) | Cell::Wide(..) | Cell::Raw(..)), Some(_)) => row.str(index) == back.str(index),
        (Some(Cell::Decimal { .. } | Cell::Int(_)), Some(_)) => match (row.decimal(index), back.decimal(index)) {
            (Some(a), Some(b)) => a.same_value(b),
            (a, b) => a.is_some() && b.is_none(),
        },
        (Some(Cell::Single(a)), Some(Cell::Single(b))) => a.to_bits() == b.to_bits(),
        (Some(Cell::Double(a)), Some(Cell::Double(b))) => a.to_bits() == b.to_bits(),
        _ => false,
    }
}

/// Whether a text came back by the rules of its field: without the padding they name, and perhaps cut.
fn is_same_text(rules: &Rules, given: &str, found: &str) -> bool {
    let blanks: &[char] = if rules.trim_ideographic { &[' ', '\u{3000}'] } else { &[' '] };
    let plain = |text: &str| {
        let text = text.trim_end_matches(blanks);
        if rules.justified { text.trim_start_matches(' ').to_owned() } else { text.to_owned() }
    };
    let (given, found) = (plain(given), plain(found));
    given == found || (rules.cut && given.starts_with(&found))
}
