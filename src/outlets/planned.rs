//! How a transfer's way into an outlet is planned.

use crate::ledger::delivery::{Delivery, DeliveryId, DeliveryState, Purpose};
use crate::ledger::transfer::Transfer;

/// A transfer's way into an outlet of the node, ready to be planned. Its name is the transfer's own, so that it is planned
/// once; its digest is the file's, so that the vault keeps what it is read from.
pub fn planned(transfer: &Transfer, outlet: &str, required: bool, now_ms: i64) -> Delivery {
    Delivery {
        id: DeliveryId(ulid::Ulid::generate().to_string()),
        transfer: transfer.id.clone(),
        purpose: Purpose::Posting,
        required,
        spool: outlet.to_owned(),
        name: format!("{}/{}", transfer.route, transfer.id),
        size: transfer.facts.size.unwrap_or_default(),
        sha256: transfer.facts.sha256.clone().unwrap_or_default(),
        checksums: Vec::new(),
        sm3: None,
        marker: None,
        state: DeliveryState::Planned,
        attempts: 0,
        next_attempt_ms: 0,
        last_error: String::new(),
        planned_ms: now_ms,
        updated_ms: now_ms,
        delivered_ms: None,
        confirmed: 0,
        round: 0,
        deferred: false,
    }
}
