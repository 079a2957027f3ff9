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
#[path = "../../../tests/support/databases.rs"]
mod databases;

#[cfg(test)]
mod tests {
    use super::databases::{Kind as Engine, running};
    use super::*;
    use crate::outlets::database::tables::From;

    /// The tables of the version after this one.
    fn newer() -> Vec<Shape> {
        let mut newer = shapes();
        let column = Column { name: "venue", kind: Kind::Text(64), from: From::Extra, is_needed: false, since: 2 };
        newer.iter_mut().for_each(|shape| shape.columns.push(column));
        newer
    }

    #[tokio::test]
    async fn an_older_file_gets_what_is_new_and_keeps_its_rows() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::file(folder.path().join("x.sqlite"));
        let mut link = place.connect().await.unwrap();
        prepare(&mut link, &place, 0).await.unwrap();
        let insert = "INSERT INTO postings (installation, outlet, transfer, route, up_to_record, epoch, updated_ms) \
                      VALUES ('a', 'b', 'c', 'd', 1, 2, 3)";
        link.run(&sql(insert), &[]).await.unwrap();
        migrate(&mut link, &place, &newer(), (2, 1), 0).await.unwrap();
        let row = link.rows(&sql("SELECT venue, epoch FROM postings"), &[]).await.unwrap();
        assert_eq!(row, [[Cell::Null, Cell::Int(2)]]);
        // This program is the one before now: it may go on, and leaves the newer tables alone.
        prepare(&mut link, &place, 0).await.unwrap();
        assert_eq!(version(&mut link, &place).await.unwrap(), 2);
        link.run(&sql("UPDATE outlet_schema SET value = 2 WHERE name = 'compatible'"), &[]).await.unwrap();
        let refused = version(&mut link, &place).await.unwrap_err();
        assert!(refused.to_string().contains("tables of version 2"), "{refused}");
    }

    /// By two nodes that start at once, each table with its partitions.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn older_tables_of_a_server_get_what_is_new_and_keep_rows_and_partitions() {
        const NOW_MS: i64 = 1_750_426_200_000;
        for engine in [Engine::MariaDb, Engine::SeekDb] {
            let Some(server) = running(engine) else { continue };
            let place = Place::Server(server.server(&server.lend().await));
            let mut link = place.connect().await.unwrap();
            prepare(&mut link, &place, NOW_MS).await.unwrap();
            let names = "installation, source, id, row_date, datahash, event_type, transfer";
            let insert = |table: &str, more: &str, id: &str, day: &str, venue: &str| {
                sql(format!(
                    "INSERT INTO {table} ({names}{more}) VALUES ('a', 'b', '{id}', '{day}', 'd', 'e', 't'{venue})"
                ))
            };
            // In three partitions of each table that has some.
            let days = ["1000-01-01", "1999-12-31", "2025-06-20"];
            for table in partitions::dated() {
                for day in days {
                    link.run(&insert(table.name, "", day, day, ""), &[]).await.unwrap();
                }
            }
            let end = partitions::end(&mut link).await.unwrap().unwrap();

            let mut other = place.connect().await.unwrap();
            let shapes = newer();
            let both = tokio::join!(
                migrate(&mut link, &place, &shapes, (2, 1), NOW_MS),
                migrate(&mut other, &place, &shapes, (2, 1), NOW_MS),
            );
            assert!(both.0.is_ok() && both.1.is_ok(), "{engine:?}: {both:?}");
            assert_eq!(version(&mut link, &place).await.unwrap(), 2, "{engine:?}");
            assert_eq!(partitions::end(&mut link).await.unwrap().as_ref(), Some(&end), "{engine:?}");
            // The version before goes on, and new months come behind those that were there.
            prepare(&mut other, &place, NOW_MS).await.unwrap();
            let later = partitions::make(&place, &partitions::wanted(NOW_MS, "2025-12-31")).await.unwrap().unwrap();
            assert!(later > end, "{engine:?}: {later}");
            for table in partitions::dated() {
                let name = table.name;
                other.run(&insert(name, "", "old", "2025-12-31", ""), &[]).await.unwrap();
                link.run(&insert(name, ", venue", "new", "2025-12-31", ", 'SGE'"), &[]).await.unwrap();
                let select = sql(format!("SELECT id, venue FROM {name} ORDER BY row_date, id"));
                let rows = link.rows(&select, &[]).await.unwrap();
                let mut due: Vec<_> = days.iter().chain(&["old"]).map(|id| vec![Cell::text(id), Cell::Null]).collect();
                due.insert(days.len(), vec![Cell::text("new"), Cell::text("SGE")]);
                assert_eq!(rows, due, "{engine:?}");
            }
            for shape in &shapes {
                let select = sql(format!("SELECT COUNT(*) FROM {} WHERE venue = 'SGE'", shape.name));
                let due = if shape.is_dated { 1 } else { 0 };
                assert_eq!(link.rows(&select, &[]).await.unwrap(), [[Cell::Int(due)]], "{engine:?}: {}", shape.name);
            }
        }
    }

    #[tokio::test]
    async fn a_database_of_something_else_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::file(folder.path().join("x.sqlite"));
        let mut link = place.connect().await.unwrap();
        link.run(&sql("CREATE TABLE trades (id TEXT)"), &[]).await.unwrap();
        let refused = prepare(&mut link, &place, 0).await.unwrap_err();
        assert!(refused.to_string().contains("a table trades that fpp did not make"), "{refused}");
    }
}
