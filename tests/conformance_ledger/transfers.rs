//! Cases on transfers: arriving, moving, waiting, identity, lists and rejects.

use crate::Books;
use crate::shapes::*;
use fpp::error::Class;
use fpp::ledger::change::Change;
use fpp::ledger::standing::WAIT_MAX_MS;
use fpp::ledger::transfer::{
    Facts, FileEvent as E, FileState as S, Identity, Promised, SourceFile, TransferQuery, Verdict as V,
};
use fpp_codecs::Code;
use std::time::{Duration, Instant};

pub(crate) async fn an_arrival_is_booked_once(books: &dyn Books) {
    let ledger = books.open().await;
    let again = fpp::ledger::change::NewTransfer { id: id(2), ..arrival(1) };
    let applied = apply(&*ledger, 0, &[Change::Arrive(arrival(1)), Change::Arrive(again.clone())]).await;
    assert_eq!(applied.arrived.len(), 1);
    assert_eq!(apply(&*ledger, 1, &[Change::Arrive(again)]).await.arrived, []);
    assert_eq!(ledger.transfer(&id(2)).await.unwrap(), None);
    let booked = ledger.transfer_by_arrival(&arrival(1).arrival_key).await.unwrap().unwrap();
    assert_eq!((booked.id, booked.state, booked.arrived_ms), (id(1), S::Arrived, T0));
    assert_eq!(ledger.arrivals_of_day("PMTRD", "2026-01-05").await.unwrap(), 1);
    assert_eq!(verified(&*ledger).await.rows, 1);
}

pub(crate) async fn a_file_walks_to_its_end(books: &dyn Books) {
    let ledger = books.open().await;
    walk(&*ledger, [1], &[]).await;
    let facts = Facts {
        sha256: Some("ab".into()),
        promised: Some(Promised {
            marker: SourceFile { name: "X.OK".into(), ..SourceFile::default() },
            size: Some(480),
            digest: None,
            count: Some(10),
            amount: Some("12.50".into()),
            shared: true,
        }),
        ..Facts::default()
    };
    for (step, (event, state)) in [
        (E::Claim, S::Claimed),
        (E::Stage, S::Staged),
        (E::Judge(V::Partly), S::Proven),
        (E::Post, S::Posted),
        (E::Acknowledge, S::Acknowledged),
        (E::Archive, S::Archived),
    ]
    .into_iter()
    .enumerate()
    {
        let now = T0 + step as i64;
        let due = ledger.due_transfers(now, 10).await.unwrap();
        assert_eq!(due.len(), 1, "before {event:?}");
        let failed = Change::Park { id: id(1), until_ms: now, waiting_for: "disk".into(), failed: true };
        let facts = Box::new(if event == E::Stage { facts.clone() } else { Facts::default() });
        let step = Change::Move { id: id(1), event, facts, by: None };
        let applied = ledger.apply(None, now, &[failed, step]).await.unwrap();
        assert_eq!(applied.publication, (event == E::Post).then_some(1));
        let stands = transfer(&*ledger, 1).await;
        assert_eq!((stands.state, stands.attempts, stands.waiting_for.as_str()), (state, 0, ""));
        assert_eq!(stands.updated_ms, now);
    }
    let end = transfer(&*ledger, 1).await;
    assert_eq!((end.verdict, end.publication), (Some(V::Partly), Some(1)));
    assert_eq!((end.facts.sha256, end.facts.promised), (facts.sha256, facts.promised));
    assert_eq!(end.facts.size, Some(480), "a fact stays until another takes its place");
    assert!(ledger.due_transfers(i64::MAX, 10).await.unwrap().is_empty());
    assert_eq!(verified(&*ledger).await.rows, 7);
}

pub(crate) async fn an_illegal_move_writes_nothing(books: &dyn Books) {
    let ledger = books.open().await;
    walk(&*ledger, [1], &[E::Claim]).await;
    let changes = [Change::Raise(notice("x", "y")), Change::Arrive(arrival(2)), event(1, E::Post)];
    let error = ledger.apply(None, T0, &changes).await.unwrap_err();
    assert_eq!((error.code, error.class), (Code::INTERNAL, Class::Halt));
    assert!(error.to_string().contains("Claimed cannot take Post"), "{error}");
    assert!(ledger.notices(true, 10).await.unwrap().is_empty());
    assert_eq!(ledger.transfer(&id(2)).await.unwrap(), None);
    assert!(ledger.apply(None, T0, &[event(9, E::Claim)]).await.is_err(), "nobody knows transfer 9");
    assert_eq!(verified(&*ledger).await.rows, 2);
}

pub(crate) async fn a_parked_file_is_not_due(books: &dyn Books) {
    let ledger = books.open().await;
    walk(&*ledger, [1, 2], &[E::Claim]).await;
    let park = |failed| Change::Park { id: id(1), until_ms: T0 + 50, waiting_for: "0002 first".into(), failed };
    apply(&*ledger, 1, &[park(true), park(true), park(false)]).await;
    let parked = transfer(&*ledger, 1).await;
    assert_eq!((parked.attempts, parked.waiting_for.as_str(), parked.updated_ms), (2, "0002 first", T0));
    let due = async |at| -> Vec<_> {
        ledger.due_transfers(T0 + at, 10).await.unwrap().into_iter().map(|transfer| transfer.id).collect()
    };
    assert_eq!(due(49).await, [id(2)]);
    assert_eq!(due(50).await, [id(2), id(1)], "the one that is due longest comes first");
    assert_eq!(ledger.due_transfers(T0 + 50, 1).await.unwrap().len(), 1);
    // By a node whose clock is hours ahead.
    let far = |until_ms| Change::Park { id: id(1), until_ms, waiting_for: "0002 first".into(), failed: true };
    apply(&*ledger, 60, &[far(T0 + WAIT_MAX_MS)]).await;
    assert_eq!(due(0).await, [id(2)], "so long a pause may be");
    apply(&*ledger, 70, &[far(T0 + 5 * 3_600_000)]).await;
    assert_eq!(due(0).await, [id(2), id(1)], "it does not wait for hours");
    assert_eq!(ledger.due_transfers(T0, 1).await.unwrap().len(), 1);
    apply(&*ledger, 80, &[far(i64::MAX)]).await;
    assert_eq!(due(0).await, [id(2)], "it sleeps until something wakes it");
}

pub(crate) async fn held_and_finished_files_are_not_due(books: &dyn Books) {
    let ledger = books.open().await;
    walk(&*ledger, [1], &[E::Claim, E::Hold]).await;
    walk(&*ledger, [2], &[E::Claim, E::Hold, E::Close]).await;
    walk(&*ledger, [3], &[E::Claim, E::Judge(V::Rejected), E::Acknowledge, E::Archive]).await;
    assert!(ledger.due_transfers(i64::MAX, 10).await.unwrap().is_empty());
    apply(&*ledger, 1, &[event(1, E::Release)]).await;
    let due = ledger.due_transfers(T0 + 1, 10).await.unwrap();
    assert_eq!(due.iter().map(|t| (t.id.clone(), t.state)).collect::<Vec<_>>(), [(id(1), S::Claimed)]);
    assert!(transfer(&*ledger, 2).await.closed);
}

pub(crate) async fn an_identity_is_accepted_once(books: &dyn Books) {
    let ledger = books.open().await;
    let same = |n| {
        let mut new = arrival(n);
        new.facts.identity = Some(identity(1));
        Change::Arrive(new)
    };
    for n in 1..=3 {
        apply(&*ledger, 0, &[same(n), event(n, E::Claim), event(n, E::Stage)]).await;
    }
    assert_eq!(ledger.by_batch(&identity(1)).await.unwrap().len(), 3, "all on the way");
    apply(&*ledger, 1, &[event(1, E::Judge(V::Accepted))]).await;
    let error = ledger.apply(None, T0, &[event(2, E::Judge(V::Partly))]).await.unwrap_err();
    assert_eq!((error.code, error.class), (Code::OTHER_BYTES, Class::Halt));
    assert!(error.to_string().contains(&id(1).0), "{error}");
    assert_eq!(transfer(&*ledger, 2).await.state, S::Staged);
    // Rejected and duplicate files do not take the identity.
    apply(&*ledger, 2, &[event(2, E::Judge(V::Duplicate)), event(2, E::Acknowledge), event(2, E::Archive)]).await;
    assert_eq!(ledger.by_batch(&identity(1)).await.unwrap().len(), 2, "accepted, and one on the way");
    assert!(ledger.by_batch(&identity(9)).await.unwrap().is_empty());
    // A person who released the hold has decided.
    let facts = Box::new(Facts { released: Some(vec![Code::OTHER_BYTES.0]), ..Facts::default() });
    let release = Change::Move { id: id(3), event: E::Release, facts, by: Some("wang: agreed".into()) };
    apply(&*ledger, 3, &[event(3, E::Hold), release, event(3, E::Judge(V::Accepted))]).await;
    assert_eq!(transfer(&*ledger, 3).await.state, S::Proven);
    verified(&*ledger).await;
}

pub(crate) async fn a_batch_shows_its_runs_but_not_the_rejected(books: &dyn Books) {
    let ledger = books.open().await;
    let run = |n, run| {
        let mut new = arrival(n);
        new.facts.identity = Some(Identity { run, ..identity(1) });
        Change::Arrive(new)
    };
    for n in 1..=4 {
        apply(&*ledger, 0, &[run(n, n - 1), event(n, E::Claim), event(n, E::Stage)]).await;
    }
    let judged =
        [event(1, E::Judge(V::Rejected)), event(2, E::Judge(V::Partly)), event(3, E::Hold), event(3, E::Close)];
    apply(&*ledger, 1, &judged).await;
    let seen: Vec<_> = ledger.by_batch(&identity(1)).await.unwrap().into_iter().map(|transfer| transfer.id).collect();
    assert_eq!(seen, [id(2), id(4)], "rejected and closed files do not count");
    apply(&*ledger, 2, &[event(4, E::Judge(V::Accepted))]).await;
    verified(&*ledger).await;
}

pub(crate) async fn lists_are_filtered_and_paged(books: &dyn Books) {
    let ledger = books.open().await;
    walk(&*ledger, 1..=5, &[E::Claim]).await;
    let other = fpp::ledger::change::NewTransfer { route: "PMTXT".into(), ..arrival(6) };
    apply(&*ledger, 0, &[Change::Arrive(other)]).await;
    let list = async |query: TransferQuery| -> Vec<_> {
        ledger.transfers(&query).await.unwrap().into_iter().map(|transfer| transfer.id).collect()
    };
    let all = TransferQuery { limit: 3, ..TransferQuery::default() };
    assert_eq!(list(all.clone()).await, [id(6), id(5), id(4)]);
    assert_eq!(list(TransferQuery { before: Some(id(4)), ..all.clone() }).await, [id(3), id(2), id(1)]);
    assert_eq!(list(TransferQuery { route: Some("PMTXT".into()), ..all.clone() }).await, [id(6)]);
    assert_eq!(list(TransferQuery { state: Some(S::Claimed), ..all.clone() }).await, [id(5), id(4), id(3)]);
    let none = TransferQuery { state: Some(S::Claimed), route: Some("PMTXT".into()), ..all.clone() };
    assert!(list(none).await.is_empty());
    assert!(list(TransferQuery { business_date: Some("2026-01-06".into()), ..all }).await.is_empty());
    let counts = ledger.counts().await.unwrap();
    assert_eq!(counts, [("PMTRD".into(), "Claimed".into(), None, 5), ("PMTXT".into(), "Arrived".into(), None, 1)]);
    // What a person closed needs nobody: it is held no more, and counted as what it is.
    let held = TransferQuery { state: Some(S::Held), limit: 9, ..TransferQuery::default() };
    apply(&*ledger, 1, &[event(1, E::Hold), event(2, E::Hold)]).await;
    assert_eq!(list(held.clone()).await, [id(2), id(1)]);
    let close = Change::Move { id: id(1), event: E::Close, facts: Box::default(), by: Some("wang".into()) };
    apply(&*ledger, 2, &[close]).await;
    assert_eq!(list(held).await, [id(2)]);
    let counts: Vec<_> = ledger.counts().await.unwrap().into_iter().map(|(_, state, _, n)| (state, n)).collect();
    let due = [("Claimed", 3), ("Closed", 1), ("Held", 1), ("Arrived", 1)];
    assert!(due.iter().all(|(state, n)| counts.contains(&((*state).to_owned(), *n))), "{counts:?}");
}

pub(crate) async fn the_posted_batches_beside_one_are_known(books: &dyn Books) {
    let ledger = books.open().await;
    let post = [E::Claim, E::Stage, E::Judge(V::Accepted), E::Post];
    walk(&*ledger, [2, 5], &post).await;
    walk(&*ledger, [3, 6], &post[..3]).await;
    walk(&*ledger, [4], &[E::Claim, E::Judge(V::Rejected), E::Acknowledge]).await;
    // A repeat of a batch, and the same numbers of another route and date, say nothing.
    let mut repeat = arrival(7);
    repeat.facts.identity = Some(identity(1));
    let mut other = fpp::ledger::change::NewTransfer { route: "PMTXT".into(), ..arrival(8) };
    other.facts.identity = Some(Identity { route: "PMTXT".into(), ..identity(3) });
    let mut later = arrival(9);
    later.facts.identity = Some(Identity { business_date: "2026-01-06".into(), ..identity(4) });
    let mut changes = vec![Change::Arrive(repeat), Change::Arrive(other), Change::Arrive(later)];
    changes.extend([E::Claim, E::Stage, E::Judge(V::Duplicate)].map(|e| event(7, e)));
    changes.extend([8, 9].into_iter().flat_map(|n| post.map(|e| event(n, e))));
    apply(&*ledger, 0, &changes).await;
    let (route, date) = ("PMTRD", "2026-01-05");
    for (batch, before, after) in [
        (0, None, Some(2)),
        (2, None, Some(5)),
        (3, Some(2), Some(5)),
        (5, Some(2), None),
        (7, Some(5), None),
        (u32::MAX, Some(5), None),
    ] {
        assert_eq!(ledger.posted_before(route, date, batch).await.unwrap(), before, "before {batch}");
        assert_eq!(ledger.posted_after(route, date, batch).await.unwrap(), after, "after {batch}");
    }
    assert_eq!(ledger.posted_before(route, "2026-01-07", 9).await.unwrap(), None);
    // What came: not what was refused.
    for (span, came) in [((0, 9), vec![1, 2, 3, 5, 6]), ((3, 5), vec![3, 5]), ((4, 4), vec![])] {
        assert_eq!(ledger.batches(route, date, span).await.unwrap(), came, "{span:?}");
    }
    // Files of the day with the same bytes, for series that go by them.
    let bytes = |n: u32| {
        let facts = Box::new(Facts { sha256: Some("ab".repeat(32)), ..Facts::default() });
        Change::Move { id: id(n), event: E::Stage, facts, by: None }
    };
    for n in [20, 21] {
        apply(&*ledger, 0, &[Change::Arrive(arrival(n)), event(n, E::Claim), bytes(n)]).await;
    }
    let same = TransferQuery {
        route: Some(route.into()),
        business_date: Some(date.into()),
        sha256: Some("ab".repeat(32)),
        limit: 10,
        ..TransferQuery::default()
    };
    let found: Vec<_> = ledger.transfers(&same).await.unwrap().into_iter().map(|transfer| transfer.id).collect();
    assert_eq!(found, [id(21), id(20)]);
}

pub(crate) async fn rejects_are_paged_and_belong_to_their_judgement(books: &dyn Books) {
    let ledger = books.open().await;
    walk(&*ledger, [1, 2], &[E::Claim, E::Stage]).await;
    let write = |records: std::ops::Range<u64>| Change::Reject { id: id(1), rejects: rejects(records) };
    let alone = ledger.apply(None, T0, &[write(2..4)]).await.unwrap_err();
    assert_eq!(alone.code, Code::INTERNAL, "rejects without a judgement: {alone}");
    let disordered = [write(5..6), write(2..4), event(1, E::Judge(V::Partly))];
    assert!(ledger.apply(None, T0, &disordered).await.is_err());
    assert!(ledger.rejects(&id(1), 0, 10).await.unwrap().is_empty(), "nothing was written");

    let begun = Instant::now();
    apply(&*ledger, 1, &[write(2..6000), event(1, E::Judge(V::Partly)), write(6000..10_002)]).await;
    let took = begun.elapsed();
    println!("10,000 rejects in one apply: {took:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");

    let mut after = 0;
    let mut seen = Vec::new();
    loop {
        let page = ledger.rejects(&id(1), after, 3000).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.record;
        seen.extend(page);
    }
    assert_eq!(seen, rejects(2..10_002));
    assert!(ledger.rejects(&id(2), 0, 10).await.unwrap().is_empty());
    verified(&*ledger).await;
}
