//! Blanks that fill a field to its length and are no part of its value.
//!
//! A blank is one byte, in UTF-16 and UCS-2 two. Ideographic blanks are the business of J, E and G fields.

use crate::text::page::Page;

/// Without trailing blanks.
pub fn trim(page: Page, bytes: &[u8]) -> &[u8] {
    if page.is_wide() { trim_wide(bytes) } else { trim_bytes(bytes, page.blank()) }
}

fn trim_bytes(bytes: &[u8], blank: u8) -> &[u8] {
    let mut rest = bytes;
    while let Some((front, eight)) = rest.split_last_chunk::<8>() {
        if *eight != [blank; 8] {
            break;
        }
        rest = front;
    }
    while let Some((last, front)) = rest.split_last() {
        if *last != blank {
            break;
        }
        rest = front;
    }
    rest
}

/// Half a character at the end stays, for decoding to refuse.
fn trim_wide(bytes: &[u8]) -> &[u8] {
    let (units, odd) = bytes.as_chunks::<2>();
    if !odd.is_empty() {
        return bytes;
    }
    let kept = units.iter().rposition(|unit| *unit != [0, b' ']).map_or(0, |last| last + 1);
    &bytes[..2 * kept]
}

/// Appends blanks until `out` has `length` bytes; half a blank, in a field of odd length, becomes 00.
pub fn pad(page: Page, length: usize, out: &mut Vec<u8>) {
    if page.is_wide() {
        while out.len() + 2 <= length {
            out.extend([0, b' ']);
        }
        out.resize(out.len().max(length), 0);
    } else {
        out.resize(out.len().max(length), page.blank());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_are_of_the_page() {
        assert_eq!(trim(Page::Cp37, b"A\x40\x20\x40\x40\x40\x40\x40\x40\x40\x40\x40"), b"A\x40\x20");
        assert_eq!(trim(Page::Gbk, b"A\x20\x40\x20"), b"A\x20\x40");
        assert_eq!(trim(Page::Utf16, b"\x20\x20\0\x20\0\x20"), b"\x20\x20");
        assert_eq!(trim(Page::Ucs2, b"\0\x20\0"), b"\0\x20\0");
        assert_eq!(trim(Page::Utf16, b""), b"");
    }

    #[test]
    fn padding_reaches_the_length_and_never_shortens() {
        for (page, want) in [(Page::Cp37, &b"A\x40\x40"[..]), (Page::Utf8, b"A\x20\x20"), (Page::Utf16, b"A\0\x20")] {
            let mut out = b"A".to_vec();
            pad(page, 3, &mut out);
            assert_eq!(out, want, "{page:?}");
            pad(page, 1, &mut out);
            assert_eq!(out, want, "{page:?}");
        }
    }
}
