//! The form of control files and indexes, as `[ready]` of a route writes it.

use fpp_codecs::source::Section;
use fpp_spool::{Algorithm, Control, Fact, Shape};

/// Reads the keys of a control file's or an index's form from `[ready]`.
pub(super) fn read(section: &Section<'_>, digest: Algorithm, index: bool) -> Option<Control> {
    let lines = section.section("lines").map(|lines| keys(&lines));
    let columns = section.has("columns").then(|| columns(section));
    let separator = separator(section);
    let amount_decimals = section.number_in("amount_decimals", 0..=9).unwrap_or(0).unsigned_abs();
    let shape = match (lines, columns) {
        (Some(keys), None) => Shape::Lines(keys),
        (None, Some(columns)) => Shape::Columns(separator?, columns?),
        _ => {
            section.fault("content", "needs either [ready.lines] with the key of each fact, or columns = [...]");
            return None;
        }
    };
    let decimals = usize::try_from(amount_decimals).unwrap_or(0);
    let control = Control { shape, algorithm: digest, amount_decimals: decimals, index };
    match control.check() {
        Ok(()) => Some(control),
        Err(error) => {
            section.fault("content", error);
            None
        }
    }
}

/// True when one of the keys that [`read`] takes is there.
pub(super) fn is_written(section: &Section<'_>) -> bool {
    ["lines", "columns", "separator", "amount_decimals"].iter().any(|key| section.has(key))
}

fn keys(lines: &Section<'_>) -> Vec<(Fact, String)> {
    let keys = Fact::ALL.iter().filter_map(|(word, fact)| Some((*fact, lines.text(word)?))).collect();
    lines.no_more();
    keys
}

fn columns(section: &Section<'_>) -> Option<Vec<Option<Fact>>> {
    let mut columns = Vec::new();
    for word in section.texts("columns") {
        match Fact::ALL.iter().find(|(known, _)| *known == word) {
            Some((_, fact)) => columns.push(Some(*fact)),
            None if word == "-" => columns.push(None),
            None => {
                let known = Fact::ALL.map(|(word, _)| word).join(", ");
                section.fault("columns", format_args!("`{word}` is not one of: {known}, - (not read)"));
                return None;
            }
        }
    }
    Some(columns)
}

/// One character, `tab`, or `blanks`, which is any run of them.
fn separator(section: &Section<'_>) -> Option<Option<char>> {
    let Some(word) = section.text("separator") else { return Some(None) };
    let mut chars = word.chars();
    match (word.as_str(), chars.next(), chars.next()) {
        ("blanks", ..) => Some(None),
        ("tab", ..) => Some(Some('\t')),
        (_, Some(one), None) if !one.is_alphanumeric() && one != '\n' => Some(Some(one)),
        _ => {
            section.fault("separator", format_args!("`{word}` is neither one character such as | nor tab nor blanks"));
            None
        }
    }
}
