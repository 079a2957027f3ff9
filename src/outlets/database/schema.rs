//! How a database gets its tables, and older tables become this program's.
//!
//! The table `outlet_schema` holds two rows: `tables`, the version of the tables, and `compatible`, the oldest version
//! whose programs may go on with them. So a node of the version before may run beside one that brought the tables up to
//! date: columns are only ever added, and may be empty. A server commits each statement that makes a table by itself; so
//! every statement may be run again, also by two nodes at once, and the version is written last.

use super::cell::Cell;
use super::link::{Link, Place, sql};
use super::tables::{CONFLICTS, Column, Kind, POSTINGS, TABLES};
use super::{fault, partitions};
use crate::error::{Error, Result};

/// The version that this program writes.
pub(super) const VERSION: i64 = 1;
/// The oldest version whose programs may use what this program writes.
const COMPATIBLE: i64 = 1;

/// A table as it is made.
struct Shape {
    name: &'static str,
    columns: Vec<Column>,
    key: &'static [&'static str],
    is_dated: bool,
    has_transfer_key: bool,
}

fn shapes() -> Vec<Shape> {
    let events = TABLES.iter().map(|table| Shape {
        name: table.name,
        columns: table.columns().copied().collect(),
        key: &["installation", "source", "id"],
        is_dated: table.is_dated,
        has_transfer_key: true,
    });
    let more = [
        ("conflicts", CONFLICTS, &["installation", "source", "id", "datahash"][..]),
        ("postings", POSTINGS, &["installation", "outlet", "transfer"][..]),
    ];
    let more = more.into_iter().map(|(name, columns, key)| Shape {
        name,
        columns: columns.to_vec(),
        key,
        is_dated: false,
        has_transfer_key: false,
    });
    events.chain(more).collect()
}

/// The version of the tables; 0 when there are none, or not all of them yet. Refuses what this program must not touch.
pub(super) async fn version(link: &mut Link, place: &Place) -> Result<i64> {
    let tables = match place {
        Place::File { .. } => "SELECT name FROM sqlite_schema WHERE type = 'table'",
        Place::Server(_) => "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()",
    };
    let mut names = Vec::new();
    for row in link.rows(&sql(tables), &[]).await? {
        if let [Cell::Text(name)] = &*row {
            names.push(name.to_string());
        }
    }
    let has = |name: &str| names.iter().any(|other| other == name);
    if has("schema_version") && has("heads") {
        return Err(
            Error::halt(fault::CODE, format!("{place} holds a ledger")).hint("Give the outlet a database of its own.")
        );
    }
    if !has("outlet_schema") {
        return match shapes().iter().find(|shape| has(shape.name)) {
            None => Ok(0),
            Some(shape) => {
                Err(Error::halt(fault::CODE, format!("{place} has a table {} that fpp did not make", shape.name))
                    .hint("Give the outlet a database of its own."))
            }
        };
    }
    let (mut version, mut compatible) = (0, None);
    for row in link.rows(&sql("SELECT name, value FROM outlet_schema"), &[]).await? {
        match &*row {
            [Cell::Text(name), Cell::Int(value)] if name == "tables" => version = *value,
            [Cell::Text(name), Cell::Int(value)] if name == "compatible" => compatible = Some(*value),
            _ => {}
        }
    }
    check(place, version, compatible.unwrap_or(version))?;
    Ok(version)
}

fn check(place: &Place, version: i64, compatible: i64) -> Result<()> {
    if version <= VERSION || compatible <= VERSION {
        return Ok(());
    }
    Err(Error::halt(
        fault::CODE,
        format!("{place} has tables of version {version}; this fpp knows versions up to {VERSION}"),
    )
    .hint("A newer fpp made them, and says that older ones must not write them. Run that one."))
}

/// Makes the tables, or brings older ones to this program's version.
pub(super) async fn prepare(link: &mut Link, place: &Place, now_ms: i64) -> Result<()> {
    match migrate(link, place, &shapes(), (VERSION, COMPATIBLE), now_ms).await {
        // Seldom, and two nodes may have started at once: the other one's tables are as good.
        Err(error) => Err(error.at(place)),
        Ok(()) => Ok(()),
    }
}

async fn migrate(
    link: &mut Link,
    place: &Place,
    shapes: &[Shape],
    (to, compatible): (i64, i64),
    now_ms: i64,
) -> Result<()> {
    if version(link, place).await? >= to {
        return Ok(());
    }
    if place.is_file() {
        link.begin().await?;
    }
    // In a file another node may have been faster.
    let from = version(link, place).await?;
    if from < to {
        for statement in statements(place.is_file(), shapes, from, now_ms) {
            match link.raw(statement).await? {
                Err(error) if !fault::is_done_before(&error) => return Err(fault::of(error)),
                _ => {}
            }
        }
        let write = "REPLACE INTO outlet_schema (name, value) VALUES ('tables', ?), ('compatible', ?)";
        link.run(&sql(write), &[Cell::Int(to), Cell::Int(compatible)]).await?;
    }
    if place.is_file() {
        link.end(true).await?;
    }
    Ok(())
}

/// What makes the tables out of those of a version.
fn statements(is_file: bool, shapes: &[Shape], from: i64, now_ms: i64) -> Vec<String> {
    let end = if is_file { " STRICT" } else { " DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin" };
    let name = kind(is_file, Kind::Text(40));
    let value = kind(is_file, Kind::Int);
    let mut statements = vec![format!(
        "CREATE TABLE IF NOT EXISTS outlet_schema (name {name} NOT NULL, value {value} NOT NULL, PRIMARY KEY (name)){end}"
    )];
    for shape in shapes {
        let mut parts: Vec<String> = shape.columns.iter().map(|column| definition(is_file, column)).collect();
        let mut key = shape.key.join(", ");
        if shape.is_dated && !is_file {
            key.push_str(", row_date");
        }
        parts.push(format!("PRIMARY KEY ({key})"));
        let index = format!("{}_transfer", shape.name);
        if shape.has_transfer_key && !is_file {
            parts.push(format!("KEY {index} (transfer, record)"));
        }
        let partitions = if shape.is_dated && !is_file { partitions::clause(now_ms) } else { String::new() };
        let table = shape.name;
        statements.push(format!("CREATE TABLE IF NOT EXISTS {table} ({}){end}{partitions}", parts.join(", ")));
        if shape.has_transfer_key && is_file {
            statements.push(format!("CREATE INDEX IF NOT EXISTS {index} ON {table} (transfer, record)"));
        }
        if from > 0 {
            let added = shape.columns.iter().filter(|column| column.since > from);
            let add = |column| format!("ALTER TABLE {table} ADD COLUMN {}", definition(is_file, column));
            statements.extend(added.map(add));
        }
    }
    statements
}

fn definition(is_file: bool, column: &Column) -> String {
    let needed = if column.is_needed { " NOT NULL" } else { "" };
    format!("{} {}{needed}", column.name, kind(is_file, column.kind))
}

/// The type of a column. In a file a decimal is a text, since SQLite has none that is exact (D21).
fn kind(is_file: bool, kind: Kind) -> String {
    match (is_file, kind) {
        (false, kind) => kind.to_string(),
        (true, Kind::Int) => "INTEGER".to_owned(),
        (true, _) => "TEXT".to_owned(),
    }
}

#[cfg(test)]
mod tests;
