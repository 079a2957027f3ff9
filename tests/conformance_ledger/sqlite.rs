//! SQLite for the suite, and what only a file can suffer: a copy that is torn.

use crate::dice_support::Dice;
use crate::shapes::*;
use crate::{Books, Held};
use async_trait::async_trait;
use fpp::error::Class;
use fpp::ledger::Ledger;
use fpp::ledger::sqlite::SqliteLedger;
use fpp::ledger::transfer::FileEvent as E;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqliteConnection};
use std::path::{Path, PathBuf};

const PAGE_BYTES: usize = 4096;

/// Books in a folder that goes away with them.
pub(crate) struct SqliteBooks(tempfile::TempDir);

impl SqliteBooks {
    pub(crate) fn new() -> SqliteBooks {
        SqliteBooks(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> PathBuf {
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

    async fn tamper(&self, statements: &[&str]) {
        let options = SqliteConnectOptions::new().filename(self.path()).foreign_keys(false);
        let mut connection = options.connect().await.unwrap();
        for statement in statements {
            sqlx::query(AssertSqlSafe((*statement).to_owned())).execute(&mut connection).await.unwrap();
        }
        connection.close().await.unwrap();
    }

    async fn hold(&self, statement: &'static str) -> Box<dyn Held> {
        let mut connection = SqliteConnectOptions::new().filename(self.path()).connect().await.unwrap();
        for statement in ["BEGIN IMMEDIATE", statement] {
            sqlx::query(statement).execute(&mut connection).await.unwrap();
        }
        Box::new(HeldFile(connection))
    }

    async fn place(&self) -> String {
        self.path().display().to_string()
    }
}

struct HeldFile(SqliteConnection);

#[async_trait]
impl Held for HeldFile {
    async fn undo(mut self: Box<Self>) {
        sqlx::query("ROLLBACK").execute(&mut self.0).await.unwrap();
        self.0.close().await.unwrap();
    }
}

/// The file of closed books, which then holds everything.
async fn closed_file() -> Vec<u8> {
    let books = SqliteBooks::new();
    let ledger = SqliteLedger::open(&books.path()).await.unwrap();
    walk(&ledger, 1..=40, &[E::Claim, E::Stage]).await;
    ledger.seal(None, T0, b"key").await.unwrap();
    ledger.close().await;
    std::fs::read(books.path()).unwrap()
}

/// Whether opening and verifying find something wrong; never a wish to try again.
async fn is_found(bytes: &[u8]) -> bool {
    let books = SqliteBooks::new();
    std::fs::write(books.path(), bytes).unwrap();
    !is_whole(&books.path()).await
}

/// The same of a file in its place.
pub(crate) async fn is_whole(path: &Path) -> bool {
    let verified = match SqliteLedger::open_read_only(path).await {
        Ok(ledger) => {
            let verified = ledger.verify(Some(b"key")).await.map(|report| report.broken.is_none());
            ledger.close().await;
            verified
        }
        Err(error) => Err(error),
    };
    verified.unwrap_or_else(|error| {
        assert_eq!(error.class, Class::Halt, "{error}");
        false
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

/// A copy that ended in the middle of a page: at each byte of the last page would take minutes, so at some of each page.
#[tokio::test]
async fn a_copy_that_ends_inside_a_page_is_found() {
    let whole = closed_file().await;
    let last = whole.len() - PAGE_BYTES;
    let mut dice = Dice::new(20_250_620);
    let inside = (0..64)
        .map(|n| if n % 2 == 0 { last + 1 + dice.place(PAGE_BYTES - 1) } else { 1 + dice.place(whole.len() - 1) });
    for at in inside.chain([1, last + 1, whole.len() - 1]).collect::<Vec<_>>() {
        assert!(is_found(&whole[..at]).await, "cut at byte {at} of {}", whole.len());
    }
}

#[tokio::test]
async fn a_command_that_finds_no_ledger_says_so() {
    let books = SqliteBooks::new();
    let error = SqliteLedger::open_read_only(&books.path()).await.err().unwrap();
    assert!(error.to_string().contains("there is no ledger"), "{error}");
    assert!(!books.path().exists());
}
