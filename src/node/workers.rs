//! Workers: take what is due from the books, under a lease each, so many at once as the settings say.

use super::rooms::Rooms;
use crate::delivery::{publish, taken};
use crate::error::Result;
use crate::inbound::pipeline;
use crate::ledger::lease::LeaseKey;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, watch as signal};
use tokio::task::JoinSet;

/// Deliveries carried out at once; each is bounded by its partner's sessions besides.
const DELIVERIES_AT_ONCE: usize = 8;
/// Rows asked for in one round.
const ROUND: u32 = 64;

/// Pause after work whose end could not be written into the books.
const BOOKS_PAUSE: Duration = Duration::from_secs(1);

/// What is worked on by this process; nothing is started twice.
type Running = Arc<Mutex<HashSet<String>>>;

#[derive(Clone, Copy)]
enum Kind {
    Transfer,
    Delivery,
}

/// Starts the workers and the watch over taken files.
pub(super) fn start(services: &mut JoinSet<Result<()>>, rooms: &Arc<Rooms>, stopped: &signal::Receiver<bool>) {
    let workers = rooms.settings.work.workers.max(1);
    services.spawn(dispatch(rooms.clone(), stopped.clone(), Kind::Transfer, workers));
    services.spawn(dispatch(rooms.clone(), stopped.clone(), Kind::Delivery, DELIVERIES_AT_ONCE));
    services.spawn(watch_taken(rooms.clone(), stopped.clone()));
}

async fn dispatch(rooms: Arc<Rooms>, stopped: signal::Receiver<bool>, kind: Kind, at_once: usize) -> Result<()> {
    let places = Arc::new(Semaphore::new(at_once));
    let running = Running::default();
    let mut listener = rooms.bell.listen();
    let mut jobs = JoinSet::new();
    let poll = Duration::from_millis(rooms.settings.work.poll_ms.max(10));
    while !*stopped.borrow() {
        match due(&rooms, kind).await {
            Ok(ids) => {
                for id in ids {
                    if *stopped.borrow() || !lock(&running).insert(id.clone()) {
                        continue;
                    }
                    let Ok(place) = places.clone().acquire_owned().await else { break };
                    let (rooms, running) = (rooms.clone(), running.clone());
                    jobs.spawn(async move {
                        work(&rooms, kind, &id).await;
                        lock(&running).remove(&id);
                        drop(place);
                        rooms.bell.ring();
                    });
                }
            }
            Err(error) => tracing::error!("due work cannot be read: {error}"),
        }
        while jobs.try_join_next().is_some() {}
        let mut stopping = stopped.clone();
        tokio::select! {
            () = listener.wait(poll) => {}
            _ = stopping.wait_for(|s| *s) => {}
        }
    }
    while jobs.join_next().await.is_some() {}
    Ok(())
}

async fn due(rooms: &Rooms, kind: Kind) -> Result<Vec<String>> {
    let now_ms = rooms.clock.now_ms();
    Ok(match kind {
        Kind::Transfer => rooms.ledger.due_transfers(now_ms, ROUND).await?.into_iter().map(|t| t.id.0).collect(),
        Kind::Delivery => rooms.ledger.due_deliveries(now_ms, ROUND).await?.into_iter().map(|d| d.id.0).collect(),
    })
}

async fn work(rooms: &Rooms, kind: Kind, id: &str) {
    let key = match kind {
        Kind::Transfer => LeaseKey(format!("transfer:{id}")),
        Kind::Delivery => LeaseKey(format!("delivery:{id}")),
    };
    let held = match rooms.claimer.claim(&key).await {
        Ok(Some(held)) => held,
        Ok(None) => return,
        Err(error) => return tracing::error!(lease = key.0, "cannot be claimed: {error}"),
    };
    rooms.status.working(&key.0, true);
    let result = match kind {
        Kind::Transfer => {
            let id = crate::ledger::transfer::TransferId(id.to_owned());
            pipeline::walk(&rooms.inbound, &id, &held.fence).await
        }
        Kind::Delivery => {
            let id = crate::ledger::delivery::DeliveryId(id.to_owned());
            publish::carry_out(&rooms.deliveries, &id, &held.fence).await
        }
    };
    if let Err(error) = result {
        tracing::error!(lease = key.0, "{error}");
        // The books could not even be told to wait: without this pause the same work would be due at once.
        tokio::time::sleep(BOOKS_PAUSE).await;
    }
    held.release().await;
    rooms.status.working(&key.0, false);
}

async fn watch_taken(rooms: Arc<Rooms>, mut stopped: signal::Receiver<bool>) -> Result<()> {
    let every = Duration::from_millis(rooms.settings.work.rescan_ms.max(100));
    loop {
        tokio::select! {
            _ = stopped.wait_for(|s| *s) => return Ok(()),
            () = tokio::time::sleep(every) => {}
        }
        match taken::observe(&rooms.deliveries).await {
            Ok(0) => {}
            Ok(_) => rooms.bell.ring(),
            Err(error) => tracing::warn!("taken files cannot be watched: {error}"),
        }
    }
}

fn lock(running: &Running) -> std::sync::MutexGuard<'_, HashSet<String>> {
    running.lock().unwrap_or_else(PoisonError::into_inner)
}
