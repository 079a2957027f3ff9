//! Copies from one engine to another: a backup, a restore, a move to a server. Everything is there, nothing is held, and
//! the books go on.

use crate::Books;
use crate::databases::Kind;
use crate::mysql::MysqlBooks;
use crate::shapes::*;
use fpp::ledger::Ledger;
use fpp::ledger::change::Change;
use fpp::ledger::consumer::Consumer;
use fpp::ledger::delivery::{DeadLetter, Delivery, DeliveryEvent as D, Purpose};
use fpp::ledger::lease::LeaseKey;
use fpp::ledger::sqlite::SqliteLedger;
use fpp::ledger::transfer::{FileEvent as E, TransferQuery, Verdict as V};

const KEY: &[u8] = b"a key that only the node can read";

/// Something of everything: more than a page of transfers, chains and rejects; purged, sealed, and not sealed.
async fn fill(ledger: &dyn Ledger) {
    let refused = [E::Claim, E::Judge(V::Rejected), E::Acknowledge, E::Archive];
    walk(ledger, 1..=3, &refused).await;
    let purge = Change::Purge { before: "2026-01-06".into(), before_ms: T0, by: "wang: on tape".into() };
    assert_eq!(apply(ledger, 1, &[purge]).await.purged, 3);
    let arrivals: Vec<Change> = (10..=1300).map(|n| Change::Arrive(arrival(n))).collect();
    apply(ledger, 1, &arrivals).await;
    let changes = [
        event(10, E::Claim),
        event(10, E::Stage),
        event(10, E::Judge(V::Partly)),
        Change::Reject { id: id(10), rejects: rejects(2..1300) },
        event(10, E::Post),
        Change::Plan(Box::new(delivery(1, 10))),
        Change::Plan(Box::new(delivery(2, 10))),
        deliver(1, D::Prove),
        deliver(1, D::Deliver),
        deliver(1, D::Take),
        Change::Plan(Box::new(posting(3, 10))),
        Change::Confirm { id: delivery_id(3), record: u64::MAX },
        Change::Bury { id: delivery_id(3), letters: vec![dead_letter(3, 10)] },
        Change::Keep(consumer()),
        Change::Raise(notice("10", "open 回盘")),
        Change::Raise(notice("11", "read")),
        Change::Day { route: "PMTRD".into(), business_date: "2026-01-05".into(), open: true, by: "core".into() },
        Change::Tell { key: "late/10".into(), notice: None },
    ];
    apply(ledger, 2, &changes).await;
    let read = ledger.notices(true, 10).await.unwrap().into_iter().find(|n| n.notice.subject == "11").unwrap().id;
    apply(ledger, 3, &[Change::AcknowledgeNotice { id: read, by: "wang".into() }]).await;
    ledger.seal(None, T0 + 4, KEY).await.unwrap();
    apply(ledger, 5, &[event(11, E::Claim)]).await;
    ledger.take_lease(&LeaseKey("transfer:11".into()), "a/1", None).await.unwrap().unwrap();
}

fn posting(n: u32, transfer: u32) -> Delivery {
    Delivery {
        purpose: Purpose::Posting,
        spool: "db".into(),
        name: format!("PMTRD/{transfer}"),
        ..delivery(n, transfer)
    }
}

fn dead_letter(n: u32, transfer: u32) -> DeadLetter {
    let (outlet, route, id_of) = ("db".into(), "PMTRD".into(), "2026-01-05:1:DONE".into());
    let (delivery, transfer, why) = (delivery_id(n), id(transfer), "拒收".into());
    DeadLetter { delivery, outlet, transfer, route, record: 7, id: id_of, conflict: true, why, at_ms: 0, due: false }
}

fn consumer() -> Consumer {
    let (name, owner) = ("risk".into(), "token".into());
    Consumer { name, owner, publication: 1, record: u64::MAX, made_ms: 0, updated_ms: 0 }
}

async fn same(one: &dyn Ledger, other: &dyn Ledger) {
    let all = TransferQuery { limit: 10_000, ..TransferQuery::default() };
    assert_eq!(one.transfers(&all).await.unwrap(), other.transfers(&all).await.unwrap());
    assert_eq!(one.deliveries(None, 10).await.unwrap(), other.deliveries(None, 10).await.unwrap());
    assert_eq!(one.rejects(&id(10), 0, 10_000).await.unwrap(), other.rejects(&id(10), 0, 10_000).await.unwrap());
    assert_eq!(one.notices(true, 10).await.unwrap(), other.notices(true, 10).await.unwrap());
    assert_eq!(one.told("", false, 10).await.unwrap(), other.told("", false, 10).await.unwrap());
    let dead = one.dead_letters(None, None, false, 10).await.unwrap();
    assert_eq!((dead.len(), &dead), (1, &other.dead_letters(None, None, false, 10).await.unwrap()));
    assert_eq!(one.consumers().await.unwrap(), other.consumers().await.unwrap());
    assert_eq!(one.days("PMTRD").await.unwrap(), other.days("PMTRD").await.unwrap());
    assert_eq!(one.seals(0, 10).await.unwrap(), other.seals(0, 10).await.unwrap());
    assert_eq!(one.verify(Some(KEY)).await.unwrap(), other.verify(Some(KEY)).await.unwrap());
    assert_eq!(one.last_publication().await.unwrap(), other.last_publication().await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadb_is_backed_up_and_restored() {
    there_and_back(Kind::MariaDb).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seekdb_is_backed_up_and_restored() {
    there_and_back(Kind::SeekDb).await;
}

async fn there_and_back(kind: Kind) {
    let Some(books) = MysqlBooks::new(kind) else { return };
    let Some(fresh) = MysqlBooks::new(kind) else { return };
    let (source, target) = (books.ledger().await, fresh.ledger().await);
    fill(&source).await;
    let folder = tempfile::tempdir().unwrap();
    let file = SqliteLedger::open(&folder.path().join("backup.sqlite")).await.unwrap();
    for report in [source.copy_into(&file, Some(KEY)).await, file.copy_into(&target, Some(KEY)).await] {
        let report = report.unwrap();
        assert_eq!((report.broken, report.unsealed), (None, 1));
    }
    same(&source, &file).await;
    same(&source, &target).await;
    let lease = target.lease(&LeaseKey("transfer:11".into())).await.unwrap().unwrap();
    assert_eq!((lease.epoch, lease.holder.as_str()), (1, ""), "its epoch goes on, nobody holds it");
    let error = file.copy_into(&target, None).await.unwrap_err();
    assert!(error.to_string().contains("not empty"), "{error}");

    // The books go on: what was open is found, the next number is the next one, and purged arrivals stay known.
    let changes = [
        Change::Raise(notice("10", "again")),
        Change::Arrive(arrival(1)),
        event(12, E::Claim),
        event(12, E::Judge(V::Rejected)),
    ];
    let applied = apply(&target, 9, &changes).await;
    assert_eq!((applied.publication, applied.arrived.len()), (Some(5), 0));
    assert!(target.notices(false, 10).await.unwrap().iter().any(|n| n.notice.subject == "10" && n.count == 2));
    assert_eq!(target.verify(Some(KEY)).await.unwrap().broken, None);
}

/// A restore that ended early leaves a ledger that nobody works on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_is_not_whole_is_refused() {
    let Some(books) = MysqlBooks::new(Kind::MariaDb) else { return };
    drop(books.ledger().await);
    books.tamper(&["INSERT INTO schema_version (name, value) VALUES ('unfinished', 1)"]).await;
    let server = crate::mysql::server_at(&books.place().await).unwrap();
    for error in [
        fpp::ledger::mysql::MysqlLedger::open(server.clone()).await.err(),
        fpp::ledger::mysql::MysqlLedger::open_read_only(server).await.err(),
    ] {
        let error = error.unwrap();
        assert!(error.to_string().contains("being restored"), "{error}");
    }
    books.tamper(&["DELETE FROM schema_version WHERE name = 'unfinished'"]).await;
}
