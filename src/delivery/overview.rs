//! How the outlets are: what waits for each, since when, what it did not take.
//!
//! Everything but whether an outlet answers stands in the books, so any node and any command sees the same.

use super::posting::route_of;
use crate::error::Result;
use crate::ledger::Ledger;
use crate::ledger::delivery::{Delivery, DeliveryState};
use crate::ledger::desk::{SwitchKind, is_paused};
use crate::ledger::transfer::Transfer;
use serde::Serialize;
use std::collections::BTreeMap;

/// Postings of one outlet that are looked at.
pub const LOOK_MAX: u32 = 10_000;
const PAGE: u32 = 1_000;

/// One outlet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OutletLine {
    /// Its name.
    pub outlet: String,
    /// Its kind, `file` for a spool that files of events go into; empty where the configuration does not have it any more.
    pub kind: String,
    /// Since when it does not answer the node that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub down_since_ms: Option<i64>,
    /// What it said last.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub error: String,
    /// A person paused it for all routes.
    pub paused: bool,
    /// Its dead letters, and events whose ids it has with other data.
    pub dead: u64,
    /// What waits, by route.
    pub routes: Vec<RouteLine>,
    /// More waits than was looked at.
    pub cut: bool,
}

/// What of one route waits for an outlet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RouteLine {
    /// Route.
    pub route: String,
    /// A person paused it for this route.
    pub paused: bool,
    /// Files that wait or are on their way.
    pub files: u64,
    /// Files that wait for a person.
    pub held: u64,
    /// Files of these that the answer waits for.
    pub gating: u64,
    /// Files that wait, and whose last attempt failed.
    pub failing: u64,
    /// Files of these that a person deferred.
    pub deferred: u64,
    /// Records that the outlet has not confirmed.
    pub records: u64,
    /// Seconds since the oldest of these files was planned, or sent again.
    pub seconds: i64,
    /// Why the last attempt failed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub last_error: String,
}

/// Looks at outlets, each by name and kind, and behind them at those that are configured no more and have something open.
pub async fn look(ledger: &dyn Ledger, outlets: &[(String, String)], now_ms: i64) -> Result<Vec<OutletLine>> {
    let pauses = ledger.pauses().await?;
    let mut lines = Vec::new();
    let open = ledger.posting_outlets().await?;
    let gone = open.into_iter().filter(|name| outlets.iter().all(|(outlet, _)| outlet != name));
    let gone: Vec<(String, String)> = gone.map(|name| (name, String::new())).collect();
    for (outlet, kind) in outlets.iter().chain(&gone) {
        let mut routes: BTreeMap<String, RouteLine> = BTreeMap::new();
        let (mut after, mut seen) = (None, 0);
        loop {
            let page = ledger.open_postings(outlet, after.as_ref(), PAGE).await?;
            seen += u32::try_from(page.len()).unwrap_or(PAGE);
            for posting in &page {
                let route = route_of(posting);
                let line = routes.entry(route.to_owned()).or_insert_with(|| RouteLine {
                    route: route.to_owned(),
                    paused: is_paused(&pauses, SwitchKind::Outlet, &format!("{route}/{outlet}")),
                    ..RouteLine::default()
                });
                let transfer = ledger.transfer(&posting.transfer).await?;
                let records = records(posting, transfer.as_ref());
                add(line, posting, transfer.as_ref(), records, seconds(since_ms(posting), now_ms));
            }
            after = page.last().filter(|_| page.len() == PAGE as usize).map(|posting| posting.id.clone());
            if after.is_none() || seen >= LOOK_MAX {
                break;
            }
        }
        lines.push(OutletLine {
            outlet: outlet.clone(),
            kind: kind.clone(),
            paused: is_paused(&pauses, SwitchKind::Outlet, outlet),
            dead: dead(ledger, outlet).await?,
            routes: routes.into_values().collect(),
            cut: after.is_some(),
            ..OutletLine::default()
        });
    }
    Ok(lines)
}

/// Counts one that waits for so many seconds, with records that are not there.
pub(super) fn add(line: &mut RouteLine, posting: &Delivery, of: Option<&Transfer>, records: u64, seconds: i64) {
    match posting.state {
        DeliveryState::Held => line.held += 1,
        _ => {
            line.files += 1;
            line.failing += u64::from(!posting.last_error.is_empty());
        }
    }
    // What is sent again of a file that was answered holds no answer up.
    line.gating += u64::from(posting.gates() && of.is_none_or(Transfer::waits_for_outlets));
    line.deferred += u64::from(posting.is_debt());
    line.records += records;
    line.seconds = line.seconds.max(seconds);
    if line.last_error.is_empty() {
        line.last_error.clone_from(&posting.last_error);
    }
}

/// Since when a posting is to be there: what is sent again waits since then, not since it was sent first.
fn since_ms(posting: &Delivery) -> i64 {
    if posting.round > 0 { posting.updated_ms } else { posting.planned_ms }
}

/// For how long.
pub(super) fn seconds(since_ms: i64, now_ms: i64) -> i64 {
    now_ms.saturating_sub(since_ms).max(0) / 1_000
}

/// Records of a posting that its outlet has not confirmed.
fn records(posting: &Delivery, of: Option<&Transfer>) -> u64 {
    let Some(Transfer { facts, .. }) = of else { return 0 };
    match posting.confirmed {
        0 => facts.accepted.unwrap_or(0),
        // Confirmed are records of the file, of which some were refused: no fewer are left than this.
        confirmed => facts.records.unwrap_or(0).saturating_sub(confirmed.saturating_sub(1)),
    }
}

async fn dead(ledger: &dyn Ledger, outlet: &str) -> Result<u64> {
    let mut count = 0;
    let mut after = None;
    loop {
        let from = after.as_ref().map(|(id, record)| (id, *record));
        let page = ledger.dead_letters(Some(outlet), from, false, PAGE).await?;
        count += page.len() as u64;
        match page.last().filter(|_| page.len() == PAGE as usize) {
            Some(last) => after = Some((last.delivery.clone(), last.record)),
            None => return Ok(count),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::delivery::{DeliveryId, Purpose};
    use crate::ledger::transfer::TransferId;

    #[test]
    fn what_is_sent_again_waits_since_then_and_what_failed_is_counted() {
        let posting = Delivery {
            id: DeliveryId("01D".into()),
            transfer: TransferId("01T".into()),
            purpose: Purpose::Posting,
            required: true,
            spool: "books".into(),
            name: "pmtrd/01T".into(),
            size: 0,
            sha256: String::new(),
            checksums: Vec::new(),
            sm3: None,
            marker: None,
            state: DeliveryState::Planned,
            attempts: 0,
            next_attempt_ms: 0,
            last_error: String::new(),
            planned_ms: 1_000,
            updated_ms: 300_000,
            delivered_ms: None,
            confirmed: 0,
            round: 0,
            deferred: false,
        };
        let line = |posting: &Delivery| {
            let mut line = RouteLine::default();
            add(&mut line, posting, None, 10, seconds(since_ms(posting), 301_000));
            (line.seconds, line.gating, line.failing)
        };
        assert_eq!(line(&posting), (300, 1, 0));
        let again = Delivery { round: 1, last_error: "503".into(), ..posting };
        assert_eq!(line(&again), (1, 0, 1));
        assert_eq!(line(&Delivery { state: DeliveryState::Held, ..again }), (1, 0, 0));
    }
}
