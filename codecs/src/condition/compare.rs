//! Numbers of any length, compared by value and exactly.

use crate::record::Decimal;
use std::cmp::Ordering;

/// A number as it is compared: a decimal, or where that is too small the digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Narrow(Decimal),
    Wide(Wide),
}

/// Digits without zeros at either end that mean nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wide {
    negative: bool,
    whole: String,
    fraction: String,
}

impl Number {
    /// Reads `-12.50`.
    pub(super) fn parse(text: &str) -> Option<Number> {
        Decimal::parse(text).map(Number::Narrow).or_else(|| Wide::parse(text).map(Number::Wide))
    }

    pub(super) fn compare(&self, other: &Number) -> Ordering {
        if let (Number::Narrow(a), Number::Narrow(b)) = (self, other) {
            if a.scale == b.scale {
                return a.unscaled.cmp(&b.unscaled);
            }
            let scale = a.scale.max(b.scale);
            if let (Some(a), Some(b)) = (a.rescale(scale), b.rescale(scale)) {
                return a.unscaled.cmp(&b.unscaled);
            }
        }
        self.wide().compare(&other.wide())
    }

    fn wide(&self) -> Wide {
        match self {
            Number::Wide(wide) => wide.clone(),
            Number::Narrow(decimal) => Wide::parse(&decimal.to_string()).unwrap_or(Wide::ZERO),
        }
    }
}

impl Wide {
    const ZERO: Wide = Wide { negative: false, whole: String::new(), fraction: String::new() };

    fn parse(text: &str) -> Option<Wide> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let good = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !good(whole) || !good(fraction) {
            return None;
        }
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        let zero = whole.is_empty() && fraction.is_empty();
        Some(Wide { negative: negative && !zero, whole: whole.to_owned(), fraction: fraction.to_owned() })
    }

    fn compare(&self, other: &Wide) -> Ordering {
        // Without zeros at the ends the longer whole part is larger, and fractions compare like words.
        let size = |a: &Wide, b: &Wide| {
            a.whole
                .len()
                .cmp(&b.whole.len())
                .then_with(|| a.whole.cmp(&b.whole))
                .then_with(|| a.fraction.cmp(&b.fraction))
        };
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => size(self, other),
            (true, true) => size(other, self),
        }
    }
}
