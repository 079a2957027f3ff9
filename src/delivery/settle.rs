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
    let heard = error.class == Class::Halt || delivery.attempts + 1 >= backoff::QUIET_ATTEMPTS;
    let mut changes: Vec<_> = first.into_iter().collect();
    if error.class == Class::Halt {
        changes.push(step(&delivery.id, DeliveryEvent::Hold));
    }
    // After the move, which forgets the last fault.
    changes.push(Change::ParkDelivery {
        id: delivery.id.clone(),
        until_ms: now_ms + backoff::after(error, &delivery.id.0, delivery.attempts),
        error: error.to_string(),
    });
    // Everything for a partner who is left alone fails alike, be it ten thousand files: one notice for all, and the line
    // that said so when it began.
    let left_alone = error.code == Code::UNREACHABLE && error.retry_after_ms.is_some();
    if heard {
        let (topic, subject) = match left_alone {
            true => ("partner", delivery.spool.clone()),
            false => ("delivery", delivery.id.to_string()),
        };
        changes.push(Change::Raise(NewNotice {
            severity: if error.class == Class::Halt { "error".into() } else { "warn".into() },
            topic: topic.into(),
            subject,
            code: error.code.0,
            text: notice_text(delivery, error),
        }));
    }
    let attempt = delivery.attempts + 1;
    if left_alone {
        tracing::debug!(delivery = %delivery.id, file = delivery.name, attempt, "{error}");
    } else {
        tracing::warn!(delivery = %delivery.id, file = delivery.name, attempt, "{error}");
    }
    cx.ledger.apply(Some(fence), now_ms, &changes).await.map(|_| ())
}

fn notice_text(delivery: &Delivery, error: &Error) -> String {
    let text = format!("{} to spool {}: {error}", delivery.name, delivery.spool);
    let to_send_again = error.class == Class::Halt && delivery.purpose != Purpose::Command;
    if to_send_again { format!("{text}; then `fpp retry {}`", delivery.id) } else { text }
}

pub(super) fn step(id: &DeliveryId, event: DeliveryEvent) -> Change {
    Change::MoveDelivery { id: id.clone(), event, by: None }
}
