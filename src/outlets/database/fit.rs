//! Whether a value fits its column as it is.
//!
//! Servers would round a decimal that has too many digits, and SQLite takes anything: so it is judged here, for all engines
//! alike. What does not fit is named, never shown.

use super::cell::Cell;
use super::json::Value;
use super::tables::{Column, Kind};
use jiff::civil::Date;
use std::borrow::Cow;

/// The day of rows whose id begins with none.
pub(super) const UNDATED: &str = "1000-01-01";

/// A value as its column takes it.
pub(super) fn fit<'b>(column: &Column, name: &str, value: Value<'b>) -> Result<Cell<'b>, String> {
    let refused = |what: &str| Err(format!("{name} {what}; column {} is {}", column.name, column.kind));
    let text: Cow<'b, str> = match value {
        Value::Null => return Ok(Cell::Null),
        Value::Plain(raw) => Cow::Borrowed(raw),
        Value::Text(text) => text,
        Value::Nested(raw) if column.kind == Kind::Long => Cow::Borrowed(raw),
        Value::Nested(_) => return refused("is not one value"),
    };
    match column.kind {
        Kind::Long => {}
        Kind::Text(most) => {
            let most = usize::from(most);
            if text.len() > most && text.chars().count() > most {
                return refused("is too long");
            }
        }
        Kind::Exact(digits, scale) => {
            if !is_exact(&text, usize::from(digits), usize::from(scale)) {
                return refused("is no decimal with so few digits");
            }
        }
        Kind::Date => {
            if !is_day(&text) {
                return refused("is no day");
            }
        }
        Kind::Int => match text.parse() {
            Ok(number) => return Ok(Cell::Int(number)),
            Err(_) => return refused("is no whole number that fits"),
        },
    }
    Ok(Cell::Text(text))
}

/// Whether a text is a decimal that a column of these digits holds without rounding.
fn is_exact(text: &str, digits: usize, scale: usize) -> bool {
    let number = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    all_digits(whole)
        && all_digits(fraction)
        && whole.trim_start_matches('0').len() <= digits - scale
        && fraction.trim_end_matches('0').len() <= scale
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Kind::Text(most) => write!(f, "VARCHAR({most})"),
            Kind::Long => f.write_str("MEDIUMTEXT"),
            Kind::Exact(digits, scale) => write!(f, "DECIMAL({digits},{scale})"),
            Kind::Date => f.write_str("DATE"),
            Kind::Int => f.write_str("BIGINT"),
        }
    }
}

/// The day that a text begins with, [`UNDATED`] if it begins with none.
pub(super) fn day_of(text: &str) -> &str {
    text.get(..10).filter(|day| is_day(day)).unwrap_or(UNDATED)
}

fn is_day(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return false;
    }
    let number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<i16>().ok());
    let part = |from: usize, to: usize| text.get(from..to).and_then(number).flatten();
    let (Some(year), Some(month), Some(day)) = (part(0, 4), part(5, 7), part(8, 10)) else { return false };
    // Servers know no day before the year 1000.
    let (Ok(month), Ok(day)) = (i8::try_from(month), i8::try_from(day)) else { return false };
    year >= 1000 && Date::new(year, month, day).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_fits_when_no_digit_of_it_is_lost() {
        assert!(is_exact("-0000000000000000000000000012.50000000", 28, 6));
        assert!(is_exact("0", 28, 6) && is_exact("-999999999999999999999999999.1", 28, 1));
        assert!(!is_exact(&"9".repeat(23), 28, 6) && !is_exact("0.0000001", 28, 6));
        for other in ["", "-", ".5", "5.", "1e5", "+1", "1 ", "NaN", "１"] {
            assert!(!is_exact(other, 28, 6), "{other}");
        }
    }

    #[test]
    fn a_day_is_one_or_none() {
        assert_eq!(day_of("2024-02-29:A1:DONE"), "2024-02-29");
        for other in ["2025-02-29:A", "A1", "2025-6-20:A", "２０25-06-20", "+025-06-20"] {
            assert_eq!(day_of(other), UNDATED, "{other}");
        }
    }
}
