//! A row to bytes: the exact mirror of decoding.
//!
//! A cell may be the one decoding gives, or text, which is read as the field's kind. Nothing is rounded, and cut only where
//! the field says so: what does not fit is a fault (D19). What is cut is told, and so are substitute characters. The
//! finished record is decoded again and compared before it is let out. Faults and repairs have their place within the
//! value, in characters.

use super::content::{write_hex, write_text};
use super::plan::{Nulls, Plan, Short, Step};
use super::row::{Cell, Repair, Row};
use super::turns::Turns;
use super::{chars, encode_tree, float, moment, number, special};
use crate::code::Code;
use crate::date::form::Year;
use crate::fault::{Fault, Flaw};
use crate::layout::{Kind, Rules};
use crate::number::Digits;
use crate::text;

const WRONG_CELL: Flaw = Flaw::new(Code::RANGE, 0, "the value is not of the field's kind");

const NO_NULLS: Flaw = Flaw::new(
    Code::MANDATORY,
    0,
    "the field may be null, and nothing says how a null is written: say nulls = \"map\", \"flag\" or \"blank\" in a format",
);

impl Plan {
    pub(crate) fn encode(&self, row: &Row, out: &mut Vec<u8>) -> Result<Vec<Repair>, Fault> {
        let start = out.len();
        let mut repairs = Vec::new();
        let written = self.write(row, &Turns::default(), out, &mut repairs).and_then(|()| {
            self.fill(start, out);
            self.prove(row, &out[start..])
        });
        let written = written.or_else(|fault| self.write_by_others(row, start, fault, out, &mut repairs));
        written.inspect_err(|_| out.truncate(start)).map(|()| repairs)
    }

    /// Fills a record that varies up to what its file has.
    pub(super) fn fill(&self, start: usize, out: &mut Vec<u8>) {
        let end = self.filled.map_or(out.len(), |filled| out.len().max(start + filled));
        out.resize(end, self.page.blank());
    }

    /// Appends the fields.
    pub(super) fn write(
        &self,
        row: &Row,
        turns: &Turns,
        out: &mut Vec<u8>,
        repairs: &mut Vec<Repair>,
    ) -> Result<(), Fault> {
        if !self.nodes.is_empty() {
            return encode_tree::write(self, row, turns, out, repairs);
        }
        let (zero, one) = (self.null_mark() - 1, self.null_mark());
        for (index, step) in self.steps.iter().enumerate() {
            let cell = row.cells.get(index).copied().unwrap_or(Cell::Null);
            if cell == Cell::Absent && self.short == Short::Absent && self.nulls == Nulls::None {
                return self.nothing_after(index, row);
            }
            self.write_leaf(index, row, out, repairs)?;
            if self.nulls == Nulls::Flag && step.nullable {
                out.push(if cell == Cell::Null { one } else { self.page.blank() });
            }
        }
        if self.nulls == Nulls::Map {
            let is_null = |index, step: &Step| step.nullable && matches!(row.cells.get(index), None | Some(Cell::Null));
            out.extend(self.steps.iter().enumerate().map(|(i, step)| if is_null(i, step) { one } else { zero }));
        }
        Ok(())
    }

    /// One field.
    pub(super) fn write_leaf(
        &self,
        index: usize,
        row: &Row,
        out: &mut Vec<u8>,
        repairs: &mut Vec<Repair>,
    ) -> Result<(), Fault> {
        let Some(step) = self.steps.get(index) else { return Ok(()) };
        let mut told = |at, what| repairs.push(Repair { field: index, offset: at, what });
        let put = match row.cells.get(index).copied().unwrap_or(Cell::Null) {
            Cell::Null => write_null(step, self.nulls, out),
            cell => write_cell(step, cell, row, index, out, &mut told),
        };
        put.map_err(|flaw| flaw.within(index, 0))
    }

    /// A record may end early, but not go on after a gap.
    fn nothing_after(&self, index: usize, row: &Row) -> Result<(), Fault> {
        match row.cells.iter().skip(index).position(|cell| *cell != Cell::Absent) {
            None => Ok(()),
            Some(_) => Err(Flaw::NO_VALUE.within(index, 0)),
        }
    }
}

/// A null's place: blanks, or the kind's default where the null is told elsewhere. Fillers are blank when not given.
fn write_null(step: &Step, nulls: Nulls, out: &mut Vec<u8>) -> Result<(), Flaw> {
    let rules = step.rules.as_deref().unwrap_or(&Rules::PLAIN);
    let end = out.len() + step.bytes;
    if rules.no_date.nulls().next().is_some() && nulls != Nulls::Blank {
        return moment::write_none(step, rules, out);
    }
    let filler = step.filler && step.kind.is_text() && !step.varlen;
    if filler || (step.nullable && nulls == Nulls::Blank) {
        text::pad(step.page, end, out);
        return Ok(());
    }
    if !step.nullable || nulls == Nulls::None {
        return match special::write_unfilled(step, rules, out) {
            true => Ok(()),
            false => Err(if step.nullable { NO_NULLS } else { Flaw::NO_VALUE }),
        };
    }
    let fraction = "000000000000";
    match step.kind {
        Kind::Packed { .. } | Kind::Zoned { .. } | Kind::Number { .. } => {
            number::write(step, rules, &Digits::ZERO, out)
        }
        Kind::Binary { .. } | Kind::Float { .. } => {
            out.resize(out.len() + step.bytes, 0);
            Ok(())
        }
        Kind::Hex => {
            out.resize(out.len() + step.bytes, 0);
            Ok(())
        }
        Kind::Date(form) if form.year == Year::Two => moment::write(step, rules, "1940-01-01", out),
        Kind::Date(form) if form.year == Year::Century => moment::write(step, rules, "1900-01-01", out),
        Kind::Date(_) => moment::write(step, rules, "0001-01-01", out),
        Kind::Time(_) => moment::write(step, rules, "00:00:00", out),
        Kind::Timestamp { fraction: 0 } => moment::write(step, rules, "0001-01-01-00.00.00", out),
        Kind::Timestamp { fraction: n } => {
            let text = format!("0001-01-01-00.00.00.{}", &fraction[..usize::from(n).min(fraction.len())]);
            moment::write(step, rules, &text, out)
        }
        _ if step.varlen => {
            out.extend([0, 0]);
            text::pad(step.page, end, out);
            Ok(())
        }
        _ => write_text(step, "", out, &mut |_, _| ()),
    }
}

fn write_cell(
    step: &Step,
    cell: Cell,
    row: &Row,
    index: usize,
    out: &mut Vec<u8>,
    told: &mut dyn FnMut(usize, &'static str),
) -> Result<(), Flaw> {
    let text = row.str(index);
    let rules = step.rules.as_deref().unwrap_or(&Rules::PLAIN);
    match (step.kind, cell) {
        (_, Cell::Bad | Cell::Null | Cell::Absent) => Err(Flaw::NO_VALUE),
        // What a policy kept goes back as it came; where none keeps anything, reading it back refuses it.
        (_, Cell::Raw(..)) => write_hex(step, text.unwrap_or_default(), out),
        (Kind::Hex, Cell::Text(..) | Cell::Hex(..)) => write_hex(step, text.unwrap_or_default(), out),
        (kind, Cell::Text(..)) if kind.is_text() => match &step.rules {
            None => write_text(step, text.unwrap_or_default(), out, told),
            Some(rules) => chars::write(step, rules, text.unwrap_or_default(), out, told),
        },
        (Kind::Date(_) | Kind::Time(_) | Kind::Timestamp { .. }, Cell::Text(..)) => {
            moment::write(step, rules, text.unwrap_or_default(), out)
        }
        (_, Cell::Text(..)) if let Some(form) = rules.moment => {
            moment::write_number(step, rules, form, text.unwrap_or_default(), out)
        }
        (Kind::Float { .. } | Kind::DecFloat { .. }, _) => float::write(step, rules, cell, text, out, told),
        (kind, _) => {
            let decimals = number::decimals(kind).ok_or(WRONG_CELL)?;
            let number = match (row.decimal(index), text) {
                (Some(value), _) => match value.rescale(decimals) {
                    Some(value) => Digits::of(value.unscaled),
                    None => Digits::parse(&value.to_string(), decimals)?,
                },
                (None, Some(text)) => Digits::parse(text, decimals)?,
                (None, None) => return Err(WRONG_CELL),
            };
            // Reading back would refuse it, if no policy let it pass.
            if let (Some(form), Some(value)) = (rules.moment, number.narrow()) {
                moment::meant(step, rules, form, value, &mut String::new())?;
            }
            number::write(step, rules, &number, out)
        }
    }
}
