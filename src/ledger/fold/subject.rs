//! Whose chain an entry stands in.

use crate::ledger::delivery::DeliveryId;
use crate::ledger::desk::AskId;
use crate::ledger::transfer::TransferId;

/// Subject of a transfer's chain.
pub fn transfer_subject(id: &TransferId) -> String {
    format!("transfer:{id}")
}

/// Subject of a delivery's chain.
pub fn delivery_subject(id: &DeliveryId) -> String {
    format!("delivery:{id}")
}

/// Subject of the chain of a route's business dates.
pub fn day_subject(route: &str) -> String {
    format!("day:{route}")
}

/// Subject of a request's chain.
pub fn ask_subject(id: &AskId) -> String {
    format!("ask:{id}")
}

/// Subject of the chain of what persons take out of an outlet's database.
pub fn outlet_subject(outlet: &str) -> String {
    format!("outlet:{outlet}")
}

/// Subject of the chain of what is paused.
pub const PAUSES: &str = "pauses";

/// Subject of the chain of purges.
pub const PURGES: &str = "purges";
