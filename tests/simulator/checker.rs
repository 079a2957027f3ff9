//! What must hold at any moment of a run, and what at its end, by the number of the invariant.

use super::site::{Due, TRADES};
use super::world::World;
use fpp::ledger::delivery::{DeliveryState, Purpose};
use fpp::ledger::transfer::{FileState, Verdict};
use fpp_spool::{Algorithm, Digest};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The outside never sees more than the books know.
pub(crate) fn at_any_moment(world: &mut World) {
    let mut told = Vec::new();
    let there: BTreeSet<String> = world.names("core/out").into_iter().collect();
    let books = world.shared.books.lock().unwrap();
    for file in world.dropped.iter().filter(|file| !there.contains(&file.name)) {
        // The source goes only after everything about it is durable (I8).
        let transfer = books.transfers.values().find(|t| t.name == file.name);
        let may_go = transfer.is_some_and(|t| matches!(t.state, FileState::Acknowledged | FileState::Archived));
        if !may_go {
            told.push(format!("I8: {} is gone at {:?}", file.name, transfer.map(|t| t.state)));
        }
    }
    for (folder, spool) in [("core/in", "core-in"), ("services", "services")] {
        for name in world.names(folder) {
            // What has its final name is whole, proven, and in the books (I4, D15).
            let Some(delivery) = books.deliveries.values().find(|d| d.spool == spool && d.name == name) else {
                continue;
            };
            let bytes = std::fs::read(world.ground.root.join(folder).join(&name)).unwrap_or_default();
            if Digest::of(Algorithm::Sha256, &bytes).to_string() != delivery.sha256 {
                told.push(format!("I4: {name} has other bytes than the books say"));
            }
            if delivery.state == DeliveryState::Planned {
                told.push(format!("D15: {name} has its final name before it was proven"));
            }
            let transfer = &books.transfers[&delivery.transfer.0];
            let all_out = books.deliveries.values().filter(|d| d.transfer == delivery.transfer && d.required);
            let events_first = all_out.filter(|d| d.purpose == Purpose::Events).all(|d| d.delivered_ms.is_some());
            if delivery.purpose == Purpose::Answer && !(transfer.publication.is_some() && events_first) {
                told.push(format!("I3: the answer {name} stands before its events are out"));
            }
        }
    }
    let mut publications: Vec<u64> = books.transfers.values().filter_map(|t| t.publication).collect();
    publications.sort_unstable();
    if publications != (1..=books.publication).collect::<Vec<_>>() {
        told.push(format!("D11: publications {publications:?} of {}", books.publication));
    }
    drop(books);
    world.violations.extend(told);
}

/// Everything came out once, and nothing is left.
pub(crate) fn at_the_end(world: &mut World) {
    if !world.violations.is_empty() {
        return;
    }
    let stream = world.whole_stream();
    let mut told = Vec::new();
    if stream != world.consumed {
        told.push(format!("D11: one who read on saw {} events, a new reader {}", world.consumed.len(), stream.len()));
    }
    files(world, &mut told);
    events(world, &stream, &mut told);
    let books = world.shared.books.lock().unwrap();
    told.extend(books.broken().map(|what| format!("I7: {what}")));
    told.extend(books.leases.values().filter(|lease| lease.epoch == 0).map(|lease| format!("I5: {lease:?}")));
    drop(books);
    told.extend(world.names("vault/tmp").into_iter().map(|name| format!("I9: {name} is left in the vault")));
    world.violations.extend(told);
}

/// Each file is one transfer with its due verdict, one answer, and one file of events unless it is refused (I1, I3).
fn files(world: &World, told: &mut Vec<String>) {
    let books = world.shared.books.lock().unwrap();
    let done: BTreeSet<String> = world.names("core/out/done").into_iter().collect();
    let mut wanted = BTreeSet::new();
    for file in &world.dropped {
        let of: Vec<_> = books.transfers.values().filter(|t| t.name == file.name).collect();
        let due = match file.due {
            Due::Accepted => Verdict::Accepted,
            Due::Partly => Verdict::Partly,
            Due::Rejected => Verdict::Rejected,
        };
        let ends: Vec<_> = of.iter().map(|t| (t.state, t.verdict)).collect();
        if ends != [(FileState::Archived, Some(due))] {
            told.push(format!(
                "I1: {} is {ends:?}, {due:?} is due: {}",
                file.name,
                of[0].facts.reason.clone().unwrap_or_default()
            ));
            continue;
        }
        let sent: Vec<_> = books.deliveries.values().filter(|d| d.transfer == of[0].id).collect();
        let count = |purpose| sent.iter().filter(|d| d.purpose == purpose).count();
        if count(Purpose::Answer) != 1 || count(Purpose::Events) != 1 {
            told.push(format!(
                "I3: {} has {:?}",
                file.name,
                sent.iter().map(|d| (&d.name, d.purpose)).collect::<Vec<_>>()
            ));
        }
        for delivery in sent {
            let bytes = world.taken.get(&delivery.name);
            if bytes.map(|b| Digest::of(Algorithm::Sha256, b).to_string()).as_ref() != Some(&delivery.sha256) {
                told.push(format!("I4: {} was not taken with its bytes", delivery.name));
            }
            wanted.insert(delivery.name.clone());
        }
        for name in [file.name.clone(), format!("{}.OK", file.name)] {
            if !done.contains(&name) {
                told.push(format!("I8: {name} is not put away"));
            }
        }
    }
    if done.len() != 2 * world.dropped.len() {
        told.push(format!("I8: put away: {done:?}"));
    }
    let taken: BTreeSet<String> = world.taken.keys().cloned().collect();
    if taken != wanted {
        told.push(format!("I1: taken {taken:?}, planned {wanted:?}"));
    }
}

/// Each good record is one event, with the end of each file after it (I2, D10).
fn events(world: &World, stream: &[String], told: &mut Vec<String>) {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for line in stream {
        let event: Value = serde_json::from_str(line).unwrap();
        *count.entry(format!("{} {}", event["source"], event["id"])).or_default() += 1;
    }
    let due: u64 = world
        .dropped
        .iter()
        .map(|file| match file.due {
            Due::Accepted => TRADES + 1,
            Due::Partly => TRADES,
            Due::Rejected => 1,
        })
        .sum();
    if count.len() as u64 != due || count.values().any(|n| *n != 1) {
        told.push(format!("I2: {} events, {due} are due: {count:?}", count.len()));
    }
}
