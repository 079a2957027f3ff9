//! Sorting a listing into arrivals, waiting and ignored.

use super::found::{Arrival, Reason, Scan, Waiting, arrival_key};
use crate::digest::Digest;
use crate::entry::{Entry, EntryKind, unsafe_reason};
use crate::folder::{Folder, LISTING_LIMIT};
use crate::marker::{MARKER_MAX_BYTES, MarkerContent, MarkerFacts, MarkerRule};
use crate::pattern::{Captures, NamePattern};
use crate::sweep::Temporary;
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

/// What other programs call a file that they are still writing.
const TEMPORARY_SUFFIXES: [&str; 7] = [".part", ".filepart", ".partial", ".tmp", ".temp", ".swp", ".writing"];

/// For how long a marker with words must look the same before they are read: one that was created and is then written,
/// or is half written, would say something else a moment later.
const MARKER_SETTLES: Duration = Duration::from_millis(50);

/// When a file is complete.
#[derive(Clone, Debug)]
pub enum Readiness {
    /// When its marker is there.
    Marker(MarkerRule),
    /// When we have seen its size, time and file id unchanged for this long.
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
    /// The limit the listings are made with.
    pub listing_limit: usize,
}

impl ScanRules {
    /// Rules without a limit of size, for listings with the usual limit.
    pub fn new(patterns: Vec<(String, NamePattern, Readiness)>) -> ScanRules {
        ScanRules { patterns, max_bytes: u64::MAX, listing_limit: LISTING_LIMIT }
    }
}

/// Remembers what it has seen of one folder.
pub struct Scanner {
    rules: ScanRules,
    seen: HashMap<String, Seen>,
    markers: HashMap<String, SeenMarker>,
}

struct Seen {
    entry: Entry,
    first: Instant,
    unchanged_since: Instant,
}

struct SeenMarker {
    entry: Entry,
    since: Instant,
    said: Option<Said>,
}

type Said = Result<(Option<u64>, Option<Digest>), String>;

/// Why a file is not ready.
struct NotReady {
    why: String,
    settling: bool,
}

impl From<String> for NotReady {
    fn from(why: String) -> NotReady {
        NotReady { why, settling: false }
    }
}

impl NotReady {
    fn settling(why: String) -> NotReady {
        NotReady { why, settling: true }
    }
}

/// One name of the listing that a route wants.
struct Candidate<'a> {
    entry: &'a Entry,
    rule: usize,
    captures: Captures,
    marker: Option<Result<String, String>>,
}

impl Scanner {
    /// A scanner for one folder.
    pub fn new(rules: ScanRules) -> Scanner {
        Scanner { rules, seen: HashMap::new(), markers: HashMap::new() }
    }

    /// Looks at one listing; `folder` is where markers are read. `now` must not go back.
    pub fn scan(&mut self, folder: &dyn Folder, entries: &[Entry], now: Instant) -> Scan {
        let mut scan = Scan { truncated: entries.len() >= self.rules.listing_limit, ..Scan::default() };
        let mut candidates = Vec::new();
        let mut markerlike = Vec::new();
        for entry in entries {
            self.sort(entry, &mut candidates, &mut markerlike, &mut scan);
        }
        let wanted: HashSet<&str> =
            candidates.iter().filter_map(|c| c.marker.as_ref()?.as_ref().ok().map(String::as_str)).collect();
        for name in markerlike.into_iter().filter(|name| !wanted.contains(name)) {
            scan.ignore(Reason::MarkerWithoutData, name);
        }
        let by_name: HashMap<&str, &Entry> =
            entries.iter().filter(|e| e.kind == EntryKind::File).map(|e| (e.name.as_str(), e)).collect();
        for candidate in &candidates {
            let (waited, quiet) = self.observe(candidate.entry, now);
            match self.ready(folder, candidate, &by_name, quiet, now) {
                Ok(marker) => scan.arrivals.push(self.arrival(candidate, marker)),
                Err(NotReady { why, settling }) => {
                    let route = self.rules.patterns[candidate.rule].0.clone();
                    scan.waiting.push((candidate.entry.name.clone(), Waiting { route, why, waited, settling }));
                }
            }
        }
        self.forget(&by_name, scan.truncated);
        scan
    }

    fn sort<'a>(
        &self,
        entry: &'a Entry,
        candidates: &mut Vec<Candidate<'a>>,
        markerlike: &mut Vec<&'a str>,
        scan: &mut Scan,
    ) {
        let name = entry.name.as_str();
        let reason = match entry.kind {
            EntryKind::NotUtf8 => Some(Reason::NotUtf8),
            _ if unsafe_reason(name).is_some() => Some(Reason::UnsafeName),
            EntryKind::Folder => Some(Reason::Folder),
            EntryKind::Link => Some(Reason::Link),
            EntryKind::Other => Some(Reason::Device),
            EntryKind::File => is_temporary(name).then_some(Reason::Temporary),
        };
        if let Some(reason) = reason {
            if reason == Reason::Temporary && Temporary::parse(name).is_some() {
                scan.temporaries.push(name.to_owned());
            }
            return scan.ignore(reason, name);
        }
        match self.route_of(name) {
            Some(_) if entry.size > self.rules.max_bytes => scan.ignore(Reason::TooLarge, name),
            Some((rule, captures)) => {
                let (route, _, readiness) = &self.rules.patterns[rule];
                let marker = match readiness {
                    Readiness::Marker(marker) => Some(marker.name_for(name, &captures, route).map_err(|e| e.what)),
                    Readiness::Quiet { .. } => None,
                };
                candidates.push(Candidate { entry, rule, captures, marker });
            }
            None if self.marker_rules().any(|rule| rule.looks_like(name)) => markerlike.push(name),
            None if name.starts_with('.') => scan.ignore(Reason::Hidden, name),
            None => scan.ignore(Reason::NoRoute, name),
        }
    }

    /// The first route that has this name as data. A name of the marker's shape is a marker, even if the pattern fits.
    fn route_of(&self, name: &str) -> Option<(usize, Captures)> {
        self.rules.patterns.iter().enumerate().find_map(|(index, (_, pattern, readiness))| match readiness {
            Readiness::Marker(rule) if rule.looks_like(name) => None,
            _ => pattern.matches(name).map(|captures| (index, captures)),
        })
    }

    fn marker_rules(&self) -> impl Iterator<Item = &MarkerRule> {
        self.rules.patterns.iter().filter_map(|(_, _, readiness)| match readiness {
            Readiness::Marker(rule) => Some(rule),
            Readiness::Quiet { .. } => None,
        })
    }

    /// How long the name has been seen, and for how long unchanged.
    fn observe(&mut self, entry: &Entry, now: Instant) -> (Duration, Duration) {
        let fresh = || Seen { entry: entry.clone(), first: now, unchanged_since: now };
        let seen = self.seen.entry(entry.name.clone()).or_insert_with(fresh);
        if !seen.entry.same_file(entry) {
            seen.entry = entry.clone();
            seen.unchanged_since = now;
        }
        (now.saturating_duration_since(seen.first), now.saturating_duration_since(seen.unchanged_since))
    }

    fn ready(
        &mut self,
        folder: &dyn Folder,
        candidate: &Candidate<'_>,
        by_name: &HashMap<&str, &Entry>,
        quiet: Duration,
        now: Instant,
    ) -> Result<Option<MarkerFacts>, NotReady> {
        let rule = match &self.rules.patterns[candidate.rule].2 {
            Readiness::Quiet { quiet_ms } if quiet.as_millis() >= u128::from(*quiet_ms) => return Ok(None),
            Readiness::Quiet { quiet_ms } => {
                return Err(NotReady::settling(format!("unchanged for {} of {quiet_ms} ms", quiet.as_millis())));
            }
            Readiness::Marker(rule) => rule.clone(),
        };
        let name = match &candidate.marker {
            Some(Ok(name)) => name,
            Some(Err(why)) => return Err(why.clone().into()),
            None => return Ok(None),
        };
        let marker = *by_name.get(name.as_str()).ok_or_else(|| format!("its marker {name} is not there"))?;
        let data = candidate.entry;
        if marker.mtime_ms < data.mtime_ms {
            return Err(format!("its marker {name} is older than the data").into());
        }
        let (size, digest) = self.said(folder, &rule, marker, now)?;
        match size {
            Some(size) if size != data.size => {
                Err(format!("its marker {name} names {size} bytes, the file has {}", data.size).into())
            }
            _ => Ok(Some(MarkerFacts { name: name.clone(), size, digest, entry: marker.clone() })),
        }
    }

    /// What the marker says; read once for each state of the marker, when it has settled.
    fn said(
        &mut self,
        folder: &dyn Folder,
        rule: &MarkerRule,
        marker: &Entry,
        now: Instant,
    ) -> Result<(Option<u64>, Option<Digest>), NotReady> {
        if rule.content == MarkerContent::Empty {
            return Ok((None, None));
        }
        let fresh = || SeenMarker { entry: marker.clone(), since: now, said: None };
        let seen = self.markers.entry(marker.name.clone()).or_insert_with(fresh);
        if !seen.entry.same_file(marker) {
            *seen = fresh();
        }
        if let Some(said) = &seen.said {
            return said.clone().map_err(NotReady::from);
        }
        if now.saturating_duration_since(seen.since) < MARKER_SETTLES {
            return Err(NotReady::settling(format!("its marker {} may still be written", marker.name)));
        }
        // What could not be read is tried again with the next scan; what was read and makes no sense is remembered.
        let bytes = folder.read_small(&marker.name, MARKER_MAX_BYTES).map_err(|e| e.to_string())?;
        let bytes = bytes.ok_or_else(|| format!("its marker {} went away", marker.name))?;
        if bytes.len() as u64 != marker.size {
            return Err(NotReady::settling(format!("its marker {} is being written", marker.name)));
        }
        let said = rule.read(&bytes).map_err(|why| format!("{why}: {}", marker.name));
        seen.said = Some(said.clone());
        said.map_err(NotReady::from)
    }

    fn arrival(&self, candidate: &Candidate<'_>, marker: Option<MarkerFacts>) -> Arrival {
        Arrival {
            route: self.rules.patterns[candidate.rule].0.clone(),
            entry: candidate.entry.clone(),
            captures: candidate.captures.clone(),
            key: arrival_key(candidate.entry, marker.as_ref()),
            marker,
        }
    }

    /// Drops the memory of names that are gone. A full listing may have left names out, so then memory is kept, as long
    /// as it stays within twice the limit.
    fn forget(&mut self, by_name: &HashMap<&str, &Entry>, truncated: bool) {
        if !truncated || self.seen.len() > self.rules.listing_limit.saturating_mul(2) {
            self.seen.retain(|name, _| by_name.contains_key(name.as_str()));
        }
        self.markers.retain(|name, _| by_name.contains_key(name.as_str()));
    }
}

fn is_temporary(name: &str) -> bool {
    Temporary::parse(name).is_some()
        || TEMPORARY_SUFFIXES.iter().any(|suffix| {
            let at = name.len().saturating_sub(suffix.len());
            name.get(at..).is_some_and(|end| end.eq_ignore_ascii_case(suffix))
        })
}

#[cfg(test)]
#[path = "scanner_tests.rs"]
mod tests;
