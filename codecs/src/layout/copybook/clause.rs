//! Clauses of a data description entry.
//!
//! A clause that cannot move a byte is read and left; one that could, and is not known here, is a fault with its place.
//!
//! Source: Enterprise COBOL for z/OS 6.4 Language Reference, "Data division: data description entry"; Micro Focus and
//! GnuCOBOL for usages that IBM does not have.

use super::cursor::Cursor;
use super::item::{Item, Occurs, Sign, Usage};
use super::notes::{Notes, Place};
use super::picture::Picture;
use super::value;
use std::collections::BTreeMap;

/// What the clauses are read with.
pub(super) struct Clauses<'a> {
    pub(super) cursor: &'a mut Cursor,
    pub(super) notes: &'a mut Notes,
    /// DECIMAL-POINT IS COMMA.
    pub(super) comma: bool,
    /// Level 78 by name.
    pub(super) constants: &'a BTreeMap<String, u32>,
}

const USAGES: &[(&str, Usage)] = &[
    ("DISPLAY", Usage::Display),
    ("DISPLAY-1", Usage::Dbcs),
    ("NATIONAL", Usage::National),
    ("UTF-8", Usage::Utf8),
    ("COMP", Usage::Comp),
    ("COMP-1", Usage::Float),
    ("COMP-2", Usage::Double),
    ("COMP-3", Usage::Packed),
    ("COMP-4", Usage::Binary),
    ("COMP-5", Usage::Native),
    ("COMP-6", Usage::PackedUnsigned),
    ("COMP-9", Usage::Little),
    ("COMP-N", Usage::Native),
    ("COMP-X", Usage::Bytes),
    ("BINARY", Usage::Binary),
    ("PACKED-DECIMAL", Usage::Packed),
    ("FLOAT-SHORT", Usage::Ieee { double: false }),
    ("FLOAT-LONG", Usage::Ieee { double: true }),
    ("FLOAT-DECIMAL-16", Usage::DecimalFloat { wide: false }),
    ("FLOAT-DECIMAL-34", Usage::DecimalFloat { wide: true }),
    ("BINARY-CHAR", Usage::Sized { bytes: 1, signed: true }),
    ("BINARY-SHORT", Usage::Sized { bytes: 2, signed: true }),
    ("BINARY-LONG", Usage::Sized { bytes: 4, signed: true }),
    ("BINARY-DOUBLE", Usage::Sized { bytes: 8, signed: true }),
    ("INDEX", Usage::Index),
    ("POINTER", Usage::Pointer),
    ("POINTER-32", Usage::Pointer32),
    ("FUNCTION-POINTER", Usage::Pointer),
    ("PROCEDURE-POINTER", Usage::ProcedurePointer),
    ("OBJECT", Usage::Pointer),
];

/// Words that begin a clause.
const CLAUSES: &[&str] = &[
    "REDEFINES",
    "PIC",
    "PICTURE",
    "USAGE",
    "SIGN",
    "LEADING",
    "TRAILING",
    "OCCURS",
    "SYNC",
    "SYNCHRONIZED",
    "JUST",
    "JUSTIFIED",
    "BLANK",
    "VALUE",
    "VALUES",
    "EXTERNAL",
    "GLOBAL",
    "VOLATILE",
    "DATE",
    "GROUP-USAGE",
    "DYNAMIC",
    "ASCENDING",
    "DESCENDING",
    "INDEXED",
    "INDICATOR",
    "INDICATORS",
    "INDIC",
];

/// Clauses whose words stand for other entries' bytes.
const FOREIGN: &[(&str, &str)] = &[
    ("DYNAMIC", "an item of DYNAMIC LENGTH has no bytes in a record"),
    ("LIKE", "LIKE takes another item's picture: write that PIC here"),
    ("TYPE", "TYPE takes another item's description: write its entries here"),
    ("TYPEDEF", "TYPEDEF describes no record: write its entries where TYPE names it"),
    ("SAME", "SAME AS takes another item's description: write its entries here"),
    ("FORMAT", "FORMAT of a date, time or timestamp of IBM i: write PIC X with the bytes it takes"),
    ("SQL", "SQL TYPE has a host variable's layout: write the entries that the precompiler makes of it"),
    ("BIT", "USAGE BIT is not read: write PIC X for the bytes it takes"),
];

/// `COMPUTATIONAL` and its kin as `COMP`.
fn usage_named(word: &str) -> Option<Usage> {
    let short = word.strip_prefix("COMPUTATIONAL").map(|rest| format!("COMP{rest}"));
    let word = short.as_deref().unwrap_or(word);
    USAGES.iter().find(|(name, _)| *name == word).map(|(_, usage)| *usage)
}

/// Whether a word begins a clause, and so is no name.
pub(super) fn begins_clause(word: &str) -> bool {
    CLAUSES.contains(&word) || usage_named(word).is_some()
}

impl Clauses<'_> {
    /// Reads all clauses of an entry.
    pub(super) fn read(&mut self, item: &mut Item) {
        while !self.cursor.ends() {
            let place = self.cursor.place();
            let Some((word, _)) = self.cursor.word() else {
                self.notes.fault(place, "a clause or a period is expected here");
                item.broken = true;
                self.cursor.skip_entry();
                return;
            };
            if !self.clause(&word, place, item) {
                item.broken = true;
                self.cursor.skip_entry();
                return;
            }
        }
    }

    /// Reads one clause; false if it is not known.
    fn clause(&mut self, word: &str, place: Place, item: &mut Item) -> bool {
        match word {
            "REDEFINES" => self.redefines(place, item),
            "PIC" | "PICTURE" => self.picture(place, item),
            "USAGE" | "GROUP-USAGE" => {
                self.cursor.eat("IS");
                return self.usage_next(item);
            }
            "SIGN" => {
                self.cursor.eat("IS");
                let leading = self.cursor.eat("LEADING");
                if !leading && !self.cursor.eat("TRAILING") {
                    self.notes.fault(place, "SIGN needs LEADING or TRAILING");
                }
                self.sign(leading, place, item);
            }
            "LEADING" | "TRAILING" => self.sign(word == "LEADING", place, item),
            "OCCURS" => self.occurs(place, item),
            "SYNC" | "SYNCHRONIZED" => {
                self.cursor.eat_one(&["LEFT", "RIGHT"]);
                item.sync = Some(place);
            }
            "JUST" | "JUSTIFIED" => {
                self.cursor.eat("RIGHT");
                item.justified = true;
            }
            "BLANK" => {
                self.cursor.eat("WHEN");
                if !self.cursor.eat_one(&["ZERO", "ZEROS", "ZEROES"]) {
                    self.notes.fault(place, "BLANK WHEN needs ZERO");
                }
                item.blank_when_zero = true;
            }
            _ if self.left(word) => {}
            _ => match usage_named(word) {
                Some(usage) => self.usage(usage, place, item),
                None => return self.unknown(word, place, item),
            },
        }
        true
    }

    /// Reads a clause that moves no byte; false if it is none of them.
    fn left(&mut self, word: &str) -> bool {
        match word {
            "VALUE" | "VALUES" => {
                value::read(self.cursor);
            }
            "EXTERNAL" | "GLOBAL" | "VOLATILE" => {
                if self.cursor.eat("AS") {
                    self.cursor.take();
                }
            }
            "DATE" => {
                self.cursor.eat("FORMAT");
                self.cursor.eat("IS");
                self.cursor.take();
            }
            "INDICATOR" | "INDICATORS" | "INDIC" => {
                self.cursor.number();
            }
            "ASCENDING" | "DESCENDING" => {
                self.cursor.eat("KEY");
                self.cursor.eat("IS");
                self.names();
            }
            "INDEXED" => {
                self.cursor.eat("BY");
                self.names();
            }
            _ => return false,
        }
        true
    }

    fn unknown(&mut self, word: &str, place: Place, item: &Item) -> bool {
        if let Some((_, what)) = FOREIGN.iter().find(|(name, _)| *name == word) {
            self.notes.fault(place, *what);
        } else if begins_level(word) {
            let what = format!("`{word}` stands where a clause of {} or a period is expected", item.shown());
            self.notes.fault(place, what);
        } else {
            let what = format!(
                "`{word}` in the entry of {} is no clause that is known here; it could move bytes, so nothing is guessed",
                item.shown()
            );
            self.notes.fault(place, what);
        }
        false
    }

    fn redefines(&mut self, place: Place, item: &mut Item) {
        match self.cursor.word() {
            Some((name, at)) => item.redefines = Some((name, at)),
            None => self.notes.fault(place, "REDEFINES needs a name"),
        }
    }

    fn picture(&mut self, place: Place, item: &mut Item) {
        self.cursor.eat("IS");
        let at = self.cursor.place();
        let Some(mut text) = self.cursor.take().and_then(|token| token.what.word().map(str::to_owned)) else {
            item.broken = true;
            return self.notes.fault(place, "PIC needs a picture like X(10)");
        };
        while self.cursor.peek().and_then(|t| t.what.word()).is_some_and(|t| t.starts_with('(')) {
            self.notes.warn(self.cursor.place(), "a space stands within the picture; it is read without");
            text.extend(self.cursor.take().and_then(|token| token.what.word().map(str::to_owned)));
        }
        for (name, value) in self.constants {
            text = text.to_uppercase().replace(&format!("({name})"), &format!("({value})"));
        }
        if item.picture.is_some() {
            self.notes.fault(place, format!("{} has two pictures", item.shown()));
        }
        match Picture::read(&text, self.comma) {
            Ok(picture) => item.picture = Some((picture, at)),
            Err(why) => {
                item.broken = true;
                self.notes.fault(at, why);
            }
        }
        if self.cursor.eat("BYTE-LENGTH") {
            self.cursor.eat("IS");
            item.byte_length = self.cursor.number();
        }
    }

    fn usage_next(&mut self, item: &mut Item) -> bool {
        let place = self.cursor.place();
        let Some((word, _)) = self.cursor.word() else {
            self.notes.fault(place, "USAGE needs a word like DISPLAY or COMP-3");
            return false;
        };
        match usage_named(&word) {
            Some(usage) => self.usage(usage, place, item),
            None => {
                let foreign = FOREIGN.iter().find(|(name, _)| *name == word).map(|(_, what)| (*what).to_owned());
                self.notes.fault(place, foreign.unwrap_or_else(|| format!("USAGE {word} is not known here")));
                return false;
            }
        }
        true
    }

    fn usage(&mut self, usage: Usage, place: Place, item: &mut Item) {
        let usage = match usage {
            Usage::Sized { bytes, .. } => {
                let unsigned = self.cursor.eat("UNSIGNED");
                self.cursor.eat("SIGNED");
                Usage::Sized { bytes, signed: !unsigned }
            }
            Usage::Pointer if self.cursor.eat("REFERENCE") => {
                if !self.cursor.ends() && !self.cursor.peek().and_then(|t| t.what.word()).is_some_and(begins_clause) {
                    self.cursor.take();
                }
                usage
            }
            other => other,
        };
        self.cursor.eat("NATIVE");
        if item.usage.is_some_and(|(other, _)| other != usage) {
            self.notes.fault(place, format!("{} has two usages", item.shown()));
        }
        item.usage = Some((usage, place));
    }

    fn sign(&mut self, leading: bool, place: Place, item: &mut Item) {
        let separate = self.cursor.eat("SEPARATE");
        if separate {
            self.cursor.eat("CHARACTER");
        }
        item.sign = Some((Sign { leading, separate }, place));
    }

    fn occurs(&mut self, place: Place, item: &mut Item) {
        let first = self.count();
        let mut unbounded = first.is_none() && self.cursor.eat("UNBOUNDED");
        let second = if self.cursor.eat("TO") {
            unbounded = self.cursor.eat("UNBOUNDED");
            (!unbounded).then(|| self.count())
        } else {
            None
        };
        self.cursor.eat("TIMES");
        let mut depending = None;
        if self.cursor.eat("DEPENDING") {
            self.cursor.eat("ON");
            let at = self.cursor.place();
            let mut names: Vec<String> = self.cursor.word().map(|(name, _)| name).into_iter().collect();
            while self.cursor.eat_one(&["OF", "IN"]) {
                names.extend(self.cursor.word().map(|(name, _)| name));
            }
            match names.is_empty() {
                true => self.notes.fault(at, "DEPENDING ON needs a name"),
                false => depending = Some((names, at)),
            }
        }
        let occurs = match (first, second, &depending) {
            (_, _, None) if unbounded => {
                self.notes.fault(place, "OCCURS UNBOUNDED needs DEPENDING ON a field with the count");
                None
            }
            (least, _, Some(_)) if unbounded => Some((least.unwrap_or(0), None)),
            (Some(n), None, None) => Some((n, Some(n))),
            // "OCCURS n DEPENDING ON" leaves the least number out.
            (Some(n), None, Some(_)) => Some((0, Some(n))),
            (Some(least), Some(Some(most)), Some(_)) => Some((least, Some(most))),
            (Some(_), Some(Some(_)), None) => {
                self.notes.fault(place, "OCCURS n TO m needs DEPENDING ON a field with the count");
                None
            }
            _ => {
                self.notes
                    .fault(place, "OCCURS needs a number of times, like OCCURS 10 or OCCURS 1 TO 10 DEPENDING ON N");
                None
            }
        };
        match occurs {
            Some((least, Some(most))) if most == 0 || least > most => {
                self.notes.fault(place, format!("OCCURS {least} TO {most} is no range of occurrences"));
            }
            Some((least, most)) => item.occurs = Some(Occurs { least, most, depending, place }),
            None => {}
        }
    }

    /// A number, or the name of a level 78.
    fn count(&mut self) -> Option<u32> {
        if let Some(number) = self.cursor.number() {
            return Some(number);
        }
        let name = self.cursor.peek()?.what.word()?.to_uppercase();
        let number = *self.constants.get(&name)?;
        self.cursor.take();
        Some(number)
    }

    /// Names up to the next clause.
    fn names(&mut self) {
        while !self.cursor.ends() {
            let word = self.cursor.peek().and_then(|token| token.what.word()).map(str::to_uppercase);
            if word.is_none_or(|word| begins_clause(&word)) {
                return;
            }
            self.cursor.take();
        }
    }

    /// Level 88, after its name.
    pub(super) fn condition(&mut self, name: String, place: Place) -> Option<(String, String)> {
        if !self.cursor.eat_one(&["VALUE", "VALUES"]) {
            self.notes.warn(place, format!("condition name {name} has no VALUE"));
            self.cursor.skip_entry();
            return None;
        }
        let values = value::read(self.cursor);
        if self.cursor.eat("WHEN") {
            self.cursor.eat("SET");
            self.cursor.eat("TO");
        }
        if self.cursor.eat("FALSE") {
            self.cursor.eat("IS");
            value::read(self.cursor);
        }
        if !self.cursor.ends() {
            self.notes.warn(self.cursor.place(), format!("what follows the values of {name} is not read"));
            self.cursor.skip_entry();
        }
        Some((name, values.join(" ")))
    }
}

/// Whether a word looks like the level number of an entry whose period is missing before it.
fn begins_level(word: &str) -> bool {
    word.bytes().next().is_some_and(|b| b.is_ascii_digit())
}
