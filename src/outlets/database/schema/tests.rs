#[path = "../../../../tests/support/databases.rs"]
mod databases;

use super::*;
use crate::outlets::database::tables::From;
use databases::{Kind as Engine, running};

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
            sql(format!("INSERT INTO {table} ({names}{more}) VALUES ('a', 'b', '{id}', '{day}', 'd', 'e', 't'{venue})"))
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
