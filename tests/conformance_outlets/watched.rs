//! An engine that a test watches, and strikes at before a push.

use async_trait::async_trait;
use fpp::error::Result;
use fpp::node::Options;
use fpp::outlets::push::{Batch, Broken, Engine, Outcome, Posting};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

/// What is done before a push, which is the n-th, from 1 on.
pub(crate) type Strike = dyn Fn(usize) + Send + Sync;

/// What was seen of an engine.
#[derive(Default)]
pub(crate) struct Seen {
    /// Ids of each push.
    pushed: Mutex<Vec<Vec<String>>>,
    /// Pushes that were taken whole.
    pub(crate) taken: AtomicUsize,
}

impl Seen {
    /// How often something was pushed.
    pub(crate) fn pushes(&self) -> usize {
        self.pushed.lock().unwrap().len()
    }

    /// Every id that was pushed.
    pub(crate) fn ids(&self) -> BTreeSet<String> {
        self.pushed.lock().unwrap().concat().into_iter().collect()
    }

    /// Options of a node whose engines are watched.
    pub(crate) fn options(self: &Arc<Seen>, strike: impl Fn(usize) + Send + Sync + 'static) -> Options {
        let (seen, strike): (_, Arc<Strike>) = (self.clone(), Arc::new(strike));
        let wrap = move |_: &str, inner| -> Arc<dyn Engine> {
            Arc::new(Watched { inner, seen: seen.clone(), strike: strike.clone() })
        };
        Options { wrap_outlet: Some(Box::new(wrap)), ..Options::default() }
    }
}

struct Watched {
    inner: Arc<dyn Engine>,
    seen: Arc<Seen>,
    strike: Arc<Strike>,
}

#[async_trait]
impl Engine for Watched {
    async fn cursor(&self, posting: &Posting) -> Result<Option<u64>> {
        self.inner.cursor(posting).await
    }

    async fn push(&self, posting: &Posting, batch: &Batch) -> Result<Outcome, Broken> {
        let calls = {
            let mut pushed = self.seen.pushed.lock().unwrap();
            pushed.push(batch.events.iter().map(|event| event.id.clone()).collect());
            pushed.len()
        };
        (self.strike)(calls);
        let outcome = self.inner.push(posting, batch).await?;
        self.seen.taken.fetch_add(1, SeqCst);
        Ok(outcome)
    }

    async fn look(&self) -> Result<String> {
        self.inner.look().await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
