//! Copies all books into an empty ledger, of the same engine or another one: a backup, a restore, a move to a server.
//!
//! Invariants: what is read is one moment, also while nodes write; a page at a time, found by its key, so memory is
//! bounded and time grows with the rows; a target says that it is not whole until it is, so no node works on a part.
//! Leases keep their epochs and lose their holders; what nodes said of themselves is not copied. It judges nothing:
//! `verify` of the copy does.

use super::session::{Engine, Row, Session, Statement, Transaction, Value, sql};
use super::{book_date, strays, version};
use crate::error::{Error, Result};
use fpp_codecs::Code;

/// The tables and their keys; those that others refer to come first.
const TABLES: &[(&str, &[&str])] = &[
    ("transfers", &["id"]),
    ("identities", &["route", "business_date", "batch", "run"]),
    ("rejects", &["transfer", "record"]),
    ("deliveries", &["id"]),
    ("dead_letters", &["delivery", "record"]),
    ("journal", &["subject", "n"]),
    ("heads", &["subject"]),
    ("seals", &["n"]),
    ("seal_heads", &["seal", "subject"]),
    ("leases", &["lease_key"]),
    ("counters", &["name"]),
    ("notices", &["id"]),
    ("told", &["told_key"]),
    ("days", &["route", "business_date"]),
    ("consumers", &["name"]),
    ("pauses", &["kind", "name"]),
    ("asks", &["id"]),
    ("purged", &["subject"]),
    ("purged_arrivals", &["arrival_key"]),
];

/// Those that an engine may keep in partitions.
const PARTITIONED: &[&str] = &["journal", "rejects"];

/// Rows read at once; also what one transaction of the target writes.
const ROWS_PER_PAGE: usize = 500;
/// Values bound in one INSERT, and text in it unless a single row has more.
const VALUES_PER_INSERT: usize = 4_000;
const BYTES_PER_INSERT: usize = 1 << 20;

/// Copies everything; returns the number of rows.
pub(super) async fn copy(from: &dyn Engine, to: &dyn Engine) -> Result<u64> {
    begin(to).await?;
    let mut source = from.snapshot().await?;
    let mut copied = 0;
    for (table, key) in TABLES {
        let partitioned = from.is_partitioned() && PARTITIONED.contains(table);
        for date in book_date::all(&mut *source, table, partitioned).await? {
            copied += copy_rows(&mut *source, to, table, key, date).await?;
        }
    }
    Ok(copied)
}

/// Copies a table, or what of it stands under a date.
async fn copy_rows(
    source: &mut dyn Session,
    to: &dyn Engine,
    table: &str,
    key: &[&str],
    date: Option<i64>,
) -> Result<u64> {
    let mut last: Option<Row> = None;
    let mut copied = 0;
    loop {
        let mut page = page(&mut *source, table, key, date, last.as_ref()).await?;
        let Some(end) = page.last() else { return Ok(copied) };
        last = Some(end.clone());
        match table {
            "leases" => page.iter_mut().for_each(give_back),
            "counters" => page.retain(|row| !cell(row, "name").is_ok_and(|name| strays::is_mark(&name))),
            _ if date.is_some() => strays::leave_out(&mut *source, table, &mut page).await?,
            _ => {}
        }
        copied += page.len() as u64;
        write(to, table, &page).await?;
    }
}

/// Says that the target is whole; to programs that know where its rows stand.
pub(super) async fn finish(to: &dyn Engine) -> Result<()> {
    let mut whole = vec![sql("DELETE FROM schema_version WHERE name = 'unfinished'")];
    if to.read().await?.row(sql("SELECT 1 FROM heads WHERE book_date > 0 LIMIT 1")).await?.is_some() {
        whole.push(version::raise(version::PARTITIONS));
    }
    run(to, whole).await
}

/// Says that the target is not whole; refuses one that has something in it.
async fn begin(to: &dyn Engine) -> Result<()> {
    let mut session = to.read().await?;
    for select in
        ["SELECT subject FROM journal LIMIT 1", "SELECT id FROM transfers LIMIT 1", "SELECT id FROM notices LIMIT 1"]
    {
        if session.row(sql(select)).await?.is_some() {
            return Err(Error::halt(Code::LEDGER, "the ledger that should be filled is not empty")
                .hint("Nothing was written. Give it an empty database, or a new file."));
        }
    }
    if let Some(row) = session.row(sql("SELECT holder FROM leases WHERE holder <> '' LIMIT 1")).await? {
        let holder: String = row.get(0)?;
        return Err(Error::halt(Code::LEDGER, format!("{holder} works on the ledger that should be filled"))
            .hint("Nothing was written. Stop that node first."));
    }
    drop(session);
    let unfinished = sql("INSERT INTO schema_version (name, value) VALUES ('unfinished', 1)");
    run(to, vec![unfinished, sql("DELETE FROM counters"), sql("DELETE FROM leases")]).await
}

/// The next rows of a table by its key: for (a, b) first those with the same a and a greater b, then those with a greater
/// a. So each statement walks one range of the index.
async fn page(
    session: &mut dyn Session,
    table: &str,
    key: &[&str],
    date: Option<i64>,
    last: Option<&Row>,
) -> Result<Vec<Row>> {
    let order = key.join(", ");
    let (dated, under) = book_date::condition(date);
    let Some(last) = last else {
        let text = format!("SELECT * FROM {table} WHERE {dated}1 = 1 ORDER BY {order} LIMIT {ROWS_PER_PAGE}");
        return session.rows(Statement { values: under, ..Statement::built(text) }).await;
    };
    let mut page = Vec::new();
    for greater in (0..key.len()).rev() {
        let mut condition = dated.to_owned();
        let mut values = under.clone();
        for (at, column) in key.iter().enumerate().take(greater + 1) {
            condition.push_str(column);
            condition.push_str(if at == greater { " > ?" } else { " = ? AND " });
            values.push(cell(last, column)?);
        }
        let left = ROWS_PER_PAGE - page.len();
        let text = format!("SELECT * FROM {table} WHERE {condition} ORDER BY {order} LIMIT {left}");
        page.extend(session.rows(Statement { values, ..Statement::built(text) }).await?);
        if page.len() == ROWS_PER_PAGE {
            break;
        }
    }
    Ok(page)
}

fn cell(row: &Row, column: &str) -> Result<Value> {
    let at = row.names.iter().position(|name| name == column);
    let value = at.and_then(|at| row.values.get(at)).cloned();
    value.ok_or_else(|| Error::internal(format!("the ledger's table has no column {column}")))
}

/// Whoever held a lease of the books that are copied does not hold one of the copy.
fn give_back(lease: &mut Row) {
    if let Some(holder) = lease.names.iter().position(|name| name == "holder").and_then(|at| lease.values.get_mut(at)) {
        *holder = Value::Text(String::new());
    }
}

async fn write(to: &dyn Engine, table: &str, rows: &[Row]) -> Result<()> {
    let Some(first) = rows.first() else { return Ok(()) };
    let places = format!("({})", vec!["?"; first.names.len()].join(", "));
    let most = (VALUES_PER_INSERT / first.names.len().max(1)).max(1);
    let mut statements = Vec::new();
    let mut rest = rows;
    while !rest.is_empty() {
        let (some, more) = rest.split_at(batch(rest, most));
        rest = more;
        let all = vec![places.as_str(); some.len()].join(", ");
        let text = format!("INSERT INTO {table} ({}) VALUES {all}", first.names.join(", "));
        let values = some.iter().flat_map(|row| row.values.iter().cloned()).collect();
        statements.push(Statement { values, ..Statement::built(text) });
    }
    run(to, statements).await
}

/// How many of the first rows one INSERT takes: at least one.
fn batch(rows: &[Row], most: usize) -> usize {
    let mut bytes = 0;
    let size = |value: &Value| match value {
        Value::Text(text) => text.len(),
        Value::Blob(blob) => blob.len(),
        Value::Int(_) | Value::Null => 8,
    };
    let fits = |row: &&Row| {
        bytes += row.values.iter().map(size).sum::<usize>();
        bytes <= BYTES_PER_INSERT
    };
    rows.iter().take(most).take_while(fits).count().max(1)
}

/// Runs statements in one transaction. Nobody else works on the target, so nothing is done again.
async fn run(to: &dyn Engine, statements: Vec<Statement>) -> Result<()> {
    let mut transaction: Box<dyn Transaction + '_> = to.write().await?;
    let mut done = Ok(());
    for statement in statements {
        done = transaction.execute(statement).await.map(drop);
        if done.is_err() {
            break;
        }
    }
    let end = transaction.end(done.is_ok()).await;
    done?;
    end.fault.map_or(Ok(()), Err)
}
