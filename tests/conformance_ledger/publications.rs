//! Cases on publication numbers (D11).

use crate::Books;
use crate::shapes::*;
use fpp::error::Class;
use fpp::ledger::change::Change;
use fpp::ledger::transfer::{FileEvent as E, Verdict as V};
use std::time::{Duration, Instant};

const FILES: u32 = 40;

/// Two nodes post at once while a slow commit, which takes its number first and then writes for long, holds them up.
/// Whatever a reader sees at any time is 1..k without a gap.
pub(crate) async fn numbers_never_appear_late(books: &dyn Books) {
    let ledger = books.open().await;
    walk(&*ledger, 1..=FILES, &[E::Claim, E::Stage, E::Judge(V::Accepted)]).await;
    walk(&*ledger, FILES + 1..=FILES + 4, &[E::Claim, E::Stage]).await;
    let mut writers = tokio::task::JoinSet::new();
    for node in 0..2 {
        let ledger = books.open().await;
        writers.spawn(async move {
            for n in (1..=FILES).filter(|n| n % 2 == node) {
                commit(&*ledger, &[event(n, E::Post)]).await;
            }
        });
    }
    let slow = books.open().await;
    writers.spawn(async move {
        for n in FILES + 1..=FILES + 4 {
            let mut changes = vec![event(n, E::Judge(V::Rejected))];
            changes.push(Change::Reject { id: id(n), rejects: rejects(2..2002) });
            changes.extend((0..300).map(|i| Change::Raise(notice(&format!("{n}/{i}"), "slow"))));
            commit(&*slow, &changes).await;
        }
    });
    let all = u64::from(FILES + 4);
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut looks = 0;
    let mut seen = 0;
    while seen < all {
        assert!(Instant::now() < deadline, "saw {seen} of {all}");
        let numbers: Vec<u64> =
            ledger.publications(0, 1000).await.unwrap().iter().filter_map(|transfer| transfer.publication).collect();
        assert!(numbers.iter().copied().eq(1..=numbers.len() as u64), "{numbers:?}");
        assert!(numbers.len() as u64 >= seen);
        seen = numbers.len() as u64;
        looks += 1;
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    assert!(looks > 1);
    assert_eq!(ledger.last_publication().await.unwrap(), all);
    let page = ledger.publications(3, 2).await.unwrap();
    assert_eq!(page.iter().map(|transfer| transfer.publication).collect::<Vec<_>>(), [Some(4), Some(5)]);
    // A reader may begin with a business date: all of these are of one.
    let date = ledger.publications(0, 1).await.unwrap()[0].facts.identity.as_ref().unwrap().business_date.clone();
    for (from, first) in [("0001-01-01", Some(1)), (date.as_str(), Some(1)), ("9999-12-31", None)] {
        assert_eq!(ledger.first_publication_of(from).await.unwrap(), first, "{from}");
    }
    verified(&*ledger).await;
}

/// A busy ledger may say so; then the caller tries again, as the pipeline does.
async fn commit(ledger: &dyn fpp::ledger::Ledger, changes: &[Change]) {
    loop {
        match ledger.apply(None, T0, changes).await {
            Ok(applied) => break assert!(applied.publication.is_some()),
            Err(error) => assert_eq!(error.class, Class::Retry, "{error}"),
        }
    }
}

pub(crate) async fn a_number_is_not_lost_by_a_refused_apply(books: &dyn Books) {
    let ledger = books.open().await;
    walk(&*ledger, [1], &[E::Claim, E::Stage, E::Judge(V::Accepted)]).await;
    assert_eq!(ledger.last_publication().await.unwrap(), 0);
    assert!(ledger.apply(None, T0, &[event(1, E::Post), event(1, E::Post)]).await.is_err());
    assert_eq!(ledger.last_publication().await.unwrap(), 0);
    assert_eq!(apply(&*ledger, 1, &[event(1, E::Post)]).await.publication, Some(1));
    assert_eq!(ledger.last_publication().await.unwrap(), 1);
}

/// The first node has taken its number and cannot commit, because a row of its journal is in another's hands. Whoever
/// comes later waits for it, so that no number appears after a higher one.
pub(crate) async fn a_commit_that_is_held_back_holds_back_every_later_number(books: &dyn Books) {
    let ledger = books.open().await;
    walk(&*ledger, [1, 2], &[E::Claim, E::Stage, E::Judge(V::Accepted)]).await;
    let (a, b) = (books.open().await, books.open().await);
    let held = books.hold(NEXT_ROW).await;
    let post = async |node: Box<dyn fpp::ledger::Ledger>, n| {
        let mut posting = tokio::spawn(async move { node.apply(None, T0, &[event(n, E::Post)]).await });
        let waits = tokio::time::timeout(Duration::from_millis(400), &mut posting).await.is_err();
        (posting, waits)
    };
    let (first, first_waits) = post(a, 1).await;
    let (second, second_waits) = post(b, 2).await;
    assert!(first_waits && second_waits, "the first waits: {first_waits}, the second: {second_waits}");
    assert!(ledger.publications(0, 10).await.unwrap().is_empty());
    held.undo().await;
    let numbers = [first.await.unwrap().unwrap().publication, second.await.unwrap().unwrap().publication];
    assert!(numbers == [Some(1), Some(2)] || numbers == [Some(2), Some(1)], "{numbers:?}");
    assert_eq!(ledger.publications(0, 10).await.unwrap().len(), 2);
    verified(&*ledger).await;
}
