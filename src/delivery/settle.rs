//! What becomes of a delivery whose attempt failed: it waits, or a person decides.

use super::Deliveries;
use crate::backoff;
use crate::error::{Class, Error, Result};
use crate::ledger::change::{Change, Fence, NewNotice};
use crate::ledger::delivery::{Delivery, DeliveryEvent, DeliveryId, Purpose};
use fpp_codecs::Code;

/// Parks or holds what did not succeed, with a notice where a person should hear of it.
pub(super) async fn settle(
    cx: &Deliveries,
    delivery: &Delivery,
    fence: &Fence,
    error: &Error,
    first: Option<Change>,
) -> Result<()> {
    let now_ms = cx.clock.now_ms();
    let (halted, refused) = (error.class == Class::Halt, error.is_refusal());
    let attempt = delivery.attempts + 1;
    let mut changes: Vec<_> = first.into_iter().collect();
    if halted {
        changes.push(step(&delivery.id, DeliveryEvent::Hold));
    }
    // After the move, which forgets the last fault.
    changes.push(Change::ParkDelivery {
        id: delivery.id.clone(),
        until_ms: now_ms + backoff::after(error, &delivery.id.0, delivery.attempts),
        error: error.to_string(),
        failed: !refused,
    });
    if halted || refused || attempt >= backoff::QUIET_ATTEMPTS {
        let (topic, subject) = match is_of_all(error) {
            true => ("partner", delivery.spool.clone()),
            false => ("delivery", delivery.id.to_string()),
        };
        changes.push(Change::Raise(NewNotice {
            severity: if halted || refused { "error".into() } else { "warn".into() },
            topic: topic.into(),
            subject,
            code: error.code.0,
            text: notice_text(delivery, error),
        }));
    }
    // The partner who is left alone has had its line when that began.
    if error.is_of_partner() {
        tracing::debug!(delivery = %delivery.id, file = delivery.name, attempt, "{error}");
    } else {
        tracing::warn!(delivery = %delivery.id, file = delivery.name, attempt, "{error}");
    }
    cx.ledger.apply(Some(fence), now_ms, &changes).await.map(|_| ())
}

/// Whether everything for that spool fails alike, be it ten thousand files: one notice for all.
fn is_of_all(error: &Error) -> bool {
    let of_folder =
        matches!(error.code, Code::NOT_READY | Code::FOLDER | Code::NO_SPACE) && error.class == Class::Retry;
    of_folder || error.is_of_partner()
}

fn notice_text(delivery: &Delivery, error: &Error) -> String {
    let id = &delivery.id;
    let text = format!("{} to spool {}: {error}", delivery.name, delivery.spool);
    let to_send_again = error.class == Class::Halt && delivery.purpose != Purpose::Command;
    match to_send_again {
        true if error.code == Code::UNSURE => {
            format!("{text}; then `fpp release {id}` if it has it, else `fpp retry {id}`")
        }
        true => format!("{text}; then `fpp retry {id}`"),
        false if is_of_all(error) => format!("{text}; what waits for it goes on by itself"),
        false => text,
    }
}

pub(super) fn step(id: &DeliveryId, event: DeliveryEvent) -> Change {
    Change::MoveDelivery { id: id.clone(), event, by: None }
}
