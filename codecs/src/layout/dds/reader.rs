//! What has been read of a DDS source so far: record formats, file-level keywords, warnings and faults.

use super::keyword::Keywords;
use super::line::Spec;
use crate::layout::{Field, Layout};
use crate::source::SourceFault;
use crate::text::Page;
use std::collections::BTreeMap;

/// Warnings, and faults, that one source can have; nobody reads more.
const NOTES_MAX: usize = 1_000;

/// One specification with all its keyword lines.
pub(super) struct Entry {
    pub(super) spec: Spec,
    pub(super) keywords: Keywords,
}

/// A record format that is being read.
pub(super) struct Open {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) line: usize,
    pub(super) physical: Option<String>,
    pub(super) fields: Vec<Field>,
    pub(super) lines: Vec<usize>,
    pub(super) keys: Vec<String>,
}

/// The state of one reading.
pub(super) struct Reader<'a> {
    file: &'a str,
    refs: &'a mut dyn FnMut(&str) -> Option<Layout>,
    pub(super) page: Page,
    pub(super) file_level: Keywords,
    pub(super) layouts: Vec<Layout>,
    /// Layouts of other sources, asked for once each.
    outside: BTreeMap<String, Option<Layout>>,
    pub(super) current: Option<Open>,
    pub(super) warnings: Vec<SourceFault>,
    pub(super) faults: Vec<SourceFault>,
}

impl<'a> Reader<'a> {
    /// Nothing read yet.
    pub(super) fn new(file: &'a str, refs: &'a mut dyn FnMut(&str) -> Option<Layout>, page: Page) -> Reader<'a> {
        Reader {
            file,
            refs,
            page,
            file_level: Keywords::default(),
            layouts: Vec::new(),
            outside: BTreeMap::new(),
            current: None,
            warnings: Vec::new(),
            faults: Vec::new(),
        }
    }

    fn note(&self, (line, column): (usize, usize), message: String) -> SourceFault {
        SourceFault { file: self.file.to_owned(), line, column, message }
    }

    pub(super) fn warn(&mut self, place: (usize, usize), message: impl Into<String>) {
        if self.warnings.len() < NOTES_MAX {
            let note = self.note(place, message.into());
            self.warnings.push(note);
        }
    }

    pub(super) fn fault(&mut self, place: (usize, usize), message: String) {
        if self.faults.len() < NOTES_MAX {
            let note = self.note(place, message);
            self.faults.push(note);
        }
    }

    /// A layout of this source, or one from outside.
    pub(super) fn layout_named(&mut self, name: &str) -> Option<&Layout> {
        if !self.layouts.iter().any(|l| l.name == name) && !self.outside.contains_key(name) {
            let found = (self.refs)(name);
            self.outside.insert(name.to_owned(), found);
        }
        self.layouts.iter().find(|l| l.name == name).or_else(|| self.outside.get(name)?.as_ref())
    }
}
