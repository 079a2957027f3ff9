//! What only one file can show: a commit held back, a full disk, the plans of its queries, its settings, its versions.

use super::{Sqlite, SqliteLedger};
use crate::error::Class;
use crate::ledger::Ledger;
use crate::ledger::change::{Change, NewNotice, NewTransfer};
use crate::ledger::sql::session::{Engine, Transaction, sql};
use crate::ledger::sql::{desk, of_day, reads};
use crate::ledger::transfer::{Facts, FileEvent, TransferId, Verdict};
use fpp_codecs::Code;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use std::path::Path;

fn id(n: u32) -> TransferId {
    TransferId(format!("{n:026}"))
}

fn arrive(n: u32) -> Change {
    let text = || format!("{n}");
    let (route, spool, name, arrival_key) = (text(), text(), text(), text());
    Change::Arrive(NewTransfer { id: id(n), route, spool, name, arrival_key, facts: Facts::default() })
}

async fn write(ledger: &SqliteLedger) -> Box<dyn Transaction + '_> {
    ledger.engine().write().await.unwrap()
}

async fn changed(path: &Path, statement: &'static str) {
    let mut connection = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
    sqlx::query(statement).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_full_disk_is_tried_again_and_leaves_whole_books() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::open(&folder.path().join("ledger.db")).await.unwrap();
    let mut transaction = write(&ledger).await;
    // The setting belongs to this connection, as a full disk belongs to all.
    transaction.rows(sql("PRAGMA max_page_count = 1")).await.unwrap();
    assert!(transaction.end(true).await.fault.is_none());
    let long = NewNotice {
        severity: "warn".into(),
        topic: "held".into(),
        subject: "x".into(),
        code: 0,
        text: "x".repeat(100_000),
    };
    let changes = [arrive(1), Change::Raise(long)];
    let error = ledger.apply(None, 0, &changes).await.unwrap_err();
    assert_eq!((error.code, error.class), (Code::LEDGER, Class::Retry), "{error}");
    assert!(error.to_string().contains("full"), "{error}");
    assert_eq!(ledger.transfer(&id(1)).await.unwrap(), None);
    ledger.apply(None, 0, &changes).await.unwrap();
    assert_eq!(ledger.verify(None).await.unwrap().broken, None);
}

#[tokio::test]
async fn no_due_read_scans_a_table_or_sorts() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::open(&folder.path().join("ledger.db")).await.unwrap();
    for (select, index) in [
        (reads::DUE_TRANSFERS, "transfers_queue (queue=? AND next_attempt_ms>? AND next_attempt_ms<?)"),
        (reads::DUE_DELIVERIES, "deliveries_queue (queue=? AND next_attempt_ms>? AND next_attempt_ms<?)"),
        (reads::UNTAKEN, "deliveries_state (state=? AND delivered_ms>?)"),
        (reads::OPEN, "deliveries_postings (queue=? AND spool=? AND id>?)"),
        (reads::PUBLICATIONS, "transfers_publication (publication>?)"),
        (reads::BY_BATCH, "transfers_identity (route=? AND business_date=? AND batch=?)"),
        (of_day::ARRIVALS_OF_DAY, "transfers_identity (route=? AND business_date=?)"),
        (of_day::POSTED_BEFORE, "transfers_identity (route=? AND business_date=? AND batch<?)"),
        (of_day::POSTED_AFTER, "transfers_identity (route=? AND business_date=? AND batch>?)"),
        (of_day::BATCHES, "transfers_identity (route=? AND business_date=? AND batch>? AND batch<?)"),
        (desk::OPEN_NOTICES, "INTEGER PRIMARY KEY (rowid>?)"),
    ] {
        let explain = crate::ledger::sql::session::Statement::built(format!("EXPLAIN QUERY PLAN {select}"));
        let rows = ledger.engine().read().await.unwrap().rows(explain).await.unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.get("detail").unwrap()).collect();
        assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "no sort: {select}: {plan:?}");
        // What is paused is a handful of rows.
        assert!(!plan.iter().any(|step| step.starts_with("SCAN") && step != "SCAN p"), "{select}: {plan:?}");
        assert!(plan[0].starts_with("SEARCH") && plan[0].contains(index), "{select}: {plan:?}");
    }
}

#[tokio::test]
async fn a_newer_ledger_is_used_only_where_it_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    SqliteLedger::open(&path).await.unwrap().close().await;
    changed(&path, "UPDATE schema_version SET value = 99 WHERE name = 'ledger'").await;
    let ledger = SqliteLedger::open(&path).await.unwrap();
    ledger.apply(None, 0, &[arrive(1)]).await.unwrap();
    ledger.close().await;
    assert!(SqliteLedger::open_read_only(&path).await.unwrap().transfer(&id(1)).await.unwrap().is_some());
    changed(&path, "UPDATE schema_version SET value = 99 WHERE name = 'compatible'").await;
    for error in [SqliteLedger::open(&path).await.err(), SqliteLedger::open_read_only(&path).await.err()] {
        let error = error.unwrap();
        assert_eq!(error.code, Code::LEDGER);
        assert!(error.to_string().contains("schema version 99"), "{error}");
    }
}

/// Books of the first version, with something open and something closed.
const FIRST: &str = "
    DROP TABLE dead_letters; DROP TABLE consumers; DROP INDEX deliveries_postings; DROP INDEX deliveries_deferred;
    ALTER TABLE deliveries DROP COLUMN confirmed; ALTER TABLE deliveries DROP COLUMN round;
    ALTER TABLE deliveries DROP COLUMN deferred;
    DROP TABLE told; DROP TABLE pauses; DROP TABLE asks;
    DROP TABLE nodes; DROP TABLE purged; DROP TABLE purged_arrivals; DELETE FROM counters WHERE name = 'purged';
    DROP INDEX deliveries_open; DROP INDEX notices_open;
    ALTER TABLE journal DROP COLUMN book_date; ALTER TABLE rejects DROP COLUMN book_date;
    ALTER TABLE heads DROP COLUMN book_date;
    ALTER TABLE deliveries DROP COLUMN open_key; ALTER TABLE notices DROP COLUMN open_key;
    CREATE INDEX notices_open ON notices (unread, topic, subject);
    DELETE FROM schema_version; INSERT INTO schema_version (name, value) VALUES ('ledger', 1);";

#[tokio::test]
async fn books_of_the_first_version_are_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = SqliteLedger::open(&path).await.unwrap();
    let raise = |subject: &str| {
        let (severity, topic, text) = ("warn".into(), "held".into(), "x".into());
        Change::Raise(NewNotice { severity, topic, subject: subject.into(), code: 0, text })
    };
    let claim = |event| Change::Move { id: id(1), event, facts: Box::default(), by: None };
    let changes = [arrive(1), claim(FileEvent::Claim), claim(FileEvent::Judge(Verdict::Rejected)), raise("a")];
    ledger.apply(None, 0, &changes).await.unwrap();
    ledger.close().await;
    changed(&path, FIRST).await;
    let error = SqliteLedger::open_read_only(&path).await.err().unwrap();
    assert!(error.to_string().contains("Start the node once"), "{error}");
    let ledger = SqliteLedger::open(&path).await.unwrap();
    ledger.apply(None, 1, &[raise("a"), raise("b")]).await.unwrap();
    let notices = ledger.notices(true, 10).await.unwrap();
    assert_eq!(notices.iter().map(|n| (n.notice.subject.as_str(), n.count)).collect::<Vec<_>>(), [("b", 1), ("a", 2)]);
    assert_eq!(ledger.verify(None).await.unwrap().broken, None);
}

#[tokio::test]
async fn another_program_s_database_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    let mut other = SqliteConnectOptions::new().filename(&path).create_if_missing(true).connect().await.unwrap();
    sqlx::query("CREATE TABLE t (a INTEGER)").execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    let error = SqliteLedger::open(&path).await.err().unwrap();
    assert!(error.to_string().contains("not a ledger of fpp"), "{error}");
}

#[tokio::test]
async fn commits_are_durable_and_rules_are_on() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::open(&folder.path().join("ledger.db")).await.unwrap();
    let engine: &Sqlite = ledger.engine();
    let mut writer = engine.write().await.unwrap();
    let mode: String = writer.one(sql("PRAGMA journal_mode")).await.unwrap().get(0).unwrap();
    assert_eq!(mode, "wal");
    for (pragma, value) in [("PRAGMA synchronous", 2), ("PRAGMA foreign_keys", 1)] {
        let found: i64 = writer.one(sql(pragma)).await.unwrap().get(0).unwrap();
        assert_eq!(found, value, "{pragma}");
    }
}
