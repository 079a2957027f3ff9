//! The walk over all chains: hashes, fold, and the row that the fold must equal.
//!
//! Journal rows are read in pages, each in its own read transaction. The row of a chain is compared in the transaction
//! that saw the chain end, so a node that writes meanwhile causes no false finding.

use super::finding::{Stop, broken};
use super::rows::{delivery_queue, read_delivery, read_transfer, transfer_queue};
use super::{desk, fault, reads, rows};
use crate::ledger::chain::{RejectsDigest, RejectsHasher, row_hash};
use crate::ledger::change::{JournalRow, VerifyReport};
use crate::ledger::delivery::Delivery;
use crate::ledger::difference::{delivery_difference, transfer_difference};
use crate::ledger::fold::{Entry, Folded};
use crate::ledger::transfer::{Transfer, TransferId, Verdict};
use sqlx::{Connection, Row, SqliteConnection};

const ROWS_PER_PAGE: usize = 1000;
const REJECTS_PER_PAGE: u32 = 1000;

/// A walk under way.
pub(super) struct Walk<'a> {
    connection: &'a mut SqliteConnection,
    report: &'a mut VerifyReport,
}

/// The chain that is being walked.
#[derive(Default)]
struct Chain {
    subject: String,
    n: u64,
    hash: String,
    folded: Folded,
}

impl<'a> Walk<'a> {
    pub(super) fn new(connection: &'a mut SqliteConnection, report: &'a mut VerifyReport) -> Walk<'a> {
        Walk { connection, report }
    }

    /// Walks every chain in order of its subject.
    pub(super) async fn chains(&mut self) -> Result<(), Stop> {
        let mut chain = Chain::default();
        loop {
            let mut tx = self.connection.begin().await?;
            let page = sqlx::query(
                "SELECT subject, n, at_ms, entry, previous, hash FROM journal WHERE (subject, n) > (?, ?) \
                 ORDER BY subject, n LIMIT ?",
            )
            .bind(&chain.subject)
            .bind(rows::int(chain.n)?)
            .bind(ROWS_PER_PAGE as i64)
            .fetch_all(&mut *tx)
            .await?;
            for row in &page {
                let row = reads::read_journal(row)?;
                if row.subject != chain.subject {
                    finish(&mut tx, &chain, self.report).await?;
                    chain = Chain { subject: row.subject.clone(), ..Chain::default() };
                }
                chain.take(&row)?;
                self.report.rows += 1;
            }
            if page.len() < ROWS_PER_PAGE {
                finish(&mut tx, &chain, self.report).await?;
                return Ok(());
            }
            tx.commit().await?;
        }
    }
}

impl Chain {
    fn take(&mut self, row: &JournalRow) -> Result<(), Stop> {
        let (subject, n) = (&row.subject, row.n);
        if n != self.n + 1 {
            return broken(format!("journal {subject} {}: it is missing", self.n + 1));
        }
        if row.previous != self.hash {
            return broken(format!("journal {subject} {n}: it does not follow row {}", self.n));
        }
        if row_hash(subject, n, row.at_ms, &row.entry, &row.previous) != row.hash {
            return broken(format!("journal {subject} {n}: its content does not have its hash"));
        }
        let taken = Entry::read(&row.entry).and_then(|entry| self.folded.take(subject, row.at_ms, &entry.what));
        if let Err(why) = taken {
            return broken(format!("journal {subject} {n}: {why}"));
        }
        self.n = n;
        self.hash.clone_from(&row.hash);
        Ok(())
    }
}

/// Compares what the chain says with what stands in the tables.
async fn finish(connection: &mut SqliteConnection, chain: &Chain, report: &mut VerifyReport) -> Result<(), Stop> {
    let Chain { subject, n, hash, folded } = chain;
    if *folded == Folded::Nothing {
        return Ok(());
    }
    // The head first: a journal row that is gone is named itself, not by what the row then seems to be.
    let head = sqlx::query(
        "SELECT n, hash, COALESCE((SELECT MAX(s.n) FROM seal_heads s WHERE s.subject = h.subject), 0) \
         FROM heads h WHERE subject = ?",
    )
    .bind(subject)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(head) = head else { return broken(format!("heads {subject}: it is missing")) };
    let (head_n, head_hash, sealed): (i64, String, i64) = (head.try_get(0)?, head.try_get(1)?, head.try_get(2)?);
    if head_n.unsigned_abs() > *n {
        return broken(format!("journal {subject} {}: it is missing, the head names row {head_n}", n + 1));
    }
    if head_n.unsigned_abs() != *n || head_hash != *hash {
        return broken(format!("heads {subject}: it is not the last row of its journal, which is row {n}"));
    }
    match folded {
        Folded::Nothing => {}
        Folded::Transfer(fold, rejects) => transfer(connection, fold, rejects.as_ref()).await?,
        Folded::Delivery(fold) => delivery(connection, fold).await?,
        Folded::Days(fold) => {
            let route = subject.strip_prefix("day:").unwrap_or(subject);
            let stands = desk::days(&mut *connection, route).await?;
            if !stands.iter().map(|(date, open)| (date, open)).eq(fold.iter()) {
                return broken(format!("days {route}: the dates differ from their journal"));
            }
        }
    }
    report.chains += 1;
    report.unsealed += n.saturating_sub(sealed.unsigned_abs());
    Ok(())
}

async fn transfer(
    connection: &mut SqliteConnection,
    fold: &Transfer,
    said: Option<&RejectsDigest>,
) -> Result<(), Stop> {
    let id = &fold.id;
    let row = sqlx::query(
        "SELECT *, EXISTS (SELECT 1 FROM rejects r WHERE r.transfer = t.id) AS has_rejects FROM transfers t \
         WHERE id = ?",
    )
    .bind(&id.0)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return broken(format!("transfers {id}: it is missing, its journal is there")) };
    let stands = read_transfer(&row)?;
    if let Some(what) = transfer_difference(&stands, fold) {
        return broken(format!("transfers {id}: {what}"));
    }
    let identity = fold.facts.identity.as_ref();
    let columns: (Option<String>, Option<String>, Option<u32>, Option<u32>, i64) = (
        row.try_get("sha256")?,
        row.try_get("business_date")?,
        row.try_get("batch")?,
        row.try_get("run")?,
        row.try_get("queue")?,
    );
    let expected = (
        fold.facts.sha256.clone(),
        identity.map(|identity| identity.business_date.clone()),
        identity.map(|identity| identity.batch),
        identity.map(|identity| identity.run),
        transfer_queue(fold),
    );
    if columns != expected {
        return broken(format!("transfers {id}: the columns for queries are {columns:?}, its facts say {expected:?}"));
    }
    if matches!(fold.verdict, Some(Verdict::Accepted | Verdict::Partly)) {
        identity_is_taken(&mut *connection, fold).await?;
    }
    let has_rejects: bool = row.try_get("has_rejects")?;
    if has_rejects || said.is_some() {
        rejects(connection, id, said).await?;
    }
    Ok(())
}

async fn identity_is_taken(connection: &mut SqliteConnection, fold: &Transfer) -> Result<(), Stop> {
    let Some(identity) = &fold.facts.identity else { return Ok(()) };
    let taken =
        sqlx::query("SELECT transfer FROM identities WHERE route = ? AND business_date = ? AND batch = ? AND run = ?")
            .bind(&identity.route)
            .bind(&identity.business_date)
            .bind(identity.batch)
            .bind(identity.run)
            .fetch_optional(connection)
            .await?;
    match taken {
        Some(_) => Ok(()),
        None => broken(format!("identities: the one of accepted transfer {} is missing", fold.id)),
    }
}

async fn rejects(connection: &mut SqliteConnection, id: &TransferId, said: Option<&RejectsDigest>) -> Result<(), Stop> {
    let mut hasher = RejectsHasher::default();
    let mut after = 0;
    loop {
        let page = rows::rejects(&mut *connection, id, after, REJECTS_PER_PAGE).await?;
        hasher.add(&page)?;
        match page.last() {
            Some(last) => after = last.record,
            None => break,
        }
    }
    let (stands, said) = (hasher.finish().unwrap_or_default(), said.cloned().unwrap_or_default());
    if stands.count != said.count {
        return broken(format!("rejects {id}: {} stand, the journal says {}", stands.count, said.count));
    }
    if stands != said {
        return broken(format!("rejects {id}: their content differs from the digest in the journal"));
    }
    Ok(())
}

async fn delivery(connection: &mut SqliteConnection, fold: &Delivery) -> Result<(), Stop> {
    let id = &fold.id;
    let row = sqlx::query("SELECT * FROM deliveries WHERE id = ?").bind(&id.0).fetch_optional(connection).await?;
    let Some(row) = row else { return broken(format!("deliveries {id}: it is missing, its journal is there")) };
    if let Some(what) = delivery_difference(&read_delivery(&row)?, fold) {
        return broken(format!("deliveries {id}: {what}"));
    }
    let queue: i64 = row.try_get("queue").map_err(fault::of)?;
    if queue != delivery_queue(fold) {
        return broken(format!("deliveries {id}: queue is {queue}, its state says {}", delivery_queue(fold)));
    }
    Ok(())
}
