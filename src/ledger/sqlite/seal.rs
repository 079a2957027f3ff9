//! Seals: the heads of all chains that moved since the last seal, under a code that only the key's holder can make (D22).
//!
//! A chain can be rewritten from one row to its end by whoever writes the file; a seal outside his reach cannot.

use super::{fault, rows};
use crate::error::Result;
use crate::ledger::chain::SealMac;
use crate::ledger::change::Seal;
use sqlx::{QueryBuilder, Row, SqliteConnection};

/// A seal holds at most so many heads, which bounds the memory of making and checking one.
pub(super) const HEADS_PER_SEAL: u64 = 1000;
/// Rows in one INSERT.
const HEADS_PER_INSERT: usize = 250;

/// Writes one seal over heads that moved; returns how many, 0 when none did.
pub(super) async fn seal(connection: &mut SqliteConnection, now_ms: i64, key: &[u8]) -> Result<u64> {
    let rows = sqlx::query("SELECT subject, n, hash FROM heads WHERE unsealed = 1 ORDER BY subject LIMIT ?")
        .bind(rows::int(HEADS_PER_SEAL)?)
        .fetch_all(&mut *connection)
        .await
        .map_err(fault::of)?;
    let heads: Vec<(String, i64, String)> = rows
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)))
        .collect::<Result<_, sqlx::Error>>()
        .map_err(fault::of)?;
    if heads.is_empty() {
        return Ok(0);
    }
    let last = sqlx::query("SELECT n, code FROM seals ORDER BY n DESC LIMIT 1")
        .fetch_optional(&mut *connection)
        .await
        .map_err(fault::of)?;
    let last: Option<(i64, String)> =
        last.map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose().map_err(fault::of)?;
    let (last, previous) = last.unwrap_or_default();
    let (n, count) = (last + 1, heads.len() as u64);
    let mut mac = SealMac::new(key, n.unsigned_abs(), now_ms, count, &previous)?;
    for (subject, n, hash) in &heads {
        mac.head(subject, n.unsigned_abs(), hash);
    }
    sqlx::query("INSERT INTO seals (n, at_ms, heads, previous, code) VALUES (?, ?, ?, ?, ?)")
        .bind(n)
        .bind(now_ms)
        .bind(rows::int(count)?)
        .bind(&previous)
        .bind(mac.finish())
        .execute(&mut *connection)
        .await
        .map_err(fault::of)?;
    for some in heads.chunks(HEADS_PER_INSERT) {
        let mut insert = QueryBuilder::new("INSERT INTO seal_heads (seal, subject, n, hash) ");
        insert.push_values(some, |mut row, (subject, head, hash)| {
            row.push_bind(n).push_bind(subject).push_bind(head).push_bind(hash);
        });
        insert.build().execute(&mut *connection).await.map_err(fault::of)?;
    }
    if let (Some((first, ..)), Some((last, ..))) = (heads.first(), heads.last()) {
        // The heads were read in order of their subject, so this range holds just them.
        sqlx::query("UPDATE heads SET unsealed = 0 WHERE unsealed = 1 AND subject >= ? AND subject <= ?")
            .bind(first)
            .bind(last)
            .execute(connection)
            .await
            .map_err(fault::of)?;
    }
    Ok(count)
}

pub(super) async fn seals(connection: &mut SqliteConnection, after: u64, limit: u32) -> Result<Vec<Seal>> {
    let rows = sqlx::query("SELECT n, at_ms, heads, previous, code FROM seals WHERE n > ? ORDER BY n LIMIT ?")
        .bind(rows::int(after)?)
        .bind(limit)
        .fetch_all(connection)
        .await
        .map_err(fault::of)?;
    let seal = |row: &sqlx::sqlite::SqliteRow| {
        Ok(Seal {
            n: row.try_get::<i64, _>(0)?.unsigned_abs(),
            at_ms: row.try_get(1)?,
            heads: row.try_get::<i64, _>(2)?.unsigned_abs(),
            previous: row.try_get(3)?,
            code: row.try_get(4)?,
        })
    };
    rows.iter().map(seal).collect::<std::result::Result<_, sqlx::Error>>().map_err(fault::of)
}
