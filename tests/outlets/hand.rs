//! An engine of an outlet behind a test's hand: it is away, hangs, breaks, refuses, and remembers what came.

use async_trait::async_trait;
use fpp::error::{Error, Result};
use fpp::outlets::push::{Batch, Broken, Engine, Outcome, Posting, Pushed, Refused};
use fpp_codecs::Code;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

/// What a test does to an outlet.
#[derive(Default)]
pub(crate) struct Hand {
    /// It does not answer.
    pub(crate) down: AtomicBool,
    /// It takes a batch and does not answer until it is let go.
    pub(crate) hangs: AtomicBool,
    pub(crate) let_go: tokio::sync::Notify,
    /// It takes so many batches more, and then breaks once in the middle of one.
    pub(crate) breaks_at: AtomicU64,
    /// Ids that are refused for good, and ids that are there with other data.
    pub(crate) refuses: Mutex<BTreeSet<String>>,
    pub(crate) conflicts: Mutex<BTreeSet<String>>,
    /// Ids at which it breaks, although it answers when it is asked.
    pub(crate) fails: Mutex<BTreeSet<String>>,
    /// What came: the transfer, the epoch, and ids in their order.
    pub(crate) pushed: Mutex<Vec<(String, u64, Vec<String>)>>,
}

impl Hand {
    /// Whether an event is not taken, and then whether for other data under its id.
    fn minds(&self, id: &str) -> Option<bool> {
        let refused = self.refuses.lock().unwrap().contains(id).then_some(false);
        refused.or_else(|| self.conflicts.lock().unwrap().contains(id).then_some(true))
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        self.pushed.lock().unwrap().iter().flat_map(|(.., ids)| ids.clone()).collect()
    }
}

/// The engine behind that hand.
pub(crate) struct Handled {
    pub(crate) inner: Arc<dyn Engine>,
    pub(crate) hand: Arc<Hand>,
}

fn away() -> Error {
    Error::retry(Code::OUTLET, "it does not answer")
}

#[async_trait]
impl Engine for Handled {
    async fn cursor(&self, posting: &Posting) -> Result<Option<u64>> {
        self.inner.cursor(posting).await
    }

    async fn push(&self, posting: &Posting, batch: &Batch) -> Result<Outcome, Broken> {
        if self.hand.down.load(SeqCst) {
            return Err(away().into());
        }
        if self.hand.hangs.swap(false, SeqCst) {
            self.hand.let_go.notified().await;
        }
        let ids = batch.events.iter().map(|event| event.id.clone()).collect();
        self.hand.pushed.lock().unwrap().push((posting.transfer.clone(), posting.epoch, ids));
        if self.hand.breaks_at.load(SeqCst) > 0 && self.hand.breaks_at.fetch_sub(1, SeqCst) == 1 {
            let half = Batch { json: batch.json.clone(), events: batch.events[..batch.events.len() / 2].to_vec() };
            self.inner.push(posting, &half).await?;
            return Err(away().into());
        }
        if batch.events.iter().any(|event| self.hand.fails.lock().unwrap().contains(&event.id)) {
            return Err(away().into());
        }
        // Of a required posting nothing is taken behind what is refused.
        let refused = batch.events.iter().position(|e| self.hand.minds(&e.id) == Some(false));
        let upto = refused.filter(|_| posting.required).map_or(batch.events.len(), |at| at + 1);
        let all = batch.events[..upto].iter().cloned();
        let (bad, good): (Vec<Pushed>, Vec<Pushed>) = all.partition(|e| self.hand.minds(&e.id).is_some());
        let good = Batch { json: batch.json.clone(), events: good };
        self.inner.push(posting, &good).await?;
        let mut outcome = Outcome::default();
        for event in bad {
            let conflict = self.hand.minds(&event.id) == Some(true);
            let refused = Refused { record: event.record, id: event.id, why: "a test minds it".to_owned() };
            if conflict { &mut outcome.conflicts } else { &mut outcome.refused }.push(refused);
        }
        Ok(outcome)
    }

    async fn look(&self) -> Result<String> {
        if self.hand.down.load(SeqCst) { Err(away()) } else { self.inner.look().await }
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
