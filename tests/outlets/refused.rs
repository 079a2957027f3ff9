//! What an outlet refuses: a dead letter where it is optional, a hold-up where it is required, and events pushed once more.

use crate::support::core::{Dropped, core_file};
use crate::support::settled::{settled, transfers};
use crate::{NOW_MS, appended, drop_file, is_listed, postings, say, say_and_fail, site, start, topics, wait_for};
use fpp::ledger::transfer::FileState;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Instant;

/// The id of the n-th trade of a batch.
fn trade(batch: u16, n: u64) -> String {
    format!("2025-06-20:A250620{batch:04}{n:09}:DONE")
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
