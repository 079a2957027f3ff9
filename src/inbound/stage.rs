//! Stage: the bytes go into the vault, hashed on the way, with block digests and a sparse offset index (D11).

use super::route::Route;
use super::work::{Inbound, Next};
use crate::blocking::blocking;
use crate::error::{Error, Result};
use crate::ledger::change::Fence;
use crate::ledger::transfer::{Facts, FileEvent, Transfer};
use crate::trade::plan::Plan;
use crate::vault::{Stored, Vault};
use fpp_codecs::Code;
use fpp_codecs::framing::Indexer;
use fpp_spool::{Algorithm, Folder, Source};
use std::sync::Arc;

/// Records between two entries of the offset index.
pub const INDEX_EVERY: u32 = 1024;

/// Moves a claimed file to `Staged`.
pub async fn stage(cx: &Inbound, transfer: &Transfer, fence: &Fence) -> Result<Next> {
    let route = cx.route(transfer)?;
    if let Some(sha256) = transfer.facts.sha256.clone() {
        let vault = cx.vault.clone();
        if blocking(move || vault.holds(&sha256)).await? {
            return cx.advance(fence, transfer, FileEvent::Stage, Facts::default()).await;
        }
    }
    let plan = cx.plans.current(&route.bundle)?;
    let (vault, from, name) = (cx.vault.clone(), route.clone(), transfer.name.clone());
    let expected = transfer.facts.size;
    let stored = blocking(move || copy(&*vault, &from, &plan, &name, expected)).await?;
    check_promise(transfer, &route, &stored)?;
    let facts = Facts {
        size: Some(stored.size),
        sha256: Some(stored.sha256.clone()),
        sm3: (route.algorithm == Algorithm::Sm3).then(|| stored.sm3.clone()),
        ..Facts::default()
    };
    cx.advance(fence, transfer, FileEvent::Stage, facts).await
}

/// Copies the source into the vault. The source must be the same before and after.
fn copy(vault: &dyn Vault, route: &Route, plan: &Plan, name: &str, expected: Option<u64>) -> Result<Stored> {
    let folder: &dyn Folder = &*route.folder;
    let mut source = Source::open(folder, name, route.file_max_bytes)?;
    if let Some(size) = expected.filter(|size| *size != source.size()) {
        return Err(Error::halt(
            Code::NOT_READY,
            format!("{name} had {size} bytes when it was ready and has {} now", source.size()),
        )
        .hint("The sender replaced or grew it after its marker. The new bytes arrive as a file of their own; close this one with `fpp reject`."));
    }
    let mut indexer = Indexer::new(&plan.format.framing, INDEX_EVERY);
    let stored = vault.put(&mut source, &mut |chunk| indexer.feed(chunk), route.file_max_bytes)?;
    source.unchanged(folder)?;
    vault.put_index(&stored.sha256, &plan.format.framing.key(), &indexer.finish())?;
    Ok(stored)
}

/// A marker that named size or digest must agree with what arrived.
fn check_promise(transfer: &Transfer, route: &Route, stored: &Stored) -> Result<()> {
    let Some(promised) = &transfer.facts.promised else { return Ok(()) };
    if let Some(size) = promised.size.filter(|size| *size != stored.size) {
        return Err(Error::reject(
            Code::NOT_READY,
            format!("{} has {} bytes, its marker {} says {size}", transfer.name, stored.size, promised.marker),
        )
        .hint("Have the file sent again."));
    }
    let found = if route.algorithm == Algorithm::Sm3 { &stored.sm3 } else { &stored.sha256 };
    match &promised.digest {
        Some(digest) if !digest.eq_ignore_ascii_case(found) => Err(Error::reject(
            Code::DIGEST,
            format!("{} has digest {found}, its marker {} says {digest}", transfer.name, promised.marker),
        )
        .hint("The bytes changed on the way. Have the file sent again, in binary mode.")),
        _ => Ok(()),
    }
}

/// The plan of a transfer that is already judged; of the route as it is configured now, before that.
pub fn plan_of(cx: &Inbound, transfer: &Transfer, route: &Arc<Route>) -> Result<Arc<Plan>> {
    match &transfer.facts.plan {
        Some(digest) => cx.plans.frozen(&*cx.vault, digest),
        None => cx.plans.current(&route.bundle),
    }
}
