//! COPY, and the statements that bring or remove text as it does: `++INCLUDE`, `-INC`, `EXEC SQL INCLUDE`, REPLACE,
//! EJECT, SKIP1-3 and TITLE. SQLCA and SQLDA, which the SQL precompiler brings, are no records of a file and are left out.
//!
//! A copied text may copy others, eight deep; all of them together have a bounded number
//! of words. REPLACING works on the copied text and on what that copies. A
//! member is asked for by its name with the usual endings; names that could leave the folder are refused.
//!
//! Sources: Enterprise COBOL for z/OS 6.4 Language Reference, "Compiler-directing statements"; CA Panvalet and Librarian
//! for `++INCLUDE` and `-INC`.

use super::lines::Form;
use super::notes::{Notes, Place};
use super::replace::{Replacing, is};
use super::token::{self, FRAGMENTS_MAX, Fragment, What};
use std::collections::{BTreeMap, BTreeSet};

/// How deep texts may copy each other.
const DEPTH_MAX: usize = 8;
/// Endings under which a member is looked for, in small or in capital letters.
const ENDINGS: &[&str] = &[".cpy", ".cbl", ".cob", ".copybook", ".cobol"];

/// Reads a text by its name.
pub(super) type Read<'a> = dyn FnMut(&str) -> Result<String, String> + 'a;

/// Brings in copied texts.
pub(super) struct Copier<'a, 'b> {
    read: &'a mut Read<'b>,
    form: Option<Form>,
    debug: bool,
    notes: &'a mut Notes,
    /// Members read before.
    members: BTreeMap<String, Vec<Fragment>>,
    total: usize,
}

/// A word of a text, and what holds there.
#[derive(Clone, Copy)]
struct Site<'t> {
    text: &'t [Fragment],
    at: usize,
    /// The outermost statement first.
    replacing: &'t [&'t Replacing],
    /// How many texts are around it.
    depth: usize,
}

impl Site<'_> {
    fn place(&self) -> Place {
        self.text[self.at].place
    }
}

impl<'a, 'b> Copier<'a, 'b> {
    /// Nothing copied yet.
    pub(super) fn new(read: &'a mut Read<'b>, form: Option<Form>, debug: bool, notes: &'a mut Notes) -> Copier<'a, 'b> {
        Copier { read, form, debug, notes, members: BTreeMap::new(), total: 0 }
    }

    /// The words of a text with all it copies.
    pub(super) fn expand(mut self, file: u32, text: &str, also: &Replacing) -> Vec<Fragment> {
        let fragments = token::cut(file, text, self.form, self.debug, self.notes);
        let mut out = Vec::new();
        self.copied(fragments, &[also], 0, &mut out);
        self.replaced(out)
    }

    /// Appends a text, its own COPY statements carried out. `replacing` has the outermost statement first.
    fn copied(&mut self, text: Vec<Fragment>, replacing: &[&Replacing], depth: usize, out: &mut Vec<Fragment>) {
        let mut text = text;
        for replacing in replacing.iter().rev().filter(|replacing| !replacing.is_empty()) {
            if !self.may_go_on(text.len(), text.first().map(|word| word.place)) {
                return;
            }
            text = replacing.apply(text);
        }
        let mut at = 0;
        while let Some(fragment) = text.get(at) {
            if !self.may_go_on(0, Some(fragment.place)) {
                return;
            }
            // What a program's statements copy has no part in its data.
            if is(fragment, "PROCEDURE") && text.get(at + 1).is_some_and(|word| is(word, "DIVISION")) {
                return;
            }
            let site = Site { text: &text, at, replacing, depth };
            at = match self.statement(site, out) {
                // Counted, too: texts that do nothing but copy texts would give no words, and never come to an end.
                Some(end) if self.may_go_on(end - at, Some(fragment.place)) => end,
                Some(_) => return,
                None if self.may_go_on(1, Some(fragment.place)) => {
                    out.push(fragment.clone());
                    at + 1
                }
                None => return,
            };
        }
    }

    /// Counts words that are copied or compared; false, and a fault, when there are too many.
    fn may_go_on(&mut self, words: usize, place: Option<Place>) -> bool {
        let before = self.total;
        self.total = self.total.saturating_add(words);
        if self.total <= FRAGMENTS_MAX {
            return true;
        }
        if before <= FRAGMENTS_MAX {
            let what = format!("copied texts have more than {FRAGMENTS_MAX} words in all");
            self.notes.fault(place.unwrap_or_default(), what);
        }
        // Told once; whatever else is copied is left.
        self.total = FRAGMENTS_MAX + 1;
        false
    }

    /// Carries out a statement that begins here; gives where it ends.
    fn statement(&mut self, site: Site<'_>, out: &mut Vec<Fragment>) -> Option<usize> {
        let Site { text, at, .. } = site;
        let fragment = &text[at];
        let word = fragment.what.word().filter(|_| fragment.spaced)?.to_ascii_uppercase();
        match word.as_str() {
            "COPY" => self.copy(site, out),
            "++INCLUDE" | "-INC" if fragment.first => {
                let (member, end) = member(text, at + 1)?;
                self.bring(&member, None, site, out);
                Some(if text.get(end).is_some_and(|f| f.what == What::Period && !f.first) { end + 1 } else { end })
            }
            "EXEC" => Some(self.exec(site, out)),
            "EJECT" | "SKIP1" | "SKIP2" | "SKIP3" if fragment.first => Some(after_period(text, at + 1)),
            "TITLE" if fragment.first && matches!(text.get(at + 1)?.what, What::Literal { .. }) => {
                Some(after_period(text, at + 2))
            }
            _ => None,
        }
    }

    fn copy(&mut self, site: Site<'_>, out: &mut Vec<Fragment>) -> Option<usize> {
        let Site { text, at, .. } = site;
        let place = site.place();
        let Some((name, mut end)) = member(text, at + 1) else {
            self.notes.fault(place, "COPY needs the name of a text");
            return Some(after_period(text, at + 1));
        };
        let mut library = None;
        if text.get(end).is_some_and(|word| is(word, "OF") || is(word, "IN")) {
            let (found, next) = member(text, end + 1)?;
            (library, end) = (Some(found), next);
        }
        if text.get(end).is_some_and(|word| is(word, "SUPPRESS")) {
            end += 1;
        }
        let mut own = Replacing::default();
        if text.get(end).is_some_and(|word| is(word, "REPLACING")) {
            (own, end) = Replacing::read(text, end + 1, self.notes);
        }
        if text.get(end).is_some_and(|word| word.what == What::Period) {
            end += 1;
        } else {
            self.notes.warn(place, "COPY has no period at its end");
        }
        let mut all = site.replacing.to_vec();
        all.push(&own);
        self.bring(&name, library.as_deref(), Site { replacing: &all, ..site }, out);
        own.unused(self.notes);
        Some(end)
    }

    /// `EXEC SQL INCLUDE name END-EXEC` is a COPY; other SQL, which DCLGEN writes before its record, has no bytes.
    fn exec(&mut self, site: Site<'_>, out: &mut Vec<Fragment>) -> usize {
        let Site { text, at, .. } = site;
        let Some(length) = text[at..].iter().position(|word| is(word, "END-EXEC")) else {
            self.notes.fault(site.place(), "EXEC has no END-EXEC");
            return text.len();
        };
        let end = at + length + 1;
        let included = text.get(at + 2).filter(|word| is(word, "INCLUDE")).and_then(|_| member(text, at + 3));
        if let Some((name, _)) =
            included.filter(|(name, _)| !["SQLCA", "SQLDA"].contains(&name.to_uppercase().as_str()))
        {
            self.bring(&name, None, site, out);
        }
        after_period(text, end)
    }

    /// Appends a member that the statement at a site brings.
    fn bring(&mut self, name: &str, library: Option<&str>, site: Site<'_>, out: &mut Vec<Fragment>) {
        let place = site.place();
        if name.to_ascii_uppercase().starts_with("DDS-") {
            let what = format!("COPY {name} takes a file of IBM i: give its DDS source instead of a copybook");
            return self.notes.fault(place, what);
        }
        if site.depth >= DEPTH_MAX {
            let what = format!("COPY {name} is {DEPTH_MAX} texts deep: is it a circle?");
            return self.notes.fault(place, what);
        }
        let fragments = match self.member(name, library) {
            Ok(fragments) => fragments,
            Err(why) => return self.notes.fault(place, format!("COPY {name}: {why}")),
        };
        self.copied(fragments, site.replacing, site.depth + 1, out);
    }

    /// A member's words, read once.
    fn member(&mut self, name: &str, library: Option<&str>) -> Result<Vec<Fragment>, String> {
        let names = [library, Some(name)];
        let legal = |c: char| c.is_alphanumeric() || "#@$_-.".contains(c);
        if names.iter().flatten().any(|n| n.is_empty() || n.contains("..") || !n.chars().all(legal)) {
            return Err("a name of letters, digits and # @ $ _ - . is needed".to_owned());
        }
        let key = format!("{}/{name}", library.unwrap_or_default());
        if let Some(fragments) = self.members.get(&key) {
            return Ok(fragments.clone());
        }
        let (file, text) = self.find(name, library)?;
        let file = self.notes.file(&file);
        let fragments = token::cut(file, &text, self.form, self.debug, self.notes);
        self.members.insert(key, fragments.clone());
        Ok(fragments)
    }

    fn find(&mut self, name: &str, library: Option<&str>) -> Result<(String, String), String> {
        let spellings = [name.to_owned(), name.to_lowercase(), name.to_uppercase()];
        let endings: Vec<String> =
            ENDINGS.iter().flat_map(|e| [(*e).to_owned(), e.to_uppercase()]).chain([String::new()]).collect();
        let folders = library.into_iter().flat_map(|l| [format!("{l}/"), format!("{}/", l.to_lowercase())]);
        let mut tried: BTreeSet<String> = BTreeSet::new();
        for folder in folders.chain([String::new()]) {
            for (ending, spelling) in endings.iter().flat_map(|e| spellings.iter().map(move |s| (e, s))) {
                let file = format!("{folder}{spelling}{ending}");
                if tried.contains(&file) {
                    continue;
                }
                if let Ok(text) = (self.read)(&file) {
                    return Ok((file, text));
                }
                tried.insert(file);
            }
        }
        let library = library.map_or_else(String::new, |library| format!(", in {library} and without it"));
        Err(format!(
            "no text of this name was found; looked for {name}{} and {name}, in small and capital letters{library}. If it \
             is in another folder, name that with --refs, or as one of `references` in a format",
            ENDINGS.join(", ")
        ))
    }

    /// Carries out REPLACE statements.
    fn replaced(&mut self, text: Vec<Fragment>) -> Vec<Fragment> {
        let starts: Vec<usize> = (0..text.len()).filter(|&at| text[at].spaced && is(&text[at], "REPLACE")).collect();
        if starts.is_empty() {
            return text;
        }
        let mut out = text[..starts[0]].to_vec();
        for (n, &start) in starts.iter().enumerate() {
            let end = starts.get(n + 1).copied().unwrap_or(text.len());
            let (replacing, at) = match text.get(start + 1) {
                Some(word) if is(word, "OFF") => (Replacing::default(), start + 2),
                _ => Replacing::read(&text, start + 1, self.notes),
            };
            let rest = text.get(after_period(&text, at).min(end)..end).unwrap_or_default().to_vec();
            out.extend(if replacing.is_empty() { rest } else { replacing.apply(rest) });
        }
        out
    }
}

/// The name of a text: a literal, or a word.
fn member(text: &[Fragment], at: usize) -> Option<(String, usize)> {
    match &text.get(at)?.what {
        What::Literal { text, .. } => Some((text.clone(), at + 1)),
        What::Text(word) => {
            let parts = text[at + 1..].iter().map_while(|f| f.what.word().filter(|_| !f.spaced));
            let parts: Vec<&str> = parts.collect();
            Some((format!("{word}{}", parts.concat()), at + 1 + parts.len()))
        }
        What::Period | What::Pseudo => None,
    }
}

fn after_period(text: &[Fragment], at: usize) -> usize {
    at + usize::from(text.get(at).is_some_and(|f| f.what == What::Period))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words of the text with its copies, and the notes.
    fn expanded(text: &str, members: &[(&str, &str)]) -> (String, Vec<String>) {
        let mut notes = Notes::default();
        let file = notes.file("t.cpy");
        let mut read = |name: &str| {
            let found = members.iter().find(|(n, _)| *n == name);
            found.map(|(_, text)| (*text).to_owned()).ok_or_else(|| "none".to_owned())
        };
        let copier = Copier::new(&mut read, None, false, &mut notes);
        let tokens = token::join(copier.expand(file, text, &Replacing::default()));
        let show = |what: &What| match what {
            What::Text(text) => text.clone(),
            What::Literal { text, .. } => format!("'{text}'"),
            What::Period => ".".to_owned(),
            What::Pseudo => "==".to_owned(),
        };
        let words: Vec<_> = tokens.iter().map(|t| show(&t.what)).collect();
        let notes = notes.finish().unwrap_or_else(|faults| faults);
        (words.join(" "), notes.iter().map(ToString::to_string).collect())
    }

    fn words(text: &str, member: &str) -> String {
        let (words, notes) = expanded(text, &[("a.cpy", member)]);
        assert_eq!(notes, Vec::<String>::new());
        words
    }

    #[test]
    fn replacing_takes_tags_words_and_parts_of_words() {
        let member = "       05 :TAG:-ID PIC X(:LEN:).\n       05 OLD-A PIC 9.\n       05 B-OLD PIC 9.\n";
        let pseudo = "       COPY A REPLACING ==:TAG:== BY ==CUST== ==:LEN:== BY ==10==.";
        assert_eq!(words(pseudo, member), "05 CUST-ID PIC X(10) . 05 OLD-A PIC 9 . 05 B-OLD PIC 9 .");
        let parts =
            "       COPY A REPLACING LEADING ==OLD== BY ==NEW==\n           TRAILING ==-OLD== BY ==== ==:== BY ====.";
        assert_eq!(words(parts, member), "05 TAG-ID PIC X(LEN) . 05 NEW-A PIC 9 . 05 B PIC 9 .");
        let word = "       COPY 'A' REPLACING OLD-A BY NEW-A, 9 BY X(3).";
        assert_eq!(words(word, member), "05 :TAG:-ID PIC X(:LEN:) . 05 NEW-A PIC X(3) . 05 B-OLD PIC X(3) .");
    }

    #[test]
    fn an_operand_that_replaces_nothing_is_told() {
        let (_, notes) = expanded("       COPY A REPLACING ==X== BY ==Y==.", &[("A.cpy", "       05 B PIC 9.\n")]);
        assert_eq!(notes, ["t.cpy:1:25: an operand of REPLACING is nowhere in the copied text"]);
    }

    #[test]
    fn copies_nest_and_a_circle_ends() {
        let members =
            [("A.CPY", "       05 A1 PIC X.\n       COPY B.\n"), ("lib/b.cpy", ""), ("b.cbl", "       05 B1 PIC X.\n")];
        assert_eq!(expanded("       COPY A.\n", &members).0, "05 A1 PIC X . 05 B1 PIC X .");
        let (_, notes) = expanded("       COPY A.", &[("A.cpy", "       COPY A.\n")]);
        assert!(notes[0].contains("is it a circle?"), "{notes:?}");
        let (_, notes) = expanded("       COPY A.", &[("A.cpy", "       COPY A. COPY A.\n")]);
        assert!(notes.len() <= 1_000);
        // A hundred copies in each of seven texts, and the last text is empty: there is no end without a bound.
        let hundred = |n: usize| format!("       COPY M{n}.\n").repeat(100);
        let members: Vec<(String, String)> =
            (1..8).map(|n| (format!("M{n}.cpy"), if n < 7 { hundred(n + 1) } else { String::new() })).collect();
        let members: Vec<(&str, &str)> = members.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let (_, notes) = expanded(&hundred(1), &members);
        assert!(notes.last().is_some_and(|note| note.contains("words in all")), "{notes:?}");
    }

    #[test]
    fn other_statements_bring_or_remove_text() {
        let text = "       EJECT\n       SKIP2.\n       TITLE 'X'.\n       ++INCLUDE A\n       01 R.\n\
                    \x20          EXEC SQL INCLUDE A END-EXEC.\n           EXEC SQL DECLARE T TABLE (X INT) END-EXEC.\n";
        let (words, notes) = expanded(text, &[("A.cpy", "       05 A PIC X.\n")]);
        assert_eq!((words.as_str(), notes), ("05 A PIC X . 01 R . 05 A PIC X .", vec![]));
        let text = "       EXEC SQL INCLUDE SQLCA END-EXEC.\n       01 R PIC X.\n       PROCEDURE DIVISION.\n           COPY NONE.\n";
        assert_eq!(expanded(text, &[]), ("01 R PIC X .".to_owned(), vec![]));
        let (_, notes) = expanded("       EXEC SQL INCLUDE A.\n       01 R PIC X.\n", &[]);
        assert_eq!(notes, ["t.cpy:1:8: EXEC has no END-EXEC"]);
        let text = "       REPLACE ==:A:== BY ==B==.\n       05 :A:-X.\n       REPLACE OFF.\n       05 :A:-X.\n";
        assert_eq!(expanded(text, &[]).0, "05 B-X . 05 :A:-X .");
    }

    #[test]
    fn names_cannot_leave_the_folder() {
        for name in ["'../x'", "'/etc/passwd'", "'a/b'", "'a\\b'"] {
            let (_, notes) = expanded(&format!("       COPY {name}."), &[]);
            assert!(notes[0].contains("a name of letters"), "{name} {notes:?}");
        }
        let (_, notes) = expanded("       COPY NONE OF LIB.", &[]);
        assert!(
            notes[0].contains(
                "looked for NONE.cpy, .cbl, .cob, .copybook, .cobol and NONE, in small and capital letters, in LIB"
            ),
            "{notes:?}"
        );
    }
}
