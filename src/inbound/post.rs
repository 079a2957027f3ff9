//! Post: the events of a proven file become durable in every required outlet, in the order of its series.
//!
//! The stream needs no work: it reads the vault, and the posting commit makes the file visible in it by taking the next
//! publication number (D11). A `file` outlet is rendered into the vault and delivered; its deliveries wake the transfer.
//! Events go into the node's outlets by postings (`delivery/posting.rs`): those that gate the answer are planned before the
//! file is posted, the others by the commit that posts it, so that neither is ever forgotten.

use super::names::{self, ANSWERS_MAX};
use super::order;
use super::route::{FileForm, FileOutlet, Route};
use super::work::{Inbound, Next};
use crate::blocking::blocking;
use crate::error::{Error, Result};
use crate::ledger::change::{Change, Fence};
use crate::ledger::delivery::{Delivery, DeliveryState, Purpose};
use crate::ledger::transfer::{FileEvent, Transfer, Verdict};
use crate::outlets::events::View;
use crate::outlets::planned::planned;
use crate::outlets::{forms, lines};
use fpp_codecs::Code;
use fpp_spool::Fields;

/// Moves a proven file to `Posted` once its required outlets have it.
pub async fn post(cx: &Inbound, transfer: &Transfer, fence: &Fence) -> Result<Next> {
    if order::wait(cx, transfer, fence).await? == Next::Parked || published(cx, transfer, fence).await? == Next::Parked
    {
        return Ok(Next::Parked);
    }
    let post = Change::Move { id: transfer.id.clone(), event: FileEvent::Post, facts: Box::default(), by: None };
    let route = cx.route(transfer)?;
    let planned = cx.ledger.deliveries(Some(&transfer.id), u32::MAX).await?;
    let optional = postings(cx, &route, transfer, &planned, false);
    let changes = std::iter::once(post).chain(optional).chain(order::late(cx, transfer).await?).collect();
    let posted = cx.apply(fence, changes).await?;
    if let Some(identity) = &transfer.facts.identity
        && let Err(error) = order::wake(cx, identity).await
    {
        tracing::warn!(transfer = %transfer.id, "batches that wait for it look by themselves: {error}");
    }
    Ok(posted)
}

/// Plans of postings that are not planned yet, of outlets that are required, or of those that are not.
fn postings(cx: &Inbound, route: &Route, transfer: &Transfer, known: &[Delivery], required: bool) -> Vec<Change> {
    let is_planned = |outlet: &str| known.iter().any(|d| d.purpose == Purpose::Posting && d.spool == outlet);
    let wanted = route.pushed.iter().filter(|(outlet, is)| *is == required && !is_planned(outlet));
    let now_ms = cx.clock.now_ms();
    wanted.map(|(outlet, is)| Change::Plan(Box::new(planned(transfer, outlet, *is, now_ms)))).collect()
}

/// Brings the outlets to the point where required ones have the events; parks the transfer until they do.
pub async fn published(cx: &Inbound, transfer: &Transfer, fence: &Fence) -> Result<Next> {
    let route = cx.route(transfer)?;
    let planned = cx.ledger.deliveries(Some(&transfer.id), u32::MAX).await?;
    let mut changes = Vec::new();
    let mut waiting = Vec::new();
    for outlet in route.files.iter().filter(|outlet| outlet.form.holds(transfer)) {
        match planned.iter().find(|d| d.purpose == Purpose::Events && d.spool == outlet.spool) {
            Some(delivery) if delivery.gates() => waiting.push(delivery.name.clone()),
            Some(_) => {}
            None => {
                let delivery = plan(cx, &route, outlet, transfer).await?;
                if outlet.required {
                    waiting.push(delivery.name.clone());
                }
                changes.push(Change::Plan(Box::new(delivery)));
            }
        }
    }
    let due = planned.iter().filter(|d| d.purpose == Purpose::Posting && d.gates());
    waiting.extend(due.map(|d| format!("its events to {}", d.spool)));
    let new = postings(cx, &route, transfer, &planned, true);
    waiting.extend(new.iter().filter_map(|change| match change {
        Change::Plan(delivery) => Some(format!("its events to {}", delivery.spool)),
        _ => None,
    }));
    changes.extend(new);
    // No commit posts a rejected file: its optional outlets hear of it here.
    if transfer.verdict == Some(Verdict::Rejected) {
        changes.extend(postings(cx, &route, transfer, &planned, false));
    }
    if waiting.is_empty() {
        if !changes.is_empty() {
            cx.apply(fence, changes).await?;
        }
        return Ok(Next::Moved);
    }
    changes.push(parked(transfer, &waiting));
    cx.apply(fence, changes).await?;
    Ok(Next::Parked)
}

/// Parked until a delivery wakes it; written together with the plan of that delivery, so no wake is lost.
pub fn parked(transfer: &Transfer, waiting: &[String]) -> Change {
    Change::Park {
        id: transfer.id.clone(),
        until_ms: i64::MAX,
        waiting_for: format!("delivery of {}", waiting.join(", ")),
        failed: false,
    }
}

/// Whether the vault has what a posted file's outlets are made of; it counts as put now, so that it stays until they are.
pub(super) async fn renewed(cx: &Inbound, transfer: &Transfer) -> Result<bool> {
    // A file that was refused before it was read has an end to tell, and no bytes.
    let (vault, facts) = (cx.vault.clone(), &transfer.facts);
    let needed: Vec<String> = [&facts.sha256, &facts.plan].into_iter().flatten().cloned().collect();
    blocking(move || {
        for digest in &needed {
            if !vault.renew(digest)? {
                return Ok(false);
            }
        }
        Ok(true)
    })
    .await
}

/// Makes the file of an outlet, under a name that is free, ready to be planned.
pub(super) async fn plan(cx: &Inbound, route: &Route, outlet: &FileOutlet, transfer: &Transfer) -> Result<Delivery> {
    let (books, of) = (cx.books(), transfer.clone());
    let rejects = books.rejects(transfer).await?;
    let (form, masked, spool) = (outlet.form, outlet.masked, outlet.spool.clone());
    let view = if masked { View::Masked } else { View::Clear };
    let stored = blocking(move || match form {
        FileForm::Events => lines::render(&books, &of, rejects, view),
        FileForm::Unchanged => Ok(forms::unchanged(&of)),
        FileForm::Records => forms::transcoded(&books, &of, &spool),
        FileForm::Table(dialect) => forms::table(&books, &of, rejects, masked, dialect),
    })
    .await?;
    let name = free_name(cx, route, outlet, transfer).await?;
    names::delivery(cx, transfer, Purpose::Events, outlet.required, &outlet.spool, name, &stored, &outlet.publish).await
}

/// A name that no other file's events stand under: a file that was rejected may come again, put right, before its partner
/// has taken the first. The first number that was never used; without a number, or when they have all come round, a name
/// that was taken; else the template's, and what no other file has. A name that was this file's own and went to another
/// one since stays that one's: whoever looks there finds the newest.
async fn free_name(cx: &Inbound, route: &Route, outlet: &FileOutlet, transfer: &Transfer) -> Result<String> {
    let fields = names::fields(route, transfer);
    let name = |number| {
        let filled = outlet.template.try_fill(&Fields { answer: Some(number), ..fields.clone() });
        filled.map_err(|e| Error::halt(Code::FOLDER, format!("outlet of route `{}`: {e}", route.name)))
    };
    let first = name(1)?;
    if transfer.facts.correction.is_some() {
        return Ok(names::unlike_others(transfer, &first));
    }
    let numbers = if name(2)? == first { 1 } else { ANSWERS_MAX };
    let mut taken = None;
    for number in 1..=numbers {
        let name = name(number)?;
        match cx.ledger.delivery_named(&outlet.spool, &name).await? {
            None => return Ok(name),
            Some(known) if known.state == DeliveryState::Taken && taken.is_none() => {
                let is_newer = known.transfer != transfer.id && was_its(cx, outlet, transfer, &name).await?;
                taken = (!is_newer).then_some(name);
            }
            Some(_) => {}
        }
    }
    Ok(taken.unwrap_or_else(|| names::unlike_others(transfer, &first)))
}

/// Whether a file's events stood under a name before.
async fn was_its(cx: &Inbound, outlet: &FileOutlet, transfer: &Transfer, name: &str) -> Result<bool> {
    let sent = cx.ledger.deliveries(Some(&transfer.id), u32::MAX).await?;
    Ok(sent.iter().any(|d| d.purpose == Purpose::Events && d.spool == outlet.spool && d.name == name))
}
