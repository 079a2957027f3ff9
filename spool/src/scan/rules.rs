//! What a spool's routes want: which name is data, which could be a marker, and why any other is not worked on.

use super::found::Reason;
use crate::entry::{EntryKind, unsafe_reason};
use crate::folder::LISTING_LIMIT;
use crate::marker::MarkerRule;
use crate::pattern::{Captures, NamePattern};
use crate::sweep::Temporary;
use std::time::Duration;

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
    /// The most wanted names, data and markers, that one look takes in.
    pub listing_limit: usize,
    /// Names mean the same in upper and lower case. The patterns and marker rules must be folded, too.
    pub fold: bool,
}

/// What a name is.
pub(super) enum Sorted {
    /// Nothing to work on.
    Ignored(Reason),
    /// What this rule wants.
    Data(usize, Captures),
    /// What could be a marker of this rule.
    Marker(usize),
}

impl ScanRules {
    /// Rules without a limit of size, and with the usual limit of names.
    pub fn new(patterns: Vec<(String, NamePattern, Readiness)>) -> ScanRules {
        ScanRules { patterns, max_bytes: u64::MAX, listing_limit: LISTING_LIMIT, fold: false }
    }

    /// What a name is, as far as name and kind tell.
    pub(super) fn sort(&self, name: &str, kind: EntryKind) -> Sorted {
        let reason = match kind {
            EntryKind::NotUtf8 => Some(Reason::NotUtf8),
            _ if unsafe_reason(name).is_some() => Some(Reason::UnsafeName),
            EntryKind::Folder => Some(Reason::Folder),
            EntryKind::Link => Some(Reason::Link),
            EntryKind::Other => Some(Reason::Device),
            EntryKind::File => is_temporary(name).then_some(Reason::Temporary),
        };
        if let Some(reason) = reason {
            return Sorted::Ignored(reason);
        }
        if let Some((rule, captures)) = self.route_of(name) {
            return Sorted::Data(rule, captures);
        }
        match self.marker_of(name) {
            Some(rule) => Sorted::Marker(rule),
            None if name.starts_with('.') => Sorted::Ignored(Reason::Hidden),
            None => Sorted::Ignored(Reason::NoRoute),
        }
    }

    /// The name of the marker that data of a rule needs; nothing where its rule has no markers.
    pub(super) fn marker_of_data(
        &self,
        rule: usize,
        name: &str,
        captures: &Captures,
    ) -> Option<Result<String, String>> {
        let (route, _, readiness) = &self.patterns[rule];
        match readiness {
            Readiness::Marker(marker) => Some(marker.name_for(name, captures, route).map_err(|e| e.what)),
            Readiness::Quiet { .. } => None,
        }
    }

    /// The route of a rule.
    pub(super) fn route(&self, rule: usize) -> &str {
        &self.patterns[rule].0
    }

    /// How long a file is looked at, at most, until it is known to be quiet.
    pub(super) fn longest_quiet(&self) -> Duration {
        let quiet = |readiness: &Readiness| match readiness {
            Readiness::Quiet { quiet_ms } => *quiet_ms,
            Readiness::Marker(_) => 0,
        };
        Duration::from_millis(self.patterns.iter().map(|(_, _, readiness)| quiet(readiness)).max().unwrap_or(0))
    }

    /// The first route that has this name as data. A name of the marker's shape is a marker, even if the pattern fits.
    fn route_of(&self, name: &str) -> Option<(usize, Captures)> {
        self.patterns.iter().enumerate().find_map(|(index, (_, pattern, readiness))| match readiness {
            Readiness::Marker(rule) if rule.looks_like(name) => None,
            _ => pattern.matches(name).map(|captures| (index, captures)),
        })
    }

    /// The first route whose marker this name could be.
    fn marker_of(&self, name: &str) -> Option<usize> {
        let is = |readiness: &Readiness| matches!(readiness, Readiness::Marker(rule) if rule.looks_like(name));
        self.patterns.iter().position(|(_, _, readiness)| is(readiness))
    }
}

fn is_temporary(name: &str) -> bool {
    Temporary::parse(name).is_some()
        || TEMPORARY_SUFFIXES.iter().any(|suffix| {
            let at = name.len().saturating_sub(suffix.len());
            name.get(at..).is_some_and(|end| end.eq_ignore_ascii_case(suffix))
        })
}
