//! One `apply`: the fence first, then every change in order, all in the caller's transaction.

use super::{fault, lease, rows};
use crate::error::{Error, Result};
use crate::ledger::chain::{RejectsDigest, RejectsHasher};
use crate::ledger::change::{Applied, Change, Fence, Reject};
use crate::ledger::fold::Under;
use crate::ledger::transfer::{FileEvent, TransferId};
use sqlx::{QueryBuilder, SqliteConnection};
use std::collections::HashMap;

/// Rows in one INSERT: nine columns each, well below what the engines bind in one statement.
const REJECTS_PER_INSERT: usize = 500;

/// An `apply` under way.
pub(super) struct Apply<'a> {
    pub(super) connection: &'a mut SqliteConnection,
    pub(super) now_ms: i64,
    pub(super) fence: Option<Under>,
    pub(super) applied: Applied,
    /// What each judgement of this apply says about its rejects.
    pub(super) rejects: HashMap<TransferId, RejectsDigest>,
}

/// Writes all changes; the caller commits, or rolls back on an error.
pub(super) async fn apply(
    connection: &mut SqliteConnection,
    fence: Option<&Fence>,
    now_ms: i64,
    changes: &[Change],
) -> Result<Applied> {
    if let Some(fence) = fence {
        lease::check(&mut *connection, fence).await?;
    }
    let rejects = digests(changes)?;
    let fence = fence.map(Under::from);
    let mut apply = Apply { connection, now_ms, fence, applied: Applied::default(), rejects };
    for change in changes {
        apply.change(change).await?;
    }
    match apply.rejects.keys().next() {
        Some(id) => {
            Err(Error::internal(format!("rejects of transfer {id} without the judgement that decides on them")))
        }
        None => Ok(apply.applied),
    }
}

/// The digests of all rejects, which the judgements need before or after the rows themselves.
fn digests(changes: &[Change]) -> Result<HashMap<TransferId, RejectsDigest>> {
    let mut hashers: HashMap<&TransferId, RejectsHasher> = HashMap::new();
    for change in changes {
        if let Change::Reject { id, rejects } = change {
            hashers.entry(id).or_default().add(rejects).map_err(|e| e.at(format!("transfer {id}")))?;
        }
    }
    Ok(hashers.into_iter().filter_map(|(id, hasher)| Some((id.clone(), hasher.finish()?))).collect())
}

impl Apply<'_> {
    async fn change(&mut self, change: &Change) -> Result<()> {
        match change {
            Change::Arrive(new) => self.arrive(new).await,
            Change::Move { id, event, facts, by } => {
                let rejects = if matches!(event, FileEvent::Judge(_)) { self.rejects.remove(id) } else { None };
                self.move_transfer(id, *event, facts, by.as_deref(), rejects).await
            }
            Change::Park { id, until_ms, waiting_for, failed } => self.park(id, *until_ms, waiting_for, *failed).await,
            Change::Reject { id, rejects } => self.add_rejects(id, rejects).await,
            Change::Plan(delivery) => self.plan(delivery).await,
            Change::MoveDelivery { id, event, by } => self.move_delivery(id, *event, by.as_deref()).await,
            Change::ParkDelivery { id, until_ms, error } => self.park_delivery(id, *until_ms, error).await,
            Change::Raise(notice) => self.raise(notice).await,
            Change::AcknowledgeNotice { id, by } => self.acknowledge_notice(*id, by).await,
            Change::Day { route, business_date, open, by } => self.day(route, business_date, *open, by).await,
        }
    }

    async fn add_rejects(&mut self, id: &TransferId, rejects: &[Reject]) -> Result<()> {
        for some in rejects.chunks(REJECTS_PER_INSERT) {
            let mut numbers = Vec::with_capacity(some.len());
            for reject in some {
                numbers.push((rows::int(reject.record)?, rows::int(reject.ordinal)?, rows::int(reject.offset)?));
            }
            let mut insert = QueryBuilder::new(
                "INSERT INTO rejects (transfer, record, ordinal, byte_offset, field, field_at, code, detail, hex) ",
            );
            insert.push_values(some.iter().zip(numbers), |mut row, (reject, (record, ordinal, offset))| {
                row.push_bind(&id.0)
                    .push_bind(record)
                    .push_bind(ordinal)
                    .push_bind(offset)
                    .push_bind(&reject.field)
                    .push_bind(reject.at)
                    .push_bind(reject.code)
                    .push_bind(&reject.detail)
                    .push_bind(&reject.hex);
            });
            insert.build().execute(&mut *self.connection).await.map_err(fault::of)?;
        }
        Ok(())
    }
}
