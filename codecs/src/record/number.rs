//! Number fields of every kind and rule, both ways: the decimal path, exact from bytes to cell and back.
//!
//! Plain fields of IBM i take the short way in [`super::decode`]; everything comes by here when it is written.

use super::decimal::Decimal;
use super::plan::Step;
use super::row::Cell;
use crate::code::Code;
use crate::fault::Flaw;
use crate::layout::{Kind, Rules, SignPlace};
use crate::number::binary::{Binary, Order};
use crate::number::display::{Display, Place};
use crate::number::explicit::Explicit;
use crate::number::picture::Look;
use crate::number::{self, Digits, NARROW, WIDEST, packed, zoned};

const WRONG_KIND: Flaw = Flaw::new(Code::RANGE, 0, "the value is not of the field's kind");

const NO_PICTURE: Flaw = Flaw::new(Code::NO_LAYOUT, 0, "the field's picture cannot be read");

/// A number on its way.
enum Value {
    Narrow(i128),
    Wide(Box<Digits>),
}

/// Reads a number field by its rules.
pub(super) fn read(step: &Step, rules: &Rules, bytes: &[u8], out: &mut String) -> Result<Cell, Flaw> {
    let decimals = decimals(step.kind).ok_or(WRONG_KIND)?;
    let value = value(step, rules, bytes)?;
    let start = out.len() as u32;
    match scaled(value, rules.scale_up) {
        Value::Narrow(n) if is_whole(step, rules) => match i64::try_from(n) {
            Ok(n) => Ok(Cell::Int(n)),
            Err(_) => Ok(Decimal { unscaled: n, scale: decimals }.into()),
        },
        Value::Narrow(unscaled) if is_narrow(step, rules) => Ok(Decimal { unscaled, scale: decimals }.into()),
        Value::Narrow(n) => {
            Digits::of(n).write(decimals, out);
            Ok(Cell::Wide(start, out.len() as u32))
        }
        Value::Wide(digits) => {
            digits.write(decimals, out);
            Ok(Cell::Wide(start, out.len() as u32))
        }
    }
}

/// The number of a field without decimals, for dates.
pub(super) fn whole(step: &Step, rules: &Rules, bytes: &[u8]) -> Result<i128, Flaw> {
    match value(step, rules, bytes)? {
        Value::Narrow(n) => Ok(n),
        Value::Wide(digits) => digits.narrow().ok_or(WRONG_KIND),
    }
}

/// Digits after the point of a number's values.
pub(super) fn decimals(kind: Kind) -> Option<u8> {
    match kind {
        Kind::NumberText { decimals } => Some(decimals),
        kind => kind.digits().map(|(_, decimals)| decimals),
    }
}

/// Whether values are whole numbers that JSON writes as such (D17): decided by the layout alone.
fn is_whole(step: &Step, rules: &Rules) -> bool {
    let narrow = step.bytes < 8 || (step.bytes == 8 && !rules.unsigned);
    matches!(step.kind, Kind::Binary { decimals: 0, .. }) && narrow && rules.scale_up == 0
}

/// Whether every value of the field fits a narrow decimal, so that all its cells are alike.
fn is_narrow(step: &Step, rules: &Rules) -> bool {
    match step.kind {
        Kind::NumberText { decimals } => step.bytes + usize::from(decimals) <= usize::from(NARROW),
        Kind::Binary { .. } => step.bytes < 16,
        kind => kind.digits().is_some_and(|(digits, _)| digits + rules.scale_up <= NARROW),
    }
}

fn scaled(value: Value, by: u8) -> Value {
    if by == 0 {
        return value;
    }
    let digits = match value {
        Value::Narrow(n) => match 10i128.checked_pow(by.into()).and_then(|power| n.checked_mul(power)) {
            Some(product) => return Value::Narrow(product),
            None => Digits::of(n),
        },
        Value::Wide(digits) => *digits,
    };
    let mut moved = digits;
    // Layouts have at most 63 digits, the implied zeros counted: only zeros go around.
    moved.values.rotate_left(usize::from(by.min(WIDEST)));
    Value::Wide(Box::new(moved))
}

fn value(step: &Step, rules: &Rules, bytes: &[u8]) -> Result<Value, Flaw> {
    let narrow = step.kind.digits().is_none_or(|(digits, _)| digits <= NARROW);
    let ebcdic = step.page.is_ebcdic();
    let read = match step.kind {
        Kind::Packed { digits, .. } if narrow && rules.unsigned => packed::unsigned(bytes, digits),
        Kind::Packed { digits, .. } if narrow => packed::packed(bytes, digits),
        Kind::Comp6 { digits, .. } if narrow => packed::comp6(bytes, digits),
        Kind::Zoned { digits, .. } if narrow => display(digits, rules).read(bytes),
        Kind::Number { digits, signed, .. } if narrow => zoned::text(bytes, digits, signed, ebcdic),
        Kind::Edited { .. } => {
            let (picture, currency) = step.picture.as_deref().ok_or(NO_PICTURE)?;
            let digits = picture.read(bytes, Look { ebcdic, currency: *currency })?;
            return Ok(digits.narrow().map_or_else(|| Value::Wide(Box::new(digits)), Value::Narrow));
        }
        Kind::NumberText { .. } => {
            let digits = explicit(step, rules).read(bytes)?;
            return Ok(digits.narrow().map_or_else(|| Value::Wide(Box::new(digits)), Value::Narrow));
        }
        Kind::Binary { .. } => {
            let form = binary(step, rules);
            return match form.read(bytes) {
                Ok((_, n)) => Ok(Value::Narrow(n)),
                Err(_) => form.read_wide(bytes).map(|(_, d)| Value::Wide(Box::new(d))).map_err(number::flaw),
            };
        }
        kind => return wide(kind, rules, bytes, ebcdic).map_err(number::flaw),
    };
    read.map(|(_, n)| Value::Narrow(n)).map_err(number::flaw)
}

fn wide(kind: Kind, rules: &Rules, bytes: &[u8], ebcdic: bool) -> Result<Value, nom::Err<Flaw>> {
    let read = match kind {
        Kind::Packed { digits, .. } if rules.unsigned => packed::unsigned_wide(bytes, digits),
        Kind::Packed { digits, .. } => packed::packed_wide(bytes, digits),
        Kind::Comp6 { digits, .. } => packed::comp6_wide(bytes, digits),
        Kind::Zoned { digits, .. } => display(digits, rules).read_wide(bytes),
        Kind::Number { digits, signed, .. } => zoned::text_wide(bytes, digits, signed, ebcdic),
        _ => return Err(nom::Err::Error(WRONG_KIND)),
    };
    read.map(|(_, digits)| Value::Wide(Box::new(digits)))
}

/// The form of a zoned field.
fn display(digits: u8, rules: &Rules) -> Display {
    let place = match (rules.sign, rules.unsigned) {
        (_, true) => Place::Unsigned,
        (SignPlace::Trailing, _) => Place::Trailing,
        (SignPlace::Leading, _) => Place::Leading,
        (SignPlace::TrailingSeparate, _) => Place::TrailingSeparate,
        (SignPlace::LeadingSeparate, _) => Place::LeadingSeparate,
    };
    Display { digits, place, encoding: rules.encoding, signs: rules.signs }
}

/// The form of a number with a point of its own.
fn explicit(step: &Step, rules: &Rules) -> Explicit {
    let point = if rules.decimal_comma { b',' } else { b'.' };
    let decimals = decimals(step.kind).unwrap_or(0);
    Explicit { digits: WIDEST, decimals, point, ebcdic: step.page.is_ebcdic() }
}

/// The form of a binary field.
fn binary(step: &Step, rules: &Rules) -> Binary {
    let order = if rules.little_endian { Order::Little } else { Order::Big };
    Binary { bytes: step.bytes.min(16) as u8, signed: !rules.unsigned, order }
}

/// Appends a number, its decimals those of the field.
pub(super) fn write(step: &Step, rules: &Rules, number: &Digits, out: &mut Vec<u8>) -> Result<(), Flaw> {
    if rules.blank_when_zero && step.picture.is_none() && number.values.iter().all(|digit| *digit == 0) {
        out.resize(out.len() + step.bytes, step.page.blank());
        return Ok(());
    }
    let unscaled = unscaled(number, rules.scale_up)?;
    let number = &unscaled;
    match step.kind {
        Kind::Packed { digits, .. } if rules.unsigned => packed::write_unsigned(number, digits, out),
        Kind::Packed { digits, .. } => packed::write_signed(number, digits, rules.signs, out),
        Kind::Comp6 { digits, .. } => packed::write_comp6(number, digits, out),
        Kind::Zoned { digits, .. } => display(digits, rules).write(number, out),
        Kind::Number { digits, signed, .. } => zoned::write_text(number, digits, signed, step.page.is_ebcdic(), out),
        Kind::NumberText { .. } => explicit(step, rules).write(number, step.bytes, out),
        Kind::Edited { .. } => {
            let (picture, currency) = step.picture.as_deref().ok_or(NO_PICTURE)?;
            picture.write(number, Look { ebcdic: step.page.is_ebcdic(), currency: *currency }, out)
        }
        Kind::Binary { .. } => binary(step, rules).write(number, out),
        _ => Err(WRONG_KIND),
    }
}

/// The digits that are written where zeros behind them are implied.
fn unscaled(number: &Digits, by: u8) -> Result<Digits, Flaw> {
    let mut moved = *number;
    let by = usize::from(by.min(WIDEST));
    let kept = usize::from(WIDEST) - by;
    if moved.values[kept..].iter().any(|digit| *digit != 0) {
        return Err(Flaw::new(
            Code::TOO_LONG,
            0,
            "the last digits cannot be written: the field's picture scales them away",
        ));
    }
    moved.values.rotate_right(by);
    Ok(moved)
}
