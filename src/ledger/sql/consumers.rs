//! Named consumers of the stream: one row each, with its position.

use super::apply::Apply;
use super::rows::{int, record_int, record_of};
use super::session::{Row, Session, sql};
use super::version;
use crate::error::Result;
use crate::ledger::consumer::Consumer;

impl Apply<'_> {
    /// Makes a consumer, or writes its position. Two that make it at once clash on its name.
    pub(super) async fn keep(&mut self, consumer: &Consumer) -> Result<()> {
        let known = sql("SELECT name FROM consumers WHERE name = ?").bind(&consumer.name).locking();
        let is_new = self.session.row(known).await?.is_none();
        if is_new {
            version::needs(self.session, version::POSTINGS).await?;
        }
        let mut write = sql(match is_new {
            true => {
                "INSERT INTO consumers (publication, record, updated_ms, name, owner, made_ms) VALUES (?, ?, ?, ?, ?, ?)"
            }
            false => "UPDATE consumers SET publication = ?, record = ?, updated_ms = ? WHERE name = ?",
        })
        .bind(int(consumer.publication)?)
        .bind(record_int(consumer.record))
        .bind(self.now_ms)
        .bind(&consumer.name);
        if is_new {
            write = write.bind(&consumer.owner).bind(self.now_ms);
        }
        self.session.execute(write).await.map(drop)
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
