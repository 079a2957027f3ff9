//! Cases on what is said once: the first who says it raises the notice, and so does the first who ends it.

use crate::Books;
use crate::shapes::*;
use fpp::ledger::change::{Change, NewNotice, Notice, RECOVERED, Told};
use fpp::ledger::transfer::{FileEvent as E, Verdict as V};
use std::sync::Arc;

fn tell(key: &str) -> Change {
    Change::Tell { key: key.into(), notice: Some(notice(key, "missing")) }
}

fn over(key: &str) -> Change {
    Change::Over { key: key.into(), notice: Some(notice("over", "it came")) }
}

pub(crate) async fn a_thing_is_told_once_and_is_over_once(books: &dyn Books) {
    {
        let ledger = books.open().await;
        assert_eq!(apply(&*ledger, 1, &[over("late/1"), tell("late/1"), tell("late/1")]).await.told, 1);
        assert_eq!(apply(&*ledger, 2, &[Change::Tell { key: "late/2".into(), notice: None }]).await.told, 1);
    }
    // Another life of the node knows it.
    let ledger = books.open().await;
    assert_eq!(apply(&*ledger, 3, &[tell("late/1"), tell("later/1")]).await.told, 1);
    assert_eq!(apply(&*ledger, 4, &[over("late/1"), over("late/1"), tell("late/1")]).await.told, 1);
    let told = |key: &str, after, open| Told { key: key.into(), at_ms: T0 + after, open };
    let late = ledger.told("late/", false, 10).await.unwrap();
    assert_eq!(late, [told("late/1", 1, false), told("late/2", 2, true)]);
    assert_eq!(ledger.told("late", false, 10).await.unwrap().len(), 3);
    assert_eq!(ledger.told("late", false, 1).await.unwrap().len(), 1);
    assert_eq!(ledger.told("late/", true, 10).await.unwrap(), [told("late/2", 2, true)]);
    let notices = ledger.notices(true, 10).await.unwrap();
    let seen: Vec<_> = notices.iter().map(|n| (n.notice.subject.as_str(), n.count)).collect();
    assert_eq!(seen, [("over", 1), ("later/1", 1), ("late/1", 1)]);
    // What is over is forgotten with the keys of what was purged; what is open stays.
    let old = 500 * 24 * 3_600_000;
    walk(&*ledger, [1], &[E::Claim, E::Judge(V::Rejected), E::Acknowledge, E::Archive]).await;
    for _ in 0..2 {
        let purge = Change::Purge { before: "2026-01-06".into(), before_ms: T0, by: "wang".into() };
        apply(&*ledger, old, &[purge]).await;
    }
    let left: Vec<_> = ledger.told("", false, 10).await.unwrap().into_iter().map(|told| told.key).collect();
    assert_eq!(left, ["late/2", "later/1"]);
    verified(&*ledger).await;
}

pub(crate) async fn a_settled_notice_may_be_raised_anew(books: &dyn Books) {
    let ledger = books.open().await;
    let settle =
        || Change::CloseNotice { topic: "held".into(), subject: "t1".into(), by: "fpp: it came at 18:52".into() };
    apply(&*ledger, 1, &[settle(), Change::Raise(notice("t1", "first")), Change::Raise(notice("t2", "other"))]).await;
    apply(&*ledger, 2, &[settle(), settle()]).await;
    let open = ledger.notices(false, 10).await.unwrap();
    assert_eq!(open.iter().map(|n| n.notice.subject.as_str()).collect::<Vec<_>>(), ["t2"]);
    let all = ledger.notices(true, 10).await.unwrap();
    let settled = all.iter().find(|n| n.notice.subject == "t1").unwrap();
    assert_eq!(settled.acknowledged, Some(("fpp: it came at 18:52".into(), T0 + 2)));
    apply(&*ledger, 3, &[Change::Raise(notice("t1", "again"))]).await;
    assert_eq!(ledger.notices(false, 10).await.unwrap().len(), 2);
}

pub(crate) async fn a_notice_that_was_raised_again_is_not_ended(books: &dyn Books) {
    let ledger = books.open().await;
    let raise = || Change::Raise(notice("t1", "away"));
    let open = async || ledger.notices(false, 10).await.unwrap();
    let end = |seen: &Notice| Change::EndNotice {
        id: seen.id,
        count: seen.count,
        by: "fpp: it is back".into(),
        notice: Some(NewNotice::recovered("t1", "it is back".into())),
    };
    apply(&*ledger, 1, &[raise()]).await;
    let seen = open().await.remove(0);
    apply(&*ledger, 2, &[raise()]).await;
    assert_eq!(apply(&*ledger, 3, &[end(&seen)]).await.told, 0);
    let again = open().await;
    assert_eq!((again.len(), again[0].count), (1, 2), "there is trouble still");
    assert_eq!(apply(&*ledger, 4, &[end(&again[0]), end(&again[0])]).await.told, 1);
    let first = open().await;
    assert_eq!(first.iter().map(|n| n.notice.topic.as_str()).collect::<Vec<_>>(), [RECOVERED]);
    // The next trouble closes what says that it is over, and its end is told as something new.
    apply(&*ledger, 5, &[raise()]).await;
    let trouble = open().await;
    assert!(trouble.len() == 1 && trouble[0].id > seen.id && trouble[0].count == 1, "{trouble:?}");
    apply(&*ledger, 6, &[end(&trouble[0])]).await;
    let second = open().await;
    assert!(second.len() == 1 && second[0].id > first[0].id && second[0].count == 1, "{second:?}");
    apply(&*ledger, 7, &[Change::Raise(NewNotice::recovered("t1", "more".into()))]).await;
    let third = open().await;
    assert!(third.len() == 1 && third[0].id > second[0].id, "{third:?}");
}

pub(crate) async fn a_thing_is_told_once_by_many_nodes(books: &dyn Books) {
    let mut nodes = Vec::new();
    for _ in 0..4 {
        nodes.push(Arc::<dyn fpp::ledger::Ledger>::from(books.open().await));
    }
    for round in 0..10 {
        let mut saying = tokio::task::JoinSet::new();
        for node in &nodes {
            let (node, key) = (node.clone(), format!("late/{round}"));
            saying.spawn(async move {
                let told = node.apply(None, T0, &[tell(&key)]).await.unwrap().told;
                (told, node.apply(None, T0, &[over(&key)]).await.unwrap().told)
            });
        }
        let said = saying.join_all().await;
        let (told, ended): (u64, u64) = said.into_iter().fold((0, 0), |sum, said| (sum.0 + said.0, sum.1 + said.1));
        assert_eq!((told, ended), (1, 1), "round {round}");
    }
    let notices = nodes[0].notices(false, 100).await.unwrap();
    assert_eq!(notices.iter().filter(|n| n.notice.subject.starts_with("late/")).count(), 10);
    assert!(notices.iter().filter(|n| n.notice.subject.starts_with("late/")).all(|n| n.count == 1));
}
