//! A node pushes events into its outlets: a required one gates the answer, an optional one gates nothing, a person lets the
//! answer go without one, and neither an error nor a new life of the node loses an event.
#![cfg(feature = "demo")]
// A test that cannot go on says so by panicking, in helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

#[path = "outlets/gates.rs"]
mod gates;
#[path = "outlets/hand.rs"]
mod hand;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deferred_outlet_lets_the_answer_go_and_stays_owed_until_it_has_everything() {
    let site = site();
    let (node, hands) = start(&site).await;
    hands.must.down.store(true, SeqCst);
    let file = drop_file(&site, 1, 10, Dropped::Good);
    wait_for(&node, "it waits", async || postings(&node).await.iter().any(|d| !d.last_error.is_empty())).await;
    let id = transfers(&*node.ledger).await[0].id.clone();
    let story = say(&site, &["transfers", "show", &id.0]).await;
    assert!(story.contains(&format!("fpp outlets defer --transfer {id}")), "{story}");
    say(&site, &["outlets", "defer", "--transfer", &id.0, "--reason", "answer due 18:30"]).await;
    wait_for(&node, "answered", async || transfers(&*node.ledger).await[0].state == FileState::Archived).await;
    assert_eq!(appended(&site, "must"), Vec::<String>::new(), "the answer went without it");
    let status = say(&site, &["status"]).await;
    assert!(status.contains("OWED to must"), "{status}");
    wait_for(&node, "it is listed as down", async || {
        let listed = say(&site, &["outlets"]).await;
        is_listed(&listed, "must", "DOWN") && listed.contains("\nmust does not answer since ")
    })
    .await;
    let line = say(&site, &["outlets", "--json"]).await;
    let line = line.lines().find(|line| line.contains("\"must\"")).unwrap();
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!((&line["routes"][0]["deferred"], &line["routes"][0]["gating"]), (&1.into(), &0.into()), "{line}");
    assert_eq!(line["routes"][0]["records"], 10);
    hands.must.down.store(false, SeqCst);
    settled(&node, 1).await.unwrap();
    assert_eq!(appended(&site, "must").len() as u64, file.events);
    assert!(node.ledger.debts(10).await.unwrap().is_empty(), "it is paid");
    assert!(!say(&site, &["status"]).await.contains("OWED"));
    assert_eq!(node.ledger.verify(None).await.unwrap().broken, None);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_optional_outlet_refuses_is_a_dead_letter_until_it_is_taken() {
    let site = site();
    let (node, hands) = start(&site).await;
    let first = drop_file(&site, 1, 10, Dropped::Good);
    settled(&node, 1).await.unwrap();
    let ids: Vec<String> = appended(&site, "may");
    let second = core_file(2, 10, Dropped::Good);
    // The ids of the second file are known once the required outlet has them.
    hands.may.down.store(true, SeqCst);
    site.drop_file(&second.name, &second.bytes, Some(""), NOW_MS);
    wait_for(&node, "the second is there", async || {
        appended(&site, "must").len() as u64 == first.events + second.events
    })
    .await;
    let new: Vec<String> = appended(&site, "must").split_off(ids.len());
    assert_ne!(new[0], ids[0]);
    hands.may.refuses.lock().unwrap().insert(new[2].clone());
    hands.may.conflicts.lock().unwrap().insert(new[4].clone());
    hands.may.down.store(false, SeqCst);
    settled(&node, 2).await.unwrap();
    let dead = node.ledger.dead_letters(Some("may"), None, false, 10).await.unwrap();
    let told: Vec<_> = dead.iter().map(|letter| (letter.id.clone(), letter.conflict)).collect();
    assert_eq!(told, [(new[2].clone(), false), (new[4].clone(), true)]);
    let topics: BTreeSet<_> =
        node.ledger.notices(false, 50).await.unwrap().into_iter().map(|n| (n.notice.topic, n.notice.code)).collect();
    assert!(topics.contains(&("dead-letter".into(), 4013)) && topics.contains(&("event-conflict".into(), 4014)));
    assert_eq!(appended(&site, "may").len() as u64, first.events + second.events - 2, "the others went on");
    assert!(say(&site, &["outlets", "dead"]).await.contains(&new[2]));
    let nobody = say_and_fail(&site, &["outlets", "dead", "--outlet", "mya"]).await;
    assert!(nobody.contains("no outlet `mya`"), "{nobody}");
    // The service takes the one now, the other still has other data.
    hands.may.refuses.lock().unwrap().clear();
    say(&site, &["outlets", "redrive", "--outlet", "may", "--reason", "it takes them now"]).await;
    wait_for(&node, "one is left", async || {
        let left = node.ledger.dead_letters(Some("may"), None, false, 10).await.unwrap();
        left.len() == 1 && left[0].conflict && !left[0].due
    })
    .await;
    assert_eq!(appended(&site, "may").last(), Some(&new[2]), "it alone was pushed once more");
    assert_eq!(node.ledger.verify(None).await.unwrap().broken, None);
    node.stop().await;
}

/// The id of the n-th trade of a batch.
fn trade(batch: u16, n: u64) -> String {
    format!("2025-06-20:A250620{batch:04}{n:09}:DONE")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_a_required_outlet_refuses_holds_up_no_file_once_its_answer_is_deferred() {
    let site = site();
    let (node, hands) = start(&site).await;
    hands.must.refuses.lock().unwrap().insert(trade(1, 5));
    drop_file(&site, 1, 10, Dropped::Good);
    wait_for(&node, "it was tried again", async || {
        postings(&node).await.iter().any(|d| d.attempts >= 2 && d.last_error.contains("FPP4013"))
    })
    .await;
    assert_eq!(postings(&node).await[0].confirmed, 5, "up to the record before it");
    let listed = say(&site, &["outlets"]).await;
    assert!(is_listed(&listed, "must", "FAILS") && is_listed(&listed, "may", "answers"), "{listed}");
    let came = |id: String| hands.must.ids().iter().filter(|came| **came == id).count();
    assert_eq!([1, 3, 4].map(|n| came(trade(1, n))), [1; 3], "what came before it is not pushed again");
    assert!(came(trade(1, 5)) > 1);
    drop_file(&site, 2, 10, Dropped::Good);
    wait_for(&node, "the second waits behind it", async || postings(&node).await.len() == 2).await;
    let first = transfers(&*node.ledger).await[0].id.clone();
    assert!(postings(&node).await.iter().any(|d| d.transfer == first && d.last_error.contains("fpp hold")));
    say(&site, &["outlets", "defer", "--transfer", &first.0, "--reason", "the service minds one event"]).await;
    wait_for(&node, "both are answered", async || {
        let all = transfers(&*node.ledger).await;
        all.len() == 2 && all.iter().all(|t| t.state == FileState::Archived)
    })
    .await;
    assert_eq!(node.ledger.debts(10).await.unwrap().len(), 1, "the first is still owed");
    hands.must.refuses.lock().unwrap().clear();
    settled(&node, 2).await.unwrap();
    assert!(node.ledger.debts(10).await.unwrap().is_empty());
    node.stop().await;
}

/// Topics of the open notices.
async fn topics(node: &Node) -> BTreeSet<String> {
    node.ledger.notices(false, 50).await.unwrap().into_iter().map(|notice| notice.notice.topic).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redrive_that_fails_comes_to_an_end_and_holds_up_nothing() {
    let site = site();
    let (node, hands) = start(&site).await;
    hands.may.refuses.lock().unwrap().insert(trade(1, 2));
    drop_file(&site, 1, 10, Dropped::Good);
    settled(&node, 1).await.unwrap();
    assert!(topics(&node).await.contains("dead-letter"));
    hands.may.refuses.lock().unwrap().clear();
    hands.may.fails.lock().unwrap().insert(trade(1, 2));
    let redrive = ["outlets", "redrive", "--outlet", "may", "--reason", "it takes them now"];
    // A paused outlet gets nothing, not even these.
    say(&site, &["pause", "outlet", "may", "--reason", "maintenance"]).await;
    let before = hands.may.ids().len();
    say(&site, &redrive).await;
    let due = async |due| node.ledger.dead_letters(Some("may"), None, due, 10).await.unwrap();
    assert!(due(true).await.is_empty() && due(false).await[0].due, "it waits for the outlet");
    drop_file(&site, 2, 10, Dropped::Good);
    wait_for(&node, "the second is answered", async || {
        transfers(&*node.ledger).await.len() == 2 && {
            transfers(&*node.ledger).await.iter().all(|t| t.state == FileState::Archived)
        }
    })
    .await;
    assert_eq!(hands.may.ids().len(), before);
    say(&site, &["resume", "outlet", "may", "--reason", "done"]).await;
    wait_for(&node, "it fails", async || hands.may.ids().contains(&trade(1, 2))).await;
    let begun = Instant::now();
    let third = drop_file(&site, 3, 10, Dropped::Good);
    wait_for(&node, "new files pass it", async || {
        hands.may.ids().iter().filter(|id| id.contains("A2506200003")).count() as u64 == third.events - 1
    })
    .await;
    println!("a new file passed a failing redrive in {} ms", begun.elapsed().as_millis());
    wait_for(&node, "an end", async || !due(false).await[0].due).await;
    assert!(due(false).await[0].why.contains("tried 10 times"), "{:?}", due(false).await);
    assert!(topics(&node).await.contains("dead-letter"));
    hands.may.fails.lock().unwrap().clear();
    say(&site, &redrive).await;
    wait_for(&node, "it is taken", async || due(false).await.is_empty()).await;
    wait_for(&node, "its notice is closed", async || !topics(&node).await.contains("dead-letter")).await;
    assert_eq!(node.ledger.verify(None).await.unwrap().broken, None);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_for_an_outlet_that_was_taken_out_of_the_configuration_are_held_and_told() {
    let site = site();
    let (node, hands) = start(&site).await;
    hands.must.down.store(true, SeqCst);
    let file = drop_file(&site, 1, 10, Dropped::Good);
    wait_for(&node, "it waits", async || postings(&node).await.iter().any(|d| !d.last_error.is_empty())).await;
    node.stop().await;
    let files = [site.settings_file(), site.root.join("conf/routes/route.toml")];
    let before = files.each_ref().map(|file| std::fs::read_to_string(file).unwrap());
    for (file, text) in files.iter().zip(&before) {
        std::fs::write(file, text.replace("must", "other")).unwrap();
    }
    let node = start_with(&site, &hands).await;
    wait_for(&node, "it is held", async || {
        postings(&node).await.iter().any(|d| d.spool == "must" && d.state == DeliveryState::Held)
    })
    .await;
    let held = postings(&node).await.into_iter().find(|d| d.spool == "must").unwrap();
    assert!(held.last_error.contains("FPP9004") && held.gates(), "{held:?}");
    assert!(topics(&node).await.contains("outlet-gone"));
    let shown = say(&site, &["outlets"]).await;
    assert!(shown.contains("REMOVED") && shown.contains("must is not in the configuration any more"), "{shown}");
    say(&site, &["outlets", "defer", "--transfer", &held.transfer.0, "--reason", "it moved to other"]).await;
    wait_for(&node, "answered", async || transfers(&*node.ledger).await[0].state == FileState::Archived).await;
    assert_eq!(appended(&site, "other").len() as u64, file.events);
    node.stop().await;
    // It was taken out by mistake.
    for (file, text) in files.iter().zip(&before) {
        std::fs::write(file, text).unwrap();
    }
    hands.must.down.store(false, SeqCst);
    let node = start_with(&site, &hands).await;
    wait_for(&node, "the notice is closed", async || !topics(&node).await.contains("outlet-gone")).await;
    say(&site, &["retry", &held.id.0, "--reason", "it is back"]).await;
    wait_for(&node, "all of it", async || appended(&site, "must").len() as u64 == file.events).await;
    assert!(!say(&site, &["outlets"]).await.contains("REMOVED"));
    assert_eq!(node.ledger.verify(None).await.unwrap().broken, None);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_pushes_the_same_events_again_and_a_pause_holds_them_back() {
    let site = site();
    let (node, hands) = start(&site).await;
    let file = drop_file(&site, 1, 10, Dropped::Good);
    settled(&node, 1).await.unwrap();
    say(&site, &["pause", "outlet", "must", "--reason", "maintenance"]).await;
    let before = hands.must.ids();
    let replay =
        ["outlets", "replay", "pmtrd", "--from", "2025-06-20", "--outlet", "must", "--reason", "table restored"];
    assert!(say(&site, &replay).await.starts_with("1 files of pmtrd"));
    let line = say(&site, &["outlets"]).await;
    assert!(line.contains("PAUSED"), "{line}");
    assert_eq!(hands.must.ids(), before, "a paused outlet gets nothing");
    say(&site, &["resume", "outlet", "must", "--reason", "done"]).await;
    wait_for(&node, "all again", async || hands.must.ids().len() as u64 == 2 * file.events).await;
    settled(&node, 1).await.unwrap();
    let ids = hands.must.ids();
    assert_eq!(ids[..before.len()], ids[before.len()..], "the same ids in the same order");
    let epochs: Vec<u64> = hands.must.pushed.lock().unwrap().iter().map(|(_, epoch, _)| *epoch).collect();
    assert!(epochs.is_sorted() && epochs.first() < epochs.last(), "{epochs:?}");
    let later =
        ["outlets", "replay", "pmtrd", "--from", "2025-06-21", "--outlet", "must", "--reason", "none of that day"];
    assert!(say(&site, &later).await.starts_with("0 files"));
    node.stop().await;
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
