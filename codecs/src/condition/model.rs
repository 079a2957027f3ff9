//! The parts of a compiled condition.

use super::compare::Number;
use std::cmp::Ordering;
use std::fmt;

/// Most bytes of a condition.
pub const LONGEST: usize = 4096;
/// Most levels of parentheses and `not`.
pub const DEEPEST: usize = 32;

/// What is wrong with a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionFault {
    /// Byte of the text, from 0.
    pub at: usize,
    /// In words.
    pub message: String,
    /// A name is no field of the layout.
    pub(super) unknown: bool,
}

/// A part of a compiled condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Any(Vec<Node>),
    All(Vec<Node>),
    Not(Box<Node>),
    /// The operand is compared with the values; it fits if it fits one of them.
    Test {
        operand: Operand,
        relation: Relation,
        values: Vec<Value>,
    },
    /// The field has no value.
    Null(usize),
}

/// What stands on the left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operand {
    /// A field's text, by its index.
    Text {
        field: usize,
        /// Whether its bytes are compared with values of ASCII characters before anything is decoded.
        plain: bool,
    },
    /// A field's number.
    Number(usize),
    /// Bytes of the record: of a field, or of a place.
    Bytes { at: usize, length: usize },
    /// The record's length.
    Length,
}

/// What stands on the right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Number(Number),
    Bytes(Vec<u8>),
    /// Another field, read as the operand is.
    Field(usize),
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Relation {
    /// Whether it asks for the same or for another value: a list of several stands on the right of `==` alone.
    pub(super) fn is_equality(self) -> bool {
        matches!(self, Relation::Equal | Relation::Unequal)
    }

    pub(super) fn holds(self, order: Ordering) -> bool {
        match self {
            Relation::Equal => order.is_eq(),
            Relation::Unequal => order.is_ne(),
            Relation::Less => order.is_lt(),
            Relation::LessOrEqual => order.is_le(),
            Relation::Greater => order.is_gt(),
            Relation::GreaterOrEqual => order.is_ge(),
        }
    }
}

impl ConditionFault {
    /// Whether only a field is missing, which another layout may have.
    pub fn is_unknown_field(&self) -> bool {
        self.unknown
    }
}

impl fmt::Display for ConditionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: {}", self.at + 1, self.message)
    }
}
