//! From names and literals to indices and typed values: whatever can be known about a comparison is known here.

use super::compare::Number;
use super::model::{ConditionFault, Node, Operand, Relation, Value};
use super::token::hex;
use crate::layout::{Kind, Layout, Node as Part};
use crate::text::{self, Page};

/// What a condition may speak of.
pub(crate) struct Scope<'a> {
    /// The layout whose fields are named, as its records have them.
    pub(crate) layout: &'a Layout,
    /// Page in which texts are compared with bytes.
    pub(crate) page: Page,
    /// Whether the record's bytes are at hand: `length`, `record.at` and `x'..'` may be used, and only fields whose place
    /// is always the same. Otherwise the condition is about a record that has been decoded.
    pub(crate) bytes: bool,
    /// Whether fields have places in the record's bytes; those between delimiters have none.
    pub(crate) placed: bool,
}

/// What stands on the left of a comparison, by its index or place.
#[derive(Clone, Copy)]
pub(super) enum Left {
    Field(usize),
    Place { at: usize, length: usize },
    Length,
}

/// What stands on the right.
#[derive(Clone)]
pub(super) enum Literal {
    Text(String),
    Number(String),
    Bytes(Vec<u8>),
    Field(usize),
}

/// How values of a field are compared.
#[derive(Clone, Copy, PartialEq)]
enum Class {
    Text,
    Hex,
    Number,
    /// Not at all.
    Float,
}

impl Scope<'_> {
    /// Index of a field.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.layout.fields.iter().position(|field| field.name == name)
    }

    pub(super) fn name(&self, field: usize) -> &str {
        self.layout.fields.get(field).map_or("", |field| &field.name)
    }

    fn class(&self, field: usize) -> Class {
        let Some(field) = self.layout.fields.get(field) else { return Class::Float };
        match field.kind {
            _ if field.rules.moment.is_some() => Class::Text,
            Kind::Hex => Class::Hex,
            Kind::Float { .. } | Kind::DecFloat { .. } => Class::Float,
            Kind::NumberText { .. } => Class::Number,
            kind if kind.digits().is_some() => Class::Number,
            _ => Class::Text,
        }
    }

    /// Whether a text field's bytes can be compared with ASCII characters as they are.
    fn is_plain(&self, field: usize) -> bool {
        let plain = |field: &crate::layout::Field| {
            field.kind == Kind::Char
                && !field.varlen
                && !field.nullable
                && field.rules.is_plain()
                && !field.page.is_none_or(Page::is_wide)
        };
        self.bytes && self.layout.fields.get(field).is_some_and(plain)
    }

    fn moves(&self, field: usize, at: usize) -> ConditionFault {
        let name = self.name(field);
        fault(at, format!("{name} has not the same place in every record: an array that varies stands before its end"))
    }

    fn check(&self, field: usize, at: usize) -> Result<(), ConditionFault> {
        if self.bytes && self.placed && field >= fixed(self.layout) {
            return Err(self.moves(field, at));
        }
        match self.class(field) {
            Class::Float => Err(fault(at, format!("{} is a float, which equals nothing exactly", self.name(field)))),
            _ => Ok(()),
        }
    }
}

/// How many fields have the same place in every record: those before the first array that varies.
fn fixed(layout: &Layout) -> usize {
    fn first(parts: &[Part]) -> Option<usize> {
        parts.iter().find_map(|part| match part {
            Part::Leaf { .. } => None,
            Part::Group { nodes, .. } => first(nodes),
            Part::Array(array) if array.depending.is_some() => Some(array.item.span().0),
            // Its first occurrence has such an array within; what stands before that there has moved in the second.
            Part::Array(array) => first(std::slice::from_ref(&*array.item)).map(|_| array.item.span().0),
            Part::Redefines(part) => first(&part.alternatives),
        })
    }
    first(&layout.nodes).unwrap_or(layout.fields.len())
}

fn fault(at: usize, message: String) -> ConditionFault {
    ConditionFault { at, message, unknown: false }
}

/// A field holds the value that a text says.
pub(super) fn equals(field: usize, text: &str, scope: &Scope<'_>) -> Result<Node, ConditionFault> {
    test(Left::Field(field), 0, Relation::Equal, vec![(0, Literal::Text(text.to_owned()))], scope)
}

/// A field has no value.
pub(super) fn null(left: Left, at: usize, scope: &Scope<'_>) -> Result<Node, ConditionFault> {
    match left {
        Left::Field(field) if scope.bytes && scope.placed && field >= fixed(scope.layout) => {
            Err(scope.moves(field, at))
        }
        Left::Field(field) => Ok(Node::Null(field)),
        Left::Place { .. } | Left::Length => Err(fault(at, "only a field can be null".to_owned())),
    }
}

/// A comparison; the values with their places in the text.
pub(super) fn test(
    left: Left,
    at: usize,
    relation: Relation,
    values: Vec<(usize, Literal)>,
    scope: &Scope<'_>,
) -> Result<Node, ConditionFault> {
    if !scope.bytes && !matches!(left, Left::Field(_)) {
        return Err(fault(at, "the record's own bytes are not at hand here: only fields can be compared".to_owned()));
    }
    let operand = operand(left, at, relation, &values, scope)?;
    let values = values.into_iter().map(|(at, value)| typed(&operand, at, value, scope)).collect::<Result<_, _>>()?;
    Ok(Node::Test { operand, relation, values })
}

fn operand(
    left: Left,
    at: usize,
    relation: Relation,
    values: &[(usize, Literal)],
    scope: &Scope<'_>,
) -> Result<Operand, ConditionFault> {
    let field = match left {
        Left::Length => return Ok(Operand::Length),
        Left::Place { at: from, length } => {
            if scope.placed && from + length > scope.layout.length {
                let most = scope.layout.length;
                return Err(fault(at, format!("select looks beyond the record, which has {most} bytes")));
            }
            return Ok(Operand::Bytes { at: from, length });
        }
        Left::Field(field) => field,
    };
    scope.check(field, at)?;
    let bytes = values.iter().filter(|(_, value)| matches!(value, Literal::Bytes(_))).count();
    if bytes > 0 && scope.class(field) != Class::Hex {
        if !scope.bytes || !scope.placed {
            return Err(fault(at, "the field's own bytes are not at hand here".to_owned()));
        }
        if bytes < values.len() {
            return Err(fault(at, "bytes x'..' and other values do not stand in one list".to_owned()));
        }
        let (at, length) = scope.layout.fields.get(field).map_or((0, 0), |field| (field.offset, field.bytes));
        return Ok(Operand::Bytes { at, length });
    }
    let by_value = values.iter().any(|(_, value)| matches!(value, Literal::Number(_)));
    let ascii = |value: &Literal| matches!(value, Literal::Text(text) if text.is_ascii());
    Ok(match scope.class(field) {
        Class::Number => Operand::Number(field),
        Class::Text if by_value => Operand::Number(field),
        Class::Text => {
            let plain = relation.is_equality() && scope.is_plain(field) && values.iter().all(|(_, value)| ascii(value));
            Operand::Text { field, plain }
        }
        Class::Hex | Class::Float => Operand::Text { field, plain: false },
    })
}

/// A value as its operand is compared.
fn typed(operand: &Operand, at: usize, value: Literal, scope: &Scope<'_>) -> Result<Value, ConditionFault> {
    if let Literal::Field(other) = value {
        return other_field(operand, at, other, scope);
    }
    match operand {
        Operand::Length => match value {
            Literal::Number(text) => number(at, &text),
            _ => Err(fault(at, "a length is compared with a number".to_owned())),
        },
        Operand::Number(_) => match value {
            Literal::Number(text) | Literal::Text(text) => number(at, text.trim()),
            Literal::Bytes(_) | Literal::Field(_) => Err(fault(at, "a number is due here".to_owned())),
        },
        Operand::Text { field, .. } if scope.class(*field) == Class::Hex => match value {
            Literal::Text(digits) => match hex(&digits) {
                Some(bytes) => Ok(Value::Text(shown(&bytes))),
                None => Err(fault(at, "hex digits are due here, two a byte".to_owned())),
            },
            Literal::Bytes(bytes) => Ok(Value::Text(shown(&bytes))),
            Literal::Number(_) | Literal::Field(_) => Err(fault(at, "hex digits in quotes are due here".to_owned())),
        },
        Operand::Text { .. } => match value {
            Literal::Text(text) => Ok(Value::Text(text.trim_end_matches(' ').to_owned())),
            _ => Err(fault(at, "a text in quotes is due here".to_owned())),
        },
        Operand::Bytes { length, .. } => {
            let bytes = match value {
                Literal::Bytes(bytes) => bytes,
                Literal::Text(text) => {
                    let mut bytes = Vec::new();
                    let written = text::encode(scope.page, &text, &mut bytes);
                    let page = scope.page.name();
                    written.map_err(|_| fault(at, format!("cannot be written in code page {page}")))?;
                    bytes
                }
                _ => return Err(fault(at, "a text in quotes or bytes x'..' are due here".to_owned())),
            };
            if bytes.len() != *length {
                return Err(fault(at, format!("has {} bytes, and {length} are compared", bytes.len())));
            }
            Ok(Value::Bytes(bytes))
        }
    }
}

fn other_field(operand: &Operand, at: usize, other: usize, scope: &Scope<'_>) -> Result<Value, ConditionFault> {
    scope.check(other, at)?;
    let fits = match (operand, scope.class(other)) {
        (Operand::Number(_), class) => matches!(class, Class::Number | Class::Text),
        (Operand::Text { field, .. }, class) => scope.class(*field) == class,
        (Operand::Length, class) => class == Class::Number,
        (Operand::Bytes { .. }, _) => false,
    };
    if !fits {
        return Err(fault(at, format!("{} has values of another kind", scope.name(other))));
    }
    Ok(Value::Field(other))
}

fn number(at: usize, text: &str) -> Result<Value, ConditionFault> {
    Number::parse(text).map(Value::Number).ok_or_else(|| fault(at, "a number is due here".to_owned()))
}

fn shown(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}
