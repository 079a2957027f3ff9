//! A replay into an outlet of files: what a route posted from a business date on is made anew and delivered once more, each
//! file under a free name, with checksum and marker. A file that never went there, because the outlet is new, goes too.
//!
//! Each file is made and planned by itself, in the order of the publications, so that a replay that is cut short has done
//! what it did. It gates nothing. What is on its way there is left alone, what is held there waits for its person, and left
//! out is a file whose former copy stands there under the only name that it can have. Where the partner took that copy, the
//! same delivery goes once more: its name has come round.
//!
//! Invariant: the fault of one file is that file's alone. It is counted and told, and the files behind it are made; only
//! what would fail each of them, because books, vault or disk do not answer, ends a replay.

use super::post;
use super::route::{FileOutlet, Route};
use super::work::Inbound;
use crate::error::{Class, Result};
use crate::ledger::change::Change;
use crate::ledger::delivery::{Delivery, DeliveryEvent, DeliveryState, Purpose};
use crate::ledger::transfer::Transfer;
use fpp_codecs::Code;

/// Publications asked for at once.
const ROUND: u32 = 200;
/// Faults of files that are told; the others are counted.
const FAULTS_MAX: usize = 100;

/// What is replayed.
pub struct Wanted<'a> {
    /// The route.
    pub route: &'a Route,
    /// Its outlet.
    pub outlet: &'a FileOutlet,
    /// What is of this business date or a later one.
    pub from: &'a str,
    /// Who and why.
    pub by: &'a str,
    /// Whether to go on; asked before each file.
    pub go_on: &'a (dyn Fn() -> Result<()> + Send + Sync),
}

/// What became of the files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Delivered once more.
    pub made: u64,
    /// On their way there, or without a name that is free.
    pub passed: u64,
    /// Held on their way there: a person speaks of each.
    pub held: u64,
    /// No longer in the vault.
    pub gone: u64,
    /// Not made, for a fault of their own.
    pub failed: u64,
    /// Those faults, of the first of them.
    pub faults: Vec<String>,
}

/// What of a file was done.
enum Done {
    Made,
    Passed,
    Held,
    Gone,
}

/// Replays what was posted until now: what became of the files, also where it ended before the last one. `settle` is
/// written with the first file.
pub async fn replay(cx: &Inbound, wanted: &Wanted<'_>, mut settle: Option<Change>) -> (Replayed, Result<()>) {
    let outlet = FileOutlet { required: false, ..wanted.outlet.clone() };
    let mut replayed = Replayed::default();
    let mut ended = walk(cx, &Wanted { outlet: &outlet, ..*wanted }, &mut replayed, &mut settle).await;
    if let (Ok(()), Some(settle)) = (&ended, settle) {
        ended = cx.ledger.apply(None, cx.clock.now_ms(), &[settle]).await.map(|_| ());
    }
    (replayed, ended)
}

async fn walk(cx: &Inbound, wanted: &Wanted<'_>, replayed: &mut Replayed, settle: &mut Option<Change>) -> Result<()> {
    let until = cx.ledger.last_publication().await?;
    let first = cx.ledger.first_publication_of(wanted.from).await?;
    let mut after = first.map_or(until, |first| first.saturating_sub(1));
    while after < until {
        (wanted.go_on)()?;
        let page = cx.ledger.publications(after, ROUND).await?;
        let Some(last) = page.last().and_then(|transfer| transfer.publication) else { break };
        for transfer in page.iter().filter(|t| t.publication <= Some(until) && is_meant(t, wanted)) {
            (wanted.go_on)()?;
            match once_more(cx, wanted, transfer, settle).await {
                Err(error) if error.class == Class::Retry => return Err(error),
                done => replayed.count(transfer, done),
            }
        }
        after = last;
    }
    Ok(())
}

impl Replayed {
    fn count(&mut self, transfer: &Transfer, done: Result<Done>) {
        match done {
            Ok(Done::Made) => self.made += 1,
            Ok(Done::Passed) => self.passed += 1,
            Ok(Done::Held) => self.held += 1,
            Ok(Done::Gone) => self.gone += 1,
            Err(error) => {
                tracing::warn!(transfer = %transfer.id, "not replayed: {error}");
                self.failed += 1;
                if self.faults.len() < FAULTS_MAX {
                    self.faults.push(format!("{} {}: {error}", transfer.id, transfer.name));
                }
            }
        }
    }
}

fn is_meant(transfer: &Transfer, wanted: &Wanted<'_>) -> bool {
    let date = transfer.facts.of_file().map(|identity| identity.business_date.as_str());
    let is_since = date.is_some_and(|date| date >= wanted.from);
    transfer.route == wanted.route.name && is_since && wanted.outlet.form.holds(transfer)
}

async fn once_more(
    cx: &Inbound,
    wanted: &Wanted<'_>,
    transfer: &Transfer,
    settle: &mut Option<Change>,
) -> Result<Done> {
    let Wanted { route, outlet, by, .. } = *wanted;
    let mut sent = cx.ledger.deliveries(Some(&transfer.id), u32::MAX).await?;
    sent.retain(|d| d.purpose == Purpose::Events && d.spool == outlet.spool);
    if sent.iter().any(|delivery| delivery.state == DeliveryState::Held) {
        return Ok(Done::Held);
    }
    if sent.iter().any(|delivery| !delivery.is_there()) {
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
    let mut changes = again(&sent, delivery, by);
    changes.extend(settle.clone());
    match cx.ledger.apply(None, cx.clock.now_ms(), &changes).await {
        Ok(_) => *settle = None,
        // The name went to another file meanwhile.
        Err(error) if error.code == Code::TARGET_EXISTS => return Ok(Done::Passed),
        Err(error) => return Err(error),
    }
    cx.bell.ring();
    Ok(Done::Made)
}

/// A delivery that is planned, with who and why in its journal; or, where the partner took these very bytes under this name
/// before, that one once more: a file is planned under a name once.
fn again(sent: &[Delivery], new: Delivery, by: &str) -> Vec<Change> {
    let said = |id, event| Change::MoveDelivery { id, event, by: Some(by.to_owned()) };
    match sent.iter().find(|known| known.name == new.name && known.sha256 == new.sha256) {
        Some(known) => vec![said(known.id.clone(), DeliveryEvent::Resend)],
        None => {
            let id = new.id.clone();
            vec![Change::Plan(Box::new(new)), said(id, DeliveryEvent::Retry)]
        }
    }
}
