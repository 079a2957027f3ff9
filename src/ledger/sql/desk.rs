//! What people see and say: notices, and the business dates that the core opens and closes.

use super::append;
use super::apply::Apply;
use super::rows::open_key;
use super::session::{Row, Session, sql};
use super::version;
use crate::error::{Error, Result};
use crate::ledger::change::{NewNotice, Notice, RECOVERED};
use crate::ledger::fold::{What, day_subject, outlet_subject};
use fpp_codecs::Code;

impl Apply<'_> {
    /// Raises a notice, or counts up the open one on the same thing. Two that open it at once clash on its open key.
    pub(super) async fn raise(&mut self, new: &NewNotice) -> Result<()> {
        if new.topic == RECOVERED {
            self.close_notice(RECOVERED, &new.subject, "fpp: told anew").await?;
        }
        let open_key = open_key(&new.topic, &new.subject);
        let open = self.session.row(sql("SELECT id FROM notices WHERE open_key = ?").bind(&open_key).locking()).await?;
        let is_new = open.is_none();
        if is_new && new.topic != RECOVERED {
            self.close_notice(RECOVERED, &new.subject, "fpp: there is trouble again").await?;
        }
        let mut write = sql(match open {
            Some(_) => {
                "UPDATE notices SET last_ms = ?, severity = ?, code = ?, body = ?, times = times + 1 WHERE open_key = ?"
            }
            None => {
                "INSERT INTO notices (last_ms, severity, code, body, open_key, topic, subject, raised_ms, times, \
                 unread) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, 1)"
            }
        });
        write = write.bind(self.now_ms).bind(&new.severity).bind(new.code).bind(&new.text).bind(open_key);
        if is_new {
            write = write.bind(&new.topic).bind(&new.subject).bind(self.now_ms);
        }
        self.session.execute(write).await?;
        Ok(())
    }

    /// Notes who read a notice; the first reader stays.
    pub(super) async fn acknowledge_notice(&mut self, id: i64, by: &str) -> Result<()> {
        if self.session.row(sql("SELECT id FROM notices WHERE id = ?").bind(id)).await?.is_none() {
            let what = format!("there is no notice {id}");
            return Err(Error::halt(Code::UNKNOWN, what).hint("`fpp notices` lists them."));
        }
        let read = sql("UPDATE notices SET unread = 0, open_key = NULL, acknowledged_by = ?, acknowledged_ms = ? \
                        WHERE id = ? AND unread = 1");
        self.session.execute(read.bind(by).bind(self.now_ms).bind(id)).await?;
        Ok(())
    }

    /// Opens or closes a business date; saying again what is so already does nothing.
    pub(super) async fn day(&mut self, route: &str, business_date: &str, open: bool, by: &str) -> Result<()> {
        let select = sql("SELECT is_open FROM days WHERE route = ? AND business_date = ?");
        let known = self.session.row(select.bind(route).bind(business_date).locking()).await?;
        let known: Option<bool> = known.map(|row| row.get(0)).transpose()?;
        let write = sql(match known {
            Some(known) if known == open => return Ok(()),
            Some(_) => "UPDATE days SET is_open = ?, at_ms = ?, decided_by = ? WHERE route = ? AND business_date = ?",
            None => "INSERT INTO days (is_open, at_ms, decided_by, route, business_date) VALUES (?, ?, ?, ?, ?)",
        });
        self.session.execute(write.bind(open).bind(self.now_ms).bind(by).bind(route).bind(business_date)).await?;
        let what = What::Day { business_date: business_date.into(), open, by: by.into() };
        append::append(self.session, &day_subject(route), self.now_ms, self.fence.as_ref(), what, None).await
    }
}

impl Apply<'_> {
    /// Writes down that a person takes rows out of an outlet's database. An older program's `verify` knows no such chain.
    pub(super) async fn rows_taken(&mut self, outlet: &str, what: What) -> Result<()> {
        version::needs(self.session, version::POSTINGS).await?;
        append::append(self.session, &outlet_subject(outlet), self.now_ms, self.fence.as_ref(), what, None).await
    }
}

macro_rules! select_notices {
    ($rest:literal) => {
        concat!(
            "SELECT id, raised_ms, last_ms, times, severity, topic, subject, code, body, acknowledged_by, \
             acknowledged_ms FROM notices",
            $rest
        )
    };
}

/// Greater than 0, not equal to 1: so that SQLite walks the ids, and does not sort all open ones for each page.
pub(crate) const OPEN_NOTICES: &str = select_notices!(" WHERE id > ? AND unread > 0 ORDER BY id LIMIT ?");

/// Notices, newest first.
pub(super) async fn notices(session: &mut dyn Session, all: bool, limit: u32) -> Result<Vec<Notice>> {
    let select = sql(if all {
        select_notices!(" ORDER BY last_ms DESC, id DESC LIMIT ?")
    } else {
        select_notices!(" WHERE unread = 1 ORDER BY last_ms DESC, id DESC LIMIT ?")
    });
    session.rows(select.bind(limit)).await?.iter().map(read_notice).collect()
}

/// Those that nobody has read, by their ids.
pub(super) async fn open_notices(session: &mut dyn Session, after: i64, limit: u32) -> Result<Vec<Notice>> {
    session.rows(sql(OPEN_NOTICES).bind(after).bind(limit)).await?.iter().map(read_notice).collect()
}

fn read_notice(row: &Row) -> Result<Notice> {
    let by: Option<String> = row.get("acknowledged_by")?;
    let at: Option<i64> = row.get("acknowledged_ms")?;
    Ok(Notice {
        id: row.get("id")?,
        raised_ms: row.get("raised_ms")?,
        last_ms: row.get("last_ms")?,
        count: row.get("times")?,
        notice: NewNotice {
            severity: row.get("severity")?,
            topic: row.get("topic")?,
            subject: row.get("subject")?,
            code: row.get("code")?,
            text: row.get("body")?,
        },
        acknowledged: by.zip(at),
    })
}

/// Business dates of a route, oldest first, with `true` for open.
pub(super) async fn days(session: &mut dyn Session, route: &str) -> Result<Vec<(String, bool)>> {
    let select = sql("SELECT business_date, is_open FROM days WHERE route = ? ORDER BY business_date").bind(route);
    session.rows(select).await?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}
