//! The reads of the contract. The due reads walk one index range that holds only what has work to do.

use super::rows::{delivery_columns, int, name_of, read_delivery, read_transfer, transfer_columns};
use super::session::{Row, Session, Statement, Value, sql};
use crate::error::Result;
use crate::ledger::change::JournalRow;
use crate::ledger::delivery::{Delivery, DeliveryId};
use crate::ledger::standing::WAIT_MAX_MS;
use crate::ledger::transfer::{FileState, Identity, Transfer, TransferId, TransferQuery};

pub(crate) const DUE_TRANSFERS: &str = concat!(
    "SELECT ",
    transfer_columns!(),
    " FROM transfers t WHERE queue = 1 AND next_attempt_ms BETWEEN ? AND ? AND NOT EXISTS (SELECT 1 FROM pauses p WHERE \
     (p.kind = 'route' AND p.name = t.route) OR (p.kind = 'partner' AND p.name = t.spool \
       AND t.state IN ('Arrived', 'Claimed', 'Acknowledged'))) ORDER BY next_attempt_ms, id LIMIT ?"
);
pub(crate) const DUE_DELIVERIES: &str = concat!(
    "SELECT ",
    delivery_columns!(),
    " FROM deliveries d WHERE queue = 1 AND next_attempt_ms BETWEEN ? AND ? AND NOT EXISTS (SELECT 1 FROM pauses p WHERE \
     (p.kind = 'partner' AND p.name = d.spool) \
     OR (p.kind = 'route' AND EXISTS (SELECT 1 FROM transfers t WHERE t.id = d.transfer AND t.route = p.name)) \
     OR (p.kind = 'outlet' AND d.purpose = 'events' \
       AND EXISTS (SELECT 1 FROM transfers t WHERE t.id = d.transfer AND p.name = t.route || '/' || d.spool))) \
     ORDER BY next_attempt_ms, id LIMIT ?"
);
pub(crate) const UNFINISHED: &str =
    concat!("SELECT ", delivery_columns!(), " FROM deliveries WHERE queue = 1 ORDER BY next_attempt_ms, id LIMIT ?");
pub(crate) const TAKEN: &str = concat!(
    "SELECT ",
    delivery_columns!(),
    " FROM deliveries WHERE state = 'Taken' AND delivered_ms >= ? AND delivered_ms < ? AND spool = ? \
     ORDER BY delivered_ms, id LIMIT ?"
);
pub(crate) const HELD: &str = concat!(
    "SELECT ",
    delivery_columns!(),
    " FROM deliveries WHERE state = 'Held' AND spool = ? AND purpose <> 'posting' AND updated_ms >= ? AND id > ? \
     ORDER BY id LIMIT ?"
);
pub(crate) const OPEN: &str = concat!(
    "SELECT ",
    delivery_columns!(),
    " FROM deliveries WHERE queue = 1 AND spool = ? AND id > ? ORDER BY id LIMIT ?"
);
pub(crate) const UNTAKEN: &str = concat!(
    "SELECT ",
    delivery_columns!(),
    " FROM deliveries WHERE state = 'Delivered' AND delivered_ms >= ? AND (delivered_ms > ? OR id > ?) \
     ORDER BY delivered_ms, id LIMIT ?"
);
pub(crate) const PUBLICATIONS: &str =
    concat!("SELECT ", transfer_columns!(), " FROM transfers WHERE publication > ? ORDER BY publication LIMIT ?");
pub(crate) const BY_BATCH: &str = concat!(
    "SELECT ",
    transfer_columns!(),
    " FROM transfers WHERE route = ? AND business_date = ? AND batch = ? \
     AND (verdict IN ('accepted', 'partly') \
       OR (state <> 'Archived' AND closed = 0 AND COALESCE(verdict, '') <> 'rejected'))"
);

/// Ids in one statement.
const TRANSFERS_PER_SELECT: usize = 500;

fn transfers_of(rows: &[Row]) -> Result<Vec<Transfer>> {
    rows.iter().map(read_transfer).collect()
}

fn deliveries_of(rows: &[Row]) -> Result<Vec<Delivery>> {
    rows.iter().map(read_delivery).collect()
}

pub(super) async fn transfer_by_arrival(session: &mut dyn Session, arrival_key: &str) -> Result<Option<Transfer>> {
    let select = sql(concat!("SELECT ", transfer_columns!(), " FROM transfers WHERE arrival_key = ?"));
    session.row(select.bind(arrival_key)).await?.map(|row| read_transfer(&row)).transpose()
}

pub(super) async fn transfers(session: &mut dyn Session, query: &TransferQuery) -> Result<Vec<Transfer>> {
    let state = query.state.as_ref().map(name_of).transpose()?;
    let conditions = [
        ("route = ?", query.route.as_deref()),
        ("state = ?", state.as_deref()),
        ("business_date = ?", query.business_date.as_deref()),
        ("sha256 = ?", query.sha256.as_deref()),
        ("id < ?", query.before.as_ref().map(|id| id.0.as_str())),
    ];
    let mut text = concat!("SELECT ", transfer_columns!(), " FROM transfers").to_owned();
    let mut values = Vec::new();
    for (condition, value) in conditions {
        if let Some(value) = value {
            text.push_str(if values.is_empty() { " WHERE " } else { " AND " });
            text.push_str(condition);
            values.push(value.into());
        }
    }
    // What a person closed is held no more.
    if query.state == Some(FileState::Held) {
        text.push_str(" AND closed = 0");
    }
    text.push_str(" ORDER BY id DESC LIMIT ?");
    let mut select = Statement::built(text);
    select.values = values;
    transfers_of(&session.rows(select.bind(query.limit)).await?)
}

/// How the lists of what is due are ordered.
const DUE_ORDER: &str = " ORDER BY next_attempt_ms";

/// What is due, and after it what a node with a clock far ahead has parked.
async fn due(
    session: &mut dyn Session,
    select: &'static str,
    now_ms: i64,
    besides: &[String],
    limit: u32,
) -> Result<Vec<Row>> {
    let between = |from: i64, to: i64, limit: u32| {
        let places = vec!["?"; besides.len()].join(", ");
        let mut statement = match select.split_once(DUE_ORDER) {
            Some((choice, rest)) if !besides.is_empty() => {
                Statement::built(format!("{choice} AND spool NOT IN ({places}){DUE_ORDER}{rest}"))
            }
            _ => sql(select),
        };
        statement.values.extend([Value::from(from), Value::from(to)]);
        statement.values.extend(besides.iter().map(Value::from));
        statement.bind(limit)
    };
    let mut rows = session.rows(between(i64::MIN, now_ms, limit)).await?;
    let left = limit.saturating_sub(u32::try_from(rows.len()).unwrap_or(limit));
    let beyond = now_ms.saturating_add(WAIT_MAX_MS);
    if left > 0 && beyond < i64::MAX - 1 {
        rows.extend(session.rows(between(beyond + 1, i64::MAX - 1, left)).await?);
    }
    Ok(rows)
}

pub(super) async fn due_transfers(
    session: &mut dyn Session,
    now_ms: i64,
    besides: &[String],
    limit: u32,
) -> Result<Vec<Transfer>> {
    transfers_of(&due(session, DUE_TRANSFERS, now_ms, besides, limit).await?)
}

pub(super) async fn by_batch(session: &mut dyn Session, identity: &Identity) -> Result<Vec<Transfer>> {
    let select = sql(BY_BATCH).bind(&identity.route).bind(&identity.business_date).bind(identity.batch);
    let mut transfers = transfers_of(&session.rows(select).await?)?;
    transfers.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(transfers)
}

pub(super) async fn journal(session: &mut dyn Session, subject: &str) -> Result<Vec<JournalRow>> {
    // What was purged may lie there until its partition is dropped; it has no head.
    let select = sql("SELECT subject, n, at_ms, entry, previous, hash FROM journal j WHERE subject = ? \
                      AND EXISTS (SELECT 1 FROM heads h WHERE h.subject = j.subject) ORDER BY n");
    session.rows(select.bind(subject)).await?.iter().map(read_journal).collect()
}

pub(super) fn read_journal(row: &Row) -> Result<JournalRow> {
    Ok(JournalRow {
        subject: row.get(0)?,
        n: row.get(1)?,
        at_ms: row.get(2)?,
        entry: row.get(3)?,
        previous: row.get(4)?,
        hash: row.get(5)?,
    })
}

pub(super) async fn publications(session: &mut dyn Session, after: u64, limit: u32) -> Result<Vec<Transfer>> {
    transfers_of(&session.rows(sql(PUBLICATIONS).bind(int(after)?).bind(limit)).await?)
}

pub(super) async fn last_publication(session: &mut dyn Session) -> Result<u64> {
    session.one(sql("SELECT value FROM counters WHERE name = 'publication'")).await?.get(0)
}

pub(super) async fn first_publication_of(session: &mut dyn Session, business_date: &str) -> Result<Option<u64>> {
    let select = sql("SELECT MIN(publication) FROM transfers WHERE business_date >= ? AND publication IS NOT NULL");
    session.one(select.bind(business_date)).await?.get(0)
}

pub(super) async fn delivery_named(session: &mut dyn Session, spool: &str, name: &str) -> Result<Option<Delivery>> {
    // A name may come round after the partner took it: the newest is meant. The dot keeps MySQL from taking a name with
    // blanks at its end for one without.
    let select = sql(concat!(
        "SELECT ",
        delivery_columns!(),
        " FROM deliveries WHERE spool = ? AND name = ? AND name || '.' = ? ORDER BY id DESC LIMIT 1"
    ));
    let select = select.bind(spool).bind(name).bind(format!("{name}."));
    session.row(select).await?.map(|row| read_delivery(&row)).transpose()
}

pub(super) async fn deliveries(
    session: &mut dyn Session,
    of: Option<&TransferId>,
    limit: u32,
) -> Result<Vec<Delivery>> {
    let select = match of {
        Some(id) => {
            sql(concat!("SELECT ", delivery_columns!(), " FROM deliveries WHERE transfer = ? ORDER BY id LIMIT ?"))
                .bind(&id.0)
        }
        None => sql(concat!("SELECT ", delivery_columns!(), " FROM deliveries ORDER BY id DESC LIMIT ?")),
    };
    deliveries_of(&session.rows(select.bind(limit)).await?)
}

pub(super) async fn deliveries_of_all(session: &mut dyn Session, of: &[TransferId]) -> Result<Vec<Delivery>> {
    let mut all = Vec::new();
    for some in of.chunks(TRANSFERS_PER_SELECT) {
        let places = vec!["?"; some.len()].join(", ");
        let text = format!(concat!("SELECT ", delivery_columns!(), " FROM deliveries WHERE transfer IN ({})"), places);
        let values = some.iter().map(|id| Value::from(&id.0)).collect();
        all.extend(deliveries_of(&session.rows(Statement { values, ..Statement::built(text) }).await?)?);
    }
    Ok(all)
}

pub(super) async fn due_deliveries(
    session: &mut dyn Session,
    now_ms: i64,
    besides: &[String],
    limit: u32,
) -> Result<Vec<Delivery>> {
    deliveries_of(&due(session, DUE_DELIVERIES, now_ms, besides, limit).await?)
}

pub(super) async fn unfinished_deliveries(session: &mut dyn Session, limit: u32) -> Result<Vec<Delivery>> {
    deliveries_of(&session.rows(sql(UNFINISHED).bind(limit)).await?)
}

pub(super) async fn taken_deliveries(
    session: &mut dyn Session,
    spool: &str,
    from_ms: i64,
    until_ms: i64,
    limit: u32,
) -> Result<Vec<Delivery>> {
    deliveries_of(&session.rows(sql(TAKEN).bind(from_ms).bind(until_ms).bind(spool).bind(limit)).await?)
}

pub(super) async fn open_deliveries(
    session: &mut dyn Session,
    spool: &str,
    after: Option<&DeliveryId>,
    limit: u32,
) -> Result<Vec<Delivery>> {
    let after = after.map_or("", |id| id.0.as_str());
    deliveries_of(&session.rows(sql(OPEN).bind(spool).bind(after).bind(limit)).await?)
}

pub(super) async fn held_deliveries(
    session: &mut dyn Session,
    spool: &str,
    since_ms: i64,
    after: Option<&DeliveryId>,
    limit: u32,
) -> Result<Vec<Delivery>> {
    let after = after.map_or("", |id| id.0.as_str());
    deliveries_of(&session.rows(sql(HELD).bind(spool).bind(since_ms).bind(after).bind(limit)).await?)
}

pub(super) async fn untaken_deliveries(
    session: &mut dyn Session,
    after: Option<&Delivery>,
    limit: u32,
) -> Result<Vec<Delivery>> {
    let (from_ms, id) = after.map_or((i64::MIN, ""), |d| (d.delivered_ms.unwrap_or(i64::MIN), d.id.0.as_str()));
    deliveries_of(&session.rows(sql(UNTAKEN).bind(from_ms).bind(from_ms).bind(id).bind(limit)).await?)
}

/// State of what was held and closed, in counts.
const CLOSED: &str = "Closed";

/// Counts by route, state and verdict.
pub(super) async fn counts(session: &mut dyn Session) -> Result<Vec<(String, String, Option<String>, u64)>> {
    let select = sql("SELECT route, state, verdict, COUNT(*), closed FROM transfers \
                      GROUP BY route, state, verdict, closed ORDER BY route, state, verdict, closed");
    let rows = session.rows(select).await?;
    let count = |row: &Row| {
        let state = if row.get::<bool>(4)? { CLOSED.to_owned() } else { row.get(1)? };
        Ok((row.get(0)?, state, row.get(2)?, row.get(3)?))
    };
    rows.iter().map(count).collect()
}
