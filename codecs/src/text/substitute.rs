//! The substitute character U+001A, which converters write for what they do not know: 3F in EBCDIC, 1A in ASCII.
//!
//! Where it stands, a character was lost before anybody here saw it (IBM i Globalization, "Substitution character"). It
//! is text like any other and goes both ways; what is done here is to find it, so that it is told.

use crate::text::page::Page;
use crate::text::pool::table;

/// The character.
const SUBSTITUTE: u8 = 0x1A;

/// What is told of it.
pub(crate) const TOLD: &str = "a substitute character (3F, U+001A): the original was lost before";

/// Whether a text has any.
#[inline]
pub(crate) fn is_in(text: &str) -> bool {
    memchr::memchr(SUBSTITUTE, text.as_bytes()).is_some()
}

/// Their places in a text, in characters.
pub(crate) fn characters(text: &str) -> impl Iterator<Item = usize> {
    text.chars().enumerate().filter(|(_, character)| *character == char::from(SUBSTITUTE)).map(|(at, _)| at)
}

/// The places in bytes of those that `text` has, which was read from them.
#[cold]
pub(crate) fn places(page: Page, bytes: &[u8], text: &str) -> Vec<usize> {
    let count = characters(text).count();
    if page.is_wide() {
        let pairs = bytes.chunks_exact(2).enumerate();
        return pairs.filter(|(_, pair)| *pair == [0, SUBSTITUTE]).map(|(n, _)| 2 * n).take(count).collect();
    }
    let code = table(page).code(char::from(SUBSTITUTE)).and_then(|code| u8::try_from(code).ok());
    let byte = code.unwrap_or(SUBSTITUTE);
    bytes.iter().enumerate().filter(|(_, found)| **found == byte).map(|(at, _)| at).take(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::rules::Rules;
    use crate::text::strict;

    #[test]
    fn every_page_that_has_the_character_is_seen_to() {
        for &page in Page::ALL {
            let mut bytes = Vec::new();
            if strict::encode(page, &Rules::STRICT, "1\u{1A}2\u{1A}", &mut bytes).is_err() {
                continue;
            }
            let unit = if page.is_wide() { 2 } else { 1 };
            assert_eq!(places(page, &bytes, "1\u{1A}2\u{1A}"), [unit, 3 * unit], "{page:?}");
            assert_eq!(bytes[unit] == 0x3F, page.is_ebcdic(), "{page:?}");
        }
    }
}
