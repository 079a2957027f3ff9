//! What the oracle test compares: the codes and characters of a page, and what a program makes of them.

pub(crate) mod java;
pub(crate) mod list;
pub(crate) mod program;

use fpp_codecs::text::{Page, table_code, table_text};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

/// One difference: direction and key, then what we have and what they have; nothing = refused.
///
/// The key of decoding is the code as a number, that of encoding the character; of two characters the first, with the
/// second one 32 bits higher.
pub(crate) type Differences = BTreeMap<(char, u64), (String, String)>;

pub(crate) fn is_gb18030(page: Page) -> bool {
    matches!(page, Page::Gb18030Of2005 | Page::Gb18030Of2022)
}

/// Whether the page has single bytes only.
pub(crate) fn is_single(page: Page) -> bool {
    page.is_ebcdic() && !page.is_mixed()
}

/// The byte of the line feed.
pub(crate) fn newline(page: Page) -> u8 {
    table_code(page, "\n").unwrap().0[0]
}

/// Every code that the structure of the page allows.
pub(crate) fn codes(page: Page) -> Vec<Vec<u8>> {
    let mixed = page.is_mixed();
    // A shift or a lead byte alone is no code, and would take its neighbour along.
    let shift = |b: u8| matches!(b, 0x0E | 0x0F) && table_text(page, &[b]).is_none();
    let no_code = |b: u8| if page.is_ebcdic() { shift(b) } else { matches!(b, 0x81..=0xFE) };
    let mut codes: Vec<Vec<u8>> = (0..=255u8).filter(|b| !no_code(*b)).map(|b| vec![b]).collect();
    if is_single(page) {
        return codes;
    }
    for lead in if mixed { 0x40 } else { 0x81 }..=0xFE {
        codes.extend((0x40..=0xFEu8).filter(|t| mixed || *t != 0x7F).map(|trail| vec![lead, trail]));
    }
    if is_gb18030(page) {
        let four = |n: u32| [0x81 + n / 12_600, 0x30 + n / 1_260 % 10, 0x81 + n / 10 % 126, 0x30 + n % 10];
        codes.extend((0..39_420).chain(189_000..1_237_576).map(|n| four(n).map(|b| b as u8).to_vec()));
    }
    codes
}

/// Every character that a page of this structure could have, and the pairs that this one has as one code.
pub(crate) fn texts(page: Page) -> impl Iterator<Item = Cow<'static, str>> {
    static ALL: LazyLock<Vec<String>> = LazyLock::new(|| ('\0'..='\u{3FFFF}').map(String::from).collect());
    // The surrogates are no characters.
    let last = if is_single(page) { 0x1_0000 - 0x800 } else { ALL.len() };
    let mut more: Vec<String> = Vec::new();
    if is_gb18030(page) {
        more.extend(('\u{40000}'..='\u{10FFFF}').map(String::from));
    }
    if page.is_mixed() {
        more.extend(codes(page).iter().filter_map(|c| table_text(page, c)).filter(|t| t.chars().count() > 1));
    }
    ALL[..last].iter().map(|text| Cow::Borrowed(text.as_str())).chain(more.into_iter().map(Cow::Owned))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02X}").unwrap();
        text
    })
}

pub(crate) fn scalars(text: &str) -> String {
    text.chars().map(|c| format!("{:04X}", u32::from(c))).collect::<Vec<_>>().join("+")
}

/// Notes what we and they read in a code.
pub(crate) fn note_decoding(page: Page, code: &[u8], theirs: &str, found: &mut Differences) {
    let ours = table_text(page, code).unwrap_or_default();
    if ours != theirs {
        let key = code.iter().fold(0, |key, byte| key << 8 | u64::from(*byte));
        found.insert(('d', key), (scalars(&ours), scalars(theirs)));
    }
}

/// Notes what we and they write for a text.
pub(crate) fn note_encoding(page: Page, text: &str, theirs: &[u8], found: &mut Differences) {
    let ours = table_code(page, text);
    let ours = ours.as_ref().map_or(&[][..], |(bytes, length)| &bytes[..*length]);
    if ours != theirs {
        let key = text.chars().rev().fold(0, |key, c| key << 32 | u64::from(u32::from(c)));
        found.insert(('e', key), (hex(ours), hex(theirs)));
    }
}
