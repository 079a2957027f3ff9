//! Looks for files that are held for so long that their core gets an interim answer.

use super::rooms::Rooms;
use crate::error::Result;
use crate::inbound::interim;
use crate::inbound::route::Route;
use crate::ledger::lease::LeaseKey;
use crate::ledger::transfer::TransferId;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch as signal;
use tokio::task::JoinSet;

/// Starts a watch for each route that sends interim answers.
pub(super) fn start(services: &mut JoinSet<Result<()>>, rooms: &Arc<Rooms>, stopped: &signal::Receiver<bool>) {
    for route in rooms.inbound.routes.values() {
        if route.answer.as_ref().is_some_and(|answer| answer.held_after_ms.is_some()) {
            services.spawn(run(rooms.clone(), route.clone(), stopped.clone()));
        }
    }
}

async fn run(rooms: Arc<Rooms>, route: Arc<Route>, mut stopped: signal::Receiver<bool>) -> Result<()> {
    let every = Duration::from_millis(rooms.settings.work.rescan_ms.max(50));
    // What cannot be answered is told once.
    let mut told = HashSet::new();
    loop {
        tokio::select! {
            _ = stopped.wait_for(|s| *s) => return Ok(()),
            () = tokio::time::sleep(every) => {}
        }
        let mut before = None;
        loop {
            match interim::due(&rooms.inbound, &route, &mut before).await {
                Ok(due) => {
                    for id in due {
                        answer(&rooms, &route, &id, &mut told).await;
                    }
                }
                Err(error) if rooms.outage.tells("held files", &error) => break,
                Err(error) => tracing::warn!(route = route.name, "held files cannot be looked for: {error}"),
            }
            if before.is_none() {
                break;
            }
        }
    }
}

async fn answer(rooms: &Rooms, route: &Route, id: &TransferId, told: &mut HashSet<TransferId>) {
    let answered = match rooms.claimer.claim(&LeaseKey(format!("transfer:{id}"))).await {
        Ok(Some(held)) => {
            let answered = interim::answer(&rooms.inbound, route, id, &held.fence).await;
            held.release().await;
            answered
        }
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    match answered {
        Ok(()) => drop(told.remove(id)),
        Err(error) if rooms.outage.tells("an interim answer", &error) => {}
        Err(error) if told.insert(id.clone()) => tracing::warn!(transfer = %id, "no interim answer: {error}"),
        Err(_) => {}
    }
}
