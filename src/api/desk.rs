//! Carries an operator's request out, or books it until a second person confirms it (双人复核).
//!
//! Invariants: what a verb does is decided by the tables of `ledger/verbs/` alone; who asks is said by the operating
//! system, or by a token that allows the word; a request is confirmed by another person, within a day, and only while it
//! would still do what it would have done when it was asked; its confirmation and its changes are one transaction, or its
//! first one where they are many.

use super::Doors;
use super::asked::Asked;
use super::outlets::{self, Wanted};
use super::person::Caller;
use super::said::Said;
use super::{under_way, whole};
use crate::delivery::verbs as deliveries;
use crate::delivery::whole::Meant;
use crate::error::{Error, Result};
use crate::inbound::correction;
use crate::inbound::verbs::{self, Request};
use crate::ledger::change::Change;
use crate::ledger::delivery::DeliveryId;
use crate::ledger::desk::{Ask, AskId, AskState, Switch, SwitchKind, is_paused};
use crate::ledger::transfer::TransferId;
use crate::ledger::verbs::{Planned, Verb, of_partner, of_switch};
use crate::outlets::position::Position;
use crate::trade::series::span;
use fpp_codecs::Code;
use jiff::tz::TimeZone;
use std::collections::HashSet;
use std::sync::Arc;

/// How long a request may be confirmed.
const GOOD_FOR_MS: i64 = 24 * 3_600_000;
/// Open requests that are listed at once.
const REQUESTS_MAX: u32 = 1_000;
/// A file that moves while a person looks at it is looked at again so often.
const LOOKS: u32 = 4;

/// Carries out, or books, what a person says.
pub(super) async fn act(doors: &Arc<Doors>, verb: Verb, asked: &Asked, caller: &Caller) -> Result<Said> {
    has_reason(&asked.reason)?;
    may(doors, verb.word(), asked, caller).await?;
    let asked = &ready(doors, verb, asked).await?;
    let by = format!("{}: {}", caller.named(&asked.by), asked.reason);
    let planned = plan(doors, verb, asked, &by).await?;
    if !needs_second(doors, verb, &planned.routes) {
        return carry_out(doors, verb, asked, &by, planned, None).await;
    }
    let id = AskId(ulid::Ulid::generate().to_string());
    let body = serde_json::to_string(asked).map_err(|e| Error::internal("a request cannot be written").caused_by(e))?;
    let ask = Ask {
        id: id.clone(),
        verb: verb.word().to_owned(),
        subject: asked.subject(zone(doors)),
        body,
        effect: planned.effect.to_owned(),
        person: caller.person(),
        reason: asked.reason.clone(),
        asked_ms: 0,
        state: AskState::Open,
        closed_by: None,
        closed_ms: None,
    };
    write(doors, vec![Change::Ask(Box::new(ask))]).await?;
    tracing::info!(ask = %id, verb = verb.word(), subject = asked.subject(zone(doors)), by, "a second person must confirm it");
    Ok(format!("asked, not done: another person confirms it with `fpp confirm {id} --reason \"...\"`").into())
}

/// What is asked, made ready: the values that an event should have had stand in the vault, in a record of the file's own
/// layout, and are written nowhere else. Which record, and what is shown of it, is never the caller's word.
async fn ready(doors: &Doors, verb: Verb, asked: &Asked) -> Result<Asked> {
    let refused = |what: &str| Err(Error::halt(Code::REQUEST, what).hint("Say which: --set FIELD=VALUE, or void it."));
    let mut ready = Asked { content: None, shown: Vec::new(), ..asked.clone() };
    match verb {
        Verb::Void if !asked.set.is_empty() => return refused("an event that is taken back says nothing else"),
        Verb::Correct => {
            let found = correction::find(&doors.inbound, &asked.id, asked.route.as_deref()).await?;
            let set = std::mem::take(&mut ready.set);
            let right = correction::put_right(&doors.inbound, &found, set).await?;
            (ready.content, ready.shown) = (Some(right.content), right.shown);
        }
        _ if !asked.set.is_empty() => return refused("only an event is put right"),
        _ => {}
    }
    Ok(ready)
}

/// Another person's word on a request.
pub(super) async fn settle(
    doors: &Arc<Doors>,
    id: &str,
    confirmed: bool,
    said: &Asked,
    caller: &Caller,
) -> Result<Said> {
    has_reason(&said.reason)?;
    let refused = |what: String| Error::halt(Code::REFUSED, what);
    let id = AskId(id.to_owned());
    let ask = doors.inbound.ledger.ask(&id).await?;
    let ask = ask.ok_or_else(|| Error::halt(Code::UNKNOWN, format!("no request {id}")).hint("See `fpp requests`."))?;
    if ask.state != AskState::Open {
        let by = ask.closed_by.unwrap_or_default();
        return Err(refused(format!("request {id} is {:?} already, by {by}", ask.state)));
    }
    let unreadable = |e: serde_json::Error| Error::internal(format!("request {id} cannot be read")).caused_by(e);
    let asked: Asked = serde_json::from_str(&ask.body).map_err(unreadable)?;
    may(doors, &ask.verb, &asked, caller).await?;
    let by = format!("{}: {}", caller.named(&said.by), said.reason);
    if !confirmed {
        write(doors, vec![Change::Settle { id, confirmed, by }]).await?;
        return Ok(format!("declined: {} {} is not done", ask.verb, ask.subject).into());
    }
    if caller.person() == ask.person {
        return Err(refused(format!("request {id} was asked by {}: another person must confirm it", ask.person))
            .hint("Two accounts of one login are one person; see \"Four eyes\" in docs/operate.md."));
    }
    if doors.inbound.clock.now_ms() - ask.asked_ms > GOOD_FOR_MS {
        return Err(refused(format!("request {id} is older than a day"))
            .hint("Look at it again, decline this one with `fpp decline`, and ask anew."));
    }
    let verb = Verb::parse(&ask.verb).ok_or_else(|| Error::internal(format!("request {id} has no verb")))?;
    let both = format!("{}: {}; confirmed by {by}", ask.person, ask.reason);
    let planned = plan(doors, verb, &asked, &both).await?;
    if planned.effect != ask.effect {
        return Err(refused(format!(
            "{} stands otherwise now: it would be `{}`, and `{}` was asked for",
            ask.subject, planned.effect, ask.effect
        ))
        .hint("Look at it again; decline this request with `fpp decline`, and ask anew."));
    }
    let settle = Change::Settle { id, confirmed, by };
    carry_out(doors, verb, &asked, &both, planned, Some(settle)).await
}

/// Refuses a word that the caller's token does not allow, before anything is said of what it is about.
async fn may(doors: &Doors, word: &str, asked: &Asked, caller: &Caller) -> Result<()> {
    if caller.may(word, route_of(doors, word, asked).await?.as_deref()) {
        return Ok(());
    }
    Err(Error::halt(Code::LOGIN, format!("this token does not allow `{word}` of {}", asked.subject(zone(doors))))
        .hint("Its verbs and routes stand in the node's token file."))
}

/// The route of what is asked about; none of a partner, nor of what is not there. What the caller says of it counts only
/// where that decides what is done: else a token would reach what is another route's by naming its own.
async fn route_of(doors: &Doors, word: &str, asked: &Asked) -> Result<Option<String>> {
    let of_event = [Verb::Void.word(), Verb::Correct.word()].contains(&word);
    let ledger = &*doors.inbound.ledger;
    match (&asked.switch, &asked.partner) {
        (Some(switch), _) => Ok(match switch.kind {
            SwitchKind::Route => Some(switch.name.clone()),
            SwitchKind::Outlet => switch.name.split_once('/').map(|(route, _)| route.to_owned()),
            SwitchKind::Partner => None,
        }),
        (None, Some(_)) => Ok(None),
        (None, None) if word == Verb::Replay.word() => Ok(asked.route.clone()),
        (None, None) if of_event => {
            if let Some(position) = Position::parse(&asked.id) {
                let after = position.publication.saturating_sub(1);
                let found = ledger.publications(after, 1).await?;
                return Ok(found.into_iter().next().map(|transfer| transfer.route));
            }
            Ok(asked.route.clone())
        }
        (None, None) => {
            let delivery = ledger.delivery(&DeliveryId(asked.id.clone())).await?;
            let id = delivery.map_or_else(|| TransferId(asked.id.clone()), |delivery| delivery.transfer);
            Ok(ledger.transfer(&id).await?.map(|transfer| transfer.route))
        }
    }
}

/// Open requests that the caller may confirm, as far as his token goes.
pub(super) async fn open_requests(doors: &Doors, caller: &Caller) -> Result<Vec<Ask>> {
    let mut open = Vec::new();
    for ask in doors.inbound.ledger.asks(false, REQUESTS_MAX).await? {
        let Ok(asked) = serde_json::from_str::<Asked>(&ask.body) else { continue };
        if may(doors, &ask.verb, &asked, caller).await.is_ok() {
            open.push(ask);
        }
    }
    Ok(open)
}

pub(super) fn has_reason(reason: &str) -> Result<()> {
    if !reason.trim().is_empty() {
        return Ok(());
    }
    Err(Error::halt(Code::REQUEST, "a reason is needed").hint("Say why with --reason; it goes into the books."))
}

/// Whether the node asks for a second person, or any route of which the word is said: what spans routes is said of each.
fn needs_second(doors: &Doors, verb: Verb, routes: &[String]) -> bool {
    let asks = |name: &String| doors.inbound.routes.get(name).is_some_and(|route| route.second_person.contains(&verb));
    doors.second_person.contains(&verb) || routes.iter().any(asks)
}

/// The node's zone, which each of its routes has.
fn zone(doors: &Doors) -> &TimeZone {
    static UTC: TimeZone = TimeZone::UTC;
    doors.inbound.routes.values().next().map_or(&UTC, |route| &route.timezone)
}

async fn plan(doors: &Doors, verb: Verb, asked: &Asked, by: &str) -> Result<Planned> {
    let ledger = &*doors.inbound.ledger;
    match (&asked.switch, &asked.partner) {
        (None, None) if verb == Verb::Redrive => {
            let outlet = asked.outlet.as_deref().unwrap_or_default();
            outlets::plan_redrive(ledger, &doors.inbound.routes, outlet, &asked.id, by).await
        }
        (None, None) if verb == Verb::Replay => outlets::plan_replay(&doors.inbound.routes, &asked.replay(by)),
        (Some(switch), _) => plan_switch(doors, verb, switch, by).await,
        (None, Some(partner)) => {
            is_known(doors, &Switch { kind: SwitchKind::Partner, name: partner.clone() })?;
            whole::plan(&doors.inbound.routes, verb, asked.lost, partner, asked.since_ms)
        }
        _ if matches!(verb, Verb::Void | Verb::Correct) => {
            let found = correction::find(&doors.inbound, &asked.id, asked.route.as_deref()).await?;
            let said = by.split_once(": ").unwrap_or((by, &asked.reason));
            correction::plan(&doors.inbound, verb, &found, asked.content.clone(), said).await
        }
        _ => {
            let now_ms = doors.inbound.clock.now_ms();
            if let Some(planned) = deliveries::plan(ledger, now_ms, verb, &DeliveryId(asked.id.clone()), by).await? {
                return Ok(planned);
            }
            let (who, reason) = by.split_once(": ").unwrap_or((by, &asked.reason));
            let unreadable = || {
                let what = "skip is no batch, nor a span of them";
                Error::halt(Code::REQUEST, what).hint("Write --skip 0003, or --skip 0002-0003.")
            };
            let skip = asked.skip.as_deref().map(|text| span(text).ok_or_else(unreadable)).transpose()?;
            let request = Request {
                id: TransferId(asked.id.clone()),
                reason: reason.to_owned(),
                digest: asked.digest.clone(),
                skip,
                core_agreed: asked.core_agreed,
                outlet: asked.outlet.clone(),
                by: who.to_owned(),
            };
            verbs::plan(&doors.inbound, verb, &request).await
        }
    }
}

async fn plan_switch(doors: &Doors, verb: Verb, switch: &Switch, by: &str) -> Result<Planned> {
    is_known(doors, switch)?;
    let paused = is_paused(&doors.inbound.ledger.pauses().await?, switch.kind, &switch.name);
    let refused = |why: &str| Error::halt(Code::REFUSED, format!("{switch}: {why}"));
    let row = of_switch(verb, paused).ok_or_else(|| refused("that is not said of it; say pause or resume"))?;
    let next = row.next.ok_or_else(|| refused(row.said))?;
    let change = Change::Pause { switch: switch.clone(), paused: next, by: by.to_owned() };
    let routes = &doors.inbound.routes;
    let routes = match (switch.kind, switch.name.split_once('/')) {
        (SwitchKind::Route, _) => vec![switch.name.clone()],
        (SwitchKind::Partner, _) => whole::using(routes, &switch.name),
        (SwitchKind::Outlet, Some((route, _))) => vec![route.to_owned()],
        (SwitchKind::Outlet, None) => outlets::pushing(routes, &switch.name),
    };
    Ok(Planned { effect: verb.word(), routes, changes: vec![change], said: format!("{switch} {}", row.said) })
}

/// Nobody pauses a name that he mistyped.
fn is_known(doors: &Doors, switch: &Switch) -> Result<()> {
    let routes = &doors.inbound.routes;
    let known: HashSet<String> = match switch.kind {
        SwitchKind::Route => routes.keys().cloned().collect(),
        SwitchKind::Partner => routes.values().flat_map(|route| whole::spools(route)).cloned().collect(),
        SwitchKind::Outlet => {
            let of = routes.values().flat_map(|route| {
                let files = route.files.iter().map(|outlet| &outlet.spool);
                let pushed = route.pushed.iter().map(|(outlet, _)| outlet);
                files.chain(pushed).map(|outlet| format!("{}/{outlet}", route.name))
            });
            // One of the node's outlets is paused for all routes at once by its name alone.
            let alone = routes.values().flat_map(|route| route.pushed.iter().map(|(outlet, _)| outlet.clone()));
            of.chain(alone).collect()
        }
    };
    if known.contains(&switch.name) {
        return Ok(());
    }
    let mut known: Vec<_> = known.into_iter().collect();
    known.sort();
    let what = format!("there is no {switch}");
    Err(Error::halt(Code::UNKNOWN, what).hint(format!("There are: {}.", known.join(", "))))
}

async fn carry_out(
    doors: &Arc<Doors>,
    verb: Verb,
    asked: &Asked,
    by: &str,
    mut planned: Planned,
    settle: Option<Change>,
) -> Result<Said> {
    if let (None, Some(spool), Some(row)) = (&asked.switch, &asked.partner, of_partner(verb, asked.lost)) {
        let meant = Meant { spool: spool.clone(), since_ms: asked.since_ms.unwrap_or(0), by: by.to_owned() };
        let (word, own) = (format!("{} of partner {spool}", verb.word()), doors.clone());
        let work = async move { whole::carry_out(&own, row, meant, settle).await };
        return under_way::carry_out(&doors.under_way, word, by, work).await;
    }
    if verb == Verb::Replay {
        let (own, asked, who) = (doors.clone(), asked.clone(), by.to_owned());
        let Wanted { route, outlet, .. } = asked.replay(by);
        let word = format!("replay of {route} into {outlet}");
        let work = async move { outlets::replay(&own, &asked.replay(&who), settle).await };
        return under_way::carry_out(&doors.under_way, word, by, work).await;
    }
    for look in 1.. {
        let changes = planned.changes.iter().cloned().chain(settle.clone()).collect();
        match write(doors, changes).await {
            // It moved between the look and the commit.
            Err(error) if error.code == Code::INTERNAL && look < LOOKS => {
                let again = plan(doors, verb, asked, by).await?;
                if again.effect != planned.effect {
                    let subject = asked.subject(zone(doors));
                    let what = format!("{subject} moved meanwhile: it would be `{}` now", again.effect);
                    return Err(Error::halt(Code::REFUSED, what).hint("Look at it again."));
                }
                planned = again;
            }
            Err(error) if error.code == Code::INTERNAL => {
                let what = format!("{} moves while it is looked at: {}", asked.subject(zone(doors)), error.what);
                return Err(Error::halt(Code::REFUSED, what).hint("Say it again in a moment."));
            }
            Err(error) => return Err(error),
            Ok(()) => break,
        }
    }
    let subject = asked.subject(zone(doors));
    tracing::info!(verb = verb.word(), subject, by, "{}", planned.said);
    Ok(planned.said.into())
}

async fn write(doors: &Doors, changes: Vec<Change>) -> Result<()> {
    doors.inbound.ledger.apply(None, doors.inbound.clock.now_ms(), &changes).await?;
    doors.bell.ring();
    Ok(())
}
