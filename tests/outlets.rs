//! A node pushes events into its outlets: a required one gates the answer, an optional one gates nothing, a person lets the
//! answer go without one, and neither an error nor a new life of the node loses an event.
#![cfg(feature = "demo")]
// A test that cannot go on says so by panicking, in helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

#[path = "outlets/gates.rs"]
mod gates;
#[path = "outlets/hand.rs"]
mod hand;
#[path = "outlets/persons.rs"]
mod persons;
#[path = "outlets/refused.rs"]
mod refused;
mod support;

use fpp::clock::Clock;
use fpp::ledger::delivery::{Delivery, DeliveryState, Purpose};
use fpp::ledger::transfer::FileState;
use fpp::node::{Node, Options};
use fpp::outlets::push::Engine;
use hand::{Hand, Handled};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};
use support::core::{CoreFile, Dropped, core_file};
use support::settled::{PATIENCE, settled, transfers};
use support::site::{Site, overlay, sample_route};

/// 2025-06-20, 16:10 in Shanghai.
const NOW_MS: i64 = 1_750_407_000_000;

/// A place whose route has outlets `must` (required) and `may`.
fn site() -> Site {
    site_where("required = false")
}

/// The same where keys say more of `may`.
fn site_where(may: &str) -> Site {
    let outlets = r#"
        [[outlet]]
        kind = "append"
        name = "must"
        sensitive = "clear"
        [[outlet]]
        kind = "append"
        name = "may"
    "#;
    let mut route = sample_route("pmtrd");
    overlay(&mut route, &format!("{outlets}{may}\n").parse().unwrap());
    let site = Site::make(&route);
    let file = site.settings_file();
    let node = std::fs::read_to_string(&file).unwrap();
    let outlet = |name: &str| {
        format!(
            "\n[outlet.{name}]\nkind = \"append\"\npath = \"../{name}\"\nbatch_events = 3\nprobe_ms = 100\nretry_max_ms = 500\n"
        )
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

/// Waits until so many events stand in the files of an outlet; meanwhile a line may stand there in part.
async fn has(node: &Node, site: &Site, outlet: &str, events: u64) {
    let lines = |name: &String| site.read(&format!("{outlet}/{name}")).iter().filter(|byte| **byte == b'\n').count();
    let so_far = async || site.names(outlet).iter().map(lines).sum::<usize>() as u64 == events;
    wait_for(node, &format!("{events} events in {outlet}"), so_far).await;
    assert_eq!(appended(site, outlet).len() as u64, events);
}

/// Ids in the files of an outlet that nobody writes to, as they stand there.
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

/// Says something to the running node, as an operator does.
async fn say(site: &Site, words: &[&str]) -> String {
    let output = said(site, words).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The same where it is refused; why.
async fn say_and_fail(site: &Site, words: &[&str]) -> String {
    let output = said(site, words).await;
    assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

async fn said(site: &Site, words: &[&str]) -> std::process::Output {
    let (config, words) = (site.settings_file(), words.iter().map(ToString::to_string).collect::<Vec<_>>());
    let said = tokio::task::spawn_blocking(move || {
        let mut fpp = std::process::Command::new(env!("CARGO_BIN_EXE_fpp"));
        fpp.arg("--config").arg(config).args(&words).output().unwrap()
    });
    said.await.unwrap()
}

/// Whether an outlet stands so in the list of them.
fn is_listed(listed: &str, outlet: &str, state: &str) -> bool {
    let row = listed.lines().find(|line| line.split_whitespace().next() == Some(outlet));
    row.is_some_and(|row| row.split_whitespace().nth(2) == Some(state))
}

/// Topics of the open notices.
async fn topics(node: &Node) -> BTreeSet<String> {
    node.ledger.notices(false, 50).await.unwrap().into_iter().map(|notice| notice.notice.topic).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outlet_that_hangs_holds_up_no_other() {
    let site = site();
    let (node, hands) = start(&site).await;
    hands.may.hangs.store(true, SeqCst);
    let mut events = 0;
    for batch in 1..=3 {
        events += drop_file(&site, batch, 10, Dropped::Good).events;
    }
    wait_for(&node, "all answered, all of it in the other", async || {
        let all = transfers(&*node.ledger).await;
        all.len() == 3 && all.iter().all(|t| t.state == FileState::Archived)
    })
    .await;
    assert_eq!(appended(&site, "must").len() as u64, events);
    assert_eq!(hands.may.ids(), Vec::<String>::new(), "it still hangs at its first batch");
    hands.may.let_go.notify_one();
    settled(&node, 3).await.unwrap();
    assert_eq!(hands.may.ids().len() as u64, events);
    node.stop().await;
}
