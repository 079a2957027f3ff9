//! Receipts: files that a partner drops beside what was delivered, to say that it has it (D15).
//!
//! Their names follow from the configuration of the route at the time of the look, and are kept nowhere: a route that is given
//! the key later finds the receipts of what it delivered before, one that loses it waits for the removal alone. A receipt is the
//! partner's file: it is looked for, never read, moved or removed. One that stands there before its file was sent says nothing
//! about it, so such a file is not sent (`publish.rs`).

use crate::error::Result;
use crate::ledger::Ledger;
use crate::ledger::delivery::{Delivery, Purpose};
use fpp_spool::{EntryKind, Fields, Folder, NameTemplate};
use std::collections::BTreeMap;

/// Of which deliveries there are receipts.
#[derive(Clone, Debug, Default)]
pub struct Receipts {
    rules: Vec<Rule>,
}

/// The receipts of what a route sends into a spool.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The route.
    pub route: String,
    /// Its answers, or its events.
    pub purpose: Purpose,
    /// The spool.
    pub spool: String,
    /// The receipt's name, made of the file's.
    pub name: NameTemplate,
}

impl Receipts {
    /// The receipts that these rules name.
    pub fn of(rules: Vec<Rule>) -> Receipts {
        Receipts { rules }
    }

    /// Those of one spool.
    pub(super) fn in_spool(&self, spool: &str) -> Receipts {
        Receipts { rules: self.rules.iter().filter(|rule| rule.spool == spool).cloned().collect() }
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The receipts for this delivery that stand in its folder. Which of their routes is its own is not known yet.
    pub(super) fn there(&self, folder: &dyn Folder, delivery: &Delivery) -> Result<Vec<Found>> {
        // Routes that share a spool mostly name their receipts alike: each name is looked for once.
        let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for rule in self.rules.iter().filter(|rule| rule.is_about(delivery)) {
            if let Ok(name) = rule.name.try_fill(&Fields::of_name(&delivery.name)) {
                names.entry(name).or_default().push(rule.route.clone());
            }
        }
        let mut found = Vec::new();
        for (name, routes) in names {
            if folder.stat(&name)?.is_some_and(|entry| entry.kind == EntryKind::File) {
                found.push(Found { routes, name });
            }
        }
        Ok(found)
    }
}

impl Rule {
    fn is_about(&self, delivery: &Delivery) -> bool {
        // An interim answer is an answer to its partner.
        let purpose = if delivery.purpose == Purpose::Interim { Purpose::Answer } else { delivery.purpose };
        (self.purpose, &self.spool) == (purpose, &delivery.spool)
    }
}

/// A receipt that stands there, and the routes that have such.
pub(super) struct Found {
    routes: Vec<String>,
    name: String,
}

/// The one of them that is of the delivery's own route.
pub(super) async fn own(ledger: &dyn Ledger, delivery: &Delivery, found: Vec<Found>) -> Result<Option<String>> {
    if found.is_empty() {
        return Ok(None);
    }
    let Some(transfer) = ledger.transfer(&delivery.transfer).await? else { return Ok(None) };
    Ok(found.into_iter().find(|found| found.routes.contains(&transfer.route)).map(|found| found.name))
}
