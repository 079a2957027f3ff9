//! Walking a compiled expression over a row. Types were proven when it was compiled; what can still fail is an empty
//! operand, a number with too many digits, a text that is no number, a place behind the end of a text.

use super::exact;
use super::model::{Function, Node, Relation, TEXT_MAX, Value};
use crate::trade::fault::TradeFault;
use crate::trade::fields::FieldRef;
use crate::trade::json;
use fpp_codecs::Code;
use fpp_codecs::record::{Decimal, Row};
use std::borrow::Cow;
use std::cmp::Ordering;

type Result<T> = std::result::Result<T, TradeFault>;

/// The value of a step; `blamed` is the field that a fault without one of its own is told of.
pub(super) fn value<'r>(node: &'r Node, row: &'r Row, blamed: FieldRef) -> Result<Value<'r>> {
    Ok(match node {
        Node::Literal(Value::Text(text)) => Value::Text(Cow::Borrowed(text)),
        Node::Literal(value) => value.clone(),
        Node::Number(field) | Node::Text(field) if field.is_empty(row) => Value::Null,
        Node::Number(field) => match row.decimal(field.index) {
            Some(number) => Value::Number(number),
            None => return Err(unreadable(*field)),
        },
        Node::Text(field) if field.is_bad(row) => return Err(unreadable(*field)),
        Node::Text(field) => Value::Text(Cow::Borrowed(field.text(row).unwrap_or_default())),
        Node::Not(inner) => Value::Bool(!truth(inner, row, blamed)?),
        Node::Negate(inner) => Value::Number(fits(exact::negate(number(inner, row, blamed)?), blamed)?),
        Node::And(both) => Value::Bool(decided(both, row, blamed, false)?),
        Node::Or(both) => Value::Bool(decided(both, row, blamed, true)?),
        Node::Choose(three) => {
            let [condition, yes, no] = &**three;
            value(if truth(condition, row, blamed)? { yes } else { no }, row, blamed)?
        }
        Node::Compare(relation, both) => Value::Bool(compare(*relation, both, row, blamed)?),
        Node::In(one, list) => {
            let one = value(one, row, blamed)?;
            let mut found = false;
            for other in list {
                found |= same(&one, &value(other, row, blamed)?);
            }
            Value::Bool(found)
        }
        Node::Compute(how, both) => {
            let [left, right] = &**both;
            let (left, right) = (number(left, row, blamed)?, number(right, row, blamed)?);
            Value::Number(fits(exact::compute(*how, left, right), blamed)?)
        }
        Node::Join(both) => {
            let [left, right] = &**both;
            let mut joined = text(left, row, blamed)?.into_owned();
            joined.push_str(&text(right, row, blamed)?);
            bounded(joined, blamed)?
        }
        Node::Call(function, arguments) => call(*function, arguments, row, blamed)?,
    })
}

/// CEL's own rule: where one side decides, a fault of the other does not matter, whichever comes first.
fn decided(both: &[Node; 2], row: &Row, blamed: FieldRef, decides: bool) -> Result<bool> {
    let left = truth(&both[0], row, blamed);
    if left == Ok(decides) {
        return Ok(decides);
    }
    let right = truth(&both[1], row, blamed);
    if right == Ok(decides) { right } else { left.and(right) }
}

fn compare(relation: Relation, both: &[Node; 2], row: &Row, blamed: FieldRef) -> Result<bool> {
    let (left, right) = (value(&both[0], row, blamed)?, value(&both[1], row, blamed)?);
    let order = match (&left, &right) {
        _ if matches!(relation, Relation::Equal | Relation::NotEqual) => {
            return Ok(same(&left, &right) == (relation == Relation::Equal));
        }
        (Value::Null, _) => return Err(empty(&both[0], blamed)),
        (_, Value::Null) => return Err(empty(&both[1], blamed)),
        (Value::Number(left), Value::Number(right)) => exact::order(*left, *right),
        (Value::Text(left), Value::Text(right)) => left.cmp(right),
        _ => Ordering::Equal,
    };
    Ok(match relation {
        Relation::Less => order.is_lt(),
        Relation::LessOrEqual => order.is_le(),
        Relation::Greater => order.is_gt(),
        Relation::GreaterOrEqual => order.is_ge(),
        Relation::Equal | Relation::NotEqual => order.is_eq(),
    })
}

fn same(left: &Value<'_>, right: &Value<'_>) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.same_value(*right),
        _ => left == right,
    }
}

fn call<'r>(function: Function, arguments: &'r [Node], row: &'r Row, blamed: FieldRef) -> Result<Value<'r>> {
    let at = |n: usize| arguments.get(n).ok_or_else(|| blamed.fault(Code::INTERNAL, "an argument is missing"));
    let first = at(0)?;
    let say = |n: usize| text(at(n)?, row, blamed);
    let count = |n: usize| number(at(n)?, row, blamed);
    let exactly = |value: Option<Decimal>| fits(value, blamed).map(Value::Number);
    match function {
        Function::Abs => exactly(exact::abs(count(0)?)),
        Function::Round(scale) => exactly(exact::round(count(0)?, scale)),
        Function::Truncate(scale) => exactly(exact::truncate(count(0)?, scale)),
        Function::Divide(scale) => {
            let (over, under) = (count(0)?, count(1)?);
            if under.unscaled == 0 {
                return Err(blame(at(1)?, blamed).fault(Code::RANGE, "a division by zero"));
            }
            exactly(exact::divide(over, under, scale))
        }
        Function::Number => {
            let found = Decimal::parse(text(first, row, blamed)?.trim());
            found.map(Value::Number).ok_or_else(|| blame(first, blamed).fault(Code::RANGE, "the text is no number"))
        }
        Function::String => {
            let mut out = Vec::new();
            json::push_decimal(&mut out, count(0)?);
            Ok(Value::Text(String::from_utf8_lossy(&out).into_owned().into()))
        }
        Function::Size => Ok(Value::Number(Decimal::whole(say(0)?.chars().count() as i128))),
        Function::Contains => Ok(Value::Bool(say(0)?.contains(&*say(1)?))),
        Function::StartsWith => Ok(Value::Bool(say(0)?.starts_with(&*say(1)?))),
        Function::EndsWith => Ok(Value::Bool(say(0)?.ends_with(&*say(1)?))),
        Function::Substring => {
            let text = say(0)?;
            let to = if arguments.len() > 2 { Some(count(2)?) } else { None };
            let part = substring(&text, count(1)?, to);
            let part = part.ok_or_else(|| blame(first, blamed).fault(Code::RANGE, "the text is shorter than that"))?;
            Ok(Value::Text(part.to_owned().into()))
        }
        Function::Replace => {
            let (text, old, new) = (say(0)?, say(1)?, say(2)?);
            let most = text.len() + (text.matches(&*old).count().saturating_mul(new.len()));
            if most > TEXT_MAX {
                return Err(too_long(blamed));
            }
            Ok(Value::Text(text.replace(&*old, &new).into()))
        }
        Function::Trim => Ok(Value::Text(say(0)?.trim().to_owned().into())),
        Function::Upper => Ok(Value::Text(say(0)?.to_ascii_uppercase().into())),
        Function::Lower => Ok(Value::Text(say(0)?.to_ascii_lowercase().into())),
    }
}

/// Characters from one place up to another, counted from 0.
fn substring(text: &str, from: Decimal, to: Option<Decimal>) -> Option<&str> {
    let place = |at: Decimal| {
        let at = usize::try_from(at.rescale(0)?.unscaled).ok()?;
        text.char_indices().map(|(byte, _)| byte).chain([text.len()]).nth(at)
    };
    let end = to.map_or(Some(text.len()), place)?;
    text.get(place(from)?..end)
}

fn truth(node: &Node, row: &Row, blamed: FieldRef) -> Result<bool> {
    match value(node, row, blamed)? {
        Value::Bool(truth) => Ok(truth),
        _ => Err(empty(node, blamed)),
    }
}

fn number(node: &Node, row: &Row, blamed: FieldRef) -> Result<Decimal> {
    match value(node, row, blamed)? {
        Value::Number(number) => Ok(number),
        _ => Err(empty(node, blamed)),
    }
}

fn text<'r>(node: &'r Node, row: &'r Row, blamed: FieldRef) -> Result<Cow<'r, str>> {
    match value(node, row, blamed)? {
        Value::Text(text) => Ok(text),
        _ => Err(empty(node, blamed)),
    }
}

/// The field that a step is, or the one that the whole is blamed on.
fn blame(node: &Node, blamed: FieldRef) -> FieldRef {
    match node {
        Node::Number(field) | Node::Text(field) => *field,
        _ => blamed,
    }
}

fn empty(node: &Node, blamed: FieldRef) -> TradeFault {
    blame(node, blamed).fault(Code::MANDATORY, "the field is empty, and an expression needs it")
}

/// A field that did not decode, or that a policy kept as bytes.
fn unreadable(field: FieldRef) -> TradeFault {
    field.fault(Code::RANGE, "the field holds no value that can be computed with")
}

fn fits(value: Option<Decimal>, blamed: FieldRef) -> Result<Decimal> {
    value.ok_or_else(|| blamed.fault(Code::RANGE, "an expression gives a number with too many digits"))
}

fn too_long(blamed: FieldRef) -> TradeFault {
    blamed.fault(Code::TOO_LONG, "an expression gives a text that is too long")
}

fn bounded<'r>(text: String, blamed: FieldRef) -> Result<Value<'r>> {
    if text.len() > TEXT_MAX { Err(too_long(blamed)) } else { Ok(Value::Text(text.into())) }
}
