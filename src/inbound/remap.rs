//! A remap (重映射): the events of a posted file are published again as its route maps them today, on purpose (D6).
//!
//! A file is told by the plan that it froze for as long as the vault keeps it, whatever becomes of the configuration. Where
//! services are to have its events in another shape, the mapping gets a new `dataschema`, and an operator says so: a
//! transfer of its own publishes them, like a correction, with the bytes of the file and the plan of today.
//!
//! Invariants: nothing is published under a `dataschema` that meant another mapping; each event keeps the id of the first
//! one and adds a word of its own, so that no outlet takes it for a repetition; every event of the file is told again or
//! none is, but for those that were taken back or put right since, which stand as their corrections say; once for each
//! file and plan.

use super::arrival::new_id;
use super::prove::freeze;
use super::work::Inbound;
use crate::blocking::blocking;
use crate::error::{Error, Result};
use crate::ledger::change::{Change, NewTransfer, Reject};
use crate::ledger::transfer::{Act, Correction, Facts, Transfer};
use crate::ledger::verbs::{Planned, Row};
use crate::outlets::Books;
use crate::outlets::events::{EventReader, Look, View};
use crate::outlets::position::Position;
use fpp_codecs::Code;
use std::collections::HashSet;

/// Publications looked through at once.
const ROUND: u32 = 500;
/// Most spans of records that give no event.
const SPANS_MAX: usize = 20_000;

/// What a remap tells.
#[derive(Default)]
struct Told {
    events: u64,
    left_out: Vec<(u64, u64)>,
    corrected: u64,
}

fn refused(what: impl Into<String>) -> Error {
    Error::halt(Code::REFUSED, what)
}

/// What it would do; every event is made both ways first.
pub async fn plan(cx: &Inbound, transfer: &Transfer, row: &Row, (by, reason): (&str, &str)) -> Result<Planned> {
    let name = &transfer.name;
    if let Some(correction) = &transfer.facts.correction {
        let what = format!("{name} is no file of its own: {}", correction.act.word());
        return Err(refused(what).hint(format!("Remap the file itself: {}.", correction.of)));
    }
    let route = cx.routes.get(&transfer.route);
    let route = route.ok_or_else(|| refused(format!("this node has no route `{}`", transfer.route)))?;
    let plan = freeze(cx, &route.bundle).await?;
    let key = format!("{}|{}|{plan}", Act::Remapped.word(), transfer.id);
    if let Some(earlier) = cx.ledger.transfer_by_arrival(&key).await? {
        return Err(refused(format!("{name} was mapped so already, by transfer {}", earlier.id)));
    }
    let corrected = corrected_since(cx, transfer).await?;
    let (books, of, digest) = (cx.books(), transfer.clone(), plan.clone());
    let rejects = books.rejects(transfer).await?;
    let told = blocking(move || compare(&books, &of, &digest, rejects, &corrected)).await?;
    let id = new_id();
    let aside = match told.corrected {
        0 => String::new(),
        n => format!("; {n} that were taken back or put right since are left out"),
    };
    let said = format!("{name}: {}: {} events, by transfer {id}{aside}", row.said, told.events);
    let facts = Facts {
        size: transfer.facts.size,
        sha256: transfer.facts.sha256.clone(),
        plan: Some(plan),
        records: Some(told.events),
        correction: Some(Correction {
            act: Act::Remapped,
            of: transfer.id.0.clone(),
            record: 0,
            event: String::new(),
            file: name.clone(),
            identity: transfer.facts.identity.clone(),
            content: None,
            fields: Vec::new(),
            left_out: told.left_out,
            by: by.to_owned(),
            reason: reason.to_owned(),
        }),
        ..Facts::default()
    };
    let arrive = Change::Arrive(NewTransfer {
        id,
        route: transfer.route.clone(),
        spool: transfer.spool.clone(),
        name: format!("{name}#{}", Act::Remapped.word()),
        arrival_key: key,
        facts,
    });
    Ok(Planned { effect: row.effect.word(), routes: vec![transfer.route.clone()], changes: vec![arrive], said })
}

/// Ids of events of the route that were corrected after this file was published.
async fn corrected_since(cx: &Inbound, transfer: &Transfer) -> Result<HashSet<String>> {
    let mut ids = HashSet::new();
    let mut after = transfer.publication.unwrap_or_default();
    loop {
        let publications = cx.ledger.publications(after, ROUND).await?;
        let Some(last) = publications.last().and_then(|t| t.publication) else { return Ok(ids) };
        after = last;
        let of_route = publications.into_iter().filter(|t| t.route == transfer.route);
        let corrections = of_route.filter_map(|t| t.facts.correction).filter(Correction::is_of_one);
        ids.extend(corrections.map(|correction| correction.event));
    }
}

/// Reads the file by the plan that it froze and by that of today, side by side.
fn compare(
    books: &Books,
    transfer: &Transfer,
    plan: &str,
    rejects: Vec<Reject>,
    corrected: &HashSet<String>,
) -> Result<Told> {
    let frozen = transfer.facts.plan.as_deref().unwrap_or_default();
    let (before, now) = (books.plans.frozen(&*books.vault, frozen)?, books.plans.frozen(&*books.vault, plan)?);
    let schema = now.mapping.dataschema();
    if before.mapping.dataschema() == schema {
        return Err(refused(format!("the events of {} have the `dataschema` {schema} already", transfer.name)).hint(
            "What a schema says never changes: give the mapping of the route a new `dataschema`, restart the node, and \
             remap then.",
        ));
    }
    if before.mapping.source() != now.mapping.source() {
        return Err(refused(format!("the source of the events was {}", before.mapping.source()))
            .hint("An event keeps its source: give the route the `source` it had."));
    }
    let anew = Facts { plan: Some(plan.to_owned()), ..transfer.facts.clone() };
    let anew = Transfer { facts: anew, ..transfer.clone() };
    let mut first = EventReader::open(books, transfer, rejects.clone(), 0, View::Masked)?;
    let mut again = EventReader::open(books, &anew, rejects, 0, View::Masked)?;
    let (mut told, mut line) = (Told::default(), Vec::new());
    loop {
        line.clear();
        let was = first.look(&mut line)?;
        line.clear();
        let is = again.look(&mut line).map_err(|error| {
            error.hint(
                "The mapping of today does not take what was posted; nothing is published. Mend it, and remap then.",
            )
        })?;
        match (was, is) {
            (Look::Event(Position::END) | Look::End, Look::Event(Position::END) | Look::End) => break,
            (Look::Event(n), Look::Event(same)) if n == same => {
                let (was, is) = (&first.event().id, &again.event().id);
                if was != is {
                    return Err(refused(format!("the event of record {n} would be another one: {is}, and not {was}"))
                        .hint("An event keeps its id: the mapping's `id` must give what it gave."));
                }
                if corrected.contains(was) {
                    told.corrected += 1;
                    told.leave_out(n)?;
                } else {
                    told.events += 1;
                }
            }
            (Look::Passed(n), Look::Passed(same)) if n == same => told.leave_out(n)?,
            (Look::Event(n) | Look::Passed(n), _) => {
                let what = format!("record {n} of {} is another one by the layout of today", transfer.name);
                return Err(refused(what).hint("The format of the route must cut the file as it did."));
            }
            (Look::End, _) => {
                return Err(refused(format!("{} has more records by the layout of today", transfer.name))
                    .hint("The format of the route must cut the file as it did."));
            }
        }
    }
    match told.events {
        0 => Err(refused(format!("{} has no event that stands", transfer.name))),
        _ => Ok(told),
    }
}

impl Told {
    fn leave_out(&mut self, record: u64) -> Result<()> {
        match self.left_out.last_mut() {
            Some((_, last)) if *last + 1 == record => *last = record,
            _ => self.left_out.push((record, record)),
        }
        if self.left_out.len() <= SPANS_MAX {
            return Ok(());
        }
        Err(refused(format!("more than {SPANS_MAX} places of the file give no event"))
            .hint("Have the core send the file again."))
    }
}
