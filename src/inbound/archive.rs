//! Archive: the answer is delivered, so the source may go, as the route says (I8).
//!
//! The source is touched only if it still is the file that was taken: a partner that has replaced it in the meantime
//! keeps its new file, which arrives on its own.

use super::arrival::entry_of;
use super::work::{Inbound, Next};
use crate::blocking::blocking;
use crate::error::Result;
use crate::ledger::change::Fence;
use crate::ledger::transfer::{Facts, FileEvent, Transfer};
use fpp_spool::move_source;

/// Moves an acknowledged file to `Archived`.
pub async fn archive(cx: &Inbound, transfer: &Transfer, fence: &Fence) -> Result<Next> {
    let route = cx.route(transfer)?;
    // A retry of an earlier file has no source of its own.
    if let Some(source) = &transfer.facts.source {
        let entry = entry_of(source);
        let marker = transfer.facts.promised.as_ref().map(|p| entry_of(&p.marker));
        let moved = blocking(move || {
            let moved = move_source(&*route.folder, &entry, &route.source)?;
            if let Some(marker) = marker.filter(|_| moved) {
                move_source(&*route.folder, &marker, &route.source)?;
            }
            Ok(moved)
        })
        .await?;
        tracing::debug!(transfer = %transfer.id, file = transfer.name, moved, "source dealt with");
    }
    cx.advance(fence, transfer, FileEvent::Archive, Facts::default()).await
}
