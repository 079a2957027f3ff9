//! A node pushes events into its outlets: a required one gates the answer, an optional one gates nothing, a person lets the
//! answer go without one, and neither an error nor a new life of the node loses an event.
#![cfg(feature = "demo")]
// A test that cannot go on says so by panicking, in helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod support;

use async_trait::async_trait;
use fpp::clock::Clock;
use fpp::error::{Error, Result};
use fpp::ledger::delivery::{Delivery, DeliveryState, Purpose};
use fpp::ledger::transfer::FileState;
use fpp::node::{Node, Options};
use fpp::outlets::push::{Batch, Engine, Outcome, Posting};
use fpp_codecs::Code;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use support::core::{CoreFile, Dropped, core_file};
use support::settled::{PATIENCE, settled, transfers};
use support::site::{Site, overlay, sample_route};

/// 2025-06-20, 16:10 in Shanghai.
const NOW_MS: i64 = 1_750_407_000_000;

/// What a test does to an outlet.
#[derive(Default)]
struct Hand {
    /// It does not answer.
    down: AtomicBool,
    /// It takes so many batches more, and then breaks once in the middle of one.
    breaks_at: AtomicU64,
    /// What came: the transfer, the epoch, and ids in their order.
    pushed: Mutex<Vec<(String, u64, Vec<String>)>>,
}

impl Hand {
    fn ids(&self) -> Vec<String> {
        self.pushed.lock().unwrap().iter().flat_map(|(.., ids)| ids.clone()).collect()
    }
}

/// The engine behind that hand.
struct Handled {
    inner: Arc<dyn Engine>,
    hand: Arc<Hand>,
}

fn away() -> Error {
    Error::retry(Code::OUTLET, "it does not answer")
}

#[async_trait]
impl Engine for Handled {
    async fn cursor(&self, posting: &Posting) -> Result<Option<u64>> {
        self.inner.cursor(posting).await
    }

    async fn push(&self, posting: &Posting, batch: &Batch) -> Result<Outcome> {
        if self.hand.down.load(SeqCst) {
            return Err(away());
        }
        let ids = batch.events.iter().map(|event| event.id.clone()).collect();
        self.hand.pushed.lock().unwrap().push((posting.transfer.clone(), posting.epoch, ids));
        if self.hand.breaks_at.load(SeqCst) > 0 && self.hand.breaks_at.fetch_sub(1, SeqCst) == 1 {
            let half = Batch { json: batch.json.clone(), events: batch.events[..batch.events.len() / 2].to_vec() };
            self.inner.push(posting, &half).await?;
            return Err(away());
        }
        self.inner.push(posting, batch).await
    }

    async fn look(&self) -> Result<String> {
        if self.hand.down.load(SeqCst) { Err(away()) } else { self.inner.look().await }
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

/// A place whose route has outlets `must` (required) and `may`.
fn site() -> Site {
    let outlets = r#"
        [[outlet]]
        kind = "append"
        name = "must"
        sensitive = "clear"
        [[outlet]]
        kind = "append"
        name = "may"
        required = false
    "#;
    let mut route = sample_route("pmtrd");
    overlay(&mut route, &outlets.parse().unwrap());
    let site = Site::make(&route);
    let file = site.settings_file();
    let node = std::fs::read_to_string(&file).unwrap();
    let outlet = |name: &str| {
        format!("\n[outlet.{name}]\nkind = \"append\"\npath = \"../{name}\"\nbatch_events = 3\nprobe_ms = 100\n")
    };
    std::fs::write(&file, node + &outlet("must") + &outlet("may")).unwrap();
    site
}

struct Hands {
    must: Arc<Hand>,
    may: Arc<Hand>,
}

async fn start(site: &Site) -> (Node, Hands) {
    let hands = Hands { must: Arc::default(), may: Arc::default() };
    let node = start_with(site, &hands).await;
    (node, hands)
}

async fn start_with(site: &Site, hands: &Hands) -> Node {
    let (must, may) = (hands.must.clone(), hands.may.clone());
    let wrap = move |name: &str, inner: Arc<dyn Engine>| -> Arc<dyn Engine> {
        Arc::new(Handled { inner, hand: if name == "must" { must.clone() } else { may.clone() } })
    };
    let options = Options { clock: Clock::System, wrap_outlet: Some(Box::new(wrap)), ..Options::default() };
    Node::start(site.settings(), options).await.unwrap()
}

fn drop_file(site: &Site, batch: u16, trades: u64, dropped: Dropped) -> CoreFile {
    let file = core_file(batch, trades, dropped);
    site.drop_file(&file.name, &file.bytes, Some(""), NOW_MS);
    file
}

/// Ids in the files of an outlet, as they stand there.
fn appended(site: &Site, outlet: &str) -> Vec<String> {
    let mut ids = Vec::new();
    for name in site.names(outlet) {
        let text = String::from_utf8(site.read(&format!("{outlet}/{name}"))).unwrap();
        assert!(text.ends_with('\n'), "whole lines only");
        for line in text.lines() {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            ids.push(event["id"].as_str().unwrap().to_owned());
        }
    }
    ids
}

async fn postings(node: &Node) -> Vec<Delivery> {
    let mut all = node.ledger.deliveries(None, 1_000).await.unwrap();
    all.retain(|d| d.purpose == Purpose::Posting);
    all
}

async fn wait_for(node: &Node, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    let mut bell = node.bell.listen();
    while !is_so().await {
        let stand: Vec<_> = transfers(&*node.ledger).await.iter().map(|t| (t.state, t.waiting_for.clone())).collect();
        assert!(Instant::now() < until, "{what}: {stand:?} {:?}", postings(node).await);
        bell.wait(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_reach_every_outlet_once_and_in_order() {
    let site = site();
    let (node, _) = start(&site).await;
    let file = drop_file(&site, 1, 10, Dropped::Partly);
    settled(&node, 1).await.unwrap();
    for outlet in ["must", "may"] {
        let ids = appended(&site, outlet);
        assert_eq!(ids.len() as u64, file.events, "{outlet}");
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{outlet}: each once");
        assert!(ids.is_sorted_by(|a, b| b.ends_with(":posted") || a < b), "{outlet}: {ids:?}");
    }
    let all = postings(&node).await;
    assert_eq!(all.iter().map(|d| (d.state, d.confirmed)).collect::<Vec<_>>(), [(DeliveryState::Taken, u64::MAX); 2]);
    assert_eq!(node.ledger.verify(None).await.unwrap().broken, None);
    let refused = drop_file(&site, 2, 10, Dropped::Refused);
    settled(&node, 2).await.unwrap();
    assert_eq!(refused.events, 1);
    for outlet in ["must", "may"] {
        assert!(appended(&site, outlet).last().unwrap().ends_with(":rejected"), "{outlet} hears of it (D10)");
    }
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_required_outlet_gates_the_answer_and_an_optional_one_does_not() {
    let site = site();
    let (node, hands) = start(&site).await;
    hands.may.down.store(true, SeqCst);
    let first = drop_file(&site, 1, 10, Dropped::Good);
    wait_for(&node, "answered", async || transfers(&*node.ledger).await.iter().any(|t| t.state == FileState::Archived))
        .await;
    assert_eq!(appended(&site, "may"), Vec::<String>::new());
    hands.must.down.store(true, SeqCst);
    drop_file(&site, 2, 10, Dropped::Good);
    wait_for(&node, "the answer waits", async || {
        transfers(&*node.ledger).await.iter().any(|t| t.state == FileState::Proven && t.next_attempt_ms == i64::MAX)
            && postings(&node).await.iter().any(|d| d.spool == "must" && !d.last_error.is_empty())
    })
    .await;
    assert_eq!(site.names("core/in").len(), 3, "the first answer, its checksum and marker");
    for hand in [&hands.must, &hands.may] {
        hand.down.store(false, SeqCst);
    }
    let back = Instant::now();
    settled(&node, 2).await.unwrap();
    println!("all of it {} ms after the outlets are back", back.elapsed().as_millis());
    for outlet in ["must", "may"] {
        assert_eq!(appended(&site, outlet).len() as u64, 2 * first.events, "{outlet}");
    }
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_break_in_the_middle_of_a_file_loses_nothing_and_another_life_goes_on() {
    let site = site();
    let (node, hands) = start(&site).await;
    hands.must.breaks_at.store(3, SeqCst);
    let file = drop_file(&site, 1, 40, Dropped::Good);
    settled(&node, 1).await.unwrap();
    let ids = appended(&site, "must");
    let once: BTreeSet<_> = ids.iter().collect();
    assert_eq!(once.len() as u64, file.events);
    assert_eq!(ids.len() - once.len(), 1, "half of a batch of three came twice, and no more");
    assert_eq!(once, appended(&site, "may").iter().collect(), "the same ids in both");
    // The node dies while an outlet is away: nobody drains it.
    hands.must.down.store(true, SeqCst);
    let second = drop_file(&site, 2, 10, Dropped::Good);
    wait_for(&node, "it waits", async || postings(&node).await.iter().any(|d| !d.last_error.is_empty())).await;
    drop(node);
    hands.must.down.store(false, SeqCst);
    let node = start_with(&site, &hands).await;
    settled(&node, 2).await.unwrap();
    let once: BTreeSet<_> = hands.must.ids().into_iter().collect();
    assert_eq!(once.len() as u64, file.events + second.events);
    assert_eq!(node.ledger.verify(None).await.unwrap().broken, None);
    node.stop().await;
}
