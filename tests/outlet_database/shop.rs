//! Databases that the outlet writes into, and a look at what stands there.

use crate::databases::{Kind, Running, running};
use fpp::clock::Clock;
use fpp::outlets::database::{DatabaseOutlet, Place};
use fpp::outlets::push::Engine;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Row};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// 2025-06-20T13:30:00Z.
pub(crate) const NOW_MS: i64 = 1_750_426_200_000;

/// An empty database.
pub(crate) enum Shop {
    File(tempfile::TempDir),
    /// A file that somebody else keeps.
    #[cfg_attr(not(feature = "demo"), allow(dead_code, reason = "only a node keeps one, whose test needs the demo"))]
    Kept(PathBuf),
    Server(&'static Running, String),
}

/// Databases whose tables are as fpp makes them: emptied for the next who asks, since making tables takes seconds.
static RETURNED: Mutex<Vec<(Kind, String)>> = Mutex::new(Vec::new());

const TABLES: [&str; 8] =
    ["trades", "products", "reconciliation", "responses", "files", "events", "conflicts", "postings"];

impl Shop {
    pub(crate) fn file() -> Shop {
        Shop::File(tempfile::tempdir().unwrap())
    }

    /// Nothing when there is no such server here.
    pub(crate) async fn server(kind: Kind) -> Option<Shop> {
        let server = running(kind)?;
        Some(Shop::Server(server, server.lend().await))
    }

    /// One that was used before, and emptied; else a new one.
    pub(crate) async fn used(kind: Kind) -> Option<Shop> {
        let returned = {
            let mut returned = RETURNED.lock().unwrap();
            let at = returned.iter().position(|(of, _)| *of == kind);
            at.map(|at| returned.swap_remove(at).1)
        };
        let Some(name) = returned else { return Shop::server(kind).await };
        let shop = Shop::Server(running(kind)?, name);
        for table in TABLES {
            shop.tamper(&format!("DELETE FROM {table}")).await;
        }
        Some(shop)
    }

    /// Gives a database back.
    pub(crate) fn give_back(self, kind: Kind) {
        if let Shop::Server(_, name) = self {
            RETURNED.lock().unwrap().push((kind, name));
        }
    }

    /// A file that is there already.
    #[cfg_attr(not(feature = "demo"), allow(dead_code, reason = "only a node keeps one, whose test needs the demo"))]
    pub(crate) fn at(path: PathBuf) -> Shop {
        Shop::Kept(path)
    }

    fn path(folder: &tempfile::TempDir) -> PathBuf {
        folder.path().join("books.sqlite")
    }

    pub(crate) fn place(&self) -> Place {
        match self {
            Shop::File(folder) => Place::file(Shop::path(folder)),
            Shop::Kept(path) => Place::file(path),
            Shop::Server(server, name) => Place::Server(server.server(name)),
        }
    }

    /// A node's outlet.
    pub(crate) fn open(&self) -> DatabaseOutlet {
        DatabaseOutlet::new(self.place(), Clock::fixed(NOW_MS))
    }

    /// What a query gives, every cell as text.
    pub(crate) async fn rows(&self, query: &str) -> Vec<Vec<String>> {
        match self {
            Shop::File(folder) => in_file(&Shop::path(folder), query).await,
            Shop::Kept(path) => in_file(path, query).await,
            Shop::Server(server, name) => {
                let mut connection = server.root(name).await;
                let rows = sqlx::raw_sql(AssertSqlSafe(query)).fetch_all(&mut connection).await.unwrap();
                rows.iter().map(|row| (0..row.len()).map(|at| text(row.get_unchecked(at))).collect()).collect()
            }
        }
    }

    /// The only cell of a query.
    pub(crate) async fn cell(&self, query: &str) -> String {
        let rows = self.rows(query).await;
        assert!(rows.len() == 1 && rows[0].len() == 1, "{query}: {rows:?}");
        rows[0][0].clone()
    }

    pub(crate) async fn count(&self, table: &str) -> u64 {
        self.cell(&format!("SELECT COUNT(*) FROM {table}")).await.parse().unwrap()
    }

    /// Changes something behind the outlet's back.
    pub(crate) async fn tamper(&self, statement: &str) {
        self.rows(statement).await;
    }
}

fn text(cell: Option<String>) -> String {
    cell.unwrap_or_else(|| "NULL".to_owned())
}

async fn in_file(path: &Path, query: &str) -> Vec<Vec<String>> {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    let rows = sqlx::raw_sql(AssertSqlSafe(query)).fetch_all(&mut connection).await.unwrap();
    rows.iter().map(|row| (0..row.len()).map(|at| text(row.get_unchecked(at))).collect()).collect()
}

/// All connections of an outlet are closed, as when its node goes.
pub(crate) async fn closed(outlet: DatabaseOutlet) {
    outlet.close().await;
}
