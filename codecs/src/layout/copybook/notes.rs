//! What one reading has to tell: warnings and faults, each with file, line and column.
//!
//! A place names its file by number, because a copybook brings others. Nobody reads more than a thousand notes, so no
//! source can ask for more memory than that.

use crate::source::SourceFault;
use std::collections::BTreeSet;

/// Warnings, and faults, that one reading can have.
const NOTES_MAX: usize = 1_000;

/// A character of one of the sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) struct Place {
    /// The source, in the order of reading.
    pub(super) file: u32,
    /// From 1.
    pub(super) line: u32,
    /// From 1, in characters.
    pub(super) column: u32,
}

/// Warnings and faults so far.
#[derive(Debug, Default)]
pub(super) struct Notes {
    files: Vec<String>,
    warnings: Vec<SourceFault>,
    faults: Vec<SourceFault>,
    told: BTreeSet<(u32, &'static str)>,
}

impl Notes {
    /// The number of a further source.
    pub(super) fn file(&mut self, name: &str) -> u32 {
        self.files.push(name.to_owned());
        u32::try_from(self.files.len() - 1).unwrap_or(u32::MAX)
    }

    /// The name of a source.
    pub(super) fn name(&self, file: u32) -> &str {
        usize::try_from(file).ok().and_then(|file| self.files.get(file)).map_or("", String::as_str)
    }

    /// Something that cannot move a byte, or that was read in a way the writer should hear of.
    pub(super) fn warn(&mut self, place: Place, message: impl Into<String>) {
        if self.warnings.len() < NOTES_MAX {
            let note = self.note(place, message.into());
            self.warnings.push(note);
        }
    }

    /// A warning that is told once for each source, at the first place.
    pub(super) fn warn_once(&mut self, place: Place, message: &'static str) {
        if self.told.insert((place.file, message)) {
            self.warn(place, message);
        }
    }

    /// Something that leaves a byte in doubt.
    pub(super) fn fault(&mut self, place: Place, message: impl Into<String>) {
        if self.faults.len() < NOTES_MAX {
            let note = self.note(place, message.into());
            self.faults.push(note);
        }
    }

    /// Whether nothing is wrong so far.
    pub(super) fn clean(&self) -> bool {
        self.faults.is_empty()
    }

    /// Warnings, or faults if there are any; each in the order of the sources, none twice.
    pub(super) fn finish(mut self) -> Result<Vec<SourceFault>, Vec<SourceFault>> {
        let notes = if self.faults.is_empty() { &mut self.warnings } else { &mut self.faults };
        let order = |name: &str| self.files.iter().position(|file| file == name);
        notes.sort_by_cached_key(|note| (order(&note.file), note.clone()));
        notes.dedup();
        if self.faults.is_empty() { Ok(self.warnings) } else { Err(self.faults) }
    }

    fn note(&self, place: Place, message: String) -> SourceFault {
        let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let file = self.name(place.file).to_owned();
        SourceFault { file, line: count(place.line), column: count(place.column), message }
    }
}
