//! Arrival: a file that is ready becomes a row in the books, once; many that are ready together in one commit.

use super::work::Inbound;
use crate::error::Result;
use crate::ledger::change::{Change, Fence, NewTransfer};
use crate::ledger::transfer::{Facts, Promised, SourceFile, TransferId};
use fpp_spool::{Arrival, Entry, EntryKind};

/// Books arrivals, all or none, under the lease of the spool's watch where there is one. Booking the same one again does
/// nothing; gives those that were new their ids.
pub async fn book(
    cx: &Inbound,
    spool: &str,
    arrivals: &[&Arrival],
    fence: Option<&Fence>,
) -> Result<Vec<Option<TransferId>>> {
    // Ids of one moment are in no order of their own; these are in that of the arrivals.
    let mut ids: Vec<TransferId> = arrivals.iter().map(|_| new_id()).collect();
    ids.sort_by(|a, b| a.0.cmp(&b.0));
    let new: Vec<NewTransfer> = arrivals.iter().zip(&ids).map(|(arrival, id)| new(spool, id, arrival)).collect();
    let changes: Vec<Change> = new.into_iter().map(Change::Arrive).collect();
    let applied = cx.ledger.apply(fence, cx.clock.now_ms(), &changes).await?;
    Ok(ids.into_iter().map(|id| Some(id).filter(|id| applied.arrived.contains(id))).collect())
}

fn new(spool: &str, id: &TransferId, arrival: &Arrival) -> NewTransfer {
    let promised = arrival.marker.as_ref().map(|marker| Promised {
        marker: seen(&marker.entry),
        size: marker.size,
        digest: marker.digest.as_ref().map(ToString::to_string),
        count: marker.count,
        amount: marker.amount.clone(),
        shared: marker.shared,
    });
    NewTransfer {
        id: id.clone(),
        route: arrival.route.clone(),
        spool: spool.to_owned(),
        name: arrival.entry.name.clone(),
        arrival_key: format!("{spool}|{}", arrival.key),
        facts: Facts {
            size: Some(arrival.entry.size),
            source: Some(seen(&arrival.entry)),
            promised,
            ..Facts::default()
        },
    }
}

/// A fresh transfer id. ULIDs sort by time, so listings by id are listings by arrival.
pub fn new_id() -> TransferId {
    TransferId(ulid::Ulid::generate().to_string())
}

fn seen(entry: &Entry) -> SourceFile {
    SourceFile { name: entry.name.clone(), size: entry.size, mtime_ms: entry.mtime_ms, file_id: entry.file_id }
}

/// The entry that was seen, to be compared with what stands in the spool now.
pub fn entry_of(seen: &SourceFile) -> Entry {
    Entry {
        name: seen.name.clone(),
        size: seen.size,
        mtime_ms: seen.mtime_ms,
        file_id: seen.file_id,
        kind: EntryKind::File,
        links: 0,
    }
}
