//! Arithmetic on exact decimals. Everything is checked; nothing comes back where the result has too many digits.

use super::model::{Arithmetic, SCALE_MAX};
use fpp_codecs::record::Decimal;
use std::cmp::Ordering;

pub(super) fn compute(how: Arithmetic, left: Decimal, right: Decimal) -> Option<Decimal> {
    let value = match how {
        Arithmetic::Add => left.checked_add(right)?,
        Arithmetic::Subtract => left.checked_add(negate(right)?)?,
        Arithmetic::Multiply => left.checked_mul(right)?,
    };
    (value.scale <= SCALE_MAX).then_some(value)
}

pub(super) fn negate(value: Decimal) -> Option<Decimal> {
    Some(Decimal { unscaled: value.unscaled.checked_neg()?, scale: value.scale })
}

pub(super) fn abs(value: Decimal) -> Option<Decimal> {
    Some(Decimal { unscaled: value.unscaled.checked_abs()?, scale: value.scale })
}

/// To so many digits after the point; a half goes away from zero (四舍五入).
pub(super) fn round(value: Decimal, scale: u8) -> Option<Decimal> {
    if scale >= value.scale {
        return value.rescale(scale);
    }
    let unscaled = match 10i128.checked_pow(u32::from(value.scale - scale)) {
        Some(power) => rounded(value.unscaled, power)?,
        None => 0,
    };
    Some(Decimal { unscaled, scale })
}

/// To so many digits after the point; what is behind them is dropped.
pub(super) fn truncate(value: Decimal, scale: u8) -> Option<Decimal> {
    if scale >= value.scale {
        return value.rescale(scale);
    }
    let power = 10i128.checked_pow(u32::from(value.scale - scale));
    Some(Decimal { unscaled: power.map_or(0, |power| value.unscaled / power), scale })
}

/// A quotient, rounded to so many digits after the point; nothing for a division by zero, too.
pub(super) fn divide(left: Decimal, right: Decimal, scale: u8) -> Option<Decimal> {
    let shift = i32::from(scale) + i32::from(right.scale) - i32::from(left.scale);
    let power = 10i128.checked_pow(shift.unsigned_abs())?;
    let (over, under) = match shift >= 0 {
        true => (left.unscaled.checked_mul(power)?, right.unscaled),
        false => (left.unscaled, right.unscaled.checked_mul(power)?),
    };
    Some(Decimal { unscaled: rounded(over, under)?, scale })
}

/// `over / under`, a half away from zero.
fn rounded(over: i128, under: i128) -> Option<i128> {
    let (quotient, rest) = (over.checked_div(under)?, over.checked_rem(under)?);
    // Twice the rest may not fit; the other half of the divisor always does.
    let (rest, half) = (rest.unsigned_abs(), under.unsigned_abs());
    if rest >= half - rest && rest > 0 {
        return quotient.checked_add(if (over < 0) == (under < 0) { 1 } else { -1 });
    }
    Some(quotient)
}

/// Which is the greater, whatever their scales.
pub(super) fn order(left: Decimal, right: Decimal) -> Ordering {
    let scale = left.scale.max(right.scale);
    match (left.rescale(scale), right.rescale(scale)) {
        (Some(left), Some(right)) => left.unscaled.cmp(&right.unscaled),
        // Only one that has no room for the other's digits is that large.
        (None, _) => left.unscaled.cmp(&0),
        (_, None) => 0.cmp(&right.unscaled),
    }
}
