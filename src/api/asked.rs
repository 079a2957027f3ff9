//! What an operator asks for, as it goes over the wire and stands in a request until a second person confirms it.

use super::outlets::Wanted;
use crate::ledger::desk::Switch;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// What an operator asks for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Asked {
    /// Transfer or delivery.
    #[serde(default)]
    pub(super) id: String,
    /// Route, partner or outlet.
    #[serde(default)]
    pub(super) switch: Option<Switch>,
    /// Partner of which everything is meant ...
    #[serde(default)]
    pub(super) partner: Option<String>,
    /// ... that was delivered, or held, since this time ...
    #[serde(default)]
    pub(super) since_ms: Option<i64>,
    /// ... or what was lost with its folder.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) lost: bool,
    /// Outlet: the one that is deferred, redriven or replayed.
    #[serde(default)]
    pub(super) outlet: Option<String>,
    /// Replayed is what is of this business date or a later one.
    #[serde(default)]
    pub(super) from: Option<String>,
    /// Why.
    pub(super) reason: String,
    /// Digest of the bytes that were looked at.
    #[serde(default)]
    pub(super) digest: Option<String>,
    /// The batches that never come: `0003`, or `0002-0003`.
    #[serde(default)]
    pub(super) skip: Option<String>,
    /// The route that is replayed, or that of an event that is taken back or put right, where it is named by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) route: Option<String>,
    /// What an event should have said: fields and values. Never kept: it becomes `content` before anything is booked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) set: Vec<(String, Option<String>)>,
    /// The record as it should be, in the vault, and the fields that differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<(String, Vec<String>)>,
    /// What is put right, for whoever confirms it; values that are sensitive are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) shown: Vec<String>,
    /// The core knows.
    #[serde(default)]
    pub(super) core_agreed: bool,
    /// Who, as the program says.
    #[serde(default)]
    pub(super) by: String,
}

impl Asked {
    pub(super) fn replay<'a>(&'a self, by: &'a str) -> Wanted<'a> {
        let word = |text: &'a Option<String>| text.as_deref().unwrap_or_default();
        Wanted { outlet: word(&self.outlet), route: word(&self.route), from: word(&self.from), by }
    }

    /// What it is about, for the books and for the second person: all that decides what is done, its times in a zone.
    pub(super) fn subject(&self, zone: &TimeZone) -> String {
        let mut said = match (&self.switch, &self.partner) {
            (Some(switch), _) => switch.to_string(),
            (None, Some(partner)) => format!("partner {partner}"),
            (None, None) => match (&self.outlet, &self.route) {
                (Some(outlet), Some(route)) => format!("outlet {outlet}, route {route}"),
                (Some(outlet), None) if self.id.is_empty() => format!("outlet {outlet}"),
                (Some(outlet), None) => format!("{}, outlet {outlet}", self.id),
                (None, Some(route)) => format!("{} of {route}", self.id),
                _ => self.id.clone(),
            },
        };
        let more = [
            self.since_ms.map(|since_ms| format!("since {}", time(since_ms, zone))),
            self.lost.then(|| "what was lost".to_owned()),
            self.from.as_ref().map(|from| format!("from {from} on")),
            self.skip.as_ref().map(|skip| format!("past batch {skip}")),
            self.core_agreed.then(|| "the core agreed".to_owned()),
        ];
        for part in more.into_iter().flatten() {
            said.push_str(", ");
            said.push_str(&part);
        }
        said
    }
}

/// A time as people read it.
fn time(at_ms: i64, zone: &TimeZone) -> String {
    match jiff::Timestamp::from_millisecond(at_ms) {
        Ok(at) => at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string(),
        Err(_) => format!("{at_ms} ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_person_reads_all_that_decides_what_is_done() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let partner = Some("core-in".to_owned());
        let since = Asked { partner, since_ms: Some(1_750_413_600_000), ..Asked::default() };
        assert_eq!(since.subject(&zone), "partner core-in, since 2025-06-20 18:00:00 +08:00");
        let lost = Asked { lost: true, since_ms: None, ..since };
        assert_eq!(lost.subject(&zone), "partner core-in, what was lost");
        let word = |text: &str| Some(text.to_owned());
        let replay = Asked { outlet: word("db"), route: word("pmtrd"), from: word("2025-06-20"), ..Asked::default() };
        assert_eq!(replay.subject(&zone), "outlet db, route pmtrd, from 2025-06-20 on");
        let defer = Asked { id: "01J".to_owned(), outlet: word("db"), ..Asked::default() };
        assert_eq!(defer.subject(&zone), "01J, outlet db");
        let past = Asked { id: "01J".to_owned(), skip: word("0002-0003"), core_agreed: true, ..Asked::default() };
        assert_eq!(past.subject(&zone), "01J, past batch 0002-0003, the core agreed");
        assert_eq!(time(i64::MAX, &zone), format!("{} ms", i64::MAX));
    }
}
