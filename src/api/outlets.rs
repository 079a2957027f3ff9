//! What operators say of outlets: a replay, dead letters pushed once more, and how the outlets are.

use super::said::Said;
use super::{Doors, under_way};
use crate::delivery::replay::Replay;
use crate::delivery::{file_outlets, overview};
use crate::error::{Error, Result};
use crate::inbound::replay as files;
use crate::inbound::route::Route;
use crate::ledger::Ledger;
use crate::ledger::change::Change;
use crate::ledger::delivery::DeliveryId;
use crate::ledger::verbs::{Planned, Verb};
use fpp_codecs::Code;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Postings whose dead letters are pushed once more by one word.
const POSTINGS_MAX: usize = 500;
const PAGE: u32 = 1_000;
/// Debts that are listed.
const DEBTS_MAX: u32 = 1_000;

/// What is replayed.
pub(super) struct Wanted<'a> {
    pub(super) outlet: &'a str,
    pub(super) route: &'a str,
    pub(super) from: &'a str,
    pub(super) by: &'a str,
}

fn refused(what: String) -> Error {
    Error::halt(Code::REFUSED, what)
}

fn unknown(what: String) -> Error {
    Error::halt(Code::UNKNOWN, what)
}

/// A replay that may begin: the route names that outlet, and the date is one.
pub(super) fn plan_replay(routes: &BTreeMap<String, Arc<Route>>, wanted: &Wanted<'_>) -> Result<Planned> {
    let Wanted { outlet, route, from, .. } = wanted;
    let known = routes.get(*route).ok_or_else(|| unknown(format!("there is no route `{route}`")))?;
    let names: Vec<&str> = known
        .pushed
        .iter()
        .map(|(name, _)| name)
        .chain(known.files.iter().map(|f| &f.spool))
        .map(String::as_str)
        .collect();
    if !names.contains(outlet) {
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let what = format!("route `{route}` does not name outlet `{outlet}`");
        return Err(refused(what).hint(format!("It names: {names}.")));
    }
    if from.len() != 10 || from.parse::<jiff::civil::Date>().is_err() {
        return Err(Error::halt(Code::REQUEST, format!("`{from}` is no date")).hint("Dates are written 2025-06-20."));
    }
    let act = if is_of_files(known, outlet) { "delivered" } else { "pushed" };
    let said = format!("what {route} posted from {from} on is {act} into {outlet} again");
    let routes = vec![(*route).to_owned()];
    Ok(Planned { effect: Verb::Replay.word(), routes, changes: Vec::new(), said })
}

fn is_of_files(route: &Route, outlet: &str) -> bool {
    route.files.iter().any(|file| file.spool == outlet)
}

/// The routes that push into an outlet.
pub(super) fn pushing(routes: &BTreeMap<String, Arc<Route>>, outlet: &str) -> Vec<String> {
    let pushes = |route: &&Arc<Route>| route.pushed.iter().any(|(name, _)| name == outlet);
    routes.values().filter(pushes).map(|route| route.name.clone()).collect()
}

/// What is told of those that are not replayed, where there are any.
fn besides(count: u64, what: &str) -> String {
    if count == 0 { String::new() } else { format!("; {count} {what}") }
}

/// Has a route's files made and delivered again.
async fn replay_files(doors: &Doors, route: &Route, wanted: &Wanted<'_>, settle: Option<Change>) -> Result<Said> {
    let Wanted { outlet: spool, route: name, from, by } = *wanted;
    let outlet = route.files.iter().find(|file| file.spool == spool);
    let outlet = outlet.ok_or_else(|| Error::internal(format!("outlet `{spool}` is gone")))?;
    let go_on = || under_way::go_on(&doors.stopped);
    let files = files::Wanted { route, outlet, from, by, go_on: &go_on };
    let (made, ended) = files::replay(&doors.inbound, &files, settle).await;
    let message = [
        format!("{} files of {name} from {from} on are delivered into {spool} again", made.made),
        besides(made.passed, "are on their way there already, or stand there and have no other name"),
        besides(made.held, "are held on their way there: `fpp deliveries` says why, `fpp retry ID` tries one again"),
        besides(made.gone, "are no longer in the vault"),
        besides(made.failed, "could not be made"),
    ];
    let message = message.concat();
    match ended {
        Ok(()) => Ok(Said { message, lines: made.faults }),
        Err(error) => Err(error.at(format_args!("{message}; then it ended"))),
    }
}

/// Has a route's files pushed again, a bounded number in one transaction.
pub(super) async fn replay(doors: &Doors, wanted: &Wanted<'_>, settle: Option<Change>) -> Result<Said> {
    if let Some(route) = doors.inbound.routes.get(wanted.route).filter(|route| is_of_files(route, wanted.outlet)) {
        return replay_files(doors, route, wanted, settle).await;
    }
    let mut count = 0;
    match replay_postings(doors, wanted, settle, &mut count).await {
        Ok(passed) => {
            let Wanted { outlet, route, from, .. } = wanted;
            let passed = besides(passed, "are on their way there already");
            Ok(format!("{count} files of {route} from {from} on are pushed into {outlet} again{passed}").into())
        }
        Err(error) if count > 0 => Err(error.at(format_args!("after {count} files were planned"))),
        Err(error) => Err(error),
    }
}

/// Returns how many were passed over.
async fn replay_postings(
    doors: &Doors,
    wanted: &Wanted<'_>,
    mut settle: Option<Change>,
    count: &mut usize,
) -> Result<u64> {
    let (ledger, clock) = (&*doors.inbound.ledger, &doors.inbound.clock);
    let mut replay = Replay::begin(ledger, wanted.outlet, wanted.route, wanted.from, wanted.by).await?;
    while let Some(planned) = replay.batch(ledger, clock.now_ms()).await? {
        under_way::go_on(&doors.stopped)?;
        if planned.is_empty() {
            continue;
        }
        let some = planned.len();
        let changes: Vec<Change> = planned.into_iter().chain(settle.take()).collect();
        ledger.apply(None, clock.now_ms(), &changes).await?;
        *count += some;
        doors.bell.ring();
    }
    if let Some(settle) = settle {
        ledger.apply(None, clock.now_ms(), &[settle]).await?;
    }
    Ok(replay.passed)
}

/// Dead letters of an outlet, or of one of its transfers, that are pushed once more.
pub(super) async fn plan_redrive(
    ledger: &dyn Ledger,
    routes: &BTreeMap<String, Arc<Route>>,
    outlet: &str,
    transfer: &str,
    by: &str,
) -> Result<Planned> {
    if pushing(routes, outlet).is_empty() {
        return Err(unknown(format!("no route names an outlet `{outlet}`")).hint("`fpp outlets` lists them."));
    }
    let mut meant: Vec<DeliveryId> = Vec::new();
    let (mut letters, mut of) = (0, BTreeSet::new());
    let mut after: Option<(DeliveryId, u64)> = None;
    let cut = 'pages: loop {
        let from = after.as_ref().map(|(id, record)| (id, *record));
        let page = ledger.dead_letters(Some(outlet), from, false, PAGE).await?;
        for letter in page.iter().filter(|l| transfer.is_empty() || l.transfer.0 == transfer) {
            if meant.last() != Some(&letter.delivery) {
                if meant.len() >= POSTINGS_MAX {
                    break 'pages true;
                }
                meant.push(letter.delivery.clone());
            }
            of.insert(letter.route.clone());
            letters += 1;
        }
        after = page.last().filter(|_| page.len() == PAGE as usize).map(|last| (last.delivery.clone(), last.record));
        if after.is_none() {
            break false;
        }
    };
    if meant.is_empty() {
        return Err(unknown(format!("outlet `{outlet}` has no such dead letters")).hint("See `fpp outlets dead`."));
    }
    let more = if cut { "; say it again for the others" } else { "" };
    let said = format!("{letters} events of {} files are pushed into {outlet} once more{more}", meant.len());
    let changes = meant.into_iter().map(|id| Change::Redrive { id, by: by.to_owned() }).collect();
    Ok(Planned { effect: Verb::Redrive.word(), routes: of.into_iter().collect(), changes, said })
}

/// How the outlets are, and which deliveries are owed.
pub(super) async fn overview(doors: &Doors) -> Result<Value> {
    let outlets = &doors.postings.outlets;
    let names: Vec<_> = outlets.values().map(|outlet| (outlet.name.clone(), outlet.kind.to_owned())).collect();
    let ledger = &*doors.inbound.ledger;
    let mut lines = overview::look(ledger, &names, doors.inbound.clock.now_ms()).await?;
    for line in &mut lines {
        if let Some(down) = outlets.get(&line.outlet).and_then(|outlet| outlet.breaker.down()) {
            (line.down_since_ms, line.error) = (Some(down.since_ms), down.error);
        }
    }
    let routes = doors.inbound.routes.values();
    let files = routes.flat_map(|of| of.files.iter().map(|file| (file.spool.clone(), of.name.clone())));
    let files: Vec<_> = files.collect();
    lines.extend(file_outlets::look(ledger, &files, doors.inbound.clock.now_ms()).await?);
    let debts = ledger.debts(DEBTS_MAX).await?;
    let debts: Vec<_> = debts
        .iter()
        .map(|d| json!({ "delivery": d.id, "transfer": d.transfer, "outlet": d.spool, "name": d.name, "state": d.state }))
        .collect();
    Ok(json!({ "outlets": lines, "debts": debts }))
}
