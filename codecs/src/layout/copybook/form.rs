//! Fixed or free form, told by the lines that can be only one of them.
//!
//! Only code in columns 1-6 and words across column 72 prove free form, and only sequence numbers, continuations and identifications prove fixed
//! form; a comment's asterisk may stand in column 7 of either. Where both are proven, or where text that stands beyond
//! column 72 would be lost by a guess, nothing is guessed: the two lines are named and the option is asked for.

use super::lines::{self, Form, Glyph};

/// Columns of SRCSEQ and SRCDAT, the sequence number and date of a source line, before what the line is on IBM i.
const SOURCE_PREFIX: usize = 12;

/// What to do where the form cannot be told.
const SAY: &str = "say form = \"fixed\" or form = \"free\" (--copybook, or [copybook] in a format)";

/// Why a form cannot be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Doubt {
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) message: String,
}

/// Lines that speak for a form: the first of each kind.
#[derive(Default)]
struct Votes {
    fixed: Option<u32>,
    free: Option<u32>,
    /// A word goes on across column 72.
    wide: bool,
    /// Text beyond column 72: line and column.
    long: Option<(u32, u32)>,
}

/// Columns in front of every line that are no part of it. Twelve digits begin no line of either form: column 7 of the
/// fixed one has none, and no level number is so long.
pub(super) fn front(text: &str) -> usize {
    let is_prefixed = |line: &str| {
        let digits = line.bytes().take_while(u8::is_ascii_digit).count();
        digits == SOURCE_PREFIX || (digits > SOURCE_PREFIX && line.len() >= SOURCE_PREFIX + 6)
    };
    let mut lines = text.trim_start_matches('\u{feff}').lines().filter(|line| !is_blank(line)).peekable();
    if lines.peek().is_some() && lines.all(is_prefixed) { SOURCE_PREFIX } else { 0 }
}

/// Nothing but blanks, or what ends a text on a PC.
fn is_blank(line: &str) -> bool {
    line.chars().all(|c| c.is_whitespace() || c == '\u{1a}')
}

/// The form of a text, the first columns of whose lines are left out.
pub(super) fn detect(text: &str, front: usize) -> Result<Form, Doubt> {
    let mut votes = Votes::default();
    let first = u32::try_from(front).unwrap_or(0) + 1;
    for (number, raw) in (1..).zip(text.lines()) {
        let raw = if front > 0 { raw.trim_start_matches('\u{feff}').get(front..).unwrap_or_default() } else { raw };
        if begins_statements(raw) {
            break;
        }
        let glyphs = lines::card(raw, first);
        if let Some(form) = directive(&glyphs) {
            // What stands before the first directive is fixed by the standard; a directive is how free form begins.
            return Ok(if number == 1 || votes.fixed.is_none() { form } else { Form::Fixed });
        }
        vote(number, raw, &glyphs, &mut votes);
    }
    match (votes.fixed, votes.free, votes.long) {
        (Some(fixed), Some(free), _) => {
            let message = format!("line {fixed} is fixed form and line {free} is free form; {SAY}");
            Err(Doubt { line: free, column: 1, message })
        }
        (None, Some(_), _) => Ok(Form::Free),
        (None, None, _) if votes.wide => Ok(Form::Free),
        (Some(_), None, _) | (None, None, None) => Ok(Form::Fixed),
        (None, None, Some((line, column))) => {
            let message =
                format!("text stands beyond column 72, where fixed form ends, and nothing else tells the form; {SAY}");
            Err(Doubt { line, column, message })
        }
    }
}

/// `>>SOURCE FORMAT IS FREE` and `$SET SOURCEFORMAT"FREE"`.
pub(super) fn directive(glyphs: &[Glyph]) -> Option<Form> {
    let text: String = glyphs.iter().map(|g| g.c).collect::<String>().to_uppercase();
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c.is_ascii_digit());
    let rest = match text.strip_prefix(">>") {
        Some(rest) => rest.trim_start().strip_prefix("SOURCE")?,
        None => text.strip_prefix("$SET")?.trim_start().strip_prefix("SOURCE")?,
    };
    if rest.contains("FREE") {
        return Some(Form::Free);
    }
    rest.contains("FIX").then_some(Form::Fixed)
}

fn vote(number: u32, raw: &str, glyphs: &[Glyph], votes: &mut Votes) {
    let Some(first) = glyphs.iter().find(|g| !g.c.is_whitespace()) else { return };
    if first.c == '*' || (first.card == 7 && first.c == '/') {
        return;
    }
    let area: String = glyphs.iter().take_while(|g| g.card <= 6).map(|g| g.c).collect();
    let indicator = glyphs.iter().find(|g| g.card == 7).map_or(' ', |g| g.c);
    let sequence = area.len() == 6 && area.bytes().all(|b| b.is_ascii_digit());
    let continuation = indicator == '-' && (sequence || area.trim().is_empty());
    if (sequence && " */-Dd".contains(indicator)) || continuation {
        votes.fixed.get_or_insert(number);
        return;
    }
    if first.card <= 6 && begins_code(raw) {
        votes.free.get_or_insert(number);
    }
    let beyond = lines::beyond(glyphs);
    if beyond.is_empty() || "*/".contains(indicator) || raw.contains('\t') {
        return;
    }
    let crosses = beyond[0].card == 73 && glyphs.iter().any(|g| g.card == 72 && !g.c.is_whitespace());
    if !lines::is_identification(beyond) && crosses {
        // No compiler of fixed form would have read the word that goes on here.
        votes.wide = true;
    } else if !lines::is_identification(beyond) && beyond.iter().any(|g| g.c != '.') {
        // A lone period there ends an entry that has ended, in either form.
        votes.long.get_or_insert((number, beyond[0].column));
    } else if beyond.iter().all(|g| g.c.is_ascii_digit()) && beyond.len() >= 6 {
        votes.fixed.get_or_insert(number);
    }
}

/// Whether a line begins a program's statements, which have no part in its data.
fn begins_statements(raw: &str) -> bool {
    let words: Vec<&str> = raw.split_whitespace().take(3).collect();
    let comment = raw.chars().nth(6) == Some('*') || raw.trim_start().starts_with('*');
    let pair = |pair: &[&str]| {
        pair[0].eq_ignore_ascii_case("PROCEDURE") && pair[1].trim_end_matches('.').eq_ignore_ascii_case("DIVISION")
    };
    !comment && words.windows(2).any(pair)
}

/// Whether a line that begins in columns 1-6 begins an entry there: a level number and its name, COPY, or a division.
/// A change mark in the sequence area does not.
fn begins_code(raw: &str) -> bool {
    let mut words = raw.split_whitespace();
    let (Some(first), second) = (words.next(), words.next().unwrap_or_default()) else { return false };
    let level = |word: &str| (1..=2).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_digit());
    if level(first) {
        return !second.is_empty() && !level(second);
    }
    let first = first.to_uppercase();
    let first = first.trim_end_matches('.');
    ["COPY", "REPLACE", "FD", "DATA", "FILE", "WORKING-STORAGE", "LINKAGE", "IDENTIFICATION", "EXEC"].contains(&first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_can_be_only_one_form_decide() {
        let fixed = [
            "       01  REC.\n           05 A PIC X.\n",
            "000100 01  REC.\n000200     05 A PIC X.\n",
            "****** box\n        01 REC.\n",
            "CHG001 01  REC.\n           05 A PIC X(3).                                            CHG00001\n",
            "      01  REC.\n000025     05  A PIC 9(2).\n",
        ];
        for text in fixed {
            assert_eq!(detect(text, 0), Ok(Form::Fixed), "{text}");
        }
        let free = [
            "01 REC.\n  05 A PIC X.\n",
            " ************\n * Location\n   01 Rec.\n      03 Brand Pic x(3).\n",
            ">>SOURCE FORMAT IS FREE\n       01 REC.\n",
            "      $SET SOURCEFORMAT\"FREE\"\n01 REC.\n",
        ];
        for text in free {
            assert_eq!(detect(text, 0), Ok(Form::Free), "{text}");
        }
    }

    #[test]
    fn sequence_numbers_and_dates_in_front_are_seen_where_every_line_has_them() {
        let plain = "       01  R.\n      * note\n           05 A PIC X.\n";
        let with = |front: &str| plain.lines().map(|line| format!("{front}{line}\n")).collect::<String>();
        for (text, wanted) in [
            (with("000100230101") + "\n000200230101\n\u{1a}", 12),
            (with("000100230101").replace("      ", "000100"), 12),
            (with("000100"), 0),
            (with("000100230101") + plain, 0),
            (String::new(), 0),
        ] {
            assert_eq!(front(&text), wanted, "{text}");
        }
        assert_eq!(detect(&with("000100230101"), 12), Ok(Form::Fixed));
    }

    #[test]
    fn what_could_lose_text_is_not_guessed() {
        let both = "000100 01  REC.\n05 A PIC X.\n";
        assert_eq!(detect(both, 0).map_err(|d| d.line), Err(2));
        let long = format!("       {:<70}COMP-3.\n", "01 A PIC S9(5)");
        assert_eq!(detect(&long, 0).map_err(|d| (d.line, d.column)), Err((1, 78)));
    }

    #[test]
    fn what_cannot_lose_text_is_no_doubt() {
        let period = format!("       01 R.\n          {:<70}.\n", "05 A PIC 9(13).");
        assert_eq!(detect(&period, 0), Ok(Form::Fixed));
        let statement = format!("       01 R PIC X.\n       PROCEDURE DIVISION.\n       {:<70}GO TO B.\n", "A.");
        assert_eq!(detect(&statement, 0), Ok(Form::Fixed));
        let comment = format!("      * PROCEDURE DIVISION\n       {:<70}COMP-3.\n", "01 A PIC S9(5)");
        assert!(detect(&comment, 0).is_err());
    }
}
