//! Cases on leases and fences.

use crate::Books;
use crate::shapes::*;
use fpp::error::Class;
use fpp::ledger::change::{Change, Fence};
use fpp::ledger::lease::{Lease, LeaseKey};
use fpp::ledger::node::{NodeRow, lease_of};
use fpp::ledger::transfer::FileEvent as E;
use fpp_codecs::Code;
use std::time::Duration;

fn fence(lease: &Lease) -> Fence {
    Fence { key: lease.key.clone(), epoch: lease.epoch, holder: lease.holder.clone() }
}

pub(crate) async fn a_stale_epoch_writes_nothing(books: &dyn Books) {
    let (a, b) = (books.open().await, books.open().await);
    walk(&*a, [1], &[]).await;
    let key = LeaseKey("transfer:1".into());
    let first = a.take_lease(&key, "a/1", None).await.unwrap().unwrap();
    assert_eq!(first.epoch, 1);
    a.apply(Some(&fence(&first)), T0, &[event(1, E::Claim)]).await.unwrap();
    let second = b.take_lease(&key, "b/1", Some(&first)).await.unwrap().unwrap();
    assert_eq!(second.epoch, 2);
    let stale = [
        fence(&first),
        Fence { epoch: 2, ..fence(&first) },
        Fence { epoch: 1, ..fence(&second) },
        Fence { key: LeaseKey("transfer:2".into()), ..fence(&second) },
    ];
    for stale in &stale {
        let error = a.apply(Some(stale), T0, &[Change::Raise(notice("x", "y")), event(1, E::Stage)]).await.unwrap_err();
        assert_eq!((error.code, error.class), (Code::STALE_EPOCH, Class::Halt), "{error}");
        assert!(!error.hint.is_empty());
        let error = a.apply(Some(stale), T0, &[Change::Arrive(arrival(2))]).await.unwrap_err();
        assert_eq!(error.code, Code::STALE_EPOCH, "an arrival: {error}");
    }
    assert!(a.notices(true, 10).await.unwrap().is_empty());
    assert!(a.transfer(&id(2)).await.unwrap().is_none());
    a.apply(Some(&fence(&second)), T0, &[event(1, E::Stage)]).await.unwrap();
    b.release_lease(&second).await.unwrap();
    let error = b.apply(Some(&fence(&second)), T0, &[event(1, E::Hold)]).await.unwrap_err();
    assert_eq!(error.code, Code::STALE_EPOCH, "given back: {error}");
}

pub(crate) async fn a_stale_epoch_seals_nothing(books: &dyn Books) {
    let ledger = books.open().await;
    walk(&*ledger, [1], &[]).await;
    let key = LeaseKey("seal".into());
    let first = ledger.take_lease(&key, "a/1", None).await.unwrap().unwrap();
    let second = ledger.take_lease(&key, "b/1", Some(&first)).await.unwrap().unwrap();
    let error = ledger.seal(Some(&fence(&first)), T0, b"key").await.unwrap_err();
    assert_eq!((error.code, error.class), (Code::STALE_EPOCH, Class::Halt), "{error}");
    assert!(ledger.seals(0, 10).await.unwrap().is_empty());
    assert_eq!(ledger.seal(Some(&fence(&second)), T0, b"key").await.unwrap(), 1);
}

pub(crate) async fn one_of_many_takes_a_lease(books: &dyn Books) {
    let key = LeaseKey("seal".into());
    let mut seen: Option<Lease> = None;
    for round in 1..=10 {
        let mut takers = tokio::task::JoinSet::new();
        for n in 0..4 {
            let (ledger, key, seen) = (books.open().await, key.clone(), seen.clone());
            takers.spawn(async move { ledger.take_lease(&key, &format!("n{n}/1"), seen.as_ref()).await.unwrap() });
        }
        let taken: Vec<Lease> = takers.join_all().await.into_iter().flatten().collect();
        assert_eq!(taken.len(), 1, "round {round}");
        assert_eq!((taken[0].epoch, taken[0].beat), (round, 0));
        seen = books.open().await.lease(&key).await.unwrap();
        assert_eq!(seen.as_ref(), taken.first());
    }
}

pub(crate) async fn a_beat_is_refused_after_a_takeover(books: &dyn Books) {
    let ledger = books.open().await;
    let key = LeaseKey("watch:core".into());
    assert_eq!(ledger.lease(&key).await.unwrap(), None);
    let first = ledger.take_lease(&key, "a/1", None).await.unwrap().unwrap();
    let beaten = ledger.beat(&first).await.unwrap();
    assert_eq!((beaten.epoch, beaten.beat), (1, 1));
    assert_eq!(ledger.take_lease(&key, "b/1", Some(&first)).await.unwrap(), None, "it has moved since");
    let second = ledger.take_lease(&key, "b/1", Some(&beaten)).await.unwrap().unwrap();
    assert_eq!(ledger.beat(&beaten).await.unwrap_err().code, Code::STALE_EPOCH);
    ledger.release_lease(&beaten).await.unwrap();
    assert_eq!(ledger.lease(&key).await.unwrap(), Some(second.clone()), "a stale holder gives nothing back");
    ledger.release_lease(&second).await.unwrap();
    let free = ledger.lease(&key).await.unwrap().unwrap();
    assert_eq!((free.holder.as_str(), free.epoch), ("", 2));
    let third = ledger.take_lease(&key, "c/1", Some(&free)).await.unwrap().unwrap();
    assert_eq!(third.epoch, 3, "epochs keep growing");
}

/// A write that found its fence good commits before anybody else has the lease: so it never stands behind the first
/// write of the next holder.
pub(crate) async fn a_takeover_waits_for_the_write_under_way(books: &dyn Books) {
    let ledger = books.open().await;
    walk(&*ledger, [1], &[]).await;
    let key = LeaseKey("transfer:1".into());
    let first = ledger.take_lease(&key, "a/1", None).await.unwrap().unwrap();
    let (a, b) = (books.open().await, books.open().await);
    let held = books.hold(NEXT_ROW).await;
    let (fenced, seen) = (fence(&first), first.clone());
    let mut writing = tokio::spawn(async move { a.apply(Some(&fenced), T0, &[event(1, E::Claim)]).await });
    assert!(tokio::time::timeout(Duration::from_millis(400), &mut writing).await.is_err(), "it waits for the row");
    let mut taking = tokio::spawn(async move { b.take_lease(&key, "b/1", Some(&seen)).await });
    assert!(tokio::time::timeout(Duration::from_millis(400), &mut taking).await.is_err(), "it waits for the write");
    held.undo().await;
    // On SQLite either may go first; then the other one is refused.
    let written = writing.await.unwrap();
    let taken = taking.await.unwrap().unwrap().unwrap();
    assert_eq!(taken.epoch, 2);
    if let Err(error) = &written {
        assert_eq!(error.code, Code::STALE_EPOCH, "{error}");
    }
    let late = ledger.apply(Some(&fence(&first)), T0, &[event(1, E::Stage)]).await.unwrap_err();
    assert_eq!(late.code, Code::STALE_EPOCH, "{late}");
    verified(&*ledger).await;
}

pub(crate) async fn a_node_speaks_for_itself_under_its_own_lease(books: &dyn Books) {
    let (a, b) = (books.open().await, books.open().await);
    assert!(a.nodes().await.unwrap().is_empty());
    let key = LeaseKey(lease_of("n1"));
    let first = a.take_lease(&key, "n1/1", None).await.unwrap().unwrap();
    let said = |heard_ms, pid| NodeRow { name: "n1".into(), heard_ms, pid, ..NodeRow::default() };
    a.report_node(&fence(&first), &said(T0, 7)).await.unwrap();
    a.report_node(&fence(&first), &said(T0 + 1, 7)).await.unwrap();
    assert_eq!(b.nodes().await.unwrap(), [said(T0 + 1, 7)]);
    let second = b.take_lease(&key, "n1/2", Some(&first)).await.unwrap().unwrap();
    b.report_node(&fence(&second), &said(T0 + 2, 8)).await.unwrap();
    let error = a.report_node(&fence(&first), &said(T0 + 3, 7)).await.unwrap_err();
    assert_eq!((error.code, error.class), (Code::STALE_EPOCH, Class::Halt), "{error}");
    assert_eq!(a.nodes().await.unwrap(), [said(T0 + 2, 8)]);
    // A new one, a month later: the old is forgotten.
    let key = LeaseKey(lease_of("n0"));
    let other = a.take_lease(&key, "n0/1", None).await.unwrap().unwrap();
    let later = NodeRow { name: "n0".into(), heard_ms: T0 + 31 * 86_400_000, ..NodeRow::default() };
    a.report_node(&fence(&other), &later).await.unwrap();
    assert_eq!(a.nodes().await.unwrap(), [later]);
}
