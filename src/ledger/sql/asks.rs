//! Requests that a second person must confirm.

use super::append;
use super::apply::Apply;
use super::rows::name_of;
use super::session::{Row, Session, sql};
use crate::error::{Error, Result};
use crate::ledger::desk::{Ask, AskId, AskState};
use crate::ledger::fold::{self, What, ask_subject};
use fpp_codecs::Code;

/// The columns that [`read`] reads.
macro_rules! ask_columns {
    () => {
        "id, verb, subject, body, effect, person, reason, asked_ms, state, closed_by, closed_ms"
    };
}

impl Apply<'_> {
    /// Books a request.
    pub(super) async fn ask(&mut self, ask: &Ask) -> Result<()> {
        let ask = fold::asked(ask, self.now_ms);
        let write = sql("INSERT INTO asks (id, verb, subject, body, effect, person, reason, asked_ms, state) \
                         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(&ask.id.0)
        .bind(&ask.verb)
        .bind(&ask.subject)
        .bind(&ask.body)
        .bind(&ask.effect)
        .bind(&ask.person)
        .bind(&ask.reason)
        .bind(ask.asked_ms)
        .bind(name_of(&ask.state)?);
        self.session.execute(write).await?;
        let subject = ask_subject(&ask.id);
        let what = What::Ask { ask: Box::new(ask) };
        append::append(self.session, &subject, self.now_ms, self.fence.as_ref(), what, None).await
    }

    /// Closes a request, once.
    pub(super) async fn settle(&mut self, id: &AskId, confirmed: bool, by: &str) -> Result<()> {
        let select = sql(concat!("SELECT ", ask_columns!(), " FROM asks WHERE id = ?")).bind(&id.0).locking();
        let Some(row) = self.session.row(select).await? else {
            let what = format!("there is no request {id}");
            return Err(Error::halt(Code::UNKNOWN, what).hint("`fpp requests` lists them."));
        };
        let mut ask = read(&row)?;
        fold::settle(&mut ask, confirmed, by, self.now_ms).map_err(|why| {
            Error::halt(Code::REFUSED, format!("request {id}: {why}")).hint("`fpp requests --all` says by whom.")
        })?;
        let write = sql("UPDATE asks SET state = ?, closed_by = ?, closed_ms = ? WHERE id = ?")
            .bind(name_of(&ask.state)?)
            .bind(ask.closed_by.as_ref())
            .bind(ask.closed_ms)
            .bind(&id.0);
        self.session.execute(write).await?;
        let what = What::Settle { confirmed, by: by.to_owned() };
        append::append(self.session, &ask_subject(id), self.now_ms, self.fence.as_ref(), what, None).await
    }
}

/// One request.
pub(super) async fn ask(session: &mut dyn Session, id: &AskId) -> Result<Option<Ask>> {
    let select = sql(concat!("SELECT ", ask_columns!(), " FROM asks WHERE id = ?")).bind(&id.0);
    session.row(select).await?.map(|row| read(&row)).transpose()
}

/// Requests, newest first.
pub(super) async fn asks(session: &mut dyn Session, all: bool, limit: u32) -> Result<Vec<Ask>> {
    let select = sql(if all {
        concat!("SELECT ", ask_columns!(), " FROM asks ORDER BY id DESC LIMIT ?")
    } else {
        concat!("SELECT ", ask_columns!(), " FROM asks WHERE state = 'Open' ORDER BY id DESC LIMIT ?")
    });
    session.rows(select.bind(limit)).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Ask> {
    let (id, state): (String, String) = (row.get("id")?, row.get("state")?);
    let state = match state.as_str() {
        "Open" => AskState::Open,
        "Confirmed" => AskState::Confirmed,
        "Declined" => AskState::Declined,
        _ => return Err(super::fault::damaged("asks", &id, format!("state is `{state}`"))),
    };
    Ok(Ask {
        id: AskId(id),
        verb: row.get("verb")?,
        subject: row.get("subject")?,
        body: row.get("body")?,
        effect: row.get("effect")?,
        person: row.get("person")?,
        reason: row.get("reason")?,
        asked_ms: row.get("asked_ms")?,
        state,
        closed_by: row.get("closed_by")?,
        closed_ms: row.get("closed_ms")?,
    })
}
