//! One field as decoding takes it, and how a format writes nulls and short records.

use crate::layout::{Kind, Rules};
use crate::number::picture::Picture;
use crate::text::{self, Page};
use std::sync::Arc;

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

/// What becomes of fields behind the end of a record that is shorter than its layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Short {
    /// A fault of each.
    #[default]
    Refuse,
    /// They are absent; one that is cut in two is a fault.
    Absent,
    /// They are blanks, as a copy to a longer record leaves them; told once a record. What is no text is then as dirty as
    /// any field of blanks, and its policy decides.
    Pad,
}

/// Whether a field's own reading of bytes that have others, too, must be there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Insisted {
    /// Another one is enough.
    #[default]
    No,
    /// It is asked for by its name: being lost is a fault.
    WhenLost,
    /// The layout says `dirty = "reject"`: being bad is a fault, whatever else can be read.
    Always,
}

/// One field, ready for decoding.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) bytes: usize,
    pub(crate) page: Page,
    pub(crate) varlen: bool,
    pub(crate) nullable: bool,
    pub(crate) filler: bool,
    /// Rules other than the plain ones.
    pub(crate) rules: Option<Arc<Rules>>,
    /// The picture of an edited number, and the byte of its currency sign.
    pub(crate) picture: Option<Arc<(Picture, u8)>>,
}

impl Step {
    /// Whether it is something else than text or hex, so that not all bytes are a value.
    pub(crate) fn is_typed(&self) -> bool {
        !self.kind.is_text() && self.kind != Kind::Hex
    }

    /// The field as text.
    #[inline]
    pub(crate) fn text(&self) -> text::Field<'_> {
        let rules = self.rules.as_deref().and_then(|rules| rules.text.as_deref());
        let form = self.kind.text_form();
        text::Field { page: self.page, form, counted: self.varlen, rules: rules.unwrap_or(&text::STRICT) }
    }
}
