//! Purging: finished transfers of past business dates leave the books, and `verify` still proves the rest.
//!
//! What goes: a finished transfer with its journal, rejects, deliveries, dead letters and leases. What stays: its identity and its
//! arrival key (D1), the seals with the heads they hold, and for each chain that went its last head. These heads stand
//! under a digest in the journal of purges, which is a chain like any other and sealed like any other: so who deletes a
//! transfer by hand cannot call it purged.
//!
//! Invariants: a published transfer goes only when all published before it are gone, so that a reader of the stream who
//! comes too late finds a gap and not a hole; nothing goes whose delivery is under way or held, nor what is not sealed
//! yet where seals are made. One batch is one transaction, so writers and readers get their turn.
//!
//! Where journal and rejects are partitioned by business date, a batch leaves the rows of past dates where they are, and
//! takes only their heads: the engine drops the partitions whole (`strays.rs`).

use super::apply::Apply;
use super::rows::{int, read_transfer, transfer_columns};
use super::session::{Statement, Value, sql};
use super::{append, book_date, locks, strays};
use crate::error::{Error, Result};
use crate::ledger::chain::heads_digest;
use crate::ledger::delivery::DeliveryId;
use crate::ledger::fold::{PURGES, What, delivery_subject, transfer_subject};
use crate::ledger::transfer::Transfer;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Transfers in one batch, and the rejects that it deletes, unless a single one has more: a batch takes seconds at most.
const BATCH: usize = 200;
const REJECTS_PER_BATCH: u64 = 20_000;
/// Rows in one INSERT.
const ROWS_PER_INSERT: usize = 250;
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

/// The last row of a chain, as it stands before it goes.
struct Head {
    subject: String,
    n: u64,
    hash: String,
    unsealed: bool,
    /// Under which date its rows stand.
    date: i64,
}

/// What is known about the transfers of a batch.
struct Chains {
    /// Deliveries of each transfer; `None` for one that is under way or held.
    deliveries: HashMap<String, Vec<Option<String>>>,
    heads: HashMap<String, Head>,
    sealing: bool,
}

impl Chains {
    /// The chains that go with a transfer; nothing when it must stay: a delivery is under way or held, or a chain is not
    /// sealed yet.
    fn of(&self, transfer: &Transfer) -> Option<Vec<String>> {
        let mut chains = vec![transfer_subject(&transfer.id)];
        for delivery in self.deliveries.get(&transfer.id.0).into_iter().flatten() {
            chains.push(delivery_subject(&DeliveryId(delivery.clone()?)));
        }
        let open = |chain| self.heads.get(chain).is_some_and(|head| head.unsealed);
        if self.sealing && chains.iter().any(open) { None } else { Some(chains) }
    }

    fn date(&self, transfer: &Transfer) -> i64 {
        self.heads.get(&transfer_subject(&transfer.id)).map_or(0, |head| head.date)
    }
}

impl Apply<'_> {
    /// Purges one batch; counts the transfers that went.
    pub(super) async fn purge(&mut self, before: &str, before_ms: i64, by: &str) -> Result<()> {
        let old = Old { before, before_ms };
        // One purge at a time.
        let purged = sql("SELECT value FROM counters WHERE name = 'purged'").locking();
        let purged: u64 = self.session.one(purged).await?.get(0)?;
        let candidates = self.candidates(&old, purged).await?;
        let mut known = self.chains_of(&candidates).await?;
        let left_before = book_date::dropped_before(self.session, self.now_ms);
        let (mut going, mut subjects, mut rejects) = (Vec::new(), Vec::new(), 0);
        for transfer in candidates {
            let date = known.date(&transfer);
            if !is_left(date, left_before) {
                rejects += transfer.facts.rejected.unwrap_or(0);
            }
            if rejects > REJECTS_PER_BATCH && !going.is_empty() {
                break;
            }
            match known.of(&transfer) {
                Some(chains) => {
                    subjects.extend(chains);
                    going.push((transfer, date));
                }
                // The published ones go in order.
                None if transfer.publication.is_some() => break,
                None => {}
            }
        }
        if going.is_empty() {
            return self.forget_keys().await;
        }
        let missing = |subject: &String| Error::internal(format!("the ledger has no head of {subject}"));
        let mut heads = Vec::new();
        for subject in &subjects {
            heads.push(known.heads.remove(subject).ok_or_else(|| missing(subject))?);
        }
        heads.sort_by(|a, b| a.subject.cmp(&b.subject));
        self.take_away(&going, heads, left_before, (before, by)).await
    }

    /// Takes transfers and their chains away, and writes down what went.
    async fn take_away(
        &mut self,
        going: &[(Transfer, i64)],
        heads: Vec<Head>,
        left_before: i64,
        (before, by): (&str, &str),
    ) -> Result<()> {
        let number = int(self.next_purge().await?)?;
        let row =
            |head: &Head| Ok(vec![(&head.subject).into(), int(head.n)?.into(), (&head.hash).into(), number.into()]);
        self.insert("purged (subject, n, hash, purge_n)", heads.iter().map(row).collect::<Result<_>>()?).await?;
        let row = |(transfer, _): &(Transfer, i64)| vec![(&transfer.arrival_key).into(), self.now_ms.into()];
        let keys = going.iter().map(row).collect();
        self.insert("purged_arrivals (arrival_key, at_ms)", keys).await?;
        let subjects: Vec<&String> = heads.iter().map(|head| &head.subject).collect();
        for (table, column) in [("heads", "subject"), ("leases", "lease_key")] {
            self.delete(table, column, &subjects).await?;
        }
        let chains = heads.iter().map(|head| (head.date, head.subject.clone()));
        self.delete_or_leave("journal", "subject", chains.collect(), left_before).await?;
        let transfers = going.iter().map(|(transfer, date)| (*date, transfer.id.0.clone()));
        self.delete_or_leave("rejects", "transfer", transfers.collect(), left_before).await?;
        let ids: Vec<&String> = going.iter().map(|(transfer, _)| &transfer.id.0).collect();
        for (table, column) in [("dead_letters", "transfer"), ("deliveries", "transfer"), ("transfers", "id")] {
            self.delete(table, column, &ids).await?;
        }
        let publication = going.iter().filter_map(|(transfer, _)| transfer.publication).max();
        if let Some(newest) = publication {
            self.session.execute(sql("UPDATE counters SET value = ? WHERE name = 'purged'").bind(int(newest)?)).await?;
        }
        self.applied.purged += ids.len() as u64;
        let (before, by, transfers) = (before.to_owned(), by.to_owned(), ids.len() as u64);
        let heads: Vec<_> = heads.into_iter().map(|head| (head.subject, head.n, head.hash)).collect();
        let what = What::Purge { before, transfers, publication, heads: heads_digest(&heads), by };
        append::append(self.session, PURGES, self.now_ms, self.fence.as_ref(), what, None).await
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
        let most = int(BATCH as u64)?;
        let published = self.session.rows(sql(PUBLISHED).bind(int(purged)?).bind(most)).await?;
        let published: Vec<Transfer> = published.iter().map(read_transfer).collect::<Result<_>>()?;
        let mut candidates: Vec<Transfer> = published.into_iter().take_while(|transfer| old.is(transfer)).collect();
        if candidates.is_empty() {
            let dated = sql(DATED).bind(old.before).bind(old.before_ms).bind(most);
            let dated = self.session.rows(dated).await?;
            candidates = dated.iter().map(read_transfer).collect::<Result<_>>()?;
            candidates.retain(|transfer| old.is(transfer));
        }
        // A finished transfer never changes again; its deliveries may be seen taken.
        let ids: BTreeSet<String> = candidates.iter().map(|transfer| transfer.id.0.clone()).collect();
        locks::lock_all(&mut *self.session, "transfers", &ids).await?;
        Ok(candidates)
    }

    /// The deliveries and heads of transfers, locked.
    async fn chains_of(&mut self, transfers: &[Transfer]) -> Result<Chains> {
        let mut known = Chains { deliveries: HashMap::new(), heads: HashMap::new(), sealing: false };
        if transfers.is_empty() {
            return Ok(known);
        }
        known.sealing = self.session.row(sql("SELECT 1 FROM seals LIMIT 1")).await?.is_some();
        let mut subjects: Vec<String> = transfers.iter().map(|transfer| transfer_subject(&transfer.id)).collect();
        let ids = transfers.iter().map(|transfer| &transfer.id.0);
        let select = among("SELECT id, transfer, state FROM deliveries WHERE transfer IN", ids, "transfer, id");
        for row in self.session.rows(select).await? {
            let (id, transfer, state): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            subjects.push(delivery_subject(&DeliveryId(id.clone())));
            let done = matches!(state.as_str(), "Delivered" | "Taken");
            known.deliveries.entry(transfer).or_default().push(done.then_some(id));
        }
        subjects.sort();
        let select = among(
            "SELECT subject, n, hash, unsealed, book_date FROM heads WHERE subject IN",
            subjects.iter(),
            "subject",
        );
        for row in self.session.rows(select).await? {
            let subject: String = row.get(0)?;
            let (n, hash, unsealed, date) = (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
            known.heads.insert(subject.clone(), Head { subject, n, hash, unsealed, date });
        }
        Ok(known)
    }

    async fn insert(&mut self, into: &str, rows: Vec<Vec<Value>>) -> Result<()> {
        for some in rows.chunks(ROWS_PER_INSERT) {
            let places = format!("({})", vec!["?"; some.first().map_or(0, Vec::len)].join(", "));
            let text = format!("INSERT INTO {into} VALUES {}", vec![places; some.len()].join(", "));
            self.session.execute(Statement { values: some.concat(), ..Statement::built(text) }).await?;
        }
        Ok(())
    }

    /// Deletes rows by their date and key, or marks the date where they are left to the engine.
    async fn delete_or_leave(
        &mut self,
        table: &str,
        column: &str,
        rows: Vec<(i64, String)>,
        left_before: i64,
    ) -> Result<()> {
        let mut by_date: BTreeMap<i64, Vec<String>> = BTreeMap::new();
        for (date, key) in rows {
            by_date.entry(date).or_default().push(key);
        }
        for (date, keys) in by_date {
            if is_left(date, left_before) {
                strays::mark(&mut *self.session, date).await?;
            } else {
                strays::delete(&mut *self.session, table, column, date, keys).await?;
            }
        }
        Ok(())
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

fn is_left(date: i64, left_before: i64) -> bool {
    date > 0 && date < left_before
}

/// Reads the rows that have one of these keys, locked, in this order.
fn among<'k>(select: &str, keys: impl Iterator<Item = &'k String>, order: &str) -> Statement {
    let values: Vec<Value> = keys.map(Value::from).collect();
    let places = vec!["?"; values.len()].join(", ");
    Statement { values, locking: true, ..Statement::built(format!("{select} ({places}) ORDER BY {order}")) }
}
