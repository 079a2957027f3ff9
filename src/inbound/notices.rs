//! Notices about transfers: what a person should hear.

use crate::error::Error;
use crate::ledger::change::{Change, NewNotice};
use crate::ledger::transfer::Transfer;

/// A notice about a transfer.
pub fn notice(severity: &str, topic: &str, transfer: &Transfer, error: &Error) -> Change {
    Change::Raise(NewNotice {
        severity: severity.to_owned(),
        topic: topic.to_owned(),
        subject: transfer.id.to_string(),
        code: error.code.0,
        text: format!("{} ({}): {error}", transfer.name, transfer.route),
    })
}
