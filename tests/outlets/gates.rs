//! What waits for required outlets: the answer for all of them, and optional ones for the file to be posted.

use crate::hand::Hand;
use crate::support::core::{Dropped, core_file};
use crate::support::settled::{settled, transfers};
use crate::support::site::Site;
use crate::{Hands, NOW_MS, appended, has, postings, say, site, site_where, start, wait_for};
use fpp::demo::generate::{Series, Spec, generate};
use fpp::ledger::transfer::FileState;
use fpp::node::Node;
use fpp_codecs::date::Date;
use std::collections::BTreeSet;
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
    has(&node, &site, "may", file.events).await;
    assert_eq!(node.ledger.last_publication().await.unwrap(), 1);
    let owed: Vec<_> = node.ledger.debts(10).await.unwrap().into_iter().map(|d| d.spool).collect();
    assert_eq!(owed, ["must"]);
    must.down.store(false, SeqCst);
    settled(&node, 1).await.unwrap();
    assert_eq!(appended(&site, "must").len() as u64, file.events);
    node.stop().await;
}

/// Events on their way to an outlet cannot be taken back: a higher run does not close the file that they are of (D8).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_higher_run_waits_while_events_of_the_lower_one_are_on_their_way() {
    let site = site();
    let (node, Hands { must, .. }) = start(&site).await;
    must.down.store(true, SeqCst);
    two_runs(&site, &node).await;
    assert!(transfers(&*node.ledger).await.iter().all(|t| !t.closed), "nothing is closed");
    must.down.store(false, SeqCst);
    let lower = async || transfers(&*node.ledger).await.iter().any(|t| t.publication.is_some());
    wait_for(&node, "the lower run is posted", lower).await;
    settled(&node, 2).await.unwrap();
    let all = transfers(&*node.ledger).await;
    let of = all.iter().filter_map(|t| t.facts.resend.as_ref()).map(|resend| resend.posted.clone()).collect::<Vec<_>>();
    assert_eq!(of, [vec![(1, 10)]], "compared, and nothing is posted again");
    let ids: BTreeSet<String> = appended(&site, "must").into_iter().collect();
    assert_eq!(ids.len(), appended(&site, "must").len(), "each event once");
    node.stop().await;
}

/// Where the lower run cannot go on by itself a person hears of it, until it goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_hears_of_a_higher_run_that_waits_for_a_held_one() {
    let site = site();
    let (node, Hands { must, .. }) = start(&site).await;
    must.down.store(true, SeqCst);
    let (lower, higher) = two_runs(&site, &node).await;
    let told = async || {
        let open = node.ledger.notices(false, 100).await.unwrap();
        open.into_iter().map(|n| n.notice).find(|n| n.topic == "resend" && n.subject == higher)
    };
    assert!(told().await.is_none(), "it goes on by itself when the outlet is back");
    say(&site, &["hold", &lower, "--reason", "the core sends another one"]).await;
    wait_for(&node, "it is told", async || told().await.is_some()).await;
    let text = told().await.unwrap().text;
    assert!(text.contains(&lower) && text.contains("`fpp release`"), "{text}");
    must.down.store(false, SeqCst);
    let digest =
        transfers(&*node.ledger).await.into_iter().find(|t| t.id.0 == lower).and_then(|t| t.facts.sha256).unwrap();
    say(&site, &["release", &lower, "--digest", &digest[..16], "--reason", "the outlet is back"]).await;
    settled(&node, 2).await.unwrap();
    let of = transfers(&*node.ledger).await.into_iter().find(|t| t.id.0 == higher).and_then(|t| t.facts.resend);
    assert_eq!(of.map(|resend| resend.of), Some(lower), "compared with it");
    wait_for(&node, "nobody need do anything any more", async || told().await.is_none()).await;
    node.stop().await;
}

/// A lower run whose events an outlet does not take, and a higher one that waits for it; their ids.
async fn two_runs(site: &Site, node: &Node) -> (String, String) {
    let drop_run = |run: u8| {
        let date = Date { year: 2025, month: 6, day: 20 };
        let spec = Spec { trades: 10, run, ..Spec::new(Series::Ebcdic, date, 1) };
        let mut bytes = Vec::new();
        generate(&spec, &mut bytes).unwrap();
        site.drop_file(&spec.file_name(), &bytes, Some(""), NOW_MS);
    };
    drop_run(0);
    wait_for(node, "it waits", async || postings(node).await.iter().any(|d| !d.last_error.is_empty())).await;
    let lower = transfers(&*node.ledger).await.remove(0).id.0;
    drop_run(1);
    let waiting = async || {
        let all = transfers(&*node.ledger).await;
        all.into_iter().find(|t| t.waiting_for.contains("whose events are on their way to its outlets"))
    };
    wait_for(node, "the higher run waits", async || waiting().await.is_some()).await;
    let higher = transfers(&*node.ledger).await.into_iter().map(|t| t.id.0).find(|id| *id != lower).unwrap();
    (lower, higher)
}
