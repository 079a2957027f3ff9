//! DDS source of physical and logical files: the fixed columns IBM i programmers know.
//!
//! Positions and keywords that decide bytes are honoured; those that do not are read and left; a keyword nobody here
//! knows is a warning with its line and column, never a failure. A source that leaves a byte in doubt (no length, an
//! unknown type, a date format of a job, a reference that leads nowhere) is a fault: fpp does not guess.
//!
//! Source of the rules: IBM i, "DDS for physical and logical files" (rzakb). Display, printer and ICF specifications are
//! out of scope, and so is what a logical file selects: a file that was copied from it holds those records already.

mod columns;
mod field;
mod formats;
mod keyword;
mod known;
mod line;
mod logical;
mod moment;
mod name;
mod reader;
mod record;
mod reference;

pub use name::FileName;
pub use reader::Refs;

use super::Layout;
use super::check::SOURCE_MAX;
use crate::source::SourceFault;
use crate::text::Page;
use columns::{Shift, Tabs};
use line::{Line, Spec};
use reader::{Entry, Reader};

/// Layouts and warnings, or faults.
pub type Parsed = Result<(Vec<Layout>, Vec<SourceFault>), Vec<SourceFault>>;

/// Reads a DDS source. `refs` gives the layouts of a referenced file by its name; `default` is the page of character
/// fields without CCSID.
pub fn parse<'a>(file: &'a str, text: &str, refs: &'a mut Refs<'a>, default: Page) -> Parsed {
    let mut reader = Reader::new(file, refs, default);
    if text.len() > SOURCE_MAX {
        reader.fault((1, 1), format!("the source has more than {SOURCE_MAX} bytes"));
        return Err(reader.faults);
    }
    for entry in reader.entries(text) {
        reader.entry(&entry);
    }
    reader.close();
    if reader.layouts.layouts.is_empty() && reader.faults.is_empty() {
        reader.fault((1, 1), "no record format: a line with R in column 17 is needed".to_owned());
    }
    reader.warnings.sort();
    reader.faults.sort();
    if reader.faults.is_empty() { Ok((reader.layouts.layouts, reader.warnings)) } else { Err(reader.faults) }
}

impl Reader<'_> {
    /// Puts continuation lines to the entries they belong to.
    fn entries(&mut self, text: &str) -> Vec<Entry> {
        let mut groups: Vec<Vec<Spec>> = Vec::new();
        self.shift = Shift::of(text);
        if let Some(told) = self.shift.told() {
            self.warn((1, 1), told);
        }
        for (index, content) in text.lines().enumerate() {
            let number = index + 1;
            let (content, tabs) = columns::without_tabs(&self.shift.apply(content));
            match line::read(number, &content) {
                Line::Empty => {}
                Line::Foreign(form) => {
                    self.warn((number, 6), format!("form type `{form}` is not read; A or a blank is"));
                }
                Line::Spec(spec) => {
                    match tabs {
                        Tabs::None => {}
                        Tabs::Stops => self.warn((number, 1), "tabs are taken to every eighth column"),
                        Tabs::Blank => self.warn((number, 1), "a tab counts as one blank"),
                        Tabs::Doubt => {
                            self.fault((number, 1), "tabs leave the columns in doubt: write blanks".to_owned())
                        }
                    }
                    if let Some(found) = spec.beside {
                        let what = format!(
                            "column 29 holds `{found}`: only R (the field is another one's) or a blank stands there; \
                             a name has at most 10 characters, columns 19 to 28"
                        );
                        self.fault((number, 29), what);
                    }
                    if spec.overlong {
                        self.warn((number, 81), "text beyond column 80 is not read");
                    }
                    match groups.last_mut() {
                        Some(group) if spec.continues() => group.push(spec),
                        _ => groups.push(vec![spec]),
                    }
                }
            }
        }
        // Row and column of a screen or page.
        let located = groups.iter().flatten().any(|spec| spec.stray == Some(line::LOCATION));
        let entries: Vec<Entry> = groups.into_iter().filter_map(|group| self.complete(group)).collect();
        self.screens(&entries, located);
        entries
    }

    /// Tells of a source of another sort of file, whose formats no file has as records.
    fn screens(&mut self, entries: &[Entry], located: bool) {
        let mut keywords = entries.iter().flat_map(|entry| &entry.keywords.list);
        let Some(shown) = keywords.find(|keyword| known::is_shown(&keyword.name)) else { return };
        let what = format!(
            "{} is a keyword of display, printer and ICF files, whose formats are screens, pages and messages: no file has \
             records of this layout; give the source of the physical or logical file",
            shown.name
        );
        match located {
            true => self.fault(shown.place, what),
            false => self.warn(shown.place, what),
        }
    }

    fn complete(&mut self, group: Vec<Spec>) -> Option<Entry> {
        let keywords = keyword::read(&group);
        for found in &keywords.unreadable {
            match known::DECIDING.contains(&found.word.as_str()) {
                true => self.fault(found.place, format!("{} cannot be read, and it decides bytes", found.word)),
                false => self.warn(found.place, "no keyword can be read here"),
            }
        }
        for unknown in keywords.list.iter().filter(|k| !known::is_known(&k.name)) {
            self.warn(unknown.place, format!("keyword {} is not known and has no effect", unknown.name));
        }
        let spec = group.into_iter().next()?;
        Some(Entry { spec, keywords })
    }

    fn entry(&mut self, entry: &Entry) {
        let spec = &entry.spec;
        if let Some(column) = spec.stray {
            self.warn((spec.line, column), "has no meaning in a physical or logical file");
        }
        match spec.role {
            'R' => self.open(entry),
            'K' => self.key(entry),
            'J' | 'S' | 'O' => self.told(entry),
            ' ' if spec.continues() => {
                if self.current.is_some() {
                    // A group of keywords alone after other lines cannot be: it would go on with them.
                    return;
                }
                self.file_level.list.extend(entry.keywords.list.iter().cloned());
            }
            ' ' => self.field(entry),
            other => self.warn((spec.line, 17), format!("specification `{other}` is not read")),
        }
    }
}
