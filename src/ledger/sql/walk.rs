//! The walk over all chains: hashes, fold, and the row that the fold must equal.
//!
//! Journal rows are read in pages, each in its own read transaction. The row of a chain is compared in the transaction
//! that saw the chain end, so a node that writes meanwhile causes no false finding.

use super::finding::{Stop, broken};
use super::rows::{delivery_open_key, delivery_queue, read_delivery, read_transfer, transfer_queue};
use super::session::{Engine, Row, Session, Statement, sql};
use super::{asks, book_date, desk, pauses, postings, purge_proof, reads, rows};
use crate::ledger::chain::{RejectsDigest, RejectsHasher, row_hash};
use crate::ledger::change::{JournalRow, VerifyReport};
use crate::ledger::delivery::{Delivery, Purpose};
use crate::ledger::difference::{delivery_difference, transfer_difference};
use crate::ledger::fold::{Entry, Folded};
use crate::ledger::transfer::{Transfer, TransferId, Verdict};
use std::collections::BTreeSet;

const ROWS_PER_PAGE: usize = 1000;
const REJECTS_PER_PAGE: u32 = 1000;

/// The chain that is being walked.
#[derive(Default)]
struct Chain {
    subject: String,
    n: u64,
    hash: String,
    folded: Folded,
}

/// Walks every chain, date by date where an engine has partitions, and in order of its subject.
pub(super) async fn chains(engine: &dyn Engine, report: &mut VerifyReport) -> Result<(), Stop> {
    let dates = book_date::all(&mut *engine.read().await?, "journal", engine.is_partitioned()).await?;
    for date in dates {
        chains_of(engine, date, report).await?;
    }
    Ok(())
}

async fn chains_of(engine: &dyn Engine, date: Option<i64>, report: &mut VerifyReport) -> Result<(), Stop> {
    let mut chain = Chain::default();
    loop {
        let mut session = engine.snapshot().await?;
        let page = page(&mut *session, date, &chain).await?;
        for row in &page {
            let row = reads::read_journal(row)?;
            if row.subject != chain.subject {
                finish(&mut *session, &chain, report).await?;
                chain = Chain { subject: row.subject.clone(), ..Chain::default() };
            }
            chain.take(&row)?;
            report.rows += 1;
        }
        if page.len() < ROWS_PER_PAGE {
            return finish(&mut *session, &chain, report).await;
        }
    }
}

/// The journal's next rows: first of the chain that is being walked, then of those behind it. They are two statements,
/// because not every engine finds the place of a pair (subject, n) in its index.
async fn page(session: &mut dyn Session, date: Option<i64>, chain: &Chain) -> Result<Vec<Row>, Stop> {
    let limit = rows::int(ROWS_PER_PAGE as u64)?;
    let (dated, values) = book_date::condition(date);
    let journal = |rest: &str| {
        let text = format!("SELECT subject, n, at_ms, entry, previous, hash FROM journal WHERE {dated}{rest}");
        Statement { values: values.clone(), ..Statement::built(text) }
    };
    let rest = journal("subject = ? AND n > ? ORDER BY n LIMIT ?");
    let mut page = session.rows(rest.bind(&chain.subject).bind(rows::int(chain.n)?).bind(limit)).await?;
    if page.len() < ROWS_PER_PAGE {
        let behind = journal("subject > ? ORDER BY subject, n LIMIT ?");
        let more = limit - rows::int(page.len() as u64)?;
        page.extend(session.rows(behind.bind(&chain.subject).bind(more)).await?);
    }
    Ok(page)
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
async fn finish(session: &mut dyn Session, chain: &Chain, report: &mut VerifyReport) -> Result<(), Stop> {
    let Chain { subject, n, hash, folded } = chain;
    if *folded == Folded::Nothing {
        return Ok(());
    }
    // The head first: a journal row that is gone is named itself, not by what the row then seems to be.
    let select = sql("SELECT n, hash, COALESCE((SELECT MAX(s.n) FROM seal_heads s WHERE s.subject = h.subject), 0) \
                      FROM heads h WHERE subject = ?");
    let head = session.row(select.bind(subject)).await?;
    let Some(head) = head else { return purged(session, chain).await };
    let (head_n, head_hash, sealed): (u64, String, u64) = (head.get(0)?, head.get(1)?, head.get(2)?);
    if head_n > *n {
        return broken(format!("journal {subject} {}: it is missing, the head names row {head_n}", n + 1));
    }
    if head_n != *n || head_hash != *hash {
        return broken(format!("heads {subject}: it is not the last row of its journal, which is row {n}"));
    }
    match folded {
        Folded::Nothing | Folded::Outlet => {}
        Folded::Transfer(fold, rejects) => transfer(session, fold, rejects.as_ref()).await?,
        Folded::Delivery(fold, dead) => delivery(session, fold, dead).await?,
        Folded::Days(fold) => {
            let route = subject.strip_prefix("day:").unwrap_or(subject);
            let stands = desk::days(&mut *session, route).await?;
            if !stands.iter().map(|(date, open)| (date, open)).eq(fold.iter()) {
                return broken(format!("days {route}: the dates differ from their journal"));
            }
        }
        Folded::Pauses(fold) => {
            let stands = pauses::pauses(&mut *session).await?;
            let stands: Vec<_> = stands.iter().map(|p| (&p.switch, (p.since_ms, p.by.as_str()))).collect();
            if !fold.iter().map(|(switch, (at, by))| (switch, (*at, by.as_str()))).eq(stands) {
                return broken("pauses: what is paused differs from its journal");
            }
        }
        Folded::Ask(fold) => match asks::ask(&mut *session, &fold.id).await? {
            Some(stands) if stands == **fold => {}
            Some(_) => return broken(format!("asks {}: it differs from its journal", fold.id)),
            None => return broken(format!("asks {}: it is missing, its journal is there", fold.id)),
        },
        Folded::Purges(newest) => purge_proof::newest(session, *newest).await?,
    }
    report.chains += 1;
    report.unsealed += n.saturating_sub(sealed);
    Ok(())
}

/// A chain without a head was purged, and lies there until its partition is dropped; or somebody took the head away.
async fn purged(session: &mut dyn Session, chain: &Chain) -> Result<(), Stop> {
    let Chain { subject, n, hash, .. } = chain;
    let last = session.row(sql("SELECT n, hash FROM purged WHERE subject = ?").bind(subject)).await?;
    match last {
        Some(last) if last.get::<u64>(0)? == *n && last.get::<String>(1)? == *hash => Ok(()),
        _ => broken(format!("heads {subject}: it is missing")),
    }
}

async fn transfer(session: &mut dyn Session, fold: &Transfer, said: Option<&RejectsDigest>) -> Result<(), Stop> {
    let id = &fold.id;
    let select = sql("SELECT t.*, EXISTS (SELECT 1 FROM rejects r WHERE r.transfer = t.id) AS has_rejects \
                      FROM transfers t WHERE id = ?");
    let row = session.row(select.bind(&id.0)).await?;
    let Some(row) = row else { return broken(format!("transfers {id}: it is missing, its journal is there")) };
    let stands = read_transfer(&row)?;
    if let Some(what) = transfer_difference(&stands, fold) {
        return broken(format!("transfers {id}: {what}"));
    }
    let identity = fold.facts.identity.as_ref();
    let columns: (Option<String>, Option<String>, Option<u32>, Option<u32>, i64) =
        (row.get("sha256")?, row.get("business_date")?, row.get("batch")?, row.get("run")?, row.get("queue")?);
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
        identity_is_taken(&mut *session, fold).await?;
    }
    let has_rejects: bool = row.get("has_rejects")?;
    if has_rejects || said.is_some() {
        rejects(session, id, said).await?;
    }
    Ok(())
}

async fn identity_is_taken(session: &mut dyn Session, fold: &Transfer) -> Result<(), Stop> {
    let Some(identity) = &fold.facts.identity else { return Ok(()) };
    let select = sql("SELECT transfer FROM identities WHERE route = ? AND business_date = ? AND batch = ? AND run = ?");
    let select = select.bind(&identity.route).bind(&identity.business_date).bind(identity.batch).bind(identity.run);
    let taken = session.row(select).await?;
    match taken {
        Some(_) => Ok(()),
        None => broken(format!("identities: the one of accepted transfer {} is missing", fold.id)),
    }
}

async fn rejects(session: &mut dyn Session, id: &TransferId, said: Option<&RejectsDigest>) -> Result<(), Stop> {
    let mut hasher = RejectsHasher::default();
    let mut after = 0;
    loop {
        let page = rows::rejects(&mut *session, id, after, REJECTS_PER_PAGE).await?;
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

async fn delivery(session: &mut dyn Session, fold: &Delivery, dead: &BTreeSet<u64>) -> Result<(), Stop> {
    let id = &fold.id;
    let row = session.row(sql("SELECT * FROM deliveries WHERE id = ?").bind(&id.0)).await?;
    let Some(row) = row else { return broken(format!("deliveries {id}: it is missing, its journal is there")) };
    if let Some(what) = delivery_difference(&read_delivery(&row)?, fold) {
        return broken(format!("deliveries {id}: {what}"));
    }
    let queue: i64 = row.get("queue")?;
    if queue != delivery_queue(fold) {
        return broken(format!("deliveries {id}: queue is {queue}, its state says {}", delivery_queue(fold)));
    }
    if row.get::<Option<String>>("open_key")? != delivery_open_key(fold) {
        return broken(format!("deliveries {id}: the key that keeps its name is not the one that its state asks for"));
    }
    if fold.purpose == Purpose::Posting && postings::dead_records(&mut *session, id).await? != *dead {
        return broken(format!("dead_letters of delivery {id}: they are not those that its journal has"));
    }
    Ok(())
}
