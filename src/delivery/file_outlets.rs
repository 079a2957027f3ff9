//! How the file outlets of routes are: what of each route waits for a spool, since when, what is owed.
//!
//! A file outlet is no outlet of the node: its files are deliveries like answers. Who asks what an answer waits for wants to
//! see both, in one form.

use super::overview::{LOOK_MAX, OutletLine, RouteLine, add, seconds};
use super::proof;
use crate::error::Result;
use crate::ledger::Ledger;
use crate::ledger::delivery::{Delivery, Purpose};
use crate::ledger::desk::{Pause, SwitchKind, is_paused};
use crate::ledger::transfer::Transfer;
use std::collections::BTreeMap;

const PAGE: u32 = 1_000;

/// What their lines say they are.
pub const KIND: &str = "file";

/// Looks at file outlets, each by spool and route, and at what else is open of them: a route may name one no more.
pub async fn look(ledger: &dyn Ledger, outlets: &[(String, String)], now_ms: i64) -> Result<Vec<OutletLine>> {
    let pauses = ledger.pauses().await?;
    let mut spools: BTreeMap<String, BTreeMap<String, RouteLine>> = BTreeMap::new();
    for (spool, route) in outlets {
        let line = new_line(&pauses, spool, route);
        spools.entry(spool.clone()).or_default().insert(route.clone(), line);
    }
    let (mut open, cut) = open(ledger, spools.keys()).await?;
    open.retain(|delivery| delivery.purpose == Purpose::Events);
    for delivery in &open {
        let Some(transfer) = ledger.transfer(&delivery.transfer).await? else { continue };
        let (spool, route) = (&delivery.spool, transfer.route.clone());
        let since_ms = since_ms(ledger, delivery, &transfer).await?;
        let lines = spools.entry(spool.clone()).or_default();
        let line = lines.entry(route.clone()).or_insert_with(|| new_line(&pauses, spool, &route));
        let records = transfer.facts.accepted.unwrap_or(0);
        add(line, delivery, Some(&transfer), records, seconds(since_ms, now_ms));
    }
    let line = |(spool, routes): (String, BTreeMap<String, RouteLine>)| OutletLine {
        kind: KIND.to_owned(),
        paused: is_paused(&pauses, SwitchKind::Partner, &spool),
        outlet: spool,
        routes: routes.into_values().collect(),
        cut,
        ..OutletLine::default()
    };
    Ok(spools.into_iter().map(line).collect())
}

/// Since when a file is to be there: since it was planned, or sent again, which only its journal says. Nothing is sent again
/// before it was there, and where the answer still waits for it, it was not.
async fn since_ms(ledger: &dyn Ledger, delivery: &Delivery, transfer: &Transfer) -> Result<i64> {
    let never_there = delivery.required && transfer.waits_for_outlets();
    if never_there || delivery.updated_ms <= delivery.planned_ms {
        return Ok(delivery.planned_ms);
    }
    Ok(proof::resent_ms(ledger, &delivery.id).await?.unwrap_or(delivery.planned_ms))
}

fn new_line(pauses: &[Pause], spool: &str, route: &str) -> RouteLine {
    let paused = is_paused(pauses, SwitchKind::Outlet, &format!("{route}/{spool}"));
    RouteLine { route: route.to_owned(), paused, ..RouteLine::default() }
}

/// Deliveries that are not there: those that wait, and of these spools those that are held; and whether there are more.
async fn open(ledger: &dyn Ledger, spools: impl Iterator<Item = &String>) -> Result<(Vec<Delivery>, bool)> {
    let mut open = ledger.unfinished_deliveries(LOOK_MAX).await?;
    let mut cut = open.len() >= LOOK_MAX as usize;
    for spool in spools {
        let (mut after, mut seen) = (None, 0);
        loop {
            let page = ledger.held_deliveries(spool, i64::MIN, after.as_ref(), PAGE).await?;
            after = page.last().filter(|_| page.len() == PAGE as usize).map(|delivery| delivery.id.clone());
            seen += page.len();
            open.extend(page);
            if after.is_none() {
                break;
            }
            if seen >= LOOK_MAX as usize {
                cut = true;
                break;
            }
        }
    }
    Ok((open, cut))
}
