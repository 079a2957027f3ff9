//! Archive: the answer is delivered, so the source may go, as the route says (I8).
//!
//! The source is touched only if it still is the file that was taken: a partner that has replaced it in the meantime
//! keeps its new file, which arrives on its own.

use super::work::{Inbound, Next};
use crate::blocking::blocking;
use crate::error::Result;
use crate::ledger::change::Fence;
use crate::ledger::transfer::{Facts, FileEvent, Transfer};
use fpp_spool::{Taken, move_source};

/// Moves an acknowledged file to `Archived`.
pub async fn archive(cx: &Inbound, transfer: &Transfer, fence: &Fence) -> Result<Next> {
    let route = cx.route(transfer)?;
    if let Some(taken) = Taken::from_key(&transfer.name, &transfer.arrival_key) {
        let marker = transfer.facts.promised.as_ref().map(|p| p.marker.clone());
        let done = blocking(move || {
            Ok(move_source(&*route.folder, &taken, marker.as_deref(), &route.source)?)
        })
        .await?;
        tracing::debug!(transfer = %transfer.id, file = transfer.name, moved = done, "source dealt with");
    }
    cx.advance(fence, transfer, FileEvent::Archive, Facts::default()).await
}
