//! A record format: where it begins and ends, its fields and keys, and what joins and selects.
//!
//! Joins, keys in falling order, select and omit change no byte of a record; they are read and told as notes, because
//! whoever reads the file should know that it may hold only some of the records.

use super::keyword::Keywords;
use super::line::KEYWORDS;
use super::name::FileName;
use super::reader::{Based, Entry, Open, Reader, TOLD_MAX};
use crate::layout::{Field, Layout, check};
use std::collections::HashMap;
use std::rc::Rc;

impl Reader<'_> {
    pub(super) fn open(&mut self, entry: &Entry) {
        self.close();
        let (spec, keywords) = (&entry.spec, &entry.keywords);
        if spec.name.is_empty() {
            self.fault(spec.at(19), "the record format has no name".to_owned());
        }
        let joined = keywords.get("JFILE").is_some();
        let mut broken = false;
        let mut files = Vec::new();
        let mut shared = None;
        for keyword in keywords.list.iter().filter(|k| matches!(k.name.as_str(), "PFILE" | "JFILE" | "FORMAT")) {
            for index in 0..keyword.parameters.len() {
                let word = keyword.word(index);
                let Some(name) = FileName::parse(&word) else {
                    self.fault(keyword.place, format!("`{word}` is no name of a file"));
                    broken = true;
                    continue;
                };
                match self.formats(&name) {
                    _ if keyword.name == "FORMAT" => shared = Some((name, keyword.place)),
                    Ok(formats) => files.push(Based { name, formats }),
                    Err(why) => {
                        broken = true;
                        self.fault(keyword.place, format!("the fields of {name} are needed: {why}"));
                    }
                }
            }
        }
        let mut notes = Vec::new();
        if files.len() == 1 || !joined {
            notes.extend((!files.is_empty()).then(|| format!("logical file over {}", names(&files))));
        } else {
            notes.push(format!("join of {}", names(&files)));
        }
        self.current = Some(Open {
            name: spec.name.clone(),
            text: keywords.text("TEXT").unwrap_or_default(),
            line: spec.line,
            files,
            joined,
            broken,
            shared: None,
            fields: Vec::new(),
            index: HashMap::new(),
            lines: Vec::new(),
            apart: Vec::new(),
            keys: Vec::new(),
            notes,
            selecting: false,
        });
        if let Some((name, place)) = shared {
            self.share(name, place);
        }
    }

    /// FORMAT: the fields of a format of another file, under the same name.
    fn share(&mut self, name: FileName, place: (usize, usize)) {
        let formats = self.formats(&name);
        let Some(open) = &mut self.current else { return };
        match formats {
            Ok(formats) => {
                let same = formats.named_or_first(&open.name);
                let fields = same.map(|layout| layout.fields.clone()).unwrap_or_default();
                open.notes.push(format!("format of {name}"));
                open.shared = Some(name);
                let line = open.line;
                fields.into_iter().for_each(|field| open.add(field, line));
            }
            Err(why) => {
                open.broken = true;
                self.fault(place, format!("the fields of {name} are needed: {why}"));
            }
        }
    }

    pub(super) fn close(&mut self) {
        let Some(mut open) = self.current.take() else { return };
        if open.broken {
            return;
        }
        if open.fields.is_empty() && !open.files.is_empty() {
            // A field that could not be read has been told already.
            if open.joined && self.faults.is_empty() {
                let message = "a join has no fields of its own files: name them".to_owned();
                return self.fault((open.line, KEYWORDS), message);
            }
            let (line, formats) = (open.line, Rc::clone(&open.files[0].formats));
            let same = formats.named_or_first(&open.name);
            same.into_iter().flat_map(|layout| layout.fields.clone()).for_each(|field| open.add(field, line));
        }
        let keys = std::mem::take(&mut open.keys);
        let (own, apart): (Vec<_>, Vec<_>) = keys
            .into_iter()
            .partition(|key| open.index.contains_key(key) || !open.apart.iter().any(|f| f.name == *key));
        open.notes.extend(apart.into_iter().map(|key| format!("key {key}, which the record does not have")));
        match check::assemble(open.name, open.text, open.fields, own) {
            Ok(layout) => self.layouts.push(Layout { notes: open.notes, ..layout }),
            // A field that could not be read has been told already; an empty record is then no second fault.
            Err(_) if !self.faults.is_empty() => {}
            Err((index, wrong)) => {
                let line = open.lines.get(index).copied().unwrap_or(open.line);
                self.fault((line, 19), wrong);
            }
        }
    }

    pub(super) fn field(&mut self, entry: &Entry) {
        let at = entry.spec.at(19);
        let Some(open) = &mut self.current else {
            return self.fault(at, "a field before the record format".to_owned());
        };
        if open.selecting {
            return open.tell(condition("and", entry));
        }
        if open.broken {
            return;
        }
        if open.shared.is_some() {
            return self.fault(at, "the record format has FORMAT, and so no fields of its own".to_owned());
        }
        if open.fields.len() >= check::FIELDS_MAX {
            return self.fault(at, format!("the record has more than {} fields", check::FIELDS_MAX));
        }
        match self.read_field(entry) {
            Ok(field) => {
                if let Some(open) = &mut self.current {
                    if let Some(name) = entry.keywords.get("RENAME").map(|k| k.word(0)) {
                        open.tell(format!("{} is {name} in the physical file", field.name));
                    }
                    for keyword in
                        entry.keywords.list.iter().filter(|k| matches!(k.name.as_str(), "CONCAT" | "SST" | "TRNTBL"))
                    {
                        open.tell(format!("{} is {}({})", field.name, keyword.name, keyword.raw));
                    }
                    match entry.spec.usage {
                        'N' if open.joined => open.apart.push(field),
                        _ => open.add(field, entry.spec.line),
                    }
                }
            }
            Err((place, message)) => self.fault(place, message),
        }
    }

    pub(super) fn key(&mut self, entry: &Entry) {
        let Some(open) = &mut self.current else {
            return self.warn(entry.spec.at(17), "a key before the record format");
        };
        let order: Vec<_> =
            words(&entry.keywords, &["DESCEND", "ABSVAL", "SIGNED", "UNSIGNED", "DIGIT", "ZONE", "NOALTSEQ"]);
        if !order.is_empty() {
            open.tell(format!("key {} {}", entry.spec.name, order.join(" ")));
        }
        // *NONE keeps a place among the keys of several formats.
        if entry.spec.name != "*NONE" {
            open.keys.push(entry.spec.name.clone());
        }
    }

    /// J, S and O in column 17.
    pub(super) fn told(&mut self, entry: &Entry) {
        let Some(open) = &mut self.current else {
            return self.warn(entry.spec.at(17), "stands before the record format, and is not read");
        };
        match entry.spec.role {
            'J' => {
                let files = entry.keywords.get("JOIN").map(|k| k.parameters.join(" to ")).unwrap_or_default();
                let pairs = entry.keywords.list.iter().filter(|k| k.name == "JFLD");
                let pairs: Vec<_> = pairs.map(|k| k.parameters.join(" = ")).collect();
                open.tell(format!("joined {files} by {}", pairs.join(" and ")).replace("  ", " "));
            }
            role => {
                open.selecting = true;
                open.tell(condition(if role == 'S' { "select" } else { "omit" }, entry));
            }
        }
    }
}

impl Open {
    /// Adds a field of the record.
    fn add(&mut self, field: Field, line: usize) {
        self.index.entry(field.name.clone()).or_insert(self.fields.len());
        self.fields.push(field);
        self.lines.push(line);
    }

    fn tell(&mut self, note: String) {
        if self.notes.len() < TOLD_MAX {
            self.notes.push(note);
        }
    }
}

/// `select STATUS CMP(EQ 'A')`
fn condition(verb: &str, entry: &Entry) -> String {
    let keywords =
        entry.keywords.list.iter().filter(|k| matches!(k.name.as_str(), "COMP" | "CMP" | "RANGE" | "VALUES" | "ALL"));
    let tests: Vec<_> =
        keywords.map(|k| if k.raw.is_empty() { k.name.clone() } else { format!("{}({})", k.name, k.raw) }).collect();
    let words = [verb, entry.spec.name.as_str(), &tests.join(" ")];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn words(keywords: &Keywords, known: &[&str]) -> Vec<String> {
    keywords.list.iter().map(|k| k.name.clone()).filter(|name| known.contains(&name.as_str())).collect()
}

fn names(files: &[Based]) -> String {
    files.iter().map(|file| file.name.to_string()).collect::<Vec<_>>().join(", ")
}
