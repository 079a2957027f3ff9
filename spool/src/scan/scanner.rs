//! Looking at a folder: arrivals, waiting, ignored.

use super::done::Done;
use super::elsewhere::{Asked, Elsewhere};
use super::found::{Arrival, Orphan, Part as Told, Reason, Scan, Waiting, arrival_key};
use super::here::{Here, key};
use super::part::{Gathered, Part};
use super::ready::Candidate;
use super::rules::{Readiness, ScanRules, Sorted};
use super::sayings::{NotReady, Sayings, Times};
use super::seen::Seen;
use crate::control::Stated;
use crate::entry::{Entry, EntryKind};
use crate::error::Result as SpoolResult;
use crate::folder::Folder;
use crate::marker::{MarkerFacts, Says};
use std::borrow::Cow;
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// Besides twice the longest quiet time, for so long a part is looked at again because something in it has not settled.
const STAYS: Duration = Duration::from_secs(1);

/// Remembers what it has seen of one folder.
pub struct Scanner {
    rules: ScanRules,
    seen: Seen,
    sayings: Sayings,
    done: Done,
    /// The last name, as it counts, of the part before; nothing at the beginning of a folder.
    after: Option<String>,
    /// Since when this part is looked at.
    since: Option<Instant>,
}

impl Scanner {
    /// A scanner for one folder.
    pub fn new(rules: ScanRules) -> Scanner {
        let (sayings, done) = (Sayings::new(rules.fold), Done::new(rules.listing_limit));
        Scanner { rules, seen: Seen::default(), sayings, done, after: None, since: None }
    }

    /// Looks at a folder; at the next part of it, where its routes want more names than one look takes. `now` must not go
    /// back. Nothing when `go_on` said no meanwhile.
    pub fn look(
        &mut self,
        folder: &dyn Folder,
        now: &dyn Fn() -> Instant,
        go_on: &dyn Fn() -> bool,
    ) -> SpoolResult<Option<Scan>> {
        let began = now();
        let mut gathered = Gathered::new(&self.rules, self.after.as_deref(), go_on);
        folder.walk(&mut gathered)?;
        let Some(Part { entries, mut scan, wanted, last }) = gathered.part() else { return Ok(None) };
        if self.after.is_some() || last.is_some() {
            scan.part = Some(Told { wanted, ends: last.is_none() });
        }
        let (mut candidates, mut markerlike) = (Vec::new(), Vec::new());
        for entry in &entries {
            self.sort(entry, &mut candidates, &mut markerlike, &mut scan);
        }
        let elsewhere = match scan.part {
            Some(_) => {
                let asked = self.asked(folder, &entries, &candidates, &markerlike, Times { began, ended: now() });
                Elsewhere::find(folder, &self.rules, asked, go_on)?
            }
            None => Some(Elsewhere::default()),
        };
        let Some(elsewhere) = elsewhere else { return Ok(None) };
        let here = Here::new(entries.iter().chain(&elsewhere.markers), self.rules.fold);
        let times = Times { began, ended: now() };
        self.seen.next_look();
        self.orphans(folder, &candidates, markerlike, (&here, &elsewhere), times, &mut scan);
        for candidate in &candidates {
            self.judge(folder, candidate, &here, times, &mut scan);
        }
        self.forget(&entries, &elsewhere.markers, last.as_deref(), scan.part.is_some());
        self.go_to_next(last, began, &mut scan);
        Ok(Some(scan))
    }

    /// The caller has dealt with an arrival: it is not shown again for as long as it looks the same.
    pub fn done(&mut self, arrival: &Arrival) {
        self.done.add(arrival);
    }

    /// The books are not those that they were: every file that lies there is shown again, and they know which of them they
    /// have.
    pub fn forget_done(&mut self) {
        self.done = Done::new(self.rules.listing_limit);
    }

    /// A file that an index lists is known to have been here, though this scanner never saw it: it is missed no more.
    pub fn meet(&mut self, index: &str, name: &str, stated: &Stated) {
        self.sayings.meet(index, &key(name, self.rules.fold), stated);
    }

    /// What a part must know of the others.
    fn asked(
        &mut self,
        folder: &dyn Folder,
        entries: &[Entry],
        candidates: &[Candidate<'_>],
        markerlike: &[(usize, &Entry)],
        times: Times,
    ) -> Asked {
        let fold = self.rules.fold;
        let there: HashSet<Cow<'_, str>> = entries.iter().map(|entry| key(&entry.name, fold)).collect();
        let wanted = candidates.iter().filter_map(|c| c.marker.as_ref()?.as_ref().ok());
        let wanted: HashSet<Cow<'_, str>> = wanted.map(|name| key(name, fold)).collect();
        let mut asked = Asked::default();
        for (rule, entry) in markerlike {
            let Readiness::Marker(marker) = self.rules.patterns[*rule].2.clone() else { continue };
            if !marker.is_index() {
                let name = key(&entry.name, fold);
                if !wanted.contains(&name) {
                    asked.lone.insert(name.into_owned());
                }
            } else if let Ok(Says::Many(files)) = self.sayings.said(folder, &marker, entry, times) {
                asked.listed.extend(files.keys().filter(|key| !there.contains(key.as_str())).cloned());
            }
        }
        asked.markers = wanted.difference(&there).map(|name| name.clone().into_owned()).collect();
        asked
    }

    /// Markers that no data of this listing wants, and what indexes list in vain.
    fn orphans(
        &mut self,
        folder: &dyn Folder,
        candidates: &[Candidate<'_>],
        markerlike: Vec<(usize, &Entry)>,
        (here, elsewhere): (&Here<'_>, &Elsewhere),
        times: Times,
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
                let waited = self.seen.observe(entry, times).0;
                match self.sayings.said(folder, &marker, entry, times) {
                    Ok(Says::Many(files)) => {
                        let there = |key: &str| here.has_key(key) || elsewhere.listed.contains(key);
                        let missing = self.sayings.missing(&entry.name, &files, there);
                        let why = || format!("listed in {} and not there", entry.name);
                        let missing = missing
                            .into_iter()
                            .map(|(name, stated)| orphan(name, Some((entry.name.clone(), stated)), why(), waited));
                        scan.orphans.extend(missing);
                    }
                    Err(bad) if !bad.settling => scan.orphans.push(orphan(entry.name.clone(), None, bad.why, waited)),
                    _ => {}
                }
            } else if !wanted.contains(key(&entry.name, fold).as_ref())
                && !elsewhere.claimed.contains(key(&entry.name, fold).as_ref())
            {
                scan.ignore(Reason::MarkerWithoutData, &entry.name);
                let waited = self.seen.observe(entry, times).0;
                scan.orphans.push(orphan(
                    entry.name.clone(),
                    None,
                    "its data is not there, or is ignored".into(),
                    waited,
                ));
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
        match self.rules.sort(name, entry.kind) {
            Sorted::Ignored(reason) => scan.ignore(reason, name),
            Sorted::Data(..) if entry.size > self.rules.max_bytes => scan.ignore(Reason::TooLarge, name),
            // Who may write into this folder may so give a name to a file that he may not read, and this node may: as data it
            // would be sent out, as a marker its first words could be told in a notice, and it would be moved. One that is
            // renamed by a link and a removal has two names for a moment, and is seen with one at the next look.
            Sorted::Data(..) | Sorted::Marker(_) if entry.links > 1 => scan.ignore(Reason::SeveralNames, name),
            Sorted::Data(rule, captures) => {
                let marker = self.rules.marker_of_data(rule, name, &captures);
                candidates.push(Candidate { entry, rule, captures, marker });
            }
            Sorted::Marker(rule) => markerlike.push((rule, entry)),
        }
    }

    /// One file: done, arrived, or waiting.
    fn judge(
        &mut self,
        folder: &dyn Folder,
        candidate: &Candidate<'_>,
        here: &Here<'_>,
        times: Times,
        scan: &mut Scan,
    ) {
        let marker = candidate.marker(here);
        if let Ok(marker) = marker
            && self.done.has(self.rules.route(candidate.rule), candidate.entry, marker)
        {
            scan.done += 1;
            return;
        }
        let (waited, quiet) = self.seen.observe(candidate.entry, times);
        let ready = marker.and_then(|marker| {
            let marker = candidate.ready(folder, (&self.rules, &mut self.sayings), marker, quiet, times)?;
            if scan.part.is_some() { candidate.stands_still(folder, marker) } else { Ok(marker) }
        });
        match ready {
            Ok(marker) => {
                self.seen.arrived(&candidate.entry.name);
                scan.arrivals.push(self.arrival(candidate, marker));
            }
            Err(NotReady { why, settling }) => {
                let route = self.rules.route(candidate.rule).to_owned();
                scan.waiting.push((candidate.entry.name.clone(), Waiting { route, why, waited, settling }));
            }
        }
    }

    fn arrival(&self, candidate: &Candidate<'_>, marker: Option<MarkerFacts>) -> Arrival {
        Arrival {
            route: self.rules.route(candidate.rule).to_owned(),
            entry: candidate.entry.clone(),
            captures: candidate.captures.clone(),
            key: arrival_key(&key(&candidate.entry.name, self.rules.fold), candidate.entry, marker.as_ref()),
            marker,
        }
    }

    /// Drops the memory of names that are gone, and of files that are ready and in another part by now. What waits there is
    /// remembered, as long as memory stays within twice the limit.
    fn forget(&mut self, entries: &[Entry], beyond: &[Entry], last: Option<&str>, in_parts: bool) {
        let (fold, after) = (self.rules.fold, self.after.as_deref());
        let in_part = |name: &str| {
            let key = key(name, fold);
            after.is_none_or(|after| *key > *after) && last.is_none_or(|last| *key <= *last)
        };
        let most = self.rules.listing_limit.saturating_mul(2);
        self.seen.forget(most, |name| in_parts && !in_part(name));
        if !in_parts || self.sayings.len() > most {
            let files = entries.iter().chain(beyond).filter(|e| e.kind == EntryKind::File).map(|e| e.name.as_str());
            let there: HashSet<&str> = files.collect();
            self.sayings.retain(|name| there.contains(name));
        }
    }

    /// The next look is for the next part, unless something in this one needs another look soon.
    fn go_to_next(&mut self, last: Option<String>, began: Instant, scan: &mut Scan) {
        if let Some(part) = &mut scan.part {
            let since = *self.since.get_or_insert(began);
            let stays = self.rules.longest_quiet() * 2 + STAYS;
            let settling = scan.waiting.iter().any(|(_, waiting)| waiting.settling);
            if settling && began.saturating_duration_since(since) < stays {
                part.ends = false;
                return;
            }
        }
        self.since = None;
        if last.is_none() {
            self.done.round_ends();
        }
        self.after = last;
    }
}

#[cfg(test)]
#[path = "scanner_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "parts_tests.rs"]
mod parts_tests;
