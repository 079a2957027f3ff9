//! A posting: a transfer's events, pushed into an outlet batch by batch, and the books told how far it took them.
//!
//! Invariants: of a route one posting is pushed at a time, under the lease of its lane ([`super::outlet::lane`]), in the
//! order in which they were published; what an answer waits for comes first, a replay last, and a held one is passed: one
//! that a person deferred has no answer waiting, so it lets the others go before. The next batch is decoded while one is on
//! its way, and no more is kept. What an outlet refuses for good is tried again for ever where it is required, and is a dead letter where it is
//! not (D12). How far a posting came is written once a second at most: after a crash a second's events come twice.

use super::fill::{self, Filled};
use super::outlet::{Outlet, Postings};
use super::said;
use super::settle::step;
use crate::backoff;
use crate::error::{Class, Error, Result};
use crate::ledger::change::{Change, Fence, NewNotice};
use crate::ledger::delivery::{DeadLetter, Delivery, DeliveryEvent, DeliveryState};
use crate::ledger::standing::is_due;
use crate::ledger::transfer::Transfer;
use crate::outlets::push::{Batch, Broken, Outcome, Posting};
use crate::outlets::trace;
use fpp_codecs::Code;
use tokio::sync::watch as signal;

/// How often it is written how far a posting came.
const CONFIRM_EVERY_MS: u64 = 1_000;
/// Dead letters of one posting; a target that refuses more is set up wrongly, and a person must look.
const DEAD_MAX: usize = 10_000;

/// Why a posting stopped.
enum Stop {
    /// The outlet said no, or nothing.
    Outlet(Error),
    /// Its events cannot be read, or it cannot be pushed for another reason of our own.
    Own(Error),
    /// The books cannot be written: whatever was done is done again.
    Books(Error),
}

/// Pushes what waits for an outlet on one route, until nothing is due or the node stops. `hurry`: the outlet has just come
/// back, so the first one is tried whatever its pause.
pub async fn carry_on(
    cx: &Postings,
    outlet: &Outlet,
    route: &str,
    fence: &Fence,
    mut hurry: bool,
    stopped: &signal::Receiver<bool>,
) -> Result<()> {
    while !*stopped.borrow() && outlet.breaker.down().is_none() {
        let next = cx.books.ledger.next_postings(&outlet.name).await?;
        let Some(delivery) = next.into_iter().find(|d| route_of(d) == route) else { return Ok(()) };
        if !hurry && !is_due(delivery.next_attempt_ms, cx.clock.now_ms()) {
            return Ok(());
        }
        hurry = false;
        let mut run = Run { cx, outlet, delivery, fence, written_ms: cx.clock.now_ms(), buried: 0, reached: 0 };
        match run.push(stopped).await {
            Ok(()) => {}
            Err(Stop::Books(error)) if error.code == Code::STALE_EPOCH => {
                tracing::warn!(posting = %run.delivery.id, "work dropped: {error}");
                return Ok(());
            }
            Err(Stop::Books(error)) => return Err(error),
            Err(Stop::Own(error)) => run.settle(&error, false).await?,
            Err(Stop::Outlet(error)) => {
                let down = error.class == Class::Retry && run.is_down().await;
                run.settle(&error, down).await?;
            }
        }
    }
    Ok(())
}

/// The route in a posting's name.
pub fn route_of(delivery: &Delivery) -> &str {
    delivery.name.split('/').next().unwrap_or_default()
}

/// One posting under way.
struct Run<'r> {
    cx: &'r Postings,
    outlet: &'r Outlet,
    delivery: Delivery,
    fence: &'r Fence,
    /// When it was last written how far it came.
    written_ms: i64,
    buried: usize,
    /// How far it came.
    reached: u64,
}

impl Run<'_> {
    async fn push(&mut self, stopped: &signal::Receiver<bool>) -> Result<(), Stop> {
        let (cx, outlet) = (self.cx, self.outlet);
        let transfer = cx.books.ledger.transfer(&self.delivery.transfer).await.map_err(Stop::Books)?;
        let transfer = transfer
            .ok_or_else(|| Stop::Own(Error::internal(format!("posting {} has no transfer", self.delivery.id))))?;
        let Some(of) = outlet.uses.get(&transfer.route) else {
            let what = format!("route `{}` does not name outlet `{}` any more", transfer.route, outlet.name);
            let hint = "Put it back, restart, then `fpp retry ID`; or give it up: `fpp release ID`.";
            return Err(Stop::Own(Error::halt(Code::PLAN, what).hint(hint)));
        };
        let posting = cx.told(outlet, &transfer, self.fence.epoch, self.delivery.required);
        // What is sent again from its beginning is not cut short by what the target has of the first time.
        let told = match self.delivery.round {
            0 => outlet.engine.cursor(&posting).await.map_err(Stop::Outlet)?,
            _ => None,
        };
        self.reached = told.unwrap_or(0).max(self.delivery.confirmed);
        let mut filled = fill::first(&cx.books, outlet, of, &transfer, self.reached).await.map_err(own)?;
        let mut spare = Batch::default();
        loop {
            let (batch, last, end) = (filled.take(), filled.last, filled.end);
            let (pushed, next) =
                tokio::join!(self.push_batch(&posting, &batch), next_of(filled, std::mem::take(&mut spare), end));
            let said = said::judge(&batch, self.delivery.required, &transfer.name, pushed);
            let letters = self.letters(&transfer, said.outcome)?;
            if let Some(error) = said.error {
                self.broke_off(said.up_to, letters).await.map_err(Stop::Books)?;
                return Err(Stop::Outlet(error));
            }
            self.outlet.breaker.worked();
            let stops = *stopped.borrow();
            self.confirm(last, end, letters, stops).await.map_err(Stop::Books)?;
            match next.map_err(own)? {
                Some(next) if !*stopped.borrow() => (filled, spare) = (next, batch),
                _ => return Ok(()),
            }
        }
    }

    async fn push_batch(&self, posting: &Posting, batch: &Batch) -> Result<Outcome, Broken> {
        match batch.events.is_empty() {
            true => Ok(Outcome::default()),
            false => self.outlet.engine.push(posting, batch).await,
        }
    }

    /// What was not taken, for the books; an error where a target takes hardly anything.
    fn letters(&mut self, transfer: &Transfer, outcome: Outcome) -> Result<Vec<DeadLetter>, Stop> {
        let letters = said::letters(self.outlet, &self.delivery, transfer, outcome);
        self.buried += letters.len();
        if self.buried > DEAD_MAX {
            let what =
                format!("outlet `{}` did not take {} events of {}", self.outlet.name, self.buried, transfer.name);
            return Err(Stop::Own(
                Error::halt(Code::EVENT_REFUSED, what)
                    .hint("It is set up for other events: look at `fpp outlets dead`, mend it, then `fpp retry ID`."),
            ));
        }
        Ok(letters)
    }

    /// A batch was settled in part. How far is written with the reason why it waits, at once where there are dead letters.
    async fn broke_off(&mut self, up_to: Option<u64>, letters: Vec<DeadLetter>) -> Result<()> {
        let Some(up_to) = up_to else { return Ok(()) };
        self.outlet.breaker.worked();
        match letters.is_empty() {
            true => self.reached = self.reached.max(up_to),
            false => self.confirm(up_to, false, letters, true).await?,
        }
        Ok(())
    }

    /// Writes how far it came, if it is time to.
    async fn confirm(&mut self, last: u64, end: bool, letters: Vec<DeadLetter>, now: bool) -> Result<()> {
        self.reached = self.reached.max(last);
        let now_ms = self.cx.clock.now_ms();
        // A clock that was put back has not stood still.
        let is_time = now_ms.abs_diff(self.written_ms) >= CONFIRM_EVERY_MS;
        if !end && !now && letters.is_empty() && !is_time {
            return Ok(());
        }
        let id = &self.delivery.id;
        let mut changes = Vec::new();
        if self.delivery.state == DeliveryState::Planned {
            changes.push(step(id, DeliveryEvent::Prove));
        }
        changes.push(Change::Confirm { id: id.clone(), record: if end { u64::MAX } else { self.reached } });
        if !letters.is_empty() {
            changes.extend(said::notices(self.outlet, &self.delivery, &letters));
            changes.push(Change::Bury { id: id.clone(), letters });
        }
        if end {
            changes.extend([DeliveryEvent::Deliver, DeliveryEvent::Take].map(|event| step(id, event)));
        }
        self.cx.books.ledger.apply(Some(self.fence), now_ms, &changes).await?;
        if end {
            let trace = trace::trace_id(&self.delivery.transfer.0);
            tracing::info!(posting = %id, outlet = self.outlet.name, name = self.delivery.name, trace, "pushed");
        }
        self.delivery.state = DeliveryState::Proven;
        (self.delivery.confirmed, self.delivery.attempts) = (self.reached, 0);
        self.written_ms = now_ms;
        Ok(())
    }

    /// Whether the outlet, asked for itself, does not answer; then it is left alone.
    async fn is_down(&self) -> bool {
        match self.outlet.engine.look().await {
            Ok(_) => false,
            Err(error) => {
                self.outlet.breaker.open(error.to_string(), self.cx.clock.now_ms(), self.outlet.probe);
                true
            }
        }
    }

    /// It waits, or a person decides. Of an outlet that is down one notice tells for all that waits for it.
    async fn settle(&mut self, error: &Error, down: bool) -> Result<()> {
        let (id, now_ms) = (&self.delivery.id, self.cx.clock.now_ms());
        let halted = error.class != Class::Retry;
        let attempts = if self.reached > self.delivery.confirmed { 0 } else { self.delivery.attempts };
        let mut changes = Vec::new();
        if self.reached > self.delivery.confirmed {
            if self.delivery.state == DeliveryState::Planned {
                changes.push(step(id, DeliveryEvent::Prove));
            }
            changes.push(Change::Confirm { id: id.clone(), record: self.reached });
        }
        if halted {
            changes.push(step(id, DeliveryEvent::Hold));
        }
        let pause_ms = backoff::up_to(error, &id.0, attempts, self.outlet.retry_max_ms);
        changes.push(Change::ParkDelivery {
            id: id.clone(),
            until_ms: now_ms + pause_ms,
            error: error.to_string(),
            failed: true,
        });
        if halted || (!down && attempts + 1 >= backoff::QUIET_ATTEMPTS) {
            let next = if halted { format!("; then `fpp retry {id}`") } else { String::new() };
            changes.push(Change::Raise(NewNotice {
                severity: if halted { "error" } else { "warn" }.to_owned(),
                topic: "delivery".to_owned(),
                subject: id.to_string(),
                code: error.code.0,
                text: format!("{} to outlet {}: {error}{next}", self.delivery.name, self.outlet.name),
            }));
        }
        tracing::warn!(posting = %id, outlet = self.outlet.name, attempt = attempts + 1, pause_ms, "{error}");
        match self.cx.books.ledger.apply(Some(self.fence), now_ms, &changes).await {
            Err(stale) if stale.code == Code::STALE_EPOCH => {
                tracing::warn!(posting = %id, "work dropped: {stale}");
                Ok(())
            }
            applied => applied.map(drop),
        }
    }
}

async fn next_of(filled: Filled, spare: Batch, end: bool) -> Result<Option<Filled>> {
    if end { Ok(None) } else { filled.next(spare).await.map(Some) }
}

/// An error of reading: of the books it passes, of the vault it is the posting's.
fn own(error: Error) -> Stop {
    if error.code == Code::LEDGER { Stop::Books(error) } else { Stop::Own(error) }
}
