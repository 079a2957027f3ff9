//! Cases on notices, business dates, restarts and readers beside a writer.

use crate::Books;
use crate::shapes::*;
use fpp::error::Class;
use fpp::ledger::change::Change;
use fpp::ledger::transfer::{FileEvent as E, Verdict as V};
use fpp_codecs::Code;
use std::time::Instant;

pub(crate) async fn a_notice_is_counted_up_until_it_is_read(books: &dyn Books) {
    let ledger = books.open().await;
    apply(&*ledger, 1, &[Change::Raise(notice("t1", "first"))]).await;
    apply(&*ledger, 2, &[Change::Raise(notice("t2", "other")), Change::Raise(notice("t1", "second"))]).await;
    let open = ledger.notices(false, 10).await.unwrap();
    assert_eq!(open.len(), 2);
    let first = open.iter().find(|n| n.notice.subject == "t1").unwrap();
    assert_eq!((first.count, first.raised_ms, first.last_ms), (2, T0 + 1, T0 + 2));
    assert_eq!(first.notice.text, "second", "the newest words");
    let read = |by: &str| Change::AcknowledgeNotice { id: first.id, by: by.into() };
    apply(&*ledger, 3, &[read("wang")]).await;
    apply(&*ledger, 4, &[read("li")]).await;
    assert_eq!(ledger.notices(false, 10).await.unwrap().len(), 1);
    apply(&*ledger, 5, &[Change::Raise(notice("t1", "third"))]).await;
    let all = ledger.notices(true, 10).await.unwrap();
    assert_eq!(all.len(), 3, "after it was read, the same thing is a new notice");
    assert_eq!((all[0].notice.text.as_str(), all[0].count), ("third", 1), "newest first");
    let kept = all.iter().find(|n| n.id == first.id).unwrap();
    assert_eq!(kept.acknowledged, Some(("wang".into(), T0 + 3)), "the first reader stays");
    assert!(ledger.apply(None, T0, &[Change::AcknowledgeNotice { id: i64::MAX, by: "x".into() }]).await.is_err());
    assert_eq!(ledger.notices(true, 1).await.unwrap().len(), 1);
}

pub(crate) async fn open_notices_are_read_page_by_page(books: &dyn Books) {
    let ledger = books.open().await;
    for n in 0..5 {
        apply(&*ledger, n, &[Change::Raise(notice(&format!("t{n}"), "first"))]).await;
    }
    let page = async |after: i64, limit| ledger.open_notices(after, limit).await.unwrap();
    let all = page(0, 10).await;
    let ids: Vec<i64> = all.iter().map(|n| n.id).collect();
    assert!(ids.len() == 5 && ids.is_sorted(), "{ids:?}");
    // One that is raised again keeps its place, one that is closed is out.
    let close = Change::CloseNotice { topic: "held".into(), subject: "t1".into(), by: "wang".into() };
    apply(&*ledger, 9, &[Change::Raise(notice("t0", "second")), close]).await;
    let of = |notices: Vec<fpp::ledger::change::Notice>| notices.into_iter().map(|n| n.id).collect::<Vec<_>>();
    assert_eq!(of(page(0, 2).await), [ids[0], ids[2]]);
    assert_eq!(of(page(ids[2], 2).await), [ids[3], ids[4]]);
    assert!(page(ids[4], 2).await.is_empty());
    assert_eq!(page(0, 1).await[0].count, 2);
}

pub(crate) async fn days_open_and_close(books: &dyn Books) {
    let ledger = books.open().await;
    let day = |date: &str, open| Change::Day {
        route: "PMTRD".into(),
        business_date: date.into(),
        open,
        by: "core: flag file".into(),
    };
    apply(&*ledger, 1, &[day("2026-01-06", true), day("2026-01-05", true), day("2026-01-05", true)]).await;
    apply(&*ledger, 2, &[day("2026-01-05", false)]).await;
    let days = ledger.days("PMTRD").await.unwrap();
    assert_eq!(days, [("2026-01-05".into(), false), ("2026-01-06".into(), true)]);
    assert!(ledger.days("PMTXT").await.unwrap().is_empty());
    assert_eq!(ledger.journal("day:PMTRD").await.unwrap().len(), 3, "saying it again is no act");
    verified(&*ledger).await;
}

pub(crate) async fn books_outlive_their_node(books: &dyn Books) {
    let before = {
        let ledger = books.open().await;
        walk(&*ledger, 1..=3, &[E::Claim, E::Stage]).await;
        (transfer(&*ledger, 2).await, ledger.journal(&format!("transfer:{}", id(2))).await.unwrap())
    };
    let ledger = books.open().await;
    assert_eq!(transfer(&*ledger, 2).await, before.0);
    assert_eq!(ledger.journal(&format!("transfer:{}", id(2))).await.unwrap(), before.1);
    walk(&*ledger, [4], &[E::Claim]).await;
    assert_eq!(verified(&*ledger).await.chains, 4);
}

pub(crate) async fn a_reader_stands_beside_a_writer(books: &dyn Books) {
    let ledger = books.open().await;
    walk(&*ledger, [1], &[]).await;
    let reader = books.open_read_only().await;
    assert_eq!(transfer(&*reader, 1).await, transfer(&*ledger, 1).await);
    walk(&*ledger, [2], &[E::Claim]).await;
    assert_eq!(transfer(&*reader, 2).await, transfer(&*ledger, 2).await);
    verified(&*reader).await;
    let error = reader.apply(None, T0, &[event(1, E::Claim)]).await.unwrap_err();
    assert_eq!((error.code, error.class), (Code::LEDGER, Class::Halt), "{error}");
    assert!(reader.seal(None, T0, b"key").await.is_err());
}

/// A caller may be dropped at any moment, e.g. by a deadline: then all of its changes stand, or none.
pub(crate) async fn a_cancelled_apply_is_all_or_nothing(books: &dyn Books) {
    let ledger = books.open().await;
    let (mut whole, mut cancelled) = (0, 0);
    let changes = |n| -> Vec<Change> {
        vec![
            Change::Arrive(arrival(n)),
            event(n, E::Claim),
            event(n, E::Judge(V::Rejected)),
            Change::Reject { id: id(n), rejects: rejects(2..20) },
        ]
    };
    let begun = Instant::now();
    apply(&*ledger, 0, &changes(1000)).await;
    let usual = begun.elapsed();
    for n in 1..=150u32 {
        // From nothing to three times of what it takes on this engine.
        let deadline = usual * (n % 50) / 16;
        match tokio::time::timeout(deadline, ledger.apply(None, T0, &changes(n))).await {
            Ok(applied) => {
                applied.unwrap();
                whole += 1;
            }
            Err(_) => cancelled += 1,
        }
    }
    assert!(whole > 0 && cancelled > 0, "{whole} whole, {cancelled} cancelled");
    apply(&*ledger, 1, &[Change::Raise(notice("x", "still open"))]).await;
    let published = ledger.publications(0, 1000).await.unwrap();
    assert!(published.len() > whole);
    assert_eq!(ledger.last_publication().await.unwrap(), published.len() as u64);
    let report = verified(&*ledger).await;
    assert_eq!((report.chains, report.rows), (published.len() as u64, 3 * published.len() as u64));
}
