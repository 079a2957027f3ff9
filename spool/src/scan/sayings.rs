//! What markers, control files and indexes say, read once for each state they are in.
//!
//! A marker is read when it has stood unchanged for a moment: one that was created and is then written, or is half
//! written, would say something else a moment later. What could not be read is tried again at the next look; what was
//! read and makes no sense is remembered, until the marker changes.

use crate::control::Stated;
use crate::digest::Digest;
use crate::entry::Entry;
use crate::folder::Folder;
use crate::marker::{MarkerRule, Says};
use crate::pattern::folded;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// For how long a marker with words must look the same before they are read.
const MARKER_SETTLES: Duration = Duration::from_millis(50);

/// When a look began and when all names were seen: what changed between the two did not stand still since the first.
#[derive(Clone, Copy)]
pub(super) struct Times {
    pub(super) began: Instant,
    pub(super) ended: Instant,
}

/// Why a file is not ready.
pub(super) struct NotReady {
    pub(super) why: String,
    pub(super) settling: bool,
}

impl From<String> for NotReady {
    fn from(why: String) -> NotReady {
        NotReady { why, settling: false }
    }
}

impl NotReady {
    pub(super) fn settling(why: String) -> NotReady {
        NotReady { why, settling: true }
    }
}

/// The memory of one folder's markers.
pub(super) struct Sayings {
    seen: HashMap<String, Seen>,
    /// Names mean the same in upper and lower case.
    fold: bool,
}

struct Seen {
    entry: Entry,
    since: Instant,
    said: Option<Result<Says, String>>,
    /// Of an index: files that it lists and that were here once, or are known to have been.
    met: HashSet<Met>,
}

/// A file as an index lists it: the same name with another size or digest is another file.
type Met = (String, Option<u64>, Option<Digest>);

fn met(key: &str, stated: &Stated) -> Met {
    (key.to_owned(), stated.size, stated.digest)
}

impl Sayings {
    /// Nothing read yet.
    pub(super) fn new(fold: bool) -> Sayings {
        Sayings { seen: HashMap::new(), fold }
    }

    /// What the marker says.
    pub(super) fn said(
        &mut self,
        folder: &dyn Folder,
        rule: &MarkerRule,
        marker: &Entry,
        times: Times,
    ) -> Result<Says, NotReady> {
        if !rule.has_words() {
            return Ok(Says::One(Stated::default()));
        }
        let fresh = || Seen { entry: marker.clone(), since: times.ended, said: None, met: HashSet::new() };
        let seen = self.seen.entry(marker.name.clone()).or_insert_with(fresh);
        if !seen.entry.same_file(marker) {
            // The same index with more rows has met what it had met.
            *seen = Seen { met: std::mem::take(&mut seen.met), ..fresh() };
        }
        if let Some(said) = &seen.said {
            return said.clone().map_err(NotReady::from);
        }
        if times.began.saturating_duration_since(seen.since) < MARKER_SETTLES {
            return Err(NotReady::settling(format!("its marker {} may still be written", marker.name)));
        }
        let bytes = folder.read_small(&marker.name, rule.max_bytes()).map_err(|e| e.to_string())?;
        let bytes = bytes.ok_or_else(|| format!("its marker {} went away", marker.name))?;
        if bytes.len() as u64 != marker.size {
            return Err(NotReady::settling(format!("its marker {} is being written", marker.name)));
        }
        let said = rule.read(&bytes).and_then(|says| if self.fold { fold(says) } else { Ok(says) });
        let said = said.map_err(|why| format!("{why}: {}", marker.name));
        seen.said = Some(said.clone());
        said.map_err(NotReady::from)
    }

    /// Files that an index lists and that were never here, by name.
    pub(super) fn missing(
        &mut self,
        index: &str,
        files: &HashMap<String, Stated>,
        here: impl Fn(&str) -> bool,
    ) -> Vec<(String, Stated)> {
        let Some(seen) = self.seen.get_mut(index) else { return Vec::new() };
        let mut now = HashSet::with_capacity(files.len());
        let mut missing = Vec::new();
        for (key, stated) in files {
            let file = met(key, stated);
            if seen.met.contains(&file) || here(key) {
                now.insert(file);
            } else {
                missing.push((stated.name.clone().unwrap_or_else(|| key.clone()), stated.clone()));
            }
        }
        seen.met = now;
        missing.sort_by(|a, b| a.0.cmp(&b.0));
        missing
    }

    /// A listed file is known to have been here.
    pub(super) fn meet(&mut self, index: &str, key: &str, stated: &Stated) {
        if let Some(seen) = self.seen.get_mut(index) {
            seen.met.insert(met(key, stated));
        }
    }

    /// How many markers are remembered.
    pub(super) fn len(&self) -> usize {
        self.seen.len()
    }

    /// Drops the memory of markers that are gone.
    pub(super) fn retain(&mut self, there: impl Fn(&str) -> bool) {
        self.seen.retain(|name, _| there(name));
    }
}

/// An index by folded names; two that differ by case only are one name twice.
fn fold(says: Says) -> Result<Says, String> {
    let Says::Many(files) = says else { return Ok(says) };
    let mut by_key = HashMap::with_capacity(files.len());
    for (name, stated) in files.iter() {
        if by_key.insert(folded(name), stated.clone()).is_some() {
            return Err(format!("it names {name} twice, with other case"));
        }
    }
    Ok(Says::Many(Arc::new(by_key)))
}
