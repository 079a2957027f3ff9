//! Purging: finished transfers of past business dates leave the books, and `verify` still proves the rest.
//!
//! What goes: a finished transfer with its journal, rejects, deliveries and leases. What stays: its identity and its
//! arrival key (D1), the seals with the heads they hold, and for each chain that went its last head. These heads stand
//! under a digest in the journal of purges, which is a chain like any other and sealed like any other: so who deletes a
//! transfer by hand cannot call it purged.
//!
//! Invariants: a published transfer goes only when all published before it are gone, so that a reader of the stream who
//! comes too late finds a gap and not a hole; nothing goes whose delivery is under way or held, nor what is not sealed
//! yet where seals are made. One batch is one transaction, so writers and readers get their turn.

use super::apply::Apply;
use super::rows::{int, read_transfer, transfer_columns};
use super::session::{Statement, Value, sql};
use super::{append, locks};
use crate::error::Result;
use crate::ledger::chain::heads_digest;
use crate::ledger::delivery::DeliveryId;
use crate::ledger::fold::{PURGES, What, delivery_subject, transfer_subject};
use crate::ledger::transfer::Transfer;
use std::collections::BTreeSet;

/// Transfers in one batch, and their rejects, unless a single one has more: a batch takes seconds at most.
const BATCH: u32 = 50;
const REJECTS_PER_BATCH: u64 = 20_000;
/// Identities and arrival keys are kept for so long (D1).
const KEPT_MS: i64 = 400 * 24 * 3_600_000;

/// Which transfers are old enough.
struct Old<'a> {
    /// Business dates before this one.
    before: &'a str,
    /// Without a business date: arrived before this time.
    before_ms: i64,
}

impl Old<'_> {
    fn is(&self, transfer: &Transfer) -> bool {
        transfer.standing().is_terminal()
            && match &transfer.facts.identity {
                Some(identity) => identity.business_date.as_str() < self.before,
                None => transfer.arrived_ms < self.before_ms,
            }
    }
}

impl Apply<'_> {
    /// Purges one batch; counts the transfers that went.
    pub(super) async fn purge(&mut self, before: &str, before_ms: i64, by: &str) -> Result<()> {
        let old = Old { before, before_ms };
        // One purge at a time.
        let purged = sql("SELECT value FROM counters WHERE name = 'purged'").locking();
        let purged: u64 = self.session.one(purged).await?.get(0)?;
        let (mut going, mut rejects) = (Vec::new(), 0);
        for transfer in self.candidates(&old, purged).await? {
            rejects += transfer.facts.rejected.unwrap_or(0);
            if rejects > REJECTS_PER_BATCH && !going.is_empty() {
                break;
            }
            match self.chains_of(&transfer).await? {
                Some(chains) => going.push((transfer, chains)),
                // The published ones go in order.
                None if transfer.publication.is_some() => break,
                None => {}
            }
        }
        if going.is_empty() {
            return self.forget_keys().await;
        }
        let heads = self.heads(going.iter().flat_map(|(_, chains)| chains).cloned().collect()).await?;
        let number = self.next_purge().await?;
        for (subject, n, hash) in &heads {
            let keep = sql("INSERT INTO purged (subject, n, hash, purge_n) VALUES (?, ?, ?, ?)");
            self.session.execute(keep.bind(subject).bind(int(*n)?).bind(hash).bind(int(number)?)).await?;
        }
        let subjects: Vec<&String> = heads.iter().map(|(subject, ..)| subject).collect();
        for (table, column) in [("journal", "subject"), ("heads", "subject"), ("leases", "lease_key")] {
            self.delete(table, column, &subjects).await?;
        }
        for (transfer, _) in &going {
            let keep = sql("INSERT INTO purged_arrivals (arrival_key, at_ms) VALUES (?, ?)");
            self.session.execute(keep.bind(&transfer.arrival_key).bind(self.now_ms)).await?;
        }
        let ids: Vec<&String> = going.iter().map(|(transfer, _)| &transfer.id.0).collect();
        for (table, column) in [("rejects", "transfer"), ("deliveries", "transfer"), ("transfers", "id")] {
            self.delete(table, column, &ids).await?;
        }
        let publication = going.iter().filter_map(|(transfer, _)| transfer.publication).max();
        if let Some(newest) = publication {
            self.session.execute(sql("UPDATE counters SET value = ? WHERE name = 'purged'").bind(int(newest)?)).await?;
        }
        self.applied.purged += ids.len() as u64;
        let (before, by, transfers) = (before.to_owned(), by.to_owned(), ids.len() as u64);
        let what = What::Purge { before, transfers, publication, heads: heads_digest(&heads), by };
        append::append(self.session, PURGES, self.now_ms, self.fence.as_ref(), what).await
    }

    /// Finished and old: the next published ones in order, until one must stay, and those that never were published.
    async fn candidates(&mut self, old: &Old<'_>, purged: u64) -> Result<Vec<Transfer>> {
        const PUBLISHED: &str = concat!(
            "SELECT ",
            transfer_columns!(),
            " FROM transfers WHERE publication > ? ORDER BY publication LIMIT ?"
        );
        const DATED: &str = concat!(
            "SELECT ",
            transfer_columns!(),
            " FROM transfers WHERE publication IS NULL AND queue = 0 AND (closed = 1 OR state = 'Archived') \
             AND (business_date < ? OR (business_date IS NULL AND arrived_ms < ?)) ORDER BY id LIMIT ?"
        );
        let published = self.session.rows(sql(PUBLISHED).bind(int(purged)?).bind(BATCH)).await?;
        let published: Vec<Transfer> = published.iter().map(read_transfer).collect::<Result<_>>()?;
        let mut candidates: Vec<Transfer> = published.into_iter().take_while(|transfer| old.is(transfer)).collect();
        if candidates.is_empty() {
            let dated = sql(DATED).bind(old.before).bind(old.before_ms).bind(BATCH);
            let dated = self.session.rows(dated).await?;
            candidates = dated.iter().map(read_transfer).collect::<Result<_>>()?;
            candidates.retain(|transfer| old.is(transfer));
        }
        // A finished transfer never changes again; its deliveries may be seen taken.
        let ids: BTreeSet<String> = candidates.iter().map(|transfer| transfer.id.0.clone()).collect();
        locks::lock_all(&mut *self.session, "transfers", &ids).await?;
        Ok(candidates)
    }

    /// The chains that go with a transfer; nothing when it must stay: a delivery is under way or held, or a chain is not
    /// sealed yet.
    async fn chains_of(&mut self, transfer: &Transfer) -> Result<Option<Vec<String>>> {
        let select = sql("SELECT id, state FROM deliveries WHERE transfer = ? ORDER BY id").bind(&transfer.id.0);
        let mut chains = vec![transfer_subject(&transfer.id)];
        for row in self.session.rows(select.locking()).await? {
            let (id, state): (String, String) = (row.get(0)?, row.get(1)?);
            if !matches!(state.as_str(), "Delivered" | "Taken") {
                return Ok(None);
            }
            chains.push(delivery_subject(&DeliveryId(id)));
        }
        for chain in &chains {
            let unsealed = sql("SELECT unsealed FROM heads WHERE subject = ? AND EXISTS (SELECT 1 FROM seals)");
            let head = self.session.row(unsealed.bind(chain)).await?;
            if head.map(|row| row.get::<bool>(0)).transpose()?.unwrap_or(false) {
                return Ok(None);
            }
        }
        Ok(Some(chains))
    }

    /// The last rows of chains, in order of their subject.
    async fn heads(&mut self, mut subjects: Vec<String>) -> Result<Vec<(String, u64, String)>> {
        subjects.sort();
        let mut heads = Vec::new();
        for subject in subjects {
            let select = sql("SELECT n, hash FROM heads WHERE subject = ?").bind(&subject).locking();
            let row = self.session.one(select).await?;
            heads.push((subject, row.get(0)?, row.get(1)?));
        }
        Ok(heads)
    }

    /// The number of this batch: its row in the journal of purges.
    async fn next_purge(&mut self) -> Result<u64> {
        let head = self.session.row(sql("SELECT n FROM heads WHERE subject = ?").bind(PURGES).locking()).await?;
        Ok(head.map(|row| row.get::<u64>(0)).transpose()?.unwrap_or(0) + 1)
    }

    async fn delete(&mut self, table: &str, column: &str, keys: &[&String]) -> Result<()> {
        let places = vec!["?"; keys.len()].join(", ");
        let mut delete = Statement::built(format!("DELETE FROM {table} WHERE {column} IN ({places})"));
        delete.values.extend(keys.iter().map(|key| Value::from(*key)));
        self.session.execute(delete).await.map(drop)
    }

    /// At the end of a purge: keys that were kept long enough, of transfers that are gone.
    async fn forget_keys(&mut self) -> Result<()> {
        let until = self.now_ms.saturating_sub(KEPT_MS);
        let identities = sql("DELETE FROM identities WHERE decided_ms < ? AND NOT EXISTS \
                              (SELECT 1 FROM transfers t WHERE t.id = identities.transfer)");
        self.session.execute(identities.bind(until)).await?;
        self.session.execute(sql("DELETE FROM purged_arrivals WHERE at_ms < ?").bind(until)).await?;
        self.session.execute(sql("DELETE FROM told WHERE is_open = 0 AND at_ms < ?").bind(until)).await?;
        Ok(())
    }
}
