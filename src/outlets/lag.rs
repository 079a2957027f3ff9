//! What a named consumer has not read yet.

use super::position::Position;
use crate::error::Result;
use crate::ledger::Ledger;
use crate::ledger::consumer::Consumer;

/// How far behind it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lag {
    /// Files that it has not read to their end.
    pub files: u64,
    /// Seconds since the first of them was decided.
    pub seconds: i64,
}

/// Looks at one consumer; what was purged meanwhile counts as unread.
pub async fn of(ledger: &dyn Ledger, consumer: &Consumer, now_ms: i64) -> Result<Lag> {
    let last = ledger.last_publication().await?;
    let read = match consumer.record {
        Position::END => consumer.publication,
        _ => consumer.publication.saturating_sub(1),
    };
    let files = last.saturating_sub(read);
    if files == 0 {
        return Ok(Lag::default());
    }
    let first = ledger.publications(read, 1).await?;
    let since_ms = first.first().map_or(now_ms, |t| t.facts.decided_ms.unwrap_or(t.updated_ms));
    Ok(Lag { files, seconds: (now_ms - since_ms).max(0) / 1_000 })
}
