//! The ledger in one SQLite file.
//!
//! Invariants: one writer connection, whose every transaction begins IMMEDIATE, so what it reads before it writes is
//! still true when it commits; WAL and `synchronous=FULL`, so a commit that returned survives power loss. Nothing here
//! relies on what MySQL and OceanBase lack (no RETURNING, no partial index, no time function, no REAL).
//!
//! It decides nothing about states: `fold.rs` does, and `verify` holds every row against it.

mod append;
mod apply;
mod desk;
mod fault;
mod finding;
mod lease;
mod moves;
mod open;
mod reads;
mod rows;
mod schema;
mod seal;
mod send;
mod verify;
mod walk;
mod writer;

use crate::error::{Error, Result};
use crate::ledger::Ledger;
use crate::ledger::change::{Applied, Change, Fence, JournalRow, Notice, Reject, Seal, VerifyReport};
use crate::ledger::delivery::{Delivery, DeliveryId};
use crate::ledger::lease::{Lease, LeaseKey};
use crate::ledger::transfer::{Identity, Transfer, TransferId, TransferQuery};
use async_trait::async_trait;
use fpp_codecs::Code;
use sqlx::SqlitePool;
use writer::{Write, Writer};

/// A ledger in one SQLite file.
pub struct SqliteLedger {
    /// Names the file in errors.
    place: String,
    /// One connection; none when opened for reading only.
    writer: Option<Writer>,
    /// A few connections that can only read.
    readers: SqlitePool,
}

impl SqliteLedger {
    /// Begins a transaction that holds the write lock from its first statement on.
    async fn write(&self) -> Result<Write<'_>> {
        let Some(writer) = &self.writer else {
            return Err(Error::halt(Code::LEDGER, format!("{} was opened for reading only", self.place))
                .hint("Commands that change something go to the running node."));
        };
        writer.begin().await
    }

    /// Closes all connections; what was committed stays. A ledger that is dropped without it is as safe.
    pub async fn close(&self) {
        self.readers.close().await;
        if let Some(writer) = &self.writer {
            writer.close().await;
        }
    }
}

#[async_trait]
impl Ledger for SqliteLedger {
    async fn apply(&self, fence: Option<&Fence>, now_ms: i64, changes: &[Change]) -> Result<Applied> {
        let mut tx = self.write().await?;
        let applied = apply::apply(&mut tx, fence, now_ms, changes).await;
        tx.end(applied).await
    }

    async fn lease(&self, key: &LeaseKey) -> Result<Option<Lease>> {
        lease::get(&mut *self.read().await?, key).await
    }

    async fn take_lease(&self, key: &LeaseKey, holder: &str, seen: Option<&Lease>) -> Result<Option<Lease>> {
        let mut tx = self.write().await?;
        let taken = lease::take(&mut tx, key, holder, seen).await;
        tx.end(taken).await
    }

    async fn beat(&self, lease: &Lease) -> Result<Lease> {
        let mut tx = self.write().await?;
        let beaten = lease::beat(&mut tx, lease).await;
        tx.end(beaten).await
    }

    async fn release_lease(&self, lease: &Lease) -> Result<()> {
        let mut tx = self.write().await?;
        let released = lease::release(&mut tx, lease).await;
        tx.end(released).await
    }

    async fn transfer(&self, id: &TransferId) -> Result<Option<Transfer>> {
        rows::transfer(&mut *self.read().await?, id).await
    }

    async fn transfer_by_arrival(&self, arrival_key: &str) -> Result<Option<Transfer>> {
        reads::transfer_by_arrival(&mut *self.read().await?, arrival_key).await
    }

    async fn transfers(&self, query: &TransferQuery) -> Result<Vec<Transfer>> {
        reads::transfers(&mut *self.read().await?, query).await
    }

    async fn due_transfers(&self, now_ms: i64, limit: u32) -> Result<Vec<Transfer>> {
        reads::due_transfers(&mut *self.read().await?, now_ms, limit).await
    }

    async fn by_batch(&self, identity: &Identity) -> Result<Vec<Transfer>> {
        reads::by_batch(&mut *self.read().await?, identity).await
    }

    async fn arrivals_of_day(&self, route: &str, business_date: &str) -> Result<u32> {
        reads::arrivals_of_day(&mut *self.read().await?, route, business_date).await
    }

    async fn rejects(&self, id: &TransferId, after_record: u64, limit: u32) -> Result<Vec<Reject>> {
        rows::rejects(&mut *self.read().await?, id, after_record, limit).await
    }

    async fn journal(&self, subject: &str) -> Result<Vec<JournalRow>> {
        reads::journal(&mut *self.read().await?, subject).await
    }

    async fn publications(&self, after: u64, limit: u32) -> Result<Vec<Transfer>> {
        reads::publications(&mut *self.read().await?, after, limit).await
    }

    async fn last_publication(&self) -> Result<u64> {
        reads::last_publication(&mut *self.read().await?).await
    }

    async fn delivery(&self, id: &DeliveryId) -> Result<Option<Delivery>> {
        rows::delivery(&mut *self.read().await?, id).await
    }

    async fn delivery_named(&self, spool: &str, name: &str) -> Result<Option<Delivery>> {
        reads::delivery_named(&mut *self.read().await?, spool, name).await
    }

    async fn deliveries(&self, of: Option<&TransferId>, limit: u32) -> Result<Vec<Delivery>> {
        reads::deliveries(&mut *self.read().await?, of, limit).await
    }

    async fn due_deliveries(&self, now_ms: i64, limit: u32) -> Result<Vec<Delivery>> {
        reads::due_deliveries(&mut *self.read().await?, now_ms, limit).await
    }

    async fn untaken_deliveries(&self, limit: u32) -> Result<Vec<Delivery>> {
        reads::untaken_deliveries(&mut *self.read().await?, limit).await
    }

    async fn notices(&self, all: bool, limit: u32) -> Result<Vec<Notice>> {
        desk::notices(&mut *self.read().await?, all, limit).await
    }

    async fn days(&self, route: &str) -> Result<Vec<(String, bool)>> {
        desk::days(&mut *self.read().await?, route).await
    }

    async fn counts(&self) -> Result<Vec<(String, String, Option<String>, u64)>> {
        reads::counts(&mut *self.read().await?).await
    }

    async fn seal(&self, now_ms: i64, key: &[u8]) -> Result<u64> {
        let mut sealed = 0;
        loop {
            // One seal holds a bounded number of heads and is its own commit, so other writers get their turn.
            let mut tx = self.write().await?;
            let heads = seal::seal(&mut tx, now_ms, key).await;
            let heads = tx.end(heads).await?;
            sealed += heads;
            if heads < seal::HEADS_PER_SEAL {
                return Ok(sealed);
            }
        }
    }

    async fn seals(&self, after: u64, limit: u32) -> Result<Vec<Seal>> {
        seal::seals(&mut *self.read().await?, after, limit).await
    }

    async fn verify(&self, key: Option<&[u8]>) -> Result<VerifyReport> {
        verify::verify(&self.readers, key).await
    }
}
