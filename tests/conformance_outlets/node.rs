//! An engine under a real node: it breaks in the middle of a file, again and again, and the node dies besides.

use crate::Target;
use crate::support::core::{Dropped, core_file};
use crate::support::settled::{PATIENCE, settled, transfers};
use crate::support::site::{Site, overlay, sample_route};
use async_trait::async_trait;
use fpp::error::{Error, Result};
use fpp::node::{Node, Options};
use fpp::outlets::push::{Batch, Broken, Engine, Outcome, Posting};
use fpp_codecs::Code;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const NOW_MS: i64 = 1_750_407_000_000;
/// The engine takes so many batches, and breaks in the middle of the next.
const BREAKS_EVERY: u64 = 3;

/// Breaks an engine: half of a batch is there, and the node is told that it does not answer.
struct Breaking {
    inner: Arc<dyn Engine>,
    calls: Arc<AtomicU64>,
    pushed: Arc<Mutex<BTreeSet<String>>>,
}

#[async_trait]
impl Engine for Breaking {
    async fn cursor(&self, posting: &Posting) -> Result<Option<u64>> {
        self.inner.cursor(posting).await
    }

    async fn push(&self, posting: &Posting, batch: &Batch) -> Result<Outcome, Broken> {
        self.pushed.lock().unwrap().extend(batch.events.iter().map(|event| event.id.clone()));
        if self.calls.fetch_add(1, SeqCst) % BREAKS_EVERY == BREAKS_EVERY - 1 {
            let half = Batch { json: batch.json.clone(), events: batch.events[..batch.events.len() / 2].to_vec() };
            self.inner.push(posting, &half).await?;
            return Err(Error::retry(Code::OUTLET, "it broke in the middle").into());
        }
        self.inner.push(posting, batch).await
    }

    async fn look(&self) -> Result<String> {
        self.inner.look().await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

pub(crate) async fn a_break_in_the_middle_of_a_file_loses_nothing(target: &dyn Target) {
    let Some(keys) = target.keys() else { return };
    let kind = keys.lines().next().unwrap();
    let mut route = sample_route("pmtrd");
    let outlet = format!("[[outlet]]\n{kind}\nname = \"o\"\nsensitive = \"clear\"\n");
    overlay(&mut route, &outlet.parse().unwrap());
    let site = Site::make(&route);
    let file = site.settings_file();
    let node = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{node}\n[outlet.o]\n{keys}batch_events = 7\nretry_max_ms = 500\n")).unwrap();
    let (calls, pushed) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::default()));
    let start = async || {
        let (calls, pushed) = (calls.clone(), pushed.clone());
        let wrap = move |_: &str, inner| -> Arc<dyn Engine> {
            Arc::new(Breaking { inner, calls: calls.clone(), pushed: pushed.clone() })
        };
        let options = Options { wrap_outlet: Some(Box::new(wrap)), ..Options::default() };
        Node::start(site.settings(), options).await.unwrap()
    };
    let node = start().await;
    let dropped = core_file(1, 40, Dropped::Good);
    site.drop_file(&dropped.name, &dropped.bytes, Some(""), NOW_MS);
    // It dies after a break, in the middle of the file, undrained.
    let until = Instant::now() + PATIENCE;
    let mut bell = node.bell.listen();
    while calls.load(SeqCst) < BREAKS_EVERY {
        assert!(Instant::now() < until, "{:?}", transfers(&*node.ledger).await);
        bell.wait(Duration::from_millis(10)).await;
    }
    drop(node);
    let node = start().await;
    settled(&node, 1).await.unwrap();
    let there = target.ids().await;
    let once: BTreeSet<String> = there.iter().cloned().collect();
    assert_eq!(once.len() as u64, dropped.events, "every event of the file");
    assert_eq!(once, *pushed.lock().unwrap(), "and no other");
    if target.is_exact() {
        assert_eq!(there.len(), once.len(), "each once");
    }
    assert_eq!(node.ledger.verify(None).await.unwrap().broken, None);
    node.stop().await;
}
