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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Class;
    use crate::ledger::Ledger;
    use crate::ledger::change::{NewNotice, NewTransfer};
    use crate::ledger::sqlite::SqliteLedger;
    use crate::ledger::transfer::{Facts, Verdict};
    use fpp_codecs::Code;
    use std::time::Duration;

    fn id(n: u32) -> TransferId {
        TransferId(format!("{n:026}"))
    }

    fn arrive(n: u32) -> Change {
        let text = || format!("{n}");
        let (route, spool, name, arrival_key) = (text(), text(), text(), text());
        Change::Arrive(NewTransfer { id: id(n), route, spool, name, arrival_key, facts: Facts::default() })
    }

    fn event(n: u32, event: FileEvent) -> Change {
        Change::Move { id: id(n), event, facts: Box::default(), by: None }
    }

    #[tokio::test]
    async fn a_delayed_commit_holds_back_every_later_number() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let ledger = SqliteLedger::open(&path).await.unwrap();
        for n in [1, 2] {
            ledger.apply(None, 0, &[arrive(n), event(n, FileEvent::Claim)]).await.unwrap();
        }
        let reject = |n| [event(n, FileEvent::Judge(Verdict::Rejected))];
        // Another node, with a connection of its own.
        let other = SqliteLedger::open(&path).await.unwrap();
        let mut slow = ledger.write().await.unwrap();
        let first = apply(&mut slow, None, 0, &reject(1)).await.unwrap();
        let mut later = tokio::spawn(async move { other.apply(None, 0, &reject(2)).await });
        assert!(tokio::time::timeout(Duration::from_millis(50), &mut later).await.is_err(), "it waits");
        assert!(ledger.publications(0, 10).await.unwrap().is_empty());
        slow.end(Ok(())).await.unwrap();
        let second = later.await.unwrap().unwrap();
        assert_eq!((first.publication, second.publication), (Some(1), Some(2)));
    }

    #[tokio::test]
    async fn a_full_disk_is_tried_again_and_leaves_whole_books() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = SqliteLedger::open(&folder.path().join("ledger.db")).await.unwrap();
        let mut tx = ledger.write().await.unwrap();
        // The setting belongs to this connection, as a full disk belongs to all.
        sqlx::query("PRAGMA max_page_count = 1").execute(&mut *tx).await.unwrap();
        tx.end(Ok(())).await.unwrap();
        let long = NewNotice {
            severity: "warn".into(),
            topic: "held".into(),
            subject: "x".into(),
            code: 0,
            text: "x".repeat(100_000),
        };
        let changes = [arrive(1), Change::Raise(long)];
        let error = ledger.apply(None, 0, &changes).await.unwrap_err();
        assert_eq!((error.code, error.class), (Code::LEDGER, Class::Retry), "{error}");
        assert!(error.to_string().contains("full"), "{error}");
        assert_eq!(ledger.transfer(&id(1)).await.unwrap(), None);
        ledger.apply(None, 0, &changes).await.unwrap();
        assert_eq!(ledger.verify(None).await.unwrap().broken, None);
    }
}
