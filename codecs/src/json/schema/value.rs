//! The schema of one field's value (D17).

use crate::layout::{Dirty, Field, Kind, NumericMoment, Rules};
use crate::record::Decimal;
use serde_json::{Map, Value, json};

/// Digits a binary number of so many bytes can have.
const BINARY_DIGITS: [usize; 17] = [0, 3, 5, 8, 10, 13, 15, 17, 20, 22, 25, 27, 29, 32, 34, 37, 39];

const DATE: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$";
const TIME: &str = "^[0-9]{2}:[0-9]{2}:[0-9]{2}$";
const FREE_NUMBER: &str = "^-?[0-9]+(\\.[0-9]+)?([Ee][+-]?[0-9]+)?$";

/// The schema of a field.
pub(super) fn schema(field: &Field, closed: bool) -> Value {
    let may_be_null = field.nullable || field.rules.gives_null();
    let mut plain = plain(field);
    if let (Some(object), true) = (plain.as_object_mut(), may_be_null) {
        let word = object.get("type").cloned().unwrap_or_default();
        object.insert("type".to_owned(), json!([word, "null"]));
    }
    let names = named(field);
    let mut schema = match names.is_empty() {
        true => plain,
        false => {
            let mut any = names;
            match (closed, may_be_null) {
                (false, _) => any.push(plain),
                (true, true) => any.push(json!({"type": "null"})),
                (true, false) => {}
            }
            json!({"anyOf": any})
        }
    };
    if keeps(&field.rules) {
        let raw = json!({
            "type": "object",
            "properties": {"raw": {"type": "string", "pattern": "^([0-9A-F]{2})*$"}},
            "required": ["raw"],
            "additionalProperties": false,
        });
        schema = json!({"anyOf": [schema, raw]});
    }
    if let Some(object) = schema.as_object_mut() {
        described(object, field);
    }
    schema
}

fn described(object: &mut Map<String, Value>, field: &Field) {
    if !field.heading.is_empty() {
        object.insert("title".to_owned(), json!(field.heading));
    }
    if !field.text.is_empty() {
        object.insert("description".to_owned(), json!(field.text));
    }
}

fn keeps(rules: &Rules) -> bool {
    rules.dirty == Dirty::Keep || rules.blank == Some(Dirty::Keep)
}

fn plain(field: &Field) -> Value {
    let content = field.bytes.saturating_sub(if field.varlen { 2 } else { 0 });
    match (field.rules.moment, field.kind) {
        (Some(NumericMoment::Date(_)), _) | (None, Kind::Date(_)) => pattern(DATE.to_owned()),
        (Some(_), _) | (None, Kind::Time(_)) => pattern(TIME.to_owned()),
        (None, Kind::Timestamp { fraction }) => {
            let rest = if fraction == 0 { String::new() } else { format!("\\.[0-9]{{{fraction}}}") };
            pattern(format!("^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}-[0-9]{{2}}\\.[0-9]{{2}}\\.[0-9]{{2}}{rest}$"))
        }
        (None, Kind::Graphic) => json!({"type": "string", "maxLength": content}),
        (None, kind) if kind.is_text() => json!({"type": "string", "maxLength": content}),
        (None, Kind::Hex) if field.varlen => pattern(format!("^([0-9A-F]{{2}}){{0,{content}}}$")),
        (None, Kind::Hex) => pattern(format!("^([0-9A-F]{{2}}){{{content}}}$")),
        (None, Kind::Float { double: true }) if field.rules.hex_float => pattern(FREE_NUMBER.to_owned()),
        (None, Kind::Float { .. }) => json!({"type": "number"}),
        (None, Kind::DecFloat { .. }) => pattern(FREE_NUMBER.to_owned()),
        (None, _) if is_whole(field) => whole(field),
        (None, _) => decimal(field),
    }
}

fn pattern(pattern: String) -> Value {
    json!({"type": "string", "pattern": pattern})
}

/// Whether values are JSON numbers: binary without scale that a signed number of eight bytes holds.
fn is_whole(field: &Field) -> bool {
    let narrow = field.bytes < 8 || (field.bytes == 8 && !field.rules.unsigned);
    matches!(field.kind, Kind::Binary { decimals: 0, .. }) && narrow && field.rules.scale_up == 0
}

fn whole(field: &Field) -> Value {
    let bits = field.bytes.min(8) * 8;
    match field.rules.unsigned {
        true => json!({"type": "integer", "minimum": 0, "maximum": (1_u64 << bits.min(63)) - 1}),
        false => {
            let most = i64::MAX >> (64 - bits.max(1));
            json!({"type": "integer", "minimum": -most - 1, "maximum": most})
        }
    }
}

fn decimal(field: &Field) -> Value {
    let (digits, decimals) = match field.kind {
        Kind::NumberText { decimals } => (field.bytes + usize::from(decimals), decimals),
        Kind::Binary { decimals, .. } => (BINARY_DIGITS[field.bytes.min(16)], decimals),
        kind => kind.digits().map_or((0, 0), |(digits, decimals)| (digits.into(), decimals)),
    };
    let before = (digits + usize::from(field.rules.scale_up)).saturating_sub(decimals.into());
    let front = match before {
        0 => "0".to_owned(),
        1 => "[0-9]".to_owned(),
        n => format!("(0|[1-9][0-9]{{0,{}}})", n - 1),
    };
    let minus = if is_signed(field) { "-?" } else { "" };
    let rest = if decimals == 0 { String::new() } else { format!("\\.[0-9]{{{decimals}}}") };
    pattern(format!("^{minus}{front}{rest}$"))
}

fn is_signed(field: &Field) -> bool {
    match field.kind {
        Kind::Comp6 { .. } => false,
        Kind::Number { signed, .. } => signed,
        _ => !field.rules.unsigned,
    }
}

/// A constant for each value that has a name.
fn named(field: &Field) -> Vec<Value> {
    let mut all = Vec::new();
    for (name, written) in &field.conditions {
        let written = match name.as_str() {
            "RANGE" => continue,
            "COMP" | "CMP" => match written.strip_prefix("EQ ") {
                Some(value) => value,
                None => continue,
            },
            _ => written,
        };
        for value in values(written).into_iter().filter_map(|value| constant(field, &value)) {
            let title = if matches!(name.as_str(), "VALUES" | "COMP" | "CMP") { None } else { Some(name) };
            let constant = match title {
                Some(name) => json!({"const": value, "title": name}),
                None => json!({"const": value}),
            };
            if !all.contains(&constant) {
                all.push(constant);
            }
        }
    }
    all
}

/// Values as they are written; nothing if a range is among them, because a schema of strings has none.
fn values(written: &str) -> Vec<String> {
    let mut values = Vec::new();
    let mut chars = written.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\'' {
            let mut text = String::new();
            while let Some(c) = chars.next() {
                match c {
                    '\'' if chars.peek() == Some(&'\'') => {
                        chars.next();
                        text.push('\'');
                    }
                    '\'' => break,
                    c => text.push(c),
                }
            }
            values.push(format!("'{text}"));
        } else if !c.is_whitespace() && c != ',' {
            let mut word = String::from(c);
            while let Some(c) = chars.next_if(|c| !c.is_whitespace() && !matches!(c, ',' | '\'')) {
                word.push(c);
            }
            values.push(word);
        }
    }
    let plain =
        |value: &String| value.starts_with('\'') || Decimal::parse(value).is_some() || figurative(value).is_some();
    if values.iter().all(plain) { values } else { Vec::new() }
}

fn figurative(word: &str) -> Option<&'static str> {
    match word {
        "SPACE" | "SPACES" => Some(""),
        "ZERO" | "ZEROS" | "ZEROES" => Some("0"),
        _ => None,
    }
}

/// A value as decoding writes it; nothing where it can be none of the field's.
fn constant(field: &Field, written: &str) -> Option<Value> {
    let text = written.strip_prefix('\'').or(figurative(written)).unwrap_or(written);
    if field.kind.is_text() {
        // Zeros of a text field fill it.
        let whole = matches!(figurative(written), Some("0")).then(|| "0".repeat(field.bytes));
        return Some(json!(whole.as_deref().unwrap_or(text.trim_end_matches(' '))));
    }
    let (_, decimals) = field.kind.digits().filter(|_| field.rules.moment.is_none())?;
    let number = Decimal::parse(text)?.rescale(decimals)?;
    match is_whole(field) {
        true => i64::try_from(number.unscaled).ok().map(|n| json!(n)),
        false => Some(json!(number.to_string())),
    }
}
