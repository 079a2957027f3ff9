//! Books in memory: what a ledger does, without a database. Rows are written by the same functions as in the engines
//! (`fold/`), so the states and the chains are the real ones.

mod notices;
mod writing;

use fpp::error::{Error, Result};
use fpp::ledger::chain;
use fpp::ledger::change::{Fence, JournalRow, Notice, Reject};
use fpp::ledger::delivery::Delivery;
use fpp::ledger::fold::{self, Entry};
use fpp::ledger::lease::{Lease, LeaseKey};
use fpp::ledger::node::NodeRow;
use fpp::ledger::transfer::{FileState, Identity, Transfer, Verdict};
use fpp_codecs::Code;
use std::collections::BTreeMap;

/// All books.
#[derive(Clone, Default)]
pub(crate) struct Books {
    pub(crate) transfers: BTreeMap<String, Transfer>,
    pub(crate) deliveries: BTreeMap<String, Delivery>,
    pub(crate) rejects: BTreeMap<String, Vec<Reject>>,
    pub(crate) journal: BTreeMap<String, Vec<JournalRow>>,
    pub(crate) leases: BTreeMap<String, Lease>,
    pub(crate) nodes: BTreeMap<String, NodeRow>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) days: BTreeMap<(String, String), bool>,
    /// When a thing was told, and whether it is open.
    pub(crate) told: BTreeMap<String, (i64, bool)>,
    pub(crate) publication: u64,
    arrivals: BTreeMap<String, String>,
    identities: BTreeMap<(String, String, u32, u32), String>,
    ids: u64,
    /// Ids are given here, in order, so that a run with the same seed has the same ids.
    names_ids: bool,
}

impl Books {
    /// Empty books that give the ids themselves.
    pub(crate) fn naming() -> Books {
        Books { names_ids: true, ..Books::default() }
    }

    /// Refuses a fence that its lease no longer agrees with.
    pub(crate) fn check(&self, fence: &Fence) -> Result<Lease> {
        match self.leases.get(&fence.key.0) {
            Some(lease) if lease.epoch == fence.epoch && lease.holder == fence.holder => Ok(lease.clone()),
            now => Err(Error::halt(Code::STALE_EPOCH, format!("{} is stale: {now:?}", fence.key.0)).hint("Drop it.")),
        }
    }

    pub(crate) fn take_lease(&mut self, key: &LeaseKey, holder: &str, seen: Option<&Lease>) -> Option<Lease> {
        if self.leases.get(&key.0) != seen {
            return None;
        }
        let epoch = seen.map_or(0, |lease| lease.epoch) + 1;
        let lease = Lease { key: key.clone(), epoch, holder: holder.to_owned(), beat: 0 };
        self.leases.insert(key.0.clone(), lease.clone());
        Some(lease)
    }

    pub(crate) fn beat(&mut self, lease: &Lease) -> Result<Lease> {
        let fence = Fence { key: lease.key.clone(), epoch: lease.epoch, holder: lease.holder.clone() };
        let mut held = self.check(&fence)?;
        held.beat += 1;
        self.leases.insert(held.key.0.clone(), held.clone());
        Ok(held)
    }

    pub(crate) fn release_lease(&mut self, lease: &Lease) {
        if let Some(row) = self.leases.get_mut(&lease.key.0)
            && (row.epoch, &row.holder) == (lease.epoch, &lease.holder)
        {
            row.holder.clear();
        }
    }

    pub(crate) fn by_batch(&self, of: &Identity) -> Vec<Transfer> {
        let same = |t: &&Transfer| {
            t.facts
                .identity
                .as_ref()
                .is_some_and(|i| (&i.route, &i.business_date, i.batch) == (&of.route, &of.business_date, of.batch))
        };
        let counts = |t: &&Transfer| {
            matches!(t.verdict, Some(Verdict::Accepted | Verdict::Partly))
                || (t.state != FileState::Archived && !t.closed && t.verdict != Some(Verdict::Rejected))
        };
        self.transfers.values().filter(same).filter(counts).cloned().collect()
    }

    /// The batches of a date whose events are out.
    pub(crate) fn posted(&self, route: &str, business_date: &str) -> Vec<u32> {
        let is_out =
            |t: &&Transfer| t.publication.is_some() && matches!(t.verdict, Some(Verdict::Accepted | Verdict::Partly));
        let identities = self.transfers.values().filter(is_out).filter_map(|t| t.facts.identity.as_ref());
        identities
            .filter(|i| (i.route.as_str(), i.business_date.as_str()) == (route, business_date))
            .map(|i| i.batch)
            .collect()
    }

    pub(crate) fn by_arrival(&self, arrival_key: &str) -> Option<&Transfer> {
        self.arrivals.get(arrival_key).and_then(|id| self.transfers.get(id))
    }

    /// The first row that its journal does not bear out.
    pub(crate) fn broken(&self) -> Option<String> {
        for (subject, rows) in &self.journal {
            let mut folded = fold::Folded::default();
            let mut previous = String::new();
            for row in rows {
                let hash = chain::row_hash(subject, row.n, row.at_ms, &row.entry, &previous);
                if hash != row.hash {
                    return Some(format!("{subject} {}", row.n));
                }
                previous = hash;
                let entry = Entry::read(&row.entry).and_then(|entry| folded.take(subject, row.at_ms, &entry.what));
                if let Err(why) = entry {
                    return Some(format!("{subject} {}: {why}", row.n));
                }
            }
            let differs = match &folded {
                fold::Folded::Transfer(fold, _) => self
                    .transfers
                    .get(&fold.id.0)
                    .map_or(Some("gone".into()), |row| fpp::ledger::difference::transfer_difference(row, fold)),
                fold::Folded::Delivery(fold, _) => self
                    .deliveries
                    .get(&fold.id.0)
                    .map_or(Some("gone".into()), |row| fpp::ledger::difference::delivery_difference(row, fold)),
                _ => None,
            };
            if let Some(what) = differs {
                return Some(format!("{subject}: {what}"));
            }
        }
        None
    }
}
