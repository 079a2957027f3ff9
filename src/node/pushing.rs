//! Pushes events into the node's outlets: for each outlet a dispatcher with places of its own, so that one that hangs or
//! is slow keeps no other waiting; of each route one posting at a time, under the lease of its lane.
//!
//! An outlet that does not answer is asked now and then (`delivery/breaker.rs`); when it does again, what waits is tried at
//! once, whatever its own pause.

use super::rooms::Rooms;
use crate::delivery::outlet::{Outlet, lane};
use crate::delivery::posting::{carry_on, route_of};
use crate::delivery::redrive::redrive;
use crate::error::Result;
use crate::ledger::change::{Change, NewNotice};
use crate::ledger::lease::LeaseKey;
use crate::ledger::standing::is_due;
use fpp_codecs::Code;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, watch as signal};
use tokio::task::JoinSet;

/// Pause after work whose end could not be written into the books.
const BOOKS_PAUSE: Duration = Duration::from_secs(1);

/// Routes that are pushed, or that another node pushes and that are left to it until a time.
#[derive(Default)]
struct Known {
    running: HashSet<String>,
    elsewhere: HashMap<String, Instant>,
}

/// Dead letters looked at, to find the routes of which some are pushed once more.
const DUE_MAX: u32 = 1_000;

type Shared = Arc<Mutex<Known>>;

/// Starts a dispatcher for each outlet.
pub(super) fn start(services: &mut JoinSet<Result<()>>, rooms: &Arc<Rooms>, stopped: &signal::Receiver<bool>) {
    for outlet in rooms.postings.outlets.values() {
        services.spawn(dispatch(rooms.clone(), outlet.clone(), stopped.clone()));
    }
}

async fn dispatch(rooms: Arc<Rooms>, outlet: Arc<Outlet>, stopped: signal::Receiver<bool>) -> Result<()> {
    let known = Shared::default();
    let places = Arc::new(Semaphore::new(outlet.routes_at_once));
    let mut listener = rooms.bell.listen();
    let mut jobs = JoinSet::new();
    let poll = Duration::from_millis(rooms.settings.work.poll_ms.max(10));
    while !*stopped.borrow() {
        if outlet.breaker.probe_in().is_some_and(|pause| pause.is_zero()) {
            probe(&rooms, &outlet).await;
        }
        tell(&rooms, &outlet).await;
        if outlet.breaker.down().is_none() {
            match begin(&rooms, &outlet, &places, &known, &stopped, &mut jobs).await {
                Ok(()) => {}
                Err(error) if rooms.outage.tells("due postings", &error) => {}
                Err(error) => tracing::error!(outlet = outlet.name, "due postings cannot be read: {error}"),
            }
        }
        while jobs.try_join_next().is_some() {}
        let patience = outlet.breaker.probe_in().map_or(poll, |pause| pause.max(Duration::from_millis(10)));
        let mut stopping = stopped.clone();
        tokio::select! {
            () = listener.wait(patience.min(poll)) => {}
            _ = stopping.wait_for(|s| *s) => {}
        }
    }
    while jobs.join_next().await.is_some() {}
    Ok(())
}

/// Begins what is due on each route that has a place.
async fn begin(
    rooms: &Arc<Rooms>,
    outlet: &Arc<Outlet>,
    places: &Arc<Semaphore>,
    known: &Shared,
    stopped: &signal::Receiver<bool>,
    jobs: &mut JoinSet<()>,
) -> Result<()> {
    let next = rooms.ledger.next_postings(&outlet.name).await?;
    let dead = rooms.ledger.dead_letters(Some(&outlet.name), None, true, DUE_MAX).await?;
    let hurry = outlet.breaker.take_hurry();
    let now_ms = rooms.clock.now_ms();
    lock(known).elsewhere.retain(|_, until| *until > Instant::now());
    let due = next.iter().filter(|d| hurry || is_due(d.next_attempt_ms, now_ms)).map(|d| route_of(d).to_owned());
    let dead = dead.into_iter().filter(|letter| outlet.redrives.are_due(&letter.delivery));
    let due: BTreeSet<String> = due.chain(dead.map(|letter| letter.route)).collect();
    for route in due {
        if lock(known).is_busy(&route) {
            continue;
        }
        let Ok(place) = places.clone().try_acquire_owned() else { break };
        lock(known).running.insert(route.clone());
        let (rooms, outlet, known, stopped) = (rooms.clone(), outlet.clone(), known.clone(), stopped.clone());
        jobs.spawn(async move {
            let ours = work(&rooms, &outlet, &route, hurry, &stopped).await;
            {
                let mut known = lock(&known);
                if !ours {
                    known.elsewhere.insert(route.clone(), Instant::now() + rooms.claimer.look_again());
                }
                known.running.remove(&route);
            }
            drop(place);
            rooms.bell.ring();
        });
    }
    Ok(())
}

/// Works on a route under its lane's lease; false where another node does.
async fn work(rooms: &Rooms, outlet: &Outlet, route: &str, hurry: bool, stopped: &signal::Receiver<bool>) -> bool {
    let key = LeaseKey(lane(&outlet.name, route));
    let held = match rooms.claimer.claim(&key).await {
        Ok(Some(held)) => held,
        Ok(None) => return false,
        Err(error) => {
            if !rooms.outage.tells(&key.0, &error) {
                tracing::error!(lease = key.0, "cannot be claimed: {error}");
            }
            return false;
        }
    };
    rooms.status.working(&key.0, true);
    let mut worked = carry_on(&rooms.postings, outlet, route, &held.fence, hurry, stopped).await;
    // What an answer may wait for came first.
    if worked.is_ok() {
        worked = redrive(&rooms.postings, outlet, route, &held.fence, stopped).await;
    }
    if let Err(error) = worked {
        if !rooms.outage.tells(&key.0, &error) {
            tracing::error!(lease = key.0, "{error}");
        }
        // The books could not even be told to wait: without this pause the same work would be due at once.
        tokio::time::sleep(BOOKS_PAUSE).await;
    }
    held.release().await;
    rooms.status.working(&key.0, false);
    true
}

/// Asks an outlet that did not answer whether it does again.
async fn probe(rooms: &Rooms, outlet: &Outlet) {
    match outlet.engine.look().await {
        Err(error) => outlet.breaker.open(error.to_string(), rooms.clock.now_ms(), outlet.probe),
        Ok(said) => {
            let Some(down) = outlet.breaker.close() else { return };
            let seconds = (rooms.clock.now_ms() - down.since_ms) / 1_000;
            // Its notice is closed by `ended.rs`, as is one from before a restart.
            tracing::info!(outlet = outlet.name, seconds, said, "the outlet answers again");
        }
    }
}

/// Tells a person of an outlet that is down for a while, and the status how it is.
async fn tell(rooms: &Rooms, outlet: &Outlet) {
    let down = outlet.breaker.down();
    rooms.status.outlet(&outlet.name, outlet.kind, down.as_ref().map(|down| (down.since_ms, down.error.as_str())));
    let Some(down) = outlet.breaker.take_told(rooms.clock.now_ms()) else { return };
    tracing::warn!(outlet = outlet.name, "it does not answer: {}", down.error);
    let text = format!(
        "outlet {} does not answer: {}. What waits for it goes on by itself when it does; `fpp outlets` shows what that is.",
        outlet.name,
        down.error.trim_end_matches('.')
    );
    let notice = NewNotice {
        severity: "error".into(),
        topic: "outlet".into(),
        subject: outlet.name.clone(),
        code: Code::OUTLET.0,
        text,
    };
    write(rooms, Change::Raise(notice)).await;
}

async fn write(rooms: &Rooms, change: Change) {
    if let Err(error) = rooms.ledger.apply(None, rooms.clock.now_ms(), &[change]).await
        && !rooms.outage.tells("a notice", &error)
    {
        tracing::error!("no notice of an outlet can be written: {error}");
    }
}

impl Known {
    fn is_busy(&self, route: &str) -> bool {
        self.running.contains(route) || self.elsewhere.contains_key(route)
    }
}

fn lock(known: &Shared) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}
