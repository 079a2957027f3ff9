//! Signs of a conversion that a good file may show as well, however rarely.
//!
//! What they are seen in decodes, to readable nonsense: EBCDIC under a page of a PC, UTF-8 under GBK, `?` for every
//! Chinese character. So they are told and nothing is refused for them; the surer signs are those of [`super::damage`].

use super::look::{Look, REPLACEMENT};
use crate::format::Format;
use crate::text::Page;

/// Places of a sign that are more than chance.
const SEEN_MIN: usize = 2;
/// One packed number in so many is broken: fewer may be dirt of the program that wrote them.
const PACKED_SHARE: usize = 8;

/// The signs in a file's beginning.
pub(super) fn signs(format: &Format, head: &[u8], look: &Look) -> Vec<String> {
    let page = format.page;
    let of_text = [
        (!page.is_ebcdic() && !page.is_wide()).then(|| ebcdic(head, look)).flatten(),
        is_double_byte(page).then(|| utf8(page, head, look)).flatten(),
        is_double_byte(page).then(|| question_marks(head, look)).flatten(),
        replaced(head, look),
    ];
    let packed = (look.broken >= SEEN_MIN && look.broken * PACKED_SHARE >= look.packed).then(|| {
        format!(
            "of the first {} packed numbers {} hold 3F or EFBFBD, which a conversion writes for bytes that it does not \
             know",
            look.packed, look.broken
        )
    });
    of_text.into_iter().flatten().chain(packed).collect()
}

/// Pages of a PC with two bytes for a character: GBK and its like, Big5.
fn is_double_byte(page: Page) -> bool {
    !page.is_ebcdic() && !page.is_wide() && page != Page::Utf8
}

/// Nearly all is an EBCDIC letter, digit or blank. Of Chinese text in GBK not half the bytes are, and there are hardly
/// any ASCII digits or blanks in no other file than this.
fn ebcdic(head: &[u8], look: &Look) -> Option<String> {
    let characters = look.characters();
    let ascii = look.count(head, |b| matches!(b, 0x20 | 0x30..=0x39));
    let plain = look.count(head, |b| matches!(b, 0x40 | 0xF0..=0xF9));
    let letters = look.count(head, |b| matches!(b, 0xC1..=0xC9 | 0xD1..=0xD9 | 0xE2..=0xE9));
    let converted = plain > ascii * 4 && plain * 5 > characters && (plain + letters) * 4 > characters * 3;
    converted.then(|| {
        format!(
            "of the first {characters} characters {plain} are EBCDIC digits or blanks, {ascii} ASCII ones: perhaps the \
             file is EBCDIC and was never converted (--ccsid 1388, 935, 37 ...)"
        )
    })
}

/// Nearly every character beyond ASCII is a well-formed one of three bytes in UTF-8, as Chinese is.
fn utf8(page: Page, head: &[u8], look: &Look) -> Option<String> {
    let (mut at, mut whole, mut other, mut first) = (0, 0, 0, None);
    while let Some(byte) = head.get(at) {
        let three = head.get(at..at + 3).filter(|_| look.shown[at..at + 3].iter().all(|is| *is));
        match three.filter(|three| (0xE2..=0xEF).contains(&three[0]) && std::str::from_utf8(three).is_ok()) {
            Some(three) => {
                // U+FFFD is told of as what it is.
                if *three != REPLACEMENT {
                    whole += 1;
                    first = first.or(Some(at));
                }
                at += 3;
            }
            None => {
                other += usize::from(*byte >= 0x80 && look.shown[at]);
                at += 1;
            }
        }
    }
    // A field cuts a character now and then, because the lengths are no longer right.
    let first = first.filter(|_| whole >= SEEN_MIN && other * 3 <= whole)?;
    Some(format!(
        "{whole} characters of three bytes are UTF-8, the first at byte {}, where the layout is {}: perhaps the file was \
         converted on its way, or is UTF-8 (--ccsid utf-8)",
        first + 1,
        page.name()
    ))
}

/// `??` here and there, and hardly a character that is not ASCII.
fn question_marks(head: &[u8], look: &Look) -> Option<String> {
    let (mut runs, mut marks, mut first, mut at) = (0, 0, None, 0);
    while at < head.len() {
        let run = head[at..].iter().zip(&look.shown[at..]).take_while(|(b, shown)| **b == b'?' && **shown).count();
        if run >= 2 {
            (runs, marks, first) = (runs + 1, marks + run, first.or(Some(at)));
        }
        at += run.max(1);
    }
    let others = look.count(head, |b| b >= 0x80);
    let first = first.filter(|_| runs >= SEEN_MIN && marks > others)?;
    Some(format!("`??` (3F3F) at {runs} places, the first at byte {}: perhaps characters that were lost", first + 1))
}

/// Replacement characters that stand alone.
fn replaced(head: &[u8], look: &Look) -> Option<String> {
    let places = head.windows(3).zip(look.shown.windows(3));
    let count = places.filter(|(three, shown)| *three == REPLACEMENT && shown.iter().all(|is| *is)).count();
    let first = look.position(head, &REPLACEMENT).filter(|_| count >= SEEN_MIN)?;
    Some(format!("{count} replacement characters EFBFBD, the first at byte {}", first + 1))
}
