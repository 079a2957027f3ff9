//! What the books say of a business date of a series in numbers, so that nobody reads its files for it: how many came, which
//! batch was posted before and after another one, which were purged.
//!
//! Cost: each walks a range of one index. Next to a posted batch only those are passed that wait between the two.

use super::fault;
use super::session::{Session, Statement, sql};
use crate::error::Result;

pub(crate) const ARRIVALS_OF_DAY: &str = "SELECT COUNT(*) FROM transfers WHERE route = ? AND business_date = ?";

pub(crate) const POSTED_BEFORE: &str = "SELECT batch FROM transfers WHERE route = ? AND business_date = ? AND batch < ? \
     AND publication IS NOT NULL AND verdict IN ('accepted', 'partly') ORDER BY batch DESC LIMIT 1";
pub(crate) const POSTED_AFTER: &str = "SELECT batch FROM transfers WHERE route = ? AND business_date = ? AND batch > ? \
     AND publication IS NOT NULL AND verdict IN ('accepted', 'partly') ORDER BY batch LIMIT 1";

const PURGED_BATCHES: &str = "SELECT DISTINCT i.batch FROM identities i WHERE i.route = ? AND i.business_date = ? \
     AND NOT EXISTS (SELECT 1 FROM transfers t WHERE t.id = i.transfer) ORDER BY i.batch";
/// Between two batches.
const PURGED_BEFORE: &str = "SELECT i.batch FROM identities i WHERE i.route = ? AND i.business_date = ? \
     AND i.batch > ? AND i.batch < ? AND NOT EXISTS (SELECT 1 FROM transfers t WHERE t.id = i.transfer) \
     ORDER BY i.batch DESC LIMIT 1";
const PURGED_AFTER: &str = "SELECT i.batch FROM identities i WHERE i.route = ? AND i.business_date = ? \
     AND i.batch > ? AND i.batch < ? AND NOT EXISTS (SELECT 1 FROM transfers t WHERE t.id = i.transfer) \
     ORDER BY i.batch LIMIT 1";

pub(crate) const BATCHES: &str = "SELECT DISTINCT batch FROM transfers WHERE route = ? AND business_date = ? AND batch >= ? \
     AND batch <= ? AND closed = 0 AND (verdict IS NULL OR verdict <> 'rejected') ORDER BY batch";

/// Beyond every batch.
const BEYOND: i64 = i64::MAX;

pub(super) async fn arrivals(session: &mut dyn Session, route: &str, business_date: &str) -> Result<u32> {
    let count: i64 = session.one(sql(ARRIVALS_OF_DAY).bind(route).bind(business_date)).await?.get(0)?;
    u32::try_from(count).map_err(|e| fault::damaged("transfers", route, e))
}

pub(super) async fn purged_batches(session: &mut dyn Session, route: &str, business_date: &str) -> Result<Vec<u32>> {
    let rows = session.rows(sql(PURGED_BATCHES).bind(route).bind(business_date)).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Which of a span of batches came: of which a file stands that was not refused, or which were purged.
pub(super) async fn batches(
    session: &mut dyn Session,
    route: &str,
    business_date: &str,
    (first, last): (u32, u32),
) -> Result<Vec<u32>> {
    let there = sql(BATCHES).bind(route).bind(business_date).bind(first).bind(last);
    let mut batches: Vec<u32> = session.rows(there).await?.iter().map(|row| row.get(0)).collect::<Result<_>>()?;
    let purged = purged_batches(session, route, business_date).await?;
    batches.extend(purged.into_iter().filter(|batch| (first..=last).contains(batch)));
    batches.sort_unstable();
    batches.dedup();
    Ok(batches)
}

/// The last batch before this one whose events are out, be its files there or purged.
pub(super) async fn posted_before(
    session: &mut dyn Session,
    route: &str,
    business_date: &str,
    batch: u32,
) -> Result<Option<u32>> {
    let between = |there: Option<u32>| (there.map_or(-1, i64::from), i64::from(batch));
    next_to(session, (route, business_date, batch), [POSTED_BEFORE, PURGED_BEFORE], between).await
}

/// The first batch after this one whose events are out.
pub(super) async fn posted_after(
    session: &mut dyn Session,
    route: &str,
    business_date: &str,
    batch: u32,
) -> Result<Option<u32>> {
    let between = |there: Option<u32>| (i64::from(batch), there.map_or(BEYOND, i64::from));
    next_to(session, (route, business_date, batch), [POSTED_AFTER, PURGED_AFTER], between).await
}

/// The nearest batch on one side: the one whose file is there, or one that was purged between it and the given one.
async fn next_to(
    session: &mut dyn Session,
    (route, business_date, batch): (&str, &str, u32),
    [posted, purged]: [&'static str; 2],
    between: impl Fn(Option<u32>) -> (i64, i64),
) -> Result<Option<u32>> {
    let of = |select| sql(select).bind(route).bind(business_date);
    let there = first(session, of(posted).bind(batch)).await?;
    let (low, high) = between(there);
    Ok(first(session, of(purged).bind(low).bind(high)).await?.or(there))
}

async fn first(session: &mut dyn Session, select: Statement) -> Result<Option<u32>> {
    session.row(select).await?.map(|row| row.get(0)).transpose()
}
