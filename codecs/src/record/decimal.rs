//! Exact decimals: what packed, zoned and scaled binary fields mean.
//!
//! An `i128` and a scale; arithmetic is checked and never rounds. Wider numbers stay text (see `Cell::Wide`).

use std::fmt;

/// An exact decimal of up to 38 digits: `unscaled / 10^scale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Decimal {
    /// The digits as an integer.
    pub unscaled: i128,
    /// Digits after the point.
    pub scale: u8,
}

impl Decimal {
    /// A whole number.
    pub const fn whole(value: i128) -> Decimal {
        Decimal { unscaled: value, scale: 0 }
    }

    /// Reads `-123.45`; the scale is the number of digits written after the point.
    pub fn parse(text: &str) -> Option<Decimal> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() || (digits.contains('.') && fraction.is_empty()) {
            return None;
        }
        let mut unscaled: i128 = 0;
        for byte in whole.bytes().chain(fraction.bytes()) {
            let digit = byte.is_ascii_digit().then(|| i128::from(byte - b'0'))?;
            unscaled = unscaled.checked_mul(10)?.checked_add(digit)?;
        }
        let scale = u8::try_from(fraction.len()).ok()?;
        Some(Decimal { unscaled: if negative { -unscaled } else { unscaled }, scale })
    }

    /// The same value with another scale, or nothing if digits would be lost or overflow.
    pub fn rescale(self, scale: u8) -> Option<Decimal> {
        if scale == self.scale {
            return Some(self);
        }
        let unscaled = if scale > self.scale {
            self.unscaled.checked_mul(10i128.checked_pow(u32::from(scale - self.scale))?)?
        } else {
            divided(self.unscaled, u32::from(self.scale - scale))?
        };
        Some(Decimal { unscaled, scale })
    }

    /// Sum with the larger scale, or nothing on overflow.
    pub fn checked_add(self, other: Decimal) -> Option<Decimal> {
        let scale = self.scale.max(other.scale);
        let unscaled = self.rescale(scale)?.unscaled.checked_add(other.rescale(scale)?.unscaled)?;
        Some(Decimal { unscaled, scale })
    }

    /// Product; scales add up. Nothing on overflow.
    pub fn checked_mul(self, other: Decimal) -> Option<Decimal> {
        Some(Decimal {
            unscaled: self.unscaled.checked_mul(other.unscaled)?,
            scale: self.scale.checked_add(other.scale)?,
        })
    }

    /// Compares by value: `1.0` equals `1.00`.
    pub fn same_value(self, other: Decimal) -> bool {
        let scale = self.scale.max(other.scale);
        match (self.rescale(scale), other.rescale(scale)) {
            (Some(a), Some(b)) => a.unscaled == b.unscaled,
            _ => false,
        }
    }
}

/// A number divided by a power of ten; nothing if that leaves a rest. Nearly all numbers fit a machine word, whose division
/// costs a tenth.
fn divided(value: i128, power: u32) -> Option<i128> {
    if let (Ok(value), Some(power)) = (i64::try_from(value), 10i64.checked_pow(power)) {
        let quotient = value / power;
        return (quotient * power == value).then_some(i128::from(quotient));
    }
    let power = 10i128.checked_pow(power)?;
    let quotient = value / power;
    (quotient * power == value).then_some(quotient)
}

/// The digits of a decimal as a cell holds them: an `i128` in two words, so that it aligns as they do and a cell with
/// its scale takes 24 bytes, not 48.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unscaled {
    low: u64,
    high: i64,
}

impl Unscaled {
    /// Takes the number apart.
    #[inline]
    pub const fn of(value: i128) -> Unscaled {
        Unscaled { low: value as u64, high: (value >> 64) as i64 }
    }

    /// The number.
    #[inline]
    pub const fn get(self) -> i128 {
        (self.high as i128) << 64 | self.low as i128
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.unscaled < 0 { "-" } else { "" };
        let digits = self.unscaled.unsigned_abs().to_string();
        let scale = usize::from(self.scale);
        if scale == 0 {
            return write!(f, "{sign}{digits}");
        }
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        write!(f, "{sign}{whole}.{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_is_given_up_only_without_loss() {
        let rescaled = |unscaled, from, to| Decimal { unscaled, scale: from }.rescale(to).map(|d| d.unscaled);
        let word = i128::from(i64::MAX);
        for value in [0, 1, -1, 12, word, -word - 1, word + 1, 10i128.pow(37)] {
            for power in [0u8, 1, 17, 18, 19, 20, 37] {
                let ten = 10i128.pow(u32::from(power));
                assert_eq!(rescaled(value, 3, 3 + power), value.checked_mul(ten));
                let Some(more) = value.checked_mul(ten) else { continue };
                assert_eq!(rescaled(more, power, 0), Some(value));
                let lossless = (more + 1) % ten == 0;
                assert_eq!(rescaled(more + 1, power, 0), lossless.then_some((more + 1) / ten));
            }
        }
        assert_eq!(rescaled(0, 39, 0), None);
    }
}
