//! Removes from the vault what nothing needs any more, once at the start and then twice a day, where `keep_days` is set.
//! Of several nodes one does it at a time.

use super::rooms::Rooms;
use crate::error::Result;
use crate::inbound::retention::{Swept, sweep};
use crate::ledger::lease::LeaseKey;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch as signal;
use tokio::task::JoinSet;

const EVERY: Duration = Duration::from_secs(12 * 60 * 60);

/// Starts it, if a time is configured.
pub(super) fn start(services: &mut JoinSet<Result<()>>, rooms: &Arc<Rooms>, stopped: &signal::Receiver<bool>) {
    let Some(keep_days) = rooms.settings.keeping.keep_days else { return };
    let (rooms, mut stopped) = (rooms.clone(), stopped.clone());
    services.spawn(async move {
        loop {
            let swept = tokio::select! {
                _ = stopped.wait_for(|s| *s) => return Ok(()),
                swept = once(&rooms, keep_days) => swept,
            };
            match swept {
                Ok(Some(Swept { removed, bytes, kept })) => {
                    tracing::info!(
                        keep_days,
                        removed,
                        bytes,
                        kept,
                        "content whose time is over is removed from the vault"
                    );
                    rooms.status.kept(removed, bytes, kept);
                }
                Ok(None) => tracing::debug!("another node looks after what the vault keeps"),
                Err(error) if rooms.outage.tells("retention", &error) => {}
                Err(error) => tracing::warn!("nothing more is removed from the vault: {error}"),
            }
            tokio::select! {
                _ = stopped.wait_for(|s| *s) => return Ok(()),
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    });
}

/// Nothing where another node does it.
async fn once(rooms: &Rooms, keep_days: u32) -> Result<Option<Swept>> {
    let Some(held) = rooms.claimer.claim(&LeaseKey("retention".into())).await? else { return Ok(None) };
    let swept = sweep(&*rooms.ledger, rooms.inbound.vault.clone(), rooms.clock.now_ms(), keep_days).await;
    held.release().await;
    swept.map(Some)
}
