//! What every level can do, and what is done with it.

use super::append::Block;
use super::form::Form;
use super::moment::Moment;
use super::packed::{EIGHT, Packed};
use super::pen::Pen;

/// Marks a byte that a [`Translation`] does not translate: its highest bit is set.
pub(crate) const STOP: u8 = 0x80;

/// For each byte the ASCII character it becomes, or [`STOP`].
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(crate) struct Translation(pub(crate) [u8; 256]);

/// The bits of the first `count` bytes, 64 at most.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn first(count: usize) -> u64 {
    if count >= 64 { !0 } else { (1 << count) - 1 }
}

/// What every level can do. Where something is not plain, a kernel stops before it.
pub(crate) trait Kernels: Copy {
    /// Appends the translation of the bytes in front of the first that has none; gives their number.
    fn translate(self, table: &Translation, bytes: &[u8], pen: &mut Pen<'_>) -> usize;

    /// The length without trailing `blank` bytes.
    fn trimmed(self, bytes: &[u8], blank: u8) -> usize;

    /// Appends a field's text without trailing blanks, as far as it is plain, and gives the rest.
    #[inline(always)]
    fn plain<'a>(self, table: &Translation, blank: u8, field: &'a [u8], pen: &mut Pen<'_>) -> &'a [u8] {
        let kept = field.get(..self.trimmed(field, blank)).unwrap_or_default();
        let done = self.translate(table, kept, pen);
        kept.get(done..).unwrap_or_default()
    }

    /// The same as a JSON string: the key, the text, and the quote behind it unless there is a rest.
    #[inline(always)]
    fn string<'a>(self, key: &Block, table: &Translation, blank: u8, field: &'a [u8], pen: &mut Pen<'_>) -> &'a [u8] {
        key.append(pen);
        let rest = self.plain(table, blank, field, pen);
        if rest.is_empty() {
            pen.push(b'"');
        }
        rest
    }

    /// Appends text up to the first character that JSON escapes; gives the number of bytes.
    fn copy_unescaped(self, text: &str, pen: &mut Pen<'_>) -> usize;

    /// Appends a packed number as `-123.45"`, closing quote included; false, and nothing appended, when the field is
    /// not a good number of its form.
    fn packed_text(self, form: &Form, field: &[u8], pen: &mut Pen<'_>) -> bool;

    /// Appends a zoned or text number in the same way.
    fn zoned_text(self, form: &Form, field: &[u8], pen: &mut Pen<'_>) -> bool;

    /// Appends a day or timestamp as `2024-02-29`; false, and nothing appended, when the field has not its form or there
    /// is no such day or time.
    fn moment_text(self, moment: &Moment, field: &[u8], pen: &mut Pen<'_>) -> bool;

    /// Reads the first `count` fields, eight at most, into the first of the numbers; false when one of them is not good
    /// or not there. What stands in the other numbers afterwards is not said.
    fn packed_numbers(self, form: &Packed, bytes: &[u8], count: usize, numbers: &mut [i64; EIGHT]) -> bool;
}

/// Work that is compiled once for each level, so that its kernels become part of it. `run` must be `inline(always)`,
/// and so must whatever calls kernels on its behalf.
pub(crate) trait Task {
    /// What comes out.
    type Output;

    /// Does it.
    fn run<K: Kernels>(self, kernels: K) -> Self::Output;
}
