//! Operators' verbs on files (D25): carries out what the table of `ledger/verbs/` says.

use super::arrival::new_id;
use super::work::Inbound;
use super::{order, remap};
use crate::error::{Error, Result};
use crate::ledger::change::{Change, NewTransfer};
use crate::ledger::delivery::{Delivery, DeliveryEvent, DeliveryState, Purpose};
use crate::ledger::transfer::{Facts, FileEvent, FileState, Halted, Transfer, TransferId, Verdict};
use crate::ledger::verbs::{Effect, Planned, Row, Verb, of_file};
use crate::trade::series::{batches, listed};
use fpp_codecs::Code;

/// A request, with its reason.
#[derive(Clone, Debug)]
pub struct Request {
    /// Which.
    pub id: TransferId,
    /// Why.
    pub reason: String,
    /// The digest that a release names.
    pub digest: Option<String>,
    /// The batches that never come, first and last.
    pub skip: Option<(u32, u32)>,
    /// The core knows that a rejected file will be judged again.
    pub core_agreed: bool,
    /// The outlet that is deferred; all that it waits for without one.
    pub outlet: Option<String>,
    /// Who.
    pub by: String,
}

impl Request {
    fn who_and_why(&self) -> String {
        format!("{}: {}", self.by, self.reason)
    }
}

/// The row of the table that counts for a transfer.
pub fn row_of(verb: Verb, transfer: &Transfer) -> &'static Row {
    of_file(verb, transfer.standing(), transfer.facts.hold(transfer.verdict).0.map(Code))
}

/// What a verb would do to a transfer; refused with the reason where its state does not allow it.
pub async fn plan(cx: &Inbound, verb: Verb, request: &Request) -> Result<Planned> {
    let refused = |what: String| Error::halt(Code::REFUSED, what);
    let transfer = cx.ledger.transfer(&request.id).await?.ok_or_else(|| {
        Error::halt(Code::UNKNOWN, format!("no transfer {}", request.id)).hint("See `fpp transfers` for the ids.")
    })?;
    let row = row_of(verb, &transfer);
    if row.effect == Effect::Refused {
        let (name, state) = (&transfer.name, transfer.state);
        return Err(refused(format!("{} is not possible for {name} ({state:?}): {}", verb.word(), row.said)));
    }
    check_digest(verb, &transfer, request)?;
    check_skip(cx, row, &transfer, request).await?;
    if row.effect == Effect::MapAnew {
        return remap::plan(cx, &transfer, row, (&request.by, &request.reason)).await;
    }
    let deliveries = cx.ledger.deliveries(Some(&transfer.id), u32::MAX).await?;
    let changes = changes(row.effect, &transfer, &deliveries, request, cx.clock.now_ms())?;
    if changes.is_empty() && row.effect == Effect::Defer {
        return Err(refused(format!("{} waits for no such outlet", transfer.name))
            .hint("`fpp outlets` shows what an answer waits for (gating); an answer itself is never deferred."));
    }
    if changes.is_empty() {
        return Err(refused(format!("nothing of {} was taken by a partner", transfer.name))
            .hint("`fpp deliveries` lists what stands where; `fpp retry` tries what is not out yet."));
    }
    let said = format!("{}: {}", transfer.name, row.said);
    Ok(Planned { effect: row.effect.word(), routes: vec![transfer.route], changes, said })
}

/// A batch goes past others only when a person names exactly those that it waits for, and none of them is there.
async fn check_skip(cx: &Inbound, row: &Row, transfer: &Transfer, request: &Request) -> Result<()> {
    let refused = |what: String| Error::halt(Code::REFUSED, what);
    let of_gap = row.effect == Effect::Skip || row.effect == Effect::GoOn && row.code == Some(Code::GAP);
    if !of_gap {
        return match request.skip {
            None => Ok(()),
            Some(_) => Err(refused(format!("{} waits for no batch: --skip is not for it", transfer.name))),
        };
    }
    let Some(((first, last), there)) = order::gap(cx, transfer).await? else {
        return match row.effect {
            Effect::Skip => {
                Err(refused(format!("release is not possible for {} (Proven): it waits for no batch", transfer.name)))
            }
            _ => Ok(()),
        };
    };
    let names = batches(first, last);
    match request.skip {
        None if row.effect == Effect::GoOn => Ok(()),
        Some(skip) if skip == (first, last) && there.is_empty() => Ok(()),
        Some(skip) if skip == (first, last) => {
            let what = format!("{} of the batches {names} is there", listed(&there));
            Err(refused(what).hint("Release that one first; this one then goes on after it."))
        }
        _ => Err(refused(format!("{} waits for batch {names}", transfer.name))
            .hint(format!("If none of them ever comes, say so: --skip {names}."))),
    }
}

/// A release must name the digest of the bytes it releases; whoever names one with another verb means it as well.
fn check_digest(verb: Verb, transfer: &Transfer, request: &Request) -> Result<()> {
    let Some(sha256) = transfer.facts.sha256.as_deref() else { return Ok(()) };
    let refused = |what: &str| {
        let own = sha256.get(..16).unwrap_or(sha256);
        Err(Error::halt(Code::REFUSED, format!("{what} {}", transfer.name))
            .hint(format!("Look at the file again (its digest is {own}), then add --digest {own}.")))
    };
    match request.digest.as_deref() {
        Some(digest) if digest.len() >= 8 && sha256.starts_with(&digest.to_ascii_lowercase()) => Ok(()),
        Some(_) => refused("the digest is not that of"),
        None if verb == Verb::Release => refused("a release names the digest of the bytes it releases:"),
        None => Ok(()),
    }
}

/// How the fault of a command begins of which nobody knows whether it ran.
const UNSURE: &str = "FPP4011";

/// The changes that an effect is made of: the transfer's own, and those of its deliveries.
pub fn changes(
    effect: Effect,
    transfer: &Transfer,
    deliveries: &[Delivery],
    request: &Request,
    now_ms: i64,
) -> Result<Vec<Change>> {
    let by = Some(request.who_and_why());
    let step = |event, facts| Change::Move { id: transfer.id.clone(), event, facts: Box::new(facts), by: by.clone() };
    let of_deliveries = |event, wanted: &dyn Fn(&Delivery) -> bool| {
        let wanted = deliveries.iter().filter(|d| wanted(d) && d.state.next(event).is_some());
        wanted.map(|d| Change::MoveDelivery { id: d.id.clone(), event, by: by.clone() }).collect::<Vec<_>>()
    };
    // Of a command that ran or not a person speaks by its own id.
    let is_unsure = |d: &Delivery| d.purpose == Purpose::Command && d.last_error.starts_with(UNSURE);
    // What was held with its file goes on with it.
    let release = |facts| {
        let mut changes = vec![step(FileEvent::Release, facts)];
        changes.extend(of_deliveries(DeliveryEvent::Retry, &|d| d.state == DeliveryState::Held && !is_unsure(d)));
        changes
    };
    Ok(match effect {
        Effect::Stop => {
            let mut changes = vec![step(FileEvent::Hold, stopped(transfer, request))];
            // A command that was asked for is not stopped any more, and that it was asked for must not be forgotten.
            let is_asked = |d: &Delivery| d.purpose == Purpose::Command && d.state == DeliveryState::Proven;
            let stops = |d: &&Delivery| d.state.next(DeliveryEvent::Hold).is_some() && !is_asked(d);
            for delivery in deliveries.iter().filter(stops) {
                let (id, error) = (delivery.id.clone(), format!("held with its file by {}", request.who_and_why()));
                changes.push(Change::MoveDelivery { id: id.clone(), event: DeliveryEvent::Hold, by: by.clone() });
                changes.push(Change::ParkDelivery { id, until_ms: now_ms, error, failed: true });
            }
            changes
        }
        Effect::GoOn => {
            let mut released = transfer.facts.released.clone().unwrap_or_default();
            released.extend(transfer.facts.hold(transfer.verdict).0);
            release(Facts { released: Some(released), ..Facts::default() })
        }
        // Held for the gap and released past it, so that both stand in its chain and it never waits again.
        Effect::Skip => {
            let reason = format!("waits for batches that do not come: {}", request.who_and_why());
            let halted = Some(Halted { code: Code::GAP.0, reason, hint: String::new() });
            let mut released = transfer.facts.released.clone().unwrap_or_default();
            released.push(Code::GAP.0);
            let mut changes = vec![step(FileEvent::Hold, Facts { halted, ..Facts::default() })];
            changes.extend(release(Facts { released: Some(released), ..Facts::default() }));
            changes
        }
        Effect::CheckAgain => release(Facts::default()),
        Effect::Refuse => {
            let word = format!("refused by an operator: {}", request.reason);
            release(Facts { refused: Some(word), ..Facts::default() })
        }
        Effect::RefuseUnread => {
            let facts = Facts { decided_ms: Some(now_ms), ..Facts::default() };
            vec![step(FileEvent::Judge(Verdict::Rejected), facts)]
        }
        Effect::Close => vec![step(FileEvent::Close, Facts::default())],
        Effect::Hurry => {
            // A transfer that waits for its deliveries goes on only when they do.
            let mut changes = vec![Change::Hurry { id: transfer.id.clone(), by: request.who_and_why() }];
            changes.extend(of_deliveries(DeliveryEvent::Retry, &|d| !is_unsure(d)));
            changes
        }
        Effect::Anew => vec![anew(transfer, request)?],
        // An interim answer is history once there is another one; a command follows its file's next delivery. Events are
        // sent again by `fpp outlets replay`.
        Effect::SendAgain => of_deliveries(DeliveryEvent::Resend, &|d| {
            !matches!(d.purpose, Purpose::Interim | Purpose::Command | Purpose::Posting)
        }),
        Effect::Defer => {
            let is_meant = |d: &Delivery| request.outlet.as_ref().is_none_or(|outlet| *outlet == d.spool);
            let gates = |d: &Delivery| matches!(d.purpose, Purpose::Events | Purpose::Posting) && d.gates();
            let deferred = of_deliveries(DeliveryEvent::Defer, &|d| gates(d) && is_meant(d));
            // Its own chain says so too, and it goes on now.
            let without = request.outlet.as_deref().unwrap_or("the outlets that it waits for");
            let by = format!("{}: its answer goes out without {without}: {}", request.by, request.reason);
            let hurry = Change::Hurry { id: transfer.id.clone(), by };
            if deferred.is_empty() { deferred } else { std::iter::once(hurry).chain(deferred).collect() }
        }
        Effect::MapAnew | Effect::Refused => Vec::new(),
    })
}

/// Why a file is held that a person stopped; its verdict's own words stay (D3).
fn stopped(transfer: &Transfer, request: &Request) -> Facts {
    let code = Code::STOPPED;
    let reason = format!("stopped by {}", request.who_and_why());
    let hint = "Ask that person; then `fpp release` or `fpp retry` lets it go on.".to_owned();
    match transfer.verdict {
        None => Facts { code: Some(code.0), reason: Some(reason), hint: Some(hint), ..Facts::default() },
        Some(_) => Facts { halted: Some(Halted { code: code.0, reason, hint }), ..Facts::default() },
    }
}

/// A rejection that was answered is judged again only when the core knows it (D25).
fn anew(transfer: &Transfer, request: &Request) -> Result<Change> {
    if !request.core_agreed {
        return Err(Error::halt(Code::REFUSED, format!("the core already has the rejection of {}", transfer.name))
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

/// Whether a transfer waits for a person, for another attempt or for another batch, so that he is shown what he can do.
pub fn needs_hand(transfer: &Transfer) -> bool {
    transfer.state == FileState::Held
        || order::waits_for(transfer).is_some()
        || transfer.attempts > 0
        || row_of(Verb::Retry, transfer).effect == Effect::Anew
}
