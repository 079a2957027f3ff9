//! Named consumers of the stream: one row each, with its position. A commit never goes back, whoever commits beside it.

use super::apply::Apply;
use super::rows::{int, record_int, record_of};
use super::session::{Row, Session, sql};
use super::version;
use crate::error::{Error, Result};
use crate::ledger::consumer::Consumer;
use fpp_codecs::Code;

impl Apply<'_> {
    /// Makes a consumer where there is none. Two that make it at once clash on its name.
    pub(super) async fn keep(&mut self, consumer: &Consumer) -> Result<()> {
        let known = sql("SELECT name FROM consumers WHERE name = ?").bind(&consumer.name).locking();
        if self.session.row(known).await?.is_some() {
            return Ok(());
        }
        version::needs(self.session, version::POSTINGS).await?;
        let insert =
            "INSERT INTO consumers (publication, record, updated_ms, name, owner, made_ms) VALUES (?, ?, ?, ?, ?, ?)";
        let insert = sql(insert)
            .bind(int(consumer.publication)?)
            .bind(record_int(consumer.record))
            .bind(self.now_ms)
            .bind(&consumer.name)
            .bind(&consumer.owner)
            .bind(self.now_ms);
        self.session.execute(insert).await.map(drop)
    }

    /// Writes where a consumer stands. Its row is locked first, so that of two commits at once none undoes the other.
    pub(super) async fn stand(&mut self, name: &str, to: (u64, u64), back: bool) -> Result<()> {
        let select = sql("SELECT publication, record FROM consumers WHERE name = ?").bind(name).locking();
        let Some(row) = self.session.row(select).await? else {
            let missing = Error::halt(Code::UNKNOWN, format!("there is no consumer `{name}`"));
            return Err(missing.hint("Nothing was written. Somebody has forgotten it: make it once more."));
        };
        let stands: (u64, u64) = (row.get(0)?, record_of(row.get(1)?));
        if to < stands && !back {
            return Err(Error::halt(Code::REFUSED, format!("`{name}` has committed more than that"))
                .hint("Nothing was written. Another instance was faster: go on from there."));
        }
        let update = sql("UPDATE consumers SET publication = ?, record = ?, updated_ms = ? WHERE name = ?")
            .bind(int(to.0)?)
            .bind(record_int(to.1))
            .bind(self.now_ms)
            .bind(name);
        self.session.execute(update).await.map(drop)
    }

    /// Forgets a consumer; nothing where there is none.
    pub(super) async fn forget(&mut self, name: &str) -> Result<()> {
        self.session.execute(sql("DELETE FROM consumers WHERE name = ?").bind(name)).await.map(drop)
    }
}

/// The columns that [`read`] reads.
macro_rules! columns {
    () => {
        "name, owner, publication, record, made_ms, updated_ms"
    };
}

/// One consumer.
pub(super) async fn consumer(session: &mut dyn Session, name: &str) -> Result<Option<Consumer>> {
    let select = sql(concat!("SELECT ", columns!(), " FROM consumers WHERE name = ?")).bind(name);
    session.row(select).await?.map(|row| read(&row)).transpose()
}

/// All of them, by name.
pub(super) async fn consumers(session: &mut dyn Session) -> Result<Vec<Consumer>> {
    let select = sql(concat!("SELECT ", columns!(), " FROM consumers ORDER BY name"));
    session.rows(select).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Consumer> {
    Ok(Consumer {
        name: row.get(0)?,
        owner: row.get(1)?,
        publication: row.get(2)?,
        record: record_of(row.get(3)?),
        made_ms: row.get(4)?,
        updated_ms: row.get(5)?,
    })
}
