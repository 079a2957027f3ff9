//! The one connection that writes, and a transaction on it.
//!
//! Invariant: a connection is used again only after its transaction ended for certain. A full disk or an I/O error makes
//! SQLite roll back by itself, and a caller may be dropped in the middle; then the connection is closed, which undoes
//! whatever was open, and the next writer gets a new one. The pool of sqlx counts transactions on its own and would keep
//! such a connection for ever, so it is not used here.

use super::fault;
use crate::error::{Error, Result};
use fpp_codecs::Code;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use std::ops::{Deref, DerefMut};
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard};

/// How long a writer waits for its turn before the caller is told to try again.
const TURN_TIMEOUT: Duration = Duration::from_secs(30);

/// Keeps the connection between transactions.
pub(super) struct Writer {
    options: SqliteConnectOptions,
    idle: Mutex<Option<SqliteConnection>>,
}

/// A transaction; dropped without its end, it is undone.
pub(super) struct Write<'w> {
    // Dropped first, so that the next writer finds the lock free.
    connection: SqliteConnection,
    idle: MutexGuard<'w, Option<SqliteConnection>>,
}

impl Writer {
    pub(super) async fn open(options: SqliteConnectOptions) -> Result<Writer> {
        let connection = options.connect().await.map_err(fault::of)?;
        Ok(Writer { options, idle: Mutex::new(Some(connection)) })
    }

    /// Begins a transaction that holds the write lock from its first statement on.
    pub(super) async fn begin(&self) -> Result<Write<'_>> {
        let mut idle = tokio::time::timeout(TURN_TIMEOUT, self.idle.lock()).await.map_err(|_| {
            Error::retry(Code::LEDGER, "the ledger is busy with other writes of this node")
                .hint("It tries again; if it stays, look at the disk.")
        })?;
        let mut connection = match idle.take() {
            Some(connection) => connection,
            None => self.options.connect().await.map_err(fault::of)?,
        };
        match sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await {
            Ok(_) => Ok(Write { connection, idle }),
            Err(error) => Err(fault::of(error)),
        }
    }

    /// Closes the connection once the transaction under way has ended.
    pub(super) async fn close(&self) {
        if let Some(connection) = self.idle.lock().await.take() {
            // What was committed is safe; a connection that cannot be closed goes with the process.
            let _ = connection.close().await;
        }
    }
}

impl Write<'_> {
    /// Commits, or undoes what was written. An error that was undone by SQLite itself makes the ROLLBACK fail.
    pub(super) async fn finish(mut self, keep: bool) -> Result<()> {
        let sql = if keep { "COMMIT" } else { "ROLLBACK" };
        sqlx::query(sql).execute(&mut self.connection).await.map_err(fault::of)?;
        *self.idle = Some(self.connection);
        Ok(())
    }
}

impl Deref for Write<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for Write<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}
