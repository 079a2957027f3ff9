//! Claim: the lease is held; the source is looked at once more before work begins.

use super::prove::freeze;
use super::route::Route;
use super::work::{Inbound, Next};
use crate::blocking::blocking;
use crate::error::{Error, Result};
use crate::ledger::change::Fence;
use crate::ledger::transfer::{Facts, FileEvent, Transfer};
use fpp_codecs::Code;

/// Moves an arrival to `Claimed`.
pub async fn claim(cx: &Inbound, transfer: &Transfer, fence: &Fence) -> Result<Next> {
    let route = cx.route(transfer)?;
    // A retry of an earlier file: its bytes are in the vault, the source may be long gone.
    if let Some(sha256) = transfer.facts.sha256.clone() {
        let vault = cx.vault.clone();
        if blocking(move || vault.renew(&sha256)).await? {
            return claimed(cx, transfer, &route, fence).await;
        }
    }
    let (folder, name) = (route.folder()?.clone(), transfer.name.clone());
    let entry = blocking(move || Ok(folder.stat(&name)?)).await?;
    match entry {
        Some(_) => claimed(cx, transfer, &route, fence).await,
        None => Err(Error::halt(
            Code::NOT_READY,
            format!("{} was ready in spool `{}` and is gone before it was taken", transfer.name, transfer.spool),
        )
        .hint("Ask the sender whether it was withdrawn; close it with `fpp reject`, or have it sent again.")),
    }
}

/// From here on the transfer has a plan: a file that is refused before it is proven is answered and told by it.
async fn claimed(cx: &Inbound, transfer: &Transfer, route: &Route, fence: &Fence) -> Result<Next> {
    let plan = freeze(cx, &route.bundle).await?;
    cx.advance(fence, transfer, FileEvent::Claim, Facts { plan: Some(plan), ..Facts::default() }).await
}
