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
        (Room::Text(have), Room::Text(want)) if from.page == to.page && have > want && !to.rules.cut => {
            Some(format!("{} has {have} bytes, {} takes {want}", from.name, to.name))
        }
        (Room::Number(whole, decimals), Room::Number(most, fraction)) if whole > most || decimals > fraction => {
            Some(format!("{} has {whole}+{decimals} digits, {} takes {most}+{fraction}", from.name, to.name))
        }
        (Room::Text(_), Room::Number(..)) => Some(format!("{} is text, {} a number", from.name, to.name)),
        // Sign, digits and point. A number that is cut would be another number.
        (Room::Number(whole, decimals), Room::Text(want)) if usize::from(whole + decimals) + 2 > want => {
            Some(format!("{} has {} digits, {} takes {want} characters", from.name, whole + decimals, to.name))
        }
        _ => None,
    }
}

/// Whether a text fits a field whole, by the field's own rules: its form, characters that it writes in a way of its own
/// (`write_as`), private-use characters that it lists. That a field may cut is no answer here: what names a file or an
/// event must be told whole.
pub(super) fn fits(field: &Field, answer: &Format, value: &str) -> bool {
    written(field, answer, value).is_some_and(|bytes| bytes <= content(field))
}

/// The same where a field that may cut its texts takes longer ones, too.
pub(super) fn takes(field: &Field, answer: &Format, value: &str) -> bool {
    written(field, answer, value).is_some_and(|bytes| field.rules.cut || bytes <= content(field))
}

/// Bytes that a text takes in a field; nothing where it has a character that the field cannot have.
fn written(field: &Field, answer: &Format, value: &str) -> Option<usize> {
    let rules = field.rules.text.as_deref();
    let page = field.page.unwrap_or(answer.page);
    // EBCDIC pages lack some of ASCII, so they are always asked.
    if value.is_ascii() && rules.is_none() && !page.is_ebcdic() && !page.is_wide() {
        return Some(value.len());
    }
    // Counted: without the padding of J and E.
    let form = field.kind.text_form();
    let text = text::Field { page, form, counted: true, rules: rules.unwrap_or(&text::STRICT) };
    let mut out = Vec::new();
    text.write(value, content(field), &mut out).ok().map(|()| out.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use fpp_codecs::layout::Rules;
    use fpp_codecs::text::Page;
    use std::sync::Arc;

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

    #[test]
    fn the_field_s_own_rules_say_what_fits() {
        let rules = |text: text::Rules, cut| Rules { text: Some(Arc::new(text)), cut, ..Rules::PLAIN };
        let format = |field: &Field| {
            let source = format!(
                "name = \"A\"\nversion = \"1\"\nccsid = \"935-classic\"\nframing = \"rdw\"\n[[record]]\nrole = \"detail\"\n\
                 name = \"R\"\nfield = [{{ name = \"F\", type = \"open\", length = {} }}]\n",
                field.bytes
            );
            Format::parse("a.toml", &source, &mut |_| Err(String::new()), None).unwrap().0
        };
        let page = Some(Page::Cp935Classic);
        let plain = Field { page, ..Field::new("F".into(), Kind::Open, 6) };
        assert!(!fits(&plain, &format(&plain), "\u{2014}"), "935 as others have it lacks the dash");
        let write = text::Rules::default().write_as('\u{2014}', 0x444A);
        let dash = Field { rules: rules(write.clone(), false), ..plain.clone() };
        assert!(fits(&dash, &format(&dash), "\u{2014}"), "SO, one pair, SI");
        assert!(fits(&dash, &format(&dash), "\u{2014}\u{2014}"));
        assert!(!fits(&dash, &format(&dash), "\u{2014}\u{2014}\u{2014}"), "eight bytes");
        let cut = Field { rules: rules(write, true), ..plain.clone() };
        assert!(!fits(&cut, &format(&cut), "\u{2014}\u{2014}\u{2014}"), "a name is told whole");
        assert!(takes(&cut, &format(&cut), "\u{2014}\u{2014}\u{2014}"), "a message may be cut");
        let long = Field { page, ..Field::new("L".into(), Kind::Open, 9) };
        assert!(misfit(&long, &plain).is_some() && misfit(&long, &cut).is_none());
    }
}
