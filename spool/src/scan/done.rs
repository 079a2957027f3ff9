//! Which files need no look any more: what was shown as an arrival, and was booked by whoever asked.
//!
//! A file is known by its route, and by itself and its marker as the listing shows them: when either looks different, it
//! is looked at again. Only a digest is kept of that, keyed anew by each process, so that a million files that are left
//! where they are cost some dozen megabytes. A file is forgotten when it was not seen for a whole round. Whoever is not
//! remembered is shown again, and the books know him: so the caller has all of it forgotten where the books may be older than
//! what was booked, as after a restore.

use super::found::Arrival;
use crate::entry::Entry;
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

/// How many are remembered, as a multiple of the names of one look.
const TIMES: usize = 16;

/// Files that are done.
pub(super) struct Done {
    keys: [RandomState; 2],
    /// Seen in this round.
    now: HashSet<u128>,
    /// Seen in the last one.
    before: HashSet<u128>,
    most: usize,
}

impl Done {
    /// Nothing yet.
    pub(super) fn new(listing_limit: usize) -> Done {
        let keys = [RandomState::new(), RandomState::new()];
        Done { keys, now: HashSet::new(), before: HashSet::new(), most: listing_limit.saturating_mul(TIMES) }
    }

    /// The caller has dealt with an arrival.
    pub(super) fn add(&mut self, arrival: &Arrival) {
        let digest = self.digest(&arrival.route, &arrival.entry, arrival.marker.as_ref().map(|marker| &marker.entry));
        self.keep(digest);
    }

    /// Whether a file is done, which is seen now.
    pub(super) fn has(&mut self, route: &str, data: &Entry, marker: Option<&Entry>) -> bool {
        let digest = self.digest(route, data, marker);
        if self.now.contains(&digest) {
            return true;
        }
        let known = self.before.contains(&digest);
        if known {
            self.keep(digest);
        }
        known
    }

    /// The whole folder was seen once more.
    pub(super) fn round_ends(&mut self) {
        self.before = std::mem::take(&mut self.now);
    }

    fn keep(&mut self, digest: u128) {
        if self.now.len() < self.most {
            self.now.insert(digest);
        }
    }

    fn digest(&self, route: &str, data: &Entry, marker: Option<&Entry>) -> u128 {
        let of = |entry: &Entry| (entry.size, entry.mtime_ms, entry.file_id);
        let seen = (route, &data.name, of(data), marker.map(|marker| (&marker.name, of(marker))));
        let [high, low] = [0, 1].map(|n| u128::from(self.keys[n].hash_one(seen)));
        high << 64 | low
    }
}
