//! Fields with rules of their own: the path that decoding takes when IBM i's plain rules are not all there is.
//!
//! Policies act here and nowhere else. A policy that lets a value pass tells the place and what it did; what no policy
//! lets pass is the flaw that strict reading found.

use super::decode::{hex, plain};
use super::plan::Step;
use super::row::Cell;
use super::{decimal::Decimal, moment, number};
use crate::fault::Flaw;
use crate::layout::{Dirty, Kind, Rules};

/// A field whose rules are not the plain ones; repairs are told with their byte within the field.
pub(super) fn decode(
    step: &Step,
    rules: &Rules,
    bytes: &[u8],
    out: &mut String,
    repaired: &mut dyn FnMut(usize, &'static str),
) -> Result<Cell, Flaw> {
    let start = out.len();
    let read = match (step.kind, rules.moment) {
        (kind, _) if kind.is_text() || kind == Kind::Hex => {
            return super::chars::read(step, rules, bytes, out, repaired);
        }
        (_, Some(moment)) => moment::read_number(step, rules, moment, bytes, out),
        (Kind::Date(_) | Kind::Time(_) | Kind::Timestamp { .. }, None) => moment::read(step, rules, bytes, out),
        _ if rules.blank_when_zero && is_only(bytes, step.page.blank()) => Ok(zero(step)),
        (kind, None) if kind.digits().is_some() => number::read(step, rules, bytes, out),
        _ => plain(step, bytes, out),
    };
    read.or_else(|flaw| {
        out.truncate(start);
        dirty(step, rules, bytes, flaw, out, repaired)
    })
}

/// A kind that IBM i's plain records do not have, without rules of its own.
pub(super) fn unplain(step: &Step, bytes: &[u8], out: &mut String) -> Result<Cell, Flaw> {
    number::read(step, &Rules::PLAIN, bytes, out)
}

/// What the field's policy makes of a value that strict reading refuses.
fn dirty(
    step: &Step,
    rules: &Rules,
    bytes: &[u8],
    flaw: Flaw,
    out: &mut String,
    repaired: &mut dyn FnMut(usize, &'static str),
) -> Result<Cell, Flaw> {
    let empty = [step.page.blank(), 0x40, 0x00, 0xFF].iter().any(|byte| is_only(bytes, *byte));
    let policy = if empty { rules.blank.unwrap_or(rules.dirty) } else { rules.dirty };
    match policy {
        Dirty::Reject => Err(flaw),
        Dirty::Null => {
            repaired(flaw.at, if empty { "no value: read as null" } else { "a bad value: read as null" });
            Ok(Cell::Null)
        }
        Dirty::Zero => {
            repaired(flaw.at, if empty { "no value: read as zero" } else { "a bad value: read as zero" });
            Ok(zero(step))
        }
        Dirty::Keep => {
            repaired(flaw.at, "a bad value: kept as it is");
            let start = out.len() as u32;
            hex(bytes, out);
            Ok(Cell::Raw(start, out.len() as u32))
        }
    }
}

/// Zero as the field's values are.
fn zero(step: &Step) -> Cell {
    match step.kind {
        Kind::Binary { decimals: 0, .. } => Cell::Int(0),
        Kind::Float { double: false } => Cell::Single(0.0),
        Kind::Float { double: true } => Cell::Double(0.0),
        kind => Cell::Decimal(Decimal { unscaled: 0, scale: kind.digits().map_or(0, |(_, decimals)| decimals) }),
    }
}

fn is_only(bytes: &[u8], byte: u8) -> bool {
    !bytes.is_empty() && bytes.iter().all(|b| *b == byte)
}
