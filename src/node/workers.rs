//! Workers: take what is due from the books, under a lease each, so many at once as the settings say. A partner that
//! hangs holds its own places and no others.

use super::places::Places;
use super::rooms::Rooms;
use crate::delivery::{publish, taken};
use crate::error::Result;
use crate::inbound::pipeline;
use crate::ledger::lease::LeaseKey;
use crate::settings::Sftp;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch as signal;
use tokio::task::JoinSet;

/// Deliveries carried out at once, at each partner and into the node's own folders; at a partner not more than it has
/// sessions, for the others would only wait for one.
const DELIVERIES_AT_ONCE: usize = 8;
/// Rows asked for in one round.
const ROUND: u32 = 64;
/// Rows asked for, now and then, when all of the first are a partner's whose places are taken.
const WIDE_ROUND: u32 = 4_096;
const WIDE_EVERY: Duration = Duration::from_secs(1);

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
    let workers = rooms.settings.work.workers;
    let transfers = Places::new(&rooms.settings, workers, |_| workers);
    let of_partner = |sftp: &Sftp| DELIVERIES_AT_ONCE.min(sftp.sessions_max);
    let deliveries = Places::new(&rooms.settings, DELIVERIES_AT_ONCE, of_partner);
    services.spawn(dispatch(rooms.clone(), stopped.clone(), Kind::Transfer, transfers));
    services.spawn(dispatch(rooms.clone(), stopped.clone(), Kind::Delivery, deliveries));
    services.spawn(watch_taken(rooms.clone(), stopped.clone()));
}

async fn dispatch(rooms: Arc<Rooms>, stopped: signal::Receiver<bool>, kind: Kind, places: Places) -> Result<()> {
    let running = Running::default();
    let mut wide = Instant::now();
    let mut listener = rooms.bell.listen();
    let mut jobs = JoinSet::new();
    let poll = Duration::from_millis(rooms.settings.work.poll_ms.max(10));
    while !*stopped.borrow() {
        let mut begun = begin(&rooms, kind, ROUND, &places, &running, &mut jobs).await;
        if matches!(begun, Ok(Begun { full: true, count: 0 })) && wide.elapsed() >= WIDE_EVERY {
            wide = Instant::now();
            begun = begin(&rooms, kind, WIDE_ROUND, &places, &running, &mut jobs).await;
        }
        if let Err(error) = begun {
            tracing::error!("due work cannot be read: {error}");
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

/// What a round began.
struct Begun {
    /// There may be more due than was looked at.
    full: bool,
    count: usize,
}

/// Begins what is due and has a place.
async fn begin(
    rooms: &Arc<Rooms>,
    kind: Kind,
    limit: u32,
    places: &Places,
    running: &Running,
    jobs: &mut JoinSet<()>,
) -> Result<Begun> {
    let due = due(rooms, kind, limit).await?;
    let mut begun = Begun { full: due.len() >= limit as usize, count: 0 };
    for (id, spool) in due {
        if lock(running).contains(&id) {
            continue;
        }
        // The next one may be another partner's.
        let Some(place) = places.take(&spool) else { continue };
        lock(running).insert(id.clone());
        begun.count += 1;
        let (rooms, running) = (rooms.clone(), running.clone());
        jobs.spawn(async move {
            work(&rooms, kind, &id).await;
            lock(&running).remove(&id);
            drop(place);
            rooms.bell.ring();
        });
    }
    Ok(begun)
}

/// Ids and the spools they are at.
async fn due(rooms: &Rooms, kind: Kind, limit: u32) -> Result<Vec<(String, String)>> {
    let now_ms = rooms.clock.now_ms();
    Ok(match kind {
        Kind::Transfer => {
            rooms.ledger.due_transfers(now_ms, limit).await?.into_iter().map(|t| (t.id.0, t.spool)).collect()
        }
        Kind::Delivery => {
            rooms.ledger.due_deliveries(now_ms, limit).await?.into_iter().map(|d| (d.id.0, d.spool)).collect()
        }
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
        for (spool, pool) in &rooms.partners {
            rooms.status.partner(spool, pool.status());
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
