//! Whether a file that a route wants is ready: unchanged for long enough, or with a marker that is true of it.

use super::here::{Here, key};
use super::rules::{Readiness, ScanRules};
use super::sayings::{NotReady, Sayings, Times};
use crate::entry::Entry;
use crate::folder::Folder;
use crate::marker::{MarkerFacts, Says};
use crate::pattern::Captures;
use std::time::Duration;

/// One name of the listing that a route wants.
pub(super) struct Candidate<'a> {
    pub(super) entry: &'a Entry,
    pub(super) rule: usize,
    pub(super) captures: Captures,
    pub(super) marker: Option<Result<String, String>>,
}

impl Candidate<'_> {
    /// The marker of a file, where its route has one.
    pub(super) fn marker<'h>(&self, here: &Here<'h>) -> Result<Option<&'h Entry>, NotReady> {
        here.get(&self.entry.name)?;
        match &self.marker {
            None => Ok(None),
            Some(Err(why)) => Err(why.clone().into()),
            Some(Ok(name)) => match here.get(name)? {
                Some(marker) if marker.links > 1 => {
                    Err(format!("its marker {name} has several names (hard links)").into())
                }
                Some(marker) => Ok(Some(marker)),
                None => Err(format!("its marker {name} is not there").into()),
            },
        }
    }

    /// What the marker says of a file that is ready, where its route has one; else why it is not ready.
    pub(super) fn ready(
        &self,
        folder: &dyn Folder,
        (rules, sayings): (&ScanRules, &mut Sayings),
        marker: Option<&Entry>,
        quiet: Duration,
        times: Times,
    ) -> Result<Option<MarkerFacts>, NotReady> {
        let data = self.entry;
        let rule = match &rules.patterns[self.rule].2 {
            Readiness::Quiet { quiet_ms } if quiet.as_millis() >= u128::from(*quiet_ms) => return Ok(None),
            Readiness::Quiet { quiet_ms } => {
                return Err(NotReady::settling(format!("unchanged for {} of {quiet_ms} ms", quiet.as_millis())));
            }
            Readiness::Marker(rule) => rule.clone(),
        };
        let Some(marker) = marker else { return Ok(None) };
        let name = marker.name.clone();
        if marker.mtime_ms < data.mtime_ms {
            return Err(format!("its marker {name} is older than the data").into());
        }
        let shared = rule.is_index();
        let stated = match sayings.said(folder, &rule, marker, times)? {
            Says::One(stated) => stated,
            Says::Many(files) => {
                let file = key(&data.name, rules.fold);
                let listed = files.get(file.as_ref()).cloned();
                let stated = listed.ok_or_else(|| format!("its index {name} does not list it"))?;
                // Where the index stands in another part, only this look sees both.
                sayings.meet(&name, &file, &stated);
                stated
            }
        };
        if let Some(other) = stated.name.filter(|n| key(n, rules.fold) != key(&data.name, rules.fold)) {
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

    /// Of a folder in parts, markers are asked for after the names were walked over: what grew meanwhile has a size that was
    /// listed before its marker came. A marker that states the size tells that by itself.
    pub(super) fn stands_still(
        &self,
        folder: &dyn Folder,
        marker: Option<MarkerFacts>,
    ) -> Result<Option<MarkerFacts>, NotReady> {
        if marker.as_ref().is_none_or(|marker| marker.size.is_some()) {
            return Ok(marker);
        }
        let changed = || NotReady::settling("it changed while the folder was looked at".to_owned());
        match folder.stat(&self.entry.name) {
            Ok(now) if now.as_ref().is_some_and(|now| now.same_file(self.entry)) => Ok(marker),
            Ok(_) => Err(changed()),
            Err(error) => Err(NotReady::settling(error.to_string())),
        }
    }
}
