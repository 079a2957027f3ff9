//! Pushes events into the node's outlets: for each outlet a dispatcher with places of its own, so that one that hangs or
//! is slow keeps no other waiting; of each route one posting at a time, under the lease of its lane.
//!
//! An outlet that does not answer is asked now and then (`delivery/breaker.rs`); when it does again, what waits is tried at
//! once, whatever its own pause.

use super::leased::{self, UnderWay};
use super::rooms::Rooms;
use crate::bell::Pace;
use crate::delivery::outlet::{Outlet, lane};
use crate::delivery::posting::{carry_on, route_of};
use crate::delivery::redrive::redrive;
use crate::error::Result;
use crate::ledger::change::{Change, NewNotice};
use crate::ledger::lease::LeaseKey;
use crate::ledger::standing::is_due;
use fpp_codecs::Code;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, watch as signal};
use tokio::task::JoinSet;

/// Dead letters looked at, to find the routes of which some are pushed once more.
const DUE_MAX: u32 = 1_000;

/// Starts a dispatcher for each outlet.
pub(super) fn start(services: &mut JoinSet<Result<()>>, rooms: &Arc<Rooms>, stopped: &signal::Receiver<bool>) {
    for outlet in rooms.postings.outlets.values() {
        services.spawn(dispatch(rooms.clone(), outlet.clone(), stopped.clone()));
    }
}

async fn dispatch(rooms: Arc<Rooms>, outlet: Arc<Outlet>, stopped: signal::Receiver<bool>) -> Result<()> {
    let under_way = UnderWay::default();
    let places = Arc::new(Semaphore::new(outlet.routes_at_once));
    let (mut listener, mut pace) = (rooms.bell.listen(), Pace::default());
    let mut jobs = JoinSet::new();
    let poll = Duration::from_millis(rooms.settings.work.poll_ms.max(10));
    while !*stopped.borrow() {
        if outlet.breaker.probe_in().is_some_and(|pause| pause.is_zero()) {
            probe(&rooms, &outlet).await;
        }
        tell(&rooms, &outlet).await;
        if outlet.breaker.down().is_none() {
            let began = Instant::now();
            let begun = begin(&rooms, &outlet, &places, &under_way, &stopped, &mut jobs).await;
            pace.answered(began);
            match begun {
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
        tokio::select! {
            () = tokio::time::sleep(pace.left()) => {}
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
    under_way: &UnderWay,
    stopped: &signal::Receiver<bool>,
    jobs: &mut JoinSet<()>,
) -> Result<()> {
    let next = rooms.ledger.next_postings(&outlet.name).await?;
    let dead = rooms.ledger.dead_letters(Some(&outlet.name), None, true, DUE_MAX).await?;
    let hurry = outlet.breaker.take_hurry();
    let now_ms = rooms.clock.now_ms();
    under_way.look_again();
    let due = next.iter().filter(|d| hurry || is_due(d.next_attempt_ms, now_ms)).map(|d| route_of(d).to_owned());
    let dead = dead.into_iter().filter(|letter| outlet.redrives.are_due(&letter.delivery));
    let due: BTreeSet<String> = due.chain(dead.map(|letter| letter.route)).collect();
    for route in due {
        if under_way.has(&route) {
            continue;
        }
        let Ok(place) = places.clone().try_acquire_owned() else { break };
        under_way.begins(&route);
        let (rooms, outlet, stopped) = (rooms.clone(), outlet.clone(), stopped.clone());
        let under_way = under_way.clone();
        jobs.spawn(async move {
            let ours = work(&rooms, &outlet, &route, hurry, &stopped).await;
            under_way.ended(&route, ours, rooms.claimer.look_again());
            drop(place);
            rooms.bell.ring();
        });
    }
    Ok(())
}

/// Works on a route under its lane's lease; false where another node does.
async fn work(rooms: &Rooms, outlet: &Outlet, route: &str, hurry: bool, stopped: &signal::Receiver<bool>) -> bool {
    let key = LeaseKey(lane(&outlet.name, route));
    let Some(held) = leased::take(rooms, &key).await else { return false };
    let mut worked = carry_on(&rooms.postings, outlet, route, &held.fence, hurry, stopped).await;
    // What an answer may wait for came first.
    if worked.is_ok() {
        worked = redrive(&rooms.postings, outlet, route, &held.fence, stopped).await;
    }
    leased::give_back(rooms, &key, held, worked).await;
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
    if let Err(error) = rooms.apply(&[change]).await
        && !rooms.outage.tells("a notice", &error)
    {
        tracing::error!("no notice of an outlet can be written: {error}");
    }
}
