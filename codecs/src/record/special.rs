//! Fields with rules of their own: the path that decoding takes when IBM i's plain rules are not all there is.
//!
//! Policies act here and nowhere else. A policy that lets a value pass tells the place and what it did; what no policy
//! lets pass is the flaw that strict reading found.

use super::content::hex;
use super::plan::Step;
use super::row::Cell;
use super::{decimal::Decimal, float, moment, number};
use crate::fault::Flaw;
use crate::layout::{Dirty, Kind, Rules, SignPlace};
use crate::number::dirty::{self, Dirt};
use crate::number::display::Encoding;
use crate::number::fixnbr;

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
        _ if rules.blank_when_zero && step.picture.is_none() && is_only(bytes, step.page.blank()) => Ok(zero(step)),
        (Kind::Float { .. } | Kind::DecFloat { .. }, None) => float::read(step, rules, bytes, out),
        (_, None) => number::read(step, rules, bytes, out),
    };
    read.or_else(|flaw| {
        out.truncate(start);
        washed(step, rules, bytes, flaw, out, repaired)
    })
}

/// A kind that IBM i's plain records do not have, without rules of its own.
pub(super) fn unplain(step: &Step, bytes: &[u8], out: &mut String) -> Result<Cell, Flaw> {
    match step.kind {
        Kind::DecFloat { .. } => float::read(step, &Rules::PLAIN, bytes, out),
        _ => number::read(step, &Rules::PLAIN, bytes, out),
    }
}

/// What the field's policy makes of a value that strict reading refuses.
fn washed(
    step: &Step,
    rules: &Rules,
    bytes: &[u8],
    flaw: Flaw,
    out: &mut String,
    repaired: &mut dyn FnMut(usize, &'static str),
) -> Result<Cell, Flaw> {
    if rules.fixnbr
        && let Some(cell) = mended(step, rules, bytes)
    {
        repaired(flaw.at, "a bad number: mended as FIXNBR does");
        return Ok(cell);
    }
    let dirt = dirty::of_flaw(bytes, flaw);
    let policy = match dirt {
        Dirt::Misfit => Dirty::Reject,
        dirt if dirt.is_unfilled() => rules.blank.unwrap_or(rules.dirty),
        _ => rules.dirty,
    };
    match policy {
        Dirty::Reject => Err(flaw),
        Dirty::Null => {
            repaired(flaw.at, "a bad value: read as null");
            Ok(Cell::Null)
        }
        Dirty::Zero => {
            repaired(flaw.at, "a bad value: read as zero");
            Ok(zero(step))
        }
        Dirty::Keep => {
            repaired(flaw.at, "a bad value: kept as its bytes");
            let start = out.len() as u32;
            hex(bytes, out);
            Ok(Cell::Raw(start, out.len() as u32))
        }
    }
}

/// The number that RPG's FIXNBR makes of packed and zoned fields of up to 38 digits. RPG knows zoned numbers of one form
/// only; a minus in a field without sign is none of its faults.
fn mended(step: &Step, rules: &Rules, bytes: &[u8]) -> Option<Cell> {
    let zoned = rules.sign == SignPlace::Trailing && rules.encoding == Encoding::Ebcdic;
    let fixed = match step.kind {
        Kind::Packed { digits, .. } => fixnbr::packed(bytes, digits),
        Kind::Zoned { digits, .. } if zoned => fixnbr::zoned(bytes, digits),
        _ => return None,
    };
    let (_, decimals) = step.kind.digits()?;
    let fixed = fixed.ok().filter(|fixed| fixed.repaired.is_some())?;
    let unscaled = fixed.number.narrow().filter(|n| *n >= 0 || !rules.unsigned)?;
    Some(Cell::Decimal(Decimal { unscaled, scale: decimals }))
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
