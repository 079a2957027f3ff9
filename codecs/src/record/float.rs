//! Floating point of every form, both ways: IEEE of either byte order, hexadecimal, DECFLOAT.
//!
//! What a double holds with all its digits is a number; a long hexadecimal float (56 bits) and DECFLOAT (its exponent
//! kept) are text, because whoever reads JSON reads numbers as doubles. Infinities and NaN are no values of a record.

use super::plan::Step;
use super::row::{Cell, Row};
use crate::code::Code;
use crate::fault::Flaw;
use crate::layout::{Field, Kind, Rules};
use crate::number::binary::Order;
use crate::number::decfloat::{self, DecFloat, Precision};
use crate::number::{self, exact, float, hexfloat};

const WRONG_CELL: Flaw = Flaw::new(Code::RANGE, 0, "the value is not of the field's kind");

/// What is told of a float that has fewer digits than it was given.
const ROUNDED: &str = "a number with more digits than its float holds: rounded";

/// Reads a float.
pub(super) fn read(step: &Step, rules: &Rules, bytes: &[u8], out: &mut String) -> Result<Cell, Flaw> {
    let start = out.len();
    match step.kind {
        Kind::Float { double } if rules.hex_float => {
            let (_, value) = hexfloat::read(bytes, double).map_err(number::flaw)?;
            value.text(rules.rounding, out);
            if double {
                return Ok(Cell::Wide(start as u32, out.len() as u32));
            }
            // Nine digits at most: the double of that text is written with the same digits again.
            let value = out.get(start..).and_then(|text| text.parse().ok()).ok_or(WRONG_CELL)?;
            out.truncate(start);
            Ok(Cell::Double(value))
        }
        Kind::Float { double: false } => {
            float::single_of(bytes, order(rules)).map(|(_, n)| Cell::Single(n)).map_err(number::flaw)
        }
        Kind::Float { double: true } => {
            float::double_of(bytes, order(rules)).map(|(_, n)| Cell::Double(n)).map_err(number::flaw)
        }
        Kind::DecFloat { digits } => {
            let (_, value) = decfloat::read(bytes, precision(digits)).map_err(number::flaw)?;
            value.finite()?.text(out);
            Ok(Cell::Wide(start as u32, out.len() as u32))
        }
        _ => Err(WRONG_CELL),
    }
}

/// Appends a float given as its cell, or as text. Digits that it cannot hold are told.
pub(super) fn write(
    step: &Step,
    rules: &Rules,
    cell: Cell,
    text: Option<&str>,
    out: &mut Vec<u8>,
    told: &mut dyn FnMut(usize, &'static str),
) -> Result<(), Flaw> {
    match (step.kind, cell) {
        (Kind::Float { double: false }, Cell::Single(value)) if !rules.hex_float => {
            float::write_single(value, order(rules), out)
        }
        (Kind::Float { double: true }, Cell::Double(value)) if !rules.hex_float => {
            float::write_double(value, order(rules), out)
        }
        (Kind::Float { double }, _) => {
            let given = shown(cell, text)?;
            let kept = match (rules.hex_float, double) {
                (true, _) => {
                    let value = hexfloat::parse(&given, double, rules.rounding)?;
                    hexfloat::write(&value, out);
                    exact::is_kept_hex(&given, &value, rules.rounding)?
                }
                (false, true) => {
                    let value = float::parse_double(&given)?;
                    float::write_double(value, order(rules), out)?;
                    exact::is_kept(&given, value, None)?
                }
                (false, false) => {
                    let value = float::parse_single(&given)?;
                    float::write_single(value, order(rules), out)?;
                    exact::is_kept(&given, value.into(), Some(value))?
                }
            };
            if !kept {
                told(0, ROUNDED);
            }
            Ok(())
        }
        (Kind::DecFloat { digits }, _) => {
            decfloat::write(&DecFloat::parse(&shown(cell, text)?)?.finite()?, precision(digits), out)
        }
        _ => Err(WRONG_CELL),
    }
}

/// Appends the cell of a number in text for a float field; false if it is none. One whose digits the float may not all
/// hold stays text, so that what is lost is seen when it is written.
pub(crate) fn push_text(row: &mut Row, field: &Field, text: &str) -> bool {
    if text.parse::<f64>().is_err() {
        return false;
    }
    let double = matches!(field.kind, Kind::Float { double: true });
    match double {
        _ if field.rules.hex_float || !exact::is_short(text, double) => row.push_text(text),
        true => row.cells.extend(text.parse().map(Cell::Double)),
        false => row.cells.extend(text.parse().map(Cell::Single)),
    }
    true
}

/// A cell's number as text.
fn shown(cell: Cell, text: Option<&str>) -> Result<String, Flaw> {
    match cell {
        Cell::Text(..) | Cell::Wide(..) => text.map(str::to_owned).ok_or(WRONG_CELL),
        Cell::Int(value) => Ok(value.to_string()),
        Cell::Single(value) => Ok(format!("{value:?}")),
        Cell::Double(value) => Ok(format!("{value:?}")),
        Cell::Decimal { .. } => cell.decimal().map(|value| value.to_string()).ok_or(WRONG_CELL),
        _ => Err(WRONG_CELL),
    }
}

fn order(rules: &Rules) -> Order {
    if rules.little_endian { Order::Little } else { Order::Big }
}

fn precision(digits: u8) -> Precision {
    if digits > 16 { Precision::ThirtyFour } else { Precision::Sixteen }
}
