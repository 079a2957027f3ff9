//! What stands in a folder, found by names as they count: exactly, or in any case where the partner means the same by both.
//!
//! Two files whose names differ by case only are never told apart by guessing: neither is taken.

use crate::entry::{Entry, EntryKind};
use crate::pattern::folded;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// The regular files of a listing by their names as they count.
pub(super) struct Here<'a> {
    files: HashMap<Cow<'a, str>, &'a Entry>,
    /// Names that differ from another one by case only.
    doubled: HashSet<String>,
    fold: bool,
}

impl<'a> Here<'a> {
    /// By name, with the names that stand there twice.
    pub(super) fn new(entries: impl Iterator<Item = &'a Entry>, fold: bool) -> Here<'a> {
        let mut here = Here { files: HashMap::with_capacity(entries.size_hint().0), doubled: HashSet::new(), fold };
        for entry in entries.filter(|e| e.kind == EntryKind::File) {
            let key = key(&entry.name, fold);
            if here.files.insert(key.clone(), entry).is_some() {
                here.doubled.insert(key.into_owned());
            }
        }
        here
    }

    /// The file of a name; an error where several could be meant.
    pub(super) fn get(&self, name: &str) -> Result<Option<&'a Entry>, String> {
        let key = key(name, self.fold);
        if self.doubled.contains(key.as_ref()) {
            return Err(format!("{name} stands there twice, with other case"));
        }
        Ok(self.files.get(key.as_ref()).copied())
    }

    /// Whether a name stands there, given as it counts.
    pub(super) fn has_key(&self, key: &str) -> bool {
        self.files.contains_key(key)
    }
}

/// A name as it counts.
pub(super) fn key(name: &str, fold: bool) -> Cow<'_, str> {
    if fold { Cow::Owned(folded(name)) } else { Cow::Borrowed(name) }
}
