//! Journal and rejects in range partitions by business date (`sql/book_date.rs`).
//!
//! A new ledger has them; one that an older program made stays as it is, because a server would write its largest tables
//! anew while nodes work on them: it is moved by a backup that is restored into an empty database. Heads, transfers,
//! deliveries, identities and arrival keys stay outside, for they have keys that hold over all dates.
//!
//! Partitions are only added behind the last one and dropped: OceanBase cannot split one, so none takes "the rest". What
//! fits nowhere stands under date 0, whose partition stays for ever. Every statement may be run by two nodes at once.
//! Each waits a short time only for who reads the table, so that writers do not stand in a queue behind a backup.

use super::connect::{Use, connect};
use super::{Mysql, fault};
use crate::error::{Error, Result};
use crate::ledger::change::DaysAhead;
use crate::ledger::sql::book_date::{AHEAD_DAYS, LATE_DAYS, date, day, number};
use crate::ledger::sql::session::{Session, sql};
use fpp_codecs::Code;
use jiff::ToSpan;
use jiff::civil::Date;
use sqlx::{AssertSqlSafe, MySqlConnection};
use std::sync::atomic::Ordering;

const TABLES: [&str; 2] = ["journal", "rejects"];
/// How long a statement waits for those that read or write a table.
const WAIT_SECONDS: u32 = 5;

/// One partition: rows with a date below its end, and not below the end of the one before.
struct Partition {
    name: String,
    end: i64,
}

/// Makes the tables of a new ledger, with partitions from a few days ago to some days ahead; leaves those that are there.
pub(super) async fn create(connection: &mut MySqlConnection, now_ms: i64) -> Result<()> {
    let first = day(now_ms, -LATE_DAYS);
    let mut parts = vec![
        "PARTITION kept VALUES LESS THAN (1)".to_owned(),
        format!("PARTITION past VALUES LESS THAN ({})", number(first)),
    ];
    parts.extend(days(first, day(now_ms, AHEAD_DAYS)).map(of_day));
    let partitions = format!(
        "DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin PARTITION BY RANGE (book_date) ({})",
        parts.join(", ")
    );
    for table in [
        format!(
            "CREATE TABLE IF NOT EXISTS rejects (
                transfer VARCHAR(26) NOT NULL, record BIGINT NOT NULL, ordinal BIGINT NOT NULL,
                byte_offset BIGINT NOT NULL, field TEXT NOT NULL, field_at BIGINT NOT NULL, code BIGINT NOT NULL,
                detail MEDIUMTEXT NOT NULL, hex MEDIUMTEXT NOT NULL, book_date BIGINT NOT NULL DEFAULT 0,
                PRIMARY KEY (transfer, record, book_date)) {partitions}"
        ),
        format!(
            "CREATE TABLE IF NOT EXISTS journal (
                subject VARCHAR(100) NOT NULL, n BIGINT NOT NULL, at_ms BIGINT NOT NULL, entry MEDIUMTEXT NOT NULL,
                previous VARCHAR(64) NOT NULL, hash VARCHAR(64) NOT NULL, book_date BIGINT NOT NULL DEFAULT 0,
                PRIMARY KEY (subject, n, book_date)) {partitions}"
        ),
        // With a key over the dates, so that one without a head is found at once.
        "CREATE TABLE IF NOT EXISTS heads (
                subject VARCHAR(100) NOT NULL, n BIGINT NOT NULL, hash VARCHAR(64) NOT NULL, unsealed BIGINT NOT NULL,
                book_date BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (subject), KEY heads_unsealed (unsealed, subject),
                KEY heads_date (book_date)) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin"
            .to_owned(),
    ] {
        sqlx::raw_sql(AssertSqlSafe(table)).execute(&mut *connection).await.map_err(fault::of)?;
    }
    Ok(())
}

fn days(first: Date, last: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(first), |day| day.checked_add(1.day()).ok()).take_while(move |day| *day <= last)
}

fn of_day(day: Date) -> String {
    let next = day.saturating_add(1.day());
    format!("PARTITION d{} VALUES LESS THAN ({})", number(day), number(next))
}

/// The last date that both tables have a partition for; nothing where they have none.
pub(super) async fn last(session: &mut dyn Session) -> Result<Option<i64>> {
    let mut last: Option<i64> = None;
    for table in TABLES {
        let Some(partition) = list(&mut *session, table).await?.pop() else { return Ok(None) };
        let day = date(partition.end).map_or(0, |end| number(end.saturating_sub(1.day())));
        last = Some(last.map_or(day, |last| last.min(day)));
    }
    Ok(last)
}

/// The partitions of a table, oldest first; none when it has none.
async fn list(session: &mut dyn Session, table: &str) -> Result<Vec<Partition>> {
    let select = sql("SELECT partition_name AS name, CAST(partition_description AS SIGNED) AS ends FROM \
                      information_schema.partitions WHERE table_schema = DATABASE() AND table_name = ? \
                      AND partition_name IS NOT NULL ORDER BY 2");
    let rows = session.rows(select.bind(table)).await?;
    rows.iter().map(|row| Ok(Partition { name: row.get(0)?, end: row.get(1)? })).collect()
}

/// Changes the partitions of a table; one that is there, or gone, is as well.
async fn alter(connection: &mut MySqlConnection, table: &str, change: String) -> Result<()> {
    let wait = sqlx::raw_sql(AssertSqlSafe(format!("SET SESSION lock_wait_timeout = {WAIT_SECONDS}")));
    wait.execute(&mut *connection).await.map_err(fault::of)?;
    match sqlx::raw_sql(AssertSqlSafe(format!("ALTER TABLE {table} {change}"))).execute(connection).await {
        Err(error) if !fault::is_partitioned_so(&error) => Err(fault::of(error)),
        _ => Ok(()),
    }
}

impl Mysql {
    /// Adds what is missing up to some days ahead.
    pub(super) async fn make_partitions(&self, now_ms: i64) -> Result<Option<DaysAhead>> {
        if !self.is_dated() {
            return Ok(None);
        }
        // Not from the pool: what is set here stays with the connection.
        let mut connection = connect(&self.server, Use::Write).await.map_err(|e| e.at(&self.place))?;
        let fault = add(&mut connection, now_ms).await.err().map(|e| e.at(&self.place).to_string());
        let Some(last) = last(&mut connection).await.map_err(|e| e.at(&self.place))? else {
            return Err(Error::halt(Code::LEDGER, format!("{}: its tables have no partitions any more", self.place))
                .hint("Somebody changed the tables. Restore the last good backup into an empty database."));
        };
        self.last_date.store(last, Ordering::Relaxed);
        let until =
            date(last).map_or(0, |last| day(now_ms, 0).until(last).map_or(0, |span| i64::from(span.get_days())));
        Ok(Some(DaysAhead { days: until.max(0), fault }))
    }

    /// Drops the partitions that end at or before a date and have no head.
    pub(super) async fn drop_partitions(&self, before: i64) -> Result<u64> {
        let mut connection = connect(&self.server, Use::Write).await.map_err(|e| e.at(&self.place))?;
        let mut dropped = 0;
        for table in TABLES {
            let empty = empty(&mut connection, table, before).await.map_err(|e| e.at(&self.place))?;
            if !empty.is_empty() {
                let names = format!("DROP PARTITION {}", empty.join(", "));
                alter(&mut connection, table, names).await.map_err(|e| e.at(&self.place))?;
            }
            dropped = dropped.max(empty.len() as u64);
        }
        Ok(dropped)
    }
}

async fn add(connection: &mut MySqlConnection, now_ms: i64) -> Result<()> {
    for table in TABLES {
        let Some(last) = list(&mut *connection, table).await?.pop() else { continue };
        let oldest = day(now_ms, -LATE_DAYS);
        let first = date(last.end).map_or(oldest, |end| end.max(oldest));
        let missing: Vec<String> = days(first, day(now_ms, AHEAD_DAYS)).map(of_day).collect();
        if !missing.is_empty() {
            alter(&mut *connection, table, format!("ADD PARTITION ({})", missing.join(", "))).await?;
        }
    }
    Ok(())
}

/// The names of the partitions before a date in which nothing is left; never the one of no date.
async fn empty(session: &mut dyn Session, table: &str, before: i64) -> Result<Vec<String>> {
    let mut empty = Vec::new();
    let mut begin = 0;
    for partition in list(&mut *session, table).await? {
        let (from, end) = (begin, partition.end);
        begin = end;
        if from == 0 || end > before {
            continue;
        }
        let head = sql("SELECT 1 FROM heads WHERE book_date >= ? AND book_date < ? LIMIT 1").bind(from).bind(end);
        if session.row(head).await?.is_none() {
            empty.push(partition.name);
        }
    }
    Ok(empty)
}
