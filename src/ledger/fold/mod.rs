//! What a journal entry says, and what a subject's row must be after it.
//!
//! Invariant: a row is the fold of its journal. Engines write a row only through the functions here, and `verify` walks
//! the journal through the same functions, so a row that was changed by hand is found (I7). What is not journalled
//! (attempts, the next attempt's time, what it waits for) is no part of the fold.

use super::chain::RejectsDigest;
use super::change::{Fence, NewTransfer};
use super::delivery::{Delivery, DeliveryEvent, DeliveryId, DeliveryState, Purpose};
use super::desk::{Ask, AskId, AskState, Switch};
use super::transfer::{Facts, FileEvent, FileState, Transfer, TransferId, Verdict};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One journal entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// What happened.
    #[serde(flatten)]
    pub what: What,
    /// Under which lease: holder and epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fence: Option<Under>,
}

/// The lease under which an entry was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Under {
    /// Its holder.
    pub holder: String,
    /// Its epoch.
    pub epoch: u64,
}

impl From<&Fence> for Under {
    fn from(fence: &Fence) -> Under {
        Under { holder: fence.holder.clone(), epoch: fence.epoch }
    }
}

/// What happened to a subject.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum What {
    /// An arrival was booked: the first entry of a transfer.
    Arrive {
        /// As it was booked.
        transfer: Box<NewTransfer>,
    },
    /// A transfer moved.
    Move {
        /// How.
        event: FileEvent,
        /// What became known.
        facts: Box<Facts>,
        /// Who and why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        /// The publication number it took.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        publication: Option<u64>,
        /// The rejects it wrote.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rejects: Option<RejectsDigest>,
    },
    /// A delivery was planned: the first entry of a delivery.
    Plan {
        /// As it was planned.
        delivery: Box<Delivery>,
    },
    /// A delivery moved.
    Deliver {
        /// How.
        event: DeliveryEvent,
        /// Who and why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        /// Of a proof: which folder the temporary lies in, where the folder can tell.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        folder: Option<String>,
        /// Of a file's delivery: whether the folder made it durable, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fsynced: Option<bool>,
    },
    /// The outlet of a posting did not take events: its dead letters.
    Bury {
        /// Their records.
        records: Vec<u64>,
    },
    /// Dead letters of a posting were taken after all.
    Unbury {
        /// Their records.
        records: Vec<u64>,
    },
    /// A person had the dead letters of a posting pushed once more.
    Redrive {
        /// Who and why.
        by: String,
    },
    /// A business date was opened or closed.
    Day {
        /// `yyyy-mm-dd`.
        business_date: String,
        /// Open or closed.
        open: bool,
        /// Who.
        by: String,
    },
    /// An operator had a waiting transfer tried at once.
    Hurry {
        /// Who and why.
        by: String,
    },
    /// A route, partner or outlet was paused, or goes on.
    Pause {
        /// What.
        switch: Switch,
        /// Paused or not.
        paused: bool,
        /// Who and why.
        by: String,
    },
    /// A person asked for what another one must confirm: the first entry of a request.
    Ask {
        /// As it was asked.
        ask: Box<Ask>,
    },
    /// A request was closed.
    Settle {
        /// Confirmed, or declined.
        confirmed: bool,
        /// Who and why.
        by: String,
    },
    /// A person takes rows out of an outlet's database; what is there is no part of the fold.
    Rows {
        /// The first day; the oldest there is without one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// The first day that stays.
        before: String,
        /// Who and why.
        by: String,
        /// Rows that went, by table; nothing before they do.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gone: Option<BTreeMap<String, u64>>,
    },
    /// A batch of finished transfers was purged.
    Purge {
        /// Business dates before this one.
        before: String,
        /// How many transfers.
        transfers: u64,
        /// The newest publication number that went.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        publication: Option<u64>,
        /// Digest of the last heads of the chains that went (`chain::heads_digest`).
        heads: String,
        /// Who and why.
        by: String,
    },
}

impl Entry {
    /// As text for the journal.
    pub fn write(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|e| Error::internal("a journal entry cannot be written").caused_by(e))
    }

    /// From the journal's text.
    pub fn read(text: &str) -> Result<Entry, String> {
        serde_json::from_str(text).map_err(|e| format!("the entry cannot be read: {e}"))
    }
}

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
    fn an_entry_reads_back_as_it_was_written() {
        let facts = Facts { size: Some(u64::MAX), reason: Some("a \"b\" 回盘".into()), ..Facts::default() };
        let entry = Entry {
            what: What::Move {
                event: FileEvent::Judge(Verdict::Partly),
                facts: Box::new(facts),
                by: None,
                publication: Some(7),
                rejects: Some(RejectsDigest { count: 2, sha256: "ab".into() }),
            },
            fence: Some(Under { holder: "n/1".into(), epoch: 3 }),
        };
        let text = entry.write().unwrap();
        assert_eq!(Entry::read(&text).unwrap(), entry);
        assert!(text.starts_with(r#"{"kind":"move","event":{"Judge":"partly"},"facts":{"size":"#), "{text}");
    }

    #[test]
    fn an_entry_at_the_wrong_place_is_refused() {
        let day = What::Day { business_date: "2026-01-05".into(), open: true, by: "core".into() };
        assert!(Folded::default().take("transfer:1", 0, &day).is_err());
        assert!(Folded::default().take("day:PM", 0, &day).is_ok());
    }
}
