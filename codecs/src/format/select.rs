//! Which records a layout fits: bytes at a place, or a condition, or both.
//!
//! A condition that demands bytes at a place is looked at there first, so that dispatch by a record type costs no more
//! than a comparison of bytes, however it is written.

use crate::condition::{Condition, Scope};
use crate::framing::kind::RECORD_LIMIT;
use crate::source::Section;
use crate::text;

/// What tells a record format from the others; without bytes and condition it fits every record.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Selector {
    /// First byte within the record, from 0 (sources count from 1).
    pub at: usize,
    /// The bytes, in the file's page.
    pub bytes: Vec<u8>,
    /// What must hold besides.
    pub condition: Option<Condition>,
}

impl Selector {
    /// Whether the record carries the bytes.
    pub fn has_bytes(&self, record: &[u8]) -> bool {
        // The first byte decides nearly always; comparing all of them is a call, which costs more than decoding a field.
        let Some((first, rest)) = self.bytes.split_first() else { return true };
        record.get(self.at) == Some(first)
            && (rest.is_empty() || record.get(self.at + 1..).is_some_and(|record| record.starts_with(rest)))
    }

    /// Whether it fits all records that another one fits.
    pub(super) fn covers(&self, other: &Selector) -> bool {
        self.condition.is_none()
            && (self.bytes.is_empty() || (self.at == other.at && other.bytes.starts_with(&self.bytes)))
    }
}

/// Reads `select` of a record: a condition, or a table with `at` and `equals`. Nothing after a fault.
pub(super) fn read(table: &Section<'_>, scope: &Scope<'_>) -> Option<Selector> {
    if !table.has("select") {
        return Some(Selector::default());
    }
    if !table.is_table("select") {
        let condition = table.text("select")?;
        let condition = Condition::parse(&condition, scope).map_err(|fault| table.fault("select", fault)).ok()?;
        let (bytes, condition) = condition.split_bytes();
        let (at, bytes) = bytes.unwrap_or_default();
        return Some(Selector { at, bytes, condition });
    }
    let select = table.section("select")?;
    let at = select.number_in("at", 1..=RECORD_LIMIT as i64);
    let equals = select.need_text("equals");
    select.no_more();
    let mut bytes = Vec::new();
    if text::encode(scope.page, &equals, &mut bytes).is_err() {
        select.fault("equals", format_args!("cannot be written in code page {}", scope.page.name()));
    }
    if !select.has("at") {
        select.fault("at", "is missing; a place within the record, from 1, is needed");
    }
    Some(Selector { at: usize::try_from(at?).ok()? - 1, bytes, condition: None })
}
