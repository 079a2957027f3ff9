//! What stands in other parts of a folder and belongs to the part that is looked at: markers of its data, data of its
//! markers, files that its indexes list.
//!
//! Few markers are asked for by name. For anything else all names are walked over once more; of the other parts only what
//! this part asks for is remembered, so memory stays bounded by the part.

use super::here::key;
use super::rules::{ScanRules, Sorted};
use crate::entry::{Entry, EntryKind, unsafe_reason};
use crate::error::Result;
use crate::folder::{Folder, Look};
use std::collections::HashSet;

/// Markers that are asked for one by one; for more of them all names are walked over once more.
const ASKS_MAX: usize = 200;

/// What a part asks for, by names as they count.
#[derive(Default)]
pub(super) struct Asked {
    /// Markers that its data needs and that it does not have.
    pub(super) markers: HashSet<String>,
    /// Its markers that none of its data needs.
    pub(super) lone: HashSet<String>,
    /// Files that its indexes list and that it does not have.
    pub(super) listed: HashSet<String>,
}

/// What was found of it.
#[derive(Default)]
pub(super) struct Elsewhere {
    pub(super) markers: Vec<Entry>,
    /// Markers whose data stands in another part.
    pub(super) claimed: HashSet<String>,
    /// Listed files that stand in another part.
    pub(super) listed: HashSet<String>,
}

impl Elsewhere {
    /// Looks for it; nothing when `go_on` said no meanwhile.
    pub(super) fn find(
        folder: &dyn Folder,
        rules: &ScanRules,
        mut asked: Asked,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Option<Elsewhere>> {
        asked.markers.retain(|name| unsafe_reason(name).is_none());
        let mut found = Elsewhere::default();
        let only_markers = asked.lone.is_empty() && asked.listed.is_empty();
        // Where case does not count, a name that is asked for may stand there in another one.
        if only_markers && (asked.markers.is_empty() || (asked.markers.len() <= ASKS_MAX && !rules.fold)) {
            let stats = asked.markers.iter().map(|name| folder.stat(name)).collect::<Result<Vec<_>>>()?;
            found.markers = stats.into_iter().flatten().collect();
            return Ok(Some(found));
        }
        let mut walk = Walk { rules, asked, go_on, found };
        folder.walk(&mut walk)?;
        Ok(go_on().then_some(walk.found))
    }
}

struct Walk<'a> {
    rules: &'a ScanRules,
    asked: Asked,
    go_on: &'a dyn Fn() -> bool,
    found: Elsewhere,
}

impl Walk<'_> {
    /// A marker that this data needs is not alone.
    fn claim(&mut self, name: &str, kind: EntryKind) {
        let Sorted::Data(rule, captures) = self.rules.sort(name, kind) else { return };
        if let Some(Ok(marker)) = self.rules.marker_of_data(rule, name, &captures)
            && let Some(marker) = self.asked.lone.take(key(&marker, self.rules.fold).as_ref())
        {
            self.found.claimed.insert(marker);
        }
    }
}

impl Look for Walk<'_> {
    fn wants(&mut self, name: &str, kind: EntryKind) -> bool {
        if kind != EntryKind::File {
            return false;
        }
        if !self.asked.lone.is_empty() {
            self.claim(name, kind);
        }
        let key = key(name, self.rules.fold);
        if let Some(listed) = self.asked.listed.take(key.as_ref()) {
            self.found.listed.insert(listed);
        }
        self.asked.markers.contains(key.as_ref())
    }

    fn see(&mut self, entry: Entry) {
        // Two of one name, as it counts, tell that it is doubled.
        if self.found.markers.len() < self.asked.markers.len() * 2 {
            self.found.markers.push(entry);
        }
    }

    fn goes_on(&self) -> bool {
        (self.go_on)()
    }
}
