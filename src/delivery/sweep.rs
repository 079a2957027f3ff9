//! Removes temporary files that no delivery continues (I9).
//!
//! Every attempt has an epoch of its own, and so has its temporary file: what an attempt leaves behind when its line
//! breaks is never written to again. Only temporaries under the names of this installation's nodes are touched, also of
//! those that are gone, and none whose delivery is unfinished: one of them may be the proven one that waits for its
//! rename (D15). What is left is named to the caller.

use super::Deliveries;
use crate::blocking::blocking;
use crate::error::Result;
use crate::ledger::delivery::{Delivery, DeliveryState};
use fpp_spool::sweep::{Temporary, sweep_temporaries_where};
use fpp_spool::{Algorithm, EntryKind, Folder, LISTING_LIMIT};
use std::collections::HashSet;
use std::sync::Arc;

/// With more unfinished deliveries than this nothing is swept: side files could not be told.
const UNFINISHED_MAX: u32 = 10_000;

/// Sweeps one spool; returns the names of the temporaries that are left there.
pub async fn sweep(cx: &Deliveries, spool: &str) -> Result<Vec<String>> {
    let Some(folder) = cx.folders.get(spool).cloned() else { return Ok(Vec::new()) };
    // The folder first and the books second: a delivery that begins between the two has nothing in this listing.
    let listed = folder.clone();
    let found = blocking(move || temporaries(&*listed)).await?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let dead = dead(cx, spool, &found).await?;
    let (swept, dead) = remove(folder, dead).await?;
    for name in &swept {
        tracing::info!(spool, file = name, "a dead attempt's temporary file is removed");
    }
    let gone = |name: &String| dead.contains(name);
    Ok(found.into_iter().map(|t| t.name).filter(|name| !gone(name)).collect())
}

fn temporaries(folder: &dyn Folder) -> Result<Vec<Temporary>> {
    let ours = folder.find(LISTING_LIMIT, &|name| Temporary::parse(name).is_some())?;
    let files = ours.into_iter().filter(|e| e.kind == EntryKind::File);
    Ok(files.filter_map(|e| Temporary::parse(&e.name)).collect())
}

async fn dead(cx: &Deliveries, spool: &str, found: &[Temporary]) -> Result<HashSet<String>> {
    let unfinished = cx.ledger.unfinished_deliveries(UNFINISHED_MAX).await?;
    let all_known = unfinished.len() < UNFINISHED_MAX as usize;
    let mut dead = HashSet::new();
    let nodes: HashSet<String> = cx.ledger.nodes().await?.into_iter().map(|node| node.name).collect();
    let ours = |tag: &str| tag.rsplit_once('.').is_some_and(|(node, _)| node == cx.node || nodes.contains(node));
    for temporary in found.iter().filter(|t| ours(&t.tag)) {
        let finished = match cx.ledger.delivery_named(spool, &temporary.final_name).await? {
            Some(delivery) => matches!(delivery.state, DeliveryState::Delivered | DeliveryState::Taken),
            // No delivery's own file: a checksum file or marker of one, or of nothing that the books know.
            None => all_known && !unfinished.iter().any(|d| d.spool == spool && has_side(d, &temporary.final_name)),
        };
        if finished {
            dead.insert(temporary.name.clone());
        }
    }
    Ok(dead)
}

fn has_side(delivery: &Delivery, name: &str) -> bool {
    let checksum = |a: Algorithm| name.strip_prefix(&delivery.name).is_some_and(|end| end == format!(".{}", a.name()));
    delivery.marker.as_ref().is_some_and(|(marker, _)| marker == name)
        || [Algorithm::Sha256, Algorithm::Sm3].into_iter().any(checksum)
}

async fn remove(folder: Arc<dyn Folder>, dead: HashSet<String>) -> Result<(Vec<String>, HashSet<String>)> {
    if dead.is_empty() {
        return Ok((Vec::new(), dead));
    }
    blocking(move || {
        let swept = sweep_temporaries_where(&*folder, &|temporary| dead.contains(&temporary.name))?;
        Ok((swept, dead))
    })
    .await
}
