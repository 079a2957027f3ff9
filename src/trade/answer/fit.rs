//! Whether values fit the fields of an answer, asked before anything is posted.
//!
//! After a file is proven its answer must be writable. So widths are compared when the mapping is compiled, and what only
//! a record can tell (its event id) is asked while the record is proven.

use fpp_codecs::format::Format;
use fpp_codecs::layout::{Field, Kind};
use fpp_codecs::text;

/// What a field can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Room {
    /// So many bytes of text.
    Text(usize),
    /// So many digits before and after the point.
    Number(u8, u8),
    /// Dates, times, hex, floats: the codec alone decides.
    Other,
}

fn room(field: &Field) -> Room {
    match field.kind {
        Kind::Char | Kind::Open | Kind::Only | Kind::Either => Room::Text(content(field)),
        Kind::Packed { digits, decimals }
        | Kind::Zoned { digits, decimals }
        | Kind::Binary { digits, decimals }
        | Kind::Number { digits, decimals, .. } => Room::Number(digits.saturating_sub(decimals), decimals),
        _ => Room::Other,
    }
}

fn content(field: &Field) -> usize {
    field.bytes - if field.varlen { 2 } else { 0 }
}

/// Why a field of the answer cannot take every value of a field of the answered record; nothing if it can.
///
/// Text that goes from one code page to another is not judged: whether it fits depends on its characters.
pub(super) fn misfit(from: &Field, to: &Field) -> Option<String> {
    match (room(from), room(to)) {
        (Room::Text(have), Room::Text(want)) if from.page == to.page && have > want => {
            Some(format!("{} has {have} bytes, {} takes {want}", from.name, to.name))
        }
        (Room::Number(whole, decimals), Room::Number(most, fraction)) if whole > most || decimals > fraction => {
            Some(format!("{} has {whole}+{decimals} digits, {} takes {most}+{fraction}", from.name, to.name))
        }
        (Room::Text(_), Room::Number(..)) => Some(format!("{} is text, {} a number", from.name, to.name)),
        // Sign, digits and point.
        (Room::Number(whole, decimals), Room::Text(want)) if usize::from(whole + decimals) + 2 > want => {
            Some(format!("{} has {} digits, {} takes {want} characters", from.name, whole + decimals, to.name))
        }
        _ => None,
    }
}

/// Whether a text fits a character field.
pub(super) fn fits(field: &Field, answer: &Format, value: &str) -> bool {
    let page = field.page.unwrap_or(answer.page);
    // EBCDIC pages lack some of ASCII, so they are always asked.
    if value.len() <= content(field) && value.is_ascii() && !page.is_ebcdic() {
        return true;
    }
    let mut out = Vec::new();
    text::encode(page, value, &mut out).is_ok() && out.len() <= content(field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fpp_codecs::text::Page;

    fn field(kind: Kind, bytes: usize) -> Field {
        Field { page: Some(Page::Gbk), ..Field::new("F".into(), kind, bytes) }
    }

    #[test]
    fn only_a_field_that_is_wide_enough_takes_another() {
        let text = |bytes| field(Kind::Char, bytes);
        let number = |digits, decimals| field(Kind::Packed { digits, decimals }, 9);
        assert_eq!(misfit(&text(20), &text(20)), None);
        assert!(misfit(&text(20), &text(19)).is_some());
        assert_eq!(misfit(&number(15, 2), &number(17, 2)), None);
        assert!(misfit(&number(17, 2), &number(17, 0)).is_some());
        assert!(misfit(&number(17, 2), &number(17, 4)).is_some(), "fewer digits before the point");
        assert!(misfit(&text(9), &number(9, 0)).is_some());
        assert!(misfit(&number(9, 0), &text(10)).is_some());
        assert_eq!(misfit(&number(9, 0), &text(11)), None);
    }
}
