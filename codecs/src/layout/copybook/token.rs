//! Lines to text words.
//!
//! A text is cut into fragments first, because COPY REPLACING compares text words that colons and parentheses cut out of
//! a name (`:TAG:-NAME`); what stands together without a space is put together again afterwards. So a word that was
//! continued in column 7 and a word that was built by a replacement become whole in the same way.
//!
//! Sources: Enterprise COBOL for z/OS 6.4 Language Reference, "Separators", "Continuation lines", "COPY statement".

use super::form;
use super::lines::{self, Form, Glyph, Line};
use super::notes::{Notes, Place};

/// Most fragments of one reading, copied texts included.
pub(super) const FRAGMENTS_MAX: usize = 400_000;

/// A piece of source text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fragment {
    pub(super) what: What,
    pub(super) place: Place,
    /// A space, a new line or a separator stands before it.
    pub(super) spaced: bool,
    /// Nothing stands before it on its line.
    pub(super) first: bool,
}

/// What a fragment is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Part of a word, or one of `(`, `)` and `:`.
    Text(String),
    /// A literal with its prefix (`X`, `N`, ...) in upper case.
    Literal {
        /// Nothing, or `X N NX G U UX Z B BX H`.
        prefix: String,
        /// Between the quotes, doubled quotes made one.
        text: String,
    },
    /// A period that ends an entry.
    Period,
    /// `==`
    Pseudo,
}

/// A whole word, literal or period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) what: What,
    pub(super) place: Place,
    pub(super) first: bool,
}

impl What {
    /// The text of a word.
    pub(super) fn word(&self) -> Option<&str> {
        match self {
            What::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Token {
    /// Whether it is a certain word.
    pub(super) fn is(&self, word: &str) -> bool {
        self.what.word().is_some_and(|text| text.eq_ignore_ascii_case(word))
    }

    /// A whole number.
    pub(super) fn number(&self) -> Option<u32> {
        let word = self.what.word()?;
        let digits = word.len() <= 9 && word.bytes().all(|b| b.is_ascii_digit());
        if digits { word.parse().ok() } else { None }
    }
}

/// Puts together what stands together.
pub(super) fn join(fragments: Vec<Fragment>) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    for fragment in fragments {
        let last = tokens.last_mut().map(|token| &mut token.what);
        match (last, &fragment.what) {
            (Some(What::Text(word)), What::Text(part)) if !fragment.spaced => word.push_str(part),
            _ => tokens.push(Token { what: fragment.what, place: fragment.place, first: fragment.first }),
        }
    }
    tokens
}

/// Cuts a text into fragments.
pub(super) fn cut(file: u32, text: &str, form: Option<Form>, debug: bool, notes: &mut Notes) -> Vec<Fragment> {
    let mut at = Place { file, line: 1, column: 1 };
    // A text of the free form that was asked for may be the words of a replacement, which may be digits.
    let front = if form == Some(Form::Free) { 0 } else { form::front(text) };
    if front > 0 {
        notes.warn(at, format!("{front} columns of sequence number and date stand before each line and are left out"));
        at.column += u32::try_from(front).unwrap_or(0);
    }
    let mut form = match form.map_or_else(|| form::detect(text, front), Ok) {
        Ok(form) => form,
        Err(doubt) => {
            notes.fault(Place { line: doubt.line, column: doubt.column, ..at }, doubt.message);
            return Vec::new();
        }
    };
    let mut cutter = Cutter { fragments: Vec::new(), open: None, notes };
    for (number, raw) in (1..).zip(text.lines()) {
        at.line = number;
        let raw = if number == 1 { raw.trim_start_matches('\u{feff}') } else { raw };
        let raw = raw.get(front..).unwrap_or_default();
        if raw.contains(">>") || raw.contains('$') {
            let glyphs = lines::card(raw, at.column);
            if let Some(next) = form::directive(&glyphs) {
                form = next;
                continue;
            }
        }
        if let Some(line) = lines::read(raw, form, at, debug, cutter.notes) {
            cutter.line(&line, at, form);
        }
        if cutter.fragments.len() > FRAGMENTS_MAX {
            cutter.notes.fault(at, format!("the source has more than {FRAGMENTS_MAX} words"));
            break;
        }
    }
    cutter.close();
    cutter.fragments
}

/// A literal that has begun.
struct Open {
    quote: char,
    prefix: String,
    text: String,
    place: Place,
    spaced: bool,
    first: bool,
    /// Blanks to column 72 after what was read, if the literal goes on.
    room: usize,
}

struct Cutter<'a> {
    fragments: Vec<Fragment>,
    open: Option<Open>,
    notes: &'a mut Notes,
}

impl Cutter<'_> {
    fn line(&mut self, line: &Line, at: Place, form: Form) {
        let glyphs = &line.glyphs;
        let Some(start) = glyphs.iter().position(|g| !g.c.is_whitespace()) else { return };
        let place = Place { column: glyphs[start].column, ..at };
        let mut from = start;
        let mut spaced = true;
        if line.continues {
            match &mut self.open {
                Some(open) if glyphs[start].c == open.quote => {
                    open.text.extend(std::iter::repeat_n(' ', std::mem::take(&mut open.room)));
                    from = start + 1;
                }
                Some(_) => {
                    self.notes.warn(place, "a literal that goes on begins with its quote; all of the line is taken")
                }
                None => spaced = self.fragments.is_empty(),
            }
        }
        if !line.continues {
            self.close();
        }
        self.words(&glyphs[from..], at, spaced);
        if let Some(open) = &mut self.open {
            open.room = line.room;
            if form == Form::Free {
                self.close();
            }
        } else if line.crosses {
            let what = "the line has text in columns 72 and 73, and fixed form ends at 72: shorten it, or say form = \
                        \"free\" (--copybook, or [copybook] in a format)";
            self.notes.fault(place, what);
        }
    }

    /// An open literal that nothing continues.
    fn close(&mut self) {
        if let Some(open) = self.open.take() {
            self.notes.fault(open.place, format!("the literal has no closing {}", open.quote));
            self.literal(open);
        }
    }

    fn literal(&mut self, open: Open) {
        let Open { prefix, text, place, spaced, first, .. } = open;
        self.fragments.push(Fragment { what: What::Literal { prefix, text }, place, spaced, first });
    }

    /// Words of a line; a literal that was open goes on with it.
    fn words(&mut self, glyphs: &[Glyph], at: Place, mut spaced: bool) {
        let mut i = 0;
        let mut first = spaced;
        if self.open.is_some() {
            i = self.rest_of_literal(glyphs, 0);
            (spaced, first) = (false, false);
        }
        while let Some(glyph) = glyphs.get(i) {
            let place = Place { column: glyph.column, ..at };
            let next = glyphs.get(i + 1).map(|g| g.c);
            let ends = next.is_none_or(char::is_whitespace);
            if glyph.c.is_whitespace() || (matches!(glyph.c, ',' | ';') && ends) {
                (i, spaced) = (i + 1, true);
                continue;
            }
            if glyph.c == '*' && next == Some('>') && spaced {
                return;
            }
            if matches!(glyph.c, '\'' | '"') {
                self.open(glyph.c, place, spaced, first);
                i = self.rest_of_literal(glyphs, i + 1);
            } else {
                let (what, length) = word(&glyphs[i..], next);
                self.fragments.push(Fragment { what, place, spaced, first });
                i += length;
            }
            (spaced, first) = (false, false);
        }
    }

    /// Begins a literal; a prefix that stands right before its quote belongs to it.
    fn open(&mut self, quote: char, place: Place, spaced: bool, first: bool) {
        let mut open = Open { quote, prefix: String::new(), text: String::new(), place, spaced, first, room: 0 };
        let prefix = match self.fragments.last() {
            Some(Fragment { what: What::Text(word), .. }) if !spaced => word.to_uppercase(),
            _ => String::new(),
        };
        if ["X", "N", "NX", "G", "U", "UX", "Z", "B", "BX", "H"].contains(&prefix.as_str())
            && let Some(word) = self.fragments.pop_if(|word| word.spaced)
        {
            open = Open { prefix, place: word.place, spaced: word.spaced, first: word.first, ..open };
        }
        self.open = Some(open);
    }

    /// Reads to the closing quote, or to the end of the line; gives where it stopped.
    fn rest_of_literal(&mut self, glyphs: &[Glyph], from: usize) -> usize {
        let Some(mut open) = self.open.take() else { return from };
        let mut i = from;
        while let Some(glyph) = glyphs.get(i) {
            i += 1;
            if glyph.c != open.quote {
                open.text.push(glyph.c);
            } else if glyphs.get(i).is_some_and(|g| g.c == open.quote) {
                open.text.push(glyph.c);
                i += 1;
            } else {
                self.literal(open);
                return i;
            }
        }
        self.open = Some(open);
        i
    }
}

/// A word that begins here, and its characters.
fn word(glyphs: &[Glyph], next: Option<char>) -> (What, usize) {
    let first = glyphs.first().map_or(' ', |g| g.c);
    if matches!(first, '(' | ')' | ':') {
        return (What::Text(first.to_string()), 1);
    }
    if first == '=' && next == Some('=') {
        return (What::Pseudo, 2);
    }
    if first == '.' && ends_entry(glyphs, 0) {
        return (What::Period, 1);
    }
    let mut length = 1;
    while let Some(glyph) = glyphs.get(length) {
        let pair = glyphs.get(length + 1).map(|g| g.c);
        let separator = glyph.c.is_whitespace()
            || matches!(glyph.c, '(' | ')' | ':' | '\'' | '"')
            || (glyph.c == '=' && pair == Some('='))
            || (glyph.c == '.' && ends_entry(glyphs, length))
            || (matches!(glyph.c, ',' | ';') && pair.is_none_or(char::is_whitespace));
        if separator {
            break;
        }
        length += 1;
    }
    (What::Text(glyphs[..length].iter().map(|g| g.c).collect()), length)
}

/// Whether the period at a place is followed by a space, the line's end, a comment or the end of pseudo-text.
fn ends_entry(glyphs: &[Glyph], at: usize) -> bool {
    let after = |n: usize| glyphs.get(at + n).map(|g| g.c);
    let pair = (after(1), after(2));
    after(1).is_none_or(char::is_whitespace) || matches!(pair, (Some('*'), Some('>')) | (Some('='), Some('=')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> (Vec<String>, Vec<String>) {
        let mut notes = Notes::default();
        let file = notes.file("t.cpy");
        let tokens = join(cut(file, text, None, false, &mut notes));
        let show = |what: &What| match what {
            What::Text(text) => text.clone(),
            What::Literal { prefix, text } => format!("{prefix}<{text}>"),
            What::Period => ".".to_owned(),
            What::Pseudo => "==".to_owned(),
        };
        let notes = notes.finish().unwrap_or_else(|faults| faults);
        let notes = notes.iter().map(|n| format!("{}:{} {}", n.line, n.column, n.message)).collect();
        (tokens.iter().map(|t| show(&t.what)).collect(), notes)
    }

    fn words(text: &str) -> String {
        let (words, notes) = shown(text);
        assert_eq!(notes, Vec::<String>::new());
        words.join(" ")
    }

    #[test]
    fn separators_end_words_and_pictures_keep_their_points() {
        assert_eq!(words("       05 A-B, PIC ZZ,ZZ9.99-. *> note"), "05 A-B PIC ZZ,ZZ9.99- .");
        assert_eq!(words("       05 A PIC S9(3)V9(2)COMP."), "05 A PIC S9(3)V9(2)COMP .");
        assert_eq!(words("05 A VALUES 1, 2 THRU 3."), "05 A VALUES 1 2 THRU 3 .");
        assert_eq!(words("       05 :TAG:-A PIC X."), "05 :TAG:-A PIC X .");
    }

    #[test]
    fn literals_keep_what_is_between_their_quotes() {
        assert_eq!(words("       A 'IT''S' \"a.b \" x'F1' N'中'."), "A <IT'S> <a.b > X<F1> N<中> .");
        assert_eq!(words("       VALUE'A'."), "VALUE <A> .");
        let (_, notes) = shown("       A 'open\n       B.");
        assert_eq!(notes, ["1:10 the literal has no closing '"]);
    }

    #[test]
    fn continued_literals_reach_to_column_72() {
        let text = format!("{:<72}00000100\n{:<72}00000200\n", "000100     A 'AB", "000200-    'CD'.");
        let (words, notes) = shown(&text);
        assert_eq!(notes, Vec::<String>::new());
        assert_eq!(words[1], format!("<AB{}CD>", " ".repeat(72 - 16)));
    }

    #[test]
    fn continued_words_become_whole() {
        assert_eq!(
            words("       05 CUSTOMER-\n      -    NAME PIC X(1\n      -    0)."),
            "05 CUSTOMER-NAME PIC X(10) ."
        );
    }

    #[test]
    fn text_in_columns_72_and_73_is_a_fault_unless_it_is_a_sequence_number() {
        let line = format!("       {:>65}X.", "05 A PIC X");
        let (_, notes) = shown(&format!("000100 01 R.\n{line}"));
        assert!(notes[0].contains("columns 72 and 73"), "{notes:?}");
        let line = format!("       {:>65}00000100", "05 A");
        assert_eq!(shown(&line).1, Vec::<String>::new());
    }
}
