//! Lines of COBOL source in fixed and free form ("reference format").
//!
//! Fixed form is a punched card: columns 1-6 are a sequence area that means nothing, column 7 is the indicator, 8-72 are
//! text, 73-80 are identification. What real copybooks do besides is read as they mean it: a tab goes to the next
//! multiple of eight, a Chinese character takes two columns as it does in EBCDIC and GBK, and text that begins in column
//! 7 is text. A line that would lose text at column 72 is told.
//!
//! Sources: Enterprise COBOL for z/OS 6.4 Language Reference, "Reference format"; ISO/IEC 1989:2014, 6.3 and 6.4 for free
//! form.

use super::notes::{Notes, Place};

/// Last column of text.
const LAST: u32 = 72;
/// Last column of a card.
const CARD: u32 = 80;
/// The indicator.
const INDICATOR: u32 = 7;
/// Words that no sequence number looks like.
const CLAUSES: &[&str] = &["PIC", "COMP", "COMP-1", "COMP-2", "COMP-3", "COMP-4", "COMP-5", "BINARY", "SYNC", "VALUE"];

/// How lines are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Columns: 7 is the indicator, 8 to 72 are text.
    Fixed,
    /// The whole line is text; `*>` begins a comment.
    Free,
}

/// One character, with its column in the source and on the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Glyph {
    pub(super) c: char,
    /// From 1, in characters.
    pub(super) column: u32,
    /// From 1; tabs and wide characters take several.
    pub(super) card: u32,
}

/// The text of one line.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct Line {
    /// Text without trailing blanks.
    pub(super) glyphs: Vec<Glyph>,
    /// Blanks between the last character and column 72, which belong to a literal that goes on.
    pub(super) room: usize,
    /// A hyphen in column 7.
    pub(super) continues: bool,
    /// Text stands in column 72 and more than a sequence number in column 73.
    pub(super) crosses: bool,
}

/// The characters of a line on a card, the first of which stands in this column of the source.
pub(super) fn card(raw: &str, first: u32) -> Vec<Glyph> {
    let mut card = 1;
    let mut glyphs = Vec::with_capacity(raw.len());
    for (column, c) in (first..).zip(raw.chars()) {
        glyphs.push(Glyph { c: if c == '\t' || c == '\0' { ' ' } else { c }, column, card });
        card += match c {
            '\t' => 8 - (card - 1) % 8,
            c if is_wide(c) => 2,
            _ => 1,
        };
    }
    while glyphs.last().is_some_and(|g| g.c.is_whitespace() || g.c == '\u{1a}') {
        glyphs.pop();
    }
    glyphs
}

/// Whether a character takes two columns: ideographs, kana, hangul and full-width forms.
fn is_wide(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' | '\u{20000}'..='\u{3fffd}')
}

/// Whether what stands beyond column 72 is a sequence number or an identification, and no text.
pub(super) fn is_identification(beyond: &[Glyph]) -> bool {
    let word: String = beyond.iter().map(|g| g.c).collect::<String>().trim().to_uppercase();
    let end = beyond.last().map_or(0, |g| g.card);
    let one = word.chars().all(|c| c.is_alphanumeric() || "-_*#@$/+".contains(c)) && end <= CARD;
    one && !CLAUSES.contains(&word.as_str())
}

/// Where text beyond column 72 begins, within glyphs; everything after `*>` is a comment and nothing is lost with it.
pub(super) fn beyond(glyphs: &[Glyph]) -> &[Glyph] {
    let text: String = glyphs.iter().map(|g| g.c).collect();
    let comment = text.find("*>").map_or(glyphs.len(), |at| text[..at].chars().count());
    let start = glyphs.partition_point(|g| g.card <= LAST);
    let text = if comment < start { &[] } else { &glyphs[start..] };
    let blanks = text.iter().take_while(|g| g.c.is_whitespace()).count();
    &text[blanks..]
}

/// The text of a line, or nothing if it is empty, a comment or a debugging line. `at` is where it begins.
pub(super) fn read(raw: &str, form: Form, at: Place, debug: bool, notes: &mut Notes) -> Option<Line> {
    let glyphs = card(raw, at.column);
    let first = glyphs.iter().find(|g| !g.c.is_whitespace())?;
    match form {
        Form::Free if matches!(first.c, '*' | '/') => None,
        Form::Free => Some(Line { glyphs, room: 0, continues: false, crosses: false }),
        Form::Fixed => fixed(raw, &glyphs, at, debug, notes),
    }
}

fn fixed(raw: &str, glyphs: &[Glyph], at: Place, debug: bool, notes: &mut Notes) -> Option<Line> {
    let (from, continues) = indicated(glyphs, at, debug, notes)?;
    let end = glyphs.partition_point(|g| g.card <= LAST);
    let beyond = beyond(glyphs);
    let lost = !is_identification(beyond);
    let tabbed = raw.contains('\t');
    if lost && tabbed {
        notes.warn_once(at, "a line with tabs is read beyond column 72, because tabs leave its columns in doubt");
    } else if let (true, Some(first)) = (lost, beyond.first()) {
        notes.warn(Place { column: first.column, ..at }, "text beyond column 72 is not read in fixed form");
    }
    let end = if lost && tabbed { glyphs.len() } else { end };
    let mut text = glyphs.get(from..end).unwrap_or_default().to_vec();
    let digits = beyond.iter().all(|g| g.c.is_ascii_digit());
    let crosses = !tabbed && !digits && adjoins(text.last(), beyond.first());
    while text.last().is_some_and(|g| g.c.is_whitespace()) {
        text.pop();
    }
    let last = text.last()?.card;
    let room = usize::try_from(LAST.saturating_sub(last)).unwrap_or(0);
    Some(Line { glyphs: text, room, continues, crosses })
}

/// Where the text begins, and whether it goes on with the line before; nothing if the line is no text.
fn indicated(glyphs: &[Glyph], at: Place, debug: bool, notes: &mut Notes) -> Option<(usize, bool)> {
    let start = glyphs.partition_point(|g| g.card < INDICATOR);
    let indicator = glyphs.get(start).filter(|g| g.card == INDICATOR).map_or(' ', |g| g.c);
    let place = Place { column: glyphs.get(start).map_or(1, |g| g.column), ..at };
    let after = glyphs.get(start + 1).map_or(' ', |g| g.c);
    let mut from = start + usize::from(glyphs.get(start).is_some_and(|g| g.card == INDICATOR));
    let mut continues = false;
    let text = glyphs.get(from..).unwrap_or_default();
    let begins = text.iter().position(|g| !g.c.is_whitespace()).unwrap_or(0);
    let pair = (text.get(begins).map_or(' ', |g| g.c), text.get(begins + 1).map_or(' ', |g| g.c));
    match indicator {
        ' ' if pair.0 == '*' => {
            if pair.1 != '>' {
                notes.warn_once(place, "a line whose text begins with * is taken for a comment");
            }
            return None;
        }
        ' ' if pair == ('-', ' ') => {
            notes.warn_once(place, "a hyphen that begins the text is taken for the one of column 7");
            from += begins + 1;
            continues = true;
        }
        ' ' => {}
        '*' | '/' => return None,
        '-' => continues = true,
        'D' | 'd' if !after.is_alphabetic() => {
            if !debug {
                let what = "a debugging line (D in column 7) is left out, as COBOL does without WITH DEBUGGING MODE";
                notes.warn_once(place, what);
                return None;
            }
        }
        '$' => {
            notes.warn(place, "a compiler directive is not read");
            return None;
        }
        '>' if after == '>' => from = start,
        other => {
            from = start;
            let what = format!("column 7 holds `{other}`, which is no indicator; it is read as text");
            notes.warn(place, what);
        }
    }
    Some((from, continues))
}

fn adjoins(last: Option<&Glyph>, next: Option<&Glyph>) -> bool {
    let (Some(last), Some(next)) = (last, next) else { return false };
    last.card == LAST && !last.c.is_whitespace() && last.c != '.' && next.card == LAST + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixed_line(raw: &str) -> (Option<String>, usize) {
        let mut notes = Notes::default();
        notes.file("t.cpy");
        let line = read(raw, Form::Fixed, Place { line: 1, ..Place::default() }, false, &mut notes);
        let text = line.map(|l| l.glyphs.iter().map(|g| g.c).collect::<String>().trim().to_owned());
        (text, notes.finish().unwrap().len())
    }

    #[test]
    fn columns_decide_what_is_text() {
        let card = |text: &str| format!("000100 {text:<65}00000100");
        assert_eq!(fixed_line(&card("05 A PIC X.")), (Some("05 A PIC X.".to_owned()), 0));
        assert_eq!(fixed_line("AB1234*05 A PIC X."), (None, 0));
        assert_eq!(fixed_line("      /"), (None, 0));
        assert_eq!(fixed_line("      D 05 A PIC X."), (None, 1));
        assert_eq!(fixed_line("      01 RECORD."), (Some("01 RECORD.".to_owned()), 1));
        assert_eq!(fixed_line(""), (None, 0));
        assert_eq!(fixed_line("000100"), (None, 0));
    }

    #[test]
    fn tabs_and_wide_characters_take_their_columns() {
        assert_eq!(fixed_line("\t05 A."), (Some("05 A.".to_owned()), 0));
        let chinese = format!("       {}{}00000100", "05 A VALUE '户名'.", " ".repeat(65 - 18));
        assert_eq!(fixed_line(&chinese), (Some("05 A VALUE '户名'.".to_owned()), 0));
    }

    #[test]
    fn text_beyond_column_72_is_told_and_comments_there_are_not() {
        let long = format!("       {:<66}COMP-3.", "05 A PIC S9(5)");
        assert_eq!(fixed_line(&long), (Some("05 A PIC S9(5)".to_owned()), 1));
        let comment = format!("       {:<50}*> a comment that goes on for long", "05 A PIC S9(5).");
        assert_eq!(fixed_line(&comment).1, 0);
        let crossing = format!("       {:>65}X.", "PIC X");
        let mut notes = Notes::default();
        let line = read(&crossing, Form::Fixed, Place::default(), false, &mut notes).unwrap();
        assert!(line.crosses);
    }
}
