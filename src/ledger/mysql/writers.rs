//! The connections that write, and a transaction on one of them.
//!
//! Invariants: a connection is used again only after its transaction ended for certain. One that broke, whose answer did
//! not come in time, or whose caller was dropped in the middle is closed; the server then undoes what was open on it.
//! Nothing is lost by that: a commit that was not answered is looked up in the books by who asked for it.

use super::connect::{Server, Use, connect, patience};
use super::fault;
use crate::error::{Error, Result};
use crate::ledger::sql::session::{End, Transaction};
use async_trait::async_trait;
use fpp_codecs::Code;
use sqlx::{Connection, MySqlConnection};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};

/// How long a writer waits for its turn before the caller is told to try again.
const TURN_TIMEOUT: Duration = Duration::from_secs(30);

/// Keeps connections between transactions.
pub(super) struct Writers {
    server: Server,
    turns: Semaphore,
    idle: Mutex<Vec<MySqlConnection>>,
    last_date: Arc<AtomicI64>,
}

/// A transaction; dropped without its end, its connection is closed and the server undoes it.
pub(super) struct Write<'w> {
    connection: MySqlConnection,
    writers: &'w Writers,
    /// Another transaction stood in the way of a statement.
    clashed: bool,
    _turn: SemaphorePermit<'w>,
}

impl Writers {
    pub(super) fn new(server: &Server, last_date: Arc<AtomicI64>) -> Writers {
        let turns = usize::try_from(server.connections_max).unwrap_or(1).max(1);
        Writers { server: server.clone(), turns: Semaphore::new(turns), idle: Mutex::default(), last_date }
    }

    /// Begins a transaction.
    pub(super) async fn begin(&self) -> Result<Write<'_>> {
        let turn = match tokio::time::timeout(TURN_TIMEOUT, self.turns.acquire()).await {
            Ok(Ok(turn)) => turn,
            _ => {
                return Err(Error::retry(Code::LEDGER, "the ledger is busy with other writes of this node")
                    .hint("It tries again; if it stays, look at the server, or raise ledger.connections_max."));
            }
        };
        loop {
            let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let is_new = kept.is_none();
            let mut connection = match kept {
                Some(connection) => connection,
                None => connect(&self.server, Use::Write).await?,
            };
            match say(&mut connection, "START TRANSACTION", self.patience()).await {
                Ok(()) => return Ok(Write { connection, writers: self, clashed: false, _turn: turn }),
                Err(error) if is_new => return Err(error.map_or_else(silent, fault::of)),
                // A server that was started anew has forgotten the connections that were kept: the next one, please.
                Err(Some(_)) => {}
                // The line is dead, and nobody says so: the others would be waited for as long, one after the other.
                Err(None) => drop(self.forget()),
            }
        }
    }

    fn patience(&self) -> Duration {
        patience(&self.server, Use::Write)
    }

    /// Forgets the connections that nobody uses.
    fn forget(&self) -> Vec<MySqlConnection> {
        std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Closes the connections that nobody uses.
    pub(super) async fn close(&self) {
        for connection in self.forget() {
            // What was committed is safe; a connection that cannot be closed goes with the process.
            let _ = connection.close().await;
        }
    }
}

impl Write<'_> {
    /// The last date that there is a partition for.
    pub(super) fn last_date(&self) -> Option<i64> {
        Some(self.writers.last_date.load(Ordering::Relaxed)).filter(|last| *last > 0)
    }

    /// Runs a statement in time, and notes what stood in its way.
    pub(super) async fn run<T>(
        &mut self,
        statement: impl AsyncFnOnce(&mut MySqlConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T> {
        match tokio::time::timeout(self.writers.patience(), statement(&mut self.connection)).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => {
                self.clashed |= fault::is_clash(&error);
                Err(fault::of(error))
            }
            Err(_) => Err(silent()),
        }
    }
}

#[async_trait]
impl Transaction for Write<'_> {
    async fn end(self: Box<Self>, keep: bool) -> End {
        let Write { mut connection, writers, clashed, _turn } = *self;
        let clashed = clashed && !keep;
        match say(&mut connection, if keep { "COMMIT" } else { "ROLLBACK" }, writers.patience()).await {
            Ok(()) => {
                writers.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
                End { clashed, fault: None }
            }
            // The connection is dropped, and nothing was committed on it.
            Err(_) if !keep => End { clashed, fault: None },
            Err(Some(error)) if fault::is_undone(&error) => End { clashed: true, fault: Some(fault::of(error)) },
            Err(error) => End { clashed: false, fault: Some(unanswered(error)) },
        }
    }
}

/// Says a word that has no answer but yes; nothing when the server is silent.
async fn say(
    connection: &mut MySqlConnection,
    word: &'static str,
    patience: Duration,
) -> Result<(), Option<sqlx::Error>> {
    match tokio::time::timeout(patience, sqlx::raw_sql(word).execute(connection)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(Some(error)),
        Err(_) => Err(None),
    }
}

fn silent() -> Error {
    fault::silent("it did not answer in time")
}

/// A commit whose answer was lost may stand.
fn unanswered(error: Option<sqlx::Error>) -> Error {
    let lost = Error::retry(Code::LEDGER, "the ledger's server did not say whether it committed")
        .hint("It is looked up in the books and goes on from there.");
    match error {
        Some(error) => lost.caused_by(error),
        None => lost,
    }
}
