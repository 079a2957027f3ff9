//! More files than anybody reads at once: nothing that is further back is passed over.

use crate::place::{Place, SERIES};
use fpp::ledger::change::{Change, NewTransfer};
use fpp::ledger::desk::{Switch, SwitchKind};
use fpp::ledger::transfer::{Facts, FileState, Identity, Transfer, TransferId, Verdict};

/// More than a day's files were once read of.
const MANY: u32 = 10_001;

fn is_done(transfer: &Transfer) -> bool {
    transfer.state == FileState::Archived
}

/// Books files of a day that are newer than all that are there, at a partner who is paused; each with a batch of its own.
async fn booked(place: &Place, count: u32, after_ms: i64) {
    let ledger = &place.node().ledger;
    let switch = Switch { kind: SwitchKind::Partner, name: "elsewhere".into() };
    let now_ms = place.now_ms() + after_ms;
    ledger
        .apply(None, now_ms, &[Change::Pause { switch, paused: true, by: "nobody works on these".into() }])
        .await
        .unwrap();
    let arrive = |n: u32| {
        let identity =
            Identity { route: "pmtrd".into(), business_date: "2025-06-20".into(), batch: 10_000 + n, run: 0 };
        Change::Arrive(NewTransfer {
            id: TransferId(format!("7ZZ{n:023}")),
            route: "pmtrd".into(),
            spool: "elsewhere".into(),
            name: format!("B{n}"),
            arrival_key: format!("elsewhere/{n}"),
            facts: Facts { identity: Some(identity), ..Facts::default() },
        })
    };
    let all: Vec<Change> = (0..count).map(arrive).collect();
    for some in all.chunks(1_000) {
        ledger.apply(None, now_ms, some).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_batches_of_a_large_day_are_neither_missing_nor_waited_for() {
    let place = Place::start(SERIES, "", "16:10").await;
    place.drop_batch(1);
    place.batch("0001 is posted", 1, is_done).await;
    booked(&place, MANY, 0).await;
    place.drop_batch(3);
    let named = |name: &'static str, is: fn(&Transfer) -> bool| {
        let place = &place;
        async move {
            let find = || async { place.of_batches(1..=3).await.into_iter().find(|t| t.name.contains(name) && is(t)) };
            place.until(name, find).await
        }
    };
    let third = named("_0003_", |t| t.waiting_for.starts_with("waiting for batch")).await;
    assert_eq!(third.waiting_for, "waiting for batch 0002");
    place.set("18:30");
    let missing = place.heard("missing").await;
    assert!(missing.notice.text.contains("batch 0002 did not come by"), "{missing:?}");
    place.drop_batch(2);
    let posted = [named("_0002_", is_done).await, named("_0003_", is_done).await].map(|t| t.publication);
    assert_eq!(posted, [Some(2), Some(3)]);
    assert!(place.heard("recovered").await.notice.text.contains("batch 0001-0003 is there"));
    let day = place.day("2025-06-20").await;
    assert_eq!((&day["arrived"], &day["posted"]), (&(MANY + 3).into(), &3.into()));
    place.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_goes_past_a_batch_that_is_there_behind_thousands_of_newer_ones() {
    let place = Place::start(SERIES, "", "16:10").await;
    let waits = |t: &Transfer| t.waiting_for.starts_with("waiting for batch");
    place.drop_batch(3);
    place.drop_batch(2);
    let third = place.batch("0003 waits", 3, waits).await;
    place.batch("0002 waits", 2, waits).await;
    booked(&place, MANY, 0).await;
    let digest = third.facts.sha256.as_deref().unwrap();
    let words = ["release", &third.id.0, "--digest", digest, "--reason", "it never comes", "--skip", "0001-0002"];
    let said = place.refused(&words.map(str::to_owned)).await;
    assert!(said.contains("0002 of the batches 0001-0002 is there"), "{said}");
    place.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_is_known_however_many_files_came_since() {
    let route = "[identity]\nfrom = \"none\"\ndate = \"-\"\nbatch = \"-\"\nrun = \"-\"";
    let place = Place::start(route, "", "16:10").await;
    place.drop_batch(1);
    place.batch("it is posted", 1, is_done).await;
    booked(&place, MANY, 0).await;
    place.set("16:20");
    place.drop_batch(1);
    let repeat = || async {
        let all = place.of_batches(1..=1).await;
        all.into_iter().find(|t| is_done(t) && t.verdict == Some(Verdict::Duplicate))
    };
    place.until("it is answered as a duplicate", repeat).await;
    assert_eq!(place.of_batches(1..=1).await.iter().filter(|t| t.publication.is_some()).count(), 1);
    place.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_oldest_file_without_its_answer_is_told_beside_thousands_of_newer_ones() {
    let route = "day_control = \"ledger\"\n[series]\nanswer_within_ms = 60000";
    let place = Place::start(route, "", "16:10").await;
    // The first look at the series was made.
    let since = || async { place.node().ledger.told("since/", false, 1).await.unwrap().pop() };
    place.until("it looks", since).await;
    place.drop_batch(1);
    let held = place.batch("0001 is held", 1, |t| t.state == FileState::Held).await;
    booked(&place, 1_500, 3_600_000).await;
    // As held as the first one.
    let changes: Vec<Change> = (0..1_500u32)
        .flat_map(|n| {
            let id = TransferId(format!("7ZZ{n:023}"));
            use fpp::ledger::transfer::FileEvent as E;
            [E::Claim, E::Hold].map(|event| Change::Move { id: id.clone(), event, facts: Box::default(), by: None })
        })
        .collect();
    place.node().ledger.apply(None, place.now_ms() + 3_600_000, &changes).await.unwrap();
    place.set("16:11");
    assert_eq!(place.heard("unanswered").await.notice.subject, held.id.0);
    place.end().await;
}
