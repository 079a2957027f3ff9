//! Operators' verbs (D25): one table, verb x standing -> what happens and what the core sees.

use super::arrival::new_id;
use super::work::Inbound;
use crate::error::{Error, Result};
use crate::ledger::change::{Change, NewTransfer};
use crate::ledger::delivery::DeliveryEvent;
use crate::ledger::transfer::{Facts, FileEvent, FileState, Transfer, TransferId, Verdict};
use fpp_codecs::Code;

/// What an operator can do to a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Let a held file go on past the check that held it.
    Release,
    /// Refuse a held file, or close one that can no longer be refused.
    Reject,
    /// Try again: at once where it waits, from its check where it is held, as a new transfer where it was rejected.
    Retry,
}

/// A request, with its reason.
#[derive(Clone, Debug)]
pub struct Request {
    /// Which.
    pub id: TransferId,
    /// Why.
    pub reason: String,
    /// The digest that a release names.
    pub digest: Option<String>,
    /// The core knows that a rejected file will be judged again.
    pub core_agreed: bool,
    /// Who.
    pub by: String,
}

/// What a verb does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Goes on where it was held; the check that held it is not made again.
    GoOn,
    /// Goes on where it was held; every check is made again.
    CheckAgain,
    /// Rejected: the core gets a rejecting answer, row by row where the records can be told apart.
    Refuse,
    /// Rejected without having been read: the core gets the header of an answer.
    RefuseUnread,
    /// Ends here: the core gets no answer from fpp.
    Close,
    /// The next attempt is made at once.
    Hurry,
    /// The bytes in the vault become a new transfer, which is proven anew and answered under the next number.
    Anew,
}

/// The table. Whatever is not in it is refused with the reason.
pub fn effect(verb: Verb, transfer: &Transfer) -> std::result::Result<Effect, &'static str> {
    use {FileState as S, Verb as V};
    let standing = transfer.standing();
    if standing.closed {
        return Err("the transfer was closed by an operator; have the file sent again");
    }
    match (verb, standing.state, standing.verdict) {
        (V::Release, S::Held, None) => Ok(Effect::GoOn),
        (V::Release, S::Held, Some(_)) => Ok(Effect::CheckAgain),
        (V::Release, _, _) => Err("only a held file can be released"),
        // No answer could name it (D15).
        (V::Reject, S::Held, None) if transfer.facts.code == Some(Code::TOO_LONG.0) => Ok(Effect::Close),
        (V::Reject, S::Held, None) => match standing.held_from {
            Some(S::Staged) => Ok(Effect::Refuse),
            Some(S::Claimed) => Ok(Effect::RefuseUnread),
            _ => Ok(Effect::Close),
        },
        (V::Reject, S::Held, Some(Verdict::Rejected | Verdict::Duplicate)) => Ok(Effect::Close),
        (V::Reject, S::Held, Some(_)) => Err("it is proven, and nothing is rejected after that; retry it instead"),
        (V::Reject, _, _) => Err("only a held file can be rejected"),
        (V::Retry, S::Held, _) => Ok(Effect::CheckAgain),
        (V::Retry, S::Acknowledged | S::Archived, Some(Verdict::Rejected)) => Ok(Effect::Anew),
        (V::Retry, S::Archived, _) => Err("it is finished; nothing is left to try again"),
        (V::Retry, _, _) => Ok(Effect::Hurry),
    }
}

/// Carries a verb out; returns what happened, for the operator.
pub async fn act(cx: &Inbound, verb: Verb, request: &Request) -> Result<String> {
    let refused = |what: String| Error::halt(Code::NOT_READY, what);
    if request.reason.trim().is_empty() {
        return Err(refused("a reason is needed".into()).hint("Say why with --reason; it goes into the books."));
    }
    let transfer = cx
        .ledger
        .transfer(&request.id)
        .await?
        .ok_or_else(|| refused(format!("no transfer {}", request.id)).hint("See `fpp transfers` for the ids."))?;
    let effect = effect(verb, &transfer).map_err(|why| {
        refused(format!("{verb:?} is not possible for {} ({:?}): {why}", transfer.name, transfer.state))
    })?;
    check_digest(verb, &transfer, request)?;
    let now_ms = cx.clock.now_ms();
    let (change, said) = change_for(effect, &transfer, request, now_ms)?;
    let mut changes = vec![change];
    if effect == Effect::Hurry {
        changes.extend(hurried_deliveries(cx, &transfer, request).await?);
    }
    cx.ledger.apply(None, now_ms, &changes).await?;
    tracing::info!(transfer = %transfer.id, file = transfer.name, by = request.by, reason = request.reason, "{said}");
    Ok(format!("{}: {said}", transfer.name))
}

/// A transfer that waits for its deliveries goes on only when they do.
async fn hurried_deliveries(cx: &Inbound, transfer: &Transfer, request: &Request) -> Result<Vec<Change>> {
    let by = Some(format!("{}: {}", request.by, request.reason));
    let event = DeliveryEvent::Retry;
    let deliveries = cx.ledger.deliveries(Some(&transfer.id), u32::MAX).await?;
    let unfinished = deliveries.into_iter().filter(|delivery| delivery.state.next(event).is_some());
    Ok(unfinished.map(|d| Change::MoveDelivery { id: d.id, event, by: by.clone() }).collect())
}

/// A release must name the digest of the bytes it releases; whoever names one with another verb means it as well.
fn check_digest(verb: Verb, transfer: &Transfer, request: &Request) -> Result<()> {
    let Some(sha256) = transfer.facts.sha256.as_deref() else { return Ok(()) };
    let refused = |what: &str| {
        let own = sha256.get(..16).unwrap_or(sha256);
        Err(Error::halt(Code::NOT_READY, format!("{what} {}", transfer.name))
            .hint(format!("Look at the file again (its digest is {own}), then add --digest {own}.")))
    };
    match request.digest.as_deref() {
        Some(digest) if digest.len() >= 8 && sha256.starts_with(&digest.to_ascii_lowercase()) => Ok(()),
        Some(_) => refused("the digest is not that of"),
        None if verb == Verb::Release => refused("a release names the digest of the bytes it releases:"),
        None => Ok(()),
    }
}

fn change_for(effect: Effect, transfer: &Transfer, request: &Request, now_ms: i64) -> Result<(Change, &'static str)> {
    let by = Some(format!("{}: {}", request.by, request.reason));
    let step = |event, facts| Change::Move { id: transfer.id.clone(), event, facts: Box::new(facts), by: by.clone() };
    Ok(match effect {
        Effect::GoOn => {
            let mut released = transfer.facts.released.clone().unwrap_or_default();
            released.extend(transfer.facts.code);
            let facts = Facts { released: Some(released), ..Facts::default() };
            (step(FileEvent::Release, facts), "released; it goes on past the check that held it")
        }
        Effect::CheckAgain => (step(FileEvent::Release, Facts::default()), "it goes on; its checks are made again"),
        Effect::Refuse => {
            let word = format!("refused by an operator: {}", request.reason);
            let facts = Facts { refused: Some(word), ..Facts::default() };
            (step(FileEvent::Release, facts), "it is judged as rejected; the core gets a rejecting answer")
        }
        Effect::RefuseUnread => {
            let facts = Facts { decided_ms: Some(now_ms), ..Facts::default() };
            (step(FileEvent::Judge(Verdict::Rejected), facts), "rejected; the core gets a rejecting answer")
        }
        Effect::Close => (step(FileEvent::Close, Facts::default()), "closed; the core gets no answer from here"),
        Effect::Hurry => {
            let park = Change::Park { id: transfer.id.clone(), until_ms: 0, waiting_for: String::new(), failed: false };
            (park, "the next attempt is made now, also of its deliveries")
        }
        Effect::Anew => (anew(transfer, request)?, "its bytes are judged again as a new transfer"),
    })
}

/// A rejection that was answered is judged again only when the core knows it (D25).
fn anew(transfer: &Transfer, request: &Request) -> Result<Change> {
    if !request.core_agreed {
        return Err(Error::halt(Code::NOT_READY, format!("the core already has the rejection of {}", transfer.name))
            .hint("Agree with the core that a second answer will come, then add --core-agreed."));
    }
    let id = new_id();
    Ok(Change::Arrive(NewTransfer {
        route: transfer.route.clone(),
        spool: transfer.spool.clone(),
        name: transfer.name.clone(),
        arrival_key: format!("retry|{}|{}|{}", transfer.id, request.by, id),
        facts: Facts {
            size: transfer.facts.size,
            sha256: transfer.facts.sha256.clone(),
            sm3: transfer.facts.sm3.clone(),
            ..Facts::default()
        },
        id,
    }))
}
