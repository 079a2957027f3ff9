//! Text of a page as long as it is plain: bytes that are one ASCII character each, and none that JSON escapes.

use crate::simd::{Block, Kernels, Pen, STOP, Translation};
use crate::text::{self, Page};

/// A page's plain part.
#[derive(Clone, Debug)]
pub(crate) struct PlainText {
    pub(crate) page: Page,
    pub(crate) blank: u8,
    table: Translation,
}

impl PlainText {
    /// Which bytes are a character by themselves is asked of the page's own decoder, so there is no second truth about
    /// them.
    pub(crate) fn of(page: Page) -> PlainText {
        let mut table = [STOP; 256];
        let mut text = String::new();
        for (byte, slot) in (0..=255u8).zip(&mut table) {
            text.clear();
            if text::decode(page, &[byte], &mut text).is_ok()
                && let [plain @ 0x20..0x80] = *text.as_bytes()
                && plain != b'"'
                && plain != b'\\'
            {
                *slot = plain;
            }
        }
        PlainText { page, blank: page.blank(), table: Translation(table) }
    }

    /// Its place among others, to which it is added if it is not there.
    pub(crate) fn find(page: Page, among: &mut Vec<PlainText>) -> usize {
        among.iter().position(|text| text.page == page).unwrap_or_else(|| {
            among.push(PlainText::of(page));
            among.len() - 1
        })
    }

    /// Appends a field without trailing blanks as far as it is plain; gives the rest.
    #[inline(always)]
    pub(crate) fn write<'a, K: Kernels>(&self, kernels: K, field: &'a [u8], pen: &mut Pen<'_>) -> &'a [u8] {
        kernels.plain(&self.table, self.blank, field, pen)
    }

    /// The same as a JSON string behind its key, with the quote after it unless there is a rest.
    #[inline(always)]
    pub(crate) fn write_json<'a, K: Kernels>(
        &self,
        kernels: K,
        key: &Block,
        field: &'a [u8],
        pen: &mut Pen<'_>,
    ) -> &'a [u8] {
        kernels.string(key, &self.table, self.blank, field, pen)
    }
}
