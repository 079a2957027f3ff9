//! Arrival: a file that is ready becomes a row in the books, once.

use super::work::Inbound;
use crate::error::Result;
use crate::ledger::change::{Change, NewTransfer};
use crate::ledger::transfer::{Facts, Promised, TransferId};
use fpp_spool::Arrival;

/// Books an arrival. Booking the same one again does nothing; returns whether it was new.
pub async fn book(cx: &Inbound, spool: &str, arrival: &Arrival) -> Result<bool> {
    let promised = arrival.marker.as_ref().map(|marker| Promised {
        marker: marker.name.clone(),
        size: marker.size,
        digest: marker.digest.clone(),
    });
    let change = Change::Arrive(NewTransfer {
        id: new_id(),
        route: arrival.route.clone(),
        spool: spool.to_owned(),
        name: arrival.entry.name.clone(),
        arrival_key: format!("{spool}|{}", arrival.key),
        facts: Facts { size: Some(arrival.entry.size), promised, ..Facts::default() },
    });
    let applied = cx.ledger.apply(None, cx.clock.now_ms(), &[change]).await?;
    Ok(applied.arrived > 0)
}

/// A fresh transfer id. ULIDs sort by time, so listings by id are listings by arrival.
pub fn new_id() -> TransferId {
    TransferId(ulid::Ulid::generate().to_string())
}
