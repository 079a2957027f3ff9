//! The compiled form of a layout: what decoding walks over.
//!
//! Steps hold only what the hot path needs, so that they stay in cache; names and texts stay in the [`Layout`]. In
//! null mode `flag` the plan also moves the fields apart to make room for the flag bytes.

use crate::layout::{Kind, Layout};
use crate::text::Page;

/// How a null of a nullable field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Nulls {
    /// Not at all: the file has no nulls.
    #[default]
    None,
    /// A nullable field of blanks only is null.
    Blank,
    /// A map after the last field: a byte a field, `1` null, `0` not.
    Map,
    /// A byte after each nullable field: blank or 00 not null, anything else null; `1` is written.
    Flag,
}

/// One field, ready for decoding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) bytes: usize,
    pub(crate) page: Page,
    pub(crate) varlen: bool,
    pub(crate) nullable: bool,
    pub(crate) filler: bool,
}

/// All steps of a record.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    pub(crate) nulls: Nulls,
    /// First byte of the null map, the length of the record without it.
    pub(crate) map_at: usize,
    /// Null flags and map are written in this page.
    pub(crate) page: Page,
}

impl Plan {
    /// Compiles a layout; `layout` is moved apart for null flags or made longer for the null map.
    pub(crate) fn compile(layout: &mut Layout, nulls: Nulls, page: Page) -> Plan {
        let mut shift = 0;
        let mut steps = Vec::with_capacity(layout.fields.len());
        for field in &mut layout.fields {
            field.offset += shift;
            steps.push(Step {
                kind: field.kind,
                start: field.offset,
                bytes: field.bytes,
                page: field.page.unwrap_or(page),
                varlen: field.varlen,
                nullable: field.nullable,
                filler: field.is_filler(),
            });
            shift += usize::from(nulls == Nulls::Flag && field.nullable);
        }
        let map_at = layout.length + shift;
        layout.length = map_at + if nulls == Nulls::Map { steps.len() } else { 0 };
        Plan { steps, nulls, map_at, page }
    }

    /// The character `1`, which marks a null.
    pub(crate) fn null_mark(&self) -> u8 {
        if self.page.is_ebcdic() { 0xF1 } else { b'1' }
    }
}
