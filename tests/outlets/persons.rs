//! What a person decides about an outlet: the answer goes without it, it is taken out of the configuration, it gets all again.

use crate::support::core::Dropped;
use crate::support::settled::{settled, transfers};
use crate::{appended, drop_file, has, is_listed, postings, say, site, start, start_with, topics, wait_for};
use fpp::ledger::delivery::DeliveryState;
use fpp::ledger::transfer::FileState;
use std::sync::atomic::Ordering::SeqCst;

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
    has(&node, &site, "must", file.events).await;
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
