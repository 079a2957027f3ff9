//! Whether a record fits: comparisons are true, false, or neither where something cannot be read.

use super::compare::Number;
use super::model::{Node, Operand, Relation, Value};
use crate::record::plan::Plan;
use crate::record::{Cell, Decimal, Row};
use crate::text;
use std::cmp::Ordering;

/// The record a condition is about.
pub(crate) enum Source<'a> {
    /// Its bytes, and how fields are read from them.
    Bytes(&'a Plan, &'a [u8]),
    /// Its fields decoded.
    Row(&'a Row),
    /// Its fields decoded, because they have no places, and its bytes.
    Both(&'a Row, &'a [u8]),
}

/// What a comparison sees of a field.
enum Seen<'r> {
    Text(&'r str),
    Number(Number),
    /// No value.
    Null,
    /// Cannot be read.
    Bad,
}

/// Neither true nor false is nothing.
pub(super) fn holds(node: &Node, source: &Source<'_>) -> Option<bool> {
    match node {
        Node::All(parts) => decided(parts, false, source),
        Node::Any(parts) => decided(parts, true, source),
        Node::Not(part) => holds(part, source).map(|truth| !truth),
        Node::Null(field) => source.is_null(*field),
        Node::Test { operand, relation, values } => test(operand, *relation, values, source),
    }
}

/// The first part that decides does; else what is neither true nor false is so as a whole.
fn decided(parts: &[Node], by: bool, source: &Source<'_>) -> Option<bool> {
    let mut known = true;
    for part in parts {
        match holds(part, source) {
            Some(truth) if truth == by => return Some(by),
            Some(_) => {}
            None => known = false,
        }
    }
    known.then_some(!by)
}

fn test(operand: &Operand, relation: Relation, values: &[Value], source: &Source<'_>) -> Option<bool> {
    match operand {
        Operand::Text { field, plain } => {
            let quick = match source {
                Source::Bytes(plan, record) if *plain => ascii(plan, *field, record, values),
                Source::Row(row) | Source::Both(row, _) if relation.is_equality() => constant(row, *field, values),
                _ => None,
            };
            if let Some(found) = quick {
                return Some(found == (relation == Relation::Equal));
            }
            let (mut row, mut other_row) = (Row::default(), Row::default());
            let seen = source.text(*field, &mut row);
            one_of(relation, values, &seen, |value| match value {
                Value::Text(wanted) => compared(&seen, &Seen::Text(wanted)),
                Value::Field(other) => compared(&seen, &source.text(*other, &mut other_row)),
                Value::Number(_) | Value::Bytes(_) => None,
            })
        }
        Operand::Number(field) => numbers(relation, values, &source.number(*field), source),
        Operand::Length => {
            let length = Number::Narrow(Decimal::whole(source.bytes()?.len() as i128));
            numbers(relation, values, &Seen::Number(length), source)
        }
        Operand::Bytes { at, length } => {
            let found = source.bytes()?.get(*at..at + length)?;
            let fits = |value: &Value| matches!(value, Value::Bytes(bytes) if relation.holds(found.cmp(bytes)));
            Some(values.iter().any(fits))
        }
    }
}

fn numbers(relation: Relation, values: &[Value], seen: &Seen<'_>, source: &Source<'_>) -> Option<bool> {
    one_of(relation, values, seen, |value| match (value, seen) {
        (Value::Number(wanted), Seen::Number(seen)) => Some(seen.compare(wanted)),
        (Value::Field(other), _) => compared(seen, &source.number(*other)),
        _ => None,
    })
}

/// Whether a value of the list fits; a null equals nothing, and is unequal to everything.
fn one_of(
    relation: Relation,
    values: &[Value],
    seen: &Seen<'_>,
    mut order: impl FnMut(&Value) -> Option<Ordering>,
) -> Option<bool> {
    match seen {
        Seen::Bad => return None,
        Seen::Null => return Some(relation == Relation::Unequal),
        Seen::Text(_) | Seen::Number(_) => {}
    }
    let mut known = true;
    for value in values {
        match order(value) {
            Some(order) if relation.holds(order) => return Some(true),
            Some(_) => {}
            None => known = false,
        }
    }
    known.then_some(false)
}

fn compared(a: &Seen<'_>, b: &Seen<'_>) -> Option<Ordering> {
    match (a, b) {
        (Seen::Text(a), Seen::Text(b)) => Some(a.cmp(b)),
        (Seen::Number(a), Seen::Number(b)) => Some(a.compare(b)),
        _ => None,
    }
}

/// Whether a field of single bytes with ASCII's characters holds one of the values; nothing if it must be decoded.
fn ascii(plan: &Plan, field: usize, record: &[u8], values: &[Value]) -> Option<bool> {
    let step = plan.steps.get(field)?;
    let bytes = record.get(step.start..step.start + step.bytes)?;
    let table = text::ascii(step.page);
    let mut found = false;
    // Every byte must be a character of its own, also where no value is as long.
    if bytes.iter().any(|byte| !matches!(table[usize::from(*byte)], b' '..=b'~')) {
        return None;
    }
    for value in values {
        let Value::Text(wanted) = value else { return None };
        let (head, tail) = bytes.split_at_checked(wanted.len()).unwrap_or((&[], &[]));
        found |= (head.len() == wanted.len())
            && head.iter().zip(wanted.bytes()).all(|(byte, c)| table[usize::from(*byte)] == c)
            && tail.iter().all(|byte| table[usize::from(*byte)] == b' ');
    }
    Some(found)
}

/// Whether a decoded text is one of the values, blanks behind it aside; nothing if it is none, or they are of other kinds.
fn constant(row: &Row, field: usize, values: &[Value]) -> Option<bool> {
    let Cell::Text(..) = row.cells.get(field)? else { return None };
    let text = row.str(field)?.as_bytes();
    let mut found = false;
    for value in values {
        let Value::Text(wanted) = value else { return None };
        let tail = text.strip_prefix(wanted.as_bytes());
        found |= tail.is_some_and(|tail| tail.iter().all(|byte| *byte == b' '));
    }
    Some(found)
}

impl Source<'_> {
    fn bytes(&self) -> Option<&[u8]> {
        match self {
            Source::Bytes(_, record) | Source::Both(_, record) => Some(record),
            Source::Row(_) => None,
        }
    }

    /// The row with a field's cell, and the cell's index there; a field of bytes is decoded into the scratch row.
    fn cell<'r>(&'r self, field: usize, scratch: &'r mut Row) -> (&'r Row, usize) {
        match self {
            Source::Row(row) | Source::Both(row, _) => (row, field),
            Source::Bytes(plan, record) => {
                scratch.clear();
                let cell = plan.field(field, record, scratch);
                scratch.cells.push(cell);
                (scratch, 0)
            }
        }
    }

    fn is_null(&self, field: usize) -> Option<bool> {
        let mut scratch = Row::default();
        let (row, field) = self.cell(field, &mut scratch);
        match row.cells.get(field)? {
            Cell::Absent if row.is_lost(field) => None,
            Cell::Null | Cell::Absent => Some(true),
            Cell::Bad | Cell::Raw(..) => None,
            _ => Some(false),
        }
    }

    fn text<'r>(&'r self, field: usize, scratch: &'r mut Row) -> Seen<'r> {
        let (row, field) = self.cell(field, scratch);
        match (row.cells.get(field), row.str(field)) {
            (Some(Cell::Absent), _) if row.is_lost(field) => Seen::Bad,
            (Some(Cell::Null | Cell::Absent), _) => Seen::Null,
            (Some(Cell::Text(..) | Cell::Hex(..) | Cell::Wide(..)), Some(text)) => {
                Seen::Text(text.trim_end_matches(' '))
            }
            _ => Seen::Bad,
        }
    }

    fn number(&self, field: usize) -> Seen<'static> {
        let mut scratch = Row::default();
        let (row, field) = self.cell(field, &mut scratch);
        match (row.cells.get(field), row.decimal(field)) {
            (Some(Cell::Absent), _) if row.is_lost(field) => Seen::Bad,
            (Some(Cell::Null | Cell::Absent), _) => Seen::Null,
            (_, Some(number)) => Seen::Number(Number::Narrow(number)),
            (Some(Cell::Text(..) | Cell::Wide(..)), None) => {
                row.str(field).and_then(|text| Number::parse(text.trim())).map_or(Seen::Bad, Seen::Number)
            }
            _ => Seen::Bad,
        }
    }
}
