//! What an expression compiles to: a tree of steps whose types are known.

use crate::trade::fields::FieldRef;
use fpp_codecs::record::Decimal;
use std::borrow::Cow;

/// Longest text of an expression, in bytes.
pub const LONGEST: usize = 1_000;
/// Most steps of an expression.
pub const NODES: usize = 200;
/// Longest text that a step gives, in bytes.
pub const TEXT_MAX: usize = 8_192;
/// Most digits after the point that a number has.
pub(super) const SCALE_MAX: u8 = 38;

/// What a step gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Always nothing.
    Null,
    /// True or false.
    Bool,
    /// An exact decimal.
    Number,
    /// Text.
    Text,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'r> {
    /// Nothing: an empty field.
    Null,
    /// True or false.
    Bool(bool),
    /// An exact decimal.
    Number(Decimal),
    /// Text.
    Text(Cow<'r, str>),
}

impl Type {
    /// The type as people know it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Type::Null => "null",
            Type::Bool => "a condition",
            Type::Number => "a number",
            Type::Text => "text",
        }
    }
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What numbers are put together with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
}

/// Functions of text and numbers. Those with digits have them as a literal, so that they are known beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Abs,
    Round(u8),
    Truncate(u8),
    Divide(u8),
    Number,
    String,
    Size,
    Contains,
    StartsWith,
    EndsWith,
    Substring,
    Replace,
    Trim,
    Upper,
    Lower,
}

/// A whole expression.
#[derive(Clone, Debug)]
pub(super) struct Compiled {
    pub(super) node: Node,
    pub(super) kind: Type,
    /// The fields it looks at, in layout order; at least one.
    pub(super) fields: Vec<FieldRef>,
}

/// One step.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Literal(Value<'static>),
    Number(FieldRef),
    Text(FieldRef),
    Not(Box<Node>),
    Negate(Box<Node>),
    And(Box<[Node; 2]>),
    Or(Box<[Node; 2]>),
    Choose(Box<[Node; 3]>),
    Compare(Relation, Box<[Node; 2]>),
    In(Box<Node>, Vec<Node>),
    Compute(Arithmetic, Box<[Node; 2]>),
    Join(Box<[Node; 2]>),
    Call(Function, Vec<Node>),
}
