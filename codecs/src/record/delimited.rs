//! Records of fields between delimiters, both ways: the first field of the record is the first of the layout.
//!
//! As CPYTOIMPF and CPYFRMIMPF have it (CL, "Copy To Import File"): numbers are text with sign and point, strings may
//! stand between string delimiters, and nothing between two delimiters is null. Bytes are converted field by field,
//! after splitting. Lengths, digits and decimals are those of the layout; its places, implied points, signs and packing
//! are not, because no field has them here.

use super::plan::{Plan, Short, Step};
use super::row::{Cell, Repair, Row};
use super::{chars, content, decimal::Decimal, decode, moment, number, special};
use crate::code::Code;
use crate::fault::{Fault, Flaw};
use crate::framing::delimited::{Delimited, Piece};
use crate::framing::scan::Scanner;
use crate::layout::{Dirty, Kind, Rules};
use crate::number::explicit::Explicit;
use crate::number::{Digits, WIDEST, float};
use crate::text;

const MORE: Flaw = Flaw::new(Code::LENGTH, 0, "the record has more fields than its layout");
const FEWER: Flaw = Flaw::new(Code::LENGTH, 0, "the record ends before this field");
const NOTHING: Flaw =
    Flaw::new(Code::MANDATORY, 0, "nothing stands between the delimiters, and the field cannot be null");
const TRAILING: Flaw = Flaw::new(Code::RANGE, 0, "something follows the closing string delimiter");
const TOO_LONG: Flaw = Flaw::new(Code::TOO_LONG, 0, "the value is too long for its field");
const NO_QUOTE: Flaw = Flaw::new(Code::NO_QUOTE, 0, "the value holds the delimiter, and there is no quote");
const WRONG_CELL: Flaw = Flaw::new(Code::RANGE, 0, "the value is not of the field's kind");
const OTHER_FORM: Flaw =
    Flaw::new(Code::DATE, 0, "more or fewer characters than dates, times or timestamps of this format have");
const NO_FORM: Flaw = Flaw::new(Code::RANGE, 0, "fields of this kind have no form between delimiters");

impl Plan {
    /// Fills the row from the fields of a record.
    pub(crate) fn decode_delimited(&self, scanner: &Scanner, record: &[u8], row: &mut Row) {
        row.clear();
        let how = scanner.form();
        let mut unquoted = Vec::new();
        scanner.fields(record, &mut |piece| {
            let index = row.cells.len();
            let Some(step) = self.steps.get(index) else {
                if row.faults.last().is_none_or(|fault| fault.detail != MORE.detail) {
                    row.faults.push(MORE.within(usize::MAX, piece.from));
                }
                return;
            };
            let mut bytes = record.get(piece.from..piece.to).unwrap_or_default();
            if piece.escaped {
                unquoted.clear();
                how.unquote(bytes, &mut unquoted);
                bytes = &unquoted;
            }
            let length = row.text.len();
            let (text, repairs) = (&mut row.text, &mut row.repairs);
            let cell = read(step, how, &piece, bytes, text, &mut |at, what| {
                repairs.push(Repair { field: index, offset: piece.from + at, what });
            });
            row.cells.push(cell.unwrap_or_else(|flaw| {
                row.text.truncate(length);
                row.faults.push(flaw.within(index, piece.from));
                Cell::Bad
            }));
        });
        while row.cells.len() < self.steps.len() {
            let absent = self.short == Short::Absent;
            if !absent {
                row.faults.push(FEWER.within(row.cells.len(), record.len()));
            }
            row.cells.push(if absent { Cell::Absent } else { Cell::Bad });
        }
    }

    /// Appends the fields of a row with delimiters between, and gives what was repaired; on a fault `out` is as before.
    /// What was written has been read back and compared.
    pub(crate) fn encode_delimited(
        &self,
        scanner: &Scanner,
        row: &Row,
        out: &mut Vec<u8>,
    ) -> Result<Vec<Repair>, Fault> {
        let start = out.len();
        let mut repairs = Vec::new();
        let written = self.write_fields(scanner.form(), row, out, &mut repairs).and_then(|()| {
            let mut back = Row::default();
            self.decode_delimited(scanner, &out[start..], &mut back);
            let unquoted = |fault: Fault| {
                self.unquoted(scanner.form(), row).filter(|_| fault.code == Code::INTERNAL).unwrap_or(fault)
            };
            self.compare(row, &back).map_err(unquoted)
        });
        written.inspect_err(|_| out.truncate(start)).map(|()| repairs)
    }

    /// The first text with a delimiter that nothing can protect.
    fn unquoted(&self, how: &Delimited, row: &Row) -> Option<Fault> {
        let mut bytes = Vec::new();
        let holds = |index: &usize| {
            let step = &self.steps[*index];
            bytes.clear();
            let text = row.str(*index).filter(|_| step.kind.is_text());
            text.is_some_and(|text| text::encode(step.page, text, &mut bytes).is_ok() && bytes.contains(&how.field))
        };
        let index = (0..self.steps.len()).find(holds).filter(|_| how.quote.is_none())?;
        Some(NO_QUOTE.within(index, 0))
    }

    fn write_fields(
        &self,
        how: &Delimited,
        row: &Row,
        out: &mut Vec<u8>,
        repairs: &mut Vec<Repair>,
    ) -> Result<(), Fault> {
        let is_absent = |index: &usize| row.cells.get(*index).is_some_and(|cell| *cell == Cell::Absent);
        let absent = (0..self.steps.len()).rev().take_while(is_absent).count();
        let absent = if self.short == Short::Absent { absent } else { 0 };
        for (index, step) in self.steps.iter().take(self.steps.len() - absent).enumerate() {
            if index > 0 {
                out.push(how.field);
            }
            let mut told = |at, what| repairs.push(Repair { field: index, offset: at, what });
            let cell = row.cells.get(index).copied().unwrap_or(Cell::Null);
            write(step, how, cell, row, index, out, &mut told).map_err(|flaw| flaw.within(index, 0))?;
        }
        Ok(())
    }
}

/// The form of a number with so many digits and decimals.
fn explicit(step: &Step, how: &Delimited, digits: u8, decimals: u8) -> Explicit {
    Explicit { digits, decimals, point: how.point, ebcdic: step.page.is_ebcdic() }
}

/// Digits and decimals as a number is written between delimiters, zeros that the field implies included.
fn digits_of(step: &Step) -> Option<(u8, u8)> {
    let up = step.rules.as_deref().map_or(0, |rules| rules.scale_up);
    match step.kind {
        Kind::NumberText { decimals } => Some((WIDEST, decimals)),
        kind => kind.digits().map(|(digits, decimals)| (digits.saturating_add(up).min(WIDEST), decimals)),
    }
}

fn read(
    step: &Step,
    how: &Delimited,
    piece: &Piece,
    bytes: &[u8],
    out: &mut String,
    repaired: &mut dyn FnMut(usize, &'static str),
) -> Result<Cell, Flaw> {
    if piece.trailing {
        return Err(TRAILING);
    }
    let text = step.kind.is_text() || step.kind == Kind::Hex;
    let bare = text::trim(step.page, bytes);
    if !piece.quoted && bare.is_empty() && (step.nullable || !text) {
        return nothing(step, repaired);
    }
    if text {
        return characters(step, bytes, out, repaired);
    }
    // Blanks may stand before numbers and dates, too.
    let lead = bare.iter().take_while(|b| **b == step.page.blank()).count();
    let bare = &bare[lead..];
    let start = out.len();
    let read = value(step, how, bare, out, repaired).or_else(|flaw| match step.rules.as_deref() {
        Some(rules) => {
            out.truncate(start);
            special::passed(step, rules, bare, flaw, out, repaired)
        }
        None => Err(flaw),
    });
    read.map_err(|flaw| Flaw { at: flaw.at + lead, ..flaw })
}

/// A number, date or time without blanks around it.
fn value(
    step: &Step,
    how: &Delimited,
    bare: &[u8],
    out: &mut String,
    repaired: &mut dyn FnMut(usize, &'static str),
) -> Result<Cell, Flaw> {
    let start = out.len() as u32;
    match (step.kind, step.rules.as_deref()) {
        (Kind::Float { double }, _) => real(step, double, bare),
        (Kind::Date(_) | Kind::Time(_) | Kind::Timestamp { .. }, _) if bare.len() != step.bytes => Err(OTHER_FORM),
        (Kind::Date(_) | Kind::Time(_) | Kind::Timestamp { .. }, None) => decode::plain(step, bare, out, repaired),
        (Kind::Date(_) | Kind::Time(_) | Kind::Timestamp { .. }, Some(rules)) => {
            special::decode(step, rules, bare, out, repaired)
        }
        (_, rules) => {
            let (digits, decimals) = digits_of(step).ok_or(NO_FORM)?;
            let form = explicit(step, how, digits, decimals);
            if let Some(rules) = rules.filter(|rules| rules.moment.is_some()) {
                return numeric_moment(step, rules, form, bare, out);
            }
            let whole = matches!(step.kind, Kind::Binary { decimals: 0, .. });
            if let Some(n) = form.narrow(bare) {
                return Ok(if whole { Cell::Int(n) } else { decimal(n.into(), decimals) });
            }
            let number = form.read(bare)?;
            match number.narrow() {
                Some(n) if whole && let Ok(n) = i64::try_from(n) => Ok(Cell::Int(n)),
                Some(n) => Ok(decimal(n, decimals)),
                None => {
                    number.write(decimals, out);
                    Ok(Cell::Wide(start, out.len() as u32))
                }
            }
        }
    }
}

fn decimal(unscaled: i128, decimals: u8) -> Cell {
    Decimal { unscaled, scale: decimals }.into()
}

/// Nothing between two delimiters: null where that can be, else what the field's policy says.
fn nothing(step: &Step, repaired: &mut dyn FnMut(usize, &'static str)) -> Result<Cell, Flaw> {
    if step.nullable || step.filler {
        return Ok(Cell::Null);
    }
    let Some(rules) = step.rules.as_deref() else { return Err(NOTHING) };
    if rules.no_date.nulls().next().is_some() {
        return Ok(Cell::Null);
    }
    match rules.blank.unwrap_or(rules.dirty) {
        Dirty::Null => {
            repaired(0, "no value: read as null");
            Ok(Cell::Null)
        }
        Dirty::Zero if number::decimals(step.kind).is_some() => {
            repaired(0, "no value: read as zero");
            let whole = matches!(step.kind, Kind::Binary { decimals: 0, .. });
            Ok(if whole { Cell::Int(0) } else { decimal(0, number::decimals(step.kind).unwrap_or(0)) })
        }
        _ => Err(NOTHING),
    }
}

/// Text without the blanks at its end, or bytes that are never converted.
fn characters(
    step: &Step,
    bytes: &[u8],
    out: &mut String,
    repaired: &mut dyn FnMut(usize, &'static str),
) -> Result<Cell, Flaw> {
    let start = out.len() as u32;
    let room = step.bytes - if step.varlen { 2 } else { 0 };
    if step.kind == Kind::Hex {
        if bytes.len() > room {
            return Err(Flaw { at: room, ..TOO_LONG });
        }
        content::hex(bytes, out);
        return Ok(Cell::Hex(start, out.len() as u32));
    }
    let content = if step.varlen { bytes } else { text::trim(step.page, bytes) };
    let field = text::Field { form: text::Form::Text, counted: true, ..step.text() };
    // Double-byte fields stand between shifts here, whatever they are in the record.
    if content.len() > room && matches!(step.kind, Kind::Char | Kind::Open) {
        return Err(Flaw { at: room, ..TOO_LONG });
    }
    let read = field.read(content, out, &mut |at, repair| repaired(at, repair.told()));
    read.map_err(|fault| Flaw::new(fault.code, fault.at, fault.detail))?;
    content::tell_substitutes(step, content, &out[start as usize..], repaired);
    Ok(Cell::Text(start, out.len() as u32))
}

fn real(step: &Step, double: bool, bytes: &[u8]) -> Result<Cell, Flaw> {
    let mut characters = String::new();
    text::decode(step.page, bytes, &mut characters).map_err(|f| Flaw::new(f.code, f.at, f.detail))?;
    let characters = characters.trim();
    match double {
        true => float::parse_double(characters).map(Cell::Double),
        false => float::parse_single(characters).map(Cell::Single),
    }
}

/// A number that means a date: by way of the field's own bytes, which say all there is to say about it. What is bad is
/// left to the field's policy, which looks at the bytes of the file and not at these.
fn numeric_moment(step: &Step, rules: &Rules, form: Explicit, bytes: &[u8], out: &mut String) -> Result<Cell, Flaw> {
    let Some(meaning) = rules.moment else { return Err(NO_FORM) };
    let mut field = Vec::new();
    number::write(step, rules, &form.read(bytes)?, &mut field)?;
    moment::read_number(step, rules, meaning, &field, out).map_err(|flaw| Flaw { at: 0, ..flaw })
}

fn write(
    step: &Step,
    how: &Delimited,
    cell: Cell,
    row: &Row,
    index: usize,
    out: &mut Vec<u8>,
    told: &mut dyn FnMut(usize, &'static str),
) -> Result<(), Flaw> {
    let text = row.str(index);
    let kept = |rules: &Rules| {
        let unfilled = rules.blank.unwrap_or(rules.dirty) == Dirty::Null;
        rules.no_date.nulls().next().is_some() || (unfilled && !step.kind.is_text() && step.kind != Kind::Hex)
    };
    match (step.kind, cell) {
        (_, Cell::Null) if step.nullable || step.filler || step.rules.as_deref().is_some_and(kept) => Ok(()),
        (_, Cell::Null | Cell::Bad | Cell::Absent) => Err(Flaw::NO_VALUE),
        // What a policy kept goes back, between string delimiters; where none keeps anything, reading it back refuses it.
        (_, Cell::Raw(..)) | (Kind::Hex, Cell::Text(..) | Cell::Hex(..)) => {
            let digits = text.unwrap_or_default();
            let pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap_or_default());
            let bytes: Option<Vec<u8>> =
                pairs.map(|pair| u8::from_str_radix(pair, 16).ok().filter(|_| pair.len() == 2)).collect();
            how.quote(&bytes.ok_or(WRONG_CELL)?, out);
            Ok(())
        }
        (kind, Cell::Text(..)) if kind.is_text() => {
            let value = text.unwrap_or_default();
            let value = if step.varlen { value } else { value.trim_end_matches(' ') };
            let field = text::Field { form: text::Form::Text, counted: true, ..step.text() };
            let room = step.bytes - if step.varlen { 2 } else { 0 };
            let mut bytes = Vec::new();
            let value = match step.rules.as_deref() {
                Some(rules) if rules.cut => chars::cut(step, value, room, told),
                _ => value,
            };
            field.write(value, 0, &mut bytes).map_err(|f| Flaw::new(f.code, f.at, f.detail))?;
            if bytes.len() > room && matches!(step.kind, Kind::Char | Kind::Open) {
                return Err(TOO_LONG);
            }
            content::tell_written(&field, value, told);
            how.quote(&bytes, out);
            Ok(())
        }
        (Kind::Date(_) | Kind::Time(_) | Kind::Timestamp { .. }, Cell::Text(..)) => {
            let mut bytes = Vec::new();
            let rules = step.rules.as_deref().unwrap_or(&Rules::PLAIN);
            moment::write(step, rules, text.unwrap_or_default(), &mut bytes)?;
            how.quote(&bytes, out);
            Ok(())
        }
        (Kind::Float { .. }, _) => {
            let written = match (cell, text) {
                (Cell::Single(n), _) if n.is_finite() => real_text(n.into(), n.to_string()),
                (Cell::Double(n), _) if n.is_finite() => real_text(n, n.to_string()),
                (Cell::Text(..), Some(text)) => text.to_owned(),
                _ => return Err(WRONG_CELL),
            };
            text::encode(step.page, &written, out).map_err(|f| Flaw::new(f.code, 0, f.detail))
        }
        _ => write_number(step, how, row, index, out),
    }
}

/// The shorter of two ways to write a number: all its digits, or with an exponent.
fn real_text(n: f64, plain: String) -> String {
    if plain.len() <= 25 { plain } else { format!("{n:e}") }
}

fn write_number(step: &Step, how: &Delimited, row: &Row, index: usize, out: &mut Vec<u8>) -> Result<(), Flaw> {
    let (digits, decimals) = digits_of(step).ok_or(NO_FORM)?;
    let rules = step.rules.as_deref().unwrap_or(&Rules::PLAIN);
    let number = match (row.decimal(index), row.str(index)) {
        (Some(value), _) => match value.rescale(decimals) {
            Some(value) => Digits::of(value.unscaled),
            None => Digits::parse(&value.to_string(), decimals)?,
        },
        (None, Some(text)) if let Some(form) = rules.moment => {
            let mut field = Vec::new();
            moment::write_number(step, rules, form, text, &mut field)?;
            Digits::of(number::whole(step, rules, &field)?)
        }
        (None, Some(text)) => Digits::parse(text, decimals)?,
        (None, None) => return Err(WRONG_CELL),
    };
    explicit(step, how, digits, decimals).write(&number, 0, out)
}
