//! Opens the database: connections, and the check that it holds a ledger this program can use.

use super::connect::{Server, Use, connect, options, set_up};
use super::writers::Writers;
use super::{Mysql, MysqlLedger, partitions, schema};
use crate::error::{Error, Result};
use crate::ledger::sql::SqlLedger;
use crate::ledger::sql::version;
use fpp_codecs::Code;
use sqlx::mysql::MySqlPoolOptions;
use sqlx::{MySqlConnection, MySqlPool};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
/// Servers and what stands between close connections that say nothing for hours.
const IDLE_TIMEOUT: Duration = Duration::from_secs(300);

fn readers(server: &Server) -> MySqlPool {
    let call_timeout = server.call_timeout;
    MySqlPoolOptions::new()
        .max_connections(server.connections_max.max(1))
        .acquire_timeout(ACQUIRE_TIMEOUT.min(call_timeout))
        .idle_timeout(IDLE_TIMEOUT)
        .after_connect(move |connection, _| Box::pin(set_up(connection, Use::Read, call_timeout)))
        .connect_lazy_with(options(server))
}

impl MysqlLedger {
    /// Opens the ledger for a node; makes its tables, or brings older ones to this program's schema.
    pub async fn open(server: Server) -> Result<MysqlLedger> {
        let place = server.to_string();
        // Not from the pool, which hides why there is no connection.
        let mut connection = connect(&server, Use::Write).await.map_err(|e| e.at(&place))?;
        let from = schema::version(&mut connection, &place).await?;
        schema::migrate(&mut connection, from).await.map_err(|e| e.at(&place))?;
        let last_date = last_date(&mut connection).await.map_err(|e| e.at(&place))?;
        let writers = Some(Writers::new(&server, last_date.clone()));
        Ok(SqlLedger::new(Mysql { writers, readers: readers(&server), place, server, last_date }))
    }

    /// The version of the tables, 0 when there are none yet. Changes nothing.
    pub async fn look(server: Server) -> Result<i64> {
        let place = server.to_string();
        let mut connection = connect(&server, Use::Read).await.map_err(|e| e.at(&place))?;
        schema::version(&mut connection, &place).await
    }

    /// Opens the ledger for reading, also while nodes write it. It changes nothing, so it does not migrate.
    pub async fn open_read_only(server: Server) -> Result<MysqlLedger> {
        let place = server.to_string();
        let mut connection = connect(&server, Use::Read).await.map_err(|e| e.at(&place))?;
        let found = schema::version(&mut connection, &place).await?;
        if found == 0 {
            return Err(Error::halt(Code::LEDGER, format!("{place}: there is no ledger"))
                .hint("Look at ledger.url in the configuration; a node makes the tables when it first starts."));
        }
        version::is_current(&place, found)?;
        let last_date = last_date(&mut connection).await.map_err(|e| e.at(&place))?;
        Ok(SqlLedger::new(Mysql { writers: None, readers: readers(&server), place, server, last_date }))
    }
}

async fn last_date(connection: &mut MySqlConnection) -> Result<Arc<AtomicI64>> {
    let last = partitions::last(connection).await?;
    Ok(Arc::new(AtomicI64::new(last.unwrap_or(0))))
}
