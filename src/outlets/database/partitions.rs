//! On servers: range partitions by month over the day of a row, made ahead.
//!
//! Partitions are only added behind the last one and dropped: OceanBase cannot split one, so none takes "the rest". What
//! is older than the first month stands in `past`, rows without a day in `undated`. A row whose day is too far ahead is
//! refused rather than given a partition that swallows the months before it. Every statement may be run by two nodes at
//! once, on a connection of its own, since a server ends the transaction that it finds.

use super::cell::Cell;
use super::link::{Link, Place, sql};
use super::tables::TABLES;
use super::{fault, tables};
use crate::error::Result;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

/// Months that are made ahead, and those before the first one's that have partitions of their own in new tables.
const AHEAD: i32 = 3;
const BEHIND: i32 = 3;
/// The furthest month that is made for a row.
const FURTHEST: i32 = 24;
/// How long a statement waits for those that read or write a table.
const WAIT_SECONDS: u32 = 5;

/// The tables that have partitions.
pub(super) fn dated() -> impl Iterator<Item = &'static tables::Table> {
    TABLES.iter().filter(|table| table.is_dated)
}

fn today(now_ms: i64) -> Date {
    let now = Timestamp::from_millisecond(now_ms).unwrap_or_default();
    jiff::tz::TimeZone::UTC.to_datetime(now).date()
}

/// The first of a month, so many months from that of a day.
fn month(day: Date, months: i32) -> Date {
    day.first_of_month().saturating_add(months.months())
}

/// The first day that has no place even if partitions are made for it.
pub(super) fn limit(now_ms: i64) -> String {
    month(today(now_ms), FURTHEST).to_string()
}

/// The day up to which there should be partitions, if rows go up to another one.
pub(super) fn wanted(now_ms: i64, last_row: &str) -> String {
    let ahead = month(today(now_ms), AHEAD + 1);
    let rows = last_row.parse().map_or(ahead, |day: Date| month(day, 1));
    rows.max(ahead).to_string()
}

/// What stands behind the columns of a new table.
pub(super) fn clause(now_ms: i64) -> String {
    let first = month(today(now_ms), -BEHIND);
    let mut parts = vec![
        "PARTITION undated VALUES LESS THAN ('1000-01-02')".to_owned(),
        format!("PARTITION past VALUES LESS THAN ('{first}')"),
    ];
    parts.extend(between(first, month(today(now_ms), AHEAD + 1)));
    format!(" PARTITION BY RANGE COLUMNS (row_date) ({})", parts.join(", "))
}

/// The partitions of the months from one day to another one.
fn between(first: Date, end: Date) -> Vec<String> {
    let months = std::iter::successors(Some(first), |day| Some(month(*day, 1)));
    let of =
        |day: Date| format!("PARTITION m{:04}{:02} VALUES LESS THAN ('{}')", day.year(), day.month(), month(day, 1));
    months.take_while(|day| *day < end).take(usize::from(u8::MAX)).map(of).collect()
}

/// One partition: rows before its end, and not before the end of the one before.
#[derive(Debug)]
pub(super) struct Partition {
    pub(super) name: String,
    pub(super) end: String,
}

/// The partitions of a table, oldest first.
pub(super) async fn list(link: &mut Link, table: &str) -> Result<Vec<Partition>> {
    let select = sql("SELECT partition_name, partition_description FROM information_schema.partitions \
                      WHERE table_schema = DATABASE() AND table_name = ? AND partition_name IS NOT NULL");
    let mut list = Vec::new();
    for row in link.rows(&select, &[Cell::text(table)]).await? {
        if let [Cell::Text(name), Cell::Text(end)] = &*row {
            let end = end.trim_matches('\'').to_owned();
            list.push(Partition { name: name.to_string(), end });
        }
    }
    list.sort_by(|a, b| a.end.cmp(&b.end));
    Ok(list)
}

/// The day from which on some table has no partition; nothing for a file, or for tables that somebody made without.
pub(super) async fn end(link: &mut Link) -> Result<Option<String>> {
    let mut first: Option<String> = None;
    for table in dated() {
        let Some(last) = list(link, table.name).await?.pop() else { return Ok(None) };
        first = Some(first.map_or(last.end.clone(), |end| end.min(last.end)));
    }
    Ok(first)
}

/// Adds what is missing up to a day; the day from which on there are none then.
pub(super) async fn make(place: &Place, until: &str) -> Result<Option<String>> {
    let mut link = place.connect().await?;
    for table in dated() {
        let Some(last) = list(&mut link, table.name).await?.pop() else { continue };
        let (Ok(first), Ok(end)) = (last.end.parse::<Date>(), until.parse::<Date>()) else { continue };
        let missing = between(first, end);
        if !missing.is_empty() {
            alter(&mut link, table.name, format!("ADD PARTITION ({})", missing.join(", "))).await?;
        }
    }
    let end = end(&mut link).await?;
    link.close().await;
    Ok(end)
}

/// Changes the partitions of a table; one that is there, or gone, is as well.
pub(super) async fn alter(link: &mut Link, table: &str, change: String) -> Result<()> {
    link.raw(format!("SET SESSION lock_wait_timeout = {WAIT_SECONDS}")).await?.map_err(fault::of)?;
    match link.raw(format!("ALTER TABLE {table} {change}")).await? {
        Err(error) if !fault::is_done_before(&error) => Err(fault::of(error)),
        _ => Ok(()),
    }
}

/// The partitions of months before a day, which may be dropped: never the one of rows without a day, nor the one of old
/// ones. At least the newest month stays, behind which others are added.
pub(super) async fn months_before(link: &mut Link, table: &str, before: &str) -> Result<Vec<String>> {
    let mut list = list(link, table).await?;
    list.pop();
    let months = list.into_iter().filter(|part| part.name.starts_with('m') && part.end.as_str() <= before);
    Ok(months.map(|part| part.name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-26T08:00:00Z.
    const NOW: i64 = 1_795_680_000_000;

    #[test]
    fn months_are_made_ahead_and_for_rows_behind_them() {
        let clause = clause(NOW);
        assert!(
            clause.contains("PARTITION past VALUES LESS THAN ('2026-08-01'), PARTITION m202608 VALUES"),
            "{clause}"
        );
        assert!(clause.ends_with("PARTITION m202702 VALUES LESS THAN ('2027-03-01'))"), "{clause}");
        assert_eq!(wanted(NOW, "2026-11-26"), "2027-03-01");
        assert_eq!(wanted(NOW, crate::outlets::database::fit::UNDATED), "2027-03-01");
        assert_eq!(wanted(NOW, "2027-12-31"), "2028-01-01");
        assert_eq!(limit(NOW), "2028-11-01");
        assert_eq!(between("2027-03-01".parse().unwrap(), "2027-03-01".parse().unwrap()), Vec::<String>::new());
    }
}
