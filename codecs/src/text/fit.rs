//! Cutting text at a character, so that its encoding fits (D19): what a person may allow for a field.
//!
//! A cut never falls within a character, a pair of surrogates, or two characters that a page has as one code, and leaves
//! room for the SI that closes a run. A character without a code counts as one byte: encoding then refuses it.

use crate::text::mixed;
use crate::text::page::Page;
use crate::text::pool::table;
use crate::text::rules::Rules;
use crate::text::structure::Structure;
use crate::text::table::Table;

/// The longest start of text of the page's own structure that takes at most `room` bytes.
pub(super) fn text<'t>(page: Page, rules: &Rules, text: &'t str, room: usize) -> &'t str {
    let table = table(page);
    let mut in_run = false;
    longest(table, text, room, |character, paired| match page.structure() {
        Structure::Single => 1,
        Structure::Mixed => {
            let double = paired || is_double(table, rules, character);
            let bytes = match (in_run, double) {
                (_, false) => 1,
                (true, true) => 2,
                // Both shifts of the run.
                (false, true) => 4,
            };
            in_run = double;
            bytes
        }
        Structure::Gbk | Structure::Gb18030 | Structure::Big5 => match code(table, rules, character) {
            Some(0x100..) => 2,
            None if table.four_byte_code(character).is_some() => 4,
            _ => 1,
        },
        Structure::Utf8 => character.len_utf8(),
        Structure::Utf16 | Structure::Ucs2 => 2 * character.len_utf16(),
    })
}

/// The longest start of text in double-byte codes alone that takes at most `room` bytes.
pub(super) fn pairs<'t>(page: Page, rules: &Rules, text: &'t str, room: usize) -> &'t str {
    let table = table(page);
    longest(table, text, room, |character, paired| if paired || is_double(table, rules, character) { 2 } else { 1 })
}

/// Whether the first character needs a double-byte code.
pub(super) fn begins_double(page: Page, rules: &Rules, text: &str) -> bool {
    text.chars().next().is_some_and(|character| is_double(table(page), rules, character))
}

fn code(table: &Table, rules: &Rules, character: char) -> Option<u16> {
    rules.listed_code(character).or_else(|| table.code(character))
}

fn is_double(table: &Table, rules: &Rules, character: char) -> bool {
    code(table, rules, character).is_some_and(|code| code > 0xFF)
}

/// `width` gets a character, and whether it takes its code together with the next one.
fn longest<'t>(table: &Table, text: &'t str, room: usize, mut width: impl FnMut(char, bool) -> usize) -> &'t str {
    let mut used = 0;
    let mut rest = text.chars();
    loop {
        let start = text.len() - rest.as_str().len();
        let Some(character) = rest.next() else { return text };
        let paired = mixed::sequence(table, character, &rest).is_some();
        if paired {
            rest.next();
        }
        used += width(character, paired);
        if used > room {
            return &text[..start];
        }
    }
}
