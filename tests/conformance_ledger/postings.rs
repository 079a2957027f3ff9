//! Postings: their queue, how far they were confirmed, what was not taken, what was deferred; and named consumers.

use crate::Books;
use crate::shapes::*;
use fpp::error::Class;
use fpp::ledger::Ledger;
use fpp::ledger::change::{Change, Fence, NewTransfer};
use fpp::ledger::consumer::Consumer;
use fpp::ledger::delivery::{DeadLetter, Delivery, DeliveryEvent as D, DeliveryState, Purpose};
use fpp::ledger::desk::{Switch, SwitchKind};
use fpp::ledger::lease::LeaseKey;
use fpp::ledger::transfer::{FileEvent as E, Verdict as V};
use fpp_codecs::Code;

/// Posting `n` of transfer `n` of a route into an outlet.
fn posting(n: u32, route: &str, outlet: &str) -> Delivery {
    Delivery {
        purpose: Purpose::Posting,
        spool: outlet.into(),
        name: format!("{route}/{}", id(n)),
        checksums: Vec::new(),
        sm3: None,
        marker: None,
        ..delivery(n, n)
    }
}

/// Transfers with a posting each, on two routes in turn.
async fn planned(ledger: &dyn Ledger, count: u32) {
    for n in 1..=count {
        let route = if n % 2 == 1 { "PMTRD" } else { "PMTXT" };
        let new = NewTransfer { route: route.into(), arrival_key: format!("k{n}"), ..arrival(n) };
        apply(ledger, 0, &[Change::Arrive(new), Change::Plan(Box::new(posting(n, route, "db")))]).await;
    }
}

async fn next(ledger: &dyn Ledger) -> Vec<u32> {
    let next = ledger.next_postings("db").await.unwrap();
    next.iter().map(|d| d.id.0[3..].parse().unwrap()).collect()
}

fn letter(n: u32, record: u64, conflict: bool) -> DeadLetter {
    DeadLetter {
        delivery: delivery_id(n),
        outlet: "db".into(),
        transfer: id(n),
        route: "PMTRD".into(),
        record,
        id: format!("event {record}"),
        conflict,
        why: "拒收 it is refused".into(),
        at_ms: T0 + 9,
        due: false,
    }
}

pub(crate) async fn of_each_route_the_first_is_next_and_a_held_one_is_passed(books: &dyn Books) {
    let (a, b) = (books.open().await, books.open().await);
    planned(&*a, 6).await;
    assert!(a.due_deliveries(T0 + 9, 10).await.unwrap().is_empty(), "postings have a queue of their own");
    assert!(a.unfinished_deliveries(10).await.unwrap().is_empty());
    assert_eq!(next(&*b).await, [1, 2]);
    let park = Change::ParkDelivery { id: delivery_id(1), until_ms: T0 + 60_000, error: "away".into(), failed: true };
    apply(&*a, 1, &[park, deliver(2, D::Prove), deliver(2, D::Deliver), deliver(2, D::Take)]).await;
    assert_eq!(next(&*b).await, [1, 4], "one that waits is still the first of its route");
    apply(&*a, 2, &[deliver(1, D::Hold)]).await;
    assert_eq!(next(&*b).await, [3, 4]);
    assert_eq!(b.open_postings("db", None, 10).await.unwrap().len(), 5, "the held one is not there either");
    assert_eq!(b.open_postings("db", Some(&delivery_id(4)), 10).await.unwrap().len(), 2);
    assert!(b.next_postings("other").await.unwrap().is_empty());
    assert_eq!(b.posting_outlets().await.unwrap(), ["db"]);
    let retry = Change::MoveDelivery { id: delivery_id(1), event: D::Retry, by: Some("wang".into()) };
    apply(&*a, 3, &[retry]).await;
    assert_eq!(next(&*b).await, [1, 4]);
    for (kind, name, due) in [
        (SwitchKind::Outlet, "db", &[][..]),
        (SwitchKind::Outlet, "PMTRD/db", &[4]),
        (SwitchKind::Route, "PMTXT", &[1]),
        (SwitchKind::Outlet, "PMTRD/other", &[1, 4]),
    ] {
        let pause = |paused| Change::Pause { switch: Switch { kind, name: name.into() }, paused, by: "wang".into() };
        apply(&*a, 4, &[pause(true)]).await;
        assert_eq!(next(&*b).await, due, "{name}");
        apply(&*a, 4, &[pause(false)]).await;
    }
    verified(&*a).await;
}

pub(crate) async fn fresh_work_comes_before_a_replay_and_in_the_order_of_the_publications(books: &dyn Books) {
    let ledger = books.open().await;
    let publish = async |n: u32| {
        let new = NewTransfer { arrival_key: format!("k{n}"), ..arrival(n) };
        let way = [E::Claim, E::Stage, E::Judge(V::Accepted), E::Post].map(|e| event(n, e));
        apply(&*ledger, 0, &[&[Change::Arrive(new)], &way[..]].concat()).await;
    };
    for n in [3, 1, 2, 4] {
        publish(n).await;
    }
    // Clocks of nodes differ: the ids of the plans are not in the order of the posts.
    for n in [1, 2, 3] {
        apply(&*ledger, 1, &[Change::Plan(Box::new(Delivery { required: false, ..posting(n, "PMTRD", "db") }))]).await;
    }
    let take = async |n| {
        assert_eq!(next(&*ledger).await, [n]);
        apply(&*ledger, 2, &[D::Prove, D::Deliver, D::Take].map(|d| deliver(n, d))).await;
    };
    take(3).await;
    take(1).await;
    let again = |n| Change::MoveDelivery { id: delivery_id(n), event: D::Resend, by: Some("wang: replay".into()) };
    apply(&*ledger, 3, &[again(1), again(3)]).await;
    assert_eq!(next(&*ledger).await, [2], "not the replay");
    apply(&*ledger, 4, &[Change::Plan(Box::new(posting(4, "PMTRD", "db")))]).await;
    assert_eq!(next(&*ledger).await, [4], "an answer waits for it");
    apply(&*ledger, 5, &[deliver(4, D::Defer)]).await;
    assert_eq!(next(&*ledger).await, [2], "no answer waits for it any more");
    publish(5).await;
    apply(&*ledger, 6, &[Change::Plan(Box::new(posting(5, "PMTRD", "db")))]).await;
    take(5).await;
    take(2).await;
    take(4).await;
    take(3).await;
    take(1).await;
    assert!(next(&*ledger).await.is_empty());
    verified(&*ledger).await;
}

pub(crate) async fn what_was_confirmed_is_kept_under_the_lease_and_begins_anew_when_it_is_sent_again(
    books: &dyn Books,
) {
    let ledger = books.open().await;
    planned(&*ledger, 1).await;
    let key = LeaseKey("posting:db/PMTRD".into());
    let lease = ledger.take_lease(&key, "a/1", None).await.unwrap().unwrap();
    let fence = Fence { key: key.clone(), epoch: lease.epoch, holder: lease.holder.clone() };
    let confirm = |record| Change::Confirm { id: delivery_id(1), record };
    let fail = Change::ParkDelivery { id: delivery_id(1), until_ms: T0, error: "away".into(), failed: true };
    ledger.apply(Some(&fence), T0 + 1, &[deliver(1, D::Prove), confirm(500), fail, confirm(700)]).await.unwrap();
    let stands = ledger.delivery(&delivery_id(1)).await.unwrap().unwrap();
    assert_eq!((stands.confirmed, stands.attempts, stands.last_error.as_str()), (700, 0, ""));
    let taken = ledger.take_lease(&key, "b/1", Some(&lease)).await.unwrap().unwrap();
    assert!(taken.epoch > lease.epoch);
    let stale = ledger.apply(Some(&fence), T0 + 2, &[confirm(900)]).await.unwrap_err();
    assert_eq!(stale.code, Code::STALE_EPOCH);
    let rows = ledger.journal(&format!("delivery:{}", delivery_id(1))).await.unwrap().len();
    apply(&*ledger, 3, &[confirm(u64::MAX), deliver(1, D::Deliver), deliver(1, D::Take)]).await;
    let done = ledger.delivery(&delivery_id(1)).await.unwrap().unwrap();
    assert_eq!((done.state, done.confirmed, done.round), (DeliveryState::Taken, u64::MAX, 0));
    assert_eq!(
        ledger.journal(&format!("delivery:{}", delivery_id(1))).await.unwrap().len(),
        rows + 2,
        "no row for a cursor"
    );
    let again = Change::MoveDelivery { id: delivery_id(1), event: D::Resend, by: Some("wang: replay".into()) };
    apply(&*ledger, 4, &[again]).await;
    let again = ledger.delivery(&delivery_id(1)).await.unwrap().unwrap();
    assert_eq!((again.state, again.confirmed, again.round), (DeliveryState::Planned, 0, 1));
    assert!(!again.gates(), "it was there once");
    assert!(ledger.apply(None, T0, &[Change::Confirm { id: delivery_id(9), record: 1 }]).await.is_err());
    verified(&*ledger).await;
}

pub(crate) async fn a_deferred_delivery_wakes_its_transfer_and_is_owed_until_it_is_there(books: &dyn Books) {
    let ledger = books.open().await;
    planned(&*ledger, 1).await;
    apply(&*ledger, 0, &[event(1, E::Claim), event(1, E::Stage), event(1, E::Judge(V::Accepted))]).await;
    let sleep = || Change::Park { id: id(1), until_ms: i64::MAX, waiting_for: "db".into(), failed: false };
    apply(&*ledger, 1, &[sleep()]).await;
    assert!(ledger.due_transfers(T0 + 9, 10).await.unwrap().is_empty());
    let defer = || Change::MoveDelivery { id: delivery_id(1), event: D::Defer, by: Some("wang: 18:30".into()) };
    let park = Change::ParkDelivery { id: delivery_id(1), until_ms: T0 + 5_000, error: "away".into(), failed: true };
    apply(&*ledger, 2, &[park, defer()]).await;
    assert_eq!(ledger.due_transfers(T0 + 2, 10).await.unwrap().len(), 1, "it goes on");
    let debt = &ledger.debts(10).await.unwrap()[0];
    assert_eq!(
        (debt.deferred, debt.attempts, debt.next_attempt_ms),
        (true, 1, T0 + 5_000),
        "itself it waits as before"
    );
    assert!(!debt.gates());
    apply(&*ledger, 3, &[sleep()]).await;
    assert_eq!(ledger.due_transfers(T0 + 3, 10).await.unwrap().len(), 1, "it is not put to sleep for what is deferred");
    apply(&*ledger, 4, &[deliver(1, D::Prove), deliver(1, D::Deliver), deliver(1, D::Take)]).await;
    assert!(ledger.debts(10).await.unwrap().is_empty(), "paid");
    assert!(ledger.apply(None, T0 + 5, &[defer()]).await.is_err(), "it is there");
    verified(&*ledger).await;
}

pub(crate) async fn dead_letters_are_in_the_chain_of_their_posting(books: &dyn Books) {
    let ledger = books.open().await;
    planned(&*ledger, 1).await;
    let bury = |letters: Vec<DeadLetter>| Change::Bury { id: delivery_id(1), letters };
    let many: Vec<DeadLetter> = (2..=450).map(|record| letter(1, record, record % 7 == 0)).collect();
    apply(&*ledger, 1, &[bury(many), bury(vec![letter(1, 2, false), letter(1, u64::MAX, false)])]).await;
    let all = ledger.dead_letters(Some("db"), None, false, 1_000).await.unwrap();
    assert_eq!((all.len(), all[0].record, all.last().unwrap().record), (450, 2, u64::MAX), "written anew, not twice");
    assert_eq!(all[1], DeadLetter { at_ms: T0 + 1, ..letter(1, 3, false) });
    let page = ledger.dead_letters(None, Some((&delivery_id(1), 449)), false, 10).await.unwrap();
    assert_eq!(page.iter().map(|l| l.record).collect::<Vec<_>>(), [450, u64::MAX]);
    assert!(ledger.dead_letters(Some("db"), None, true, 10).await.unwrap().is_empty());
    apply(&*ledger, 2, &[Change::Redrive { id: delivery_id(1), by: "wang: mended".into() }]).await;
    for (kind, name, due) in [
        (SwitchKind::Outlet, "db", 0),
        (SwitchKind::Outlet, "PMTRD/db", 0),
        (SwitchKind::Route, "PMTRD", 0),
        (SwitchKind::Outlet, "other", 450),
    ] {
        let pause = |paused| Change::Pause { switch: Switch { kind, name: name.into() }, paused, by: "wang".into() };
        apply(&*ledger, 2, &[pause(true)]).await;
        assert_eq!(ledger.dead_letters(Some("db"), None, true, 1_000).await.unwrap().len(), due, "{name}");
        assert_eq!(ledger.dead_letters(Some("db"), None, false, 1_000).await.unwrap().len(), 450);
        apply(&*ledger, 2, &[pause(false)]).await;
    }
    assert_eq!(ledger.dead_letters(Some("db"), None, true, 1_000).await.unwrap().len(), 450);
    let unbury = Change::Unbury { id: delivery_id(1), records: (3..=450).chain([u64::MAX]).collect() };
    apply(&*ledger, 3, &[unbury, bury(vec![letter(1, 2, false)])]).await;
    let left = ledger.dead_letters(None, None, false, 10).await.unwrap();
    assert_eq!(left.iter().map(|l| (l.record, l.due)).collect::<Vec<_>>(), [(2, false)]);
    assert_eq!(ledger.posting_outlets().await.unwrap(), ["db"]);
    let journal = ledger.journal(&format!("delivery:{}", delivery_id(1))).await.unwrap();
    assert!(journal.iter().any(|row| row.entry.contains("wang: mended")));
    verified(&*ledger).await;
    books.tamper(&["DELETE FROM dead_letters"]).await;
    let broken = ledger.verify(None).await.unwrap().broken.unwrap();
    assert!(broken.contains("dead_letters of delivery"), "{broken}");
    apply(&*ledger, 4, &[deliver(1, D::Prove), deliver(1, D::Deliver), deliver(1, D::Take)]).await;
    assert!(ledger.posting_outlets().await.unwrap().is_empty(), "it is there, and nothing of it is a dead letter");
}

pub(crate) async fn dead_letters_go_with_their_transfer(books: &dyn Books) {
    let ledger = books.open().await;
    planned(&*ledger, 1).await;
    let way = [E::Claim, E::Stage, E::Judge(V::Accepted), E::Post, E::Acknowledge, E::Archive].map(|e| event(1, e));
    apply(&*ledger, 1, &way).await;
    let taken = [D::Prove, D::Deliver, D::Take].map(|d| deliver(1, d));
    apply(
        &*ledger,
        2,
        &[&[Change::Bury { id: delivery_id(1), letters: vec![letter(1, 2, false)] }], &taken[..]].concat(),
    )
    .await;
    let purge = Change::Purge { before: "2026-02-01".into(), before_ms: 0, by: "wang".into() };
    assert_eq!(ledger.apply(None, T0 + 86_400_000, &[purge]).await.unwrap().purged, 1);
    assert!(ledger.dead_letters(None, None, false, 10).await.unwrap().is_empty());
    verified(&*ledger).await;
}

pub(crate) async fn a_consumer_keeps_its_position_for_every_node(books: &dyn Books) {
    let (a, b) = (books.open().await, books.open().await);
    let at = |publication, record| Consumer {
        name: "risk".into(),
        owner: "token".into(),
        publication,
        record,
        made_ms: 0,
        updated_ms: 0,
    };
    assert_eq!(a.consumer("risk").await.unwrap(), None);
    apply(&*a, 1, &[Change::Keep(at(0, u64::MAX))]).await;
    apply(&*b, 1, &[Change::Keep(Consumer { owner: "other".into(), ..at(7, 12) })]).await;
    assert_eq!(b.consumers().await.unwrap(), [Consumer { made_ms: T0 + 1, updated_ms: T0 + 1, ..at(0, u64::MAX) }]);
    let to = |publication, record, back| Change::Stand { consumer: "risk".into(), publication, record, back };
    apply(&*b, 2, &[to(7, 12, false)]).await;
    let due = Consumer { made_ms: T0 + 1, updated_ms: T0 + 2, ..at(7, 12) };
    assert_eq!(a.consumer("risk").await.unwrap(), Some(due.clone()), "its owner stays");
    assert_eq!(b.consumers().await.unwrap(), [due]);
    let stands = async || a.consumer("risk").await.unwrap().map(|c| (c.publication, c.record));
    apply(&*b, 3, &[to(8, u64::MAX, false)]).await;
    for (publication, record) in [(8, 3), (7, u64::MAX)] {
        let refused = a.apply(None, T0, &[to(publication, record, false)]).await.unwrap_err();
        assert_eq!((refused.code, refused.class), (Code::REFUSED, Class::Halt), "{refused}");
        assert_eq!(stands().await, Some((8, u64::MAX)));
    }
    apply(&*a, 3, &[to(8, 3, true)]).await;
    assert_eq!(stands().await, Some((8, 3)), "on purpose");
    apply(&*a, 4, &[Change::Forget { consumer: "risk".into() }]).await;
    apply(&*a, 4, &[Change::Forget { consumer: "risk".into() }]).await;
    assert!(b.consumers().await.unwrap().is_empty());
    assert_eq!(b.apply(None, T0, &[to(1, 1, true)]).await.unwrap_err().code, Code::UNKNOWN);
    verified(&*a).await;
}

pub(crate) async fn a_commit_never_goes_back_whoever_commits_at_once(books: &dyn Books) {
    let ledger = books.open().await;
    let new = Consumer {
        name: "risk".into(),
        owner: "token".into(),
        publication: 0,
        record: u64::MAX,
        made_ms: 0,
        updated_ms: 0,
    };
    apply(&*ledger, 0, &[Change::Keep(new)]).await;
    for round in 1..=20 {
        let mut nodes = tokio::task::JoinSet::new();
        for record in [900, 500, 300, 100] {
            let node = books.open().await;
            let commit = Change::Stand { consumer: "risk".into(), publication: round, record, back: false };
            nodes.spawn(async move { (record, node.apply(None, T0, &[commit]).await) });
        }
        for (record, done) in nodes.join_all().await {
            let told = done.map(drop).map_err(|e| e.code);
            assert!(told == Ok(()) || (record < 900 && told == Err(Code::REFUSED)), "{record}: {told:?}");
        }
        let stands = ledger.consumer("risk").await.unwrap().map(|c| (c.publication, c.record));
        assert_eq!(stands, Some((round, 900)), "round {round}");
    }
}
