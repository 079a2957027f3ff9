//! Says a thing once, or that it is over, and logs it when it was said (`Change::Tell`, `Change::Over`).

use super::rooms::Rooms;
use crate::error::Result;
use crate::ledger::change::Change;

/// Writes what is to be said; the books know whether it was said before.
pub(super) async fn tell(rooms: &Rooms, changes: Vec<Change>) -> Result<()> {
    let applied = rooms.apply(&changes).await?;
    if applied.told > 0 {
        for change in &changes {
            if let Change::Tell { notice: Some(notice), .. } | Change::Over { notice: Some(notice), .. } = change {
                tracing::warn!(topic = notice.topic, subject = notice.subject, "{}", notice.text);
            }
        }
        rooms.bell.ring();
    }
    Ok(())
}
