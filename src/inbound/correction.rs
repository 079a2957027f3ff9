//! Corrections (更正): an operator's word on an event that stands (D25). Nothing is edited: another event refers to it.
//!
//! A correction is a transfer without a file of its own. Its bytes and its plan are those of the file whose event it is
//! about, so its event can be made again like any other (D6); what is put right is a record in the vault, in the file's own
//! layout, judged by the file's own plan. It takes a publication number of its own, reaches every outlet, and is answered
//! to nobody: the core is told by its own people.
//!
//! Invariants: an event is taken back once, which its arrival key says on every node; what was taken back is not put right
//! any more; a corrected event keeps the id of the first one, or it would be another event.

use super::arrival::new_id;
use super::post;
use super::work::{Inbound, Next};
use crate::blocking::blocking;
use crate::error::{Error, Result};
use crate::ledger::change::{Change, Fence, NewTransfer};
use crate::ledger::transfer::{Act, Correction, Facts, FileEvent, FileState, Transfer, Verdict};
use crate::ledger::verbs::{Planned, Verb};
use crate::outlets::Books;
use crate::outlets::events::{EventReader, Look, View};
use crate::outlets::place;
use crate::outlets::position::Position;
use crate::trade::event::Event;
use crate::trade::fields::{self, FieldRef};
use crate::trade::plan::Plan;
use fpp_codecs::Code;
use fpp_codecs::format::RecordFormat;
use fpp_codecs::record::{Cell, Row};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Publications looked through at once.
const ROUND: u32 = 64;

/// A field and its value as people write it; no value is null.
pub type Set = (String, Option<String>);

/// The event that is meant, found and read.
#[derive(Clone, Debug)]
pub struct Found {
    /// The publication that has it.
    pub transfer: Transfer,
    /// Its record.
    pub record: u64,
    /// Its id.
    pub event: String,
}

fn refused(what: impl Into<String>) -> Error {
    Error::halt(Code::REFUSED, what)
}

fn unknown(what: String) -> Error {
    Error::halt(Code::UNKNOWN, what)
}

/// Finds an event by its position, or by its id on a route, from the business date on that its id begins with.
pub async fn find(cx: &Inbound, id: &str, route: Option<&str>) -> Result<Found> {
    if let Some(position) = Position::parse(id) {
        let after = position.publication.saturating_sub(1);
        let found = cx.ledger.publications(after, 1).await?.into_iter().find(|t| t.publication == Some(after + 1));
        let Some(transfer) = found.filter(|t| route.is_none_or(|route| route == t.route)) else {
            return Err(unknown(format!("there is no event at {id}")).hint("Take the position from `fppposition`."));
        };
        return match of_record(cx, &transfer, position.record).await? {
            Some(event) => Ok(Found { transfer, record: position.record, event }),
            None => Err(unknown(format!("there is no event of a record at {id}"))
                .hint("The end of a file is not corrected: what it counts stands.")),
        };
    }
    let Some(route) = route else {
        return Err(refused("an id is one of a route").hint("Say the route, or the event's position: `fppposition`."));
    };
    let date = id.get(..10).filter(|date| date.parse::<jiff::civil::Date>().is_ok());
    let first = match date {
        Some(date) => cx.ledger.first_publication_of(date).await?,
        None => None,
    };
    let mut after = first.unwrap_or(1).saturating_sub(1);
    loop {
        let publications = cx.ledger.publications(after, ROUND).await?;
        let Some(last) = publications.last().and_then(|t| t.publication) else { break };
        after = last;
        let of_route = publications.into_iter().filter(|t| t.route == route && t.facts.correction.is_none());
        for transfer in of_route {
            if let Some(record) = record_of(cx, &transfer, id).await? {
                return Ok(Found { transfer, record, event: id.to_owned() });
            }
        }
    }
    Err(unknown(format!("no event `{id}` was published on route {route}"))
        .hint("`fpp events` shows ids and positions; what the vault no longer keeps cannot be corrected."))
}

/// The id of a record's event; nothing where the record gave none.
async fn of_record(cx: &Inbound, transfer: &Transfer, record: u64) -> Result<Option<String>> {
    let (books, of) = (cx.books(), transfer.clone());
    let rejects = books.rejects(transfer).await?;
    blocking(move || {
        let mut reader = EventReader::open(&books, &of, rejects, record.saturating_sub(1), View::Masked)?;
        let is_it = reader.look(&mut Vec::new())? == Look::Event(record) && record != Position::END;
        Ok(is_it.then(|| reader.event().id.clone()))
    })
    .await
}

/// The record of a publication that gave the event with this id.
async fn record_of(cx: &Inbound, transfer: &Transfer, id: &str) -> Result<Option<u64>> {
    let (books, of, id) = (cx.books(), transfer.clone(), id.to_owned());
    let rejects = books.rejects(transfer).await?;
    blocking(move || {
        let mut reader = EventReader::open(&books, &of, rejects, 0, View::Masked)?;
        let mut out = Vec::new();
        loop {
            out.clear();
            match reader.look(&mut out)? {
                Look::Event(Position::END) | Look::End => return Ok(None),
                Look::Event(record) if reader.event().id == id => return Ok(Some(record)),
                Look::Event(_) | Look::Passed(_) => {}
            }
        }
    })
    .await
}

/// What is put right of an event.
#[derive(Clone, Debug)]
pub struct PutRight {
    /// The record as it should be, in the vault: its digest, and the fields that differ.
    pub content: (String, Vec<String>),
    /// Each of those fields before and after, for whoever confirms it; without the value of one that is sensitive.
    pub shown: Vec<String>,
}

/// The record as it should be, kept in the vault. Judged by the file's own plan.
pub async fn put_right(cx: &Inbound, found: &Found, set: Vec<Set>) -> Result<PutRight> {
    if set.is_empty() {
        return Err(refused("nothing is to be put right").hint("Say which: --set FIELD=VALUE."));
    }
    let (books, of) = (cx.books(), found.clone());
    blocking(move || {
        let digest = of.transfer.facts.plan.as_deref().unwrap_or_default();
        let plan = books.plans.frozen(&*books.vault, digest)?;
        let (bytes, changed, shown) = changed(&books, &of, &plan, &set)?;
        Ok(PutRight { content: (books.vault.put_bytes(&bytes)?.sha256, changed), shown })
    })
    .await
}

/// The record as it should be, the fields that differ, and what is shown of them.
type Changed = (Vec<u8>, Vec<String>, Vec<String>);

fn changed(books: &Books, found: &Found, plan: &Arc<Plan>, set: &[Set]) -> Result<Changed> {
    let before = place::record(books, &found.transfer, plan, found.record)?;
    let format = plan.format.select(&before).and_then(|i| plan.format.records.get(i));
    let format = format.ok_or_else(|| Error::internal("a proven record fits no format"))?;
    let (mut first, mut now) = (Row::default(), Row::default());
    format.decode(&before, &mut first);
    now.clone_from(&first);
    let mut changed = Vec::with_capacity(set.len());
    let mut fields = Vec::with_capacity(set.len());
    for (name, value) in set {
        let field = fields::find(format, name).ok_or_else(|| {
            refused(format!("`{name}` is no field of {}", format.layout.name)).hint("`fpp layout show` lists them.")
        })?;
        put(&mut now, field.index, value.as_deref());
        changed.push(name.clone());
        fields.push(field);
    }
    let mut bytes = Vec::new();
    let faulty = |field: usize, why: String| {
        let name = format.layout.fields.get(field).map_or("the record", |field| field.name.as_str());
        refused(format!("{name}: {why}")).hint("The file's own layout and mapping judge what is put right.")
    };
    format.encode(&now, &mut bytes).map_err(|fault| faulty(fault.field, fault.to_string()))?;
    if bytes == before {
        return Err(refused("the record says that already"));
    }
    judge(plan, format, &bytes, &found.event, &faulty)?;
    format.decode(&bytes, &mut now);
    let shown = changed.iter().zip(&fields).map(|(name, field)| match plan.mapping.is_sensitive(field.index) {
        true => format!("{name}: another value, which is sensitive"),
        false => format!("{name}: {} -> {}", word(field, &first), word(field, &now)),
    });
    let shown = shown.collect();
    Ok((bytes, changed, shown))
}

/// A field's value for a person.
fn word(field: &FieldRef, row: &Row) -> String {
    if field.is_empty(row) { "none".to_owned() } else { field.plain(row).into_owned() }
}

/// Judges the record as it should be, and that its event is still the same one.
fn judge(
    plan: &Plan,
    format: &RecordFormat,
    bytes: &[u8],
    id: &str,
    faulty: &dyn Fn(usize, String) -> Error,
) -> Result<()> {
    let (mut row, mut event) = (Row::default(), Event::default());
    format.decode(bytes, &mut row);
    let judged = plan.mapping.judge(&row, &plan.instruments, &mut event);
    judged.map_err(|fault| faulty(fault.field, fault.to_string()))?;
    if event.id != id {
        let what = format!("the event would be another one: {}", event.id);
        return Err(refused(what).hint("Void this one, and have the core send the other."));
    }
    Ok(())
}

/// Puts a value into a row as it is written; nothing where none is given.
fn put(row: &mut Row, index: usize, value: Option<&str>) {
    let was = row.cells.get(index).copied();
    match (value, was) {
        (None, _) => row.cells.push(Cell::Null),
        (Some(value), Some(Cell::Hex(..))) => row.push_hex(value),
        (Some(value), _) => row.push_text(value),
    }
    if let (Some(cell), true) = (row.cells.pop(), row.cells.len() > index) {
        row.cells[index] = cell;
    }
}

/// What taking back or putting right would do; `content` is the record as it should be.
pub async fn plan(
    cx: &Inbound,
    verb: Verb,
    found: &Found,
    content: Option<(String, Vec<String>)>,
    (by, reason): (&str, &str),
) -> Result<Planned> {
    let act = if verb == Verb::Void { Act::Voided } else { Act::Corrected };
    // What is taken back says nothing else.
    let content = content.filter(|_| act == Act::Corrected);
    let Found { transfer, record, event } = found;
    if transfer.facts.correction.is_some() {
        return Err(refused(format!("{event} is a correction itself")).hint("Correct the event that it is about."));
    }
    let (void, key) = keys(act, found, content.as_ref().map(|(digest, _)| digest.as_str()));
    if let Some(earlier) = cx.ledger.transfer_by_arrival(&void).await? {
        return Err(refused(format!("{event} was taken back already, by transfer {}", earlier.id)));
    }
    if let Some(earlier) = cx.ledger.transfer_by_arrival(&key).await? {
        return Err(refused(format!("{event} was put right so already, by transfer {}", earlier.id)));
    }
    let (digest, fields) = content.unzip();
    let id = new_id();
    let facts = Facts {
        size: transfer.facts.size,
        sha256: transfer.facts.sha256.clone(),
        plan: transfer.facts.plan.clone(),
        correction: Some(Correction {
            act,
            of: transfer.id.0.clone(),
            record: *record,
            event: event.clone(),
            file: transfer.name.clone(),
            identity: transfer.facts.identity.clone(),
            content: digest,
            fields: fields.unwrap_or_default(),
            left_out: Vec::new(),
            by: by.to_owned(),
            reason: reason.to_owned(),
        }),
        ..Facts::default()
    };
    let arrive = Change::Arrive(NewTransfer {
        id: id.clone(),
        route: transfer.route.clone(),
        spool: transfer.spool.clone(),
        name: format!("{}#{record}", transfer.name),
        arrival_key: key,
        facts,
    });
    let said = format!("{event} is {}: transfer {id} publishes it", act.word());
    Ok(Planned { effect: verb.word(), routes: vec![transfer.route.clone()], changes: vec![arrive], said })
}

/// The arrival key of taking the event back, and that of this very correction.
fn keys(act: Act, found: &Found, content: Option<&str>) -> (String, String) {
    // The id tells events of several runs of a batch to be the same one.
    let id: String = Sha256::digest(found.event.as_bytes()).iter().take(16).map(|b| format!("{b:02x}")).collect();
    let of = |act: Act| format!("{}|{}|{id}", act.word(), found.transfer.route);
    let own = match act {
        Act::Voided => of(act),
        Act::Corrected | Act::Remapped => format!("{}|{}", of(act), content.unwrap_or_default()),
    };
    (of(Act::Voided), own)
}

/// The walk of a correction: no source, no proof of a file, no answer.
pub async fn step(cx: &Inbound, transfer: &Transfer, correction: &Correction, fence: &Fence) -> Result<Next> {
    let moved = |event, facts| Change::Move { id: transfer.id.clone(), event, facts: Box::new(facts), by: None };
    match transfer.state {
        FileState::Arrived => {
            keep(cx, transfer, correction).await?;
            let now_ms = cx.clock.now_ms();
            // What is mapped anew was counted before.
            let events = transfer.facts.records.unwrap_or(1);
            let facts = Facts {
                code: Some(Code::OK.0),
                reason: Some(String::new()),
                records: Some(events),
                accepted: Some(events),
                rejected: Some(0),
                decided_ms: Some(now_ms),
                framed: Some(true),
                ..Facts::default()
            };
            let steps = vec![
                moved(FileEvent::Claim, Facts::default()),
                moved(FileEvent::Stage, Facts::default()),
                moved(FileEvent::Judge(Verdict::Accepted), facts),
            ];
            cx.apply(fence, steps).await
        }
        FileState::Proven => post::post(cx, transfer, fence).await,
        FileState::Posted => cx.advance(fence, transfer, FileEvent::Acknowledge, Facts::default()).await,
        FileState::Acknowledged => cx.advance(fence, transfer, FileEvent::Archive, Facts::default()).await,
        state => Err(Error::internal(format!("no step for a correction that is {state:?}"))),
    }
}

/// What it is made of stays in the vault as long as the correction does.
async fn keep(cx: &Inbound, transfer: &Transfer, correction: &Correction) -> Result<()> {
    let needed = [transfer.facts.sha256.clone(), transfer.facts.plan.clone(), correction.content.clone()];
    let vault = cx.vault.clone();
    let there = blocking(move || {
        let mut there = true;
        for digest in needed.into_iter().flatten() {
            there &= vault.renew(&digest)?;
        }
        Ok(there)
    });
    if there.await? {
        return Ok(());
    }
    Err(Error::halt(Code::VAULT, format!("the vault no longer keeps what {} was made of", transfer.name))
        .hint("Restore the vault content; then `fpp release` lets it go on."))
}
