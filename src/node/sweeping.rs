//! Looks for temporary files of dead attempts in every spool that something is delivered to: at the start, and then from
//! time to time. What may not be removed is named in the status (I9). Also parts of files in the vault that nobody has gone on
//! with for a day.

use super::rooms::Rooms;
use crate::blocking::blocking;
use crate::delivery::sweep::sweep;
use crate::error::Result;
use crate::settings::{Outlet, Settings};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch as signal;
use tokio::task::JoinSet;

/// A retry that succeeds sweeps its own spool at once; this is for what a dead node left.
const EVERY: Duration = Duration::from_secs(60);
/// How long a part of a file waits in the vault for the rest.
const PARTS_MS: i64 = 24 * 60 * 60 * 1_000;

/// Starts one sweeper for each spool, so that a partner who does not answer keeps no other waiting.
pub(super) fn start(services: &mut JoinSet<Result<()>>, rooms: &Arc<Rooms>, stopped: &signal::Receiver<bool>) {
    for spool in targets(&rooms.settings).into_iter().filter(|spool| rooms.settings.reaches(spool)) {
        services.spawn(run(rooms.clone(), spool, stopped.clone()));
    }
    services.spawn(parts(rooms.clone(), stopped.clone()));
}

/// Whoever left them: a node that is gone sweeps nothing any more.
async fn parts(rooms: Arc<Rooms>, mut stopped: signal::Receiver<bool>) -> Result<()> {
    loop {
        let (vault, before_ms) = (rooms.inbound.vault.clone(), rooms.clock.now_ms() - PARTS_MS);
        match blocking(move || vault.drop_parts(before_ms)).await {
            Ok(0) => {}
            Ok(swept) => {
                tracing::info!(swept, "parts of files that nobody has gone on with are removed from the vault")
            }
            Err(error) => tracing::warn!("parts of files cannot be looked for: {error}"),
        }
        tokio::select! {
            _ = stopped.wait_for(|s| *s) => return Ok(()),
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Spools that answers and event files go to.
fn targets(settings: &Settings) -> BTreeSet<String> {
    let answers = settings.routes.iter().filter_map(|route| route.answer.as_ref()).map(|answer| answer.spool.clone());
    let files = settings.routes.iter().flat_map(|route| &route.outlets).filter_map(|outlet| match outlet {
        Outlet::File { spool, .. } => Some(spool.clone()),
        Outlet::Stream | Outlet::Pushed { .. } => None,
    });
    answers.chain(files).collect()
}

async fn run(rooms: Arc<Rooms>, spool: String, mut stopped: signal::Receiver<bool>) -> Result<()> {
    loop {
        let swept = sweep(&rooms.deliveries, &spool).await;
        if let Err(error) = &swept
            && !rooms.outage.tells("a sweep", error)
        {
            tracing::warn!(spool, "temporary files cannot be looked for: {error}");
        }
        let place = rooms.deliveries.folders.get(&spool).map(|folder| folder.describe()).unwrap_or_default();
        rooms.status.swept(&spool, place, swept.map_err(|e| e.to_string()));
        tokio::select! {
            _ = stopped.wait_for(|s| *s) => return Ok(()),
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
