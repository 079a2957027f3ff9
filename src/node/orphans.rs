//! Postings of outlets that the configuration does not have any more: nobody pushes them, and an answer may wait for one.
//! They are held, as those are whose route does not name their outlet any more, and a person is told, once for each outlet.
//!
//! It is looked at the start, when such a thing comes about, and from time to time, because a node of the former
//! configuration may still have planned some meanwhile.

use super::rooms::Rooms;
use crate::delivery::outlet::lane;
use crate::delivery::posting::route_of;
use crate::error::{Error, Result};
use crate::ledger::change::{Change, NewNotice};
use crate::ledger::delivery::{Delivery, DeliveryEvent, DeliveryState};
use crate::ledger::lease::LeaseKey;
use fpp_codecs::Code;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch as signal;
use tokio::task::JoinSet;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(60);
/// Postings of one page, and of one transaction.
const PAGE: u32 = 500;
const BATCH: usize = 100;
/// Topic of the notices.
const TOPIC: &str = "outlet-gone";

/// Starts the look.
pub(super) fn start(services: &mut JoinSet<Result<()>>, rooms: &Arc<Rooms>, stopped: &signal::Receiver<bool>) {
    services.spawn(run(rooms.clone(), stopped.clone()));
}

async fn run(rooms: Arc<Rooms>, mut stopped: signal::Receiver<bool>) -> Result<()> {
    let mut greeted = false;
    loop {
        let looked = async {
            if !greeted {
                welcome(&rooms).await?;
            }
            look(&rooms).await
        };
        match looked.await {
            Ok(()) => greeted = true,
            Err(error) if rooms.outage.tells("outlets that are gone", &error) => {}
            Err(error) => tracing::error!("files for outlets that are gone cannot be held: {error}"),
        }
        tokio::select! {
            _ = stopped.wait_for(|s| *s) => return Ok(()),
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// An outlet that is back is gone no more.
async fn welcome(rooms: &Rooms) -> Result<()> {
    let close = |name: &String| Change::CloseNotice {
        topic: TOPIC.to_owned(),
        subject: name.clone(),
        by: "fpp: it is in the configuration again".to_owned(),
    };
    let changes: Vec<Change> = rooms.postings.outlets.keys().map(close).collect();
    if changes.is_empty() {
        return Ok(());
    }
    rooms.apply(&changes).await.map(drop)
}

async fn look(rooms: &Rooms) -> Result<()> {
    for outlet in rooms.ledger.posting_outlets().await? {
        if !rooms.postings.outlets.contains_key(&outlet) {
            hold_all(rooms, &outlet).await?;
        }
    }
    Ok(())
}

async fn hold_all(rooms: &Rooms, outlet: &str) -> Result<()> {
    let mut by_route: BTreeMap<String, Vec<Delivery>> = BTreeMap::new();
    let mut after = None;
    loop {
        let page = rooms.ledger.open_postings(outlet, after.as_ref(), PAGE).await?;
        after = page.last().filter(|_| page.len() == PAGE as usize).map(|last| last.id.clone());
        for posting in page.into_iter().filter(|posting| posting.state != DeliveryState::Held) {
            by_route.entry(route_of(&posting).to_owned()).or_default().push(posting);
        }
        if after.is_none() {
            break;
        }
    }
    for (route, postings) in by_route {
        // Another node that still has the outlet goes on.
        let Some(held) = rooms.claimer.claim(&LeaseKey(lane(outlet, &route))).await? else { continue };
        let mut done = Ok(());
        for some in postings.chunks(BATCH) {
            let applied =
                rooms.ledger.apply(Some(&held.fence), rooms.clock.now_ms(), &changes(rooms, outlet, some)).await;
            done = applied.map(drop);
            if done.is_err() {
                break;
            }
        }
        held.release().await;
        rooms.bell.ring();
        done?;
        tracing::error!(outlet, route, files = postings.len(), "held: the configuration has no such outlet any more");
    }
    Ok(())
}

fn changes(rooms: &Rooms, outlet: &str, postings: &[Delivery]) -> Vec<Change> {
    let what = format!("the configuration has no outlet `{outlet}` any more");
    let error = Error::halt(Code::PLAN, what).hint(
        "Put it back, restart, then `fpp retry ID`; or let the answer go without it (`fpp outlets defer`), and give it up: \
         `fpp release ID`.",
    );
    let now_ms = rooms.clock.now_ms();
    let held = postings.iter().flat_map(|posting| {
        let id = posting.id.clone();
        let hold = Change::MoveDelivery { id: id.clone(), event: DeliveryEvent::Hold, by: None };
        [hold, Change::ParkDelivery { id, until_ms: now_ms, error: error.to_string(), failed: true }]
    });
    let notice = NewNotice {
        severity: "error".to_owned(),
        topic: TOPIC.to_owned(),
        subject: outlet.to_owned(),
        code: error.code.0,
        text: format!(
            "files were on their way into outlet {outlet} and are held: {error} `fpp outlets` tells how many."
        ),
    };
    held.chain([Change::Raise(notice)]).collect()
}
