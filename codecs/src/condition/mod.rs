//! Conditions over a record: a small language for which records a layout fits, and which details a total counts.
//!
//! ```text
//! RECTYP == "D" and SUB in ["01", "02"] and length >= 80
//! not (AMT < 0 or STAT is null) and record.at(5, 2) == x'C4C5'
//! ```
//!
//! Compared are fields by their names, `length` (bytes of the record) and `record.at(from, bytes)` with literals or with
//! each other: texts without the blanks at their end, numbers by value and exactly, `x'..'` with the bytes themselves.
//! `and`, `or`, `not`, `in`, `is null` are written small, because names of fields are not. A null equals nothing.
//!
//! What cannot be read makes a comparison neither true nor false, and the whole only where it decides: then the record
//! does not fit. Everything is compiled once; a text has at most [`LONGEST`] bytes and [`DEEPEST`] levels, so that
//! neither compiling nor a hostile record costs much. There is no arithmetic and there are no functions.

mod compare;
mod compile;
mod eval;
mod model;
mod parse;
#[cfg(test)]
mod tests;
mod token;

pub(crate) use compile::Scope;
pub(crate) use eval::Source;

pub use model::{ConditionFault, DEEPEST, LONGEST};

use model::{Node, Operand, Relation, Value};

/// A condition, ready for use with records of one layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    text: String,
    node: Node,
}

impl Condition {
    /// Compiles a text for a layout.
    pub(crate) fn parse(text: &str, scope: &Scope<'_>) -> Result<Condition, ConditionFault> {
        if text.len() > LONGEST {
            return Err(ConditionFault {
                at: LONGEST,
                message: format!("the condition is longer than {LONGEST} bytes"),
                unknown: false,
            });
        }
        let node = parse::parse(text, scope)?;
        Ok(Condition { text: text.to_owned(), node })
    }

    /// A field's value is a text; for numbers: it has the value that the text says.
    pub(crate) fn equals(field: usize, text: &str, scope: &Scope<'_>) -> Result<Condition, ConditionFault> {
        let node = compile::equals(field, text, scope)?;
        Ok(Condition { text: format!("{} == '{}'", scope.name(field), text.replace('\'', "''")), node })
    }

    /// As it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the record fits; nothing if that depends on what cannot be read.
    pub(crate) fn holds(&self, source: &Source<'_>) -> Option<bool> {
        eval::holds(&self.node, source)
    }

    /// Every field that it names, in no order.
    pub(crate) fn fields(&self) -> Vec<usize> {
        let mut found = Vec::new();
        named(&self.node, &mut found);
        found
    }

    /// Takes a place and the bytes that must stand there out of the condition, if it demands such; the rest of it, if
    /// any is left.
    pub(crate) fn split_bytes(self) -> (Option<(usize, Vec<u8>)>, Option<Condition>) {
        let Condition { text, node } = self;
        let mut all = match node {
            Node::All(all) => all,
            other => vec![other],
        };
        let found = all.iter().position(|node| certain(node).is_some());
        let bytes = found.map(|index| all.remove(index)).as_ref().and_then(certain);
        let rest = match all.len() {
            0 => None,
            1 => all.pop(),
            _ => Some(Node::All(all)),
        };
        (bytes, rest.map(|node| Condition { text, node }))
    }
}

/// Fields of a part of a condition.
fn named(node: &Node, found: &mut Vec<usize>) {
    match node {
        Node::Any(parts) | Node::All(parts) => parts.iter().for_each(|part| named(part, found)),
        Node::Not(part) => named(part, found),
        Node::Null(field) => found.push(*field),
        Node::Test { operand, values, .. } => {
            if let Operand::Text { field, .. } | Operand::Number(field) = operand {
                found.push(*field);
            }
            found.extend(values.iter().filter_map(|value| match value {
                Value::Field(field) => Some(*field),
                _ => None,
            }));
        }
    }
}

/// The bytes that a test demands at a place.
fn certain(node: &Node) -> Option<(usize, Vec<u8>)> {
    match node {
        Node::Test { operand: Operand::Bytes { at, .. }, relation: Relation::Equal, values } => match &values[..] {
            [Value::Bytes(bytes)] => Some((*at, bytes.clone())),
            _ => None,
        },
        _ => None,
    }
}
