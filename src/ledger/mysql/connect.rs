//! Where the server is and how a session with it is set up.
//!
//! Invariant: a connection that leaves this file has its isolation, its strict SQL mode and its time limits; where one
//! cannot be had, there is no connection. The password is in no message and in no `Debug`.

use super::fault;
use crate::error::Result;
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, MySqlConnection, Row};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// How long a connection may take to be made, where a call may take longer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a writer waits for a row that another one holds.
const LOCK_SECONDS: u32 = 5;
/// The longest that one statement takes that reads whole tables: `verify`, backups.
const WHOLE_SECONDS: u64 = 1_800;
/// A silent server is given up so much later than the server itself gives a statement up.
const GRACE: Duration = Duration::from_secs(1);

/// How the connection is kept from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Not at all: a Unix socket, or a network that is trusted.
    Off,
    /// Encrypted, and the server must be who it says: its certificate is signed by an authority of this file, or of the
    /// system, and has the host's name.
    Verified(Option<PathBuf>),
}

/// A database of a server.
#[derive(Clone)]
pub struct Server {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Unix socket, instead of host and port.
    pub socket: Option<PathBuf>,
    /// User; for OceanBase with its tenant, `user@tenant`.
    pub user: String,
    /// Password.
    pub password: Option<String>,
    /// Database.
    pub database: String,
    /// Encryption; never used on a socket.
    pub tls: Tls,
    /// Most connections that write at once; as many may read.
    pub connections_max: u32,
    /// The longest that a call takes: then a silent server is given up, and with it the connection.
    pub call_timeout: Duration,
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.socket {
            Some(socket) => write!(f, "mysql://{}@{}/{}", self.user, socket.display(), self.database),
            None => write!(f, "mysql://{}@{}:{}/{}", self.user, self.host, self.port, self.database),
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Server").field(&self.to_string()).finish()
    }
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Transactions that write: each statement sees what was committed before it.
    Write,
    /// Reads of some rows.
    Read,
    /// Reads of whole tables in one transaction, which see one and the same moment.
    ReadWhole,
}

/// When who waits for an answer gives the server up.
pub(super) fn patience(server: &Server, wanted: Use) -> Duration {
    match wanted {
        Use::Write | Use::Read => server.call_timeout + GRACE,
        Use::ReadWhole => Duration::from_secs(WHOLE_SECONDS) + GRACE,
    }
}

/// What sqlx is told.
pub(super) fn options(server: &Server) -> MySqlConnectOptions {
    let mut options = MySqlConnectOptions::new()
        .host(&server.host)
        .port(server.port)
        .username(&server.user)
        .database(&server.database)
        .charset("utf8mb4")
        .collation("utf8mb4_bin")
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .disable_statement_logging();
    if let Some(password) = &server.password {
        options = options.password(password);
    }
    match (&server.socket, &server.tls) {
        (Some(socket), _) => options.socket(socket).ssl_mode(MySqlSslMode::Disabled),
        (None, Tls::Off) => options.ssl_mode(MySqlSslMode::Disabled),
        (None, Tls::Verified(authority)) => {
            let options = options.ssl_mode(MySqlSslMode::VerifyIdentity);
            match authority {
                Some(file) => options.ssl_ca(file),
                None => options,
            }
        }
    }
}

/// A new connection, set up.
pub(super) async fn connect(server: &Server, wanted: Use) -> Result<MySqlConnection> {
    let made = async {
        let mut connection = options(server).connect().await?;
        set_up(&mut connection, wanted, server.call_timeout).await?;
        Ok(connection)
    };
    match tokio::time::timeout(CONNECT_TIMEOUT.min(server.call_timeout), made).await {
        Ok(made) => made.map_err(fault::of),
        Err(_) => Err(fault::silent("it did not answer in time")),
    }
}

/// A connection for who writes tables of his own on such a server: set up like those that write the ledger.
pub async fn writer(server: &Server) -> Result<MySqlConnection, sqlx::Error> {
    let mut connection = options(server).connect().await?;
    set_up(&mut connection, Use::Write, server.call_timeout).await?;
    Ok(connection)
}

/// Sets up a session.
pub(super) async fn set_up(
    connection: &mut MySqlConnection,
    wanted: Use,
    call_timeout: Duration,
) -> Result<(), sqlx::Error> {
    let row = sqlx::query("SELECT VERSION()").fetch_one(&mut *connection).await?;
    let version: String = row.try_get_unchecked(0)?;
    let (isolation, seconds) = match wanted {
        Use::Write => ("READ COMMITTED", call_timeout.as_secs().max(1)),
        Use::Read => ("REPEATABLE READ", call_timeout.as_secs().max(1)),
        Use::ReadWhole => ("REPEATABLE READ", WHOLE_SECONDS),
    };
    let mut settings = vec![
        format!("SET SESSION TRANSACTION ISOLATION LEVEL {isolation}"),
        "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,PIPES_AS_CONCAT', autocommit = 1".to_owned(),
        format!("SET SESSION innodb_lock_wait_timeout = {LOCK_SECONDS}"),
    ];
    if wanted == Use::Write {
        // A writer whose line is dead, with no word of it to the server, would keep its rows locked for eight hours.
        settings.push(format!("SET SESSION wait_timeout = {seconds}"));
    }
    if version.contains("OceanBase") {
        // Its limits are in microseconds, and its waiting for a row has a limit of its own.
        settings.push(format!(
            "SET SESSION ob_query_timeout = {seconds}000000, ob_trx_timeout = {seconds}000000, \
             ob_trx_lock_timeout = {LOCK_SECONDS}000000, ob_trx_idle_timeout = {seconds}000000"
        ));
    }
    for setting in settings {
        sqlx::raw_sql(AssertSqlSafe(setting)).execute(&mut *connection).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_without_its_password() {
        let mut server = Server {
            host: "db".into(),
            port: 2881,
            socket: None,
            user: "fpp@bank".into(),
            password: Some("s3cret".into()),
            database: "ledger".into(),
            tls: Tls::Off,
            connections_max: 8,
            call_timeout: Duration::from_secs(60),
        };
        assert_eq!(server.to_string(), "mysql://fpp@bank@db:2881/ledger");
        assert!(!format!("{server:?}").contains("s3cret"));
        server.socket = Some("/run/db.sock".into());
        assert_eq!(server.to_string(), "mysql://fpp@bank@/run/db.sock/ledger");
    }
}
