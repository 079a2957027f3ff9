//! What a row is after an event: transfers, deliveries and requests, from their first entry on.

use crate::ledger::change::NewTransfer;
use crate::ledger::delivery::{Delivery, DeliveryEvent, DeliveryState, Purpose};
use crate::ledger::desk::{Ask, AskState};
use crate::ledger::transfer::{Facts, FileEvent, FileState, Transfer, Verdict};

/// Whether an event takes the next publication number (D11).
pub fn publishes(event: FileEvent) -> bool {
    matches!(event, FileEvent::Post | FileEvent::Judge(Verdict::Rejected))
}

/// A transfer that was just booked.
pub fn arrived(new: &NewTransfer, at_ms: i64) -> Transfer {
    Transfer {
        id: new.id.clone(),
        route: new.route.clone(),
        spool: new.spool.clone(),
        name: new.name.clone(),
        arrival_key: new.arrival_key.clone(),
        state: FileState::Arrived,
        verdict: None,
        held_from: None,
        closed: false,
        facts: new.facts.clone(),
        attempts: 0,
        next_attempt_ms: at_ms,
        waiting_for: String::new(),
        arrived_ms: at_ms,
        updated_ms: at_ms,
        publication: None,
    }
}

/// Moves a transfer; an illegal move leaves it as it was and says why.
pub fn move_transfer(
    transfer: &mut Transfer,
    event: FileEvent,
    facts: &Facts,
    publication: Option<u64>,
    at_ms: i64,
) -> Result<(), String> {
    let next = transfer.standing().next(event).map_err(|e| e.to_string())?;
    transfer.state = next.state;
    transfer.verdict = next.verdict;
    transfer.held_from = next.held_from;
    transfer.closed = next.closed;
    transfer.facts.merge(facts);
    transfer.attempts = 0;
    transfer.waiting_for.clear();
    transfer.next_attempt_ms = at_ms;
    transfer.updated_ms = at_ms;
    transfer.publication = publication.or(transfer.publication);
    Ok(())
}

/// A delivery that was just planned: whatever the caller filled in, it begins at the beginning.
pub fn planned(delivery: &Delivery, at_ms: i64) -> Delivery {
    Delivery {
        state: DeliveryState::Planned,
        attempts: 0,
        last_error: String::new(),
        planned_ms: at_ms,
        updated_ms: at_ms,
        delivered_ms: None,
        confirmed: 0,
        round: 0,
        deferred: false,
        ..delivery.clone()
    }
}

/// Moves a delivery; an illegal move leaves it as it was and says why.
pub fn move_delivery(delivery: &mut Delivery, event: DeliveryEvent, at_ms: i64) -> Result<(), String> {
    let Some(next) = delivery.state.next(event) else {
        return Err(format!("a delivery that is {:?} cannot take {event:?}", delivery.state));
    };
    delivery.state = next;
    delivery.updated_ms = at_ms;
    // Its transfer goes on without it; for itself nothing changes.
    if event == DeliveryEvent::Defer {
        delivery.deferred = true;
        return Ok(());
    }
    // A command is asked for, and a file is written, in every attempt, which is no progress yet.
    let no_progress = matches!(event, DeliveryEvent::Prove | DeliveryEvent::Fail);
    // Nor is a hold, which shows how often it was tried.
    if event != DeliveryEvent::Hold && !(no_progress && delivery.purpose != Purpose::Posting) {
        delivery.attempts = 0;
    }
    delivery.last_error.clear();
    delivery.next_attempt_ms = at_ms;
    match event {
        DeliveryEvent::Deliver => delivery.delivered_ms = Some(at_ms),
        // Of a file that was held: nobody saw when it got its name.
        DeliveryEvent::Vouch if !matches!(delivery.purpose, Purpose::Command | Purpose::Posting) => {
            delivery.delivered_ms.get_or_insert(at_ms);
        }
        DeliveryEvent::Resend => {
            delivery.delivered_ms = None;
            if delivery.purpose == Purpose::Posting {
                (delivery.confirmed, delivery.round) = (0, delivery.round.saturating_add(1));
            }
        }
        _ => {}
    }
    Ok(())
}

/// A request that was just asked: whatever the caller filled in, it is open.
pub fn asked(ask: &Ask, at_ms: i64) -> Ask {
    Ask { asked_ms: at_ms, state: AskState::Open, closed_by: None, closed_ms: None, ..ask.clone() }
}

/// Closes a request; one that is closed stays as it is, and says so.
pub fn settle(ask: &mut Ask, confirmed: bool, by: &str, at_ms: i64) -> Result<(), String> {
    if ask.state != AskState::Open {
        return Err(format!("it is {:?} already", ask.state));
    }
    ask.state = if confirmed { AskState::Confirmed } else { AskState::Declined };
    ask.closed_by = Some(by.to_owned());
    ask.closed_ms = Some(at_ms);
    Ok(())
}
