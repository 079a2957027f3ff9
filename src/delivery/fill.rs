//! Batches of a transfer's events, decoded beside the asynchronous services.

use super::outlet::{Outlet, Use};
use crate::blocking::blocking;
use crate::error::Result;
use crate::ledger::transfer::Transfer;
use crate::outlets::Books;
use crate::outlets::events::{EventReader, Look};
use crate::outlets::push::{Batch, Pushed};
use std::collections::BTreeSet;

/// Records that a filter passes over before a batch is closed: some tenths of a second of work.
const PASSED_MAX: u64 = 50_000;

/// A reader, with the batch it filled last.
pub(super) struct Filled {
    reader: EventReader,
    /// The batch; empty where nothing was wanted.
    pub(super) batch: Batch,
    /// The last record that was looked at, wanted or not: the cursor once the batch is confirmed.
    pub(super) last: u64,
    /// Nothing comes behind it.
    pub(super) end: bool,
    limits: (usize, usize),
    /// Only these records, where some are named.
    only: Option<BTreeSet<u64>>,
}

/// Opens a transfer behind a record and fills the first batch.
pub(super) async fn first(books: &Books, outlet: &Outlet, of: &Use, transfer: &Transfer, after: u64) -> Result<Filled> {
    open(books, outlet, of, transfer, after, None).await
}

/// The same, with events of these records alone.
pub(super) async fn some(
    books: &Books,
    outlet: &Outlet,
    of: &Use,
    transfer: &Transfer,
    after: u64,
    records: BTreeSet<u64>,
) -> Result<Filled> {
    open(books, outlet, of, transfer, after, Some(records)).await
}

async fn open(
    books: &Books,
    outlet: &Outlet,
    of: &Use,
    transfer: &Transfer,
    after: u64,
    only: Option<BTreeSet<u64>>,
) -> Result<Filled> {
    let rejects = books.rejects(transfer).await?;
    let (books, of, transfer) = (books.clone(), of.clone(), transfer.clone());
    let limits = (outlet.batch_events, outlet.batch_bytes);
    blocking(move || {
        let reader = EventReader::open(&books, &transfer, rejects, after, of.view)?.only(of.filter);
        fill(Filled { reader, batch: Batch::default(), last: after, end: false, limits, only })
    })
    .await
}

impl Filled {
    /// Fills the next batch into buffers that were used before.
    pub(super) async fn next(self, spare: Batch) -> Result<Filled> {
        blocking(move || fill(Filled { batch: spare, ..self })).await
    }

    /// Takes the batch out, so that it is pushed while the next one is filled.
    pub(super) fn take(&mut self) -> Batch {
        std::mem::take(&mut self.batch)
    }
}

fn fill(mut filled: Filled) -> Result<Filled> {
    let (events_max, bytes_max) = filled.limits;
    let Filled { reader, batch, last, end, only, .. } = &mut filled;
    batch.clear();
    let mut passed = 0;
    while batch.events.len() < events_max && batch.json.len() < bytes_max && passed < PASSED_MAX {
        let from = batch.json.len();
        let record = match reader.look(&mut batch.json)? {
            Look::Event(record) if only.as_ref().is_some_and(|only| !only.contains(&record)) => {
                batch.json.truncate(from);
                passed += 1;
                record
            }
            Look::Event(record) => {
                let event = reader.event();
                batch.events.push(Pushed {
                    record,
                    id: event.id.clone(),
                    source: reader.source().to_owned(),
                    kind: event.kind.clone(),
                    subject: event.subject.clone(),
                    time: event.time.clone(),
                    datahash: event.datahash,
                    json: from..batch.json.len(),
                });
                record
            }
            Look::Passed(record) => {
                passed += 1;
                record
            }
            Look::End => {
                *end = true;
                break;
            }
        };
        *last = record;
        // Behind the end of the file nothing comes: it is not looked for.
        if record == u64::MAX {
            *end = true;
            break;
        }
    }
    Ok(filled)
}
