//! Seals the journals every minute: one lease holder adds the new chain heads to the seal chain (D22).

use super::rooms::Rooms;
use crate::error::{Error, Result};
use crate::ledger::lease::LeaseKey;
use fpp_codecs::Code;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch as signal;
use tokio::task::JoinSet;

/// Keys shorter than this are refused.
const KEY_BYTES_MIN: usize = 16;

/// Starts sealing, if a key is configured.
pub(super) fn start(
    services: &mut JoinSet<Result<()>>,
    rooms: &Arc<Rooms>,
    stopped: &signal::Receiver<bool>,
) -> Result<()> {
    let Some(file) = &rooms.settings.seal.key_file else {
        tracing::warn!("no seal key is configured: journals are chained, but not sealed");
        return Ok(());
    };
    let key = std::fs::read(file).map_err(|e| {
        Error::halt(Code::LEDGER, format!("the seal key {} cannot be read", file.display())).caused_by(e)
    })?;
    if key.len() < KEY_BYTES_MIN {
        return Err(Error::halt(Code::LEDGER, format!("the seal key {} is too short", file.display()))
            .hint("Make one of 32 random bytes: head -c 32 /dev/urandom > FILE."));
    }
    let (rooms, stopped) = (rooms.clone(), stopped.clone());
    services.spawn(seal_for_ever(rooms, stopped, key));
    Ok(())
}

async fn seal_for_ever(rooms: Arc<Rooms>, mut stopped: signal::Receiver<bool>, key: Vec<u8>) -> Result<()> {
    let every = Duration::from_millis(rooms.settings.seal.every_ms.max(100));
    loop {
        let stopping = tokio::select! {
            _ = stopped.wait_for(|s| *s) => true,
            () = tokio::time::sleep(every) => false,
        };
        if let Err(error) = seal(&rooms, &key).await
            && !rooms.outage.tells("sealing", &error)
        {
            tracing::warn!("not sealed: {error}");
        }
        if stopping {
            return Ok(());
        }
    }
}

async fn seal(rooms: &Rooms, key: &[u8]) -> Result<()> {
    let Some(held) = rooms.claimer.claim(&LeaseKey("seal".into())).await? else { return Ok(()) };
    let sealed = rooms.ledger.seal(Some(&held.fence), rooms.clock.now_ms(), key).await;
    held.release().await;
    let sealed = sealed?;
    if sealed > 0 {
        tracing::debug!(heads = sealed, "sealed");
    }
    Ok(())
}
