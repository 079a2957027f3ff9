//! Numbers in text with an exponent: `-1.5E-3`, taken apart into digits and a power of ten, exactly.
//!
//! The time is linear in the text. Digits beyond what any of our floats can tell apart are not kept; that one of them
//! was not zero is.

use crate::code::Code;
use crate::fault::Flaw;

/// Digits that are kept: a number halfway between two hexadecimal floats has at most 313.
pub(super) const KEPT: usize = 400;

const NO_NUMBER: Flaw = Flaw::new(Code::RANGE, 0, "the value is not a number");

/// A number: its digits times ten to the exponent.
pub(super) struct Scientific {
    pub(super) negative: bool,
    /// Values 0 to 9 without zeros in front.
    pub(super) digits: Vec<u8>,
    pub(super) exponent: i64,
    /// Digits that are not zero were left out behind.
    pub(super) more: bool,
}

/// Reads a number.
pub(super) fn parse(text: &str) -> Result<Scientific, Flaw> {
    parse_to(text, KEPT)
}

/// Reads a number and keeps so many digits of it.
pub(super) fn parse_to(text: &str, most: usize) -> Result<Scientific, Flaw> {
    let (negative, text) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        all => (false, all),
    };
    let mark = text.iter().position(|b| matches!(b, b'e' | b'E'));
    let (mantissa, exponent) = match mark {
        Some(at) => (&text[..at], parse_exponent(&text[at + 1..])?),
        None => (text, 0),
    };
    let mut number = Scientific { negative, digits: Vec::new(), exponent, more: false };
    let (mut point, mut seen) = (false, false);
    for byte in mantissa {
        match byte {
            b'.' if !point => point = true,
            b'0'..=b'9' => {
                seen = true;
                number.exponent -= i64::from(point);
                let digit = byte - b'0';
                if number.digits.len() == most {
                    number.more |= digit != 0;
                    number.exponent += 1;
                } else if digit != 0 || !number.digits.is_empty() {
                    number.digits.push(digit);
                }
            }
            _ => return Err(NO_NUMBER),
        }
    }
    if seen { Ok(number) } else { Err(NO_NUMBER) }
}

/// An exponent; beyond a million it says no more than a million does.
fn parse_exponent(text: &[u8]) -> Result<i64, Flaw> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        all => (false, all),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(NO_NUMBER);
    }
    let size = digits.iter().fold(0i64, |n, b| (n * 10 + i64::from(b - b'0')).min(1_000_000_000));
    Ok(if negative { -size } else { size })
}

/// Appends digits times ten to the exponent as `to-scientific-string` of the General Decimal Arithmetic Specification
/// does, which is also `BigDecimal.toString`: plain where the exponent is not above 0 and the number not below 1E-6.
pub(super) fn write(negative: bool, digits: &[u8], exponent: i32, out: &mut String) {
    let adjusted = exponent + digits.len() as i32 - 1;
    if negative {
        out.push('-');
    }
    let mut push = |digits: &[u8]| out.extend(digits.iter().map(|d| char::from(b'0' + d)));
    if exponent <= 0 && adjusted >= -6 {
        let whole = (digits.len() as i32 + exponent).max(0) as usize;
        let (before, after) = digits.split_at(whole.min(digits.len()));
        push(if before.is_empty() { &[0] } else { before });
        if exponent < 0 {
            let zeros = (-exponent) as usize - after.len();
            out.push('.');
            out.extend(std::iter::repeat_n('0', zeros));
            out.extend(after.iter().map(|d| char::from(b'0' + d)));
        }
        return;
    }
    push(&digits[..1]);
    if digits.len() > 1 {
        out.push('.');
        out.extend(digits[1..].iter().map(|d| char::from(b'0' + d)));
    }
    out.push('E');
    out.push(if adjusted < 0 { '-' } else { '+' });
    out.push_str(&adjusted.unsigned_abs().to_string());
}
