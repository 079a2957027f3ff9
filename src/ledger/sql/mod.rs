//! The books in SQL: one body of statements for every engine.
//!
//! An engine (`sqlite/`, `mysql/`) gives sessions and transactions (`session.rs`), makes the tables, and says what its
//! faults mean; every statement of the books stands here, in what the engines have in common (no RETURNING, no upsert,
//! no partial index, no time function, no REAL).
//!
//! Invariants: what an `apply` reads before it writes is still true when it commits, because SQLite keeps every other
//! writer away and elsewhere each such row is locked (`locks.rs`) or guarded by a unique key; what was undone for
//! another's sake is done again here (`tries.rs`). It decides nothing about states: `fold/` does, and `verify` holds
//! every row against it.

mod append;
mod apply;
mod asks;
pub(crate) mod book_date;
mod consumers;
mod copy;
pub(crate) mod desk;
pub(super) mod fault;
mod finding;
mod lease;
mod locks;
mod moves;
mod nodes;
pub(crate) mod of_day;
mod pauses;
mod postings;
mod purge;
mod purge_proof;
pub(crate) mod reads;
mod rows;
mod seal;
mod send;
pub mod session;
mod strays;
mod told;
mod tries;
mod verify;
pub(crate) mod version;
mod walk;

use crate::error::Result;
use crate::ledger::Ledger;
use crate::ledger::change::{Applied, Change, DaysAhead, Fence, JournalRow, Notice, Reject, Seal, Told, VerifyReport};
use crate::ledger::consumer::Consumer;
use crate::ledger::delivery::{DeadLetter, Delivery, DeliveryId};
use crate::ledger::desk::{Ask, AskId, Pause};
use crate::ledger::lease::{Lease, LeaseKey};
use crate::ledger::node::NodeRow;
use crate::ledger::transfer::{Identity, Transfer, TransferId, TransferQuery};
use async_trait::async_trait;
use session::Engine;
use tries::Tries;

/// A ledger in a database.
pub struct SqlLedger<E> {
    engine: E,
}

impl<E: Engine> SqlLedger<E> {
    /// The books that the engine keeps; their tables are there.
    pub(crate) fn new(engine: E) -> SqlLedger<E> {
        SqlLedger { engine }
    }

    /// The engine.
    #[cfg(test)]
    pub(crate) fn engine(&self) -> &E {
        &self.engine
    }

    /// Copies all books, as they stand now, into an empty ledger, and proves the copy: returns what `verify` found there.
    /// A ledger that is not whole is refused by whoever opens it.
    pub async fn copy_into<T: Engine>(&self, to: &SqlLedger<T>, key: Option<&[u8]>) -> Result<VerifyReport> {
        copy::copy(&self.engine, &to.engine).await?;
        let report = to.verify(key).await?;
        if report.broken.is_none() {
            copy::finish(&to.engine).await?;
        }
        Ok(report)
    }

    /// Closes all connections; what was committed stays. A ledger that is dropped without it is as safe.
    pub async fn close(&self) {
        self.engine.close().await;
    }
}

/// Does a piece of work in a transaction, again if another transaction stood in its way.
macro_rules! write {
    ($ledger:expr, $session:ident => $work:expr) => {{
        let mut tries = Tries::new();
        loop {
            let mut transaction = $ledger.engine.write().await?;
            let done = {
                let $session = &mut *transaction;
                $work.await
            };
            if let Some(result) = tries.end(transaction, done).await {
                break result;
            }
        }
    }};
}

#[async_trait]
impl<E: Engine> Ledger for SqlLedger<E> {
    async fn apply(&self, fence: Option<&Fence>, now_ms: i64, changes: &[Change]) -> Result<Applied> {
        write!(self, session => apply::apply(session, fence, now_ms, changes))
    }

    async fn lease(&self, key: &LeaseKey) -> Result<Option<Lease>> {
        lease::get(&mut *self.engine.read().await?, key).await
    }

    async fn take_lease(&self, key: &LeaseKey, holder: &str, seen: Option<&Lease>) -> Result<Option<Lease>> {
        write!(self, session => lease::take(session, key, holder, seen))
    }

    async fn beat(&self, lease: &Lease) -> Result<Lease> {
        write!(self, session => lease::beat(session, lease))
    }

    async fn release_lease(&self, lease: &Lease) -> Result<()> {
        write!(self, session => lease::release(session, lease))
    }

    async fn transfer(&self, id: &TransferId) -> Result<Option<Transfer>> {
        rows::transfer(&mut *self.engine.read().await?, id).await
    }

    async fn transfer_by_arrival(&self, arrival_key: &str) -> Result<Option<Transfer>> {
        reads::transfer_by_arrival(&mut *self.engine.read().await?, arrival_key).await
    }

    async fn transfers(&self, query: &TransferQuery) -> Result<Vec<Transfer>> {
        reads::transfers(&mut *self.engine.read().await?, query).await
    }

    async fn due_transfers(&self, now_ms: i64, limit: u32) -> Result<Vec<Transfer>> {
        reads::due_transfers(&mut *self.engine.read().await?, now_ms, &[], limit).await
    }
    async fn due_transfers_besides(&self, now_ms: i64, besides: &[String], limit: u32) -> Result<Vec<Transfer>> {
        reads::due_transfers(&mut *self.engine.read().await?, now_ms, besides, limit).await
    }

    async fn by_batch(&self, identity: &Identity) -> Result<Vec<Transfer>> {
        reads::by_batch(&mut *self.engine.read().await?, identity).await
    }

    async fn arrivals_of_day(&self, route: &str, business_date: &str) -> Result<u32> {
        of_day::arrivals(&mut *self.engine.read().await?, route, business_date).await
    }

    async fn batches(&self, route: &str, business_date: &str, span: (u32, u32)) -> Result<Vec<u32>> {
        of_day::batches(&mut *self.engine.read().await?, route, business_date, span).await
    }

    async fn purged_batches(&self, route: &str, business_date: &str) -> Result<Vec<u32>> {
        of_day::purged_batches(&mut *self.engine.read().await?, route, business_date).await
    }

    async fn posted_before(&self, route: &str, business_date: &str, batch: u32) -> Result<Option<u32>> {
        of_day::posted_before(&mut *self.engine.read().await?, route, business_date, batch).await
    }

    async fn posted_after(&self, route: &str, business_date: &str, batch: u32) -> Result<Option<u32>> {
        of_day::posted_after(&mut *self.engine.read().await?, route, business_date, batch).await
    }

    async fn rejects(&self, id: &TransferId, after_record: u64, limit: u32) -> Result<Vec<Reject>> {
        rows::rejects(&mut *self.engine.read().await?, id, after_record, limit).await
    }

    async fn journal(&self, subject: &str) -> Result<Vec<JournalRow>> {
        reads::journal(&mut *self.engine.read().await?, subject).await
    }

    async fn publications(&self, after: u64, limit: u32) -> Result<Vec<Transfer>> {
        reads::publications(&mut *self.engine.read().await?, after, limit).await
    }

    async fn last_publication(&self) -> Result<u64> {
        reads::last_publication(&mut *self.engine.read().await?).await
    }

    async fn first_publication_of(&self, business_date: &str) -> Result<Option<u64>> {
        reads::first_publication_of(&mut *self.engine.read().await?, business_date).await
    }

    async fn delivery(&self, id: &DeliveryId) -> Result<Option<Delivery>> {
        rows::delivery(&mut *self.engine.read().await?, id).await
    }

    async fn delivery_named(&self, spool: &str, name: &str) -> Result<Option<Delivery>> {
        reads::delivery_named(&mut *self.engine.read().await?, spool, name).await
    }

    async fn deliveries(&self, of: Option<&TransferId>, limit: u32) -> Result<Vec<Delivery>> {
        reads::deliveries(&mut *self.engine.read().await?, of, limit).await
    }

    async fn deliveries_of(&self, of: &[TransferId]) -> Result<Vec<Delivery>> {
        reads::deliveries_of_all(&mut *self.engine.read().await?, of).await
    }

    async fn due_deliveries(&self, now_ms: i64, limit: u32) -> Result<Vec<Delivery>> {
        reads::due_deliveries(&mut *self.engine.read().await?, now_ms, &[], limit).await
    }
    async fn due_deliveries_besides(&self, now_ms: i64, besides: &[String], limit: u32) -> Result<Vec<Delivery>> {
        reads::due_deliveries(&mut *self.engine.read().await?, now_ms, besides, limit).await
    }

    async fn next_postings(&self, outlet: &str) -> Result<Vec<Delivery>> {
        postings::next(&mut *self.engine.read().await?, outlet).await
    }

    async fn open_postings(&self, outlet: &str, after: Option<&DeliveryId>, limit: u32) -> Result<Vec<Delivery>> {
        postings::open(&mut *self.engine.read().await?, outlet, after, limit).await
    }

    async fn posting_outlets(&self) -> Result<Vec<String>> {
        postings::outlets(&mut *self.engine.read().await?).await
    }

    async fn dead_letters(
        &self,
        outlet: Option<&str>,
        after: Option<(&DeliveryId, u64)>,
        due: bool,
        limit: u32,
    ) -> Result<Vec<DeadLetter>> {
        postings::dead_letters(&mut *self.engine.read().await?, outlet, after, due, limit).await
    }

    async fn debts(&self, limit: u32) -> Result<Vec<Delivery>> {
        postings::debts(&mut *self.engine.read().await?, limit).await
    }

    async fn consumer(&self, name: &str) -> Result<Option<Consumer>> {
        consumers::consumer(&mut *self.engine.read().await?, name).await
    }

    async fn consumers(&self) -> Result<Vec<Consumer>> {
        consumers::consumers(&mut *self.engine.read().await?).await
    }

    async fn untaken_deliveries(&self, after: Option<&Delivery>, limit: u32) -> Result<Vec<Delivery>> {
        reads::untaken_deliveries(&mut *self.engine.read().await?, after, limit).await
    }

    async fn unfinished_deliveries(&self, limit: u32) -> Result<Vec<Delivery>> {
        reads::unfinished_deliveries(&mut *self.engine.read().await?, limit).await
    }

    async fn open_deliveries(&self, spool: &str, after: Option<&DeliveryId>, limit: u32) -> Result<Vec<Delivery>> {
        reads::open_deliveries(&mut *self.engine.read().await?, spool, after, limit).await
    }

    async fn held_deliveries(
        &self,
        spool: &str,
        since_ms: i64,
        after: Option<&DeliveryId>,
        limit: u32,
    ) -> Result<Vec<Delivery>> {
        reads::held_deliveries(&mut *self.engine.read().await?, spool, since_ms, after, limit).await
    }

    async fn taken_deliveries(&self, spool: &str, from_ms: i64, until_ms: i64, limit: u32) -> Result<Vec<Delivery>> {
        reads::taken_deliveries(&mut *self.engine.read().await?, spool, from_ms, until_ms, limit).await
    }

    async fn pauses(&self) -> Result<Vec<Pause>> {
        pauses::pauses(&mut *self.engine.read().await?).await
    }

    async fn ask(&self, id: &AskId) -> Result<Option<Ask>> {
        asks::ask(&mut *self.engine.read().await?, id).await
    }

    async fn asks(&self, all: bool, limit: u32) -> Result<Vec<Ask>> {
        asks::asks(&mut *self.engine.read().await?, all, limit).await
    }

    async fn notices(&self, all: bool, limit: u32) -> Result<Vec<Notice>> {
        desk::notices(&mut *self.engine.read().await?, all, limit).await
    }

    async fn open_notices(&self, after: i64, limit: u32) -> Result<Vec<Notice>> {
        desk::open_notices(&mut *self.engine.read().await?, after, limit).await
    }

    async fn told(&self, prefix: &str, open: bool, limit: u32) -> Result<Vec<Told>> {
        told::told(&mut *self.engine.read().await?, prefix, open, limit).await
    }

    async fn days(&self, route: &str) -> Result<Vec<(String, bool)>> {
        desk::days(&mut *self.engine.read().await?, route).await
    }

    async fn counts(&self) -> Result<Vec<(String, String, Option<String>, u64)>> {
        reads::counts(&mut *self.engine.read().await?).await
    }

    async fn report_node(&self, fence: &Fence, node: &NodeRow) -> Result<()> {
        write!(self, session => nodes::report(session, fence, node))
    }

    async fn nodes(&self) -> Result<Vec<NodeRow>> {
        nodes::nodes(&mut *self.engine.read().await?).await
    }

    async fn seal(&self, fence: Option<&Fence>, now_ms: i64, key: &[u8]) -> Result<u64> {
        let mut sealed = 0;
        loop {
            // One seal holds a bounded number of heads and is its own commit, so other writers get their turn.
            let heads = write!(self, session => seal::seal(session, fence, now_ms, key))?;
            sealed += heads;
            if heads < seal::HEADS_PER_SEAL {
                return Ok(sealed);
            }
        }
    }

    async fn seals(&self, after: u64, limit: u32) -> Result<Vec<Seal>> {
        seal::seals(&mut *self.engine.read().await?, after, limit).await
    }

    async fn make_days(&self, now_ms: i64) -> Result<Option<DaysAhead>> {
        self.engine.make_days(now_ms).await
    }

    async fn drop_days(&self, before: &str, now_ms: i64) -> Result<u64> {
        if !self.engine.is_partitioned() {
            return Ok(0);
        }
        let before = before.parse().map(book_date::number).unwrap_or(0);
        let before = before.min(book_date::number(book_date::day(now_ms, -book_date::DROPPED_AFTER_DAYS)));
        let dropped = self.engine.drop_days(before).await?;
        for date in strays::marked(&self.engine).await? {
            while write!(self, session => strays::sweep(session, date))?.purged > 0 {}
        }
        Ok(dropped)
    }

    async fn verify(&self, key: Option<&[u8]>) -> Result<VerifyReport> {
        verify::verify(&self.engine, key).await
    }
}
