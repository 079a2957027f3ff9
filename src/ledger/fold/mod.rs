//! What a journal entry says, and what a subject's row must be after it.
//!
//! Invariant: a row is the fold of its journal. Engines write a row only through the functions here, and `verify` walks
//! the journal through the same functions, so a row that was changed by hand is found (I7). What is not journalled
//! (attempts, the next attempt's time, what it waits for) is no part of the fold.

mod entry;
mod rows;
mod subject;

use super::chain::RejectsDigest;
use super::delivery::Delivery;
use super::desk::{Ask, Switch};
use super::transfer::Transfer;
pub use entry::{Entry, Under, What};
pub use rows::{arrived, asked, move_delivery, move_transfer, planned, publishes, settle};
use std::collections::{BTreeMap, BTreeSet};
pub use subject::{PAUSES, PURGES, ask_subject, day_subject, delivery_subject, outlet_subject, transfer_subject};

/// A chain as far as it was walked: what the row must be.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Folded {
    /// Nothing was walked yet.
    #[default]
    Nothing,
    /// A transfer, and the rejects that its judgement wrote.
    Transfer(Box<Transfer>, Option<RejectsDigest>),
    /// A delivery, and the records of its dead letters.
    Delivery(Box<Delivery>, BTreeSet<u64>),
    /// The business dates of a route.
    Days(BTreeMap<String, bool>),
    /// What is paused, since when and by whom.
    Pauses(BTreeMap<Switch, (i64, String)>),
    /// A request.
    Ask(Box<Ask>),
    /// What was taken out of an outlet's database: there is no row of these books to be compared.
    Outlet,
    /// The newest publication number that was purged.
    Purges(u64),
}

impl Folded {
    /// Takes the next entry of the subject's chain.
    pub fn take(&mut self, subject: &str, at_ms: i64, what: &What) -> Result<(), String> {
        match (&mut *self, what) {
            (Folded::Nothing, What::Arrive { transfer }) if subject == transfer_subject(&transfer.id) => {
                *self = Folded::Transfer(Box::new(arrived(transfer, at_ms)), None);
            }
            (Folded::Transfer(transfer, kept), What::Move { event, facts, publication, rejects, .. }) => {
                move_transfer(transfer, *event, facts, *publication, at_ms)?;
                if rejects.is_some() {
                    kept.clone_from(rejects);
                }
            }
            // When to try again is no part of the fold.
            (Folded::Transfer(..), What::Hurry { .. }) => {}
            (Folded::Nothing, What::Plan { delivery }) if subject == delivery_subject(&delivery.id) => {
                *self = Folded::Delivery(Box::new(planned(delivery, at_ms)), BTreeSet::new());
            }
            (Folded::Delivery(delivery, _), What::Deliver { event, .. }) => move_delivery(delivery, *event, at_ms)?,
            (Folded::Delivery(_, dead), What::Bury { records }) => dead.extend(records),
            (Folded::Delivery(_, dead), What::Unbury { records }) => {
                for record in records {
                    dead.remove(record);
                }
            }
            (Folded::Delivery(..), What::Redrive { .. }) => {}
            (Folded::Nothing, What::Day { business_date, open, .. }) if subject.starts_with("day:") => {
                *self = Folded::Days(BTreeMap::from([(business_date.clone(), *open)]));
            }
            (Folded::Days(days), What::Day { business_date, open, .. }) => {
                days.insert(business_date.clone(), *open);
            }
            (Folded::Nothing, What::Pause { .. }) if subject == PAUSES => {
                *self = Folded::Pauses(BTreeMap::new());
                self.take(subject, at_ms, what)?;
            }
            (Folded::Pauses(pauses), What::Pause { switch, paused: true, by }) => {
                pauses.insert(switch.clone(), (at_ms, by.clone()));
            }
            (Folded::Pauses(pauses), What::Pause { switch, .. }) => drop(pauses.remove(switch)),
            (Folded::Nothing, What::Ask { ask }) if subject == ask_subject(&ask.id) => {
                *self = Folded::Ask(Box::new(asked(ask, at_ms)));
            }
            (Folded::Ask(ask), What::Settle { confirmed, by }) => settle(ask, *confirmed, by, at_ms)?,
            (Folded::Nothing, What::Rows { .. }) if subject.starts_with("outlet:") => *self = Folded::Outlet,
            (Folded::Outlet, What::Rows { .. }) => {}
            (Folded::Nothing, What::Purge { publication, .. }) if subject == PURGES => {
                *self = Folded::Purges(publication.unwrap_or(0));
            }
            (Folded::Purges(newest), What::Purge { publication, .. }) => *newest = publication.unwrap_or(*newest),
            _ => return Err("the entry does not belong at this place of this chain".to_owned()),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_at_the_wrong_place_is_refused() {
        let day = What::Day { business_date: "2026-01-05".into(), open: true, by: "core".into() };
        assert!(Folded::default().take("transfer:1", 0, &day).is_err());
        assert!(Folded::default().take("day:PM", 0, &day).is_ok());
    }
}
