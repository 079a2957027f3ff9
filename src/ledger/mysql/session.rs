//! Statements and rows over a connection to the server.
//!
//! Invariant: a connection with an unread answer is never used again, whether the time was up or the caller was dropped.

use super::connect::{Server, Use, connect, patience};
use super::fault;
use super::writers::Write;
use crate::error::Result;
use crate::ledger::sql::session::{Row, Session, Statement, Value};
use async_trait::async_trait;
use sqlx::mysql::{MySqlArguments, MySqlRow};
use sqlx::pool::PoolConnection;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Column, MySql, MySqlConnection, Row as _, Type, ValueRef};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// When a silent server is given up by who opens the books or looks after their tables.
const SMALL_READ: Duration = Duration::from_secs(61);

fn query(statement: Statement) -> Query<'static, MySql, MySqlArguments> {
    let Statement { sql, values, locking } = statement;
    let query = match (sql, locking) {
        (Cow::Borrowed(text), false) => sqlx::query(text),
        // The same text each time, so it is prepared once.
        (Cow::Borrowed(text), true) => sqlx::query(AssertSqlSafe(format!("{text} FOR UPDATE"))),
        // Put together of pieces in the source; what comes from outside is bound.
        (Cow::Owned(text), locking) => {
            let end = if locking { " FOR UPDATE" } else { "" };
            sqlx::query(AssertSqlSafe(text + end)).persistent(false)
        }
    };
    values.into_iter().fold(query, |query, value| match value {
        Value::Null => query.bind(None::<i64>),
        Value::Int(number) => query.bind(number),
        Value::Text(text) => query.bind(text),
        Value::Blob(bytes) => query.bind(bytes),
    })
}

fn value(row: &MySqlRow, at: usize) -> Result<Value, sqlx::Error> {
    let raw = row.try_get_raw(at)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let kind = raw.type_info();
    // A text has a collation, bytes have none: the name of the type does not tell them apart.
    if <String as Type<MySql>>::compatible(&kind) {
        Ok(Value::Text(row.try_get_unchecked(at)?))
    } else if <Vec<u8> as Type<MySql>>::compatible(&kind) {
        Ok(Value::Blob(row.try_get_unchecked(at)?))
    } else {
        Ok(Value::Int(row.try_get_unchecked(at)?))
    }
}

fn read(rows: &[MySqlRow]) -> Result<Vec<Row>, sqlx::Error> {
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let names: Arc<[String]> = first.columns().iter().map(|column| column.name().to_owned()).collect();
    let read = |row: &MySqlRow| {
        let values = (0..names.len()).map(|at| value(row, at)).collect::<Result<_, sqlx::Error>>()?;
        Ok(Row { names: names.clone(), values })
    };
    rows.iter().map(read).collect()
}

pub(super) async fn rows(connection: &mut MySqlConnection, statement: Statement) -> Result<Vec<Row>, sqlx::Error> {
    let rows = query(statement).fetch_all(connection).await?;
    read(&rows)
}

pub(super) async fn execute(connection: &mut MySqlConnection, statement: Statement) -> Result<u64, sqlx::Error> {
    Ok(query(statement).execute(connection).await?.rows_affected())
}

/// Gives a silent server up.
async fn in_time<T>(patience: Duration, work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T> {
    match tokio::time::timeout(patience, work).await {
        Ok(done) => done.map_err(fault::of),
        Err(_) => Err(fault::silent("it did not answer in time")),
    }
}

/// A connection of the pool, to read.
pub(super) struct Reader {
    connection: PoolConnection<MySql>,
    patience: Duration,
    /// A statement was sent whose answer was not read.
    busy: bool,
}

impl Reader {
    pub(super) fn new(connection: PoolConnection<MySql>, server: &Server) -> Reader {
        Reader { connection, patience: patience(server, Use::Read), busy: false }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if self.busy {
            self.connection.close_on_drop();
        }
    }
}

#[async_trait]
impl Session for Reader {
    async fn rows(&mut self, statement: Statement) -> Result<Vec<Row>> {
        self.busy = true;
        let read = in_time(self.patience, rows(&mut self.connection, statement)).await;
        // Given up in the middle of an answer, it is as if the caller had gone.
        self.busy = read.is_err();
        read
    }

    async fn execute(&mut self, statement: Statement) -> Result<u64> {
        self.busy = true;
        let done = in_time(self.patience, execute(&mut self.connection, statement)).await;
        self.busy = done.is_err();
        done
    }

    fn is_shared(&self) -> bool {
        true
    }
}

/// A connection of its own in a transaction that only reads whole tables; it is closed with it.
pub(super) struct Snapshot {
    connection: MySqlConnection,
    patience: Duration,
}

#[async_trait]
impl Session for Snapshot {
    async fn rows(&mut self, statement: Statement) -> Result<Vec<Row>> {
        in_time(self.patience, rows(&mut self.connection, statement)).await
    }

    async fn execute(&mut self, statement: Statement) -> Result<u64> {
        in_time(self.patience, execute(&mut self.connection, statement)).await
    }

    fn is_shared(&self) -> bool {
        true
    }
}

/// Begins one.
pub(super) async fn snapshot(server: &Server) -> Result<Snapshot> {
    let mut connection = connect(server, Use::ReadWhole).await?;
    let begin = async { sqlx::raw_sql("START TRANSACTION READ ONLY").execute(&mut connection).await };
    in_time(server.call_timeout, begin).await?;
    Ok(Snapshot { connection, patience: patience(server, Use::ReadWhole) })
}

/// For who opens the books or looks after their tables: a few small reads.
#[async_trait]
impl Session for MySqlConnection {
    async fn rows(&mut self, statement: Statement) -> Result<Vec<Row>> {
        in_time(SMALL_READ, rows(self, statement)).await
    }

    async fn execute(&mut self, statement: Statement) -> Result<u64> {
        in_time(SMALL_READ, execute(self, statement)).await
    }

    fn is_shared(&self) -> bool {
        true
    }
}

#[async_trait]
impl Session for Write<'_> {
    async fn rows(&mut self, statement: Statement) -> Result<Vec<Row>> {
        self.run(async |connection| rows(connection, statement).await).await
    }

    async fn execute(&mut self, statement: Statement) -> Result<u64> {
        self.run(async |connection| execute(connection, statement).await).await
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn last_book_date(&self) -> Option<i64> {
        self.last_date()
    }
}
