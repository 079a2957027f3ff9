//! Sorting a listing into arrivals, waiting and ignored.

use super::found::{Arrival, Orphan, Reason, Scan, Waiting, arrival_key};
use super::here::{Here, key};
use super::sayings::{NotReady, Sayings};
use crate::control::Stated;
use crate::entry::{Entry, EntryKind, unsafe_reason};
use crate::folder::{Folder, LISTING_LIMIT};
use crate::marker::{MarkerFacts, MarkerRule, Says};
use crate::pattern::{Captures, NamePattern};
use crate::sweep::Temporary;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

/// Markers beyond a listing that was cut which are asked for at one look.
const ASKS_MAX: usize = 200;

/// What other programs call a file that they are still writing.
const TEMPORARY_SUFFIXES: [&str; 7] = [".part", ".filepart", ".partial", ".tmp", ".temp", ".swp", ".writing"];

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
    /// Names mean the same in upper and lower case. The patterns and marker rules must be folded, too.
    pub fold: bool,
}

impl ScanRules {
    /// Rules without a limit of size, for listings with the usual limit.
    pub fn new(patterns: Vec<(String, NamePattern, Readiness)>) -> ScanRules {
        ScanRules { patterns, max_bytes: u64::MAX, listing_limit: LISTING_LIMIT, fold: false }
    }
}

/// Remembers what it has seen of one folder.
pub struct Scanner {
    rules: ScanRules,
    seen: HashMap<String, Seen>,
    sayings: Sayings,
}

struct Seen {
    entry: Entry,
    first: Instant,
    unchanged_since: Instant,
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
        let sayings = Sayings::new(rules.fold);
        Scanner { rules, seen: HashMap::new(), sayings }
    }

    /// Looks at one listing; `folder` is where markers are read. `now` must not go back.
    pub fn scan(&mut self, folder: &dyn Folder, entries: &[Entry], now: Instant) -> Scan {
        let mut scan = Scan { truncated: entries.len() >= self.rules.listing_limit, ..Scan::default() };
        let mut candidates = Vec::new();
        let mut markerlike = Vec::new();
        for entry in entries {
            self.sort(entry, &mut candidates, &mut markerlike, &mut scan);
        }
        let here = Here::new(entries, self.rules.fold);
        self.orphans(folder, &candidates, markerlike, &here, now, &mut scan);
        // Markers beyond a listing that was cut are asked for by name, so many at a look.
        let mut asks = if scan.truncated { ASKS_MAX } else { 0 };
        for candidate in &candidates {
            let (waited, quiet) = self.observe(candidate.entry, now);
            match self.ready(folder, candidate, &here, &mut asks, quiet, now) {
                Ok(marker) => scan.arrivals.push(self.arrival(candidate, marker)),
                Err(NotReady { why, settling }) => {
                    let route = self.rules.patterns[candidate.rule].0.clone();
                    scan.waiting.push((candidate.entry.name.clone(), Waiting { route, why, waited, settling }));
                }
            }
        }
        self.forget(entries, scan.truncated);
        scan
    }

    /// A file that an index lists is known to have been here, though this scanner never saw it: it is missed no more.
    pub fn meet(&mut self, index: &str, name: &str, stated: &Stated) {
        self.sayings.meet(index, &key(name, self.rules.fold), stated);
    }

    /// Markers that no data of this listing wants, and what indexes list in vain.
    fn orphans(
        &mut self,
        folder: &dyn Folder,
        candidates: &[Candidate<'_>],
        markerlike: Vec<(usize, &Entry)>,
        here: &Here<'_>,
        now: Instant,
        scan: &mut Scan,
    ) {
        let fold = self.rules.fold;
        let names = candidates.iter().filter_map(|c| c.marker.as_ref()?.as_ref().ok());
        let wanted: HashSet<Cow<'_, str>> = names.map(|name| key(name, fold)).collect();
        for (rule, entry) in markerlike {
            let (route, _, readiness) = &self.rules.patterns[rule];
            let Readiness::Marker(marker) = readiness else { continue };
            let (route, marker) = (route.clone(), marker.clone());
            let orphan = |name: String, index: Option<(String, Stated)>, why: String, waited: Duration| Orphan {
                route: route.clone(),
                name,
                index,
                why,
                waited,
            };
            if marker.is_index() {
                scan.ignore(Reason::Index, &entry.name);
                let waited = self.observe(entry, now).0;
                match self.sayings.said(folder, &marker, entry, now) {
                    Ok(Says::Many(files)) => {
                        // What stands beyond a listing that was cut is not missed.
                        if scan.truncated {
                            continue;
                        }
                        let missing = self.sayings.missing(&entry.name, &files, |key| here.has_key(key));
                        let why = || format!("listed in {} and not there", entry.name);
                        let missing = missing
                            .into_iter()
                            .map(|(name, stated)| orphan(name, Some((entry.name.clone(), stated)), why(), waited));
                        scan.orphans.extend(missing);
                    }
                    Err(bad) if !bad.settling => scan.orphans.push(orphan(entry.name.clone(), None, bad.why, waited)),
                    _ => {}
                }
            } else if !wanted.contains(key(&entry.name, fold).as_ref()) {
                scan.ignore(Reason::MarkerWithoutData, &entry.name);
                let waited = self.observe(entry, now).0;
                if !scan.truncated {
                    scan.orphans.push(orphan(entry.name.clone(), None, "its data is not there".into(), waited));
                }
            }
        }
    }

    fn sort<'a>(
        &self,
        entry: &'a Entry,
        candidates: &mut Vec<Candidate<'a>>,
        markerlike: &mut Vec<(usize, &'a Entry)>,
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
            None => match self.marker_of(name) {
                Some(rule) => markerlike.push((rule, entry)),
                None if name.starts_with('.') => scan.ignore(Reason::Hidden, name),
                None => scan.ignore(Reason::NoRoute, name),
            },
        }
    }

    /// The first route that has this name as data. A name of the marker's shape is a marker, even if the pattern fits.
    fn route_of(&self, name: &str) -> Option<(usize, Captures)> {
        self.rules.patterns.iter().enumerate().find_map(|(index, (_, pattern, readiness))| match readiness {
            Readiness::Marker(rule) if rule.looks_like(name) => None,
            _ => pattern.matches(name).map(|captures| (index, captures)),
        })
    }

    /// The first route whose marker this name could be.
    fn marker_of(&self, name: &str) -> Option<usize> {
        let is = |readiness: &Readiness| matches!(readiness, Readiness::Marker(rule) if rule.looks_like(name));
        self.rules.patterns.iter().position(|(_, _, readiness)| is(readiness))
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
        here: &Here<'_>,
        asks: &mut usize,
        quiet: Duration,
        now: Instant,
    ) -> Result<Option<MarkerFacts>, NotReady> {
        let data = candidate.entry;
        here.get(&data.name)?;
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
        let beyond;
        let marker = match here.get(name)? {
            Some(marker) => marker,
            None => {
                beyond = self.beyond(folder, here, name, asks)?;
                &beyond
            }
        };
        let name = marker.name.clone();
        if marker.mtime_ms < data.mtime_ms {
            return Err(format!("its marker {name} is older than the data").into());
        }
        let shared = rule.is_index();
        let stated = match self.sayings.said(folder, &rule, marker, now)? {
            Says::One(stated) => stated,
            Says::Many(files) => {
                let listed = files.get(key(&data.name, self.rules.fold).as_ref());
                listed.cloned().ok_or_else(|| format!("its index {name} does not list it"))?
            }
        };
        if let Some(other) = stated.name.filter(|n| key(n, self.rules.fold) != key(&data.name, self.rules.fold)) {
            let other = crate::entry::shown(&other);
            return Err(format!("its marker {name} names another file, {other}").into());
        }
        match stated.size {
            Some(size) if size != data.size => {
                Err(format!("its marker {name} names {size} bytes, the file has {}", data.size).into())
            }
            size => {
                let (digest, count, amount, entry) = (stated.digest, stated.count, stated.amount, marker.clone());
                Ok(Some(MarkerFacts { name, size, digest, count, amount, shared, entry }))
            }
        }
    }

    /// A marker that is not in the listing. Where that was cut, it may stand there all the same.
    fn beyond(&self, folder: &dyn Folder, here: &Here<'_>, name: &str, asks: &mut usize) -> Result<Entry, NotReady> {
        let limit = self.rules.listing_limit;
        if !here.is_cut(limit) {
            return Err(format!("its marker {name} is not there").into());
        }
        if *asks == 0 {
            return Err(
                format!("its marker {name} is not among the {limit} names of the listing, which was cut").into()
            );
        }
        *asks -= 1;
        match folder.stat(name) {
            Ok(Some(marker)) if marker.kind == EntryKind::File => Ok(marker),
            Ok(_) => Err(format!("its marker {name} is not there").into()),
            Err(error) => Err(format!("its marker {name} cannot be looked at: {error}").into()),
        }
    }

    fn arrival(&self, candidate: &Candidate<'_>, marker: Option<MarkerFacts>) -> Arrival {
        Arrival {
            route: self.rules.patterns[candidate.rule].0.clone(),
            entry: candidate.entry.clone(),
            captures: candidate.captures.clone(),
            key: arrival_key(&key(&candidate.entry.name, self.rules.fold), candidate.entry, marker.as_ref()),
            marker,
        }
    }

    /// Drops the memory of names that are gone. A full listing may have left names out, so then memory is kept, as long
    /// as it stays within twice the limit.
    fn forget(&mut self, entries: &[Entry], truncated: bool) {
        let files = entries.iter().filter(|e| e.kind == EntryKind::File).map(|e| e.name.as_str());
        let there: HashSet<&str> = files.collect();
        let most = self.rules.listing_limit.saturating_mul(2);
        if !truncated || self.seen.len() > most || self.sayings.len() > most {
            self.seen.retain(|name, _| there.contains(name.as_str()));
            self.sayings.retain(|name| there.contains(name));
        }
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
