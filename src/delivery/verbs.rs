//! Operators' verbs on deliveries (D25): carries out what the table of `ledger/verbs/` says.

use super::taken::is_unsure;
use crate::error::{Error, Result};
use crate::ledger::Ledger;
use crate::ledger::change::Change;
use crate::ledger::delivery::{Delivery, DeliveryEvent, DeliveryId, DeliveryState, Purpose};
use crate::ledger::verbs::{Planned, Verb, of_delivery};
use fpp_codecs::Code;

/// The event that a verb is for a delivery of this purpose and state; refused with the reason otherwise.
pub fn event(
    verb: Verb,
    purpose: Purpose,
    state: DeliveryState,
) -> std::result::Result<(DeliveryEvent, &'static str), &'static str> {
    let Some(row) = of_delivery(verb, purpose, state) else { return Err("the table of verbs has no row for it") };
    let event = match verb {
        Verb::Hold => DeliveryEvent::Hold,
        Verb::Retry => DeliveryEvent::Retry,
        Verb::Resend => DeliveryEvent::Resend,
        Verb::Release => DeliveryEvent::Vouch,
        Verb::Defer => DeliveryEvent::Defer,
        Verb::Reject | Verb::Pause | Verb::Resume => return Err(row.said),
        Verb::Void | Verb::Correct | Verb::Remap | Verb::Replay | Verb::Redrive => return Err(row.said),
    };
    row.next.map(|_| (event, row.said)).ok_or(row.said)
}

/// What a verb would do to a delivery; nothing when there is none of this id.
pub async fn plan(ledger: &dyn Ledger, now_ms: i64, verb: Verb, id: &DeliveryId, by: &str) -> Result<Option<Planned>> {
    let Some(delivery) = ledger.delivery(id).await? else { return Ok(None) };
    let (event, said) = event(verb, delivery.purpose, delivery.state).map_err(|why| {
        let (name, state) = (&delivery.name, delivery.state);
        Error::halt(Code::REFUSED, format!("{} is not possible for {name} ({state:?}): {why}", verb.word()))
    })?;
    if event == DeliveryEvent::Vouch && delivery.purpose == Purpose::Posting && delivery.required && !delivery.deferred
    {
        let what = format!("the answer waits for outlet {}: {} is not given up", delivery.spool, delivery.name);
        return Err(Error::halt(Code::REFUSED, what).hint(
            "Let the answer go without it first: `fpp outlets defer --transfer ID`; it stays listed until it is paid.",
        ));
    }
    let of_file = !matches!(delivery.purpose, Purpose::Command | Purpose::Posting);
    if event == DeliveryEvent::Vouch && of_file && delivery.state == DeliveryState::Held && !is_unsure(&delivery) {
        let what = format!("{} is not at its partner: it is held for another reason", delivery.name);
        return Err(Error::halt(Code::REFUSED, what).hint("`fpp deliveries` says why; `fpp retry` tries it again."));
    }
    let deferrable = delivery.gates() && matches!(delivery.purpose, Purpose::Events | Purpose::Posting);
    if event == DeliveryEvent::Defer && !deferrable {
        let what = format!("nothing of a file waits for {} that could be deferred", delivery.name);
        return Err(Error::halt(Code::REFUSED, what).hint("Only a required outlet is deferred, once."));
    }
    let changes = match event {
        DeliveryEvent::Hold => hold(&delivery, by, now_ms),
        _ => vec![step(&delivery, event, by)],
    };
    let route = ledger.transfer(&delivery.transfer).await?.map(|transfer| transfer.route);
    let routes = route.into_iter().collect();
    let said = format!("{} to {}: {said}", delivery.name, delivery.spool);
    Ok(Some(Planned { effect: verb.word(), routes, changes, said }))
}

/// Held, with who and why where it says why it fails.
pub(super) fn hold(delivery: &Delivery, by: &str, now_ms: i64) -> Vec<Change> {
    let (id, error) = (delivery.id.clone(), format!("held by {by}"));
    vec![step(delivery, DeliveryEvent::Hold, by), Change::ParkDelivery { id, until_ms: now_ms, error, failed: true }]
}

pub(super) fn step(delivery: &Delivery, event: DeliveryEvent, by: &str) -> Change {
    Change::MoveDelivery { id: delivery.id.clone(), event, by: Some(by.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_table_says_is_what_the_states_allow() {
        use DeliveryState as S;
        let states = [S::Planned, S::Proven, S::Delivered, S::Taken, S::Held];
        let purposes = [Purpose::Answer, Purpose::Command, Purpose::Posting].into_iter();
        for (purpose, state) in purposes.flat_map(|p| states.map(|s| (p, s))) {
            for (verb, event) in [
                (Verb::Hold, DeliveryEvent::Hold),
                (Verb::Retry, DeliveryEvent::Retry),
                (Verb::Resend, DeliveryEvent::Resend),
            ] {
                let row = of_delivery(verb, purpose, state).unwrap();
                assert_eq!(row.next, state.next(event), "{verb:?} {state:?}");
                assert_eq!(super::event(verb, purpose, state).is_ok(), row.next.is_some());
            }
            let vouched = of_delivery(Verb::Release, purpose, state).unwrap().next;
            // Of a file it is said that its partner has it; of the others, that they count as done.
            let out = state == S::Delivered && purpose == Purpose::Answer;
            let may = state.next(DeliveryEvent::Vouch).filter(|_| out || state == S::Held);
            assert_eq!(vouched, may, "{purpose:?} {state:?}");
        }
    }
}
