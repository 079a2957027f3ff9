//! Changes of transfers: arrive, move, park.

use super::apply::Apply;
use super::rows::{int, json_of, name_of, transfer_queue};
use super::session::sql;
use super::{append, book_date, rows, version};
use crate::error::{Error, Result};
use crate::ledger::chain::RejectsDigest;
use crate::ledger::change::NewTransfer;
use crate::ledger::fold::{self, What, transfer_subject};
use crate::ledger::transfer::{Facts, FileEvent, FileState, Identity, Transfer, TransferId, Verdict};
use fpp_codecs::Code;

impl Apply<'_> {
    /// Books an arrival once.
    pub(super) async fn arrive(&mut self, new: &NewTransfer) -> Result<()> {
        // Two nodes that book it at once clash on its key; the later one looks again and finds it.
        let known =
            self.session.row(sql("SELECT id FROM transfers WHERE arrival_key = ?").bind(&new.arrival_key)).await?;
        if known.is_some() {
            return Ok(());
        }
        // A file that still lies in its spool is not taken up again because its transfer was purged.
        let purged = sql("SELECT at_ms FROM purged_arrivals WHERE arrival_key = ?").bind(&new.arrival_key);
        if self.session.row(purged).await?.is_some() {
            return Ok(());
        }
        if new.facts.correction.is_some() {
            version::needs(self.session, version::CORRECTIONS).await?;
        }
        let new = NewTransfer { facts: plain(&new.facts), ..new.clone() };
        self.write_transfer(&fold::arrived(&new, self.now_ms), true).await?;
        self.applied.arrived.push(new.id.clone());
        let subject = transfer_subject(&new.id);
        let date = book_date::of(self.session, new.facts.identity.as_ref(), self.now_ms);
        self.append(&subject, What::Arrive { transfer: Box::new(new) }, Some(date)).await
    }

    /// Moves a transfer as its standing allows.
    pub(super) async fn move_transfer(
        &mut self,
        id: &TransferId,
        event: FileEvent,
        facts: &Facts,
        by: Option<&str>,
        rejects: Option<RejectsDigest>,
    ) -> Result<()> {
        let mut transfer = self.known(id).await?;
        let facts = plain(facts);
        if by.is_none() && transfer.state == FileState::Held {
            self.not_by_a_worker("transfer", &id.0)?;
        }
        let dated = transfer.facts.identity.as_ref().map(|identity| identity.business_date.clone());
        // The move is tried before it takes a number, so an illegal one leaves no gap.
        fold::move_transfer(&mut transfer, event, &facts, None, self.now_ms)
            .map_err(|why| Error::internal(format!("transfer {id}: {why}")))?;
        if fold::publishes(event) {
            transfer.publication = Some(self.next_publication().await?);
        }
        if matches!(event, FileEvent::Judge(Verdict::Accepted | Verdict::Partly)) {
            self.take_identity(&transfer).await?;
        }
        self.write_transfer(&transfer, false).await?;
        let publication = transfer.publication.filter(|_| fold::publishes(event));
        if publication.is_some() {
            self.applied.publication = publication;
        }
        // Where the business date becomes known, or another one.
        let identity = transfer.facts.identity.as_ref();
        let is_new = identity.is_some_and(|identity| Some(&identity.business_date) != dated.as_ref());
        let date = is_new.then(|| book_date::of(self.session, identity, self.now_ms));
        let by = by.map(str::to_owned);
        let what = What::Move { event, facts: Box::new(facts), by, publication, rejects };
        self.append(&transfer_subject(id), what, date).await
    }

    /// What a person held while a worker was at it is not moved by that worker.
    pub(super) fn not_by_a_worker(&self, what: &str, id: &str) -> Result<()> {
        if self.fence.is_none() {
            return Ok(());
        }
        Err(Error::halt(Code::STALE_EPOCH, format!("{what} {id} was held meanwhile"))
            .hint("Nothing: a person has it now; the work on it was dropped."))
    }

    /// Has a waiting transfer tried at once.
    pub(super) async fn hurry(&mut self, id: &TransferId, by: &str) -> Result<()> {
        self.known(id).await?;
        let write = sql("UPDATE transfers SET next_attempt_ms = ?, waiting_for = '' WHERE id = ?");
        self.session.execute(write.bind(self.now_ms).bind(&id.0)).await?;
        self.append(&transfer_subject(id), What::Hurry { by: by.to_owned() }, None).await
    }

    /// Says when to look again.
    pub(super) async fn park(&mut self, id: &TransferId, until_ms: i64, waiting_for: &str, failed: bool) -> Result<()> {
        let until_ms = if until_ms == i64::MAX && self.deliveries_are_done(id).await? { self.now_ms } else { until_ms };
        let park =
            sql("UPDATE transfers SET next_attempt_ms = ?, waiting_for = ?, attempts = attempts + ? WHERE id = ?");
        let found = self.session.execute(park.bind(until_ms).bind(waiting_for).bind(failed).bind(&id.0)).await?;
        if found == 0 { Err(unknown(id)) } else { Ok(()) }
    }

    /// Whether every required delivery of a transfer that has some was delivered or deferred. Such a transfer is not put to sleep:
    /// the delivery that should wake it may have been committed after the caller looked. Both lock the transfer first.
    async fn deliveries_are_done(&mut self, id: &TransferId) -> Result<bool> {
        self.session.row(sql("SELECT id FROM transfers WHERE id = ?").bind(&id.0).locking()).await?;
        // What is sent again was there before.
        let count = sql("SELECT COUNT(*), COUNT(CASE WHEN delivered_ms IS NOT NULL OR deferred = 1 OR round > 0 \
                         THEN 1 END) FROM deliveries WHERE transfer = ? AND required = 1")
        .bind(&id.0);
        let row = self.session.one(count).await?;
        let (all, delivered): (i64, i64) = (row.get(0)?, row.get(1)?);
        Ok(all > 0 && all == delivered)
    }

    async fn known(&mut self, id: &TransferId) -> Result<Transfer> {
        rows::transfer_to_write(self.session, id).await?.ok_or_else(|| unknown(id))
    }

    pub(super) async fn append(&mut self, subject: &str, what: What, date: Option<i64>) -> Result<()> {
        append::append(self.session, subject, self.now_ms, self.fence.as_ref(), what, date).await
    }

    /// The counter's row is locked by the update before it is read, so numbers are taken in the order of the commits.
    async fn next_publication(&mut self) -> Result<u64> {
        self.session.execute(sql("UPDATE counters SET value = value + 1 WHERE name = 'publication'")).await?;
        self.session.one(sql("SELECT value FROM counters WHERE name = 'publication'")).await?.get(0)
    }

    /// An identity is accepted once (D1), unless a person released the hold that said so. Two that are accepted at once
    /// clash on its key.
    async fn take_identity(&mut self, transfer: &Transfer) -> Result<()> {
        let Some(Identity { route, business_date, batch, run }) = &transfer.facts.identity else { return Ok(()) };
        let select =
            sql("SELECT transfer FROM identities WHERE route = ? AND business_date = ? AND batch = ? AND run = ?")
                .bind(route)
                .bind(business_date)
                .bind(*batch)
                .bind(*run)
                .locking();
        let holder: Option<String> = self.session.row(select).await?.map(|row| row.get(0)).transpose()?;
        let released = transfer.facts.released.as_ref().is_some_and(|codes| codes.contains(&Code::OTHER_BYTES.0));
        let write = sql(match holder {
            Some(holder) if holder != transfer.id.0 && !released => {
                let what = format!(
                    "transfer {}: {route} of {business_date}, batch {batch}, run {run} was already accepted as \
                     transfer {holder}",
                    transfer.id
                );
                return Err(Error::halt(Code::OTHER_BYTES, what).hint(
                    "Compare the two with `fpp transfers show`; ask the core for a higher run if it is a resend.",
                ));
            }
            Some(_) => {
                "UPDATE identities SET transfer = ?, decided_ms = ? \
                 WHERE route = ? AND business_date = ? AND batch = ? AND run = ?"
            }
            None => {
                "INSERT INTO identities (transfer, decided_ms, route, business_date, batch, run) \
                 VALUES (?, ?, ?, ?, ?, ?)"
            }
        });
        let write =
            write.bind(&transfer.id.0).bind(self.now_ms).bind(route).bind(business_date).bind(*batch).bind(*run);
        self.session.execute(write).await?;
        Ok(())
    }

    async fn write_transfer(&mut self, transfer: &Transfer, new: bool) -> Result<()> {
        let write = sql(if new {
            "INSERT INTO transfers (state, verdict, held_from, closed, facts, sha256, business_date, batch, run, \
             attempts, next_attempt_ms, waiting_for, updated_ms, publication, queue, id, route, spool, name, \
             arrival_key, arrived_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        } else {
            "UPDATE transfers SET state = ?, verdict = ?, held_from = ?, closed = ?, facts = ?, sha256 = ?, \
             business_date = ?, batch = ?, run = ?, attempts = ?, next_attempt_ms = ?, waiting_for = ?, \
             updated_ms = ?, publication = ?, queue = ? WHERE id = ?"
        });
        let identity = transfer.facts.identity.as_ref();
        let mut write = write
            .bind(name_of(&transfer.state)?)
            .bind(transfer.verdict.as_ref().map(name_of).transpose()?)
            .bind(transfer.held_from.as_ref().map(name_of).transpose()?)
            .bind(transfer.closed)
            .bind(json_of(&transfer.facts)?)
            .bind(transfer.facts.sha256.as_ref())
            .bind(identity.map(|identity| &identity.business_date))
            .bind(identity.map(|identity| identity.batch))
            .bind(identity.map(|identity| identity.run))
            .bind(transfer.attempts)
            .bind(transfer.next_attempt_ms)
            .bind(&transfer.waiting_for)
            .bind(transfer.updated_ms)
            .bind(transfer.publication.map(int).transpose()?)
            .bind(transfer_queue(transfer))
            .bind(&transfer.id.0);
        if new {
            write = write
                .bind(&transfer.route)
                .bind(&transfer.spool)
                .bind(&transfer.name)
                .bind(&transfer.arrival_key)
                .bind(transfer.arrived_ms);
        }
        self.session.execute(write).await?;
        Ok(())
    }
}

fn unknown(id: &TransferId) -> Error {
    Error::internal(format!("there is no transfer {id}"))
}

/// A `null` difference cannot be told from none once it is JSON, so it is none.
fn plain(facts: &Facts) -> Facts {
    let mut facts = facts.clone();
    facts.difference = facts.difference.filter(|difference| !difference.is_null());
    facts
}
