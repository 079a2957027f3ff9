//! What an operator can do to a delivery (D25): try again. Refusing or releasing is said of files, not of deliveries.

use crate::error::{Error, Result};
use crate::ledger::Ledger;
use crate::ledger::change::Change;
use crate::ledger::delivery::{Delivery, DeliveryEvent, DeliveryId, DeliveryState};
use fpp_codecs::Code;

/// What `retry` does in each state, in the operator's words; refused with the reason otherwise.
pub fn effect(state: DeliveryState) -> std::result::Result<&'static str, &'static str> {
    match state {
        DeliveryState::Held => Ok("it is delivered from the beginning; nothing is overwritten"),
        DeliveryState::Planned | DeliveryState::Proven => Ok("the next attempt is made now"),
        DeliveryState::Delivered => Err("it stands in the partner's spool"),
        DeliveryState::Taken => Err("the partner has it"),
    }
}

/// Lets a delivery try again now; returns what happened, for the operator.
pub async fn retry(ledger: &dyn Ledger, now_ms: i64, id: &DeliveryId, reason: &str, by: &str) -> Result<String> {
    let refused = |what: String| Error::halt(Code::NOT_READY, what);
    if reason.trim().is_empty() {
        return Err(refused("a reason is needed".into()).hint("Say why with --reason; it goes into the books."));
    }
    let Some(delivery) = ledger.delivery(id).await? else {
        return Err(refused(format!("no delivery {id}")).hint("See `fpp deliveries` for the ids."));
    };
    let said = effect(delivery.state)
        .map_err(|why| refused(format!("retry is not possible for {} ({:?}): {why}", delivery.name, delivery.state)))?;
    ledger.apply(None, now_ms, &[again(&delivery, format!("{by}: {reason}"))]).await?;
    tracing::info!(delivery = %id, file = delivery.name, by, reason, "{said}");
    Ok(format!("{} to {}: {said}", delivery.name, delivery.spool))
}

fn again(delivery: &Delivery, by: String) -> Change {
    Change::MoveDelivery { id: delivery.id.clone(), event: DeliveryEvent::Retry, by: Some(by) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_what_the_states_allow() {
        use DeliveryState as S;
        for state in [S::Planned, S::Proven, S::Delivered, S::Taken, S::Held] {
            assert_eq!(effect(state).is_ok(), state.next(DeliveryEvent::Retry).is_some(), "{state:?}");
        }
    }
}
