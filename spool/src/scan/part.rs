//! One walk over a folder: which of its names are looked at now.
//!
//! Names that nobody wants are counted with their reason and forgotten at once. Of the others at most so many are kept: the
//! first in the order of names, after the last one of the look before. So memory is bounded, and however many stand in
//! front, every name has its turn; a new walk finds the names that came meanwhile. Where all of them fit, one look sees the
//! whole folder.

use super::found::{Reason, Scan};
use super::here::key;
use super::rules::{ScanRules, Sorted};
use crate::aside::name_before;
use crate::entry::{Entry, EntryKind};
use crate::folder::Look;
use crate::sweep::Temporary;
use std::collections::BTreeMap;

/// What a walk has gathered.
pub(super) struct Gathered<'a> {
    rules: &'a ScanRules,
    after: Option<&'a str>,
    go_on: &'a dyn Fn() -> bool,
    /// By the names as they count. Of several files that have one name then, two are enough to tell.
    files: BTreeMap<String, (Entry, Option<Entry>)>,
    scan: Scan,
    wanted: u64,
    /// Wanted names stand behind the last one that is kept.
    beyond: bool,
}

/// What is looked at.
pub(super) struct Part {
    /// The names, sorted.
    pub(super) entries: Vec<Entry>,
    /// What is known of the others.
    pub(super) scan: Scan,
    /// All wanted names of the folder.
    pub(super) wanted: u64,
    /// The last name, as it counts, where others stand behind it.
    pub(super) last: Option<String>,
}

impl<'a> Gathered<'a> {
    /// Nothing yet; wanted are names that stand after this one.
    pub(super) fn new(rules: &'a ScanRules, after: Option<&'a str>, go_on: &'a dyn Fn() -> bool) -> Gathered<'a> {
        let (files, scan) = (BTreeMap::new(), Scan::default());
        Gathered { rules, after, go_on, files, scan, wanted: 0, beyond: false }
    }

    /// What is looked at; nothing when the walk was broken off.
    pub(super) fn part(self) -> Option<Part> {
        if !(self.go_on)() {
            return None;
        }
        let last = if self.beyond { self.files.last_key_value().map(|(key, _)| key.clone()) } else { None };
        let entries = self.files.into_values().flat_map(|(first, second)| [Some(first), second]).flatten().collect();
        Some(Part { entries, scan: self.scan, wanted: self.wanted, last })
    }

    fn ignore(&mut self, reason: Reason, name: &str) {
        if reason == Reason::Temporary
            && self.scan.temporaries.len() < self.rules.listing_limit
            && Temporary::parse(name).is_some()
        {
            self.scan.temporaries.push(name.to_owned());
        }
        if reason == Reason::Hidden && self.scan.asides.len() < self.rules.listing_limit && name_before(name).is_some()
        {
            self.scan.asides.push(name.to_owned());
        }
        self.scan.ignore(reason, name);
    }
}

impl Look for Gathered<'_> {
    fn wants(&mut self, name: &str, kind: EntryKind) -> bool {
        self.scan.names += 1;
        if let Sorted::Ignored(reason) = self.rules.sort(name, kind) {
            self.ignore(reason, name);
            return false;
        }
        self.wanted += 1;
        let key = key(name, self.rules.fold);
        if self.after.is_some_and(|after| *key <= *after) {
            return false;
        }
        let full = self.files.len() >= self.rules.listing_limit.max(1);
        let behind = full && self.files.last_key_value().is_some_and(|(last, _)| *key > **last);
        self.beyond |= behind;
        !behind
    }

    fn see(&mut self, entry: Entry) {
        // What was a file in the listing may be something else by now.
        if let Sorted::Ignored(reason) = self.rules.sort(&entry.name, entry.kind) {
            return self.ignore(reason, &entry.name);
        }
        let key = key(&entry.name, self.rules.fold).into_owned();
        match self.files.get_mut(&key) {
            Some((_, second)) => *second = Some(entry),
            None => _ = self.files.insert(key, (entry, None)),
        }
        if self.files.len() > self.rules.listing_limit.max(1) {
            self.files.pop_last();
            self.beyond = true;
        }
    }

    fn goes_on(&self) -> bool {
        (self.go_on)()
    }
}
