//! Blanks that fill a field to its length and are no part of its value.

/// Without trailing blanks.
pub(crate) fn trim(bytes: &[u8], blank: u8) -> &[u8] {
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
