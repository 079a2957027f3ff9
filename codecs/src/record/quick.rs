//! The shortest ways of a flat record's fields, laid out for decoding: small, in order, and without a choice that does
//! not depend on the field alone.

use super::plain_text::PlainText;
use super::step::{Nulls, Step};
use super::way::Way;
use crate::simd::{Level, Moment, Sign};

/// The ways of a plan's steps.
#[derive(Clone, Debug)]
pub(crate) struct Quick {
    pub(super) level: Level,
    pub(super) ops: Vec<Op>,
    pub(super) texts: Vec<PlainText>,
    pub(super) moments: Vec<Moment>,
}

/// One field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Op {
    pub(super) start: u32,
    pub(super) bytes: u32,
    pub(super) value: Value,
}

/// What becomes of its bytes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    /// Text; index in `texts`.
    Text(u16),
    /// Packed, up to 18 digits.
    Packed { digits: u8, decimals: u8, signed: bool },
    /// A digit a byte, up to 18, the sign in the last zone.
    Zoned { decimals: u8 },
    /// A digit a byte, up to 18, perhaps with signs in front.
    Digits { decimals: u8, zone: u8, signs: Option<[u8; 2]> },
    /// A date or timestamp; index in `moments`.
    Moment(u16),
    /// An IEEE single.
    Single,
    /// Bytes as hex digits.
    Hex,
    /// By its step.
    Long,
}

/// Digits that the short ways read.
const NARROW: u8 = 18;

impl Quick {
    /// For all steps.
    pub(super) fn of(steps: &[Step], nulls: Nulls) -> Quick {
        let (mut texts, mut moments) = (Vec::new(), Vec::new());
        let mut value = |step: &Step| match Way::of(step, nulls) {
            Way::Text => u16::try_from(PlainText::find(step.page, &mut texts)).map_or(Value::Long, Value::Text),
            Way::Packed { digits, decimals, signed } if digits <= NARROW => Value::Packed { digits, decimals, signed },
            Way::Zoned { digits, decimals, zone, sign } if digits <= NARROW => match sign {
                Sign::Last => Value::Zoned { decimals },
                Sign::None => Value::Digits { decimals, zone, signs: None },
                Sign::Front(plus, minus) => Value::Digits { decimals, zone, signs: Some([plus, minus]) },
            },
            Way::Moment(moment) => u16::try_from(place(moment, &mut moments)).map_or(Value::Long, Value::Moment),
            Way::Single => Value::Single,
            Way::Hex => Value::Hex,
            _ => Value::Long,
        };
        let op = |step: &Step| Op { start: step.start as u32, bytes: step.bytes as u32, value: value(step) };
        let ops = steps.iter().map(op).collect();
        Quick { level: Level::best(), ops, texts, moments }
    }
}

/// Its place among others, to which it is added if it is not there.
fn place(moment: Moment, among: &mut Vec<Moment>) -> usize {
    among.iter().position(|known| *known == moment).unwrap_or_else(|| {
        among.push(moment);
        among.len() - 1
    })
}
