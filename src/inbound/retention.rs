//! Retention: content of the vault goes when nothing needs it any more and its time is over (D12).
//!
//! Needed are the bytes of every transfer that is not finished or finished a shorter time ago, and the list of its ids, those of its deliveries, of every
//! delivery that is held, and of an answer or a required outlet that is not delivered; and the plan of every transfer in
//! the books, because the answer to a late duplicate is made with it, and the record that a correction puts in another's place. Readers of the stream keep nothing: they get 410.
//!
//! What is put while this looks stays, whatever the books said before: the vault removes nothing that was put since. The
//! books are read to their end before the first removal; an error on the way removes nothing. Memory is 8 bytes a digest:
//! of two contents whose digests begin alike the one may stay too long, none goes too early.

use crate::blocking::blocking;
use crate::error::Result;
use crate::ledger::Ledger;
use crate::ledger::delivery::{Delivery, DeliveryState, Purpose};
use crate::ledger::transfer::{Transfer, TransferId, TransferQuery};
use crate::vault::Vault;
use std::collections::HashSet;
use std::sync::Arc;

/// Transfers read at once.
const PAGE: u32 = 1_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// What one sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Contents that went.
    pub removed: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Contents that stay.
    pub kept: u64,
}

/// Removes what nothing needs and nobody put for so many days.
pub async fn sweep(ledger: &dyn Ledger, vault: Arc<dyn Vault>, now_ms: i64, keep_days: u32) -> Result<Swept> {
    let before_ms = now_ms - i64::from(keep_days) * DAY_MS;
    let needed = needed(ledger, before_ms).await?;
    blocking(move || {
        let mut swept = Swept::default();
        vault.contents(&mut |kept| {
            let old = kept.put_ms < before_ms && needed.binary_search(&beginning(&kept.sha256)).is_err();
            match if old { vault.remove(&kept.sha256, before_ms)? } else { None } {
                Some(bytes) => (swept.removed, swept.bytes) = (swept.removed + 1, swept.bytes + bytes),
                None => swept.kept += 1,
            }
            Ok(())
        })?;
        Ok(swept)
    })
    .await
}

/// The beginnings of all digests that are needed, sorted.
async fn needed(ledger: &dyn Ledger, before_ms: i64) -> Result<Vec<u64>> {
    let mut needed = Vec::new();
    let mut query = TransferQuery { limit: PAGE, ..TransferQuery::default() };
    loop {
        let page = ledger.transfers(&query).await?;
        let Some(last) = page.last() else { break };
        query.before = Some(last.id.clone());
        for transfer in &page {
            let whole = is_needed(transfer, before_ms);
            needed.extend(transfer.facts.plan.as_deref().map(beginning));
            needed.extend(transfer.facts.sha256.as_deref().filter(|_| whole).map(beginning));
            needed.extend(transfer.facts.ids.as_deref().filter(|_| whole).map(beginning));
            let corrected = transfer.facts.correction.as_ref().and_then(|correction| correction.content.as_deref());
            needed.extend(corrected.map(beginning));
        }
        // A few statements for the page, whatever it holds.
        let ids: Vec<TransferId> = page.iter().map(|transfer| transfer.id.clone()).collect();
        let whole: HashSet<&TransferId> =
            page.iter().filter(|transfer| is_needed(transfer, before_ms)).map(|transfer| &transfer.id).collect();
        let deliveries = ledger.deliveries_of(&ids).await?;
        let of = deliveries.iter().filter(|delivery| whole.contains(&delivery.transfer) || is_owed(delivery));
        needed.extend(of.map(|delivery| beginning(&delivery.sha256)));
        needed.sort_unstable();
        needed.dedup();
    }
    Ok(needed)
}

fn is_needed(transfer: &Transfer, before_ms: i64) -> bool {
    !transfer.standing().is_terminal() || transfer.updated_ms >= before_ms
}

/// Held, or not delivered although somebody waits for it.
fn is_owed(delivery: &Delivery) -> bool {
    match delivery.state {
        DeliveryState::Held => true,
        DeliveryState::Planned | DeliveryState::Proven => delivery.required || delivery.purpose == Purpose::Answer,
        DeliveryState::Delivered | DeliveryState::Taken => false,
    }
}

fn beginning(sha256: &str) -> u64 {
    // A digest that cannot be read is no content's.
    sha256.get(..16).and_then(|text| u64::from_str_radix(text, 16).ok()).unwrap_or_default()
}
