//! Looks at everything a fleet left behind, inside and outside, and names each invariant that does not hold.
//!
//! What a batch of the fleet must come to is known: ten trades, all accepted, one answer, the source put away.

use super::Fleet;
use crate::support::settled::transfers;
use fpp::api::client;
use fpp::ledger::Ledger;
use fpp::ledger::delivery::{Delivery, DeliveryState, Purpose};
use fpp::ledger::transfer::{FileState, Transfer, Verdict};
use fpp_spool::{Algorithm, Digest};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;

/// Trades of a batch.
const TRADES: usize = 10;

/// Every violated invariant, in words. `names` are the files that were dropped, `reader` a node to read the stream of.
pub(crate) async fn violations(fleet: &Fleet, names: &[String], reader: SocketAddr) -> Vec<String> {
    let all = transfers(&fleet.ledger).await;
    let sent = fleet.ledger.deliveries(None, 1_000).await.unwrap();
    let mut told = Vec::new();
    once(&all, names, &mut told);
    publications(&all, &mut told);
    answers(fleet, &all, &sent, &mut told);
    sources(fleet, names, &mut told);
    stream(&all, reader, &mut told).await;
    leftovers(&fleet.site.root, &mut told);
    let report = fleet.ledger.verify(None).await.unwrap();
    told.extend(report.broken.map(|what| format!("I7: {what}")));
    told
}

/// Every file is one transfer, and accepted (I1, I12).
fn once(all: &[Transfer], names: &[String], told: &mut Vec<String>) {
    let mut count: BTreeMap<&str, usize> = names.iter().map(|name| (name.as_str(), 0)).collect();
    for transfer in all {
        *count.entry(&transfer.name).or_default() += 1;
        if (transfer.state, transfer.verdict) != (FileState::Archived, Some(Verdict::Accepted)) {
            told.push(format!("I1: {} is {:?} {:?}", transfer.name, transfer.state, transfer.verdict));
        }
    }
    told.extend(count.iter().filter(|(_, n)| **n != 1).map(|(name, n)| format!("I1: {name} became {n} transfers")));
}

/// The numbers of the publications have no gap and none comes twice (D11).
fn publications(all: &[Transfer], told: &mut Vec<String>) {
    let found: BTreeSet<u64> = all.iter().filter_map(|t| t.publication).collect();
    let due: BTreeSet<u64> = (1..=all.len() as u64).collect();
    if found != due {
        told.push(format!("D11: publications {found:?}"));
    }
}

/// One answer to each file, with the bytes of the books, its checksum file and its marker (I3, I4).
fn answers(fleet: &Fleet, all: &[Transfer], sent: &[Delivery], told: &mut Vec<String>) {
    let mut due = BTreeSet::new();
    for transfer in all {
        let of: Vec<_> = sent.iter().filter(|d| d.transfer == transfer.id && d.purpose == Purpose::Answer).collect();
        if of.len() != 1 {
            told.push(format!("I3: {} answers to {}", of.len(), transfer.name));
        }
        for answer in of {
            due.extend(["", ".sha256", ".OK"].map(|end| format!("{}{end}", answer.name)));
            let bytes = std::fs::read(fleet.site.root.join("core/in").join(&answer.name)).unwrap_or_default();
            if answer.state != DeliveryState::Delivered
                || Digest::of(Algorithm::Sha256, &bytes).to_string() != answer.sha256
            {
                told.push(format!("I4: {} is {:?} with other bytes, or not there", answer.name, answer.state));
            }
        }
    }
    let found: BTreeSet<String> = fleet.site.names("core/in").into_iter().collect();
    let differ: Vec<_> = found.symmetric_difference(&due).collect();
    if !differ.is_empty() {
        told.push(format!("I4: in the answers' spool too much or missing: {differ:?}"));
    }
}

/// The sources are put away, each once (I8).
fn sources(fleet: &Fleet, names: &[String], told: &mut Vec<String>) {
    let left = fleet.site.names("core/out");
    let done: BTreeSet<String> = fleet.site.names("core/out/done").into_iter().collect();
    let due: BTreeSet<String> = names.iter().flat_map(|name| [name.clone(), format!("{name}.OK")]).collect();
    if !left.is_empty() || done != due {
        told.push(format!("I8: left {left:?}, put away {:?}", done.symmetric_difference(&due).collect::<Vec<_>>()));
    }
}

/// A service that reads the whole stream sees every event once (I2).
async fn stream(all: &[Transfer], reader: SocketAddr, told: &mut Vec<String>) {
    let mut count: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut after = String::new();
    loop {
        let page = client::events(reader, &format!("/v1/events?limit=100&after={after}"), None).await.unwrap();
        assert!(page.status.is_success(), "{}: {:?}", page.status, page.body);
        if page.body.is_empty() {
            break;
        }
        for line in String::from_utf8(page.body.to_vec()).unwrap().lines() {
            let event: Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| event[key].as_str().unwrap().to_owned();
            *count.entry((text("source"), text("id"))).or_default() += 1;
        }
        after = page.position;
    }
    let due = all.len() * (TRADES + 1);
    if count.len() != due {
        told.push(format!("I2: {} events in the stream, {due} are due", count.len()));
    }
    told.extend(count.iter().filter(|(_, n)| **n != 1).map(|(event, n)| format!("I2: {event:?} {n} times")));
}

/// No temporary file is left (I9).
fn leftovers(root: &Path, told: &mut Vec<String>) {
    let mut folders: Vec<_> = ["core/out", "core/in", "services", "vault"].map(|folder| root.join(folder)).into();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().map(|entry| entry.unwrap()) {
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else if name.starts_with('.') || name.ends_with(".part") {
                told.push(format!("I9: {} is left", entry.path().display()));
            }
        }
    }
}
