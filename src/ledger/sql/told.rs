//! What is said once: a key for each thing that a person should hear a single time, whoever finds it and however often.
//!
//! Invariant: of all nodes that say a thing at once, one raises its notice, for the key is unique and the later one looks
//! again. It survives restarts, because it stands in the books; it is no part of any chain, because it decides nothing.

use super::apply::Apply;
use super::rows::{int, open_key};
use super::session::{Session, sql};
use crate::error::Result;
use crate::ledger::change::{NewNotice, Told};

/// Greater than every character of a key.
const AFTER_ALL: char = '~';

impl Apply<'_> {
    /// Says a thing for the first time, or not at all.
    pub(super) async fn tell(&mut self, key: &str, notice: Option<&NewNotice>) -> Result<()> {
        let known = sql("SELECT is_open FROM told WHERE told_key = ?").bind(key).locking();
        if self.session.row(known).await?.is_some() {
            return Ok(());
        }
        let keep = sql("INSERT INTO told (told_key, at_ms, is_open) VALUES (?, ?, 1)");
        self.session.execute(keep.bind(key).bind(self.now_ms)).await?;
        self.applied.told += 1;
        match notice {
            Some(notice) => self.raise(notice).await,
            None => Ok(()),
        }
    }

    /// Ends what is open.
    pub(super) async fn over(&mut self, key: &str, notice: Option<&NewNotice>) -> Result<()> {
        let close = sql("UPDATE told SET is_open = 0, over_ms = ? WHERE told_key = ? AND is_open = 1");
        if self.session.execute(close.bind(self.now_ms).bind(key)).await? == 0 {
            return Ok(());
        }
        self.applied.told += 1;
        match notice {
            Some(notice) => self.raise(notice).await,
            None => Ok(()),
        }
    }

    /// Closes the open notice of a topic and subject.
    pub(super) async fn close_notice(&mut self, topic: &str, subject: &str, by: &str) -> Result<()> {
        let close = sql("UPDATE notices SET unread = 0, open_key = NULL, acknowledged_by = ?, acknowledged_ms = ? \
                         WHERE open_key = ? AND unread = 1");
        self.session.execute(close.bind(by).bind(self.now_ms).bind(open_key(topic, subject))).await.map(drop)
    }

    /// Closes a notice that was not raised again since it was looked at.
    pub(super) async fn end_notice(&mut self, id: i64, count: u64, by: &str, notice: Option<&NewNotice>) -> Result<()> {
        let close = sql("UPDATE notices SET unread = 0, open_key = NULL, acknowledged_by = ?, acknowledged_ms = ? \
                         WHERE id = ? AND times = ? AND unread = 1");
        if self.session.execute(close.bind(by).bind(self.now_ms).bind(id).bind(int(count)?)).await? == 0 {
            return Ok(());
        }
        self.applied.told += 1;
        match notice {
            Some(notice) => self.raise(notice).await,
            None => Ok(()),
        }
    }
}

/// What was told under keys that begin so.
pub(super) async fn told(session: &mut dyn Session, prefix: &str, open: bool, limit: u32) -> Result<Vec<Told>> {
    let select = sql(if open {
        "SELECT told_key, at_ms, is_open FROM told WHERE is_open = 1 AND told_key >= ? AND told_key < ? \
         ORDER BY told_key LIMIT ?"
    } else {
        "SELECT told_key, at_ms, is_open FROM told WHERE told_key >= ? AND told_key < ? ORDER BY told_key LIMIT ?"
    });
    let rows = session.rows(select.bind(prefix).bind(format!("{prefix}{AFTER_ALL}")).bind(limit)).await?;
    rows.iter().map(|row| Ok(Told { key: row.get(0)?, at_ms: row.get(1)?, open: row.get(2)? })).collect()
}
