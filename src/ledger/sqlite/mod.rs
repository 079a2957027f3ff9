//! The engine for one SQLite file.
//!
//! Invariants: one writer connection, whose every transaction begins IMMEDIATE, so what it reads before it writes is
//! still true when it commits and no row needs a lock; WAL and `synchronous=FULL`, so a commit that returned survives
//! power loss.

mod fault;
mod open;
mod schema;
mod session;
#[cfg(test)]
mod tests;
mod writer;

use crate::error::{Error, Result};
use crate::ledger::sql::SqlLedger;
use crate::ledger::sql::session::{Engine, Session, Transaction, sql};
use async_trait::async_trait;
use fpp_codecs::Code;
use sqlx::SqlitePool;
use writer::Writer;

/// A ledger in one SQLite file.
pub type SqliteLedger = SqlLedger<Sqlite>;

/// The file.
pub struct Sqlite {
    /// Names the file in errors.
    place: String,
    /// One connection; none when opened for reading only.
    writer: Option<Writer>,
    /// A few connections that can only read.
    readers: SqlitePool,
}

#[async_trait]
impl Engine for Sqlite {
    async fn read(&self) -> Result<Box<dyn Session>> {
        Ok(Box::new(self.readers.acquire().await.map_err(fault::of)?))
    }

    async fn snapshot(&self) -> Result<Box<dyn Session>> {
        Ok(Box::new(self.readers.begin().await.map_err(fault::of)?))
    }

    async fn write(&self) -> Result<Box<dyn Transaction + '_>> {
        let Some(writer) = &self.writer else {
            return Err(Error::halt(Code::LEDGER, format!("{} was opened for reading only", self.place))
                .hint("Commands that change something go to the running node."));
        };
        Ok(Box::new(writer.begin().await?))
    }

    async fn whole(&self, session: &mut dyn Session) -> Result<Option<String>> {
        let found: String = session.one(sql("PRAGMA integrity_check(1)")).await?.get(0)?;
        if found != "ok" {
            return Ok(Some(format!("file: {found}")));
        }
        let Some(stray) = session.row(sql("PRAGMA foreign_key_check")).await? else { return Ok(None) };
        let (table, parent): (String, String) = (stray.get(0)?, stray.get(2)?);
        Ok(Some(format!("{table}: a row belongs to a row of {parent} that is gone")))
    }

    async fn close(&self) {
        self.readers.close().await;
        if let Some(writer) = &self.writer {
            writer.close().await;
        }
    }
}
