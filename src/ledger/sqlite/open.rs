//! Opens the file: settings of the connections, and the check that the file is a ledger this program can write.

use super::writer::Writer;
use super::{Sqlite, SqliteLedger, fault, schema};
use crate::error::{Error, Result};
use crate::ledger::sql::SqlLedger;
use crate::ledger::sql::session::Engine;
use crate::ledger::sql::version;
use fpp_codecs::Code;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqlitePool};
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
        let file = Sqlite { place: place.clone(), writer: Some(writer), readers: readers(path) };
        let mut transaction = file.write().await.map_err(|e| e.at(&place))?;
        let migrated = schema::migrate(&mut *transaction, &place).await;
        let end = transaction.end(migrated.is_ok()).await;
        migrated?;
        match end.fault {
            Some(fault) => Err(fault.at(&place)),
            None => Ok(SqlLedger::new(file)),
        }
    }

    /// Opens the ledger for reading, also while a node writes it. It never changes the file, so it does not migrate.
    pub async fn open_read_only(path: &Path) -> Result<SqliteLedger> {
        let place = path.display().to_string();
        if !path.is_file() {
            return Err(Error::halt(Code::LEDGER, format!("{place}: there is no ledger"))
                .hint("Look at the ledger's path in the configuration; a node creates it when it first starts."));
        }
        let file = Sqlite { place: place.clone(), writer: None, readers: readers(path) };
        let mut session = file.read().await.map_err(|e| e.at(&place))?;
        let found = schema::version(&mut *session, &place).await?;
        drop(session);
        version::is_current(&place, found)?;
        Ok(SqlLedger::new(file))
    }
}
