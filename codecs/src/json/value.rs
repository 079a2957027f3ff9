//! One value of JSON to a cell, and what can be wrong with it.

use super::parts::{Json, Object};
use crate::code::Code;
use crate::layout::{Field, Kind};
use crate::record::{Cell, Row, float};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Places by which an exponent may move the point of a decimal; no field has as many digits.
const MOVED_MAX: i32 = 128;

/// Why a line does not fit the format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonFault {
    /// What is wrong.
    pub code: Code,
    /// What is wrong and what would be right, in words, without the value.
    pub message: String,
    /// The field, if it is one field's fault.
    pub field: Option<String>,
    /// Index of the record format, if the line got so far.
    pub record: Option<usize>,
}

impl fmt::Display for JsonFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{field}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for JsonFault {}

/// The shape of a field's value.
pub(super) fn shape<'a>(raw: &'a RawValue, field: &str) -> Result<Json<'a>, JsonFault> {
    Json::of(raw).map_err(|e| at(Code::LINE, field, format!("not a text of JSON: {e}")))
}

/// Appends the cell of a value.
pub(super) fn push(row: &mut Row, field: &Field, value: &Json<'_>) -> Result<(), JsonFault> {
    let name = field.name.as_str();
    let wrong = |what: &str| at(Code::SHAPE, name, what.to_owned());
    match (value, field.kind) {
        (Json::Null, _) => row.cells.push(Cell::Null),
        (Json::Text(text), Kind::Hex) => row.push_hex(text),
        (Json::Text(text), _) => row.push_text(text),
        (Json::Number(digits), _) => push_number(row, field, digits)?,
        (Json::Object(object), _) => {
            let raw = Object::read(object, ["raw"]).ok().filter(|o| o.unknown.is_none() && o.twice.is_none());
            match raw.and_then(|object| object.get("raw")).map(Json::of) {
                Some(Ok(Json::Text(hex))) => row.push_raw(&hex),
                _ => return Err(wrong("an object here must be {\"raw\": hex}")),
            }
        }
        (Json::Boolean | Json::List(_), _) => return Err(wrong("must be a string, a number or null")),
    }
    Ok(())
}

/// A number by its digits. Floats are read as the nearest of their kind, everything else exactly.
fn push_number(row: &mut Row, field: &Field, digits: &str) -> Result<(), JsonFault> {
    match field.kind {
        Kind::Float { .. } if float::push_text(row, field, digits) => {}
        Kind::Float { .. } => return Err(at(Code::SHAPE, &field.name, "is no number".to_owned())),
        Kind::DecFloat { .. } => row.push_text(digits),
        kind if kind.digits().is_some() || matches!(kind, Kind::NumberText { .. }) => match digits.parse() {
            Ok(whole) => row.cells.push(Cell::Int(whole)),
            Err(_) => {
                let plain = without_exponent(digits);
                row.push_text(&plain.ok_or_else(|| {
                    at(Code::TOO_LONG, &field.name, "the number has more digits than any field".to_owned())
                })?);
            }
        },
        _ => return Err(at(Code::SHAPE, &field.name, "must be a string".to_owned())),
    }
    Ok(())
}

/// A number of JSON with its exponent written out; nothing where that takes more places than any field has.
fn without_exponent(number: &str) -> Option<Cow<'_, str>> {
    let Some((mantissa, exponent)) = number.split_once(['e', 'E']) else { return Some(Cow::Borrowed(number)) };
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.bytes().chain(fraction.bytes()).all(|digit| digit == b'0') {
        return Some(Cow::Borrowed("0"));
    }
    let moved = exponent.parse::<i32>().ok().filter(|moved| moved.abs() <= MOVED_MAX)?;
    let digits = format!("{whole}{fraction}");
    let point = i32::try_from(whole.len()).ok()? + moved;
    Some(Cow::Owned(match usize::try_from(point) {
        Ok(0) | Err(_) => format!("{sign}0.{}{digits}", "0".repeat(usize::try_from(-point).unwrap_or(0))),
        Ok(point) if point < digits.len() => format!("{sign}{}.{}", &digits[..point], &digits[point..]),
        Ok(point) => format!("{sign}{digits}{}", "0".repeat(point - digits.len())),
    }))
}

pub(super) fn at(code: Code, field: &str, message: String) -> JsonFault {
    JsonFault { code, message, field: Some(field.to_owned()), record: None }
}

#[cfg(test)]
mod tests {
    use super::without_exponent;

    #[test]
    fn an_exponent_moves_the_point_and_loses_no_digit() {
        for (number, plain) in [
            ("1.50", Some("1.50")),
            ("1E+3", Some("1000")),
            ("-1.234567890123456789012E+20", Some("-123456789012345678901.2")),
            ("12e-1", Some("1.2")),
            ("12e-2", Some("0.12")),
            ("-1.5e-4", Some("-0.00015")),
            ("0.00e999999999999", Some("0")),
            ("1e999", None),
            ("1e99999999999", None),
        ] {
            assert_eq!(without_exponent(number).as_deref(), plain, "{number}");
        }
    }
}
