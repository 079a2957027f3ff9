//! What people see and say: notices, and the business dates that the core opens and closes.

use super::apply::Apply;
use super::{append, fault};
use crate::error::{Error, Result};
use crate::ledger::change::{NewNotice, Notice};
use crate::ledger::fold::{What, day_subject};
use sqlx::{Row, SqliteConnection};

impl Apply<'_> {
    /// Raises a notice, or counts up the open one on the same thing.
    pub(super) async fn raise(&mut self, new: &NewNotice) -> Result<()> {
        let open = sqlx::query("SELECT id FROM notices WHERE unread = 1 AND topic = ? AND subject = ?")
            .bind(&new.topic)
            .bind(&new.subject)
            .fetch_optional(&mut *self.connection)
            .await
            .map_err(fault::of)?;
        let sql = match open {
            Some(_) => {
                "UPDATE notices SET last_ms = ?, severity = ?, code = ?, body = ?, times = times + 1 \
                 WHERE unread = 1 AND topic = ? AND subject = ?"
            }
            None => {
                "INSERT INTO notices (last_ms, severity, code, body, topic, subject, raised_ms, times, unread) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, 1, 1)"
            }
        };
        let mut query = sqlx::query(sql)
            .bind(self.now_ms)
            .bind(&new.severity)
            .bind(new.code)
            .bind(&new.text)
            .bind(&new.topic)
            .bind(&new.subject);
        if open.is_none() {
            query = query.bind(self.now_ms);
        }
        query.execute(&mut *self.connection).await.map_err(fault::of)?;
        Ok(())
    }

    /// Notes who read a notice; the first reader stays.
    pub(super) async fn acknowledge_notice(&mut self, id: i64, by: &str) -> Result<()> {
        let known = sqlx::query("SELECT id FROM notices WHERE id = ?")
            .bind(id)
            .fetch_optional(&mut *self.connection)
            .await
            .map_err(fault::of)?;
        if known.is_none() {
            return Err(Error::internal(format!("there is no notice {id}")).hint("`fpp notices` lists them."));
        }
        sqlx::query(
            "UPDATE notices SET unread = 0, acknowledged_by = ?, acknowledged_ms = ? WHERE id = ? AND unread = 1",
        )
        .bind(by)
        .bind(self.now_ms)
        .bind(id)
        .execute(&mut *self.connection)
        .await
        .map_err(fault::of)?;
        Ok(())
    }

    /// Opens or closes a business date; saying again what is so already does nothing.
    pub(super) async fn day(&mut self, route: &str, business_date: &str, open: bool, by: &str) -> Result<()> {
        let known = sqlx::query("SELECT is_open FROM days WHERE route = ? AND business_date = ?")
            .bind(route)
            .bind(business_date)
            .fetch_optional(&mut *self.connection)
            .await
            .map_err(fault::of)?;
        let known: Option<bool> = known.map(|row| row.try_get(0)).transpose().map_err(fault::of)?;
        let sql = match known {
            Some(known) if known == open => return Ok(()),
            Some(_) => "UPDATE days SET is_open = ?, at_ms = ?, decided_by = ? WHERE route = ? AND business_date = ?",
            None => "INSERT INTO days (is_open, at_ms, decided_by, route, business_date) VALUES (?, ?, ?, ?, ?)",
        };
        sqlx::query(sql)
            .bind(open)
            .bind(self.now_ms)
            .bind(by)
            .bind(route)
            .bind(business_date)
            .execute(&mut *self.connection)
            .await
            .map_err(fault::of)?;
        let what = What::Day { business_date: business_date.into(), open, by: by.into() };
        append::append(self.connection, &day_subject(route), self.now_ms, self.fence.as_ref(), what).await
    }
}

/// Notices, newest first.
pub(super) async fn notices(connection: &mut SqliteConnection, all: bool, limit: u32) -> Result<Vec<Notice>> {
    macro_rules! select {
        ($condition:literal) => {
            concat!(
                "SELECT id, raised_ms, last_ms, times, severity, topic, subject, code, body, acknowledged_by, \
                 acknowledged_ms FROM notices",
                $condition,
                " ORDER BY last_ms DESC, id DESC LIMIT ?"
            )
        };
    }
    let sql = if all { select!("") } else { select!(" WHERE unread = 1") };
    let rows = sqlx::query(sql).bind(limit).fetch_all(connection).await.map_err(fault::of)?;
    rows.iter()
        .map(|row| {
            let by: Option<String> = row.try_get("acknowledged_by")?;
            let at: Option<i64> = row.try_get("acknowledged_ms")?;
            Ok(Notice {
                id: row.try_get("id")?,
                raised_ms: row.try_get("raised_ms")?,
                last_ms: row.try_get("last_ms")?,
                count: row.try_get::<i64, _>("times")?.unsigned_abs(),
                notice: NewNotice {
                    severity: row.try_get("severity")?,
                    topic: row.try_get("topic")?,
                    subject: row.try_get("subject")?,
                    code: row.try_get("code")?,
                    text: row.try_get("body")?,
                },
                acknowledged: by.zip(at),
            })
        })
        .collect::<Result<_, sqlx::Error>>()
        .map_err(fault::of)
}

/// Business dates of a route, oldest first, with `true` for open.
pub(super) async fn days(connection: &mut SqliteConnection, route: &str) -> Result<Vec<(String, bool)>> {
    let rows = sqlx::query("SELECT business_date, is_open FROM days WHERE route = ? ORDER BY business_date")
        .bind(route)
        .fetch_all(connection)
        .await
        .map_err(fault::of)?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, sqlx::Error>>().map_err(fault::of)
}
