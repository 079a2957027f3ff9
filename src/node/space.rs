//! Looks at the free space where content comes in, every second, and pauses intake before there is none (FPP4007). Where the
//! vault has a folder of its own, the node's data may be on another disk, with the ledger's file, the tables of ids and what is
//! sorted: the worse of the two counts.
//!
//! Only new files wait: what is in the vault already goes on, because its answer is due and frees what it holds. Nothing is
//! written about a file that waits, so a full disk is not made fuller.

use super::rooms::Rooms;
use crate::blocking::blocking;
use crate::error::{Error, Result};
use crate::ledger::change::{Change, NewNotice};
use crate::settings::VaultPlace;
use crate::vault::watermark::{Turn, Watermark};
use fpp_codecs::Code;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::watch as signal;
use tokio::task::JoinSet;

const EVERY: Duration = Duration::from_secs(1);

/// Looks once, so that a node that starts on a full disk takes nothing in, and then every second.
pub(super) async fn start(services: &mut JoinSet<Result<()>>, rooms: &Arc<Rooms>, stopped: &signal::Receiver<bool>) {
    let keeping = rooms.settings.keeping;
    let mut mark = Watermark::new(keeping.pause_below_free_bytes, keeping.resume_above_free_bytes);
    look(rooms, &mut mark).await;
    let (rooms, mut stopped) = (rooms.clone(), stopped.clone());
    services.spawn(async move {
        loop {
            tokio::select! {
                _ = stopped.wait_for(|s| *s) => return Ok(()),
                () = tokio::time::sleep(EVERY) => {}
            }
            look(&rooms, &mut mark).await;
        }
    });
}

/// What is free where the least is, and for what.
async fn least(rooms: &Rooms) -> Result<Option<(u64, String)>> {
    let vault = rooms.inbound.vault.clone();
    let data_dir = matches!(rooms.settings.vault, VaultPlace::Folder(_)).then(|| rooms.settings.data_dir.clone());
    let place = super::vaults::place(&rooms.settings);
    blocking(move || {
        let of_vault = vault.free_bytes()?.map(|free| (free, format!("the vault ({place})")));
        let Some(data_dir) = data_dir else { return Ok(of_vault) };
        let of_data = free_in(&data_dir).map(|free| (free, format!("the node's data ({})", data_dir.display())))?;
        Ok(Some(of_vault.filter(|(free, _)| *free <= of_data.0).unwrap_or(of_data)))
    })
    .await
}

fn free_in(folder: &Path) -> Result<u64> {
    let of = rustix::fs::statvfs(folder).map_err(|e| {
        Error::retry(Code::LEDGER, format!("the disk of {} cannot be asked", folder.display())).caused_by(e)
    })?;
    Ok(of.f_bavail.saturating_mul(of.f_frsize))
}

async fn look(rooms: &Rooms, mark: &mut Watermark) {
    let (free, place) = match least(rooms).await {
        Ok(Some(least)) => least,
        Ok(None) => return,
        // Nothing is known, so nothing changes.
        Err(error) => return tracing::warn!("the free space is not known: {error}"),
    };
    let Some(turn) = mark.see(free) else { return };
    rooms.no_space.store(turn == Turn::Pauses, Ordering::Relaxed);
    rooms.status.space(turn == Turn::Pauses);
    rooms.bell.ring();
    if turn == Turn::GoesOn {
        // The notice is closed by `ended.rs`, as is one from before a restart.
        return tracing::info!(free, place, "intake goes on: there is space again");
    }
    // What has come of files that wait is worth less than the space that it takes.
    let (vault, now_ms) = (rooms.inbound.vault.clone(), rooms.clock.now_ms());
    match blocking(move || vault.drop_parts(now_ms)).await {
        Ok(dropped) => tracing::debug!(dropped, "parts of files are removed from the vault"),
        Err(error) => tracing::warn!("parts of files cannot be removed from the vault: {error}"),
    }
    let below = rooms.settings.keeping.pause_below_free_bytes;
    tracing::warn!(free, below, place, "intake pauses: there is too little space");
    let notice = Change::Raise(NewNotice {
        severity: "error".into(),
        topic: "space".into(),
        subject: rooms.settings.node.clone(),
        code: Code::NO_SPACE.0,
        text: format!(
            "Intake pauses: {free} bytes are free for {place}, fewer than {below}. New files stay where they \
             are; make space, and it goes on by itself."
        ),
    });
    if let Err(error) = rooms.ledger.apply(None, rooms.clock.now_ms(), &[notice]).await {
        tracing::error!("no notice of the free space can be raised: {error}");
    }
}
