//! An `apply`: all changes or none, each as the engines make it.

use super::Books;
use fpp::error::{Error, Result};
use fpp::ledger::chain::{self, RejectsDigest, RejectsHasher};
use fpp::ledger::change::{Applied, Change, Fence, NewTransfer};
use fpp::ledger::delivery::{Delivery, DeliveryEvent, DeliveryId, DeliveryState};
use fpp::ledger::fold::{self, Entry, Under, What};
use fpp::ledger::transfer::{Facts, FileEvent, Identity, Transfer, TransferId, Verdict};
use fpp_codecs::Code;
use std::collections::BTreeMap;

/// An `apply` under way.
pub(super) struct Writing<'b> {
    pub(super) books: &'b mut Books,
    pub(super) now_ms: i64,
    pub(super) fence: Option<Under>,
    pub(super) applied: Applied,
    pub(super) rejects: BTreeMap<String, RejectsDigest>,
}

impl Books {
    /// All changes or none.
    pub(crate) fn apply(&mut self, fence: Option<&Fence>, now_ms: i64, changes: &[Change]) -> Result<Applied> {
        let before = self.clone();
        let written = self.write(fence, now_ms, changes);
        if written.is_err() {
            *self = before;
        }
        written
    }

    fn write(&mut self, fence: Option<&Fence>, now_ms: i64, changes: &[Change]) -> Result<Applied> {
        if let Some(fence) = fence {
            self.check(fence)?;
        }
        let mut hashers: BTreeMap<String, RejectsHasher> = BTreeMap::new();
        for change in changes {
            if let Change::Reject { id, rejects } = change {
                hashers.entry(id.0.clone()).or_default().add(rejects)?;
            }
        }
        let rejects = hashers.into_iter().filter_map(|(id, hasher)| Some((id, hasher.finish()?))).collect();
        let fence = fence.map(Under::from);
        let mut writing = Writing { books: self, now_ms, fence, applied: Applied::default(), rejects };
        changes.iter().try_for_each(|change| writing.change(change))?;
        match writing.rejects.keys().next() {
            Some(id) => Err(Error::internal(format!("rejects of {id} without their judgement"))),
            None => Ok(writing.applied),
        }
    }
}

impl Writing<'_> {
    fn change(&mut self, change: &Change) -> Result<()> {
        match change {
            Change::Arrive(new) => self.arrive(new),
            Change::Move { id, event, facts, by } => self.move_transfer(id, *event, facts, by.clone()),
            Change::Park { id, until_ms, waiting_for, failed } => self.park(id, *until_ms, waiting_for, *failed),
            Change::Reject { id, rejects } => {
                self.books.rejects.entry(id.0.clone()).or_default().extend(rejects.iter().cloned());
                Ok(())
            }
            Change::Plan(delivery) => self.plan(delivery),
            Change::MoveDelivery { id, event, by } => self.move_delivery(id, *event, by.clone(), None, None),
            Change::Prove { id, folder } => self.move_delivery(id, DeliveryEvent::Prove, None, folder.clone(), None),
            Change::Deliver { id, fsynced } => self.move_delivery(id, DeliveryEvent::Deliver, None, None, *fsynced),
            Change::Take { id, delivered_ms } => match self.books.deliveries.get(&id.0) {
                Some(d) if (d.state, d.delivered_ms) != (DeliveryState::Delivered, *delivered_ms) => Ok(()),
                _ => self.move_delivery(id, DeliveryEvent::Take, None, None, None),
            },
            Change::ParkDelivery { id, until_ms, error, failed } => {
                let delivery = self.books.deliveries.get_mut(&id.0).ok_or_else(|| unknown(&id.0))?;
                delivery.next_attempt_ms = *until_ms;
                delivery.last_error.clone_from(error);
                delivery.attempts += u32::from(*failed);
                Ok(())
            }
            Change::Confirm { id, record } => {
                let delivery = self.books.deliveries.get_mut(&id.0).ok_or_else(|| unknown(&id.0))?;
                (delivery.confirmed, delivery.attempts) = (*record, 0);
                delivery.last_error.clear();
                Ok(())
            }
            Change::Raise(_)
            | Change::Tell { .. }
            | Change::Over { .. }
            | Change::CloseNotice { .. }
            | Change::EndNotice { .. } => {
                self.notice(change);
                Ok(())
            }
            Change::Day { route, business_date, open, by } => {
                let days = &mut self.books.days;
                if days.insert((route.clone(), business_date.clone()), *open) != Some(*open) {
                    let what = What::Day { business_date: business_date.clone(), open: *open, by: by.clone() };
                    self.append(&fold::day_subject(route), what)?;
                }
                Ok(())
            }
            other => Err(Error::internal(format!("books in memory do not know {other:?}"))),
        }
    }

    fn id(&mut self, kind: char, given: &str) -> String {
        if !self.books.names_ids {
            return given.to_owned();
        }
        self.books.ids += 1;
        format!("{kind}{:04}", self.books.ids)
    }

    fn append(&mut self, subject: &str, what: What) -> Result<()> {
        let entry = Entry { what, fence: self.fence.clone() }.write()?;
        let rows = self.books.journal.entry(subject.to_owned()).or_default();
        let row = chain::next_row(subject, rows.last().map(|row| (row.n, row.hash.as_str())), self.now_ms, entry);
        rows.push(row);
        Ok(())
    }

    fn arrive(&mut self, new: &NewTransfer) -> Result<()> {
        if self.books.arrivals.contains_key(&new.arrival_key) {
            return Ok(());
        }
        let new = NewTransfer { id: TransferId(self.id('T', &new.id.0)), ..new.clone() };
        self.books.arrivals.insert(new.arrival_key.clone(), new.id.0.clone());
        self.books.transfers.insert(new.id.0.clone(), fold::arrived(&new, self.now_ms));
        self.applied.arrived.push(new.id.clone());
        self.append(&fold::transfer_subject(&new.id.clone()), What::Arrive { transfer: Box::new(new) })
    }

    fn move_transfer(&mut self, id: &TransferId, event: FileEvent, facts: &Facts, by: Option<String>) -> Result<()> {
        let mut transfer = self.books.transfers.get(&id.0).cloned().ok_or_else(|| unknown(&id.0))?;
        fold::move_transfer(&mut transfer, event, facts, None, self.now_ms)
            .map_err(|why| Error::internal(format!("transfer {id}: {why}")))?;
        let mut publication = None;
        if fold::publishes(event) {
            self.books.publication += 1;
            publication = Some(self.books.publication);
            transfer.publication = publication;
            self.applied.publication = publication;
        }
        if matches!(event, FileEvent::Judge(Verdict::Accepted | Verdict::Partly)) {
            self.take_identity(&transfer)?;
        }
        let rejects = if matches!(event, FileEvent::Judge(_)) { self.rejects.remove(&id.0) } else { None };
        self.books.transfers.insert(id.0.clone(), transfer);
        let what = What::Move { event, facts: Box::new(facts.clone()), by, publication, rejects };
        self.append(&fold::transfer_subject(id), what)
    }

    fn take_identity(&mut self, transfer: &Transfer) -> Result<()> {
        let Some(Identity { route, business_date, batch, run }) = transfer.facts.identity.clone() else {
            return Ok(());
        };
        let released = transfer.facts.released.as_ref().is_some_and(|codes| codes.contains(&Code::OTHER_BYTES.0));
        let holder = self.books.identities.entry((route, business_date, batch, run)).or_default();
        if !holder.is_empty() && *holder != transfer.id.0 && !released {
            return Err(Error::halt(Code::OTHER_BYTES, format!("accepted as {holder} already")).hint("Compare them."));
        }
        holder.clone_from(&transfer.id.0);
        Ok(())
    }

    fn park(&mut self, id: &TransferId, until_ms: i64, waiting_for: &str, failed: bool) -> Result<()> {
        let mut required = self.books.deliveries.values().filter(|d| d.transfer == *id && d.required).peekable();
        let passed = |d: &Delivery| d.delivered_ms.is_some() || d.deferred || d.round > 0;
        let done = required.peek().is_some() && required.all(passed);
        let transfer = self.books.transfers.get_mut(&id.0).ok_or_else(|| unknown(&id.0))?;
        transfer.next_attempt_ms = if until_ms == i64::MAX && done { self.now_ms } else { until_ms };
        transfer.waiting_for = waiting_for.to_owned();
        transfer.attempts += u32::from(failed);
        Ok(())
    }

    fn plan(&mut self, delivery: &Delivery) -> Result<()> {
        if !self.books.transfers.contains_key(&delivery.transfer.0) {
            return Err(unknown(&delivery.transfer.0));
        }
        let same = |d: &&Delivery| (&d.spool, &d.name) == (&delivery.spool, &delivery.name);
        for known in self.books.deliveries.values().filter(same) {
            if (&known.transfer, &known.sha256) == (&delivery.transfer, &delivery.sha256) {
                return Ok(());
            }
            if known.state != DeliveryState::Taken {
                return Err(Error::halt(Code::TARGET_EXISTS, format!("{} is planned", delivery.name)).hint("Rename."));
            }
        }
        let id = DeliveryId(self.id('D', &delivery.id.0));
        let delivery = Delivery { id, ..fold::planned(delivery, self.now_ms) };
        self.books.deliveries.insert(delivery.id.0.clone(), delivery.clone());
        self.append(&fold::delivery_subject(&delivery.id.clone()), What::Plan { delivery: Box::new(delivery) })
    }

    fn move_delivery(
        &mut self,
        id: &DeliveryId,
        event: DeliveryEvent,
        by: Option<String>,
        folder: Option<String>,
        fsynced: Option<bool>,
    ) -> Result<()> {
        let delivery = self.books.deliveries.get_mut(&id.0).ok_or_else(|| unknown(&id.0))?;
        fold::move_delivery(delivery, event, self.now_ms)
            .map_err(|why| Error::internal(format!("delivery {id}: {why}")))?;
        let transfer = delivery.transfer.0.clone();
        if matches!(event, DeliveryEvent::Deliver | DeliveryEvent::Defer)
            && let Some(transfer) = self.books.transfers.get_mut(&transfer)
        {
            transfer.next_attempt_ms = transfer.next_attempt_ms.min(self.now_ms);
        }
        self.append(&fold::delivery_subject(id), What::Deliver { event, by, folder, fsynced })
    }
}

fn unknown(id: &str) -> Error {
    Error::internal(format!("there is no {id}"))
}
