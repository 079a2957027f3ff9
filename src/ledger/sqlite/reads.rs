//! The reads of the contract. The due reads walk one index range that holds only what has work to do.

use super::fault;
use super::rows::{delivery_columns, int, read_delivery, read_transfer, transfer_columns};
use crate::error::Result;
use crate::ledger::change::JournalRow;
use crate::ledger::delivery::Delivery;
use crate::ledger::transfer::{Identity, Transfer, TransferId, TransferQuery};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, SqliteConnection};

pub(super) const DUE_TRANSFERS: &str = concat!(
    "SELECT ",
    transfer_columns!(),
    " FROM transfers WHERE queue = 1 AND next_attempt_ms <= ? ORDER BY next_attempt_ms, id LIMIT ?"
);
pub(super) const DUE_DELIVERIES: &str = concat!(
    "SELECT ",
    delivery_columns!(),
    " FROM deliveries WHERE queue = 1 AND next_attempt_ms <= ? ORDER BY next_attempt_ms, id LIMIT ?"
);
pub(super) const UNTAKEN: &str = concat!(
    "SELECT ",
    delivery_columns!(),
    " FROM deliveries WHERE state = 'Delivered' ORDER BY delivered_ms, id LIMIT ?"
);
pub(super) const PUBLICATIONS: &str =
    concat!("SELECT ", transfer_columns!(), " FROM transfers WHERE publication > ? ORDER BY publication LIMIT ?");
pub(super) const BY_BATCH: &str = concat!(
    "SELECT ",
    transfer_columns!(),
    " FROM transfers WHERE route = ? AND business_date = ? AND batch = ? \
     AND (verdict IN ('accepted', 'partly') \
       OR (state <> 'Archived' AND closed = 0 AND COALESCE(verdict, '') <> 'rejected'))"
);
pub(super) const ARRIVALS_OF_DAY: &str = "SELECT COUNT(*) FROM transfers WHERE route = ? AND business_date = ?";

fn transfers_of(rows: &[SqliteRow]) -> Result<Vec<Transfer>> {
    rows.iter().map(read_transfer).collect()
}

fn deliveries_of(rows: &[SqliteRow]) -> Result<Vec<Delivery>> {
    rows.iter().map(read_delivery).collect()
}

pub(super) async fn transfer_by_arrival(
    connection: &mut SqliteConnection,
    arrival_key: &str,
) -> Result<Option<Transfer>> {
    sqlx::query(concat!("SELECT ", transfer_columns!(), " FROM transfers WHERE arrival_key = ?"))
        .bind(arrival_key)
        .fetch_optional(connection)
        .await
        .map_err(fault::of)?
        .map(|row| read_transfer(&row))
        .transpose()
}

pub(super) async fn transfers(connection: &mut SqliteConnection, query: &TransferQuery) -> Result<Vec<Transfer>> {
    let mut select = QueryBuilder::new(concat!("SELECT ", transfer_columns!(), " FROM transfers"));
    let state = query.state.as_ref().map(super::rows::name_of).transpose()?;
    let conditions = [
        (" route = ", query.route.as_deref()),
        (" state = ", state.as_deref()),
        (" business_date = ", query.business_date.as_deref()),
        (" id < ", query.before.as_ref().map(|id| id.0.as_str())),
    ];
    let mut joint = " WHERE";
    for (condition, value) in conditions {
        if let Some(value) = value {
            select.push(joint).push(condition).push_bind(value);
            joint = " AND";
        }
    }
    select.push(" ORDER BY id DESC LIMIT ").push_bind(query.limit);
    let rows = select.build().fetch_all(connection).await.map_err(fault::of)?;
    transfers_of(&rows)
}

pub(super) async fn due_transfers(connection: &mut SqliteConnection, now_ms: i64, limit: u32) -> Result<Vec<Transfer>> {
    let rows = sqlx::query(DUE_TRANSFERS).bind(now_ms).bind(limit).fetch_all(connection).await.map_err(fault::of)?;
    transfers_of(&rows)
}

pub(super) async fn by_batch(connection: &mut SqliteConnection, identity: &Identity) -> Result<Vec<Transfer>> {
    let rows = sqlx::query(BY_BATCH)
        .bind(&identity.route)
        .bind(&identity.business_date)
        .bind(identity.batch)
        .fetch_all(connection)
        .await
        .map_err(fault::of)?;
    let mut transfers = transfers_of(&rows)?;
    transfers.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(transfers)
}

pub(super) async fn arrivals_of_day(
    connection: &mut SqliteConnection,
    route: &str,
    business_date: &str,
) -> Result<u32> {
    let row = sqlx::query(ARRIVALS_OF_DAY).bind(route).bind(business_date).fetch_one(connection).await;
    let count: i64 = row.and_then(|row| row.try_get(0)).map_err(fault::of)?;
    u32::try_from(count).map_err(|e| fault::damaged("transfers", route, e))
}

pub(super) async fn journal(connection: &mut SqliteConnection, subject: &str) -> Result<Vec<JournalRow>> {
    let rows = sqlx::query("SELECT subject, n, at_ms, entry, previous, hash FROM journal WHERE subject = ? ORDER BY n")
        .bind(subject)
        .fetch_all(connection)
        .await
        .map_err(fault::of)?;
    rows.iter().map(read_journal).collect()
}

pub(super) fn read_journal(row: &SqliteRow) -> Result<JournalRow> {
    let read = || {
        Ok(JournalRow {
            subject: row.try_get(0)?,
            n: row.try_get::<i64, _>(1)?.unsigned_abs(),
            at_ms: row.try_get(2)?,
            entry: row.try_get(3)?,
            previous: row.try_get(4)?,
            hash: row.try_get(5)?,
        })
    };
    read().map_err(fault::of)
}

pub(super) async fn publications(connection: &mut SqliteConnection, after: u64, limit: u32) -> Result<Vec<Transfer>> {
    let rows =
        sqlx::query(PUBLICATIONS).bind(int(after)?).bind(limit).fetch_all(connection).await.map_err(fault::of)?;
    transfers_of(&rows)
}

pub(super) async fn last_publication(connection: &mut SqliteConnection) -> Result<u64> {
    let row = sqlx::query("SELECT value FROM counters WHERE name = 'publication'").fetch_one(connection).await;
    let value: i64 = row.and_then(|row| row.try_get(0)).map_err(fault::of)?;
    Ok(value.unsigned_abs())
}

pub(super) async fn delivery_named(
    connection: &mut SqliteConnection,
    spool: &str,
    name: &str,
) -> Result<Option<Delivery>> {
    // A name may come round after the partner took it: the newest is meant.
    sqlx::query(concat!(
        "SELECT ",
        delivery_columns!(),
        " FROM deliveries WHERE spool = ? AND name = ? ORDER BY id DESC LIMIT 1"
    ))
    .bind(spool)
    .bind(name)
    .fetch_optional(connection)
    .await
    .map_err(fault::of)?
    .map(|row| read_delivery(&row))
    .transpose()
}

pub(super) async fn deliveries(
    connection: &mut SqliteConnection,
    of: Option<&TransferId>,
    limit: u32,
) -> Result<Vec<Delivery>> {
    let query = match of {
        Some(id) => sqlx::query(concat!(
            "SELECT ",
            delivery_columns!(),
            " FROM deliveries WHERE transfer = ? ORDER BY id LIMIT ?"
        ))
        .bind(&id.0),
        None => sqlx::query(concat!("SELECT ", delivery_columns!(), " FROM deliveries ORDER BY id DESC LIMIT ?")),
    };
    let rows = query.bind(limit).fetch_all(connection).await.map_err(fault::of)?;
    deliveries_of(&rows)
}

pub(super) async fn due_deliveries(
    connection: &mut SqliteConnection,
    now_ms: i64,
    limit: u32,
) -> Result<Vec<Delivery>> {
    let rows = sqlx::query(DUE_DELIVERIES).bind(now_ms).bind(limit).fetch_all(connection).await.map_err(fault::of)?;
    deliveries_of(&rows)
}

pub(super) async fn untaken_deliveries(connection: &mut SqliteConnection, limit: u32) -> Result<Vec<Delivery>> {
    let rows = sqlx::query(UNTAKEN).bind(limit).fetch_all(connection).await.map_err(fault::of)?;
    deliveries_of(&rows)
}

pub(super) async fn counts(connection: &mut SqliteConnection) -> Result<Vec<(String, String, Option<String>, u64)>> {
    let rows = sqlx::query(
        "SELECT route, state, verdict, COUNT(*) FROM transfers GROUP BY route, state, verdict \
         ORDER BY route, state, verdict",
    )
    .fetch_all(connection)
    .await
    .map_err(fault::of)?;
    rows.iter()
        .map(|row| {
            let count: i64 = row.try_get(3)?;
            Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, count.unsigned_abs()))
        })
        .collect::<Result<_, sqlx::Error>>()
        .map_err(fault::of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sqlite::SqliteLedger;

    #[tokio::test]
    async fn no_due_read_scans_a_table_or_sorts() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = SqliteLedger::open(&folder.path().join("ledger.db")).await.unwrap();
        for (sql, index) in [
            (DUE_TRANSFERS, "transfers_queue (queue=? AND next_attempt_ms<?)"),
            (DUE_DELIVERIES, "deliveries_queue (queue=? AND next_attempt_ms<?)"),
            (UNTAKEN, "deliveries_state (state=?)"),
            (PUBLICATIONS, "transfers_publication (publication>?)"),
            (BY_BATCH, "transfers_identity (route=? AND business_date=? AND batch=?)"),
            (ARRIVALS_OF_DAY, "transfers_identity (route=? AND business_date=?)"),
        ] {
            let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
            let rows = sqlx::query(explain).fetch_all(&mut *ledger.read().await.unwrap()).await.unwrap();
            let plan: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
            assert_eq!(plan.len(), 1, "one step, so no sort: {sql}: {plan:?}");
            assert!(plan[0].starts_with("SEARCH") && plan[0].contains(index), "{sql}: {plan:?}");
        }
    }
}
