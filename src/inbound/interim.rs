//! Interim answers: a file that a person must decide keeps its core waiting, so after `held_after_ms` the core gets the
//! header of an answer, FILSTS H, with the code of the hold. The final answer comes later under the next number.
//!
//! Invariants: one interim answer a hold; none once the final one is planned; the final one waits for it (`acknowledge.rs`).
//! A file that no answer can name (FPP2010), or that was never taken up, gets none.

use super::acknowledge::free_name;
use super::answer;
use super::names;
use super::route::Route;
use super::work::Inbound;
use crate::blocking::blocking;
use crate::error::Result;
use crate::ledger::change::{Change, Fence};
use crate::ledger::delivery::{Delivery, Purpose};
use crate::ledger::transfer::{FileState, Transfer, TransferId, TransferQuery};
use std::sync::Arc;

/// Held files read at once.
const PAGE: u32 = 200;

/// Files of a route that are held for long enough and have no interim answer yet, a page at a time.
pub async fn due(cx: &Inbound, route: &Route, before: &mut Option<TransferId>) -> Result<Vec<TransferId>> {
    let Some(held_after_ms) = route.answer.as_ref().and_then(|answer| answer.held_after_ms) else {
        return Ok(Vec::new());
    };
    let mut due = Vec::new();
    let query = TransferQuery {
        route: Some(route.name.clone()),
        state: Some(FileState::Held),
        before: before.take(),
        limit: PAGE,
        ..TransferQuery::default()
    };
    let page = cx.ledger.transfers(&query).await?;
    if page.len() == PAGE as usize {
        *before = page.last().map(|transfer| transfer.id.clone());
    }
    for transfer in page {
        let long = transfer.updated_ms.saturating_add(held_after_ms) <= cx.clock.now_ms();
        if long && is_due(&transfer, &cx.ledger.deliveries(Some(&transfer.id), u32::MAX).await?) {
            due.push(transfer.id);
        }
    }
    Ok(due)
}

fn is_due(transfer: &Transfer, planned: &[Delivery]) -> bool {
    let told = |delivery: &Delivery| match delivery.purpose {
        Purpose::Answer => true,
        Purpose::Interim => delivery.planned_ms >= transfer.updated_ms,
        Purpose::Events | Purpose::Command | Purpose::Posting => false,
    };
    transfer.state == FileState::Held
        && transfer.facts.correction.is_none()
        && !transfer.closed
        && transfer.held_from != Some(FileState::Acknowledged)
        && transfer.facts.plan.is_some()
        && !planned.iter().any(told)
}

/// Plans the interim answer of a held file, under its lease.
pub async fn answer(cx: &Inbound, route: &Route, id: &TransferId, fence: &Fence) -> Result<()> {
    let (Some(target), Some(transfer)) = (&route.answer, cx.ledger.transfer(id).await?) else { return Ok(()) };
    if !is_due(&transfer, &cx.ledger.deliveries(Some(id), u32::MAX).await?) {
        return Ok(());
    }
    let plan = transfer.facts.plan.clone().unwrap_or_default();
    let books = cx.books();
    let plan = blocking(move || books.plans.frozen(&*books.vault, &plan)).await?;
    if plan.answer.as_ref().is_none_or(|answer| !answer.holds_file_name(&transfer.name)) {
        return Ok(());
    }
    let name = free_name(cx, route, target, &transfer).await?;
    let (books, of, frozen) = (cx.books(), transfer.clone(), Arc::clone(&plan));
    let stored = blocking(move || answer::render_held(&books, &of, &frozen)).await?;
    let purpose = Purpose::Interim;
    let delivery = names::delivery(cx, &transfer, purpose, true, &target.spool, name, &stored, &target.publish).await?;
    tracing::info!(transfer = %id, file = transfer.name, answer = delivery.name, "held for long; an interim answer goes out");
    cx.apply(fence, vec![Change::Plan(Box::new(delivery))]).await.map(drop)
}
