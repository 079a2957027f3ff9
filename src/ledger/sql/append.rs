//! Adds a row to a subject's hash chain, in the transaction that changes the subject (I7).

use super::session::{Session, sql};
use super::{book_date, rows};
use crate::error::Result;
use crate::ledger::chain;
use crate::ledger::fold::{Entry, Under, What};

/// Appends what happened to the chain of `subject`. The head is locked, so that two nodes never write the same row; two
/// that begin a chain at once clash on its key. The chain stands under a date from now on, if one is given; else under
/// the one that it has, or none.
pub(super) async fn append(
    session: &mut dyn Session,
    subject: &str,
    at_ms: i64,
    fence: Option<&Under>,
    what: What,
    date: Option<i64>,
) -> Result<()> {
    let select = sql("SELECT n, hash, book_date FROM heads WHERE subject = ?").bind(subject).locking();
    let head = session.row(select).await?;
    let head: Option<(u64, String, i64)> =
        head.map(|row| Ok::<_, crate::error::Error>((row.get(0)?, row.get(1)?, row.get(2)?))).transpose()?;
    let stood = head.as_ref().map_or(0, |(.., stood)| *stood);
    let date = date.unwrap_or(stood);
    if head.is_some() && date != stood {
        book_date::put(&mut *session, subject, stood, date).await?;
    }
    let entry = Entry { what, fence: fence.cloned() }.write()?;
    let known = head.as_ref().map(|(n, hash, _)| (*n, hash.as_str()));
    let row = chain::next_row(subject, known, at_ms, entry);
    let n = rows::int(row.n)?;
    session
        .execute(
            sql("INSERT INTO journal (book_date, subject, n, at_ms, entry, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?)")
                .bind(date)
                .bind(subject)
                .bind(n)
                .bind(at_ms)
                .bind(row.entry)
                .bind(row.previous)
                .bind(&row.hash),
        )
        .await?;
    let write = sql(match head {
        Some(_) => "UPDATE heads SET n = ?, hash = ?, book_date = ?, unsealed = 1 WHERE subject = ?",
        None => "INSERT INTO heads (n, hash, book_date, subject, unsealed) VALUES (?, ?, ?, ?, 1)",
    });
    session.execute(write.bind(n).bind(row.hash).bind(date).bind(subject)).await?;
    Ok(())
}
