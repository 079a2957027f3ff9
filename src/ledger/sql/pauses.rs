//! What is paused: rows that every node's due reads look at, so a pause holds on all of them at once.

use super::append;
use super::apply::Apply;
use super::fault;
use super::session::{Row, Session, sql};
use super::version;
use crate::error::Result;
use crate::ledger::desk::{Pause, Switch, SwitchKind};
use crate::ledger::fold::{PAUSES, What};

impl Apply<'_> {
    /// Pauses or resumes; saying again what is so already does nothing.
    pub(super) async fn pause(&mut self, switch: &Switch, paused: bool, by: &str) -> Result<()> {
        let (kind, name) = (switch.kind.name(), &switch.name);
        let select = sql("SELECT since_ms FROM pauses WHERE kind = ? AND name = ?").bind(kind).bind(name);
        let is_paused = self.session.row(select.locking()).await?.is_some();
        let write = match (is_paused, paused) {
            (true, true) | (false, false) => return Ok(()),
            (false, true) => {
                version::needs(self.session, version::PAUSES).await?;
                sql("INSERT INTO pauses (kind, name, since_ms, decided_by) VALUES (?, ?, ?, ?)")
                    .bind(kind)
                    .bind(name)
                    .bind(self.now_ms)
                    .bind(by)
            }
            (true, false) => sql("DELETE FROM pauses WHERE kind = ? AND name = ?").bind(kind).bind(name),
        };
        self.session.execute(write).await?;
        let what = What::Pause { switch: switch.clone(), paused, by: by.to_owned() };
        append::append(self.session, PAUSES, self.now_ms, self.fence.as_ref(), what, None).await
    }
}

/// What is paused, in the order of [`Switch`].
pub(super) async fn pauses(session: &mut dyn Session) -> Result<Vec<Pause>> {
    let rows = session.rows(sql("SELECT kind, name, since_ms, decided_by FROM pauses")).await?;
    let mut pauses: Vec<Pause> = rows.iter().map(read).collect::<Result<_>>()?;
    pauses.sort_by(|a, b| a.switch.cmp(&b.switch));
    Ok(pauses)
}

fn read(row: &Row) -> Result<Pause> {
    let (kind, name): (String, String) = (row.get(0)?, row.get(1)?);
    let known = SwitchKind::ALL.into_iter().find(|known| known.name() == kind);
    let kind = known.ok_or_else(|| fault::damaged("pauses", &name, format!("kind is `{kind}`")))?;
    Ok(Pause { switch: Switch { kind, name }, since_ms: row.get(2)?, by: row.get(3)? })
}
