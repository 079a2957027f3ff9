//! What `verify` asks about purges: is what is left of each what its journal says.

use super::finding::{Stop, broken};
use super::rows::int;
use super::session::{Row, Session, sql};
use crate::error::Result;
use crate::ledger::chain::heads_digest;
use crate::ledger::fold::{Entry, PURGES, What};

const ENTRIES_PER_PAGE: u32 = 100;

/// Every purge left the heads that its entry has the digest of. The chain of the entries was walked before.
pub(super) async fn verify(session: &mut dyn Session) -> Result<(), Stop> {
    let mut after = 0;
    loop {
        let select = sql("SELECT n, entry FROM journal WHERE subject = ? AND n > ? ORDER BY n LIMIT ?");
        let page = session.rows(select.bind(PURGES).bind(int(after)?).bind(ENTRIES_PER_PAGE)).await?;
        for row in &page {
            let (n, entry): (u64, String) = (row.get(0)?, row.get(1)?);
            let Ok(Entry { what: What::Purge { heads, .. }, .. }) = Entry::read(&entry) else {
                return broken(format!("journal {PURGES} {n}: it is no purge"));
            };
            let left = sql("SELECT subject, n, hash FROM purged WHERE purge_n = ? ORDER BY subject").bind(int(n)?);
            let head = |row: &Row| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
            let left: Vec<(String, u64, String)> = session.rows(left).await?.iter().map(head).collect::<Result<_>>()?;
            if heads_digest(&left) != heads {
                return broken(format!("purged {n}: the heads that this purge left differ from its journal"));
            }
            after = n;
        }
        if page.is_empty() {
            return Ok(());
        }
    }
}

/// The newest publication number that was purged is the one that the journal says.
pub(super) async fn newest(session: &mut dyn Session, newest: u64) -> Result<(), Stop> {
    let stands: u64 = session.one(sql("SELECT value FROM counters WHERE name = 'purged'")).await?.get(0)?;
    if stands == newest {
        return Ok(());
    }
    broken(format!("counters purged: it stands at {stands}, its journal says {newest}"))
}
