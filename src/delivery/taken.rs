//! Watches delivered files until the partner has taken them (D15).

use super::Deliveries;
use crate::blocking::blocking;
use crate::error::Result;
use crate::ledger::change::Change;
use crate::ledger::delivery::{Delivery, DeliveryEvent};
use crate::ledger::desk::{SwitchKind, is_paused};
use fpp_spool::Folder;
use std::collections::BTreeMap;
use tokio::task::JoinSet;

/// Deliveries looked at in one round.
const ROUND_MAX: u32 = 1_000;

/// Deliveries that nobody has taken yet, by spool, of the spools that this node reaches: so many behind the last one of the
/// round before, so that a partner who takes nothing hides nobody else's.
pub async fn untaken(cx: &Deliveries, last: &mut Option<Delivery>) -> Result<BTreeMap<String, Vec<Delivery>>> {
    let mut by_spool: BTreeMap<String, Vec<Delivery>> = BTreeMap::new();
    let pauses = cx.ledger.pauses().await?;
    let round = cx.ledger.untaken_deliveries(last.as_ref(), ROUND_MAX).await?;
    // After the last of all comes the first again.
    *last = round.last().filter(|_| round.len() >= ROUND_MAX as usize).cloned();
    for delivery in round {
        let paused = is_paused(&pauses, SwitchKind::Partner, &delivery.spool);
        if cx.folders.contains_key(&delivery.spool) && !paused {
            by_spool.entry(delivery.spool.clone()).or_default().push(delivery);
        }
    }
    Ok(by_spool)
}

/// Marks every delivery whose file is no longer in its spool as taken; returns how many.
pub async fn observe(cx: &Deliveries, by_spool: BTreeMap<String, Vec<Delivery>>) -> Result<usize> {
    // All partners at once: one that does not answer keeps none of the others waiting.
    let mut looks = JoinSet::new();
    for (spool, deliveries) in by_spool {
        let Some(folder) = cx.folders.get(&spool).cloned() else { continue };
        looks.spawn(async move { (spool, blocking(move || gone(&*folder, deliveries)).await) });
    }
    let mut taken = 0;
    while let Some(look) = looks.join_next().await {
        let Ok((spool, gone)) = look else { continue };
        let gone = match gone {
            Ok(gone) => gone,
            Err(error) => {
                tracing::debug!(spool, "nothing is known about what was taken: {error}");
                continue;
            }
        };
        for delivery in gone {
            let change = Change::MoveDelivery { id: delivery.id.clone(), event: DeliveryEvent::Take, by: None };
            cx.ledger.apply(None, cx.clock.now_ms(), &[change]).await?;
            tracing::info!(delivery = %delivery.id, file = delivery.name, spool, "taken by the partner");
            taken += 1;
        }
    }
    Ok(taken)
}

/// Those whose file is not there. A partner who does not answer, or whose folder is gone with everything in it, says
/// nothing about what was taken, and is not asked for the rest either.
fn gone(folder: &dyn Folder, deliveries: Vec<Delivery>) -> Result<Vec<Delivery>> {
    let mut gone = Vec::new();
    for delivery in deliveries {
        if folder.stat(&delivery.name)?.is_none() {
            gone.push(delivery);
        }
    }
    if !gone.is_empty() {
        folder.list(1)?;
    }
    Ok(gone)
}
