//! Fields with rules of their own: the path that decoding takes when IBM i's plain rules are not all there is.
//!
//! Policies act here and nowhere else. A policy that lets a value pass tells the place and what it did; what no policy
//! lets pass is the flaw that strict reading found.

use super::content::hex;
use super::moment::REFUSED;
use super::plan::Step;
use super::row::Cell;
use super::{decimal::Decimal, float, moment, number};
use crate::code::Code;
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
        && let Some(cell) = mended(step, rules, bytes, out)
    {
        repaired(flaw.at, "a bad number: mended as FIXNBR does");
        return Ok(cell);
    }
    passed(step, rules, bytes, flaw, out, repaired)
}

/// What `dirty` and `blank` make of it. A day that the layout refuses by name is refused.
pub(super) fn passed(
    step: &Step,
    rules: &Rules,
    bytes: &[u8],
    flaw: Flaw,
    out: &mut String,
    repaired: &mut dyn FnMut(usize, &'static str),
) -> Result<Cell, Flaw> {
    let policy = match dirty::of_flaw(bytes, flaw) {
        _ if flaw.detail == REFUSED.detail => Dirty::Reject,
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

/// What is wrong with a field that strict reading refuses: where nobody filled it, that, and not what its bytes look
/// like. A value that the layout refuses by name keeps its own fault.
#[cold]
pub(super) fn blamed(step: &Step, bytes: &[u8], flaw: Flaw) -> Flaw {
    let named = step.rules.as_deref().is_some_and(|rules| rules.no_date.refusals().next().is_some());
    if step.kind.is_text() || step.kind == Kind::Hex || (named && flaw.code == Code::DATE) {
        return flaw;
    }
    let told = match dirty::of_flaw(bytes, flaw) {
        Dirt::Blank => "the field is blank",
        Dirt::LowValues => "the field has low-values (00) only",
        Dirt::HighValues => "the field has high-values (FF) only",
        _ => return flaw,
    };
    Flaw::new(Code::UNFILLED, 0, told)
}

/// Appends what the field's policy reads as null although nothing else tells so: blanks, 00 or FF, the first of them that
/// is no value of the field's kind; false if there is none.
pub(super) fn write_unfilled(step: &Step, rules: &Rules, out: &mut Vec<u8>) -> bool {
    if step.kind.is_text() || step.kind == Kind::Hex || rules.blank.unwrap_or(rules.dirty) != Dirty::Null {
        return false;
    }
    let start = out.len();
    let is_null = |bytes: &[u8]| decode(step, rules, bytes, &mut String::new(), &mut |_, _| ()) == Ok(Cell::Null);
    [step.page.blank(), 0x00, 0xFF].into_iter().any(|byte| {
        out.truncate(start);
        out.resize(start + step.bytes, byte);
        is_null(&out[start..]) || {
            out.truncate(start);
            false
        }
    })
}

/// The number that RPG's FIXNBR makes of packed and zoned fields of up to 38 digits. RPG knows zoned numbers of one form
/// only; a minus in a field without sign is none of its faults. Where the number means a date or time, the mended one does.
fn mended(step: &Step, rules: &Rules, bytes: &[u8], out: &mut String) -> Option<Cell> {
    let zoned = rules.sign == SignPlace::Trailing && rules.encoding == Encoding::Ebcdic;
    let fixed = match step.kind {
        Kind::Packed { digits, .. } => fixnbr::packed(bytes, digits),
        Kind::Zoned { digits, .. } if zoned => fixnbr::zoned(bytes, digits),
        _ => return None,
    };
    let (_, decimals) = step.kind.digits()?;
    let fixed = fixed.ok().filter(|fixed| fixed.repaired.is_some())?;
    let unscaled = fixed.number.narrow().filter(|n| *n >= 0 || !rules.unsigned)?;
    let Some(moment) = rules.moment else { return Some(Decimal { unscaled, scale: decimals }.into()) };
    let start = out.len();
    moment::meant(step, rules, moment, unscaled, out).inspect_err(|_| out.truncate(start)).ok()
}

/// Zero as the field's values are.
fn zero(step: &Step) -> Cell {
    match step.kind {
        Kind::Binary { decimals: 0, .. } => Cell::Int(0),
        Kind::Float { double: false } => Cell::Single(0.0),
        Kind::Float { double: true } => Cell::Double(0.0),
        kind => Decimal { unscaled: 0, scale: number::decimals(kind).unwrap_or(0) }.into(),
    }
}

fn is_only(bytes: &[u8], byte: u8) -> bool {
    !bytes.is_empty() && bytes.iter().all(|b| *b == byte)
}
