//! A replay into an outlet of files: what a route posted from a business date on is made anew and delivered once more, each
//! file under a free name, with checksum and marker. A file that never went there, because the outlet is new, goes too.
//!
//! Each file is made and planned by itself, in the order of the publications, so that a replay that is cut short has done
//! what it did. It gates nothing. What is on its way there is left alone, and so is a file whose former copy stands there
//! under the only name that it can have.

use super::post;
use super::route::{FileOutlet, Route};
use super::work::Inbound;
use crate::error::Result;
use crate::ledger::change::Change;
use crate::ledger::delivery::{DeliveryEvent, DeliveryState, Purpose};
use crate::ledger::transfer::Transfer;

/// Publications asked for at once.
const ROUND: u32 = 200;

/// What became of the files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Delivered once more.
    pub made: u64,
    /// On their way there, or without a name that is free.
    pub passed: u64,
    /// No longer in the vault.
    pub gone: u64,
}

/// What of a file was done.
enum Done {
    Made,
    Passed,
    Gone,
}

/// Replays what was posted until now. `settle` is written with the first file.
pub async fn replay(
    cx: &Inbound,
    route: &Route,
    outlet: &FileOutlet,
    (from, by): (&str, &str),
    mut settle: Option<Change>,
) -> Result<Replayed> {
    let outlet = FileOutlet { required: false, ..outlet.clone() };
    let until = cx.ledger.last_publication().await?;
    let first = cx.ledger.first_publication_of(from).await?;
    let mut after = first.map_or(until, |first| first.saturating_sub(1));
    let mut replayed = Replayed::default();
    while after < until {
        let page = cx.ledger.publications(after, ROUND).await?;
        let Some(last) = page.last().and_then(|transfer| transfer.publication) else { break };
        for transfer in page.iter().filter(|t| t.publication <= Some(until) && is_meant(t, route, &outlet, from)) {
            match once_more(cx, route, &outlet, transfer, by, &mut settle).await? {
                Done::Made => replayed.made += 1,
                Done::Passed => replayed.passed += 1,
                Done::Gone => replayed.gone += 1,
            }
        }
        after = last;
    }
    if let Some(settle) = settle {
        cx.ledger.apply(None, cx.clock.now_ms(), &[settle]).await?;
    }
    Ok(replayed)
}

fn is_meant(transfer: &Transfer, route: &Route, outlet: &FileOutlet, from: &str) -> bool {
    let date = transfer.facts.of_file().map(|identity| identity.business_date.as_str());
    transfer.route == route.name && date.is_some_and(|date| date >= from) && outlet.form.holds(transfer)
}

async fn once_more(
    cx: &Inbound,
    route: &Route,
    outlet: &FileOutlet,
    transfer: &Transfer,
    by: &str,
    settle: &mut Option<Change>,
) -> Result<Done> {
    let sent = cx.ledger.deliveries(Some(&transfer.id), u32::MAX).await?;
    let mut there = sent.iter().filter(|d| d.purpose == Purpose::Events && d.spool == outlet.spool);
    if there.any(|delivery| !delivery.is_there()) {
        return Ok(Done::Passed);
    }
    if !post::renewed(cx, transfer).await? {
        return Ok(Done::Gone);
    }
    let delivery = post::plan(cx, route, outlet, transfer).await?;
    let known = cx.ledger.delivery_named(&delivery.spool, &delivery.name).await?;
    if known.is_some_and(|known| known.state != DeliveryState::Taken) {
        return Ok(Done::Passed);
    }
    // Who and why stand in its journal.
    let said = Change::MoveDelivery { id: delivery.id.clone(), event: DeliveryEvent::Retry, by: Some(by.to_owned()) };
    let changes: Vec<Change> = [Change::Plan(Box::new(delivery)), said].into_iter().chain(settle.take()).collect();
    cx.ledger.apply(None, cx.clock.now_ms(), &changes).await?;
    cx.bell.ring();
    Ok(Done::Made)
}
