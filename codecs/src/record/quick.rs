//! The shortest way of each field of a record, laid out for decoding: small, in order, and without a choice that does
//! not depend on the field alone.

use super::op::{Op, Value};
use super::parts::{Arranged, Part, arrange};
use super::plain_text::PlainText;
use super::step::{Nulls, Step};
use super::way::Way;
use crate::layout::Node;
use crate::simd::{Level, Moment, Sign};

/// The ways of a plan's steps.
#[derive(Clone, Debug)]
pub(crate) struct Quick {
    pub(super) level: Level,
    /// What a record is made of; the ops are theirs.
    pub(super) parts: Vec<Part>,
    pub(super) ops: Vec<Op>,
    pub(super) texts: Vec<PlainText>,
    pub(super) moments: Vec<Moment>,
    /// Every record has a cell of every step.
    pub(super) whole: bool,
}

/// Digits that the short ways read.
const NARROW: u8 = 18;

impl Quick {
    /// For all steps; `nodes` is the tree over them, which a flat record has not.
    pub(super) fn of(steps: &[Step], nodes: Option<&[Node]>, nulls: Nulls) -> Quick {
        let (mut texts, mut moments) = (Vec::new(), Vec::new());
        let mut value = |step: &Step| match Way::of(step, nulls) {
            Way::Text => u16::try_from(PlainText::find(step.page, &mut texts)).map_or(Value::Long, Value::Text),
            Way::Packed { digits, decimals, signed } if digits <= NARROW => Value::Packed { digits, decimals, signed },
            Way::Zoned { digits, decimals, zone, sign } if digits <= NARROW => match sign {
                Sign::Last => Value::Zoned { decimals },
                Sign::None => Value::Digits { decimals, zone, signs: None },
                Sign::Front(plus, minus) => Value::Digits { decimals, zone, signs: Some([plus, minus]) },
            },
            Way::Int => Value::Int,
            Way::Moment(moment) => u16::try_from(place(moment, &mut moments)).map_or(Value::Long, Value::Moment),
            Way::Single => Value::Single,
            Way::Hex => Value::Hex,
            _ => Value::Long,
        };
        // Places are those within the record; segments count them from their own beginning.
        let op = |(leaf, step): (usize, &Step)| Op {
            leaf: leaf as u32,
            start: step.start as u32,
            bytes: step.bytes as u32,
            value: value(step),
        };
        let leaves: Vec<Op> = steps.iter().enumerate().map(op).collect();
        let typed = |leaf: usize| steps.get(leaf).is_some_and(|step| !step.filler && step.is_typed());
        let Arranged { parts, ops, whole } = arrange(&leaves, nodes, &typed);
        Quick { level: Level::best(), parts, ops, texts, moments, whole }
    }
}

/// Its place among others, to which it is added if it is not there.
fn place(moment: Moment, among: &mut Vec<Moment>) -> usize {
    among.iter().position(|known| *known == moment).unwrap_or_else(|| {
        among.push(moment);
        among.len() - 1
    })
}
