//! Adds a row to a subject's hash chain, in the transaction that changes the subject (I7).

use super::{fault, rows};
use crate::error::Result;
use crate::ledger::chain;
use crate::ledger::fold::{Entry, Under, What};
use sqlx::{Row, SqliteConnection};

/// Appends what happened to the chain of `subject`.
pub(super) async fn append(
    connection: &mut SqliteConnection,
    subject: &str,
    at_ms: i64,
    fence: Option<&Under>,
    what: What,
) -> Result<()> {
    let head = sqlx::query("SELECT n, hash FROM heads WHERE subject = ?")
        .bind(subject)
        .fetch_optional(&mut *connection)
        .await
        .map_err(fault::of)?;
    let head: Option<(i64, String)> =
        head.map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose().map_err(fault::of)?;
    let entry = Entry { what, fence: fence.cloned() }.write()?;
    let known = head.as_ref().map(|(n, hash)| (n.unsigned_abs(), hash.as_str()));
    let row = chain::next_row(subject, known, at_ms, entry);
    sqlx::query("INSERT INTO journal (subject, n, at_ms, entry, previous, hash) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(subject)
        .bind(rows::int(row.n)?)
        .bind(at_ms)
        .bind(&row.entry)
        .bind(&row.previous)
        .bind(&row.hash)
        .execute(&mut *connection)
        .await
        .map_err(fault::of)?;
    let sql = match head {
        Some(_) => "UPDATE heads SET n = ?, hash = ?, unsealed = 1 WHERE subject = ?",
        None => "INSERT INTO heads (n, hash, subject, unsealed) VALUES (?, ?, ?, 1)",
    };
    sqlx::query(sql)
        .bind(rows::int(row.n)?)
        .bind(&row.hash)
        .bind(subject)
        .execute(connection)
        .await
        .map_err(fault::of)?;
    Ok(())
}
