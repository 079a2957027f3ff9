//! What waits for required outlets: the answer for all of them, and optional ones for the file to be posted.

use crate::hand::Hand;
use crate::support::core::{Dropped, core_file};
use crate::support::settled::{settled, transfers};
use crate::{Hands, NOW_MS, appended, postings, say, site, site_where, start, wait_for};
use fpp::ledger::transfer::FileState;
use std::sync::atomic::Ordering::SeqCst;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_waits_for_both_required_outlets_whichever_comes_first() {
    let site = site_where("sensitive = \"clear\"");
    let (node, Hands { must, may }) = start(&site).await;
    let late: [(&str, &Hand, &str); 2] = [("must", &must, "may"), ("may", &may, "must")];
    for (batch, (late, hand, first)) in (1u16..).zip(late) {
        hand.down.store(true, SeqCst);
        let file = core_file(batch, 10, Dropped::Good);
        site.drop_file(&file.name, &file.bytes, Some(""), NOW_MS);
        let events = file.events * u64::from(batch);
        wait_for(&node, "it waits for one alone", async || {
            let waiting_for = transfers(&*node.ledger).await.pop().map(|transfer| transfer.waiting_for);
            waiting_for == Some(format!("delivery of its events to {late}"))
        })
        .await;
        assert_eq!(appended(&site, first).len() as u64, events, "{first} has all of it");
        let last = transfers(&*node.ledger).await.pop().unwrap();
        assert_eq!((last.state, last.next_attempt_ms), (FileState::Proven, i64::MAX));
        assert_eq!(site.names("core/in").len(), 3 * usize::from(batch - 1), "no answer for {late}");
        hand.down.store(false, SeqCst);
        settled(&node, usize::from(batch)).await.unwrap();
        assert_eq!(appended(&site, late).len() as u64, events);
        assert_eq!(site.names("core/in").len(), 3 * usize::from(batch), "the answer, its checksum and marker");
    }
    assert_eq!(node.ledger.verify(None).await.unwrap().broken, None);
    node.stop().await;
}

/// What is not posted may still be replaced by a higher run, so nothing but what gates it hears of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn optional_outlets_and_the_stream_hear_of_a_file_when_it_is_posted_and_a_deferral_posts_it() {
    let site = site();
    let (node, Hands { must, .. }) = start(&site).await;
    must.down.store(true, SeqCst);
    let file = core_file(1, 10, Dropped::Good);
    site.drop_file(&file.name, &file.bytes, Some(""), NOW_MS);
    wait_for(&node, "it waits", async || postings(&node).await.iter().any(|d| !d.last_error.is_empty())).await;
    assert_eq!(postings(&node).await.len(), 1, "the other is not told of it");
    assert_eq!(node.ledger.last_publication().await.unwrap(), 0);
    let id = transfers(&*node.ledger).await[0].id.clone();
    say(&site, &["outlets", "defer", "--transfer", &id.0, "--reason", "the others need it"]).await;
    wait_for(&node, "the other has it", async || appended(&site, "may").len() as u64 == file.events).await;
    assert_eq!(node.ledger.last_publication().await.unwrap(), 1);
    let owed: Vec<_> = node.ledger.debts(10).await.unwrap().into_iter().map(|d| d.spool).collect();
    assert_eq!(owed, ["must"]);
    must.down.store(false, SeqCst);
    settled(&node, 1).await.unwrap();
    assert_eq!(appended(&site, "must").len() as u64, file.events);
    node.stop().await;
}
