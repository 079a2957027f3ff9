//! What changes between two editions of a layout, and what that means for files and for whoever reads them.
//!
//! *Compatible*: every record means the same to both. *For reading*: the new layout reads old files and gives their
//! fields as they were, but the old one does not read every new file. *Not*: a value would be lost, moved, or read
//! otherwise; also a name, because events, mappings and readers of JSON ask for values by name.
//!
//! Occurrences of arrays are told once. Descriptions, keys and names for values change no record.

use super::{Array, Dirty, Field, Kind, Layout, Node, Redefines, Rules};
use std::collections::{HashMap, HashSet};

/// What a change means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Every record means the same to both.
    Compatible,
    /// The new layout reads old files; the old one does not read every new file.
    Reading,
    /// Old files are read otherwise, or not at all.
    Not,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The record format.
    pub record: String,
    /// The field, group or array; nothing for the record as a whole.
    pub field: Option<String>,
    /// What it means.
    pub verdict: Verdict,
    /// What is different, and why that matters.
    pub what: String,
}

/// The changes of all record formats, which go together by name; a lone format goes with a lone one.
pub fn diff(old: &[Layout], new: &[Layout]) -> Vec<Change> {
    let mut changes = Vec::new();
    if let ([old], [new]) = (old, new) {
        if old.name != new.name {
            let what = format!("is called {} now: JSON lines have it as their type", new.name);
            changes.push(Change { record: old.name.clone(), field: None, verdict: Verdict::Not, what });
        }
        one(old, new, &mut changes);
        return changes;
    }
    for before in old {
        match new.iter().find(|after| after.name == before.name) {
            Some(after) => one(before, after, &mut changes),
            None => changes.push(whole(before, Verdict::Not, "is gone: its records can no longer be read")),
        }
    }
    for after in new.iter().filter(|after| !old.iter().any(|before| before.name == after.name)) {
        changes.push(whole(after, Verdict::Reading, "is new: old files have no such records"));
    }
    changes
}

/// The verdict over all changes.
pub fn verdict(changes: &[Change]) -> Verdict {
    changes.iter().map(|change| change.verdict).max().unwrap_or(Verdict::Compatible)
}

fn whole(layout: &Layout, verdict: Verdict, what: &str) -> Change {
    Change { record: layout.name.clone(), field: None, verdict, what: what.to_owned() }
}

/// Changes of one record format, each told once.
struct Told<'a> {
    record: &'a str,
    seen: HashSet<(String, String)>,
    changes: &'a mut Vec<Change>,
}

impl Told<'_> {
    fn tell(&mut self, field: &str, verdict: Verdict, what: String) {
        let bare = field.split('(').next().unwrap_or_default().to_owned();
        if self.seen.insert((bare.clone(), what.clone())) {
            let field = Some(bare).filter(|name| !name.is_empty());
            self.changes.push(Change { record: self.record.to_owned(), field, verdict, what });
        }
    }
}

fn one(old: &Layout, new: &Layout, changes: &mut Vec<Change>) {
    let mut told = Told { record: &new.name, seen: HashSet::new(), changes };
    if (old.length, old.least) != (new.length, new.least) {
        let bytes = |layout: &Layout| match layout.least == layout.length {
            true => format!("{} bytes", layout.length),
            false => format!("{} to {} bytes", layout.least, layout.length),
        };
        let what = format!("records have {}, had {}: files are cut elsewhere", bytes(new), bytes(old));
        told.tell("", Verdict::Not, what);
    }
    let (before, after) = (Places::of(old), Places::of(new));
    let names: HashMap<&str, usize> = new.fields.iter().enumerate().map(|(i, f)| (f.name.as_str(), i)).collect();
    let known: HashSet<&str> = old.fields.iter().map(|field| field.name.as_str()).collect();
    for (index, field) in old.fields.iter().enumerate().filter(|(_, field)| !field.is_filler()) {
        match names.get(field.name.as_str()) {
            Some(at) => {
                let (was, is) = (before.path(index), after.path(*at));
                if was != is {
                    told.tell(&field.name, Verdict::Not, format!("stands at {is} in JSON, stood at {was}"));
                }
                compare(field, &new.fields[*at], &mut told);
            }
            None => gone(field, new, &known, &mut told),
        }
    }
    let added = new.fields.iter().filter(|field| !field.is_filler() && !known.contains(field.name.as_str()));
    let held = Held::of(old);
    added.for_each(|field| new_field(field, &held, &mut told));
    before.compare(&after, old, new, &mut told);
    if old.text != new.text || old.keys != new.keys || old.notes != new.notes {
        told.tell("", Verdict::Compatible, "description, keys or notes are different".to_owned());
    }
}

fn gone(field: &Field, new: &Layout, known: &HashSet<&str>, told: &mut Told<'_>) {
    let same = |other: &&Field| {
        other.offset == field.offset
            && other.bytes == field.bytes
            && !other.is_filler()
            && !known.contains(other.name.as_str())
    };
    let what = match new.fields.iter().find(same) {
        Some(other) => format!("is gone, or is called {} now: whoever asks for it by name finds nothing", other.name),
        None => "is gone".to_owned(),
    };
    told.tell(&field.name, Verdict::Not, what);
}

/// Which bytes of a record have meant something.
struct Held {
    /// For each byte: a field that is no filler has it.
    bytes: Vec<bool>,
}

impl Held {
    fn of(layout: &Layout) -> Held {
        let mut bytes = vec![false; layout.length];
        for field in layout.fields.iter().filter(|field| !field.is_filler()) {
            if let Some(held) = bytes.get_mut(field.offset..field.offset + field.bytes) {
                held.fill(true);
            }
        }
        Held { bytes }
    }
}

fn new_field(field: &Field, held: &Held, told: &mut Told<'_>) {
    let Some(bytes) = held.bytes.get(field.offset..field.offset + field.bytes) else {
        return told.tell(&field.name, Verdict::Not, "is new, in bytes that old records do not have".to_owned());
    };
    if bytes.iter().any(|held| *held) {
        let what = "is new, another reading of bytes that other fields have".to_owned();
        return told.tell(&field.name, Verdict::Reading, what);
    }
    let lenient = field.rules.blank.unwrap_or(field.rules.dirty) != Dirty::Reject || field.rules.blank_when_zero;
    let (verdict, what) = match field.kind.is_text() || field.kind == Kind::Hex || lenient {
        true => (Verdict::Reading, "is new, in bytes that were filler"),
        false => (Verdict::Not, "is new, in bytes that were filler: the blanks of old records are no value of it"),
    };
    told.tell(&field.name, verdict, what.to_owned());
}

fn compare(old: &Field, new: &Field, told: &mut Told<'_>) {
    let name = &old.name;
    if old.offset != new.offset {
        told.tell(name, Verdict::Not, format!("begins at byte {}, began at {}", new.offset + 1, old.offset + 1));
    }
    if old.bytes != new.bytes {
        told.tell(name, Verdict::Not, format!("has {} bytes, had {}", new.bytes, old.bytes));
    }
    if old.kind != new.kind {
        let (verdict, what) = kinds(old, new);
        told.tell(name, verdict, what);
    }
    if let (Some(was), Some(is)) = (old.page, new.page)
        && was != is
    {
        told.tell(name, Verdict::Not, format!("is read with code page {}, was with {}", is.name(), was.name()));
    }
    if old.varlen != new.varlen {
        told.tell(name, Verdict::Not, "its two length bytes come or go".to_owned());
    }
    match (old.nullable, new.nullable) {
        (false, true) => told.tell(name, Verdict::Reading, "may be null now".to_owned()),
        (true, false) => told.tell(name, Verdict::Not, "may be null no longer".to_owned()),
        _ => {}
    }
    if old.sensitive != new.sensitive {
        let what = if new.sensitive { "is sensitive now" } else { "is sensitive no longer" };
        told.tell(name, Verdict::Compatible, what.to_owned());
    }
    rules(name, &old.rules, &new.rules, told);
    if (&old.text, &old.heading, &old.conditions) != (&new.text, &new.heading, &new.conditions) {
        told.tell(name, Verdict::Compatible, "its description, heading or names for values are different".to_owned());
    }
}

fn kinds(old: &Field, new: &Field) -> (Verdict, String) {
    let same = std::mem::discriminant(&old.kind) == std::mem::discriminant(&new.kind);
    let (Some((was, had)), Some((is, has))) = (old.kind.digits(), new.kind.digits()) else {
        return (Verdict::Not, "is of another type or format".to_owned());
    };
    match (same && old.bytes == new.bytes, has == had) {
        (true, true) if is > was => (Verdict::Reading, format!("has {is} digits in the same bytes, had {was}")),
        (true, true) if is < was => (Verdict::Not, format!("has {is} digits in the same bytes, had {was}")),
        (true, true) => (Verdict::Not, "is written in another way".to_owned()),
        (true, false) => (Verdict::Not, format!("has {has} decimals, had {had}: the same bytes are another number")),
        (false, _) => (Verdict::Not, "is of another type or format".to_owned()),
    }
}

fn rules(name: &str, old: &Rules, new: &Rules, told: &mut Told<'_>) {
    if old == new {
        return;
    }
    // What only matters for writing: whatever is written is read by both.
    let (mut was, mut is) = (old.clone(), new.clone());
    for rules in [&mut was, &mut is] {
        let plain = Rules::default();
        (rules.signs, rules.rounding, rules.cut) = (plain.signs, plain.rounding, plain.cut);
    }
    if was == is {
        return told.tell(name, Verdict::Compatible, "is written otherwise, and read as before".to_owned());
    }
    let lenient = |rules: &Rules| {
        let judged = [rules.blank.unwrap_or(rules.dirty), rules.dirty];
        judged.iter().filter(|policy| **policy != Dirty::Reject).count() + usize::from(rules.fixnbr)
    };
    let strict = |rules: &Rules| Rules {
        blank: None,
        dirty: Dirty::Reject,
        insist: false,
        fixnbr: false,
        text: None,
        ..rules.clone()
    };
    // Whoever insists on a reading refuses what was let pass before.
    let stricter = is.insist && !was.insist;
    let policies = !stricter && lenient(&was) == 0 && was.text.is_none() && strict(&was) == strict(&is);
    let signed = was.unsigned && !is.unsigned && Rules { unsigned: false, ..was.clone() } == is;
    let (verdict, what) = match (policies, signed) {
        (true, _) => (Verdict::Reading, "lets values pass that were refused"),
        (_, true) => (Verdict::Reading, "may be below zero now"),
        _ => (Verdict::Not, "its rules are different: the same bytes can be another value, or refused"),
    };
    told.tell(name, verdict, what.to_owned());
}

/// Where values stand in JSON, and what decides that.
struct Places<'a> {
    /// For each leaf the names of the groups and arrays around it, and its own.
    paths: HashMap<usize, String>,
    arrays: Vec<(String, &'a Array)>,
    choices: Vec<(String, &'a Redefines)>,
}

impl<'a> Places<'a> {
    fn of(layout: &'a Layout) -> Places<'a> {
        let mut places = Places { paths: HashMap::new(), arrays: Vec::new(), choices: Vec::new() };
        layout.nodes.iter().for_each(|node| places.walk(node, ""));
        places
    }

    fn walk(&mut self, node: &'a Node, around: &str) {
        let within = |key: &str| match (around, key) {
            ("", key) => key.to_owned(),
            (around, "") => around.to_owned(),
            (around, key) => format!("{around}.{key}"),
        };
        match node {
            Node::Leaf { key, field } => {
                self.paths.insert(*field, within(key));
            }
            Node::Group { key, nodes } => {
                let around = within(key);
                nodes.iter().for_each(|node| self.walk(node, &around));
            }
            Node::Array(array) => {
                let around = within(&array.key);
                self.arrays.push((around.clone(), array));
                self.walk(&array.item, &around);
            }
            Node::Redefines(part) => {
                let first = part.alternatives.first().map_or("", |node| match node {
                    Node::Leaf { key, .. } | Node::Group { key, .. } => key,
                    Node::Array(array) => &array.key,
                    Node::Redefines(_) => "",
                });
                self.choices.push((within(first), part));
                part.alternatives.iter().for_each(|node| self.walk(node, around));
            }
        }
    }

    /// The place of a leaf; other occurrences than the first stand beside it.
    fn path(&self, field: usize) -> &str {
        self.paths.get(&field).map_or("", String::as_str)
    }

    fn compare(&self, new: &Places<'_>, before: &Layout, after: &Layout, told: &mut Told<'_>) {
        let name =
            |layout: &Layout, field: usize| layout.fields.get(field).map_or_else(String::new, |f| f.name.clone());
        for (path, array) in &self.arrays {
            let Some((_, other)) = new.arrays.iter().find(|(place, _)| place == path) else { continue };
            let counter = |layout: &Layout, array: &Array| {
                array.depending.as_ref().map(|d| (name(layout, d.field), d.least, d.map.clone()))
            };
            if array.count != other.count || counter(before, array) != counter(after, other) {
                let what =
                    format!("occurs {} times at most, {} before, or is counted otherwise", other.count, array.count);
                told.tell(path, Verdict::Not, what);
            }
        }
        for (path, part) in &self.choices {
            let Some((_, other)) = new.choices.iter().find(|(place, _)| place == path) else { continue };
            let choice = |layout: &Layout, part: &Redefines| {
                part.choice.as_ref().map(|c| (name(layout, c.field), c.cases.clone(), c.otherwise))
            };
            if choice(before, part) != choice(after, other) {
                told.tell(path, Verdict::Not, "which reading of its bytes holds is decided otherwise".to_owned());
            }
        }
    }
}
