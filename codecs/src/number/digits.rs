//! The digits of one number between its forms: what every encoder writes from, and what wide numbers are read into.

use crate::code::Code;
use crate::fault::Flaw;

/// Most digits an `i128` holds whatever they are.
pub const NARROW: u8 = 38;

/// Most digits a field can have.
pub const WIDEST: u8 = 63;

/// A sign and up to 63 digits, the last one at the end of the array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digits {
    /// Below zero.
    pub negative: bool,
    /// Values 0 to 9, right-aligned, zeros in front.
    pub values: [u8; WIDEST as usize],
}

const TOO_LONG: Flaw = Flaw::new(Code::TOO_LONG, 0, "the number has more digits than its field");
const TOO_FINE: Flaw = Flaw::new(Code::TOO_LONG, 0, "the number has more decimals than its field");
const BELOW_ZERO: Flaw = Flaw::new(Code::SIGN, 0, "a number below zero in a field without sign");
const NO_NUMBER: Flaw = Flaw::new(Code::RANGE, 0, "the value is not a number");

impl Digits {
    /// Zero.
    pub const ZERO: Digits = Digits { negative: false, values: [0; WIDEST as usize] };

    /// The digits of a whole number.
    pub fn of(value: i128) -> Digits {
        Digits::of_parts(value < 0, value.unsigned_abs())
    }

    /// The digits of a sign and a size.
    pub fn of_parts(negative: bool, size: u128) -> Digits {
        let mut digits = Digits { negative: negative && size != 0, ..Digits::ZERO };
        let mut rest = size;
        for slot in digits.values.iter_mut().rev() {
            if rest == 0 {
                break;
            }
            *slot = (rest % 10) as u8;
            rest /= 10;
        }
        digits
    }

    /// Reads `-123.45` as a number with `decimals` decimals; extra zeros are no loss, other extra digits are a fault.
    pub fn parse(text: &str, decimals: u8) -> Result<Digits, Flaw> {
        let (negative, plain) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            all => (false, all),
        };
        let point = plain.iter().position(|b| *b == b'.');
        let (whole, fraction) = match point {
            Some(at) => (&plain[..at], &plain[at + 1..]),
            None => (plain, &b""[..]),
        };
        if whole.is_empty() || (point.is_some() && fraction.is_empty()) {
            return Err(NO_NUMBER);
        }
        if !whole.iter().chain(fraction).all(u8::is_ascii_digit) {
            return Err(NO_NUMBER);
        }
        let scale = usize::from(decimals);
        if fraction.iter().skip(scale).any(|b| *b != b'0') {
            return Err(TOO_FINE);
        }
        let kept = whole.iter().chain(fraction.iter().take(scale));
        let zeros = scale.saturating_sub(fraction.len());
        let all = kept.copied().chain(std::iter::repeat_n(b'0', zeros)).skip_while(|b| *b == b'0');
        let mut digits = Digits { negative, ..Digits::ZERO };
        let count = all.clone().count();
        let start = usize::from(WIDEST).checked_sub(count).ok_or(TOO_LONG)?;
        digits.values[start..].iter_mut().zip(all).for_each(|(slot, b)| *slot = b - b'0');
        digits.negative &= count > 0;
        Ok(digits)
    }

    /// Below zero; a minus on a zero does not count.
    pub fn is_negative(&self) -> bool {
        self.negative && self.values.iter().any(|d| *d != 0)
    }

    /// How many digits there are from the first that is not zero.
    pub fn count(&self) -> usize {
        self.values.len() - self.values.iter().position(|d| *d != 0).unwrap_or(self.values.len())
    }

    /// The number without its sign, if a `u128` holds it.
    pub fn size(&self) -> Option<u128> {
        let first = self.values.len() - self.count();
        self.values[first..].iter().try_fold(0u128, |n, d| n.checked_mul(10)?.checked_add(u128::from(*d)))
    }

    /// The whole number, if an `i128` holds it.
    pub fn narrow(&self) -> Option<i128> {
        let size = self.size()?;
        if self.negative { 0i128.checked_sub_unsigned(size) } else { i128::try_from(size).ok() }
    }

    pub(super) fn refuse_negative(&self) -> Result<(), Flaw> {
        if self.is_negative() { Err(BELOW_ZERO) } else { Ok(()) }
    }

    /// The last `count` digits; a fault if others are not zero.
    pub fn last(&self, count: u8) -> Result<&[u8], Flaw> {
        let (front, kept) = self.values.split_at(usize::from(WIDEST - count.min(WIDEST)));
        if front.iter().any(|d| *d != 0) { Err(TOO_LONG) } else { Ok(kept) }
    }

    /// Appends the canonical text: no leading zeros but the one before the point.
    pub fn write(&self, decimals: u8, out: &mut String) {
        if self.negative {
            out.push('-');
        }
        let point = self.values.len() - usize::from(decimals.min(WIDEST));
        let first = self.values.iter().position(|d| *d != 0).unwrap_or(self.values.len());
        if first >= point {
            out.push('0');
        }
        for (at, digit) in self.values.iter().enumerate().skip(first.min(point)) {
            if at == point {
                out.push('.');
            }
            out.push(char::from(b'0' + digit));
        }
    }
}
