//! The outlets of this node: each an engine, what of which route goes there, and how it is doing.

pub use super::breaker::{Breaker, Down};
pub use super::redrives::Redrives;
use crate::clock::Clock;
use crate::ledger::transfer::Transfer;
use crate::outlets::Books;
use crate::outlets::events::View;
use crate::outlets::filter::Filter;
use crate::outlets::push::{Engine, Posting};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// What postings are carried out with.
pub struct Postings {
    /// What events are read from.
    pub books: Books,
    /// Installation, for targets that several of them share.
    pub installation: String,
    /// The time.
    pub clock: Clock,
    /// Outlets by name.
    pub outlets: BTreeMap<String, Arc<Outlet>>,
}

impl Postings {
    /// What an outlet is told of a transfer whose events it gets under a lease of this epoch.
    pub(super) fn told(&self, outlet: &Outlet, transfer: &Transfer, epoch: u64, required: bool) -> Posting {
        Posting {
            outlet: outlet.name.clone(),
            installation: self.installation.clone(),
            transfer: transfer.id.0.clone(),
            route: transfer.route.clone(),
            business_date: transfer.facts.of_file().map(|identity| identity.business_date.clone()),
            epoch,
            required,
        }
    }
}

/// One outlet.
pub struct Outlet {
    /// Its name.
    pub name: String,
    /// The word of its kind.
    pub kind: &'static str,
    /// What pushes.
    pub engine: Arc<dyn Engine>,
    /// What goes there, by route.
    pub uses: BTreeMap<String, Use>,
    /// Most events in one batch.
    pub batch_events: usize,
    /// A batch is closed when it has grown to so many bytes.
    pub batch_bytes: usize,
    /// Routes whose events are pushed at once.
    pub routes_at_once: usize,
    /// How often it is asked whether it answers again.
    pub probe: Duration,
    /// Longest pause between two attempts.
    pub retry_max_ms: i64,
    /// Whether it is left alone for a while.
    pub breaker: Breaker,
    /// Dead letters that could not be pushed once more yet.
    pub redrives: Redrives,
}

/// What of a route goes into an outlet.
#[derive(Clone, Debug)]
pub struct Use {
    /// Whether sensitive fields are shown.
    pub view: View,
    /// Which events.
    pub filter: Filter,
}

/// The lease under which the postings of a route are pushed into an outlet: one at a time, whatever their ids. Its epoch
/// grows with every holder, so a target can tell an older one.
pub fn lane(outlet: &str, route: &str) -> String {
    format!("posting:{outlet}/{route}")
}
