//! Opens the file: settings of the connections, and the check that the file is a ledger this program can write.

use super::writer::Writer;
use super::{SqliteLedger, fault, schema};
use crate::error::{Error, Result};
use fpp_codecs::Code;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Sqlite, SqlitePool};
use std::path::Path;
use std::time::Duration;

const READERS_MAX: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
/// The write-ahead log is cut back to this size after a checkpoint.
const WAL_BYTES_MAX: &str = "67108864";
/// Page cache of each connection; a negative number means KiB.
const CACHE_KIB: &str = "-8192";

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        .synchronous(SqliteSynchronous::Full)
        // Damage is noticed when a page is read, not when its content is used.
        .pragma("cell_size_check", "ON")
        .pragma("trusted_schema", "OFF")
        .pragma("journal_size_limit", WAL_BYTES_MAX)
        .pragma("cache_size", CACHE_KIB)
}

fn readers(path: &Path) -> SqlitePool {
    // Opened when they are needed: the first read says what is wrong, if something is.
    SqlitePoolOptions::new()
        .max_connections(READERS_MAX)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_lazy_with(options(path).read_only(true))
}

/// Looks at an existing file before anything of it changes, even its journal mode.
async fn check_before_writing(path: &Path, place: &str) -> Result<()> {
    if !path.exists() {
        return Ok(());
    }
    let mut connection = options(path).connect().await.map_err(|e| fault::of(e).at(place))?;
    schema::version(&mut connection, place).await?;
    connection.close().await.map_err(fault::of)
}

impl SqliteLedger {
    /// Opens the ledger for a node; creates it, or brings an older one to this program's schema.
    pub async fn open(path: &Path) -> Result<SqliteLedger> {
        let place = path.display().to_string();
        check_before_writing(path, &place).await?;
        let writes = options(path).create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
        let writer = Writer::open(writes).await.map_err(|e| e.at(&place))?;
        let ledger = SqliteLedger { place: place.clone(), writer: Some(writer), readers: readers(path) };
        let mut tx = ledger.write().await.map_err(|e| e.at(&place))?;
        let migrated = schema::migrate(&mut tx, &place).await;
        tx.end(migrated).await?;
        Ok(ledger)
    }

    /// Opens the ledger for reading, also while a node writes it. It never changes the file, so it does not migrate.
    pub async fn open_read_only(path: &Path) -> Result<SqliteLedger> {
        let place = path.display().to_string();
        if !path.is_file() {
            return Err(Error::halt(Code::LEDGER, format!("{place}: there is no ledger"))
                .hint("Look at the ledger's path in the configuration; a node creates it when it first starts."));
        }
        let ledger = SqliteLedger { place: place.clone(), writer: None, readers: readers(path) };
        let mut connection = ledger.read().await.map_err(|e| e.at(&place))?;
        let version = schema::version(&mut connection, &place).await?;
        if version < schema::VERSION {
            return Err(Error::halt(
                Code::LEDGER,
                format!("{place} has schema version {version}; this fpp reads version {}", schema::VERSION),
            )
            .hint("Start the node once: it brings the ledger up to date."));
        }
        drop(connection);
        Ok(ledger)
    }

    /// A connection for reading.
    pub(super) async fn read(&self) -> Result<PoolConnection<Sqlite>> {
        self.readers.acquire().await.map_err(fault::of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_newer_schema_is_refused_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let ledger = SqliteLedger::open(&path).await.unwrap();
        let mut tx = ledger.write().await.unwrap();
        sqlx::query("UPDATE schema_version SET value = 99").execute(&mut *tx).await.unwrap();
        tx.end(Ok(())).await.unwrap();
        ledger.close().await;
        for error in [SqliteLedger::open(&path).await.err(), SqliteLedger::open_read_only(&path).await.err()] {
            let error = error.unwrap();
            assert_eq!(error.code, Code::LEDGER);
            assert!(error.to_string().contains("schema version 99"), "{error}");
        }
    }

    #[tokio::test]
    async fn another_program_s_database_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.db");
        let mut other = options(&path).create_if_missing(true).connect().await.unwrap();
        sqlx::query("CREATE TABLE t (a INTEGER)").execute(&mut other).await.unwrap();
        other.close().await.unwrap();
        let error = SqliteLedger::open(&path).await.err().unwrap();
        assert!(error.to_string().contains("not a ledger of fpp"), "{error}");
    }

    #[tokio::test]
    async fn commits_are_durable_and_rules_are_on() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = SqliteLedger::open(&folder.path().join("ledger.db")).await.unwrap();
        let mut writer = ledger.write().await.unwrap();
        let mut pragma = async |sql: &'static str| -> String {
            let row = sqlx::query(sql).fetch_one(&mut *writer).await.unwrap();
            sqlx::Row::try_get::<String, _>(&row, 0)
                .or_else(|_| sqlx::Row::try_get::<i64, _>(&row, 0).map(|n| n.to_string()))
                .unwrap()
        };
        assert_eq!(pragma("PRAGMA journal_mode").await, "wal");
        assert_eq!(pragma("PRAGMA synchronous").await, "2");
        assert_eq!(pragma("PRAGMA foreign_keys").await, "1");
    }
}
