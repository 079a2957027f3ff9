//! One node at a time on a shared ledger, because the vault is on that node's own disk (D24): another one would take up
//! files whose bytes it does not have. A standby that starts meanwhile waits for a lease period and then says no, so a
//! supervisor can keep it trying.

use super::claimer::Held;
use super::rooms::Rooms;
use crate::error::{Error, Result};
use crate::ledger::lease::LeaseKey;
use crate::settings::LedgerPlace;
use fpp_codecs::Code;
use std::time::{Duration, Instant};

/// How often a lease that is in other hands is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Takes the lease of the installation; nothing where the books are in the data folder, whose lock does the same.
pub(super) async fn claim(rooms: &Rooms) -> Result<Option<Held>> {
    let settings = &rooms.settings;
    if settings.ledger == LedgerPlace::File {
        return Ok(None);
    }
    let key = LeaseKey("installation".into());
    // The lease of a node that was killed stands still for its whole time before it may be taken.
    let patience = Duration::from_millis(settings.work.lease_ms) + Duration::from_secs(5);
    let begun = Instant::now();
    loop {
        if let Some(held) = rooms.claimer.claim(&key).await? {
            return Ok(Some(held));
        }
        if begun.elapsed() > patience {
            let holder = rooms.ledger.lease(&key).await?.map(|lease| lease.holder).unwrap_or_default();
            return Err(Error::halt(Code::LEDGER, format!("another node works on this ledger: {holder}")).hint(
                "Its vault is on its own disk, so one node works at a time. Stop it, or start this one again later.",
            ));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
