//! Entries, one after the other: level, name, clauses, period.
//!
//! Whole programs are read, too: divisions and sections before the data are passed over, and the reading ends at the
//! procedure division. In a text without divisions everything must be an entry.

use super::clause::{self, Clauses};
use super::cursor::{Cursor, is_level};
use super::item::{Item, Rename, Section};
use super::notes::{Notes, Place};
use super::token::{Token, What};
use std::collections::BTreeMap;

/// Sentences that may stand before data and describe none.
const SENTENCES: &[&str] = &["FD", "SD", "RD", "CBL", "PROCESS", "FILE", "WORKING-STORAGE", "LOCAL-STORAGE", "LINKAGE"];
/// Words that begin a clause, and are names of fields where they are followed by PIC.
const NAMES: &[&str] =
    &["VALUE", "VALUES", "SIGN", "DATE", "OCCURS", "BLANK", "INDEX", "POINTER", "GLOBAL", "EXTERNAL"];

/// What a text describes.
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub(super) items: Vec<Item>,
    pub(super) renames: Vec<Rename>,
}

/// Reads all entries. `most` is how many a text may have.
pub(super) fn read(tokens: Vec<Token>, comma: bool, most: usize, notes: &mut Notes) -> Entries {
    let mut cursor = Cursor::new(tokens);
    let program = cursor.has("DIVISION");
    let comma = comma || (program && cursor.has("DECIMAL-POINT"));
    let section = Section::Unsaid;
    let mut reader =
        Reader { cursor: &mut cursor, notes, comma, constants: BTreeMap::new(), entries: Entries::default(), section };
    while let Some(token) = reader.cursor.peek() {
        let place = token.place;
        if reader.entries.items.len() > most {
            reader.notes.fault(place, format!("the copybook has more than {most} entries"));
            break;
        }
        match (&token.what, token.number()) {
            (What::Period, _) => {
                reader.cursor.take();
            }
            (_, Some(level)) if is_level(level) => reader.entry(level, place),
            (_, Some(level)) => {
                let what = format!("{level} is no level number: 01 to 49, 66, 77 and 88 are");
                reader.notes.fault(place, what);
                reader.cursor.take();
                reader.cursor.skip_entry();
            }
            _ if program && token.is("PROCEDURE") => break,
            (What::Text(word), _) if program || SENTENCES.contains(&word.to_uppercase().as_str()) => {
                if reader.cursor.follows(&["SECTION"]) {
                    reader.section = if token.is("FILE") { Section::File } else { Section::Other };
                }
                reader.cursor.skip_sentence();
            }
            (what, _) => {
                let shown = what.word().unwrap_or("a literal").to_owned();
                reader.notes.fault(place, format!("`{shown}` stands where a level number is expected"));
                reader.cursor.take();
                reader.cursor.skip_entry();
            }
        }
    }
    reader.entries
}

struct Reader<'a> {
    cursor: &'a mut Cursor,
    notes: &'a mut Notes,
    comma: bool,
    constants: BTreeMap<String, u32>,
    entries: Entries,
    section: Section,
}

impl Reader<'_> {
    fn entry(&mut self, level: u32, place: Place) {
        self.cursor.take();
        match level {
            1 if self.cursor.follows(&["CONSTANT"]) => self.constant(place),
            66 => self.rename(place),
            78 => self.constant(place),
            88 => self.condition(place),
            _ => self.item(level, place),
        }
        match self.cursor.peek() {
            Some(token) if token.what == What::Period => {
                self.cursor.take();
            }
            Some(_) if self.cursor.begins_entry() => {
                let next = self.cursor.place();
                self.notes.warn(next, "no period ends the entry before this line");
            }
            Some(_) => self.cursor.skip_sentence(),
            None => self.notes.warn(self.cursor.place(), "no period ends the last entry"),
        }
    }

    fn clauses(&mut self) -> Clauses<'_> {
        Clauses { cursor: self.cursor, notes: self.notes, comma: self.comma, constants: &self.constants }
    }

    fn item(&mut self, level: u32, place: Place) {
        let name = self.name();
        let mut item =
            Item { level: u8::try_from(level).unwrap_or(0), name, place, section: self.section, ..Item::default() };
        self.clauses().read(&mut item);
        self.entries.items.push(item);
    }

    /// The name of an item; nothing for FILLER, and where a clause follows the level.
    fn name(&mut self) -> Option<String> {
        let word = self.cursor.peek()?.what.word()?.to_uppercase();
        let pictured = self.cursor.follows(&["PIC", "PICTURE"]);
        let clause = clause::begins_clause(&word) && !(pictured && NAMES.contains(&word.as_str()));
        let clause = clause && (word != "DATE" || self.cursor.follows(&["FORMAT"]));
        if clause || self.cursor.begins_entry() {
            return None;
        }
        let (word, place) = self.cursor.take().map(|token| (word, token.place))?;
        let name: String = word.chars().filter(|c| !":()".contains(*c)).collect();
        if name != word {
            self.notes.warn_once(place, "a tag like `:TAG:` is not replaced; names go without its colons");
        }
        let legal = |c: char| c.is_alphanumeric() || "-_#@$".contains(c);
        if name.is_empty() || !name.chars().all(legal) {
            self.notes.fault(place, format!("`{word}` is no name of letters, digits and hyphens"));
        }
        (name != "FILLER").then_some(name)
    }

    fn condition(&mut self, place: Place) {
        let Some((name, _)) = self.cursor.word() else {
            self.notes.warn(place, "level 88 without a name");
            return self.cursor.skip_entry();
        };
        let condition = self.clauses().condition(name, place);
        match (self.entries.items.last_mut(), condition) {
            (Some(item), Some(condition)) => item.conditions.push(condition),
            (None, Some((name, _))) => self.notes.warn(place, format!("no item stands before condition name {name}")),
            (_, None) => {}
        }
    }

    /// `78 NAME VALUE 10` and `01 NAME CONSTANT AS 10`, which are no bytes.
    fn constant(&mut self, place: Place) {
        let name = self.cursor.word().map(|(name, _)| name);
        let valued = if self.cursor.eat("CONSTANT") {
            self.cursor.eat("IS");
            self.cursor.eat("GLOBAL");
            self.cursor.eat("AS")
        } else {
            self.cursor.eat_one(&["VALUE", "VALUES"])
        };
        self.cursor.eat("IS");
        match (name, self.cursor.number()) {
            (Some(name), Some(number)) if valued => {
                self.constants.insert(name, number);
            }
            _ => {
                self.notes
                    .warn(place, "a constant that is no whole number is not read: where one counts, write the number");
                self.cursor.skip_entry();
            }
        }
    }

    fn rename(&mut self, place: Place) {
        let name = self.cursor.word().map(|(name, _)| name);
        let renames = self.cursor.eat("RENAMES");
        let from = self.qualified();
        let through = if self.cursor.eat_one(&["THRU", "THROUGH"]) { Some(self.qualified()) } else { None };
        match name {
            Some(name) if renames && !from.is_empty() && !self.entries.items.is_empty() => {
                let record = self.entries.items.len() - 1;
                self.entries.renames.push(Rename { name, place, from, through, record });
            }
            _ => self.notes.fault(place, "level 66 is written like: 66 NAME RENAMES A THRU B."),
        }
        if !self.cursor.ends() {
            self.notes.fault(self.cursor.place(), "level 66 has no clause but RENAMES");
            self.cursor.skip_entry();
        }
    }

    fn qualified(&mut self) -> Vec<String> {
        let mut names: Vec<String> = self.cursor.word().map(|(name, _)| name).into_iter().collect();
        while self.cursor.eat_one(&["OF", "IN"]) {
            names.extend(self.cursor.word().map(|(name, _)| name));
        }
        names
    }
}
