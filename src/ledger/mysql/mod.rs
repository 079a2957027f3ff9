//! The engine for a server that speaks MySQL's protocol: MariaDB, MySQL, OceanBase.
//!
//! Invariants: several nodes write at once, so transactions are READ COMMITTED and lock each row that they decide by; a
//! connection is used again only after its transaction ended for certain. Every text is compared byte by byte, every
//! time comes from Rust, and the session's SQL mode is strict, so that nothing is cut or rounded in silence.
//!
//! It uses only what all three servers do alike: no RETURNING, no SKIP LOCKED, no GET_LOCK, no JSON or DECIMAL columns.
//! All nodes must talk to the server that commits, never to a replica that follows it.

mod connect;
mod fault;
mod open;
mod partitions;
mod schema;
mod session;
mod tables;
mod writers;

pub use connect::{Server, Tls, writer};

use crate::error::{Error, Result};
use crate::ledger::change::DaysAhead;
use crate::ledger::sql::SqlLedger;
use crate::ledger::sql::session::{Engine, Session, Transaction, sql};
use async_trait::async_trait;
use fpp_codecs::Code;
use session::Reader;
use sqlx::MySqlPool;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use writers::Writers;

/// A ledger in a database of a server.
pub type MysqlLedger = SqlLedger<Mysql>;

/// The database.
pub struct Mysql {
    /// Names the database in errors.
    place: String,
    server: Server,
    /// Connections that write; none when opened for reading only.
    writers: Option<Writers>,
    /// Connections that read.
    readers: MySqlPool,
    /// The last date that journal and rejects have a partition for; 0 when they have none.
    last_date: Arc<AtomicI64>,
}

impl Mysql {
    fn is_dated(&self) -> bool {
        self.last_date.load(Ordering::Relaxed) > 0
    }
}

/// Rows that belong to a row that is gone; the tables have no foreign keys.
const STRAYS: &[(&str, &str, &str)] = &[
    (
        "rejects",
        "transfers",
        "SELECT transfer FROM rejects r WHERE NOT EXISTS (SELECT 1 FROM transfers t WHERE t.id = r.transfer) \
         AND NOT EXISTS (SELECT 1 FROM purged p WHERE p.subject = 'transfer:' || r.transfer) LIMIT 1",
    ),
    (
        "deliveries",
        "transfers",
        "SELECT transfer FROM deliveries d WHERE NOT EXISTS (SELECT 1 FROM transfers t WHERE t.id = d.transfer) LIMIT 1",
    ),
    (
        "dead_letters",
        "deliveries",
        "SELECT delivery FROM dead_letters l WHERE NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.id = l.delivery) LIMIT 1",
    ),
    (
        "seal_heads",
        "seals",
        "SELECT subject FROM seal_heads h WHERE NOT EXISTS (SELECT 1 FROM seals s WHERE s.n = h.seal) LIMIT 1",
    ),
];

#[async_trait]
impl Engine for Mysql {
    async fn read(&self) -> Result<Box<dyn Session>> {
        let connection = self.readers.acquire().await.map_err(|e| fault::of(e).at(&self.place))?;
        Ok(Box::new(Reader::new(connection, &self.server)))
    }

    async fn snapshot(&self) -> Result<Box<dyn Session>> {
        Ok(Box::new(session::snapshot(&self.server).await.map_err(|e| e.at(&self.place))?))
    }

    async fn write(&self) -> Result<Box<dyn Transaction + '_>> {
        let Some(writers) = &self.writers else {
            return Err(Error::halt(Code::LEDGER, format!("{} was opened for reading only", self.place))
                .hint("Commands that change something go to the running node."));
        };
        Ok(Box::new(writers.begin().await.map_err(|e| e.at(&self.place))?))
    }

    fn is_partitioned(&self) -> bool {
        self.is_dated()
    }

    async fn make_days(&self, now_ms: i64) -> Result<Option<DaysAhead>> {
        self.make_partitions(now_ms).await
    }

    async fn drop_days(&self, before: i64) -> Result<u64> {
        self.drop_partitions(before).await
    }

    async fn whole(&self, session: &mut dyn Session) -> Result<Option<String>> {
        for (table, parent, select) in STRAYS {
            if session.row(sql(select)).await?.is_some() {
                return Ok(Some(format!("{table}: a row belongs to a row of {parent} that is gone")));
            }
        }
        Ok(None)
    }

    async fn close(&self) {
        self.readers.close().await;
        if let Some(writers) = &self.writers {
            writers.close().await;
        }
    }
}
