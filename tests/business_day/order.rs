//! Batches in the order of their numbers: a gap waits, is held at the cut-off, and ends when the missing one comes or when
//! a person says so.

use crate::place::{Place, SERIES};
use fpp::ledger::transfer::{FileState, Transfer, Verdict};
use fpp_codecs::Code;

fn waits(transfer: &Transfer) -> bool {
    transfer.state == FileState::Proven && transfer.waiting_for.starts_with("waiting for batch")
}

fn is_done(transfer: &Transfer) -> bool {
    transfer.state == FileState::Archived
}

fn is_held(transfer: &Transfer) -> bool {
    transfer.state == FileState::Held && transfer.facts.hold(transfer.verdict).0 == Some(Code::GAP.0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_are_posted_in_their_order_however_they_come() {
    let place = Place::start(SERIES, "", "16:10").await;
    // The business day of whoever asks: its three batches are not there.
    let status = place.fpp(&["status"]).await;
    let day = status.lines().find(|line| line.starts_with("pmtrd ") && line.contains("0001-0003"));
    assert_eq!(day.and_then(|line| line.split_whitespace().nth(3)), Some("3"), "{status}");
    place.drop_batch(3);
    let third = place.batch("0003 waits", 3, waits).await;
    assert_eq!(third.waiting_for, "waiting for batch 0001-0002");
    place.drop_batch(2);
    place.batch("0002 waits", 2, |t| waits(t) && t.waiting_for.ends_with("0001")).await;
    let shown = place.fpp(&["day", "show", "pmtrd", "2025-06-20"]).await;
    assert!(shown.contains("0001 LATE"), "{shown}");
    assert!(shown.contains("0001-0002"), "{shown}");
    place.drop_batch(1);
    let mut order = Vec::new();
    for batch in 1..=3 {
        order.push(place.batch("all are posted", batch, is_done).await.publication);
    }
    assert_eq!(order, [Some(1), Some(2), Some(3)]);
    assert!(place.notices(true).await.is_empty(), "{:?}", place.notices(true).await);
    // The same bytes again: answered as a duplicate, and the day knows of both files.
    place.set("16:20");
    place.drop_batch(1);
    place.batch("0001 is repeated", 1, |t| is_done(t) && t.verdict == Some(Verdict::Duplicate)).await;
    let day = place.day("2025-06-20").await;
    assert_eq!((&day["expected"], &day["arrived"], &day["posted"]), (&3.into(), &3.into(), &3.into()), "{day}");
    assert_eq!((&day["batches"][0]["files"], &day["batches"][0]["verdict"]), (&2.into(), &"accepted".into()), "{day}");
    place.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gap_is_held_at_the_cut_off_and_a_person_lets_it_go() {
    let mut place = Place::start(SERIES, "", "16:10").await;
    place.drop_batch(1);
    place.batch("0001 is posted", 1, is_done).await;
    place.drop_batch(3);
    place.batch("0003 waits", 3, waits).await;
    // A restart forgets nothing of it.
    place.restart().await;
    place.set("18:30");
    let held = place.batch("0003 is held", 3, is_held).await;
    assert_eq!(held.verdict, Some(Verdict::Accepted));
    let missing = place.heard("missing").await;
    assert!(missing.notice.text.contains("batch 0002 did not come by 18:30"), "{missing:?}");
    let digest = held.facts.sha256.clone().unwrap();
    place.fpp(&["release", &held.id.0, "--digest", &digest, "--reason", "core: 0002 comes tomorrow"]).await;
    place.batch("0003 is posted", 3, is_done).await;
    place.set("18:52");
    place.drop_batch(2);
    let second = place.batch("0002 is posted", 2, is_done).await;
    assert_eq!(second.publication, Some(3), "after 0003");
    let late = place.heard("late").await;
    assert!(late.notice.text.contains("batch 0002 of 2025-06-20 is posted after batch 0003"), "{late:?}");
    let recovered = place.heard("recovered").await;
    assert!(recovered.notice.text.contains("18:52"), "{recovered:?}");
    place.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_held_gap_ends_when_the_missing_batch_comes() {
    let place = Place::start(SERIES, "", "16:10").await;
    place.drop_batch(2);
    place.batch("0002 waits", 2, waits).await;
    place.set("18:31");
    place.batch("0002 is held", 2, is_held).await;
    place.drop_batch(1);
    place.batch("0001 is posted", 1, is_done).await;
    let second = place.batch("0002 is posted", 2, is_done).await;
    assert_eq!(second.publication, Some(2));
    assert_eq!(place.count("late").await, 0);
    place.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_that_is_closed_with_a_missing_batch_says_so() {
    let place = Place::start(&format!("day_control = \"ledger\"\n{SERIES}"), "", "16:10").await;
    place.fpp(&["day", "open", "pmtrd", "2025-06-20", "--reason", "core opened it"]).await;
    place.drop_batch(2);
    place.batch("0002 waits", 2, waits).await;
    let said = place.fpp(&["day", "close", "pmtrd", "2025-06-20", "--reason", "day end"]).await;
    assert!(said.contains("is closed for pmtrd; MISSING: 0001, 0003; not posted: 0002"), "{said}");
    let held = place.batch("0002 is held", 2, is_held).await;
    assert!(held.facts.hold(held.verdict).1.contains("its business date was closed"));
    let notice = place.heard("day").await;
    assert_eq!((notice.notice.severity.as_str(), notice.notice.subject.as_str()), ("error", "pmtrd/2025-06-20"));
    // What comes now is held for another reason.
    place.drop_batch(1);
    let closed = |t: &Transfer| t.state == FileState::Held && t.facts.code == Some(Code::DAY_CLOSED.0);
    place.batch("0001 is held", 1, closed).await;
    place.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_still_waits_goes_past_those_that_never_come() {
    let place = Place::start(SERIES, "", "16:10").await;
    place.drop_batch(3);
    let third = place.batch("0003 waits", 3, waits).await;
    let release = |file: &Transfer, skip: &str| {
        let digest = file.facts.sha256.as_deref().unwrap();
        let words = ["release", &file.id.0, "--digest", digest, "--reason", "core: it never comes"].map(str::to_owned);
        let skip = (!skip.is_empty()).then(|| ["--skip".to_owned(), skip.to_owned()]);
        words.into_iter().chain(skip.into_iter().flatten()).collect::<Vec<_>>()
    };
    // Nobody goes past a batch that he did not name, nor past one that is there.
    for (skip, words) in [
        ("", "waits for batch 0001-0002"),
        ("0002", "--skip 0001-0002"),
        ("0001-0003", "--skip 0001-0002"),
        ("3-2", "skip is no batch"),
    ] {
        let said = place.refused(&release(&third, skip)).await;
        assert!(said.contains(words), "{skip}: {said}");
    }
    place.drop_batch(2);
    let second = place.batch("0002 waits", 2, waits).await;
    let said = place.refused(&release(&third, "0001-0002")).await;
    assert!(said.contains("0002 of the batches 0001-0002 is there"), "{said}");
    let shown = place.fpp(&["transfers", "show", &second.id.0]).await;
    assert!(shown.contains("--skip 0001 --reason"), "{shown}");
    let words = release(&second, "0001");
    place.fpp(&words.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert_eq!(place.batch("0002 is posted", 2, is_done).await.publication, Some(1));
    let third = place.batch("0003 waits no longer either", 3, is_done).await;
    assert_eq!(third.publication, Some(2));
    let said = place.refused(&release(&third, "0001")).await;
    assert!(said.contains("only a held file, or a batch that waits"), "{said}");
    place.drop_batch(1);
    assert_eq!(place.batch("0001 comes after all", 1, is_done).await.publication, Some(3));
    place.heard("late").await;
    place.end().await;
}
