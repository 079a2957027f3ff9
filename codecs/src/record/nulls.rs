//! Where a record says that a field is null: its blanks, a map behind all fields, or a byte behind each.
//!
//! A map byte is `1` or `0` (IBM i, Database Programming, "Null value support": the null map), and `1` only where the
//! field can be null. Anything else is a fault, for neither reading would be more than a guess. A flag byte is null
//! unless blank or 00, as CPYF with FMTOPT(*NULLFLAGS) has it, so that no flag is wrong.

use super::plan::{Nulls, Plan, Short, Step};
use crate::code::Code;
use crate::fault::{Fault, Flaw};
use crate::text;

const NO_MARK: Flaw = Flaw::new(Code::NULL_MARK, 0, "the null map has neither 0 nor 1 for this field");
const NOT_NULLABLE: Flaw = Flaw::new(Code::NULL_MARK, 0, "the null map says null, and the field cannot be");
const ENDED: Flaw = Flaw::new(Code::LENGTH, 0, "the record ends before it says whether this field is null");

impl Plan {
    /// Whether the record says that a field is null.
    pub(super) fn null(&self, index: usize, step: &Step, record: &[u8]) -> Result<bool, Fault> {
        let at = match self.nulls {
            Nulls::Map => self.map_at + index,
            _ if !step.nullable => return Ok(false),
            Nulls::None => return Ok(false),
            Nulls::Blank => {
                let bytes = record.get(step.start..step.start + step.bytes);
                return Ok(bytes.is_some_and(|bytes| text::trim(step.page, bytes).is_empty()));
            }
            Nulls::Flag => step.start + step.bytes,
        };
        let (zero, one) = (self.null_mark() - 1, self.null_mark());
        match (self.nulls, record.get(at).copied()) {
            (_, None) if self.short != Short::Refuse => Ok(false),
            (_, None) => Err(ENDED.within(index, at)),
            (Nulls::Flag, Some(flag)) => Ok(flag != 0 && flag != self.page.blank()),
            (_, Some(mark)) if mark == zero => Ok(false),
            (_, Some(mark)) if mark == one && step.nullable => Ok(true),
            (_, Some(mark)) => Err(if mark == one { NOT_NULLABLE } else { NO_MARK }.within(index, at)),
        }
    }

    /// Whether the null map, if there is one, says nothing wrong: then fields that cannot be null need no look at it.
    #[inline]
    pub(crate) fn map_is_plain(&self, record: &[u8]) -> bool {
        self.nulls != Nulls::Map || self.marks_are_plain(record)
    }

    fn marks_are_plain(&self, record: &[u8]) -> bool {
        let (zero, one) = (self.null_mark() - 1, self.null_mark());
        let marks = record.get(self.map_at..).unwrap_or_default();
        let plain = |(mark, step): (&u8, &Step)| *mark == zero || (*mark == one && step.nullable);
        (marks.len() >= self.steps.len() || self.short != Short::Refuse) && marks.iter().zip(&self.steps).all(plain)
    }
}
