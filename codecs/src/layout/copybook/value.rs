//! VALUE: literals are read to their end, because a literal may hold anything; no value moves a byte.
//!
//! Values of condition names (level 88) are kept as they are written.
//!
//! Source: Enterprise COBOL for z/OS 6.4 Language Reference, "VALUE clause".

use super::cursor::Cursor;
use super::token::What;

const FIGURATIVE: &[&str] = &[
    "ZERO",
    "ZEROS",
    "ZEROES",
    "SPACE",
    "SPACES",
    "HIGH-VALUE",
    "HIGH-VALUES",
    "LOW-VALUE",
    "LOW-VALUES",
    "QUOTE",
    "QUOTES",
    "NULL",
    "NULLS",
];

/// Reads what follows VALUE or VALUES; ranges are written with THRU.
pub(super) fn read(cursor: &mut Cursor) -> Vec<String> {
    cursor.eat_one(&["IS", "ARE"]);
    // The first literal may begin a line, where it looks like a level number.
    let mut values: Vec<String> = value(cursor).into_iter().collect();
    while !cursor.ends() {
        if cursor.eat_one(&["THRU", "THROUGH"]) {
            let end = value(cursor).unwrap_or_default();
            match values.last_mut() {
                Some(last) => *last = format!("{last} THRU {end}"),
                None => values.push(end),
            }
        } else if let Some(value) = value(cursor) {
            values.push(value);
        } else {
            break;
        }
    }
    values
}

fn value(cursor: &mut Cursor) -> Option<String> {
    let all = cursor.eat("ALL");
    let token = cursor.peek()?;
    let value = match &token.what {
        What::Literal { prefix, text } => format!("{prefix}'{}'", text.replace('\'', "''")),
        What::Text(word) if is_number(word) || FIGURATIVE.contains(&word.to_uppercase().as_str()) => {
            word.to_uppercase()
        }
        _ => return None,
    };
    cursor.take();
    Some(if all { format!("ALL {value}") } else { value })
}

/// A numeric literal; commas that stand without a space are taken with it.
fn is_number(word: &str) -> bool {
    let digits = word.trim_start_matches(['+', '-']);
    digits.starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == ',')
        && digits.chars().all(|c| c.is_ascii_digit() || ".,+-Ee".contains(c))
}
