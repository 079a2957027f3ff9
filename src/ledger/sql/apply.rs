//! One `apply`: the fence first, then the locks, then every change in order, all in the caller's transaction.

use super::session::{Session, Statement, Value};
use super::{book_date, lease, locks, rows};
use crate::error::{Error, Result};
use crate::ledger::chain::{RejectsDigest, RejectsHasher};
use crate::ledger::change::{Applied, Change, Fence, Reject};
use crate::ledger::fold::{Under, What};
use crate::ledger::transfer::{FileEvent, TransferId};
use std::collections::HashMap;

/// Rows in one INSERT: ten columns each, well below what the engines bind in one statement.
const REJECTS_PER_INSERT: usize = 500;
/// Text in one INSERT, unless a single row has more: well below the packet of a server.
const BYTES_PER_INSERT: usize = 1 << 20;

/// An `apply` under way.
pub(super) struct Apply<'a> {
    pub(super) session: &'a mut dyn Session,
    pub(super) now_ms: i64,
    pub(super) fence: Option<Under>,
    pub(super) applied: Applied,
    /// What each judgement of this apply says about its rejects.
    pub(super) rejects: HashMap<TransferId, RejectsDigest>,
}

/// Writes all changes; the caller commits, or rolls back on an error.
pub(super) async fn apply(
    session: &mut dyn Session,
    fence: Option<&Fence>,
    now_ms: i64,
    changes: &[Change],
) -> Result<Applied> {
    if let Some(fence) = fence {
        lease::check(&mut *session, fence).await?;
    }
    locks::lock(&mut *session, changes).await?;
    let rejects = digests(changes)?;
    let fence = fence.map(Under::from);
    let mut apply = Apply { session, now_ms, fence, applied: Applied::default(), rejects };
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
            Change::Hurry { id, by } => self.hurry(id, by).await,
            Change::Reject { id, rejects } => self.add_rejects(id, rejects).await,
            Change::Plan(delivery) => self.plan(delivery).await,
            Change::MoveDelivery { id, event, by } => self.move_delivery(id, *event, by.as_deref()).await,
            Change::Prove { id, folder } => self.prove(id, folder.as_deref()).await,
            Change::Deliver { id, fsynced } => self.deliver(id, *fsynced).await,
            Change::Take { id, delivered_ms } => self.take(id, *delivered_ms).await,
            Change::ParkDelivery { id, until_ms, error, failed } => {
                self.park_delivery(id, *until_ms, error, *failed).await
            }
            Change::Confirm { id, record } => self.confirm(id, *record).await,
            Change::Bury { id, letters } => self.bury(id, letters).await,
            Change::Unbury { id, records } => self.unbury(id, records).await,
            Change::Redrive { id, by } => self.redrive(id, by).await,
            Change::Keep(consumer) => self.keep(consumer).await,
            Change::Stand { consumer, publication, record, back } => {
                self.stand(consumer, (*publication, *record), *back).await
            }
            Change::Forget { consumer } => self.forget(consumer).await,
            Change::Raise(notice) => self.raise(notice).await,
            Change::AcknowledgeNotice { id, by } => self.acknowledge_notice(*id, by).await,
            Change::Tell { key, notice } => self.tell(key, notice.as_ref()).await,
            Change::Over { key, notice } => self.over(key, notice.as_ref()).await,
            Change::CloseNotice { topic, subject, by } => self.close_notice(topic, subject, by).await,
            Change::EndNotice { id, count, by, notice } => self.end_notice(*id, *count, by, notice.as_ref()).await,
            Change::Day { route, business_date, open, by } => self.day(route, business_date, *open, by).await,
            Change::Pause { switch, paused, by } => self.pause(switch, *paused, by).await,
            Change::Ask(ask) => self.ask(ask).await,
            Change::Settle { id, confirmed, by } => self.settle(id, *confirmed, by).await,
            Change::TakeRows { outlet, from, before, by, gone } => {
                let (from, before, by, gone) = (from.clone(), before.clone(), by.clone(), gone.clone());
                self.rows_taken(outlet, What::Rows { from, before, by, gone }).await
            }
            Change::Purge { before, before_ms, by } => self.purge(before, *before_ms, by).await,
        }
    }

    async fn add_rejects(&mut self, id: &TransferId, rejects: &[Reject]) -> Result<()> {
        let date = book_date::of_transfer(self.session, id).await?;
        let mut rest = rejects;
        while !rest.is_empty() {
            let (some, more) = rest.split_at(batch(rest));
            rest = more;
            let mut text =
                "INSERT INTO rejects (book_date, transfer, record, ordinal, byte_offset, field, field_at, code, detail, \
                            hex) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                    .to_owned();
            text.push_str(&", (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)".repeat(some.len() - 1));
            let mut insert = Statement::built(text);
            for reject in some {
                let Reject { record, ordinal, offset, field, at, code, detail, hex } = reject;
                insert.values.extend([
                    Value::Int(date),
                    Value::from(&id.0),
                    rows::int(*record)?.into(),
                    rows::int(*ordinal)?.into(),
                    rows::int(*offset)?.into(),
                    field.into(),
                    (*at).into(),
                    (*code).into(),
                    detail.into(),
                    hex.into(),
                ]);
            }
            self.session.execute(insert).await?;
        }
        Ok(())
    }
}

/// How many of the first rejects one INSERT takes: at least one.
fn batch(rejects: &[Reject]) -> usize {
    let mut bytes = 0;
    let fits = |reject: &&Reject| {
        bytes += reject.field.len() + reject.detail.len() + reject.hex.len();
        bytes <= BYTES_PER_INSERT
    };
    rejects.iter().take(REJECTS_PER_INSERT).take_while(fits).count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_insert_is_bounded_by_rows_and_by_bytes() {
        let reject = |bytes: usize| Reject {
            record: 1,
            ordinal: 1,
            offset: 0,
            field: String::new(),
            at: 1,
            code: 2001,
            detail: "x".repeat(bytes),
            hex: String::new(),
        };
        assert_eq!(batch(&vec![reject(100); 2000]), 500);
        assert_eq!(batch(&vec![reject(300_000); 20]), 3);
        assert_eq!(batch(&[reject(BYTES_PER_INSERT + 1), reject(1)]), 1);
    }
}
