//! What has been read of a DDS source so far: record formats, file-level keywords, warnings and faults.

use super::columns::Shift;
use super::formats::Formats;
use super::keyword::Keywords;
use super::line::Spec;
use super::name::FileName;
use crate::layout::{Field, Layout};
use crate::source::SourceFault;
use crate::text::Page;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// Warnings, and faults, that one source can have; nobody reads more.
const NOTES_MAX: usize = 1_000;
/// Select and omit lines, joins and so on that a layout tells of.
pub(super) const TOLD_MAX: usize = 200;

/// Gives the layouts of a file that a source refers to, or says why there are none.
pub type Refs<'a> = dyn FnMut(&FileName) -> Result<Vec<Layout>, String> + 'a;

/// A place and what is wrong there.
pub(super) type Wrong = ((usize, usize), String);

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
    /// PFILE or JFILE, in order; empty for a physical file.
    pub(super) files: Vec<Based>,
    pub(super) joined: bool,
    /// A file of the format could not be had, which has been told.
    pub(super) broken: bool,
    /// The file that FORMAT names.
    pub(super) shared: Option<FileName>,
    pub(super) fields: Vec<Field>,
    /// Place of each field by name.
    pub(super) index: HashMap<String, usize>,
    pub(super) lines: Vec<usize>,
    /// Fields for selecting and joining only: usage N.
    pub(super) apart: Vec<Field>,
    pub(super) keys: Vec<String>,
    pub(super) notes: Vec<String>,
    /// A select or omit line stood before: names are conditions now.
    pub(super) selecting: bool,
}

/// A physical file that a logical one is based on.
#[derive(Clone)]
pub(super) struct Based {
    pub(super) name: FileName,
    pub(super) formats: Rc<Formats>,
}

impl Based {
    /// A field of the file.
    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.formats.field(None, name)
    }
}

/// The state of one reading.
pub(super) struct Reader<'a> {
    file: &'a str,
    refs: &'a mut Refs<'a>,
    pub(super) page: Page,
    pub(super) shift: Shift,
    pub(super) file_level: Keywords,
    pub(super) layouts: Formats,
    /// Layouts of other sources, asked for once each.
    outside: BTreeMap<FileName, Result<Rc<Formats>, String>>,
    pub(super) current: Option<Open>,
    pub(super) warnings: Vec<SourceFault>,
    pub(super) faults: Vec<SourceFault>,
}

impl<'a> Reader<'a> {
    /// Nothing read yet.
    pub(super) fn new(file: &'a str, refs: &'a mut Refs<'a>, page: Page) -> Reader<'a> {
        Reader {
            file,
            refs,
            page,
            shift: Shift::None,
            file_level: Keywords::default(),
            layouts: Formats::default(),
            outside: BTreeMap::new(),
            current: None,
            warnings: Vec::new(),
            faults: Vec::new(),
        }
    }

    fn note(&self, (line, column): (usize, usize), message: String) -> SourceFault {
        SourceFault { file: self.file.to_owned(), line, column: self.shift.place(column), message }
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

    /// The layouts of a file by the name another source uses; where there is no such source, the format of that name in
    /// this one.
    pub(super) fn formats(&mut self, name: &FileName) -> Result<Rc<Formats>, String> {
        if !self.outside.contains_key(name) {
            let found = (self.refs)(name).map(|layouts| Rc::new(Formats::of(layouts)));
            self.outside.insert(name.clone(), found);
        }
        let outside = self.outside.get(name).cloned().unwrap_or_else(|| Err(String::new()));
        outside.or_else(|why| {
            let own = self.layouts.layouts.iter().find(|layout| layout.name == name.file);
            own.map(|layout| Rc::new(Formats::of(vec![layout.clone()]))).ok_or(why)
        })
    }
}
