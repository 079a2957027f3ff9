//! The shortest way from the bytes of a field to its value, where there is one shorter than decoding by its step.
//!
//! A short way is taken only by values in which nothing is unusual. Policies for dirty values, and signs that are only
//! written, do not matter to those; whatever else a field's rules say makes it go the long way.

use super::step::{Nulls, Step};
use crate::date::{DateForm, TimestampForm, timestamp};
use crate::layout::{Kind, Rules, SignPlace};
use crate::number::binary;
use crate::number::display::Encoding;
use crate::simd::{Moment, Sign};

/// From bytes to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Text in the step's page.
    Text,
    /// Packed; whether minus is allowed.
    Packed { digits: u8, decimals: u8, signed: bool },
    /// A digit a byte.
    Zoned { digits: u8, decimals: u8, zone: u8, sign: Sign },
    /// A whole number in two, four or eight bytes, the highest first.
    Int,
    /// A date `yyyy-mm-dd`, or a timestamp in IBM's form.
    Moment(Moment),
    /// An IEEE single, the highest byte first.
    Single,
    /// Bytes as hex digits.
    Hex,
    /// By its step.
    Long,
}

impl Way {
    /// Of a step.
    pub(crate) fn of(step: &Step, nulls: Nulls) -> Way {
        if step.varlen || (step.nullable && nulls != Nulls::None) {
            return Way::Long;
        }
        let plain = Rules::default();
        let rules = step.rules.as_deref().unwrap_or(&plain);
        if !reads_plainly(rules) {
            return Way::Long;
        }
        let ebcdic = step.page.is_ebcdic();
        match step.kind {
            Kind::Char | Kind::Open if step.rules.is_none() && !step.page.is_wide() => Way::Text,
            Kind::Packed { digits, decimals } if step.bytes == usize::from(digits) / 2 + 1 => {
                Way::Packed { digits, decimals, signed: !rules.unsigned }
            }
            Kind::Zoned { digits, decimals } if step.bytes == usize::from(digits) => {
                Way::Zoned { digits, decimals, zone: 0xF0, sign: if rules.unsigned { Sign::None } else { Sign::Last } }
            }
            Kind::Number { digits, decimals, signed } if step.rules.is_none() => {
                let (zone, front) =
                    if ebcdic { (0xF0, Sign::Front(0x4E, 0x60)) } else { (0x30, Sign::Front(b'+', b'-')) };
                Way::Zoned { digits, decimals, zone, sign: if signed { front } else { Sign::None } }
            }
            Kind::Binary { digits, decimals: 0 } if step.rules.is_none() && step.bytes == binary::bytes(digits) => {
                Way::Int
            }
            Kind::Float { double: false } if step.rules.is_none() => Way::Single,
            Kind::Hex if step.rules.is_none() => Way::Hex,
            Kind::Date(DateForm::ISO) if step.rules.is_none() => moment(step, DateForm::ISO.bytes()),
            Kind::Timestamp { fraction } if step.rules.is_none() => moment(step, TimestampForm::Ibm.bytes(fraction)),
            _ => Way::Long,
        }
    }
}

fn moment(step: &Step, bytes: usize) -> Way {
    let (text, coded) = timestamp::zeros(step.page.is_ebcdic());
    match Moment::of(text, coded, bytes) {
        Some(moment) if step.bytes == bytes => Way::Moment(moment),
        _ => Way::Long,
    }
}

/// Whether good numbers are read as they are without rules, but for `unsigned`.
fn reads_plainly(rules: &Rules) -> bool {
    let Rules {
        sign,
        encoding,
        scale_up,
        blank_when_zero,
        picture,
        moment,
        // Only for other kinds, for what is written, or for values that are not plain anyway.
        signs: _,
        unsigned: _,
        little_endian: _,
        native: _,
        hex_float: _,
        justified: _,
        trim_ideographic: _,
        window: _,
        no_date: _,
        timestamp: _,
        blank: _,
        dirty: _,
        insist: _,
        fixnbr: _,
        cut: _,
        text: _,
        rounding: _,
        decimal_comma: _,
        currency: _,
    } = rules;
    *sign == SignPlace::Trailing
        && *encoding == Encoding::default()
        && *scale_up == 0
        && !blank_when_zero
        && picture.is_none()
        && moment.is_none()
}
