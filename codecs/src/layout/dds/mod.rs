//! DDS source of physical files: the fixed columns IBM i programmers know.
//!
//! Positions and keywords that decide bytes are honoured; those that do not are read and left; a keyword nobody here
//! knows is a warning with its line and column, never a failure. A source that leaves a byte in doubt (no length, an
//! unknown type, a reference that leads nowhere) is a fault: fpp does not guess.
//!
//! Display, printer and join-logical specifications are out of scope.

mod field;
mod keyword;
mod line;
mod reader;
mod reference;

use super::Layout;
use super::check::{self, SOURCE_MAX};
use crate::source::SourceFault;
use crate::text::Page;
use line::{KEYWORDS, Line, Spec};
use reader::{Entry, Open, Reader};

/// Layouts and warnings, or faults.
pub type Parsed = Result<(Vec<Layout>, Vec<SourceFault>), Vec<SourceFault>>;

/// Keywords that are known; those that decide bytes are read by `field` and `reference`.
const KNOWN: &[&str] = &[
    "ABSVAL",
    "ALIAS",
    "ALL",
    "ALTSEQ",
    "ALWNULL",
    "CCSID",
    "CHECK",
    "CHKMSGID",
    "CMP",
    "COLHDG",
    "COMP",
    "CONCAT",
    "DATFMT",
    "DATSEP",
    "DESCEND",
    "DFT",
    "DIGIT",
    "DYNSLT",
    "EDTCDE",
    "EDTWRD",
    "FCFO",
    "FIFO",
    "FLTPCN",
    "FORMAT",
    "JDFTVAL",
    "JDUPSEQ",
    "JFILE",
    "JFLD",
    "JOIN",
    "JREF",
    "LIFO",
    "NOALTSEQ",
    "PFILE",
    "RANGE",
    "REF",
    "REFACCPTH",
    "REFFLD",
    "REFSHIFT",
    "RENAME",
    "SIGNED",
    "SST",
    "TEXT",
    "TIMFMT",
    "TIMSEP",
    "TRNTBL",
    "UNIQUE",
    "UNSIGNED",
    "VALUES",
    "VARLEN",
    "ZONE",
];

/// Reads a DDS source. `refs` gives the layout of a referenced file or format by name, without library; `default` is
/// the page of character fields without CCSID.
pub fn parse(file: &str, text: &str, refs: &mut dyn FnMut(&str) -> Option<Layout>, default: Page) -> Parsed {
    let mut reader = Reader::new(file, refs, default);
    if text.chars().count() > SOURCE_MAX {
        reader.fault((1, 1), format!("the source has more than {SOURCE_MAX} characters"));
        return Err(reader.faults);
    }
    for entry in reader.entries(text) {
        reader.entry(&entry);
    }
    reader.close();
    if reader.layouts.is_empty() && reader.faults.is_empty() {
        reader.fault((1, 1), "no record format: a line with R in column 17 is needed".to_owned());
    }
    reader.warnings.sort();
    if reader.faults.is_empty() { Ok((reader.layouts, reader.warnings)) } else { Err(reader.faults) }
}

impl Reader<'_> {
    /// Puts continuation lines to the entries they belong to.
    fn entries(&mut self, text: &str) -> Vec<Entry> {
        let mut groups: Vec<Vec<Spec>> = Vec::new();
        for (index, content) in text.lines().enumerate() {
            let number = index + 1;
            match line::read(number, content) {
                Line::Empty => {}
                Line::Foreign(form) => {
                    self.warn((number, 6), format!("form type `{form}` is not read; A or a blank is"));
                }
                Line::Spec(spec) => {
                    if let Some(at) = content.chars().position(|c| c == '\t') {
                        self.warn((number, at + 1), "a tab counts as one blank");
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
        groups.into_iter().filter_map(|group| self.complete(group)).collect()
    }

    fn complete(&mut self, group: Vec<Spec>) -> Option<Entry> {
        let keywords = keyword::read(&group);
        for place in &keywords.unreadable {
            self.warn(*place, "no keyword can be read here");
        }
        for known in keywords.list.iter().filter(|k| !KNOWN.contains(&k.name.as_str())) {
            self.warn(known.place, format!("keyword {} is not known and has no effect", known.name));
        }
        let spec = group.into_iter().next()?;
        Some(Entry { spec, keywords })
    }

    fn entry(&mut self, entry: &Entry) {
        let spec = &entry.spec;
        if let Some(column) = spec.stray {
            self.warn((spec.line, column), "has no meaning in a physical file");
        }
        match spec.role {
            'R' => self.open(entry),
            'K' => match &mut self.current {
                Some(open) => open.keys.push(spec.name.clone()),
                None => self.warn((spec.line, 17), "a key before the record format"),
            },
            ' ' if spec.continues() => {
                self.file_level.list.extend(entry.keywords.list.iter().cloned());
            }
            ' ' => self.field(entry),
            other => self.warn((spec.line, 17), format!("specification `{other}` is not read")),
        }
    }

    fn open(&mut self, entry: &Entry) {
        self.close();
        let (spec, keywords) = (&entry.spec, &entry.keywords);
        if spec.name.is_empty() {
            self.fault((spec.line, 19), "the record format has no name".to_owned());
        }
        self.current = Some(Open {
            name: spec.name.clone(),
            text: keywords.text("TEXT").unwrap_or_default(),
            line: spec.line,
            physical: keywords.get("PFILE").or(keywords.get("FORMAT")).map(|k| reference::without_library(&k.word(0))),
            fields: Vec::new(),
            lines: Vec::new(),
            keys: Vec::new(),
        });
    }

    fn close(&mut self) {
        let Some(mut open) = self.current.take() else { return };
        if let (true, Some(physical)) = (open.fields.is_empty(), &open.physical) {
            match self.layout_named(physical) {
                Some(layout) => open.fields = layout.fields.clone(),
                None => {
                    let message = format!("the fields of {physical} are needed, and no source of it was found");
                    return self.fault((open.line, KEYWORDS), message);
                }
            }
        }
        match check::assemble(open.name, open.text, open.fields, open.keys) {
            Ok(layout) => self.layouts.push(layout),
            // A field that could not be read has been told already; an empty record is then no second fault.
            Err(_) if !self.faults.is_empty() => {}
            Err((index, wrong)) => {
                let line = open.lines.get(index).copied().unwrap_or(open.line);
                self.fault((line, 19), wrong);
            }
        }
    }

    fn field(&mut self, entry: &Entry) {
        let line = entry.spec.line;
        if self.current.is_none() {
            return self.fault((line, 19), "a field before the record format".to_owned());
        }
        if self.current.as_ref().is_some_and(|open| open.fields.len() >= check::FIELDS_MAX) {
            return self.fault((line, 19), format!("the record has more than {} fields", check::FIELDS_MAX));
        }
        match self.read_field(entry) {
            Ok(field) => {
                if let Some(open) = &mut self.current {
                    open.fields.push(field);
                    open.lines.push(line);
                }
            }
            Err((column, message)) => self.fault((line, column), message),
        }
    }
}
