//! Whether a float holds all digits of a number in text.
//!
//! It does where its own shortest text says the same number: 0.1 is kept by a float, although no float is a tenth. What
//! readers write of a single is a double sometimes, and whole numbers are written with all their digits; those are kept,
//! too. A number that is not zero is none that zero keeps.

use super::hexfloat::{HexFloat, Rounding};
use super::scientific::{self, Scientific};
use crate::code::Code;
use crate::fault::Flaw;

const TOO_SMALL: Flaw =
    Flaw::new(Code::TOO_LONG, 0, "the number is nearer to zero than any of its field but zero itself");

/// Digits that every float of either size holds.
const fn held(double: bool) -> usize {
    if double { 15 } else { 6 }
}

/// Digits of the longest double, exactly.
const WHOLE: usize = 767;
/// Digits of a number that are looked at, however many are given.
const DIGITS: usize = WHOLE + 1;

/// Whether a number has so few digits, and none behind an exponent, that any float of the size holds it.
pub(crate) fn is_short(text: &str, double: bool) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    digits <= held(double) && text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.".contains(&byte))
}

/// Whether an IEEE float keeps the number it was made of; `single` is the value where that is one.
pub(crate) fn is_kept(given: &str, value: f64, single: Option<f32>) -> Result<bool, Flaw> {
    if is_short(given, single.is_none()) {
        return Ok(true);
    }
    let number = scientific::parse_to(given, DIGITS)?;
    if value == 0.0 {
        return if number.digits.is_empty() { Ok(true) } else { Err(TOO_SMALL) };
    }
    let single = single.is_some_and(|single| is_same(&number, &format!("{single:e}")));
    Ok(single || is_same(&number, &format!("{value:e}")) || is_same(&number, &format!("{value:.WHOLE$e}")))
}

/// The same of a hexadecimal float.
pub(crate) fn is_kept_hex(given: &str, value: &HexFloat, rounding: Rounding) -> Result<bool, Flaw> {
    if is_short(given, value.long) {
        return Ok(true);
    }
    let number = scientific::parse(given)?;
    if value.fraction == 0 {
        return if number.digits.is_empty() { Ok(true) } else { Err(TOO_SMALL) };
    }
    let mut shortest = String::new();
    value.text(rounding, &mut shortest);
    Ok(is_same(&number, &shortest))
}

/// Whether a text is the same number.
fn is_same(number: &Scientific, text: &str) -> bool {
    let Ok(other) = scientific::parse_to(text, DIGITS) else { return false };
    !number.more && !other.more && trimmed(number) == trimmed(&other)
}

/// Digits without zeros behind, and their exponent.
fn trimmed(number: &Scientific) -> (&[u8], i64) {
    let kept = number.digits.iter().rposition(|digit| *digit != 0).map_or(0, |last| last + 1);
    let (digits, zeros) = number.digits.split_at(kept);
    (digits, number.exponent.saturating_add(zeros.len() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_that_a_float_does_not_hold_are_seen() {
        for (text, kept) in [
            ("0.1", true),
            ("16777216", true),
            ("16777217", false),
            ("3.1415927", true),
            ("3.14159265358979", false),
            ("1.5e-45", false),
            ("1e-45", true),
            ("100000000000", true),
            // What a double shows of the single, and all its digits.
            ("0.10000000149011612", true),
            ("0.100000001490116119384765625", true),
        ] {
            let value: f32 = text.parse().unwrap();
            assert_eq!(is_kept(text, value.into(), Some(value)), Ok(kept), "{text}");
        }
        assert_eq!(is_kept("9007199254740993", 9007199254740992.0, None), Ok(false));
        // All digits of small doubles, up to the longest there is.
        for bits in [1, 0x000F_FFFF_FFFF_FFFF, 0x001F_FFFF_FFFF_FFFF, 0x0350_0000_0000_0001] {
            let value = f64::from_bits(bits);
            assert_eq!(is_kept(&format!("{value:.1074}"), value, None), Ok(true), "{value:e}");
            assert_eq!(is_kept(&format!("{value:.1074}1"), value, None), Ok(false), "{value:e}");
        }
        assert_eq!(is_kept("1e-400", 0.0, None), Err(TOO_SMALL));
        assert_eq!(is_kept("-0.0e-400", 0.0, None), Ok(true));
    }
}
