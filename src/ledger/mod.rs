//! The books: every transfer, delivery, reject and notice, and who holds the lease on each.
//!
//! Contract: [`Ledger`], an all-or-nothing [`Ledger::apply`] of [`Change`]s under a [`Fence`], and reads. Engines stand
//! beside it (`sqlite/`; `mysql/` for MariaDB, MySQL and OceanBase) over one body of SQL (`sql/`). What the books hold is pure types
//! (`transfer.rs`, `delivery.rs`, `change.rs`): states and legal moves are decided there, never in an engine. What a
//! journal entry says, what a row is after it (`fold/`) and what is hashed (`chain.rs`) are the same for all engines.
//!
//! Invariants: a state moves only by `next()`; a stale epoch is refused by the ledger itself (I5); every move is a row
//! of its subject's hash chain in the same transaction (I7); nothing per record is stored except rejects.

pub mod chain;
pub mod change;
pub mod consumer;
pub mod delivery;
pub mod desk;
pub mod difference;
pub mod fold;
pub mod lease;
pub mod mysql;
pub mod node;
pub mod pages;
pub mod sql;
pub mod sqlite;
pub mod standing;
pub mod transfer;
pub mod verbs;

use crate::error::Error;
use async_trait::async_trait;
use change::{Applied, Change, DaysAhead, Fence, JournalRow, Notice, Reject, Seal, Told, VerifyReport};
use consumer::Consumer;
use delivery::{DeadLetter, Delivery, DeliveryId, DeliveryState, Purpose};
use desk::{Ask, AskId, Pause};
use lease::{Lease, LeaseKey};
use node::NodeRow;
use transfer::{Identity, Transfer, TransferId, TransferQuery};

/// What every ledger engine does. All times are UTC milliseconds given by the caller (D21).
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Writes all changes or none. With a fence, refuses (FPP9003, nothing written) when the lease's epoch or holder
    /// is no longer the one named. Each change is journalled in its subject's chain.
    ///
    /// An error of class *retry* leaves open whether the changes stand: the answer to the commit may be lost. Who tries
    /// again reads first; a move that was made is not legal once more, an arrival or a plan is known.
    async fn apply(&self, fence: Option<&Fence>, now_ms: i64, changes: &[Change]) -> Result<Applied, Error>;

    /// The lease row as it stands, whoever holds it. The observer's clock decides whether it is dead (D23).
    async fn lease(&self, key: &LeaseKey) -> Result<Option<Lease>, Error>;
    /// Takes a lease by compare-and-set: succeeds only if the row still is `seen` (none: no row). Epoch grows by one.
    async fn take_lease(&self, key: &LeaseKey, holder: &str, seen: Option<&Lease>) -> Result<Option<Lease>, Error>;
    /// Raises the beat; refused (FPP9003) when the epoch is stale.
    async fn beat(&self, lease: &Lease) -> Result<Lease, Error>;
    /// Gives a lease back so that anyone may take it at once; a stale epoch is ignored.
    async fn release_lease(&self, lease: &Lease) -> Result<(), Error>;

    /// Writes what a node says of itself, under the lease of its name (`node::lease_of`); refused (FPP9003) when that is
    /// stale. It is no journal: the newest words stand.
    async fn report_node(&self, fence: &Fence, node: &NodeRow) -> Result<(), Error>;
    /// The nodes that said something in the last thirty days, by name.
    async fn nodes(&self) -> Result<Vec<NodeRow>, Error>;

    /// One transfer.
    async fn transfer(&self, id: &TransferId) -> Result<Option<Transfer>, Error>;
    /// The transfer that this arrival already became, if it did.
    async fn transfer_by_arrival(&self, arrival_key: &str) -> Result<Option<Transfer>, Error>;
    /// Newest first. Those that are Held are those that need a person: not what was closed by one.
    async fn transfers(&self, query: &TransferQuery) -> Result<Vec<Transfer>, Error>;
    /// Transfers with work to do now: state not terminal, not held, `next_attempt_ms <= now_ms`, and nothing about them
    /// paused: not their route, nor, where the next step touches it, their spool. The one that is due longest comes first. Its cost does not grow with finished transfers.
    async fn due_transfers(&self, now_ms: i64, limit: u32) -> Result<Vec<Transfer>, Error>;
    /// The same without what is in some spools.
    async fn due_transfers_besides(&self, now_ms: i64, besides: &[String], limit: u32) -> Result<Vec<Transfer>, Error> {
        let due = self.due_transfers(now_ms, u32::MAX).await?.into_iter();
        Ok(due.filter(|row| !besides.contains(&row.spool)).take(limit as usize).collect())
    }
    /// Transfers of this identity's batch, whatever their run: those accepted (also in part), and those on the way that
    /// are not rejected; oldest first. A resend is a higher run (D8).
    async fn by_batch(&self, identity: &Identity) -> Result<Vec<Transfer>, Error>;
    /// Number of transfers of a route that arrived for a business date, for routes that count batches (D1).
    async fn arrivals_of_day(&self, route: &str, business_date: &str) -> Result<u32, Error>;
    /// Which of a span of batches, first and last, came for a business date, ascending: of which a file stands that is not
    /// refused, or whose files were purged.
    async fn batches(&self, route: &str, business_date: &str, span: (u32, u32)) -> Result<Vec<u32>, Error>;
    /// Batches of a business date that were accepted, and whose files were purged since, ascending; as long as their identities
    /// are kept. None where nothing is ever purged.
    async fn purged_batches(&self, _route: &str, _business_date: &str) -> Result<Vec<u32>, Error> {
        Ok(Vec::new())
    }
    /// The last batch of a business date before this one whose events are out, be its files there or purged.
    async fn posted_before(&self, route: &str, business_date: &str, batch: u32) -> Result<Option<u32>, Error>;
    /// The first batch of a business date after this one whose events are out.
    async fn posted_after(&self, route: &str, business_date: &str, batch: u32) -> Result<Option<u32>, Error>;
    /// Rejects of a transfer in record order, after a record number.
    async fn rejects(&self, id: &TransferId, after_record: u64, limit: u32) -> Result<Vec<Reject>, Error>;
    /// The journal of a transfer (`transfer:<id>`), a delivery (`delivery:<id>`), a route's business dates (`day:<route>`),
    /// a request (`ask:<id>`), an outlet's rows (`outlet:<name>`), the pauses (`pauses`) or the purges (`purges`), oldest first. `fold::Entry` reads an entry.
    async fn journal(&self, subject: &str) -> Result<Vec<JournalRow>, Error>;

    /// Transfers by publication number, ascending, after one (D11). The numbers have no gap; what was purged is missing at
    /// the beginning.
    async fn publications(&self, after: u64, limit: u32) -> Result<Vec<Transfer>, Error>;
    /// The newest publication number, 0 when there is none.
    async fn last_publication(&self) -> Result<u64, Error>;
    /// The first publication of a file of this business date or of a later one; nothing if there is none yet.
    async fn first_publication_of(&self, business_date: &str) -> Result<Option<u64>, Error>;

    /// One delivery.
    async fn delivery(&self, id: &DeliveryId) -> Result<Option<Delivery>, Error>;
    /// The delivery that has this name in this spool; the newest, when the name came round after it was taken.
    async fn delivery_named(&self, spool: &str, name: &str) -> Result<Option<Delivery>, Error>;
    /// Deliveries of a transfer, oldest first; of all transfers (newest first) without one.
    async fn deliveries(&self, of: Option<&TransferId>, limit: u32) -> Result<Vec<Delivery>, Error>;
    /// Deliveries of several transfers, in no order; for who walks over many.
    async fn deliveries_of(&self, of: &[TransferId]) -> Result<Vec<Delivery>, Error>;
    /// Files and commands with work to do now, oldest first; without those whose route, spool or outlet is paused.
    async fn due_deliveries(&self, now_ms: i64, limit: u32) -> Result<Vec<Delivery>, Error>;
    /// The same without what is in some spools: whose places are all taken hides nobody else's files, however many wait.
    async fn due_deliveries_besides(
        &self,
        now_ms: i64,
        besides: &[String],
        limit: u32,
    ) -> Result<Vec<Delivery>, Error> {
        let due = self.due_deliveries(now_ms, u32::MAX).await?.into_iter();
        Ok(due.filter(|row| !besides.contains(&row.spool)).take(limit as usize).collect())
    }
    /// Of each route the posting to an outlet whose turn it is, if its time has come: those that an answer waits for before
    /// those that are pushed for the first time or were deferred, and these before what is pushed again; each in the order of the
    /// publications. Without those whose route or outlet is paused; held ones are passed.
    async fn next_postings(&self, outlet: &str) -> Result<Vec<Delivery>, Error>;
    /// Postings to an outlet that are not there, held ones too, in the order of their planning, behind one of them where
    /// one is named.
    async fn open_postings(&self, outlet: &str, after: Option<&DeliveryId>, limit: u32)
    -> Result<Vec<Delivery>, Error>;
    /// Outlets into which postings are not there, held ones too, and those that have dead letters, by name.
    async fn posting_outlets(&self) -> Result<Vec<String>, Error>;
    /// Dead letters, oldest posting first, behind one of them where one is named; of all outlets without one. With `due`
    /// those alone that a person had pushed once more, without those whose route or outlet is paused.
    async fn dead_letters(
        &self,
        outlet: Option<&str>,
        after: Option<(&DeliveryId, u64)>,
        due: bool,
        limit: u32,
    ) -> Result<Vec<DeadLetter>, Error>;
    /// Deliveries that a person deferred and that are still due, oldest first.
    async fn debts(&self, limit: u32) -> Result<Vec<Delivery>, Error>;
    /// A named consumer of the stream.
    async fn consumer(&self, name: &str) -> Result<Option<Consumer>, Error>;
    /// Named consumers by name.
    async fn consumers(&self) -> Result<Vec<Consumer>, Error>;
    /// Deliveries that are delivered but not yet seen taken, for the watch over partners' folders (D15).
    /// In the order of their delivery, behind one of them where one is named.
    async fn untaken_deliveries(&self, after: Option<&Delivery>, limit: u32) -> Result<Vec<Delivery>, Error>;

    /// Files and commands that are not delivered and not held, whether due or paused.
    async fn unfinished_deliveries(&self, limit: u32) -> Result<Vec<Delivery>, Error>;
    /// Files and commands of a spool that are not delivered and not held, in the order of their planning, behind one of them
    /// where one is named.
    async fn open_deliveries(
        &self,
        spool: &str,
        after: Option<&DeliveryId>,
        limit: u32,
    ) -> Result<Vec<Delivery>, Error> {
        let mut all = self.deliveries(None, u32::MAX).await?;
        all.reverse();
        let is_open = |d: &Delivery| matches!(d.state, DeliveryState::Planned | DeliveryState::Proven);
        let behind = |d: &Delivery| after.is_none_or(|after| d.id.0 > after.0);
        let meant = |d: &Delivery| d.spool == spool && d.purpose != Purpose::Posting && is_open(d) && behind(d);
        Ok(all.into_iter().filter(|d| meant(d)).take(limit as usize).collect())
    }
    /// Files and commands of a spool that are held since a time, in the order of their planning, behind one of them where one
    /// is named.
    async fn held_deliveries(
        &self,
        spool: &str,
        since_ms: i64,
        after: Option<&DeliveryId>,
        limit: u32,
    ) -> Result<Vec<Delivery>, Error> {
        let mut all = self.deliveries(None, u32::MAX).await?;
        all.reverse();
        let is_held = |d: &Delivery| d.state == DeliveryState::Held && d.purpose != Purpose::Posting;
        let behind = |d: &Delivery| after.is_none_or(|after| d.id.0 > after.0);
        let meant = |d: &Delivery| d.spool == spool && d.updated_ms >= since_ms && is_held(d) && behind(d);
        Ok(all.into_iter().filter(|d| meant(d)).take(limit as usize).collect())
    }
    /// Deliveries that a partner took, delivered into this spool from one time until before another; oldest first.
    async fn taken_deliveries(
        &self,
        spool: &str,
        from_ms: i64,
        until_ms: i64,
        limit: u32,
    ) -> Result<Vec<Delivery>, Error>;

    /// What is paused, by kind and name.
    async fn pauses(&self) -> Result<Vec<Pause>, Error>;
    /// One request.
    async fn ask(&self, id: &AskId) -> Result<Option<Ask>, Error>;
    /// Requests, newest first; only those that are open unless `all`.
    async fn asks(&self, all: bool, limit: u32) -> Result<Vec<Ask>, Error>;

    /// Notices, newest first; only those nobody has acknowledged unless `all`.
    async fn notices(&self, all: bool, limit: u32) -> Result<Vec<Notice>, Error>;
    /// Notices that nobody has acknowledged, oldest first by their ids, behind one of them.
    async fn open_notices(&self, after: i64, limit: u32) -> Result<Vec<Notice>, Error>;
    /// What was told once under keys that begin so, in order of the keys; with `open` only what is not over.
    async fn told(&self, prefix: &str, open: bool, limit: u32) -> Result<Vec<Told>, Error>;
    /// Business dates that the core has opened or closed for a route (D4), with `true` for open.
    async fn days(&self, route: &str) -> Result<Vec<(String, bool)>, Error>;

    /// Counts by (route, state, verdict), for `status`; what is held and closed by a person has the state `Closed`.
    async fn counts(&self) -> Result<Vec<(String, String, Option<String>, u64)>, Error>;

    /// Makes room for the days ahead where journal and rejects are partitioned by business date, and says for how many
    /// there is; nothing elsewhere. Nodes call it now and then; what a date has no room for stands under no date.
    async fn make_days(&self, now_ms: i64) -> Result<Option<DaysAhead>, Error>;
    /// After a purge: drops whole days of which nothing is left, and removes what is left of others; returns how many
    /// days were dropped. Only days before the date and well past are looked at.
    async fn drop_days(&self, before: &str, now_ms: i64) -> Result<u64, Error>;

    /// Adds the chain heads that changed since the last seal to the seal chain (D22); returns how many. With a fence, a
    /// stale holder is refused, as at `apply`.
    async fn seal(&self, fence: Option<&Fence>, now_ms: i64, key: &[u8]) -> Result<u64, Error>;
    /// Seals after a number, ascending: what an auditor keeps elsewhere.
    async fn seals(&self, after: u64, limit: u32) -> Result<Vec<Seal>, Error>;
    /// Walks every chain and the seals; names the first row that does not fit and says what is not sealed yet.
    async fn verify(&self, key: Option<&[u8]>) -> Result<VerifyReport, Error>;
}
