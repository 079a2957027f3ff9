//! The outlet of a run: a target in memory that events are pushed to, behind a seam. It fails, loses its answers, takes a
//! part of what it is given, and is away for a while.
//!
//! Some runs have one that is like a database: rows, cursor and epoch are one, so it takes a batch whole or not at all. The
//! others have one that is like a queue: it takes whatever comes, as often as it comes, and may say how far it came.

use super::seams::{Fate, Life};
use async_trait::async_trait;
use fpp::error::{Error, Result};
use fpp::outlets::push::{Batch, Broken, Engine, Outcome, Posting, Pushed};
use fpp_codecs::Code;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

/// Its name.
pub(crate) const OUTLET: &str = "queue";

/// What it has.
#[derive(Default)]
pub(crate) struct Target {
    /// Like a database.
    is_exact: bool,
    /// It does not answer until then.
    pub(crate) away_until_ms: i64,
    /// What it took, in its order: transfer, and the event's JSON.
    pub(crate) took: Vec<(String, String)>,
    /// Epoch and cursor of each posting, where it keeps them.
    postings: BTreeMap<String, (u64, u64)>,
}

impl Target {
    pub(crate) fn new(is_exact: bool) -> Target {
        Target { is_exact, ..Target::default() }
    }

    fn take(&mut self, posting: &Posting, batch: &Batch, events: &[Pushed]) -> Result<()> {
        let (epoch, cursor) = self.postings.get(&posting.transfer).copied().unwrap_or_default();
        if self.is_exact && epoch > posting.epoch {
            return Err(Error::halt(Code::STALE_EPOCH, "a newer holder was here").hint("It is simulated."));
        }
        for event in events {
            let row = (posting.transfer.clone(), String::from_utf8(batch.json_of(event).to_vec()).unwrap());
            // Other bytes of an event are a second row, which the checker finds.
            if !self.is_exact || !self.took.contains(&row) {
                self.took.push(row);
            }
        }
        let last = events.last().map_or(cursor, |event| cursor.max(event.record));
        self.postings.insert(posting.transfer.clone(), (posting.epoch, last));
        Ok(())
    }
}

/// The engine in front of it.
pub(crate) struct SimOutlet(pub(crate) Arc<Life>);

fn away() -> Error {
    Error::retry(Code::OUTLET, "the outlet does not answer").hint("It is simulated.")
}

impl SimOutlet {
    fn is_away(&self) -> bool {
        self.0.shared.target.lock().unwrap().away_until_ms > self.0.shared.now_ms.load(SeqCst)
    }

    fn below(&self, n: usize) -> usize {
        usize::try_from(self.0.shared.dice.lock().unwrap().below(n as u64)).unwrap()
    }
}

#[async_trait]
impl Engine for SimOutlet {
    async fn cursor(&self, posting: &Posting) -> Result<Option<u64>> {
        if self.0.meet("cursor") != Fate::Happens || self.is_away() {
            return Err(away());
        }
        let target = self.0.shared.target.lock().unwrap();
        Ok(target.is_exact.then(|| target.postings.get(&posting.transfer).map_or(0, |(_, cursor)| *cursor)))
    }

    async fn push(&self, posting: &Posting, batch: &Batch) -> Result<Outcome, Broken> {
        let fate = self.0.meet(&format!("push {} events of {}", batch.events.len(), posting.transfer));
        if fate == Fate::Refused || self.is_away() {
            return Err(away().into());
        }
        let is_exact = self.0.shared.target.lock().unwrap().is_exact;
        let some = match (fate, is_exact) {
            (Fate::Torn, true) => 0,
            (Fate::Torn, false) => self.below(batch.events.len()),
            _ => batch.events.len(),
        };
        let taken = &batch.events[..some];
        self.0.shared.target.lock().unwrap().take(posting, batch, taken)?;
        self.0.happened();
        match fate {
            Fate::Happens => Ok(Outcome::default()),
            // It may know how far it came.
            Fate::Torn if self.below(2) == 0 => {
                Err(Broken { up_to: taken.last().map(|event| event.record), ..away().into() })
            }
            _ => Err(away().into()),
        }
    }

    async fn look(&self) -> Result<String> {
        match self.0.meet("look") {
            Fate::Happens if !self.is_away() => Ok("it answers".into()),
            _ => Err(away()),
        }
    }

    async fn close(&self) {}
}
