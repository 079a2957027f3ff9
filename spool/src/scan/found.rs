//! The result of a scan.

use crate::control::Stated;
use crate::entry::{Entry, is_unseen, visible};
use crate::marker::MarkerFacts;
use crate::pattern::Captures;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The most examples that are kept for one reason.
pub const EXAMPLES_MAX: usize = 5;

/// A file that is ready.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Arrival {
    /// The route whose pattern it matches.
    pub route: String,
    /// The file.
    pub entry: Entry,
    /// What the pattern found in its name.
    pub captures: Captures,
    /// Its marker, where the route has one.
    pub marker: Option<MarkerFacts>,
    /// The part of the arrival key that does not depend on the spool; see [`arrival_key`].
    pub key: String,
}

/// Name, size, modification time and file id of the data, and what its marker states (size, digest, count, amount) where
/// it states anything: the same name with new bytes tomorrow is a new arrival, and so is a marker that promises something
/// else. When a marker was written, and how often, makes no arrival: partners touch and rewrite markers of the same file.
/// `name` is the file's name as it counts, which may be folded.
pub fn arrival_key(name: &str, entry: &Entry, marker: Option<&MarkerFacts>) -> String {
    let mut key = format!("{name}|{}|{}|{}", entry.size, entry.mtime_ms, entry.file_id);
    if let Some(size) = marker.and_then(|m| m.size) {
        key.push_str(&format!("|{size}"));
    }
    if let Some(digest) = marker.and_then(|m| m.digest) {
        key.push_str(&format!("|{digest}"));
    }
    if let Some(count) = marker.and_then(|m| m.count) {
        key.push_str(&format!("|count {count}"));
    }
    if let Some(amount) = marker.and_then(|m| m.amount.as_ref()) {
        key.push_str(&format!("|amount {amount}"));
    }
    key
}

/// A marker whose data is not there, or a file that an index lists and that is not there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Orphan {
    /// The route whose marker it is.
    pub route: String,
    /// The marker, or the listed file.
    pub name: String,
    /// Of a listed file: the index, and what that states. Nothing for a marker.
    pub index: Option<(String, Stated)>,
    /// Why, in words.
    pub why: String,
    /// For how long we have seen the marker.
    pub waited: Duration,
}

/// Why a file waits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiting {
    /// Its route.
    pub route: String,
    /// Why, in words.
    pub why: String,
    /// For how long we have seen the name.
    pub waited: Duration,
    /// It waits only until we have seen it, or its marker, unchanged for long enough: another look soon is worth it.
    pub settling: bool,
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FPP1001 {} (seen for {} s)", self.why, self.waited.as_secs())
    }
}

/// Why a name is ignored.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Reason {
    /// A temporary file, ours or another program's.
    Temporary,
    /// A hidden name.
    Hidden,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A device, socket or pipe.
    Device,
    /// The file, or marker, has other names besides, which may be another's: it counts when this is its only one.
    SeveralNames,
    /// The name is not UTF-8.
    NotUtf8,
    /// The name has control characters or path separators, or is too long.
    UnsafeName,
    /// No route has this name.
    NoRoute,
    /// The file is larger than allowed.
    TooLarge,
    /// A marker whose data is not there.
    MarkerWithoutData,
    /// An index, which is read and is no data itself.
    Index,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::Temporary => "temporary",
            Reason::Hidden => "hidden",
            Reason::Folder => "folder",
            Reason::Link => "link",
            Reason::Device => "device",
            Reason::SeveralNames => "several names (hard links)",
            Reason::NotUtf8 => "name is not UTF-8",
            Reason::UnsafeName => "unsafe name",
            Reason::NoRoute => "no route",
            Reason::TooLarge => "too large",
            Reason::MarkerWithoutData => "marker without data",
            Reason::Index => "index",
        })
    }
}

/// What one scan found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scan {
    /// Files that are ready and not done, in the order of their names.
    pub arrivals: Vec<Arrival>,
    /// Files that are done, and look as they did then.
    pub done: u64,
    /// Files that wait: name and why.
    pub waiting: Vec<(String, Waiting)>,
    /// Markers without their data, and files that an index lists and that are not there.
    pub orphans: Vec<Orphan>,
    /// Names that are ignored: how many for each reason, and at most five examples.
    pub ignored: BTreeMap<Reason, (u64, Vec<String>)>,
    /// Our own temporary files, whoever of us made them.
    pub temporaries: Vec<String>,
    /// Hidden names of sources that are set aside, whoever of us did it.
    pub asides: Vec<String>,
    /// All names of the folder, of every kind.
    pub names: u64,
    /// Which part of the folder was looked at; nothing where it was all of it.
    pub part: Option<Part>,
}

/// A look at a part of a folder whose routes want more names than one look takes. What is ignored is counted for all of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part {
    /// All names of the folder that routes want, data and markers.
    pub wanted: u64,
    /// It was the last part: the next look begins anew.
    pub ends: bool,
}

impl Scan {
    /// Whether the whole folder has been looked at, by this look or with those before.
    pub fn round_ends(&self) -> bool {
        self.part.is_none_or(|part| part.ends)
    }

    pub(super) fn ignore(&mut self, reason: Reason, name: &str) {
        let (count, examples) = self.ignored.entry(reason).or_default();
        *count += 1;
        if examples.len() < EXAMPLES_MAX {
            // A name with control characters must not reach a log or a terminal as it is.
            let unprintable = name.chars().any(is_unseen);
            examples.push(if unprintable { visible(name) } else { name.to_owned() });
        }
    }
}
