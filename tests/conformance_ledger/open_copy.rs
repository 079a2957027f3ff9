//! A copy of books that were open: the file, and the write-ahead log beside it. It is cut, or one bit of it is turned.
//!
//! `verify` finds it, or the copy is what the books were after an earlier commit: SQLite ends a log that breaks off, or whose
//! sums do not fit, at the last commit before. That is a ledger that was put back, and nothing in it can show that; seals
//! that are kept elsewhere do (docs/operate.md, Proving the books).

use crate::dice_support::Dice;
use crate::shapes::*;
use crate::sqlite::{SqliteBooks, is_whole};
use fpp::ledger::Ledger;
use fpp::ledger::change::Change;
use fpp::ledger::delivery::DeliveryEvent as D;
use fpp::ledger::sqlite::SqliteLedger;
use fpp::ledger::transfer::{FileEvent as E, Verdict as V};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row};
use std::fs;
use std::path::{Path, PathBuf};

const KEY: &[u8] = b"key";
/// Sizes of the log's own parts: its head, and the head of each page in it.
const LOG_HEAD: usize = 32;
const FRAME_HEAD: usize = 24;
const PAGE: usize = 4096;

/// Tables that no chain speaks of: what is written there may be anything, and `verify` does not know better.
const WITHOUT_CHAIN: [&str; 4] = ["leases", "notices", "told", "nodes"];

fn log_of(file: &Path) -> PathBuf {
    file.with_extension("db-wal")
}

/// Every row of every table that a chain speaks of, as text.
async fn state(file: &Path) -> String {
    let mut session = SqliteConnectOptions::new().filename(file).read_only(true).connect().await.unwrap();
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let tables = sqlx::query(tables).fetch_all(&mut session).await.unwrap();
    let mut told = String::new();
    for table in tables.iter().map(|row| row.get::<String, _>(0)) {
        if WITHOUT_CHAIN.contains(&table.as_str()) {
            continue;
        }
        let columns =
            format!("SELECT group_concat('quote(' || name || ')', ' || '','' || ') FROM pragma_table_info('{table}')");
        let columns: String = sqlx::query(AssertSqlSafe(columns)).fetch_one(&mut session).await.unwrap().get(0);
        let rows = format!("SELECT {columns} FROM {table} ORDER BY 1");
        for row in sqlx::query(AssertSqlSafe(rows)).fetch_all(&mut session).await.unwrap() {
            told.push_str(&format!("{table}: {}\n", row.get::<String, _>(0)));
        }
    }
    session.close().await.unwrap();
    told
}

/// File and log of open books, and what the books were at the beginning of the log and after each commit in it.
struct Copy {
    file: Vec<u8>,
    log: Vec<u8>,
    states: Vec<String>,
}

async fn copy() -> Copy {
    let books = SqliteBooks::new();
    let path = books.path();
    let ledger = SqliteLedger::open(&path).await.unwrap();
    walk(&ledger, 1..=30, &[E::Claim, E::Stage]).await;
    ledger.seal(None, T0, KEY).await.unwrap();
    ledger.close().await;
    let ledger = SqliteLedger::open(&path).await.unwrap();
    let mut states = vec![state(&path).await];
    for n in 1..=4 {
        let commits = [
            vec![Change::Arrive(arrival(100 + n)), event(100 + n, E::Claim)],
            vec![event(n, E::Judge(V::Accepted)), event(n, E::Post), Change::Plan(Box::new(delivery(n, n)))],
            vec![deliver(n, D::Prove), deliver(n, D::Deliver)],
        ];
        for changes in commits {
            apply(&ledger, i64::from(n), &changes).await;
            states.push(state(&path).await);
        }
        ledger.seal(None, T0 + i64::from(n), KEY).await.unwrap();
        states.push(state(&path).await);
    }
    let copy = Copy { file: fs::read(&path).unwrap(), log: fs::read(log_of(&path)).unwrap(), states };
    ledger.close().await;
    copy
}

/// What became of a damaged copy.
#[derive(Default, Debug)]
struct Ends {
    found: usize,
    /// It is what the books were when they were copied: the bit was in what nobody reads.
    harmless: usize,
    /// It is what the books were before.
    put_back: usize,
}

impl Copy {
    /// Judges it with another file or another log.
    async fn judge(&self, file: &[u8], log: &[u8], what: &str, ends: &mut Ends) {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let path = folder.path().join("ledger.db");
        fs::write(&path, file).unwrap();
        fs::write(log_of(&path), log).unwrap();
        if !is_whole(&path).await {
            ends.found += 1;
            return;
        }
        let state = state(&path).await;
        match self.states.iter().rposition(|known| *known == state) {
            Some(n) if n + 1 == self.states.len() => ends.harmless += 1,
            Some(_) => ends.put_back += 1,
            None => panic!("{what}: nothing is found, and the books were never so:\n{}", self.differences(&state)),
        }
    }

    fn differences(&self, state: &str) -> String {
        let last = self.states.last().unwrap();
        let lines = state.lines().filter(|line| !last.lines().any(|known| known == *line));
        lines.collect::<Vec<_>>().join("\n")
    }
}

#[tokio::test]
async fn a_log_that_is_cut_is_the_books_after_an_earlier_commit() {
    let (copy, mut ends, mut dice) = (copy().await, Ends::default(), Dice::new(20_250_620));
    let frames = (copy.log.len() - LOG_HEAD) / (FRAME_HEAD + PAGE);
    assert!(frames > 40, "{frames}");
    let ends_of_frames = (0..=frames).map(|n| LOG_HEAD + n * (FRAME_HEAD + PAGE));
    let inside: Vec<_> = (0..frames).map(|_| dice.place(copy.log.len())).collect();
    for at in ends_of_frames.chain([0, 1, LOG_HEAD - 1]).chain(inside) {
        copy.judge(&copy.file, &copy.log[..at], &format!("the log is cut at byte {at}"), &mut ends).await;
    }
    assert!(ends.put_back > frames && ends.found == 0, "{ends:?} of {frames} frames");
}

#[tokio::test]
async fn a_bit_that_is_turned_is_found_or_ends_the_log_before_it() {
    let (copy, mut dice) = (copy().await, Dice::new(4_711));
    let mut turn = |bytes: &[u8]| {
        let (at, bit) = (dice.place(bytes.len()), dice.below(8));
        let mut turned = bytes.to_vec();
        turned[at] ^= 1 << bit;
        (turned, format!("bit {bit} of byte {at}"))
    };
    let (mut in_file, mut in_log) = (Ends::default(), Ends::default());
    for _ in 0..160 {
        let (file, at) = turn(&copy.file);
        copy.judge(&file, &copy.log, &format!("{at} of the file"), &mut in_file).await;
    }
    for _ in 0..60 {
        let (log, at) = turn(&copy.log);
        copy.judge(&copy.file, &log, &format!("{at} of the log"), &mut in_log).await;
    }
    assert!(in_file.found > 10 && in_file.put_back == 0, "{in_file:?}");
    assert!(in_log.put_back > 45, "{in_log:?}");
}
