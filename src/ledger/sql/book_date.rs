//! Under which date the many rows of a transfer stand, where an engine keeps them in partitions by business date.
//!
//! Journal and rejects are the tables with many rows for each transfer. Each chain stands under one date as a whole, its
//! head says which: the business date of its transfer, once that is known; the date of arrival until then. The rows move
//! when the date becomes known. What belongs to no transfer stands under no date (0), and so does everything on an engine
//! without partitions, so that the statements are the same. It is no part of what is hashed: a place, not a fact.
//!
//! Invariant: nothing is ever put under a date that is more than [`LATE_DAYS`] past, or for which there is no partition
//! yet. So a partition that is [`DROPPED_AFTER_DAYS`] past and has no head is empty for ever and may be dropped, though
//! other nodes write: the difference is what their clocks may differ. A file of an older date stands under the oldest
//! date that is still open, one of a far future under the last; purging asks for the true date.

use super::session::{Session, Statement, Value, sql};
use crate::error::Result;
use crate::ledger::fold::transfer_subject;
use crate::ledger::transfer::{Identity, TransferId};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Partitions are made for so many days ahead.
pub(crate) const AHEAD_DAYS: i64 = 30;
/// A date that is further past takes nothing new.
pub(crate) const LATE_DAYS: i64 = 7;
/// Dates that are further past may be dropped.
pub(crate) const DROPPED_AFTER_DAYS: i64 = 10;
const _: () = assert!(DROPPED_AFTER_DAYS > LATE_DAYS);

/// A date as it stands in the column `book_date`: 20261126.
pub(crate) fn number(date: Date) -> i64 {
    i64::from(date.year()) * 10_000 + i64::from(date.month()) * 100 + i64::from(date.day())
}

/// The date of such a number.
pub(crate) fn date(number: i64) -> Option<Date> {
    let part = |of: i64| i8::try_from(of % 100).ok();
    Date::new(i16::try_from(number / 10_000).ok()?, part(number / 100)?, part(number)?).ok()
}

/// The date that so many days lie from the day of a time, in UTC.
pub(crate) fn day(now_ms: i64, days: i64) -> Date {
    let today = Timestamp::from_millisecond(now_ms).unwrap_or_default().to_zoned(TimeZone::UTC).date();
    today.saturating_add(days.days())
}

/// Under which date a chain stands that begins now, or whose business date becomes known now.
pub(super) fn of(session: &dyn Session, identity: Option<&Identity>, now_ms: i64) -> i64 {
    place(session.last_book_date(), identity.map(|identity| identity.business_date.as_str()), now_ms)
}

fn place(last: Option<i64>, business_date: Option<&str>, now_ms: i64) -> i64 {
    let (oldest, newest) = (day(now_ms, -LATE_DAYS), day(now_ms, AHEAD_DAYS));
    match last {
        Some(last) if last >= number(oldest) => {
            let wanted = business_date.and_then(|date| date.parse::<Date>().ok()).unwrap_or_else(|| day(now_ms, 0));
            number(wanted.clamp(oldest, newest)).min(last)
        }
        // Nobody made partitions for weeks: it stands under no date, and is purged row by row.
        _ => 0,
    }
}

/// Under which date the chain of a transfer stands.
pub(super) async fn of_transfer(session: &mut dyn Session, id: &TransferId) -> Result<i64> {
    if session.last_book_date().is_none() {
        return Ok(0);
    }
    let select = sql("SELECT book_date FROM heads WHERE subject = ?").bind(transfer_subject(id));
    session.row(select).await?.map_or(Ok(0), |row| row.get(0))
}

/// Has the rows of a chain stand under another date; its head is the caller's.
pub(super) async fn put(session: &mut dyn Session, subject: &str, from: i64, to: i64) -> Result<()> {
    let rows = sql("UPDATE journal SET book_date = ? WHERE subject = ? AND book_date = ?");
    session.execute(rows.bind(to).bind(subject).bind(from)).await?;
    if let Some(transfer) = subject.strip_prefix("transfer:") {
        let rows = sql("UPDATE rejects SET book_date = ? WHERE transfer = ? AND book_date = ?");
        session.execute(rows.bind(to).bind(transfer).bind(from)).await?;
    }
    Ok(())
}

/// Before this date a purge leaves journal and rejects where they are: their partitions are dropped whole.
pub(super) fn dropped_before(session: &dyn Session, now_ms: i64) -> i64 {
    session.last_book_date().map_or(0, |_| number(day(now_ms, -DROPPED_AFTER_DAYS)))
}

/// The dates of a table, each of which is to be walked by itself; one `None` where all of it is walked at once.
pub(super) async fn all(session: &mut dyn Session, table: &str, partitioned: bool) -> Result<Vec<Option<i64>>> {
    if !partitioned {
        return Ok(vec![None]);
    }
    let select = Statement::built(format!("SELECT DISTINCT book_date FROM {table} ORDER BY book_date"));
    session.rows(select).await?.iter().map(|row| Ok(Some(row.get(0)?))).collect()
}

/// A condition on the date, to be put before others.
pub(super) fn condition(date: Option<i64>) -> (&'static str, Vec<Value>) {
    date.map_or(("", Vec::new()), |date| ("book_date = ? AND ", vec![Value::Int(date)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_795_694_400_000; // 2026-11-26T12:00Z

    #[test]
    fn a_number_is_a_date_and_back() {
        assert_eq!(number(day(NOON, 0)), 20_261_126);
        assert_eq!(number(day(NOON, -30)), 20_261_027);
        assert_eq!(date(20_261_231).map(number), Some(20_261_231));
        assert_eq!(date(20_261_301), None);
        assert_eq!(date(i64::MAX), None);
    }

    #[test]
    fn nothing_new_stands_under_a_date_that_may_be_dropped_or_that_has_no_partition() {
        let last = number(day(NOON, AHEAD_DAYS));
        let at = |business_date| place(Some(last), business_date, NOON);
        assert_eq!(at(Some("2026-11-25")), 20_261_125);
        assert_eq!(at(None), 20_261_126);
        assert_eq!(at(Some("2026-13-45")), 20_261_126);
        assert_eq!(at(Some("2020-01-01")), 20_261_119);
        assert_eq!(at(Some("9999-12-31")), last);
        assert_eq!(place(Some(20_261_128), Some("2026-12-24"), NOON), 20_261_128, "not made yet");
        assert_eq!(place(Some(20_261_101), None, NOON), 0, "nobody made any for weeks");
        assert_eq!(place(None, Some("2026-11-25"), NOON), 0);
    }
}
