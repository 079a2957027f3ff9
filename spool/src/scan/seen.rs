//! How long each name of a folder has been seen, and for how long it has looked the same.
//!
//! Memory is bounded by what the caller allows: the names of this look stay, then those that wait elsewhere.

use super::sayings::Times;
use crate::entry::Entry;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// The memory of one folder's names.
#[derive(Default)]
pub(super) struct Seen {
    names: HashMap<String, Sight>,
    looks: u64,
}

struct Sight {
    entry: Entry,
    first: Instant,
    unchanged_since: Instant,
    /// The last look that saw it.
    look: u64,
    /// It is not ready.
    waits: bool,
}

impl Seen {
    /// What is observed from now on belongs to the next look.
    pub(super) fn next_look(&mut self) {
        self.looks += 1;
    }

    /// How long the name has been seen, and for how long unchanged.
    pub(super) fn observe(&mut self, entry: &Entry, times: Times) -> (Duration, Duration) {
        let Times { began, ended } = times;
        let (look, waits) = (self.looks, true);
        let fresh = || Sight { entry: entry.clone(), first: ended, unchanged_since: ended, look, waits };
        let seen = self.names.entry(entry.name.clone()).or_insert_with(fresh);
        (seen.look, seen.waits) = (look, waits);
        if !seen.entry.same_file(entry) {
            seen.entry = entry.clone();
            seen.unchanged_since = ended;
        }
        (began.saturating_duration_since(seen.first), began.saturating_duration_since(seen.unchanged_since))
    }

    /// It is an arrival, and waits no more.
    pub(super) fn arrived(&mut self, name: &str) {
        if let Some(seen) = self.names.get_mut(name) {
            seen.waits = false;
        }
    }

    /// Drops names that this look did not see. What waits `elsewhere` stays, as far as there are no more than `most` names.
    pub(super) fn forget(&mut self, most: usize, elsewhere: impl Fn(&str) -> bool) {
        let look = self.looks;
        self.names.retain(|name, seen| seen.look == look || (seen.waits && elsewhere(name)));
        let mut over = self.names.len().saturating_sub(most);
        self.names.retain(|_, seen| {
            let stays = seen.look == look || over == 0;
            over -= usize::from(!stays);
            stays
        });
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }
}
