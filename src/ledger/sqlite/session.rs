//! Statements and rows over a connection to SQLite.

use super::fault;
use super::writer::Write;
use crate::error::Result;
use crate::ledger::sql::session::{End, Row, Session, Statement, Transaction, Value};
use async_trait::async_trait;
use sqlx::pool::PoolConnection;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Column, Row as _, Sqlite, SqliteConnection, TypeInfo, ValueRef};
use std::borrow::Cow;
use std::sync::Arc;

fn query(statement: Statement) -> Query<'static, Sqlite, SqliteArguments> {
    let query = match statement.sql {
        Cow::Borrowed(text) => sqlx::query(text),
        // Put together of pieces in the source; what comes from outside is bound.
        Cow::Owned(text) => sqlx::query(AssertSqlSafe(text)).persistent(false),
    };
    statement.values.into_iter().fold(query, |query, value| match value {
        Value::Null => query.bind(None::<i64>),
        Value::Int(number) => query.bind(number),
        Value::Text(text) => query.bind(text),
        Value::Blob(bytes) => query.bind(bytes),
    })
}

fn value(row: &SqliteRow, at: usize) -> Result<Value, sqlx::Error> {
    let raw = row.try_get_raw(at)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let kind = raw.type_info().name().to_owned();
    Ok(match kind.as_str() {
        "INTEGER" | "BOOLEAN" => Value::Int(row.try_get_unchecked(at)?),
        "BLOB" => Value::Blob(row.try_get_unchecked(at)?),
        _ => Value::Text(row.try_get_unchecked(at)?),
    })
}

fn read(rows: &[SqliteRow]) -> Result<Vec<Row>, sqlx::Error> {
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let names: Arc<[String]> = first.columns().iter().map(|column| column.name().to_owned()).collect();
    let read = |row: &SqliteRow| {
        let values = (0..names.len()).map(|at| value(row, at)).collect::<Result<_, sqlx::Error>>()?;
        Ok(Row { names: names.clone(), values })
    };
    rows.iter().map(read).collect()
}

pub(super) async fn rows(connection: &mut SqliteConnection, statement: Statement) -> Result<Vec<Row>> {
    let rows = query(statement).fetch_all(connection).await.map_err(fault::of)?;
    read(&rows).map_err(fault::of)
}

pub(super) async fn execute(connection: &mut SqliteConnection, statement: Statement) -> Result<u64> {
    Ok(query(statement).execute(connection).await.map_err(fault::of)?.rows_affected())
}

/// The whole file is kept from other writers, so no statement locks a row of its own.
macro_rules! session {
    ($($type:ty),*) => { $(#[async_trait]
    impl Session for $type {
        async fn rows(&mut self, statement: Statement) -> Result<Vec<Row>> {
            rows(self, statement).await
        }

        async fn execute(&mut self, statement: Statement) -> Result<u64> {
            execute(self, statement).await
        }

        fn is_shared(&self) -> bool {
            false
        }
    })* };
}
session!(SqliteConnection, PoolConnection<Sqlite>, sqlx::Transaction<'static, Sqlite>, Write<'_>);

#[async_trait]
impl Transaction for Write<'_> {
    async fn end(self: Box<Self>, keep: bool) -> End {
        let fault = (*self).finish(keep).await.err();
        // Nobody else writes meanwhile, so nobody stands in the way.
        End { clashed: false, fault: fault.filter(|_| keep) }
    }
}
