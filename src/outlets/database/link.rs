//! Connections to the target, and one transaction on one of them.
//!
//! Invariant: a connection is used again only after its transaction ended for certain. One that broke, whose answer did
//! not come in time, or whose caller was dropped in the middle is closed, and the target undoes what was open on it. A
//! file has one connection that writes, with WAL and `synchronous=FULL`: a commit that returned survives a power cut.

use super::cell::Cell;
use super::fault;
use crate::error::{Error, Result};
use crate::ledger::mysql::{self, Server};
use crate::outlets::own;
use sqlx::database::HasStatementCache;
use sqlx::mysql::MySqlRow;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Decode, Encode, MySqlConnection, SqliteConnection, Type};
use std::borrow::Cow;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};

/// How long a writer waits for its turn before the caller is told to try again.
const TURN_TIMEOUT: Duration = Duration::from_secs(30);
/// A silent server is given up so much later than it gives a statement up itself.
const GRACE: Duration = Duration::from_secs(1);
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection may take to be made, where a statement may take longer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A file's work has no limit of its own but the disk's; this is for a disk that hangs.
const FILE_PATIENCE: Duration = Duration::from_secs(300);
/// The write-ahead log is cut back to this size after a checkpoint.
const WAL_BYTES_MAX: &str = "67108864";
/// Page cache of the connection; a negative number means KiB.
const CACHE_KIB: &str = "-65536";

/// Where the tables are.
#[derive(Clone, Debug)]
pub enum Place {
    /// A SQLite file; it is made, with this mode, when it is not there.
    File {
        /// Where it is.
        path: PathBuf,
        /// Who may read it, or write.
        mode: u32,
    },
    /// A database of a server that speaks MySQL's protocol: MySQL, MariaDB, OceanBase.
    Server(Server),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::File { path, .. } => write!(f, "{}", path.display()),
            Place::Server(server) => write!(f, "{server}"),
        }
    }
}

impl Place {
    /// A SQLite file for the node's own user.
    pub fn file(path: impl Into<PathBuf>) -> Place {
        Place::File { path: path.into(), mode: own::OWN }
    }

    pub(super) fn is_file(&self) -> bool {
        matches!(self, Place::File { .. })
    }

    /// The longest that one statement takes.
    fn patience(&self) -> Duration {
        match self {
            Place::File { .. } => FILE_PATIENCE,
            Place::Server(server) => server.call_timeout + GRACE,
        }
    }

    /// A new connection.
    pub(super) async fn connect(&self) -> Result<Link> {
        let made = async {
            Ok(match self {
                Place::File { path, mode } => {
                    made(path, *mode).await?;
                    let options = SqliteConnectOptions::new()
                        .filename(path)
                        .create_if_missing(false)
                        .busy_timeout(BUSY_TIMEOUT)
                        .journal_mode(SqliteJournalMode::Wal)
                        .synchronous(SqliteSynchronous::Full)
                        .pragma("cell_size_check", "ON")
                        .pragma("trusted_schema", "OFF")
                        .pragma("journal_size_limit", WAL_BYTES_MAX)
                        .pragma("cache_size", CACHE_KIB)
                        .disable_statement_logging();
                    Wire::File(options.connect().await?)
                }
                Place::Server(server) => Wire::Server(mysql::writer(server).await?),
            })
        };
        match tokio::time::timeout(CONNECT_TIMEOUT.min(self.patience()), made).await {
            Ok(Ok(wire)) => Ok(Link { wire, patience: self.patience() }),
            Ok(Err(error)) => Err(fault::of(error).at(self)),
            Err(_) => Err(fault::silent().at(self)),
        }
    }
}

/// An empty file is a database without tables; what SQLite puts beside it gets the rights that it has.
async fn made(path: &Path, mode: u32) -> sqlx::Result<()> {
    let path = path.to_owned();
    let open = move || own::open(&path, OpenOptions::new().write(true), mode).map(drop);
    tokio::task::spawn_blocking(open).await.map_err(std::io::Error::other)?.map_err(sqlx::Error::Io)
}

enum Wire {
    File(SqliteConnection),
    Server(MySqlConnection),
}

/// One connection.
pub(super) struct Link {
    wire: Wire,
    patience: Duration,
}

/// A statement.
#[derive(Clone, Debug)]
pub(super) struct Sql {
    text: Arc<str>,
    /// It is run many times with this text: the target reads it once.
    is_kept: bool,
}

/// A statement that is put together of names in the source; values are always bound.
pub(super) fn sql(text: impl Into<Arc<str>>) -> Sql {
    Sql { text: text.into(), is_kept: false }
}

impl Sql {
    /// The target reads it once.
    pub(super) fn kept(self) -> Sql {
        Sql { is_kept: true, ..self }
    }
}

/// A row that was read.
pub(super) type Row = Vec<Cell<'static>>;

impl Link {
    /// Runs a statement; what the target says against it, unless it says nothing at all.
    pub(super) async fn try_run(&mut self, sql: &Sql, cells: &[Cell<'_>]) -> Result<Result<(), sqlx::Error>> {
        let work = async {
            match &mut self.wire {
                Wire::File(connection) => query(sql, cells).execute(connection).await.map(drop),
                Wire::Server(connection) => query(sql, cells).execute(connection).await.map(drop),
            }
        };
        tokio::time::timeout(self.patience, work).await.map_err(|_| fault::silent())
    }

    /// Runs a statement.
    pub(super) async fn run(&mut self, sql: &Sql, cells: &[Cell<'_>]) -> Result<()> {
        self.try_run(sql, cells).await?.map_err(fault::of)
    }

    /// Runs a statement; the rows that it changed.
    pub(super) async fn change(&mut self, sql: &Sql, cells: &[Cell<'_>]) -> Result<u64> {
        let work = async {
            match &mut self.wire {
                Wire::File(connection) => query(sql, cells).execute(connection).await.map(|done| done.rows_affected()),
                Wire::Server(connection) => {
                    query(sql, cells).execute(connection).await.map(|done| done.rows_affected())
                }
            }
        };
        match tokio::time::timeout(self.patience, work).await {
            Ok(done) => done.map_err(fault::of),
            Err(_) => Err(fault::silent()),
        }
    }

    /// Reads rows.
    pub(super) async fn rows(&mut self, sql: &Sql, cells: &[Cell<'_>]) -> Result<Vec<Row>> {
        let work = async {
            match &mut self.wire {
                Wire::File(connection) => {
                    query(sql, cells).fetch_all(connection).await?.iter().map(read_sqlite).collect::<Result<_, _>>()
                }
                Wire::Server(connection) => {
                    query(sql, cells).fetch_all(connection).await?.iter().map(read_mysql).collect::<Result<_, _>>()
                }
            }
        };
        match tokio::time::timeout(self.patience, work).await {
            Ok(done) => done.map_err(fault::of),
            Err(_) => Err(fault::silent()),
        }
    }

    /// A word that servers take only as text.
    async fn say(&mut self, word: &'static str) -> Result<()> {
        self.raw(word.to_owned()).await?.map_err(fault::of)
    }

    /// A statement without values, which a server reads as text: those that change tables.
    pub(super) async fn raw(&mut self, text: String) -> Result<Result<(), sqlx::Error>> {
        let work = async {
            match &mut self.wire {
                Wire::File(connection) => sqlx::raw_sql(AssertSqlSafe(text)).execute(connection).await.map(drop),
                Wire::Server(connection) => sqlx::raw_sql(AssertSqlSafe(text)).execute(connection).await.map(drop),
            }
        };
        tokio::time::timeout(self.patience, work).await.map_err(|_| fault::silent())
    }

    pub(super) async fn begin(&mut self) -> Result<()> {
        let word = match self.wire {
            Wire::File(_) => "BEGIN IMMEDIATE",
            Wire::Server(_) => "START TRANSACTION",
        };
        self.say(word).await
    }

    /// Ends the transaction. Whether a commit that failed stands is unknown.
    pub(super) async fn end(&mut self, keep: bool) -> Result<()> {
        self.say(if keep { "COMMIT" } else { "ROLLBACK" }).await
    }

    pub(super) async fn close(self) {
        // What was committed is safe; a connection that cannot be closed goes with the process.
        let _ = match self.wire {
            Wire::File(connection) => connection.close().await,
            Wire::Server(connection) => connection.close().await,
        };
    }
}

fn query<DB: sqlx::Database + HasStatementCache>(
    sql: &Sql,
    cells: &[Cell<'_>],
) -> Query<'static, DB, <DB as sqlx::Database>::Arguments>
where
    i64: for<'q> Encode<'q, DB> + Type<DB>,
    Option<i64>: for<'q> Encode<'q, DB> + Type<DB>,
    for<'t> &'t str: Encode<'t, DB> + Type<DB>,
{
    let query = sqlx::query(AssertSqlSafe(sql.text.clone())).persistent(sql.is_kept);
    cells.iter().fold(query, |query, cell| match cell {
        Cell::Null => query.bind(None::<i64>),
        Cell::Int(number) => query.bind(*number),
        Cell::Text(text) => query.bind(&**text),
    })
}

macro_rules! reads {
    ($name:ident, $row:ty, $db:ty) => {
        fn $name(row: &$row) -> Result<Row, sqlx::Error> {
            use sqlx::{Row as _, TypeInfo as _, ValueRef as _};
            (0..row.len())
                .map(|at| {
                    let raw = row.try_get_raw(at)?;
                    let is_int = matches!(&*raw.type_info().name(), "INTEGER" | "INT" | "BIGINT");
                    match (raw.is_null(), is_int) {
                        (true, _) => Ok(Cell::Null),
                        (_, true) => Ok(Cell::Int(<i64 as Decode<$db>>::decode(raw).map_err(sqlx::Error::Decode)?)),
                        _ => {
                            let text = <String as Decode<$db>>::decode(raw).map_err(sqlx::Error::Decode)?;
                            Ok(Cell::Text(Cow::Owned(text)))
                        }
                    }
                })
                .collect()
        }
    };
}
reads!(read_sqlite, SqliteRow, sqlx::Sqlite);
reads!(read_mysql, MySqlRow, sqlx::MySql);

/// Keeps connections between transactions.
pub(super) struct Links {
    place: Place,
    turns: Semaphore,
    idle: Mutex<Vec<Link>>,
}

/// A transaction; dropped without its end, its connection is closed and the target undoes it.
pub(super) struct Open<'l> {
    pub(super) link: Link,
    links: &'l Links,
    _turn: SemaphorePermit<'l>,
}

impl Links {
    pub(super) fn new(place: &Place) -> Links {
        let turns = match place {
            Place::File { .. } => 1,
            Place::Server(server) => usize::try_from(server.connections_max).unwrap_or(1).max(1),
        };
        Links { place: place.clone(), turns: Semaphore::new(turns), idle: Mutex::default() }
    }

    /// Begins a transaction.
    pub(super) async fn begin(&self) -> Result<Open<'_>> {
        let turn = match tokio::time::timeout(TURN_TIMEOUT, self.turns.acquire()).await {
            Ok(Ok(turn)) => turn,
            _ => {
                return Err(Error::retry(fault::CODE, "the outlet's database is busy with other writes of this node")
                    .hint("It tries again; if it stays, look at the target, or raise connections_max.")
                    .at(&self.place));
            }
        };
        loop {
            let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let is_new = kept.is_none();
            let mut link = match kept {
                Some(link) => link,
                None => self.place.connect().await?,
            };
            match link.begin().await {
                Ok(()) => return Ok(Open { link, links: self, _turn: turn }),
                Err(error) if is_new => return Err(error.at(&self.place)),
                // A server that was started anew has forgotten the connections that were kept, this one and the others.
                Err(_) => drop(self.forget()),
            }
        }
    }

    fn forget(&self) -> Vec<Link> {
        std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) async fn close(&self) {
        for link in self.forget() {
            link.close().await;
        }
    }
}

impl Open<'_> {
    /// Commits.
    pub(super) async fn commit(mut self) -> Result<()> {
        self.link.end(true).await.map_err(|error| {
            let lost = Error { class: crate::error::Class::Retry, ..error };
            lost.hint("Whether it stands is seen when the batch comes again.").at(&self.links.place)
        })?;
        self.links.idle.lock().unwrap_or_else(PoisonError::into_inner).push(self.link);
        Ok(())
    }

    /// Undoes everything.
    pub(super) async fn undo(mut self) {
        if self.link.end(false).await.is_ok() {
            self.links.idle.lock().unwrap_or_else(PoisonError::into_inner).push(self.link);
        }
    }
}
