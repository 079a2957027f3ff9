//! Cases on the journal, the seals, and what `verify` finds (I7).

use crate::Books;
use crate::shapes::*;
use fpp::ledger::Ledger;
use fpp::ledger::change::{Change, Fence};
use fpp::ledger::delivery::DeliveryEvent as D;
use fpp::ledger::lease::LeaseKey;
use fpp::ledger::transfer::{FileEvent as E, Verdict as V};

const KEY: &[u8] = b"a key that only the node can read";

pub(crate) async fn the_journal_says_who_did_what_under_which_lease(books: &dyn Books) {
    let ledger = books.open().await;
    walk(&*ledger, [1], &[E::Claim]).await;
    let lease = ledger.take_lease(&LeaseKey("transfer:1".into()), "a/1", None).await.unwrap().unwrap();
    let fence = Fence { key: lease.key, epoch: lease.epoch, holder: lease.holder };
    let hold = Change::Move { id: id(1), event: E::Hold, facts: Box::default(), by: Some("wang: looks odd".into()) };
    ledger.apply(Some(&fence), T0 + 5, &[hold]).await.unwrap();
    let subject = format!("transfer:{}", id(1));
    let journal = ledger.journal(&subject).await.unwrap();
    assert_eq!(journal.iter().map(|row| row.n).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(journal.iter().all(|row| row.subject == subject));
    assert!(journal[0].previous.is_empty());
    assert!(journal.windows(2).all(|pair| pair[1].previous == pair[0].hash));
    let last: serde_json::Value = serde_json::from_str(&journal[2].entry).unwrap();
    assert_eq!(
        last,
        serde_json::json!({"kind": "move", "event": "Hold", "facts": {}, "by": "wang: looks odd",
            "fence": {"holder": "a/1", "epoch": 1}})
    );
    assert_eq!(journal[2].at_ms, T0 + 5);
    assert!(ledger.journal("transfer:none").await.unwrap().is_empty());
}

pub(crate) async fn seals_hold_with_their_key_only(books: &dyn Books) {
    let ledger = books.open().await;
    assert_eq!(ledger.seal(None, T0, KEY).await.unwrap(), 0, "nothing moved yet");
    walk(&*ledger, [1, 2], &[E::Claim]).await;
    assert_eq!(verified(&*ledger).await.unsealed, 4);
    assert_eq!(ledger.seal(None, T0, KEY).await.unwrap(), 2);
    assert_eq!(ledger.seal(None, T0 + 1, KEY).await.unwrap(), 0);
    apply(&*ledger, 2, &[event(2, E::Stage)]).await;
    let report = ledger.verify(Some(KEY)).await.unwrap();
    assert_eq!((report.broken, report.seals_unchecked), (None, false));
    assert_eq!((report.chains, report.rows, report.seals, report.unsealed), (2, 5, 1, 1));
    assert_eq!(ledger.seal(None, T0 + 3, KEY).await.unwrap(), 1);
    assert_eq!(ledger.verify(Some(KEY)).await.unwrap().unsealed, 0);
    let seals = ledger.seals(0, 10).await.unwrap();
    assert_eq!(seals.iter().map(|s| (s.n, s.at_ms, s.heads)).collect::<Vec<_>>(), [(1, T0, 2), (2, T0 + 3, 1)]);
    assert_eq!((seals[0].previous.as_str(), &seals[1].previous), ("", &seals[0].code));
    assert_eq!(ledger.seals(1, 10).await.unwrap(), seals[1..]);
    let wrong = ledger.verify(Some(b"another")).await.unwrap().broken.unwrap();
    assert!(wrong.starts_with("seals 1:"), "{wrong}");
    assert!(verified(&*ledger).await.seals_unchecked);
}

pub(crate) async fn many_heads_take_several_seals(books: &dyn Books) {
    let ledger = books.open().await;
    let arrivals: Vec<Change> = (1..=2100).map(|n| Change::Arrive(arrival(n))).collect();
    apply(&*ledger, 0, &arrivals).await;
    assert_eq!(ledger.seal(None, T0, KEY).await.unwrap(), 2100);
    let report = ledger.verify(Some(KEY)).await.unwrap();
    assert_eq!((report.broken, report.seals, report.unsealed), (None, 3, 0));
    assert_eq!((report.chains, report.rows), (2100, 2100));
}

/// Books with something of everything, sealed, and then one row on top.
async fn full_books(ledger: &dyn Ledger) {
    walk(ledger, [1, 2], &[E::Claim, E::Stage]).await;
    let judged = [
        Change::Reject { id: id(1), rejects: rejects(2..5) },
        event(1, E::Judge(V::Partly)),
        event(1, E::Post),
        Change::Plan(Box::new(delivery(1, 1))),
        deliver(1, D::Prove),
        Change::Day { route: "PMTRD".into(), business_date: "2026-01-05".into(), open: true, by: "core".into() },
    ];
    apply(ledger, 1, &judged).await;
    ledger.seal(None, T0 + 2, KEY).await.unwrap();
    apply(ledger, 3, &[event(2, E::Hold), deliver(1, D::Deliver)]).await;
}

macro_rules! t1 {
    () => {
        "'01T00000000000000000000001'"
    };
}

/// What is done behind the ledger's back, and how the finding begins.
const TAMPERED: &[(&[&str], &str)] = &[
    (&["UPDATE transfers SET state = 'Archived'"], "transfers 01T00000000000000000000001: state is Archived"),
    (
        &["UPDATE transfers SET verdict = 'accepted' WHERE publication = 1"],
        "transfers 01T00000000000000000000001: verdict",
    ),
    (&["UPDATE transfers SET facts = '{}'"], "transfers 01T00000000000000000000001: its facts differ"),
    (
        &["UPDATE transfers SET publication = 7 WHERE publication = 1"],
        "transfers 01T00000000000000000000001: publication",
    ),
    (&["UPDATE transfers SET queue = 0"], "transfers 01T00000000000000000000001: the columns for queries"),
    (&["UPDATE transfers SET batch = 5"], "transfers 01T00000000000000000000001: the columns for queries"),
    (&["UPDATE transfers SET state = 'Lost'"], "FPP9001 transfers 01T00000000000000000000001: state"),
    (
        &[
            concat!("DELETE FROM rejects WHERE transfer = ", t1!()),
            concat!("DELETE FROM deliveries WHERE transfer = ", t1!()),
            concat!("DELETE FROM transfers WHERE id = ", t1!()),
        ],
        "deliveries 01D00000000000000000000001: it is missing",
    ),
    (&["DELETE FROM transfers WHERE state = 'Held'"], "transfers 01T00000000000000000000002: it is missing"),
    (&["UPDATE deliveries SET sha256 = 'ff'"], "deliveries 01D00000000000000000000001: sha256"),
    (&["UPDATE deliveries SET queue = 1"], "deliveries 01D00000000000000000000001: queue"),
    (&["DELETE FROM deliveries"], "deliveries 01D00000000000000000000001: it is missing"),
    (&["UPDATE days SET is_open = 0"], "days PMTRD:"),
    (&["DELETE FROM rejects WHERE record = 3"], "rejects 01T00000000000000000000001: 2 stand"),
    (&["DELETE FROM rejects"], "rejects 01T00000000000000000000001: 0 stand"),
    (&["UPDATE rejects SET code = 2002 WHERE record = 3"], "rejects 01T00000000000000000000001: their content"),
    (&["UPDATE rejects SET transfer = '01T00000000000000000000002'"], "rejects 01T00000000000000000000001: 0 stand"),
    (&["DELETE FROM identities"], "identities: the one of accepted transfer 01T00000000000000000000001"),
    (&["UPDATE counters SET value = 0"], "counters publication: it stands at 0"),
    (
        &["UPDATE journal SET entry = REPLACE(entry, 'Hold', 'Stage')"],
        "journal transfer:01T00000000000000000000002 4: its content",
    ),
    (
        &["UPDATE journal SET at_ms = at_ms + 1 WHERE n = 4 AND subject LIKE 'transfer:%'"],
        "journal transfer:01T00000000000000000000001 4: its content",
    ),
    (
        &[concat!("DELETE FROM journal WHERE n = 4 AND subject = 'transfer:' || ", t1!())],
        "journal transfer:01T00000000000000000000001 4: it is missing",
    ),
    (
        &[concat!("DELETE FROM journal WHERE n = 5 AND subject = 'transfer:' || ", t1!())],
        "journal transfer:01T00000000000000000000001 5: it is missing; seal 1",
    ),
    (
        &["DELETE FROM journal WHERE n = 4 AND subject = 'transfer:01T00000000000000000000002'"],
        "journal transfer:01T00000000000000000000002 4: it is missing, the head names row 4",
    ),
    (
        &[
            "DELETE FROM journal WHERE n = 4 AND subject = 'transfer:01T00000000000000000000002'",
            "DELETE FROM heads WHERE subject = 'transfer:01T00000000000000000000002'",
        ],
        "heads transfer:01T00000000000000000000002: it is missing",
    ),
    (
        &[
            "DELETE FROM journal WHERE n = 4 AND subject = 'transfer:01T00000000000000000000002'",
            "UPDATE heads SET n = 3, hash = (SELECT hash FROM journal j WHERE j.n = 3 AND j.subject = heads.subject) WHERE subject = 'transfer:01T00000000000000000000002'",
        ],
        "transfers 01T00000000000000000000002: state is Held",
    ),
    (&["DELETE FROM heads"], "heads day:PMTRD: it is missing"),
    (&["UPDATE seal_heads SET hash = 'ff'"], "journal day:PMTRD 1: its hash is not the one that seal 1 holds"),
    (&["DELETE FROM seal_heads WHERE n = 1"], "seal_heads of seal 1:"),
    (&["UPDATE seals SET at_ms = at_ms + 1"], "seals 1: its code is wrong"),
    (&["UPDATE seals SET previous = 'ff'"], "seals 1: it does not follow"),
    (
        &[
            "INSERT INTO days (route, business_date, is_open, at_ms, decided_by) VALUES ('PMTXT', '2026-01-05', 1, 0, 'x')",
        ],
        "days PMTXT: it has no journal",
    ),
];

pub(crate) async fn verify_names_the_row_that_was_changed(books: &dyn Books) {
    for (statements, finding) in TAMPERED {
        let books = books.fresh();
        let ledger = books.open().await;
        full_books(&*ledger).await;
        assert_eq!(ledger.verify(Some(KEY)).await.unwrap().broken, None);
        books.tamper(statements).await;
        let report = ledger.verify(Some(KEY)).await.unwrap();
        let broken = report.broken.unwrap_or_else(|| panic!("{statements:?} was not found"));
        assert!(broken.starts_with(finding), "{statements:?}: {broken}");
    }
}

pub(crate) async fn verify_may_run_beside_a_writer(books: &dyn Books) {
    let ledger = books.open().await;
    let arrivals: Vec<Change> = (1..=1500).map(|n| Change::Arrive(arrival(n))).collect();
    apply(&*ledger, 0, &arrivals).await;
    let writer = books.open().await;
    let writing = tokio::spawn(async move {
        for n in 1..=150 {
            apply(&*writer, 1, &[event(n * 10, E::Claim)]).await;
            apply(&*writer, 2, &[event(n * 10, E::Stage)]).await;
            if n % 20 == 0 {
                writer.seal(None, T0 + 3, KEY).await.unwrap();
            }
        }
    });
    let mut walks = 0;
    while !writing.is_finished() || walks == 0 {
        assert_eq!(ledger.verify(Some(KEY)).await.unwrap().broken, None);
        walks += 1;
    }
    writing.await.unwrap();
    assert_eq!(verified(&*ledger).await.rows, 1800);
}
