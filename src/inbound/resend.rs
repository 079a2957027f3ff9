//! A higher run of a batch (重发, D8).
//!
//! Nothing of the batch is posted yet, nor on its way to an outlet that gates the post: the higher run takes the lower one's
//! place, which is closed. Events on their way cannot be taken back: the higher run waits until they are posted, and a person hears
//! of it where that needs his word. Posted: the two
//! are compared, detail record by detail record. What was accepted must stand there again, byte for byte, and is not
//! posted again; what was refused, or is new behind the end, is judged and posted. Anything else a person must see.
//!
//! Invariants: a lower run is closed under its own lease, so that nobody posts it at the same time; what was posted stands
//! in the facts of the resend, so that its events need no other file to be told again.

use super::work::Inbound;
use crate::blocking::blocking;
use crate::error::{Error, Result};
use crate::ledger::change::{Change, Fence, NewNotice, Reject};
use crate::ledger::delivery::{Delivery, DeliveryState, Purpose};
use crate::ledger::lease::LeaseKey;
use crate::ledger::transfer::{FileEvent, FileState, Resend, Transfer, TransferId};
use crate::trade::plan::Plan;
use crate::vault::blocks::Reader;
use crate::vault::{Vault, error_of};
use fpp_codecs::Code;
use fpp_codecs::format::Role;
use fpp_codecs::framing::CutError;
use fpp_codecs::framing::Cutter;
use std::collections::HashSet;
use std::sync::Arc;

/// Most spans of records that were posted before; with more a person must decide.
const SPANS_MAX: usize = 20_000;
/// Pause before a lower run is looked at again that somebody works on, or whose outlets do not have its events yet.
const PAUSE_MS: i64 = 1_000;
/// The same where a person must say a word first.
const PERSON_MS: i64 = 10_000;
/// How a higher run that was proven says that it waits for the outlets of the lower one, whose id stands between.
const LOWER: &str = "the lower run of its batch (";
const AND_ITS: &str = "), ";
const ON_THEIR_WAY: &str = "whose events are on their way to its outlets";

/// What of a resend was posted by the kept run; nothing where the two do not fit.
pub async fn compare(
    cx: &Inbound,
    plan: &Arc<Plan>,
    transfer: &Transfer,
    kept: &Transfer,
    rejects: &[Reject],
) -> Result<Option<Resend>> {
    let refused: HashSet<u64> = cx.books().rejects(kept).await?.iter().map(|reject| reject.ordinal).collect();
    let (vault, plan, new, old) = (cx.vault.clone(), plan.clone(), transfer.clone(), kept.clone());
    let posted = blocking(move || posted_before(&*vault, &plan, &old, &new, &refused)).await?;
    let resend = posted.map(|posted| Resend { of: kept.id.0.clone(), posted });
    // Accepted then and refused now: an instrument was taken out, or the rules changed.
    Ok(resend.filter(|resend| !rejects.iter().any(|reject| resend.has_posted(reject.ordinal))))
}

/// Walks both files at once.
fn posted_before(
    vault: &dyn Vault,
    plan: &Plan,
    old: &Transfer,
    new: &Transfer,
    refused: &HashSet<u64>,
) -> Result<Option<Vec<(u64, u64)>>> {
    let (mut old, mut new) = (Details::open(vault, plan, old)?, Details::open(vault, plan, new)?);
    let mut spans: Vec<(u64, u64)> = Vec::new();
    let mut ordinal = 0;
    while let Some(before) = old.next()? {
        ordinal += 1;
        let after = new.next()?;
        if refused.contains(&ordinal) {
            continue;
        }
        if after.as_ref() != Some(&before) {
            return Ok(None);
        }
        match spans.last_mut() {
            Some((_, last)) if *last + 1 == ordinal => *last = ordinal,
            _ => spans.push((ordinal, ordinal)),
        }
        if spans.len() > SPANS_MAX {
            return Ok(None);
        }
    }
    Ok(Some(spans))
}

/// The detail records of a file that was proven.
struct Details<'a> {
    plan: &'a Plan,
    name: String,
    cutter: Cutter<Reader>,
}

impl<'a> Details<'a> {
    fn open(vault: &dyn Vault, plan: &'a Plan, transfer: &Transfer) -> Result<Details<'a>> {
        let content = vault.open(transfer.facts.sha256.as_deref().unwrap_or_default())?;
        let cutter = Cutter::of(&plan.format, content.reader_at(0));
        Ok(Details { plan, name: transfer.name.clone(), cutter })
    }

    fn next(&mut self) -> Result<Option<Vec<u8>>> {
        loop {
            let cut = self.cutter.next().map_err(|error| match error {
                CutError::Io(error) => error_of(error).at(&self.name),
                error => {
                    Error::halt(Code::VAULT, format!("{} was proven and cannot be cut any more: {error}", self.name))
                }
            })?;
            let Some(cut) = cut else { return Ok(None) };
            let record = self.plan.format.select(cut.bytes).and_then(|i| self.plan.format.records.get(i));
            if record.is_some_and(|record| record.role == Role::Detail) {
                return Ok(Some(cut.bytes.to_vec()));
            }
        }
    }
}

/// How the replacing of a lower run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaced {
    /// It is closed.
    Closed,
    /// It was posted meanwhile: the two must be compared.
    Posted,
    /// Somebody works on it, or its events are on their way; the higher run looks again.
    Busy,
}

/// Closes a lower run that is not posted, under its own lease and in the name of whoever works on the higher one.
pub async fn replace(cx: &Inbound, lower: &Transfer, by: &Transfer, fence: &Fence) -> Result<Replaced> {
    let key = LeaseKey(format!("transfer:{}", lower.id));
    let seen = cx.ledger.lease(&key).await?;
    let free = seen.as_ref().is_none_or(|lease| lease.holder.is_empty());
    let taken = if free { cx.ledger.take_lease(&key, &fence.holder, seen.as_ref()).await? } else { None };
    let Some(lease) = taken else {
        let waiting_for = format!("the lower run of its batch ({}) is worked on", lower.id);
        cx.apply(fence, vec![park(cx, by, PAUSE_MS, waiting_for)]).await?;
        return Ok(Replaced::Busy);
    };
    let own = Fence { key, epoch: lease.epoch, holder: lease.holder.clone() };
    let closed = close(cx, lower, by, &own).await;
    cx.ledger.release_lease(&lease).await?;
    match closed? {
        Replaced::Busy => wait_for_outlets(cx, lower, by, fence).await,
        ended => Ok(ended),
    }
}

/// Whether a higher run that was proven before waits on: asked first, so that nothing is read for it at each look.
pub async fn waits_on(cx: &Inbound, by: &Transfer, fence: &Fence) -> Result<bool> {
    let Some(lower) = waits_for(by) else { return Ok(false) };
    let Some(lower) = cx.ledger.transfer(&lower).await? else { return Ok(false) };
    let waits = !lower.closed && lower.publication.is_none() && !on_their_way(cx, &lower).await?.is_empty();
    if waits {
        wait_for_outlets(cx, &lower, by, fence).await?;
    }
    Ok(waits)
}

/// The lower run whose outlets a proven file says that it waits for.
fn waits_for(by: &Transfer) -> Option<TransferId> {
    let id = by.waiting_for.strip_suffix(ON_THEIR_WAY)?.strip_prefix(LOWER)?.trim_end_matches(AND_ITS);
    Some(TransferId(id.to_owned()))
}

/// Events of a file that is not posted, which its outlets have or may have.
async fn on_their_way(cx: &Inbound, lower: &Transfer) -> Result<Vec<Delivery>> {
    let mut all = cx.ledger.deliveries(Some(&lower.id), u32::MAX).await?;
    all.retain(|delivery| matches!(delivery.purpose, Purpose::Posting | Purpose::Events));
    Ok(all)
}

/// What goes on by itself is waited for; where a person must say a word, he hears of it once.
async fn wait_for_outlets(cx: &Inbound, lower: &Transfer, by: &Transfer, fence: &Fence) -> Result<Replaced> {
    let held = on_their_way(cx, lower).await?.into_iter().find(|d| d.state == DeliveryState::Held && d.gates());
    let (mut pause_ms, mut changes) = (PAUSE_MS, Vec::new());
    if lower.state == FileState::Held || held.is_some() {
        let notice = stuck(lower, by, held.as_ref());
        let which = held.as_ref().map_or(&lower.id.0, |delivery| &delivery.id.0);
        // Once for as long as it is not moved, by a person's hold and release for example.
        let key = format!("{STUCK}/{}/{which}/{}", by.id, by.updated_ms);
        changes.push(Change::Tell { key, notice: Some(notice) });
        pause_ms = PERSON_MS;
    }
    let waiting_for = format!("{LOWER}{}{AND_ITS}{ON_THEIR_WAY}", lower.id);
    changes.push(park(cx, by, pause_ms, waiting_for));
    cx.apply(fence, changes).await?;
    Ok(Replaced::Busy)
}

/// The topic of what is told then.
pub const STUCK: &str = "resend";

fn stuck(lower: &Transfer, by: &Transfer, held: Option<&Delivery>) -> NewNotice {
    let why = match held {
        Some(delivery) if !delivery.last_error.is_empty() => {
            format!("its delivery to {} is held: {}", delivery.spool, delivery.last_error)
        }
        Some(delivery) => format!("its delivery to {} is held", delivery.spool),
        None => "it is held".to_owned(),
    };
    NewNotice {
        severity: "error".into(),
        topic: STUCK.into(),
        subject: by.id.to_string(),
        code: if held.is_some() { Code::OUTLET.0 } else { Code::STOPPED.0 },
        text: format!(
            "{} ({}) waits for the lower run of its batch, {} ({}), whose events are on their way to its outlets: {why}. Let that one \
             go on (`fpp release` or `fpp retry`), or post it without that outlet (`fpp outlets defer --transfer {}`): then the two \
             are compared.",
            by.name, by.id, lower.name, lower.id, lower.id
        ),
    }
}

fn park(cx: &Inbound, by: &Transfer, pause_ms: i64, waiting_for: String) -> Change {
    let until_ms = cx.clock.now_ms() + pause_ms;
    Change::Park { id: by.id.clone(), until_ms, waiting_for, failed: false }
}

async fn close(cx: &Inbound, lower: &Transfer, by: &Transfer, fence: &Fence) -> Result<Replaced> {
    let Some(now) = cx.ledger.transfer(&lower.id).await? else { return Ok(Replaced::Closed) };
    if now.closed {
        return Ok(Replaced::Closed);
    }
    if now.publication.is_some() {
        return Ok(Replaced::Posted);
    }
    if !on_their_way(cx, lower).await?.is_empty() {
        return Ok(Replaced::Busy);
    }
    let why = Some(format!("fpp: replaced by a higher run, transfer {}", by.id));
    let step = |event| Change::Move { id: lower.id.clone(), event, facts: Box::default(), by: why.clone() };
    let hold = (now.state != FileState::Held).then(|| step(FileEvent::Hold));
    let changes: Vec<Change> = hold.into_iter().chain([step(FileEvent::Close)]).collect();
    cx.apply(fence, changes).await?;
    tracing::info!(transfer = %lower.id, file = lower.name, by = %by.id, "closed: a higher run takes its place");
    Ok(Replaced::Closed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_posted_is_found_in_its_spans() {
        let resend = Resend { of: "1".into(), posted: vec![(1, 1), (3, 5), (9, 9)] };
        let posted: Vec<u64> = (0..12).filter(|ordinal| resend.has_posted(*ordinal)).collect();
        assert_eq!(posted, [1, 3, 4, 5, 9]);
        assert!(!Resend::default().has_posted(1));
    }
}
