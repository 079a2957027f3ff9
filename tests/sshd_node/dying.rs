//! Books that die at a chosen change: before it is written, or right after. From then on nothing is read or written, so
//! that what the node leaves behind is what a killed process leaves behind.

use async_trait::async_trait;
use fpp::error::{Error, Result};
use fpp::ledger::Ledger;
use fpp::ledger::change::{Applied, Change, Fence, JournalRow, Notice, Reject, Seal, VerifyReport};
use fpp::ledger::delivery::{Delivery, DeliveryEvent, DeliveryId};
use fpp::ledger::lease::{Lease, LeaseKey};
use fpp::ledger::transfer::{Identity, Transfer, TransferId, TransferQuery};
use fpp_codecs::Code;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// When the books die.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Death {
    /// The move of a delivery is refused.
    Before(DeliveryEvent),
    /// The move of a delivery is written, and nothing after it.
    After(DeliveryEvent),
}

pub(crate) struct Dying {
    inner: Arc<dyn Ledger>,
    death: Death,
    dead: Arc<AtomicBool>,
}

impl Dying {
    pub(crate) fn new(inner: Arc<dyn Ledger>, death: Death, dead: Arc<AtomicBool>) -> Dying {
        Dying { inner, death, dead }
    }

    fn alive(&self) -> Result<&dyn Ledger> {
        if self.dead.load(SeqCst) { Err(Error::retry(Code::LEDGER, "the books are dead")) } else { Ok(&*self.inner) }
    }
}

fn holds(changes: &[Change], wanted: DeliveryEvent) -> bool {
    changes.iter().any(|change| matches!(change, Change::MoveDelivery { event, .. } if *event == wanted))
}

macro_rules! forward {
    ($($name:ident($($argument:ident: $kind:ty),*) -> $value:ty;)*) => {
        #[async_trait]
        impl Ledger for Dying {
            async fn apply(&self, fence: Option<&Fence>, now_ms: i64, changes: &[Change]) -> Result<Applied> {
                let books = self.alive()?;
                if matches!(self.death, Death::Before(event) if holds(changes, event)) {
                    self.dead.store(true, SeqCst);
                    self.alive()?;
                }
                let applied = books.apply(fence, now_ms, changes).await?;
                if matches!(self.death, Death::After(event) if holds(changes, event)) {
                    self.dead.store(true, SeqCst);
                    self.alive()?;
                }
                Ok(applied)
            }

            $(async fn $name(&self, $($argument: $kind),*) -> Result<$value> {
                self.alive()?.$name($($argument),*).await
            })*
        }
    };
}

forward! {
    lease(key: &LeaseKey) -> Option<Lease>;
    take_lease(key: &LeaseKey, holder: &str, seen: Option<&Lease>) -> Option<Lease>;
    beat(lease: &Lease) -> Lease;
    release_lease(lease: &Lease) -> ();
    transfer(id: &TransferId) -> Option<Transfer>;
    transfer_by_arrival(key: &str) -> Option<Transfer>;
    transfers(query: &TransferQuery) -> Vec<Transfer>;
    due_transfers(now_ms: i64, limit: u32) -> Vec<Transfer>;
    by_batch(identity: &Identity) -> Vec<Transfer>;
    arrivals_of_day(route: &str, business_date: &str) -> u32;
    rejects(id: &TransferId, after_record: u64, limit: u32) -> Vec<Reject>;
    journal(subject: &str) -> Vec<JournalRow>;
    publications(after: u64, limit: u32) -> Vec<Transfer>;
    last_publication() -> u64;
    delivery(id: &DeliveryId) -> Option<Delivery>;
    delivery_named(spool: &str, name: &str) -> Option<Delivery>;
    deliveries(of: Option<&TransferId>, limit: u32) -> Vec<Delivery>;
    due_deliveries(now_ms: i64, limit: u32) -> Vec<Delivery>;
    untaken_deliveries(limit: u32) -> Vec<Delivery>;
    notices(all: bool, limit: u32) -> Vec<Notice>;
    days(route: &str) -> Vec<(String, bool)>;
    counts() -> Vec<(String, String, Option<String>, u64)>;
    seal(now_ms: i64, key: &[u8]) -> u64;
    seals(after: u64, limit: u32) -> Vec<Seal>;
    verify(key: Option<&[u8]>) -> VerifyReport;
}
