//! Fields with rules of their own: the path that decoding takes when IBM i's plain rules are not all there is.

use super::decode::plain;
use super::plan::Step;
use super::row::Cell;
use crate::code::Code;
use crate::fault::Flaw;
use crate::layout::Rules;

/// A field whose rules are not the plain ones; repairs are told with their byte within the field.
pub(super) fn decode(
    step: &Step,
    _rules: &Rules,
    bytes: &[u8],
    out: &mut String,
    _repaired: &mut dyn FnMut(usize, &'static str),
) -> Result<Cell, Flaw> {
    plain(step, bytes, out)
}

/// A kind that IBM i's plain records do not have.
pub(super) fn unplain(_step: &Step, _bytes: &[u8], _out: &mut String) -> Result<Cell, Flaw> {
    Err(Flaw::new(Code::NO_LAYOUT, 0, "this type is not read here"))
}
