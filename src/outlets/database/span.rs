//! Rows of a span of days: taken away, or copied into a file that is an outlet's file itself.
//!
//! Invariants: only rows of one installation are touched; what lasts (products) is copied whole and never taken away. A
//! posting's row goes with its days: what is published again is written again. A partition is dropped only when all its rows are this
//! installation's. Rows are never changed, so a copy needs no moment of its own: what is written meanwhile is in it or not.

use super::cell::Cell;
use super::fit::{UNDATED, day_of};
use super::link::{Link, Place, Row, Sql, sql};
use super::outlet::DatabaseOutlet;
use super::tables::{CONFLICTS, Column, Kind, POSTINGS, TABLES, Table};
use super::{fault, partitions, schema, write};
use crate::error::{Error, Result};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Rows that one statement takes away.
const AT_ONCE: i64 = 5_000;
/// Rows that are read, and written, at once.
const PAGE: usize = 250;

/// Rows of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The table.
    pub table: &'static str,
    /// How many.
    pub rows: u64,
}

/// Days from one to before another one, each `yyyy-mm-dd`.
#[derive(Clone, Debug)]
pub struct Span {
    /// The first day; nothing for the oldest there is.
    pub from: Option<String>,
    /// The first day that is no part of it.
    pub before: String,
}

impl Span {
    /// The days as milliseconds, and as they are compared.
    fn checked(&self) -> Result<(String, String, i64, i64)> {
        let from = self.from.clone().unwrap_or_else(|| "1000-01-02".to_owned());
        for day in [&from, &self.before] {
            if day.len() != 10 || day_of(day) != day || day == UNDATED {
                return Err(Error::reject(fault::CODE, format!("`{day}` is no day yyyy-mm-dd")));
            }
        }
        let ms = |day: &str| {
            let day = day.parse::<jiff::civil::Date>().unwrap_or_default();
            day.to_zoned(jiff::tz::TimeZone::UTC).map_or(0, |at| at.timestamp().as_millisecond())
        };
        let (from_ms, before_ms) = (ms(&from), ms(&self.before));
        Ok((from, self.before.clone(), from_ms, before_ms))
    }
}

impl DatabaseOutlet {
    /// Takes the rows of a span away; how many of each table.
    pub async fn purge(&self, installation: &str, span: &Span) -> Result<Vec<Counted>> {
        self.ready().await?;
        let mut link = self.place.connect().await?;
        let mut purge = Purge { link: &mut link, is_file: self.place.is_file(), installation };
        let counted = purge.all(span).await.map_err(|e| e.at(&self.place));
        link.close().await;
        counted
    }

    /// The rows that [`DatabaseOutlet::purge`] would take away.
    pub async fn would_purge(&self, installation: &str, span: &Span) -> Result<Vec<Counted>> {
        self.ready().await?;
        let mut link = self.place.connect().await?;
        let mut counted = Vec::new();
        for taken in taken(installation, span)? {
            let rows = taken.count(&mut link).await.map_err(|e| e.at(&self.place))?;
            counted.push(Counted { table: taken.table, rows });
        }
        link.close().await;
        Ok(counted)
    }

    /// Copies the rows of a span, and all that last, into a file that is not there yet; how many of each table.
    pub async fn export(&self, installation: &str, span: &Span, file: &Path) -> Result<Vec<Counted>> {
        self.ready().await?;
        let there = |path: &Path| {
            Error::halt(fault::CODE, format!("{} is there already", path.display()))
                .hint("Nothing was written. Name another file, or put that one away first.")
        };
        let mut part = file.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        if let Some(path) = [file, &part].into_iter().find(|path| path.exists()) {
            return Err(there(path));
        }
        // Customers' data, wherever the copy lies: it is for its own user.
        let own =
            std::fs::File::create(&part).and_then(|file| file.set_permissions(std::fs::Permissions::from_mode(0o600)));
        own.map_err(|e| Error::halt(fault::CODE, format!("{} cannot be made", part.display())).caused_by(e))?;
        let copied = self.copy(installation, span, &part).await;
        let named = match &copied {
            // By a link and not by a rename, so that a file that came meanwhile stays.
            Ok(_) => std::fs::hard_link(&part, file).and_then(|()| std::fs::File::open(file)?.sync_all()),
            Err(_) => Ok(()),
        };
        let removed = std::fs::remove_file(&part);
        named.and(removed).map_err(|e| Error::halt(fault::CODE, "the copy cannot be named").caused_by(e))?;
        copied
    }

    async fn copy(&self, installation: &str, span: &Span, part: &Path) -> Result<Vec<Counted>> {
        let place = Place::file(part);
        let mut to = place.connect().await?;
        schema::prepare(&mut to, &place, self.clock.now_ms()).await?;
        let mut from = self.place.connect().await?;
        let mut counted = Vec::new();
        to.begin().await?;
        for copied in copied(installation, span)? {
            let rows = copied.run(&mut from, &mut to).await?;
            counted.push(Counted { table: copied.table, rows });
        }
        to.end(true).await?;
        from.close().await;
        to.close().await;
        Ok(counted)
    }
}

/// Files have a business date of their own.
const FILES_TABLE: &str = "files";

/// Which rows of a table.
struct Rows {
    table: &'static str,
    columns: Vec<&'static Column>,
    /// What tells rows apart, in the order in which they are read, beside the installation.
    key: &'static [&'static str],
    wanted: String,
    values: Vec<Cell<'static>>,
    is_dated: bool,
}

/// What a purge takes.
fn taken(installation: &str, span: &Span) -> Result<Vec<Rows>> {
    let mut rows = rows(installation, span)?;
    rows.retain(|rows| !TABLES.iter().any(|table| table.name == rows.table && table.is_lasting));
    Ok(rows)
}

/// What a copy has.
fn copied(installation: &str, span: &Span) -> Result<Vec<Rows>> {
    let mut rows = rows(installation, span)?;
    for rows in &mut rows {
        if TABLES.iter().any(|table| table.name == rows.table && table.is_lasting) {
            rows.wanted = "installation = ?".to_owned();
            rows.values.truncate(1);
        }
    }
    Ok(rows)
}

/// The rows of a span in every table.
fn rows(installation: &str, span: &Span) -> Result<Vec<Rows>> {
    let (from, before, from_ms, before_ms) = span.checked()?;
    let owned = |text: &str| Cell::Text(text.to_owned().into());
    let days = || vec![owned(installation), owned(&from), owned(&before)];
    let of_events = |table: &'static Table| {
        let (mut wanted, mut values) = ("row_date >= ? AND row_date < ?".to_owned(), days());
        if let (true, Some(day)) = (table.is_dated, table.own_day()) {
            wanted = format!("({wanted} OR row_date = '{UNDATED}' AND {day} >= ? AND {day} < ?)");
            values.extend([owned(&from), owned(&before)]);
        }
        if table.name == FILES_TABLE {
            // The end of a file stands under the day on which it came, and belongs to its business date.
            wanted = format!("(business_date >= ? AND business_date < ? OR business_date IS NULL AND {wanted})");
            values.extend([owned(&from), owned(&before)]);
        }
        let columns = table.columns().collect();
        let wanted = format!("installation = ? AND {wanted}");
        Rows { table: table.name, columns, key: &["source", "id"], wanted, values, is_dated: table.is_dated }
    };
    let mut all: Vec<Rows> = TABLES.iter().map(of_events).collect();
    all.push(Rows {
        table: "conflicts",
        columns: CONFLICTS.iter().collect(),
        key: &["source", "id", "datahash"],
        wanted: "installation = ? AND at_ms >= ? AND at_ms < ?".to_owned(),
        values: vec![owned(installation), Cell::Int(from_ms), Cell::Int(before_ms)],
        is_dated: false,
    });
    let mut values = days();
    values.extend([Cell::Int(from_ms), Cell::Int(before_ms)]);
    all.push(Rows {
        table: "postings",
        columns: POSTINGS.iter().collect(),
        key: &["outlet", "transfer"],
        wanted: "installation = ? AND (business_date >= ? AND business_date < ? OR business_date IS NULL \
                 AND updated_ms >= ? AND updated_ms < ?)"
            .to_owned(),
        values,
        is_dated: false,
    });
    Ok(all)
}

impl Rows {
    async fn count(&self, link: &mut Link) -> Result<u64> {
        let count = sql(format!("SELECT COUNT(*) FROM {} WHERE {}", self.table, self.wanted));
        Ok(number(&link.rows(&count, &self.values).await?))
    }

    /// Copies them, in the order of their keys.
    async fn run(&self, from: &mut Link, to: &mut Link) -> Result<u64> {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name).collect();
        let key = self.key.join(", ");
        let select = |behind: &str| {
            let columns: Vec<String> = self.columns.iter().map(|column| as_text(column)).collect();
            sql(format!(
                "SELECT {} FROM {} WHERE {}{behind} ORDER BY {key} LIMIT {PAGE}",
                columns.join(", "),
                self.table,
                self.wanted
            ))
            .kept()
        };
        let (first, next) = (select(""), select(&behind(self.key)));
        let mut values = self.values.clone();
        let mut count = 0;
        let mut statement: &Sql = &first;
        loop {
            let page = from.rows(statement, &values).await?;
            let Some(last) = page.last() else { return Ok(count) };
            values.truncate(self.values.len());
            values.extend(beyond(&names, self.key, last));
            count += page.len() as u64;
            let insert = write::insert(self.table, &names.join(", "), page.len());
            let (insert, is_last) = (if page.len() == PAGE { insert.kept() } else { insert }, page.len() < PAGE);
            to.run(&insert, &page.concat()).await?;
            if is_last {
                return Ok(count);
            }
            statement = &next;
        }
    }
}

/// `a > ? OR a = ? AND (b > ? OR b = ? AND ...)`: behind a key, in a way that every engine finds by its index.
fn behind(key: &[&str]) -> String {
    let mut condition = String::new();
    for (at, column) in key.iter().enumerate().rev() {
        condition = match at + 1 == key.len() {
            true => format!("{column} > ?"),
            false => format!("({column} > ? OR {column} = ? AND {condition})"),
        };
    }
    format!(" AND {condition}")
}

/// The values for [`behind`].
fn beyond(names: &[&str], key: &[&str], row: &Row) -> Vec<Cell<'static>> {
    let mut values = Vec::new();
    for (at, column) in key.iter().enumerate() {
        let place = names.iter().position(|name| name == column);
        let cell = place.and_then(|place| row.get(place)).cloned().unwrap_or(Cell::Null);
        values.push(cell.clone());
        if at + 1 < key.len() {
            values.push(cell);
        }
    }
    values
}

/// A column as it is read: servers send days in a form of their own.
fn as_text(column: &Column) -> String {
    match column.kind {
        Kind::Date => format!("CAST({0} AS CHAR) AS {0}", column.name),
        _ => column.name.to_owned(),
    }
}

fn number(rows: &[Row]) -> u64 {
    match rows.first().map(Vec::as_slice) {
        Some([Cell::Int(number)]) => number.unsigned_abs(),
        _ => 0,
    }
}

/// Takes rows away.
struct Purge<'t> {
    link: &'t mut Link,
    is_file: bool,
    installation: &'t str,
}

impl Purge<'_> {
    async fn all(&mut self, span: &Span) -> Result<Vec<Counted>> {
        let mut counted = Vec::new();
        for taken in taken(self.installation, span)? {
            let mut rows = 0;
            if taken.is_dated && !self.is_file && span.from.is_none() {
                rows += self.months(taken.table, &span.before).await?;
            }
            rows += self.rows(&taken).await?;
            counted.push(Counted { table: taken.table, rows });
        }
        Ok(counted)
    }

    /// Drops the partitions of whole months that hold nobody else's rows.
    async fn months(&mut self, table: &str, before: &str) -> Result<u64> {
        let mut rows = 0;
        for month in partitions::months_before(self.link, table, before).await? {
            let other = format!("SELECT COUNT(*) FROM {table} PARTITION ({month}) WHERE installation <> ?");
            let own = [Cell::text(self.installation)];
            if number(&self.link.rows(&sql(other), &own).await?) > 0 {
                continue;
            }
            let mine = format!("SELECT COUNT(*) FROM {table} PARTITION ({month})");
            rows += number(&self.link.rows(&sql(mine), &[]).await?);
            partitions::alter(self.link, table, format!("DROP PARTITION {month}")).await?;
        }
        Ok(rows)
    }

    /// Deletes rows some at a time, so that writers get their turn.
    async fn rows(&mut self, taken: &Rows) -> Result<u64> {
        let (table, wanted) = (taken.table, &taken.wanted);
        let delete = sql(match self.is_file {
            true => {
                format!("DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} WHERE {wanted} LIMIT {AT_ONCE})")
            }
            false => format!("DELETE FROM {table} WHERE {wanted} LIMIT {AT_ONCE}"),
        });
        let mut rows = 0;
        loop {
            let gone = self.link.change(&delete, &taken.values).await?;
            rows += gone;
            if gone < AT_ONCE.unsigned_abs() {
                return Ok(rows);
            }
        }
    }
}
