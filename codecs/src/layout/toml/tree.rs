//! Groups, arrays and alternatives of a layout in TOML.
//!
//! A part with `redefines` is another reading of the bytes of an earlier part of its group; between the two stand only
//! other readings of the same. `occurs` is a number, or a table with the counter that says how many there are.

use super::field;
use super::scope::Scope;
use super::words::{self, Word};
use crate::layout::build::{Chooser, Counter, Part};
use crate::layout::check::{DEPTH_MAX, LEAVES_MAX, TREE_MAX};
use crate::source::Section;
use std::collections::HashSet;

/// A part and what its table says beside.
struct Read {
    part: Part,
    redefines: Option<String>,
    choice: Option<Chooser>,
    at: Option<i64>,
}

/// The parts under a section's `field`; nothing if any cannot be. `offset` is where the first one stands.
pub(super) fn parts(section: &Section<'_>, scope: &Scope, offset: usize, depth: usize) -> Option<Vec<Part>> {
    if depth > DEPTH_MAX {
        section.fault("field", format_args!("groups stand deeper in each other than {DEPTH_MAX}"));
        return None;
    }
    let (names, readings) = (HashSet::new(), HashSet::new());
    let mut row = Row { parts: Vec::new(), names, readings, at: offset, next: offset };
    let mut whole = true;
    for table in section.sections("field") {
        // The place of what follows a part that cannot be read is not known: nothing is checked against it.
        match read(&table, scope, &row, depth) {
            Some(read) => whole &= row.take(&table, read, whole).is_some(),
            None => whole = false,
        }
    }
    whole.then_some(row.parts)
}

/// Parts in order, with the place of the next one.
struct Row {
    parts: Vec<Part>,
    names: HashSet<String>,
    /// Names of the last part and of those that redefine it.
    readings: HashSet<String>,
    /// Where the last part begins.
    at: usize,
    /// Where it ends.
    next: usize,
}

impl Row {
    fn take(&mut self, table: &Section<'_>, read: Read, checked: bool) -> Option<()> {
        let Read { part, redefines, choice, at } = read;
        let size = part.size().map_err(|wrong| table.fault("name", wrong)).ok()?;
        let begins = if redefines.is_some() { self.at } else { self.next };
        if checked && at.is_some_and(|at| usize::try_from(at) != Ok(begins + 1)) {
            let place =
                if redefines.is_some() { "the part it redefines begins" } else { "the fields before this one end" };
            let byte = if redefines.is_some() { begins + 1 } else { begins };
            table.fault("at", format_args!("{place} at byte {byte}"));
        }
        let name = part.name().to_owned();
        let filler = name.is_empty() || name.starts_with("FILLER");
        if !self.names.insert(name.clone()) && !filler {
            table.fault("name", format_args!("{name} is there twice"));
            return None;
        }
        self.next = self.next.max(begins + size.bytes);
        if self.next > TREE_MAX || self.parts.len() > LEAVES_MAX {
            table.fault("name", format_args!("the record is longer than {TREE_MAX} bytes"));
            return None;
        }
        match redefines {
            None => {
                self.at = begins;
                self.readings.clear();
                self.parts.push(match choice {
                    Some(_) => Part::Redefines { alternatives: vec![part], choice },
                    None => part,
                });
            }
            Some(wanted) => self.alternative(table, part, choice.is_some(), &wanted)?,
        }
        self.readings.insert(name);
        Some(())
    }

    /// Adds a reading of the last part's bytes.
    fn alternative(&mut self, table: &Section<'_>, part: Part, chooses: bool, wanted: &str) -> Option<()> {
        if chooses {
            table.fault("choice", "stands on the part that is redefined");
        }
        let last = self.parts.pop().filter(|_| !wanted.is_empty() && self.readings.contains(wanted));
        let (mut alternatives, choice) = match last {
            Some(Part::Redefines { alternatives, choice }) => (alternatives, choice),
            Some(first) => (vec![first], None),
            None => {
                table.fault("redefines", format_args!("{wanted} is not the part before this one"));
                return None;
            }
        };
        alternatives.push(part);
        self.parts.push(Part::Redefines { alternatives, choice });
        Some(())
    }
}

fn read(table: &Section<'_>, scope: &Scope, row: &Row, depth: usize) -> Option<Read> {
    if !table.has("type") {
        table.need_text("type");
    }
    let word = table.choice("type", words::TYPES);
    let at = table.number("at");
    let redefines = table.text("redefines").map(|name| name.to_uppercase());
    let (occurs, choice) = (occurs(table), choice(table));
    let nameless = word == Some(Word::Group) && !table.has("name") && occurs.is_none();
    let name = if nameless { String::new() } else { table.need_text("name").to_uppercase() };
    let part = match word {
        Some(Word::Group) => {
            let begins = if redefines.is_some() { row.at } else { row.next };
            if !table.has("field") {
                table.fault("field", "is missing; a group has fields of its own");
            }
            parts(table, scope, begins, depth + 1).map(|parts| Part::Group { name, parts })
        }
        Some(word) => field::read(table, name, word, scope).map(|field| Part::Field(Box::new(field))),
        None => None,
    };
    // What a broken field's keys mean is not known, so none of them is called unknown.
    let part = part?;
    table.no_more();
    let part = match occurs {
        None => part,
        Some(Occurs { count, depending }) => Part::Array { part: Box::new(part), count, depending },
    };
    Some(Read { part, redefines, choice, at })
}

struct Occurs {
    count: usize,
    depending: Option<Counter>,
}

fn occurs(table: &Section<'_>) -> Option<Occurs> {
    if !table.has("occurs") {
        return None;
    }
    let most = |table: &Section<'_>, key: &str| {
        table.number_in(key, 1..=LEAVES_MAX as i64).and_then(|n| usize::try_from(n).ok())
    };
    if !table.is_table("occurs") {
        return Some(Occurs { count: most(table, "occurs")?, depending: None });
    }
    let occurs = table.section("occurs")?;
    for key in ["most", "depending"] {
        if !occurs.has(key) {
            occurs.fault(key, "is missing; the most occurrences and the field that counts them are needed");
        }
    }
    let count = most(&occurs, "most");
    let field = occurs.text("depending").map(|name| name.to_uppercase());
    let least = occurs.number_in("least", 0..=LEAVES_MAX as i64).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    let map = counts(&occurs);
    occurs.no_more();
    let (count, field) = (count?, field?);
    if least > count {
        occurs.fault("least", format_args!("{least} is more than {count}, the most"));
    }
    if let Some((text, _)) = map.iter().find(|(_, n)| *n > count || *n < least) {
        occurs.fault("map", format_args!("{text} stands for a number that is not within {least} to {count}"));
    }
    Some(Occurs { count, depending: Some(Counter { field, least, map }) })
}

/// `map`: what the counter's texts mean.
pub(super) fn counts(table: &Section<'_>) -> Vec<(String, usize)> {
    let Some(map) = table.section("map") else { return Vec::new() };
    let one = |key: String| {
        let count = map.number_in(&key, 0..=LEAVES_MAX as i64).and_then(|n| usize::try_from(n).ok())?;
        Some((key, count))
    };
    map.written_keys().into_iter().filter_map(one).collect()
}

/// `choice`: which field says which reading holds.
pub(super) fn choice(table: &Section<'_>) -> Option<Chooser> {
    let choice = table.section("choice")?;
    for key in ["field", "cases"] {
        if !choice.has(key) {
            choice.fault(key, "is missing; a field, and the part that each of its values stands for, are needed");
        }
    }
    let field = choice.text("field").map(|name| name.to_uppercase());
    let cases = choice.section("cases").map(|cases| {
        let one = |value: String| cases.text(&value).map(|name| (value, name.to_uppercase()));
        cases.written_keys().into_iter().filter_map(one).collect()
    });
    let otherwise = choice.text("otherwise").map(|name| name.to_uppercase());
    choice.no_more();
    Some(Chooser { field: field?, cases: cases?, otherwise })
}
