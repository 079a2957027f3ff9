//! Reading back what was written: no record leaves the encoder that does not decode to the row it was made of.
//!
//! Of alternatives for the same bytes one is written. What is given for the others, as text mostly, is encoded for itself
//! and compared with how they read the bytes of that one, so that no change of one reading is lost without a word.

use super::plan::{Plan, Step};
use super::row::{Cell, Row};
use super::walk::UNCHOSEN;
use crate::code::Code;
use crate::fault::{Fault, Flaw};
use crate::layout::{Kind, Rules};

const CONTRADICTS: Flaw = Flaw::new(Code::CONTRADICTS, 0, "another reading of the same bytes is given, and differs");
const NOT_CHOSEN: Flaw =
    Flaw::new(Code::CONTRADICTS, 0, "the reading that holds cannot read what is given for another");
const NOT_READ_BACK: Flaw = Flaw::new(Code::INTERNAL, 0, "the field does not read back as it was written");

impl Plan {
    /// Decodes the record and compares.
    pub(super) fn prove(&self, row: &Row, record: &[u8]) -> Result<(), Fault> {
        let (text, cells) = (String::with_capacity(record.len()), Vec::with_capacity(self.steps.len()));
        let mut back = Row { text, cells, ..Row::default() };
        self.decode(record, &mut back);
        self.compare(row, &back)
    }

    /// Compares a row with what was read back of it.
    pub(super) fn compare(&self, row: &Row, back: &Row) -> Result<(), Fault> {
        self.reads(row, back)?;
        (0..self.steps.len()).try_for_each(|index| self.compare_field(index, row, back))
    }

    /// The same for one field.
    pub(super) fn compare_one(&self, index: usize, row: &Row, back: &Row) -> Result<(), Fault> {
        self.reads(row, back)?;
        self.compare_field(index, row, back)
    }

    /// Fields that do not read back as they were given; where nothing but the record was at fault, the one that is told.
    pub(super) fn contradicted(&self, row: &Row, record: &[u8], told: usize) -> Vec<usize> {
        let mut back = Row::default();
        self.decode(record, &mut back);
        let differs = |index: &usize| self.compare_field(*index, row, &back).is_err();
        let mut fields: Vec<usize> = back.faults.iter().map(|fault| fault.field).collect();
        fields.extend((0..self.steps.len()).filter(differs));
        if fields.is_empty() {
            fields.push(told);
        }
        fields
    }

    /// Whether what was written can be read.
    fn reads(&self, row: &Row, back: &Row) -> Result<(), Fault> {
        if let Some(fault) = back.faults.first() {
            // Bytes that were given as such are to blame themselves, and so are a number that is to be a date, and a value
            // that chooses no reading.
            let given = matches!(row.cells.get(fault.field), Some(Cell::Raw(..) | Cell::Int(_)))
                || fault.detail == UNCHOSEN.detail;
            if !given && self.is_shared(fault.field) {
                return Err(NOT_CHOSEN.within(fault.field, 0));
            }
            let code = if given { fault.code } else { Code::INTERNAL };
            return Err(Fault { code, offset: 0, ..fault.clone() });
        }
        Ok(())
    }

    fn compare_field(&self, index: usize, row: &Row, back: &Row) -> Result<(), Fault> {
        let Some(step) = self.steps.get(index) else { return Ok(()) };
        let shared = self.is_shared(index);
        let same = match is_same(step, row, back, index) {
            true => !shared || self.reads_the_same(row, back, index)?,
            // A float need not be the one that was given: it is the nearest one of its field.
            false => is_float(row, index) && self.reads_as_written(row, back, index)?,
        };
        if !same {
            return Err(if shared { CONTRADICTS } else { NOT_READ_BACK }.within(index, 0));
        }
        Ok(())
    }

    /// Whether a leaf shares its bytes with others.
    fn is_shared(&self, index: usize) -> bool {
        self.shared.get(index) == Some(&true)
    }

    /// Whether a value that need not look the same, because it is text in a field of another kind, is the one that was
    /// read back.
    fn reads_the_same(&self, row: &Row, back: &Row, index: usize) -> Result<bool, Fault> {
        let step = &self.steps[index];
        if !matches!(row.cells.get(index), Some(Cell::Text(..))) || step.kind.is_text() {
            return Ok(true);
        }
        self.reads_as_written(row, back, index)
    }

    /// Whether what a value is written as, alone, is what was read back.
    fn reads_as_written(&self, row: &Row, back: &Row, index: usize) -> Result<bool, Fault> {
        let (mut bytes, mut own) = (Vec::new(), Row::default());
        self.write_leaf(index, row, &mut bytes, &mut Vec::new())?;
        let cell = self.leaf(index, 0, &bytes, &mut own);
        own.cells.push(cell);
        Ok(is_equal(&own, 0, back, index))
    }
}

fn is_float(row: &Row, index: usize) -> bool {
    matches!(row.cells.get(index), Some(Cell::Single(_) | Cell::Double(_)))
}

/// Whether two cells, both read from bytes, are the same value.
fn is_equal(a: &Row, at: usize, b: &Row, index: usize) -> bool {
    match (a.cells.get(at), b.cells.get(index)) {
        (Some(Cell::Single(a)), Some(Cell::Single(b))) => a.to_bits() == b.to_bits(),
        (Some(Cell::Double(a)), Some(Cell::Double(b))) => a.to_bits() == b.to_bits(),
        (Some(Cell::Null), Some(Cell::Null)) => true,
        _ => match (a.decimal(at), b.decimal(index)) {
            (Some(a), Some(b)) => a.same_value(b),
            (None, None) => a.str(at).is_some() && a.str(at) == b.str(index),
            _ => false,
        },
    }
}

/// Whether a cell came back. Text in a field of another kind has been read as that kind; it need not look the same.
fn is_same(step: &Step, row: &Row, back: &Row, index: usize) -> bool {
    match (row.cells.get(index), back.cells.get(index)) {
        (Some(Cell::Absent), _) => true,
        (None | Some(Cell::Null), Some(Cell::Null)) => true,
        (None | Some(Cell::Null), Some(_)) => step.filler,
        (Some(Cell::Text(..)), Some(Cell::Text(..))) if step.kind.is_text() => {
            let (given, found) = (row.str(index).unwrap_or_default(), back.str(index).unwrap_or_default());
            let same = |given: &str| {
                let (given, found) = (fixed_text(step, given), fixed_text(step, found));
                step.rules.as_ref().map_or(given == found, |rules| is_same_text(rules, given, found))
            };
            // A character that is written one way only reads back as another.
            same(given) || same(&step.text().reads_back(given))
        }
        (Some(Cell::Text(..)), Some(Cell::Null)) => {
            row.str(index).is_some_and(|text| fixed_text(step, text).is_empty())
        }
        (Some(Cell::Text(..)), Some(Cell::Absent | Cell::Bad)) => false,
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

/// A text without the blanks that fill its field.
fn fixed_text<'t>(step: &Step, text: &'t str) -> &'t str {
    match step.kind {
        _ if step.varlen => text,
        Kind::Only | Kind::Either | Kind::Graphic => text.trim_end_matches(['\u{3000}', ' ']),
        _ => text.trim_end_matches(' '),
    }
}

/// Whether a text came back by the rules of its field: without the padding they name, and perhaps cut.
fn is_same_text(rules: &Rules, given: &str, found: &str) -> bool {
    let (given, found) = (plain_text(rules, given), plain_text(rules, found));
    given == found || (rules.cut && given.starts_with(found))
}

fn plain_text<'t>(rules: &Rules, text: &'t str) -> &'t str {
    let blanks: &[char] = if rules.trim_ideographic { &[' ', '\u{3000}'] } else { &[' '] };
    let text = text.trim_end_matches(blanks);
    if rules.justified { text.trim_start_matches(' ') } else { text }
}
