//! Watches delivered files until the partner has taken them (D15).

use super::Deliveries;
use crate::blocking::blocking;
use crate::error::Result;
use crate::ledger::change::Change;
use crate::ledger::delivery::{Delivery, DeliveryEvent};
use std::collections::BTreeMap;

/// Deliveries looked at in one round.
const ROUND_MAX: u32 = 1_000;

/// Marks every delivery whose file is no longer in its spool as taken; returns how many.
pub async fn observe(cx: &Deliveries) -> Result<usize> {
    let mut by_spool: BTreeMap<String, Vec<Delivery>> = BTreeMap::new();
    for delivery in cx.ledger.untaken_deliveries(ROUND_MAX).await? {
        by_spool.entry(delivery.spool.clone()).or_default().push(delivery);
    }
    let mut taken = 0;
    for (spool, deliveries) in by_spool {
        let Some(folder) = cx.folders.get(&spool).cloned() else { continue };
        let gone = blocking(move || {
            // A folder that does not answer says nothing about what was taken.
            Ok(deliveries.into_iter().filter(|d| matches!(folder.stat(&d.name), Ok(None))).collect::<Vec<_>>())
        })
        .await?;
        for delivery in gone {
            let change = Change::MoveDelivery { id: delivery.id.clone(), event: DeliveryEvent::Take, by: None };
            cx.ledger.apply(None, cx.clock.now_ms(), &[change]).await?;
            tracing::info!(delivery = %delivery.id, file = delivery.name, spool, "taken by the partner");
            taken += 1;
        }
    }
    Ok(taken)
}
