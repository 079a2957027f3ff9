//! Cases on purging: finished transfers of past dates go, and `verify` still proves the rest.

use crate::Books;
use crate::shapes::*;
use fpp::ledger::Ledger;
use fpp::ledger::change::{Change, NewTransfer};
use fpp::ledger::delivery::DeliveryEvent as D;
use fpp::ledger::transfer::{FileEvent as E, Verdict as V};
use fpp_codecs::Code;

const KEY: &[u8] = b"a key that only the node can read";
const WHOLE: [E; 6] = [E::Claim, E::Stage, E::Judge(V::Accepted), E::Post, E::Acknowledge, E::Archive];
const REFUSED: [E; 4] = [E::Claim, E::Judge(V::Rejected), E::Acknowledge, E::Archive];
/// After [`identity`]'s business date.
const BEFORE: &str = "2026-01-06";

/// Purges until nothing more goes; how many went.
async fn purge(ledger: &dyn Ledger, before: &str, before_ms: i64) -> u64 {
    let mut purged = 0;
    loop {
        let change = Change::Purge { before: before.into(), before_ms, by: "wang: on tape".into() };
        match apply(ledger, 9, &[change]).await.purged {
            0 => return purged,
            more => purged += more,
        }
    }
}

async fn ids(ledger: &dyn Ledger) -> Vec<String> {
    let query = fpp::ledger::transfer::TransferQuery { limit: 1000, ..Default::default() };
    let mut ids: Vec<_> = ledger.transfers(&query).await.unwrap().into_iter().map(|transfer| transfer.id.0).collect();
    ids.reverse();
    ids
}

async fn sealed(ledger: &dyn Ledger) {
    let report = ledger.verify(Some(KEY)).await.unwrap();
    assert_eq!(report.broken, None);
}

pub(crate) async fn finished_transfers_go_and_the_rest_is_proven(books: &dyn Books) {
    let ledger = books.open().await;
    // With rejects and deliveries; then what must stay.
    walk(&*ledger, 1..=70, &[E::Claim]).await;
    for n in 1..=70 {
        let mut changes = vec![
            event(n, E::Judge(V::Rejected)),
            Change::Reject { id: id(n), rejects: rejects(2..4) },
            Change::Plan(Box::new(delivery(n, n))),
        ];
        changes.extend([deliver(n, D::Prove), deliver(n, D::Deliver), event(n, E::Acknowledge), event(n, E::Archive)]);
        apply(&*ledger, 1, &changes).await;
    }
    walk(&*ledger, [71], &[E::Claim, E::Stage, E::Hold]).await;
    walk(&*ledger, [72], &[E::Claim]).await;
    walk(&*ledger, [73], &[E::Claim, E::Stage, E::Judge(V::Duplicate), E::Acknowledge, E::Archive]).await;
    apply(&*ledger, 2, &[Change::Plan(Box::new(delivery(73, 73)))]).await;
    walk(&*ledger, [74], &[E::Claim, E::Hold, E::Close]).await;
    ledger.seal(None, T0 + 3, KEY).await.unwrap();
    assert_eq!(purge(&*ledger, "2026-01-05", T0).await, 0, "its own date is not before it");
    assert_eq!(purge(&*ledger, BEFORE, T0).await, 71);
    assert_eq!(ids(&*ledger).await, [id(71).0, id(72).0, id(73).0]);
    assert!(ledger.journal(&format!("transfer:{}", id(1))).await.unwrap().is_empty());
    assert!(ledger.rejects(&id(1), 0, 10).await.unwrap().is_empty());
    assert_eq!(ledger.delivery(&fpp::ledger::delivery::DeliveryId(delivery_id(1).0)).await.unwrap(), None);
    assert_eq!(ledger.deliveries(None, 100).await.unwrap().len(), 1, "one is under way");
    assert_eq!(ledger.journal("purges").await.unwrap().len(), 2, "a batch of published ones, one of others");
    sealed(&*ledger).await;
    ledger.seal(None, T0 + 10, KEY).await.unwrap();
    walk(&*ledger, [80], &WHOLE).await;
    assert_eq!(transfer(&*ledger, 80).await.publication, Some(71), "numbers go on");
    sealed(&*ledger).await;
}

pub(crate) async fn published_ones_go_in_order(books: &dyn Books) {
    let ledger = books.open().await;
    for n in 1..=4 {
        let mut new = arrival(n);
        if n == 3 {
            new.facts.identity =
                Some(fpp::ledger::transfer::Identity { business_date: "2026-02-01".into(), ..identity(3) });
        }
        let mut changes = vec![Change::Arrive(new)];
        changes.extend(WHOLE.map(|e| event(n, e)));
        apply(&*ledger, 0, &changes).await;
    }
    let nameless = |n| {
        let mut new = arrival(n);
        new.facts.identity = None;
        Change::Arrive(new)
    };
    apply(&*ledger, 0, &[nameless(5), event(5, E::Claim), event(5, E::Hold), event(5, E::Close)]).await;
    assert_eq!(purge(&*ledger, BEFORE, T0).await, 2, "the third is not old enough, and keeps the fourth");
    assert_eq!(ids(&*ledger).await, [id(3).0, id(4).0, id(5).0]);
    let left = ledger.publications(0, 10).await.unwrap();
    assert_eq!(left.iter().map(|t| t.publication).collect::<Vec<_>>(), [Some(3), Some(4)]);
    assert_eq!(purge(&*ledger, "2026-03-01", T0 + 1).await, 3, "without a date, its arrival counts");
    assert_eq!((ids(&*ledger).await.len(), ledger.last_publication().await.unwrap()), (0, 4));
    verified(&*ledger).await;
}

pub(crate) async fn what_was_purged_comes_back_as_nothing_new(books: &dyn Books) {
    let ledger = books.open().await;
    walk(&*ledger, [1], &WHOLE).await;
    let batches = async || ledger.purged_batches("PMTRD", "2026-01-05").await.unwrap();
    assert!(batches().await.is_empty());
    assert_eq!(purge(&*ledger, BEFORE, T0).await, 1);
    assert_eq!(batches().await, [1]);
    // It was posted: nothing waits for it, and what comes in front of it is late.
    let (route, date) = ("PMTRD", "2026-01-05");
    assert_eq!(ledger.posted_before(route, date, 2).await.unwrap(), Some(1));
    assert_eq!(ledger.posted_before(route, date, 1).await.unwrap(), None);
    assert_eq!(ledger.posted_after(route, date, 0).await.unwrap(), Some(1));
    assert_eq!(ledger.posted_after(route, date, 1).await.unwrap(), None);
    assert_eq!(ledger.batches(route, date, (1, 1)).await.unwrap(), [1]);
    assert!(ledger.batches(route, date, (2, 9)).await.unwrap().iter().all(|batch| *batch != 1));
    assert!(ledger.purged_batches("PMTRD", "2026-01-06").await.unwrap().is_empty());
    // The same file still lies in its spool.
    let again = Change::Arrive(NewTransfer { id: id(2), ..arrival(1) });
    assert_eq!(apply(&*ledger, 10, &[again]).await.arrived, []);
    // The same batch comes as another file.
    let mut new = arrival(3);
    new.facts.identity = Some(identity(1));
    apply(&*ledger, 11, &[Change::Arrive(new), event(3, E::Claim), event(3, E::Stage)]).await;
    let error = ledger.apply(None, T0, &[event(3, E::Judge(V::Accepted))]).await.unwrap_err();
    assert_eq!(error.code, Code::OTHER_BYTES, "{error}");
    // After 400 days nobody remembers.
    let year = 401 * 24 * 3_600_000;
    let change = Change::Purge { before: BEFORE.into(), before_ms: T0, by: "wang: again".into() };
    apply(&*ledger, year, &[change]).await;
    apply(&*ledger, year, &[event(3, E::Judge(V::Accepted))]).await;
    verified(&*ledger).await;
}

pub(crate) async fn what_is_not_sealed_stays(books: &dyn Books) {
    let ledger = books.open().await;
    walk(&*ledger, [1], &REFUSED).await;
    ledger.seal(None, T0, KEY).await.unwrap();
    walk(&*ledger, [2], &REFUSED).await;
    assert_eq!(purge(&*ledger, BEFORE, T0).await, 1);
    assert_eq!(ids(&*ledger).await, [id(2).0]);
    ledger.seal(None, T0 + 1, KEY).await.unwrap();
    assert_eq!(purge(&*ledger, BEFORE, T0).await, 1);
    sealed(&*ledger).await;
}

pub(crate) async fn two_nodes_may_purge_at_once(books: &dyn Books) {
    let ledger = books.open().await;
    walk(&*ledger, 1..=120, &REFUSED).await;
    let (a, b, c) = (books.open().await, books.open().await, books.open().await);
    let posting = tokio::spawn(async move { walk(&*c, 200..=220, &WHOLE).await });
    let (a, b) = tokio::join!(purge(&*a, BEFORE, T0), purge(&*b, BEFORE, T0));
    posting.await.unwrap();
    let rest = purge(&*ledger, BEFORE, T0).await;
    assert_eq!(a + b + rest, 141);
    verified(&*ledger).await;
}

/// What is done behind the ledger's back after a purge, and how the finding begins.
const TAMPERED: &[(&[&str], &str)] = &[
    (
        &[
            "DELETE FROM journal WHERE subject = 'transfer:01T00000000000000000000002'",
            "DELETE FROM heads WHERE subject = 'transfer:01T00000000000000000000002'",
            "DELETE FROM transfers WHERE id = '01T00000000000000000000002'",
        ],
        "journal transfer:01T00000000000000000000002 5: it is missing; seal 1",
    ),
    (
        &[
            "INSERT INTO purged (subject, n, hash, purge_n) SELECT subject, n, hash, 1 FROM heads \
             WHERE subject = 'transfer:01T00000000000000000000002'",
            "DELETE FROM journal WHERE subject = 'transfer:01T00000000000000000000002'",
            "DELETE FROM heads WHERE subject = 'transfer:01T00000000000000000000002'",
            "DELETE FROM transfers WHERE id = '01T00000000000000000000002'",
            "UPDATE counters SET value = 2 WHERE name = 'purged'",
        ],
        "counters purged: it stands at 2, its journal says 1",
    ),
    (
        &[
            "INSERT INTO purged (subject, n, hash, purge_n) SELECT subject, n, hash, 1 FROM heads \
             WHERE subject = 'transfer:01T00000000000000000000002'",
            "DELETE FROM journal WHERE subject = 'transfer:01T00000000000000000000002'",
            "DELETE FROM heads WHERE subject = 'transfer:01T00000000000000000000002'",
            "DELETE FROM transfers WHERE id = '01T00000000000000000000002'",
        ],
        "purged 1: the heads that this purge left differ",
    ),
    (&["UPDATE purged SET n = n + 1"], "purged 1: the heads that this purge left differ"),
    (&["UPDATE purged SET hash = 'ff'"], "journal transfer:01T00000000000000000000001 5: it is missing; seal 1"),
    (&["DELETE FROM purged"], "journal transfer:01T00000000000000000000001 5: it is missing; seal 1"),
    (&["UPDATE journal SET at_ms = 1 WHERE subject = 'purges'"], "journal purges 1: its content"),
    (
        &["DELETE FROM journal WHERE subject = 'purges'", "DELETE FROM heads WHERE subject = 'purges'"],
        "purged transfer:01T00000000000000000000001: it has no journal",
    ),
];

pub(crate) async fn a_transfer_that_was_erased_cannot_be_called_purged(books: &dyn Books) {
    for (statements, finding) in TAMPERED {
        let books = books.fresh();
        let ledger = books.open().await;
        walk(&*ledger, [1], &REFUSED).await;
        let mut late = arrival(2);
        late.facts.identity =
            Some(fpp::ledger::transfer::Identity { business_date: "2026-02-01".into(), ..identity(2) });
        let mut changes = vec![Change::Arrive(late)];
        changes.extend(REFUSED.map(|e| event(2, e)));
        apply(&*ledger, 0, &changes).await;
        ledger.seal(None, T0, KEY).await.unwrap();
        assert_eq!(purge(&*ledger, BEFORE, T0).await, 1);
        sealed(&*ledger).await;
        books.tamper(statements).await;
        let report = ledger.verify(Some(KEY)).await.unwrap();
        let broken = report.broken.unwrap_or_else(|| panic!("{statements:?} was not found"));
        assert!(broken.starts_with(finding), "{statements:?}: {broken}");
    }
}
