//! Dead letters that a person has pushed once more: those events alone, each posting's together, under the lease of the
//! lane, after what waits there. What is taken is no dead letter any more; what is refused again stays one, with its new
//! reason.
//!
//! What fails is tried again with growing pauses, for itself, and not without end: then it stays a dead letter, as if it
//! had been refused, and a person hears of it. Nothing else of the route waits for that.

use super::fill;
use super::outlet::{Outlet, Postings};
use super::redrives::ATTEMPTS_MAX;
use super::said;
use crate::error::{Class, Error, Result};
use crate::ledger::change::{Change, Fence};
use crate::ledger::delivery::{DeadLetter, Delivery, DeliveryId};
use crate::outlets::push::{Batch, Broken, Outcome, Posting};
use fpp_codecs::Code;
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::watch as signal;

/// Dead letters pushed in one round.
const ROUND: u32 = 1_000;
/// Dead letters read at once; no posting has more.
const PAGE: u32 = 10_000;

/// Why dead letters of a posting are still due.
enum Stop {
    /// They cannot be pushed.
    Failed(Error),
    /// The books cannot be read or written.
    Books(Error),
}

/// Pushes what is due of a route; an error is the books'.
pub async fn redrive(
    cx: &Postings,
    outlet: &Outlet,
    route: &str,
    fence: &Fence,
    stopped: &signal::Receiver<bool>,
) -> Result<()> {
    let due = cx.books.ledger.dead_letters(Some(&outlet.name), None, true, ROUND).await?;
    let mut by_posting: BTreeMap<DeliveryId, Vec<DeadLetter>> = BTreeMap::new();
    for letter in due.into_iter().filter(|letter| letter.route == route && outlet.redrives.are_due(&letter.delivery)) {
        by_posting.entry(letter.delivery.clone()).or_default().push(letter);
    }
    for (id, letters) in by_posting {
        if *stopped.borrow() || outlet.breaker.down().is_some() {
            break;
        }
        let Some(delivery) = cx.books.ledger.delivery(&id).await? else { continue };
        let redrive = Redrive { cx, outlet, fence, delivery, letters };
        match redrive.push().await {
            Ok(()) => outlet.redrives.forget(&id),
            Err(Stop::Failed(error)) if error.code == Code::STALE_EPOCH => {
                tracing::warn!(posting = %id, "work dropped: {error}");
                break;
            }
            Err(Stop::Failed(error)) => redrive.failed(&error).await?,
            Err(Stop::Books(error)) => return Err(error),
        }
    }
    Ok(())
}

/// The dead letters of one posting.
struct Redrive<'r> {
    cx: &'r Postings,
    outlet: &'r Outlet,
    fence: &'r Fence,
    delivery: Delivery,
    letters: Vec<DeadLetter>,
}

impl Redrive<'_> {
    async fn push(&self) -> Result<(), Stop> {
        let (cx, outlet) = (self.cx, self.outlet);
        let transfer = cx.books.ledger.transfer(&self.delivery.transfer).await.map_err(Stop::Books)?;
        let Some(transfer) = transfer else { return Ok(()) };
        let of = outlet.uses.get(&transfer.route).ok_or_else(|| {
            let what = format!("route `{}` does not name outlet `{}` any more", transfer.route, outlet.name);
            Stop::Failed(Error::halt(Code::PLAN, what).hint("Put it back and restart the node."))
        })?;
        // Nothing waits for them, so one that is refused again keeps none of the others back.
        let posting = cx.told(outlet, &transfer, self.fence.epoch, false);
        let mut wanted: BTreeSet<u64> = self.letters.iter().map(|letter| letter.record).collect();
        let after = wanted.first().map_or(0, |record| record.saturating_sub(1));
        let after = if after >= u64::MAX - 1 { 0 } else { after };
        let mut filled = fill::some(&cx.books, outlet, of, &transfer, after, wanted.clone()).await.map_err(own)?;
        loop {
            let batch = filled.take();
            self.push_batch(&posting, &batch).await?;
            for event in &batch.events {
                wanted.remove(&event.record);
            }
            if filled.end || wanted.is_empty() {
                break;
            }
            filled = filled.next(batch).await.map_err(own)?;
        }
        // What gives no event any more, because the route names other types by now, is nothing that could be taken.
        self.settle(wanted.into_iter().collect(), Vec::new()).await.map_err(Stop::Books)
    }

    /// Pushes some of them, and writes down what became of those that are settled.
    async fn push_batch(&self, posting: &Posting, batch: &Batch) -> Result<(), Stop> {
        if batch.events.is_empty() {
            return Ok(());
        }
        let (outcome, up_to, error) = match self.outlet.engine.push(posting, batch).await {
            Ok(outcome) => (outcome, batch.last(), None),
            Err(Broken { error, up_to, outcome }) => (outcome, up_to, Some(error)),
        };
        if let Some(up_to) = up_to {
            self.outlet.breaker.worked();
            self.outlet.redrives.forget(&self.delivery.id);
            self.settled(batch, up_to, outcome).await.map_err(Stop::Books)?;
        }
        error.map_or(Ok(()), |error| Err(Stop::Failed(error)))
    }

    async fn settled(&self, batch: &Batch, up_to: u64, outcome: Outcome) -> Result<()> {
        let refused = outcome.refused.into_iter().map(|refused| (refused.record, (refused.why, false)));
        let conflicts = outcome.conflicts.into_iter().map(|refused| (refused.record, (refused.why, true)));
        let not_taken: BTreeMap<u64, (String, bool)> = refused.chain(conflicts).collect();
        let records = batch.events.iter().map(|event| event.record).filter(|record| *record <= up_to);
        let taken: Vec<u64> = records.filter(|record| !not_taken.contains_key(record)).collect();
        let again = self.letters.iter().filter_map(|letter| {
            let (why, conflict) = not_taken.get(&letter.record)?.clone();
            Some(DeadLetter { why, conflict, due: false, ..letter.clone() })
        });
        let again: Vec<DeadLetter> = again.collect();
        let (posting, outlet) = (&self.delivery.id, &self.outlet.name);
        tracing::info!(%posting, outlet, taken = taken.len(), refused = again.len(), "redriven");
        self.settle(taken, again).await
    }

    /// An attempt failed: an outlet that does not answer is left alone, else they are tried a while later, or not any more.
    async fn failed(&self, error: &Error) -> Result<()> {
        let (id, outlet, now_ms) = (&self.delivery.id, self.outlet, self.cx.clock.now_ms());
        if error.class == Class::Retry
            && let Err(silent) = outlet.engine.look().await
        {
            outlet.breaker.open(silent.to_string(), now_ms, outlet.probe);
            return Ok(());
        }
        let attempts = outlet.redrives.failed(id, error, outlet.retry_max_ms);
        tracing::warn!(posting = %id, outlet = outlet.name, attempts, "dead letters are not pushed once more: {error}");
        if error.class == Class::Retry && attempts < ATTEMPTS_MAX {
            return Ok(());
        }
        let why = match attempts {
            1 => error.to_string(),
            more => format!("tried {more} times: {error}"),
        };
        let due = self.cx.books.ledger.dead_letters(Some(&outlet.name), Some((id, 0)), true, PAGE).await?;
        let left = due.into_iter().filter(|letter| letter.delivery == *id);
        let left: Vec<DeadLetter> = left.map(|letter| DeadLetter { why: why.clone(), ..letter }).collect();
        let mut changes = said::notices(outlet, &self.delivery, &left);
        changes.push(Change::Bury { id: id.clone(), letters: left });
        self.cx.books.ledger.apply(Some(self.fence), now_ms, &changes).await?;
        outlet.redrives.forget(id);
        Ok(())
    }

    async fn settle(&self, taken: Vec<u64>, again: Vec<DeadLetter>) -> Result<()> {
        let id = &self.delivery.id;
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
        self.cx.books.ledger.apply(Some(self.fence), self.cx.clock.now_ms(), &changes).await.map(drop)
    }
}

/// An error of reading: of the books it passes, of the vault it is the letters'.
fn own(error: Error) -> Stop {
    if error.code == Code::LEDGER { Stop::Books(error) } else { Stop::Failed(error) }
}
