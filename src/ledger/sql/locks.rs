//! Locks, before anything is written: on engines where several nodes write at once, an `apply` first locks every row
//! that it is going to change, in one order for all. So two of them wait for each other, but not in a circle.
//!
//! The order: the lease (`lease.rs`), transfers by id, deliveries by id; then, while the changes are written, the heads of
//! their chains and the counter of publications, which nobody takes who does not hold its subject's row already. What
//! is new has no row to lock; two that write it at once clash on a unique key, and the later one is done again.

use super::session::{Session, Statement, Value, sql};
use crate::error::Result;
use crate::ledger::change::Change;
use crate::ledger::delivery::DeliveryEvent;
use std::collections::BTreeSet;

/// Ids in one statement.
const IDS_PER_LOCK: usize = 200;

/// Locks the rows of transfers and deliveries that the changes name. One that is not there is found out later.
pub(super) async fn lock(session: &mut dyn Session, changes: &[Change]) -> Result<()> {
    if !session.is_shared() {
        return Ok(());
    }
    let (mut transfers, mut deliveries) = (BTreeSet::new(), BTreeSet::new());
    for change in changes {
        match change {
            Change::Move { id, .. } | Change::Park { id, .. } | Change::Hurry { id, .. } => {
                transfers.insert(id.0.clone());
            }
            Change::Plan(delivery) => drop(transfers.insert(delivery.transfer.0.clone())),
            Change::MoveDelivery { id, event, .. } => {
                deliveries.insert(id.0.clone());
                if matches!(event, DeliveryEvent::Deliver | DeliveryEvent::Defer | DeliveryEvent::Vouch) {
                    transfers.extend(transfer_of(&mut *session, &id.0).await?);
                }
            }
            Change::Deliver { id, .. } => {
                deliveries.insert(id.0.clone());
                transfers.extend(transfer_of(&mut *session, &id.0).await?);
            }
            Change::Prove { id, .. }
            | Change::Take { id, .. }
            | Change::ParkDelivery { id, .. }
            | Change::Confirm { id, .. }
            | Change::Bury { id, .. }
            | Change::Unbury { id, .. }
            | Change::Redrive { id, .. } => drop(deliveries.insert(id.0.clone())),
            // Rejects stand under their transfer's judgement; the others have rows of their own kind only.
            Change::Arrive(_)
            | Change::Reject { .. }
            | Change::Keep(_)
            | Change::Stand { .. }
            | Change::Forget { .. }
            | Change::Raise(_)
            | Change::AcknowledgeNotice { .. }
            | Change::Tell { .. }
            | Change::Over { .. }
            | Change::CloseNotice { .. }
            | Change::EndNotice { .. }
            | Change::Day { .. }
            | Change::Pause { .. }
            | Change::Ask(_)
            | Change::Settle { .. }
            | Change::TakeRows { .. }
            | Change::Purge { .. } => {}
        }
    }
    // A single row needs no order.
    if transfers.len() + deliveries.len() > 1 {
        lock_all(&mut *session, "transfers", &transfers).await?;
        lock_all(&mut *session, "deliveries", &deliveries).await?;
    }
    Ok(())
}

/// The transfer that a delivery belongs to; that never changes, so it may be read without a lock.
async fn transfer_of(session: &mut dyn Session, delivery: &str) -> Result<Option<String>> {
    let row = session.row(sql("SELECT transfer FROM deliveries WHERE id = ?").bind(delivery)).await?;
    row.map(|row| row.get(0)).transpose()
}

/// Locks the rows of a table that have these ids, in their order.
pub(super) async fn lock_all(session: &mut dyn Session, table: &str, ids: &BTreeSet<String>) -> Result<()> {
    if !session.is_shared() {
        return Ok(());
    }
    let ids: Vec<&String> = ids.iter().collect();
    for some in ids.chunks(IDS_PER_LOCK) {
        let places = vec!["?"; some.len()].join(", ");
        let mut select = Statement::built(format!("SELECT id FROM {table} WHERE id IN ({places}) ORDER BY id"));
        select.values.extend(some.iter().map(|id| Value::from(*id)));
        session.rows(select.locking()).await?;
    }
    Ok(())
}
