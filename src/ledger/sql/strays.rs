//! What a purge left in partitions that cannot be dropped whole, because something of the same date must stay.
//!
//! A purge takes the heads of old chains away and leaves their rows, marks the date, and the engine drops the partition.
//! Where a date still has a head, a held file say, the rows are deleted here, a few chains in a transaction. Until then
//! they are nothing to anybody: no head, no transfer; `verify` knows them by what the purge kept of them.

use super::book_date;
use super::session::{Engine, Row, Session, Statement, Value, sql};
use crate::error::Result;
use crate::ledger::change::Applied;

/// Chains deleted in one transaction.
const CHAINS: i64 = 200;
/// A counter of this name says that a date may have strays.
const MARK: &str = "strays:";

/// Whether a counter is such a mark.
pub(super) fn is_mark(name: &Value) -> bool {
    matches!(name, Value::Text(name) if name.starts_with(MARK))
}

/// Marks a date.
pub(super) async fn mark(session: &mut dyn Session, date: i64) -> Result<()> {
    let name = format!("{MARK}{date}");
    if session.row(sql("SELECT 1 FROM counters WHERE name = ?").bind(&name)).await?.is_none() {
        session.execute(sql("INSERT INTO counters (name, value) VALUES (?, 0)").bind(name)).await?;
    }
    Ok(())
}

/// The dates that are marked.
pub(super) async fn marked(engine: &dyn Engine) -> Result<Vec<i64>> {
    let select = sql("SELECT name FROM counters WHERE name > ? AND name < ?");
    let rows = engine.read().await?.rows(select.bind(MARK).bind("strays;")).await?;
    let date = |row: &Row| Ok(row.get::<String>(0)?.strip_prefix(MARK).and_then(|date| date.parse().ok()));
    Ok(rows.iter().map(date).collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

/// Deletes some of a date's strays; counts their chains. The mark goes with the last one.
pub(super) async fn sweep(session: &mut dyn Session, date: i64) -> Result<Applied> {
    // One at a time, and not beside a purge.
    session.one(sql("SELECT value FROM counters WHERE name = 'purged'").locking()).await?;
    let select = sql("SELECT DISTINCT subject FROM journal j WHERE book_date = ? AND NOT EXISTS \
                      (SELECT 1 FROM heads h WHERE h.subject = j.subject) LIMIT ?");
    let rows = session.rows(select.bind(date).bind(CHAINS)).await?;
    let subjects: Vec<String> = rows.iter().map(|row| row.get(0)).collect::<Result<_>>()?;
    if subjects.is_empty() {
        let unmark = sql("DELETE FROM counters WHERE name = ?").bind(format!("{MARK}{date}"));
        session.execute(unmark).await?;
        return Ok(Applied::default());
    }
    let transfers =
        subjects.iter().filter_map(|subject| subject.strip_prefix("transfer:")).map(str::to_owned).collect();
    delete(&mut *session, "rejects", "transfer", date, transfers).await?;
    let purged = subjects.len() as u64;
    delete(session, "journal", "subject", date, subjects).await?;
    Ok(Applied { purged, ..Applied::default() })
}

/// Deletes the rows of a date that have one of these keys.
pub(super) async fn delete(
    session: &mut dyn Session,
    table: &str,
    column: &str,
    date: i64,
    keys: Vec<String>,
) -> Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    let places = vec!["?"; keys.len()].join(", ");
    let (dated, mut values) = book_date::condition(Some(date));
    values.extend(keys.into_iter().map(Value::from));
    let text = format!("DELETE FROM {table} WHERE {dated}{column} IN ({places})");
    session.execute(Statement { values, ..Statement::built(text) }).await.map(drop)
}

/// Takes rows of a page out that are strays: a copy has none.
pub(super) async fn leave_out(session: &mut dyn Session, table: &str, page: &mut Vec<Row>) -> Result<()> {
    let column = if table == "rejects" { "transfer" } else { "subject" };
    let key = |row: &Row| row.get::<String>(column);
    let mut keys = page.iter().map(key).collect::<Result<Vec<_>>>()?;
    keys.dedup();
    let places = vec!["?"; keys.len()].join(", ");
    let text = match table {
        "rejects" => format!("SELECT id FROM transfers WHERE id IN ({places})"),
        _ => format!("SELECT subject FROM heads WHERE subject IN ({places})"),
    };
    let values = keys.into_iter().map(Value::from).collect();
    let rows = session.rows(Statement { values, ..Statement::built(text) }).await?;
    let stay = rows.iter().map(|row| row.get(0)).collect::<Result<std::collections::HashSet<String>>>()?;
    page.retain(|row| key(row).is_ok_and(|key| stay.contains(&key)));
    Ok(())
}
