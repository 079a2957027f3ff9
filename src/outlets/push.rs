//! The contract of an outlet that events are pushed to: a database, a message queue, a webhook.
//!
//! A *posting* is one transfer's way into one outlet. Its events come in record order, in batches, the end-of-file event
//! last. Whoever holds the posting's lease pushes; what the target confirmed is the cursor (transfer, record), kept by the
//! ledger, or by the target itself where it can commit it together with the rows. After a crash or an error the events
//! behind the cursor come again, with the same bytes, so an engine promises at least once; one that keeps its own cursor
//! promises exactly once.
//!
//! An engine never judges a file, never skips an event, and never keeps one in memory after it has answered. It waits for
//! its target no longer than its own configured time: an outlet that hangs must not hold a worker for ever.

use crate::error::{Error, Result};
use async_trait::async_trait;
use std::ops::Range;

/// One transfer's way into one outlet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The outlet's name in the configuration.
    pub outlet: String,
    /// Installation, for targets that several of them share.
    pub installation: String,
    /// The transfer.
    pub transfer: String,
    /// Its route.
    pub route: String,
    /// Business date, `yyyy-mm-dd`, if the file has one.
    pub business_date: Option<String>,
    /// Fencing number of the lease it is pushed under: grows with every holder (D23).
    pub epoch: u64,
    /// It gates the answer: nothing of it is ever given up (D12).
    pub required: bool,
}

/// Some events of a posting, in record order.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The events' JSON objects, one behind the other.
    pub json: Vec<u8>,
    /// What they are.
    pub events: Vec<Pushed>,
}

/// One event of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// Its record; [`super::position::Position::END`] for the end-of-file event.
    pub record: u64,
    /// CloudEvents `id`; unique within `source`.
    pub id: String,
    /// CloudEvents `source`.
    pub source: String,
    /// CloudEvents `type`.
    pub kind: String,
    /// CloudEvents `subject`.
    pub subject: String,
    /// CloudEvents `time`.
    pub time: String,
    /// SHA-256 of its business data (D9).
    pub datahash: [u8; 32],
    /// Where its JSON object stands in the batch.
    pub json: Range<usize>,
}

impl Batch {
    /// An event's JSON object, without a line end.
    pub fn json_of(&self, event: &Pushed) -> &[u8] {
        self.json.get(event.json.clone()).unwrap_or_default()
    }

    /// The last record in it: the cursor once the batch is confirmed.
    pub fn last(&self) -> Option<u64> {
        self.events.last().map(|event| event.record)
    }

    /// Nothing is in it, but its buffers stay.
    pub fn clear(&mut self) {
        self.json.clear();
        self.events.clear();
    }
}

/// What became of a batch whose every event was taken or refused for good.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Events that the target will not take, however often it is asked. A required outlet tries them again for ever; an
    /// optional one puts them among its dead letters.
    pub refused: Vec<Refused>,
    /// Events whose id the target has with other business data: not overwritten, and told (D9).
    pub conflicts: Vec<Refused>,
}

/// A batch that an engine did not bring to its end. What is behind [`Broken::up_to`] may be there or not: it comes again.
#[derive(Debug)]
pub struct Broken {
    /// Why it did not.
    pub error: Error,
    /// The last record that is settled: it and all before it in the batch were taken, or stand in `outcome`. Nothing where
    /// the engine cannot say.
    pub up_to: Option<u64>,
    /// What became of the settled ones.
    pub outcome: Outcome,
}

impl From<Error> for Broken {
    fn from(error: Error) -> Broken {
        Broken { error, up_to: None, outcome: Outcome::default() }
    }
}

/// One event that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its record.
    pub record: u64,
    /// Its id.
    pub id: String,
    /// Why, in words, without field content.
    pub why: String,
}

/// What every engine does. The class of an error decides: *retry* is tried again with growing pauses, *halt* holds the
/// posting for a person.
#[async_trait]
pub trait Engine: Send + Sync {
    /// The last record of this posting that the target has for certain; nothing where the target keeps no cursor, and
    /// the ledger's counts.
    async fn cursor(&self, posting: &Posting) -> Result<Option<u64>>;

    /// Makes a batch durable, in its order. After an error any part of it may be there; it comes again from behind the last
    /// record that the engine says is settled. So an engine that confirms a batch piece by piece says how far it came: a
    /// target that takes little at a time goes forward all the same. Refuses (FPP9003) where the target can tell that the
    /// posting's epoch is stale. Of a required posting an engine stops at the first refused event: it comes again with what is
    /// behind it, in this order, so nothing behind it is confirmed, and no end of a file of which something is missing. What
    /// was under way beside it, where a target takes several at once, may be there.
    async fn push(&self, posting: &Posting, batch: &Batch) -> Result<Outcome, Broken>;

    /// One line about the target for `fpp doctor` and the status, after asking it.
    async fn look(&self) -> Result<String>;

    /// Lets go of connections.
    async fn close(&self);
}
