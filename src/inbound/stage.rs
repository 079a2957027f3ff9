//! Stage: the bytes go into the vault, hashed on the way, with block digests and a sparse offset index (D11).

use super::arrival::entry_of;
use super::route::Route;
use super::work::{Inbound, Next};
use crate::blocking::blocking;
use crate::error::{Error, Result};
use crate::ledger::change::Fence;
use crate::ledger::transfer::{Facts, FileEvent, Transfer};
use crate::outlets::events::INDEX_EVERY;
use crate::trade::plan::Plan;
use crate::vault::{Stored, Vault};
use fpp_codecs::Code;
use fpp_codecs::framing::Indexer;
use fpp_spool::{Algorithm, Entry};
use std::sync::Arc;

/// Moves a claimed file to `Staged`.
pub async fn stage(cx: &Inbound, transfer: &Transfer, fence: &Fence) -> Result<Next> {
    let route = cx.route(transfer)?;
    if let Some(sha256) = transfer.facts.sha256.clone() {
        let vault = cx.vault.clone();
        if blocking(move || Ok(vault.holds(&sha256))).await? {
            return cx.advance(fence, transfer, FileEvent::Stage, Facts::default()).await;
        }
    }
    let plan = cx.plans.current(&route.bundle)?;
    let source = transfer.facts.source.as_ref().map(entry_of).ok_or_else(|| {
        Error::halt(Code::VAULT, format!("the bytes of {} are no longer in the vault", transfer.name))
            .hint("Have the file sent again.")
    })?;
    let (vault, from) = (cx.vault.clone(), route.clone());
    let stored = blocking(move || copy(&*vault, &from, &plan, &source)).await?;
    check_promise(transfer, &route, &stored)?;
    let facts = Facts {
        size: Some(stored.size),
        sha256: Some(stored.sha256.clone()),
        sm3: Some(stored.sm3.clone()),
        ..Facts::default()
    };
    cx.advance(fence, transfer, FileEvent::Stage, facts).await
}

/// Copies the source into the vault. It must be the file that was ready, before the first byte and after the last.
fn copy(vault: &dyn Vault, route: &Route, plan: &Plan, source: &Entry) -> Result<Stored> {
    still_there(route, source)?;
    let mut input = route.folder.open(&source.name)?;
    let mut indexer = Indexer::new(&plan.format.framing, INDEX_EVERY);
    let stored = vault.put(&mut input, &mut |chunk| indexer.feed(chunk), route.file_max_bytes)?;
    still_there(route, source)?;
    if stored.size != source.size {
        return Err(changed(source, &format!("{} bytes were read", stored.size)));
    }
    vault.put_index(&stored.sha256, &plan.format.framing.name(), &indexer.finish())?;
    Ok(stored)
}

fn still_there(route: &Route, source: &Entry) -> Result<()> {
    match route.folder.stat(&source.name)? {
        Some(now) if now.same_file(source) => Ok(()),
        Some(now) => Err(changed(source, &format!("{} bytes now", now.size))),
        None => Err(changed(source, "gone now")),
    }
}

fn changed(source: &Entry, now: &str) -> Error {
    let what = format!("{} was ready with {} bytes and has changed since: {now}", source.name, source.size);
    Error::halt(Code::NOT_READY, what).hint(
        "The sender replaced or withdrew it after its marker. New bytes arrive as a file of their own; close this one \
         with `fpp reject`.",
    )
}

/// A marker that named size or digest must agree with what arrived.
fn check_promise(transfer: &Transfer, route: &Route, stored: &Stored) -> Result<()> {
    let Some(promised) = &transfer.facts.promised else { return Ok(()) };
    if let Some(size) = promised.size.filter(|size| *size != stored.size) {
        return Err(Error::reject(
            Code::NOT_READY,
            format!("{} has {} bytes, its marker {} says {size}", transfer.name, stored.size, promised.marker.name),
        )
        .hint("Have the file sent again."));
    }
    let found = if route.algorithm == Algorithm::Sm3 { &stored.sm3 } else { &stored.sha256 };
    match &promised.digest {
        Some(digest) if !digest.eq_ignore_ascii_case(found) => Err(Error::reject(
            Code::DIGEST,
            format!("{} has digest {found}, its marker {} says {digest}", transfer.name, promised.marker.name),
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
