//! Adds a row to a subject's hash chain, in the transaction that changes the subject (I7).

use super::rows;
use super::session::{Session, sql};
use crate::error::Result;
use crate::ledger::chain;
use crate::ledger::fold::{Entry, Under, What};

/// Appends what happened to the chain of `subject`. The head is locked, so that two nodes never write the same row; two
/// that begin a chain at once clash on its key.
pub(super) async fn append(
    session: &mut dyn Session,
    subject: &str,
    at_ms: i64,
    fence: Option<&Under>,
    what: What,
) -> Result<()> {
    let head = session.row(sql("SELECT n, hash FROM heads WHERE subject = ?").bind(subject).locking()).await?;
    let head: Option<(u64, String)> =
        head.map(|row| Ok::<_, crate::error::Error>((row.get(0)?, row.get(1)?))).transpose()?;
    let entry = Entry { what, fence: fence.cloned() }.write()?;
    let known = head.as_ref().map(|(n, hash)| (*n, hash.as_str()));
    let row = chain::next_row(subject, known, at_ms, entry);
    let n = rows::int(row.n)?;
    session
        .execute(
            sql("INSERT INTO journal (subject, n, at_ms, entry, previous, hash) VALUES (?, ?, ?, ?, ?, ?)")
                .bind(subject)
                .bind(n)
                .bind(at_ms)
                .bind(row.entry)
                .bind(row.previous)
                .bind(&row.hash),
        )
        .await?;
    let write = sql(match head {
        Some(_) => "UPDATE heads SET n = ?, hash = ?, unsealed = 1 WHERE subject = ?",
        None => "INSERT INTO heads (n, hash, subject, unsealed) VALUES (?, ?, ?, 1)",
    });
    session.execute(write.bind(n).bind(row.hash).bind(subject)).await?;
    Ok(())
}
