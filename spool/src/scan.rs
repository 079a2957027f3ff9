//! What has arrived.
use crate::marker::{MarkerFacts, MarkerRule};
use crate::pattern::{Captures, NamePattern};
use crate::{Entry, Folder};
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

/// When a file is complete.
#[derive(Clone, Debug)]
pub enum Readiness {
    /// When its marker is there.
    Marker(MarkerRule),
    /// When we have seen it unchanged for this long.
    Quiet {
        /// Milliseconds of our own monotonic clock.
        quiet_ms: u64,
    },
}

/// What the scanner goes by.
#[derive(Clone, Debug)]
pub struct ScanRules {
    /// Route, pattern, readiness; the first that matches a name has it.
    pub patterns: Vec<(String, NamePattern, Readiness)>,
    /// Larger files are ignored with a reason.
    pub max_bytes: u64,
    /// The limit the listings were made with.
    pub listing_limit: usize,
}

impl ScanRules {
    /// Rules without a limit of size, for listings with the usual limit.
    pub fn new(patterns: Vec<(String, NamePattern, Readiness)>) -> ScanRules {
        ScanRules { patterns, max_bytes: u64::MAX, listing_limit: crate::LISTING_LIMIT }
    }
}

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
    /// The part of the arrival key that does not depend on the spool.
    pub key: String,
}

/// Why a file waits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiting {
    /// Its route.
    pub route: String,
    /// Why, in words.
    pub why: String,
    /// For how long we have seen it.
    pub waited: Duration,
}

/// Why a name is ignored.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Reason {
    /// A temporary file.
    Temporary,
    /// A hidden name.
    Hidden,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A device, socket or pipe.
    Device,
    /// The name is not UTF-8.
    NotUtf8,
    /// The name is not safe.
    UnsafeName,
    /// No route has this name.
    NoRoute,
    /// The file is larger than allowed.
    TooLarge,
    /// A marker whose data is not there.
    MarkerWithoutData,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// What one scan found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scan {
    /// Files that are ready, in the order of their names.
    pub arrivals: Vec<Arrival>,
    /// Files that wait: name and why.
    pub waiting: Vec<(String, Waiting)>,
    /// Names that are ignored: how many, and at most five examples.
    pub ignored: BTreeMap<Reason, (u64, Vec<String>)>,
    /// Our own temporary files.
    pub temporaries: Vec<String>,
    /// The listing was full, so there may be more names.
    pub truncated: bool,
}

/// Remembers what it has seen of one folder.
pub struct Scanner {
    rules: ScanRules,
}

impl Scanner {
    /// A scanner for one folder.
    pub fn new(rules: ScanRules) -> Scanner {
        Scanner { rules }
    }

    /// Looks at one listing.
    pub fn scan(&mut self, folder: &dyn Folder, entries: &[Entry], now: Instant) -> Scan {
        let _ = (folder, entries, now, &self.rules);
        Scan::default()
    }
}
