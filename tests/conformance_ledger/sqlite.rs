//! SQLite for the suite, and what only a file can suffer: a copy that is torn.

use crate::Books;
use crate::shapes::*;
use async_trait::async_trait;
use fpp::error::Class;
use fpp::ledger::Ledger;
use fpp::ledger::sqlite::SqliteLedger;
use fpp::ledger::transfer::FileEvent as E;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use std::path::PathBuf;
use std::time::Instant;

const PAGE_BYTES: usize = 4096;

/// Books in a folder that goes away with them.
pub(crate) struct SqliteBooks(tempfile::TempDir);

impl SqliteBooks {
    pub(crate) fn new() -> SqliteBooks {
        SqliteBooks(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("ledger.db")
    }
}

#[async_trait]
impl Books for SqliteBooks {
    async fn open(&self) -> Box<dyn Ledger> {
        Box::new(SqliteLedger::open(&self.path()).await.unwrap())
    }

    async fn open_read_only(&self) -> Box<dyn Ledger> {
        Box::new(SqliteLedger::open_read_only(&self.path()).await.unwrap())
    }

    fn fresh(&self) -> Box<dyn Books> {
        Box::new(SqliteBooks::new())
    }

    async fn tamper(&self, statements: &[&'static str]) {
        let options = SqliteConnectOptions::new().filename(self.path()).foreign_keys(false);
        let mut connection = options.connect().await.unwrap();
        for statement in statements {
            sqlx::query(*statement).execute(&mut connection).await.unwrap();
        }
        connection.close().await.unwrap();
    }
}

/// The file of closed books, which then holds everything.
async fn closed_file() -> Vec<u8> {
    let books = SqliteBooks::new();
    let ledger = SqliteLedger::open(&books.path()).await.unwrap();
    walk(&ledger, 1..=40, &[E::Claim, E::Stage]).await;
    ledger.seal(T0, b"key").await.unwrap();
    ledger.close().await;
    std::fs::read(books.path()).unwrap()
}

/// Whether opening and verifying find something wrong; never a wish to try again.
async fn is_found(bytes: &[u8]) -> bool {
    let books = SqliteBooks::new();
    std::fs::write(books.path(), bytes).unwrap();
    let verified = match SqliteLedger::open_read_only(&books.path()).await {
        Ok(ledger) => ledger.verify(Some(b"key")).await.map(|report| report.broken.is_some()),
        Err(error) => Err(error),
    };
    verified.unwrap_or_else(|error| {
        assert_eq!(error.class, Class::Halt, "{error}");
        true
    })
}

#[tokio::test]
async fn a_torn_copy_is_found() {
    let whole = closed_file().await;
    assert!(!is_found(&whole).await);
    assert!(is_found(&[]).await);
    for pages in 0..whole.len() / PAGE_BYTES {
        let at = pages * PAGE_BYTES;
        assert!(is_found(&whole[..at]).await, "cut at page {pages}");
        let mut torn = whole.clone();
        torn[at..at + PAGE_BYTES].fill(0);
        assert!(is_found(&torn).await, "page {pages} was lost");
    }
}

#[tokio::test]
async fn a_command_that_finds_no_ledger_says_so() {
    let books = SqliteBooks::new();
    let error = SqliteLedger::open_read_only(&books.path()).await.err().unwrap();
    assert!(error.to_string().contains("there is no ledger"), "{error}");
    assert!(!books.path().exists());
}

const FINISHED: &str = "
    WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000000)
    INSERT INTO transfers (id, route, spool, name, arrival_key, state, verdict, closed, facts, business_date, batch, run,
        attempts, next_attempt_ms, waiting_for, arrived_ms, updated_ms, publication, queue)
    SELECT 'Z' || n, 'OLD', 'core', 'x', 'old' || n, 'Archived', 'accepted', 0, '{}', '2025-01-01', n, 0,
        0, n, '', n, n, n + 1000000, 0 FROM c";

/// Run by hand: what the reads cost before and after a million finished transfers.
#[tokio::test]
#[ignore = "takes half a minute; prints figures"]
async fn reads_stay_flat_beside_a_million_finished_transfers() {
    let books = SqliteBooks::new();
    let ledger = SqliteLedger::open(&books.path()).await.unwrap();
    walk(&ledger, 1..=100, &[E::Claim]).await;
    for finished in ["none", "a million"] {
        if finished != "none" {
            books.tamper(&[FINISHED, "PRAGMA wal_checkpoint(TRUNCATE)"]).await;
        }
        let begun = Instant::now();
        for _ in 0..100 {
            assert_eq!(ledger.due_transfers(T0, 16).await.unwrap().len(), 16);
        }
        let due = begun.elapsed() / 100;
        let begun = Instant::now();
        for n in 1..=100 {
            let park = fpp::ledger::change::Change::Park {
                id: id(n),
                until_ms: T0,
                waiting_for: finished.into(),
                failed: true,
            };
            apply(&ledger, 0, &[park, event(n, E::Hold), event(n, E::Release)]).await;
        }
        println!("finished: {finished}; due_transfers: {due:?}; apply of three changes: {:?}", begun.elapsed() / 100);
    }
    let begun = Instant::now();
    let counts = ledger.counts().await.unwrap();
    println!("counts: {counts:?} in {:?}", begun.elapsed());
}

/// Run by hand: how fast `verify` walks.
#[tokio::test]
#[ignore = "prints figures"]
async fn verify_walks_many_chains() {
    let books = SqliteBooks::new();
    let ledger = SqliteLedger::open(&books.path()).await.unwrap();
    for part in 0..20 {
        let changes: Vec<_> = (1..=1000)
            .map(|n| part * 1000 + n)
            .flat_map(|n| [fpp::ledger::change::Change::Arrive(arrival(n)), event(n, E::Claim), event(n, E::Stage)])
            .collect();
        let begun = Instant::now();
        apply(&ledger, 0, &changes).await;
        println!("apply of 3,000 changes: {:?}", begun.elapsed());
    }
    println!("sealed: {}", ledger.seal(T0, b"key").await.unwrap());
    let begun = Instant::now();
    let report = ledger.verify(Some(b"key")).await.unwrap();
    println!("{report:?} in {:?}", begun.elapsed());
    assert_eq!(report.broken, None);
}
