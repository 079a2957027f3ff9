//! Cases on nodes that do the same thing at the same time: it is done once, and nobody is lost over it.

use crate::Books;
use crate::shapes::*;
use fpp::error::Class;
use fpp::ledger::change::{Applied, Change, NewTransfer};
use fpp::ledger::delivery::{Delivery, DeliveryEvent as D};
use fpp::ledger::transfer::{FileEvent as E, FileState as S, Verdict as V};
use fpp_codecs::Code;
use std::time::Duration;
use tokio::task::JoinSet;

const NODES: u32 = 4;
const ROUNDS: u32 = 12;

/// All nodes apply at once; what each got.
async fn at_once(books: &dyn Books, changes: impl Fn(u32) -> Vec<Change>) -> Vec<fpp::error::Result<Applied>> {
    let mut nodes = JoinSet::new();
    for n in 0..NODES {
        let (ledger, changes) = (books.open().await, changes(n));
        nodes.spawn(async move { ledger.apply(None, T0, &changes).await });
    }
    nodes.join_all().await
}

pub(crate) async fn an_arrival_is_booked_once_by_many_nodes(books: &dyn Books) {
    let ledger = books.open().await;
    for round in 1..=ROUNDS {
        let same = |node| vec![Change::Arrive(NewTransfer { id: id(round * 100 + node), ..arrival(round) })];
        let applied = at_once(books, same).await;
        assert_eq!(applied.into_iter().map(|applied| applied.unwrap().arrived.len()).sum::<usize>(), 1);
    }
    assert_eq!(verified(&*ledger).await.chains, u64::from(ROUNDS));
}

pub(crate) async fn an_identity_is_accepted_once_by_many_nodes(books: &dyn Books) {
    let ledger = books.open().await;
    for round in 1..=ROUNDS {
        for node in 0..NODES {
            let mut new = arrival(round * 100 + node);
            new.facts.identity = Some(identity(round));
            let n = round * 100 + node;
            apply(&*ledger, 0, &[Change::Arrive(new), event(n, E::Claim), event(n, E::Stage)]).await;
        }
        let judged = at_once(books, |node| vec![event(round * 100 + node, E::Judge(V::Accepted))]).await;
        let (accepted, refused): (Vec<_>, Vec<_>) = judged.into_iter().partition(Result::is_ok);
        assert_eq!((accepted.len(), refused.len()), (1, 3), "round {round}: {refused:?}");
        for error in refused.into_iter().filter_map(Result::err) {
            assert_eq!((error.code, error.class), (Code::OTHER_BYTES, Class::Halt), "{error}");
        }
        let proven = ledger.by_batch(&identity(round)).await.unwrap().iter().filter(|t| t.state == S::Proven).count();
        assert_eq!(proven, 1);
    }
    verified(&*ledger).await;
}

pub(crate) async fn a_name_is_planned_once_by_many_nodes(books: &dyn Books) {
    let ledger = books.open().await;
    for round in 1..=ROUNDS {
        let number = |node| round * 100 + node;
        for node in 0..NODES {
            walk(&*ledger, [number(node)], &[E::Claim]).await;
        }
        let same_name = |node| {
            let name = format!("PMACK_{round}.TXT");
            vec![Change::Plan(Box::new(Delivery { name, ..delivery(number(node), number(node)) }))]
        };
        let planned = at_once(books, same_name).await;
        assert_eq!(planned.iter().filter(|planned| planned.is_ok()).count(), 1, "round {round}: {planned:?}");
        for error in planned.into_iter().filter_map(Result::err) {
            assert_eq!(error.code, Code::TARGET_EXISTS, "{error}");
        }
    }
    assert_eq!(ledger.deliveries(None, 1000).await.unwrap().len(), ROUNDS as usize);
    verified(&*ledger).await;
}

pub(crate) async fn a_notice_is_opened_once_by_many_nodes(books: &dyn Books) {
    let ledger = books.open().await;
    for round in 1..=ROUNDS {
        for applied in at_once(books, |_| vec![Change::Raise(notice(&round.to_string(), "again"))]).await {
            applied.unwrap();
        }
    }
    let notices = ledger.notices(false, 100).await.unwrap();
    assert_eq!(notices.len(), ROUNDS as usize);
    assert!(notices.iter().all(|notice| notice.count == u64::from(NODES)), "{notices:?}");
}

/// Without leases, as two nodes that both believe to hold one: a move is made once, the other is refused.
pub(crate) async fn a_file_moves_once(books: &dyn Books) {
    let ledger = books.open().await;
    for n in 1..=ROUNDS {
        walk(&*ledger, [n], &[]).await;
        let moved = at_once(books, |_| vec![event(n, E::Claim)]).await;
        assert_eq!(moved.iter().filter(|moved| moved.is_ok()).count(), 1, "{moved:?}");
        assert_eq!(ledger.journal(&format!("transfer:{}", id(n))).await.unwrap().len(), 2);
    }
    verified(&*ledger).await;
}

/// Each node changes the same rows in another order, and posts, and raises notices: none waits in a circle for good.
pub(crate) async fn writers_in_each_other_s_way_all_get_through(books: &dyn Books) {
    const FILES: u32 = 6;
    let ledger = books.open().await;
    walk(&*ledger, 1..=FILES, &[E::Claim]).await;
    let mut nodes = JoinSet::new();
    for node in 0..NODES {
        let ledger = books.open().await;
        nodes.spawn(async move {
            for round in 0..ROUNDS {
                let order = |i: u32| (i * (node + 1) + round) % FILES + 1;
                let new = 1000 + node * 100 + round;
                let mut changes = vec![Change::Arrive(arrival(new)), event(new, E::Claim)];
                for i in 0..3 {
                    let (id, until_ms) = (id(order(i)), T0);
                    changes.push(Change::Park { id, until_ms, waiting_for: "x".into(), failed: true });
                    changes.push(Change::Raise(notice(&order(i).to_string(), "busy")));
                }
                changes.push(event(new, E::Judge(V::Rejected)));
                changes.push(Change::Raise(notice(&order(4).to_string(), "busy")));
                ledger.apply(None, T0, &changes).await.unwrap();
            }
        });
    }
    nodes.join_all().await;
    assert_eq!(ledger.last_publication().await.unwrap(), u64::from(NODES * ROUNDS));
    let attempts: u32 = ledger.due_transfers(T0, 100).await.unwrap().iter().map(|t| t.attempts).sum();
    assert_eq!(attempts, NODES * ROUNDS * 3, "no write was lost, none was made twice");
    let raised: u64 = ledger.notices(false, 100).await.unwrap().iter().map(|notice| notice.count).sum();
    assert_eq!(raised, u64::from(NODES * ROUNDS * 4));
    verified(&*ledger).await;
}

/// One node puts a file to sleep until its answer is delivered, another one delivers it: the file wakes up.
pub(crate) async fn a_file_is_not_put_to_sleep_past_a_delivery_that_arrives_meanwhile(books: &dyn Books) {
    let ledger = books.open().await;
    for n in 1..=ROUNDS {
        walk(&*ledger, [n], &[E::Claim, E::Judge(V::Rejected)]).await;
        apply(&*ledger, 0, &[Change::Plan(Box::new(delivery(n, n))), deliver(n, D::Prove)]).await;
        let changes = |node| match node {
            0 => vec![deliver(n, D::Deliver)],
            _ => vec![Change::Park { id: id(n), until_ms: i64::MAX, waiting_for: "its answer".into(), failed: false }],
        };
        for applied in at_once(books, changes).await {
            applied.unwrap();
        }
        assert!(transfer(&*ledger, n).await.next_attempt_ms <= T0, "round {n}: it sleeps for ever");
    }
    verified(&*ledger).await;
}

/// The delivery is written and not committed, because a row of its journal is in another's hands; meanwhile the file is
/// to be put to sleep until it is delivered.
pub(crate) async fn who_puts_a_file_to_sleep_waits_for_a_delivery_under_way(books: &dyn Books) {
    let (ledger, other) = (books.open().await, books.open().await);
    walk(&*ledger, [1], &[E::Claim, E::Judge(V::Rejected)]).await;
    apply(&*ledger, 0, &[Change::Plan(Box::new(delivery(1, 1))), deliver(1, D::Prove)]).await;
    let held = books
        .hold(
            "INSERT INTO journal (book_date, subject, n, at_ms, entry, previous, hash) \
             SELECT book_date, subject, n + 1, 0, '{}', '', '' FROM heads \
             WHERE subject = 'delivery:01D00000000000000000000001'",
        )
        .await;
    let waits = Duration::from_millis(400);
    let mut delivering = tokio::spawn(async move { other.apply(None, T0 + 1, &[deliver(1, D::Deliver)]).await });
    assert!(tokio::time::timeout(waits, &mut delivering).await.is_err(), "it waits for the row");
    let sleep = Change::Park { id: id(1), until_ms: i64::MAX, waiting_for: "its answer".into(), failed: false };
    let mut parking = Box::pin(ledger.apply(None, T0 + 2, std::slice::from_ref(&sleep)));
    assert!(tokio::time::timeout(waits, &mut parking).await.is_err(), "it waits for the delivery");
    held.undo().await;
    let (delivered, parked) = tokio::join!(delivering, parking);
    delivered.unwrap().unwrap();
    parked.unwrap();
    assert!(transfer(&*ledger, 1).await.next_attempt_ms <= T0 + 2, "it sleeps for ever");
    verified(&*ledger).await;
}
