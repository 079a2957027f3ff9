//! Dead letters that a person has pushed once more: those events alone, each posting's together, under the lease of the
//! lane. What is taken is no dead letter any more; what is refused again stays one, with its new reason.

use super::fill;
use super::outlet::{Outlet, Postings};
use crate::error::{Error, Result};
use crate::ledger::change::{Change, Fence};
use crate::ledger::delivery::{DeadLetter, DeliveryId};
use fpp_codecs::Code;
use std::collections::{BTreeMap, BTreeSet};

/// Dead letters pushed in one round.
const ROUND: u32 = 1_000;

/// Pushes what is due of a route; an error is the outlet's or the books', and leaves what it concerns due.
pub async fn redrive(cx: &Postings, outlet: &Outlet, route: &str, fence: &Fence) -> Result<()> {
    let due = cx.books.ledger.dead_letters(Some(&outlet.name), None, true, ROUND).await?;
    let mut by_posting: BTreeMap<DeliveryId, Vec<DeadLetter>> = BTreeMap::new();
    for letter in due.into_iter().filter(|letter| letter.route == route) {
        by_posting.entry(letter.delivery.clone()).or_default().push(letter);
    }
    for (id, letters) in by_posting {
        push(cx, outlet, fence, &id, letters).await?;
    }
    Ok(())
}

async fn push(cx: &Postings, outlet: &Outlet, fence: &Fence, id: &DeliveryId, letters: Vec<DeadLetter>) -> Result<()> {
    let Some(first) = letters.first() else { return Ok(()) };
    let (Some(transfer), Some(delivery)) =
        (cx.books.ledger.transfer(&first.transfer).await?, cx.books.ledger.delivery(id).await?)
    else {
        return Ok(());
    };
    let of = outlet.uses.get(&transfer.route).ok_or_else(|| {
        Error::halt(Code::PLAN, format!("route `{}` does not name outlet `{}` any more", transfer.route, outlet.name))
            .hint("Put it back and restart the node.")
    })?;
    let posting = cx.told(outlet, &transfer, fence.epoch, delivery.required);
    let mut wanted: BTreeSet<u64> = letters.iter().map(|letter| letter.record).collect();
    let after = wanted.first().map_or(0, |record| record.saturating_sub(1));
    let after = if after >= u64::MAX - 1 { 0 } else { after };
    let mut filled = fill::some(&cx.books, outlet, of, &transfer, after, wanted.clone()).await?;
    loop {
        let batch = filled.take();
        if !batch.events.is_empty() {
            let outcome = outlet.engine.push(&posting, &batch).await?;
            let refused: BTreeMap<u64, (String, bool)> = outcome
                .refused
                .into_iter()
                .map(|refused| (refused.record, (refused.why, false)))
                .chain(outcome.conflicts.into_iter().map(|refused| (refused.record, (refused.why, true))))
                .collect();
            let taken: Vec<u64> =
                batch.events.iter().map(|event| event.record).filter(|record| !refused.contains_key(record)).collect();
            let again = letters.iter().filter_map(|letter| {
                let (why, conflict) = refused.get(&letter.record)?.clone();
                Some(DeadLetter { why, conflict, due: false, ..letter.clone() })
            });
            let again: Vec<DeadLetter> = again.collect();
            for event in &batch.events {
                wanted.remove(&event.record);
            }
            tracing::info!(posting = %id, outlet = outlet.name, taken = taken.len(), refused = again.len(), "redriven");
            settle(cx, fence, id, taken, again).await?;
        }
        if filled.end || wanted.is_empty() {
            break;
        }
        filled = filled.next(batch).await?;
    }
    // What gives no event any more, because the route names other types by now, is nothing that could be taken.
    settle(cx, fence, id, wanted.into_iter().collect(), Vec::new()).await
}

async fn settle(cx: &Postings, fence: &Fence, id: &DeliveryId, taken: Vec<u64>, again: Vec<DeadLetter>) -> Result<()> {
    let mut changes = Vec::new();
    if !taken.is_empty() {
        changes.push(Change::Unbury { id: id.clone(), records: taken });
    }
    if !again.is_empty() {
        changes.push(Change::Bury { id: id.clone(), letters: again });
    }
    if changes.is_empty() {
        return Ok(());
    }
    cx.books.ledger.apply(Some(fence), cx.clock.now_ms(), &changes).await.map(drop)
}
