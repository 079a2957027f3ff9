//! The ledger of a node: books in memory behind a seam.

use super::books::Books;
use super::seams::{Fate, Life};
use async_trait::async_trait;
use fpp::error::{Error, Result};
use fpp::ledger::Ledger;
use fpp::ledger::change::{Applied, Change, DaysAhead, Fence, JournalRow, Notice, Reject, Seal, Told, VerifyReport};
use fpp::ledger::consumer::Consumer;
use fpp::ledger::delivery::{DeadLetter, Delivery, DeliveryId, DeliveryState, Purpose};
use fpp::ledger::desk::{Ask, AskId, Pause};
use fpp::ledger::lease::{Lease, LeaseKey};
use fpp::ledger::node::NodeRow;
use fpp::ledger::standing::is_due;
use fpp::ledger::transfer::{FileState, Identity, Transfer, TransferId, TransferQuery};
use fpp::trade::series;
use fpp_codecs::Code;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The ledger as a node sees it.
pub(crate) struct SimLedger(pub(crate) Arc<Life>);

impl SimLedger {
    fn call<T>(&self, name: &str, work: impl FnOnce(&mut Books) -> Result<T>) -> Result<T> {
        let away = || Err(Error::retry(Code::LEDGER, "the ledger does not answer").hint("It is simulated."));
        match self.0.meet(name) {
            Fate::Refused | Fate::Torn => away(),
            fate => {
                let given = work(&mut self.0.shared.books.lock().unwrap());
                self.0.happened();
                if fate == Fate::Lost { away() } else { given }
            }
        }
    }
}

/// Whether a posting is not there; held ones where they are asked for.
fn is_posting(delivery: &Delivery, held: bool) -> bool {
    delivery.purpose == Purpose::Posting && !delivery.is_there() && (held || delivery.state != DeliveryState::Held)
}

/// The reads that books in memory give.
fn due<T: Clone>(of: impl Iterator<Item = T>, when: impl Fn(&T) -> i64, now_ms: i64, limit: u32) -> Vec<T> {
    let mut due: Vec<T> = of.filter(|row| is_due(when(row), now_ms)).collect();
    // What a clock far ahead has parked comes last.
    due.sort_by_key(|row| when(row));
    due.truncate(limit as usize);
    due
}

#[async_trait]
impl Ledger for SimLedger {
    async fn apply(&self, fence: Option<&Fence>, now_ms: i64, changes: &[Change]) -> Result<Applied> {
        let kinds: Vec<String> = changes.iter().map(kind).collect();
        self.call(&format!("apply {}", kinds.join(", ")), |books| books.apply(fence, now_ms, changes))
    }
    async fn lease(&self, key: &LeaseKey) -> Result<Option<Lease>> {
        self.call("lease", |books| Ok(books.leases.get(&key.0).cloned()))
    }
    async fn take_lease(&self, key: &LeaseKey, holder: &str, seen: Option<&Lease>) -> Result<Option<Lease>> {
        self.call(&format!("take {}", key.0), |books| Ok(books.take_lease(key, holder, seen)))
    }
    async fn beat(&self, lease: &Lease) -> Result<Lease> {
        self.call("beat", |books| books.beat(lease))
    }
    async fn release_lease(&self, lease: &Lease) -> Result<()> {
        self.call("release", |books| {
            books.release_lease(lease);
            Ok(())
        })
    }
    async fn transfer(&self, id: &TransferId) -> Result<Option<Transfer>> {
        self.call("transfer", |books| Ok(books.transfers.get(&id.0).cloned()))
    }
    async fn transfer_by_arrival(&self, arrival_key: &str) -> Result<Option<Transfer>> {
        self.call("by arrival", |books| Ok(books.by_arrival(arrival_key).cloned()))
    }
    async fn transfers(&self, query: &TransferQuery) -> Result<Vec<Transfer>> {
        let date = |t: &Transfer| t.facts.identity.as_ref().map(|i| i.business_date.clone());
        let wanted = |t: &&Transfer| {
            query.route.as_ref().is_none_or(|route| *route == t.route)
                && query.state.is_none_or(|state| state == t.state && !t.closed)
                && query.business_date.as_ref().is_none_or(|of| date(t).as_ref() == Some(of))
                && query.sha256.as_ref().is_none_or(|sha256| t.facts.sha256.as_ref() == Some(sha256))
                && query.before.as_ref().is_none_or(|before| t.id < *before)
        };
        self.call("transfers", |books| {
            Ok(books.transfers.values().rev().filter(wanted).take(query.limit as usize).cloned().collect())
        })
    }
    async fn due_transfers(&self, now_ms: i64, limit: u32) -> Result<Vec<Transfer>> {
        self.call("due transfers", |books| {
            let open = |t: &&Transfer| !t.standing().is_terminal() && t.state != FileState::Held;
            Ok(due(books.transfers.values().filter(open).cloned(), |t| t.next_attempt_ms, now_ms, limit))
        })
    }
    async fn by_batch(&self, identity: &Identity) -> Result<Vec<Transfer>> {
        self.call("by batch", |books| Ok(books.by_batch(identity)))
    }
    async fn arrivals_of_day(&self, route: &str, business_date: &str) -> Result<u32> {
        self.call("arrivals of day", |books| {
            let of_day = |t: &&Transfer| {
                t.route == route && t.facts.identity.as_ref().is_some_and(|i| i.business_date == business_date)
            };
            Ok(u32::try_from(books.transfers.values().filter(of_day).count()).unwrap_or(u32::MAX))
        })
    }
    async fn batches(&self, route: &str, business_date: &str, (first, last): (u32, u32)) -> Result<Vec<u32>> {
        self.call("batches", |books| {
            let of_day = |t: &&Transfer| t.route == route && series::counts(t);
            let date = |i: &&Identity| i.business_date == business_date && (first..=last).contains(&i.batch);
            let came = books.transfers.values().filter(of_day).filter_map(|t| t.facts.identity.as_ref().filter(date));
            Ok(came.map(|identity| identity.batch).collect::<BTreeSet<_>>().into_iter().collect())
        })
    }
    async fn posted_before(&self, route: &str, business_date: &str, batch: u32) -> Result<Option<u32>> {
        self.call("posted before", |books| {
            Ok(books.posted(route, business_date).into_iter().filter(|n| *n < batch).max())
        })
    }
    async fn posted_after(&self, route: &str, business_date: &str, batch: u32) -> Result<Option<u32>> {
        self.call("posted after", |books| {
            Ok(books.posted(route, business_date).into_iter().filter(|n| *n > batch).min())
        })
    }
    async fn rejects(&self, id: &TransferId, after_record: u64, limit: u32) -> Result<Vec<Reject>> {
        self.call("rejects", |books| {
            let all = books.rejects.get(&id.0).into_iter().flatten().filter(|r| r.record > after_record);
            Ok(all.take(limit as usize).cloned().collect())
        })
    }
    async fn journal(&self, subject: &str) -> Result<Vec<JournalRow>> {
        self.call("journal", |books| Ok(books.journal.get(subject).cloned().unwrap_or_default()))
    }
    async fn publications(&self, after: u64, limit: u32) -> Result<Vec<Transfer>> {
        self.call("publications", |books| {
            let mut all: Vec<Transfer> =
                books.transfers.values().filter(|t| t.publication.is_some_and(|p| p > after)).cloned().collect();
            all.sort_by_key(|t| t.publication);
            all.truncate(limit as usize);
            Ok(all)
        })
    }
    async fn last_publication(&self) -> Result<u64> {
        self.call("last publication", |books| Ok(books.publication))
    }
    async fn first_publication_of(&self, business_date: &str) -> Result<Option<u64>> {
        self.call("first publication of a date", |books| {
            let date =
                |t: &&Transfer| t.facts.identity.as_ref().is_some_and(|i| i.business_date.as_str() >= business_date);
            Ok(books.transfers.values().filter(date).filter_map(|t| t.publication).min())
        })
    }
    async fn delivery(&self, id: &DeliveryId) -> Result<Option<Delivery>> {
        self.call("delivery", |books| Ok(books.deliveries.get(&id.0).cloned()))
    }
    async fn delivery_named(&self, spool: &str, name: &str) -> Result<Option<Delivery>> {
        self.call("delivery named", |books| {
            Ok(books.deliveries.values().rev().find(|d| (d.spool.as_str(), d.name.as_str()) == (spool, name)).cloned())
        })
    }
    async fn deliveries(&self, of: Option<&TransferId>, limit: u32) -> Result<Vec<Delivery>> {
        self.call("deliveries", |books| {
            let mut all: Vec<Delivery> =
                books.deliveries.values().filter(|d| of.is_none_or(|of| d.transfer == *of)).cloned().collect();
            if of.is_none() {
                all.reverse();
            }
            all.truncate(limit as usize);
            Ok(all)
        })
    }
    async fn deliveries_of(&self, of: &[TransferId]) -> Result<Vec<Delivery>> {
        self.call("deliveries of several", |books| {
            Ok(books.deliveries.values().filter(|d| of.contains(&d.transfer)).cloned().collect())
        })
    }
    async fn due_deliveries(&self, now_ms: i64, limit: u32) -> Result<Vec<Delivery>> {
        self.call("due deliveries", |books| {
            let open = |d: &&Delivery| {
                matches!(d.state, DeliveryState::Planned | DeliveryState::Proven) && d.purpose != Purpose::Posting
            };
            Ok(due(books.deliveries.values().filter(open).cloned(), |d| d.next_attempt_ms, now_ms, limit))
        })
    }
    async fn next_postings(&self, outlet: &str) -> Result<Vec<Delivery>> {
        self.call("next postings", |books| {
            let mut next: BTreeMap<String, Delivery> = BTreeMap::new();
            let turn = |d: &&Delivery| {
                let publication = books.transfers.get(&d.transfer.0).and_then(|t| t.publication);
                (d.round > 0, !d.required || d.deferred, publication.unwrap_or(u64::MAX), d.id.clone())
            };
            let of = books.deliveries.values().filter(|d| d.spool == outlet && is_posting(d, false));
            let mut in_turn: Vec<&Delivery> = of.collect();
            in_turn.sort_by_key(turn);
            for delivery in in_turn {
                let route = delivery.name.split('/').next().unwrap_or_default().to_owned();
                next.entry(route).or_insert_with(|| delivery.clone());
            }
            Ok(next.into_values().collect())
        })
    }
    async fn open_postings(&self, outlet: &str, after: Option<&DeliveryId>, limit: u32) -> Result<Vec<Delivery>> {
        self.call("open postings", |books| {
            let of = books.deliveries.values().filter(|d| d.spool == outlet && is_posting(d, true));
            let behind = of.filter(|d| after.is_none_or(|after| d.id > *after));
            Ok(behind.take(limit as usize).cloned().collect())
        })
    }
    async fn posting_outlets(&self) -> Result<Vec<String>> {
        self.call("open outlets", |books| {
            let open = books.deliveries.values().filter(|d| is_posting(d, true)).map(|d| d.spool.clone());
            Ok(open.collect::<BTreeSet<_>>().into_iter().collect())
        })
    }
    async fn dead_letters(
        &self,
        _: Option<&str>,
        _: Option<(&DeliveryId, u64)>,
        _: bool,
        _: u32,
    ) -> Result<Vec<DeadLetter>> {
        self.call("dead letters", |_| Ok(Vec::new()))
    }
    async fn debts(&self, limit: u32) -> Result<Vec<Delivery>> {
        self.call("debts", |books| {
            Ok(books.deliveries.values().filter(|d| d.is_debt()).take(limit as usize).cloned().collect())
        })
    }
    async fn consumer(&self, _: &str) -> Result<Option<Consumer>> {
        Err(Error::internal("nobody reads under a name in a simulation"))
    }
    async fn consumers(&self) -> Result<Vec<Consumer>> {
        Err(Error::internal("nobody reads under a name in a simulation"))
    }
    async fn untaken_deliveries(&self, after: Option<&Delivery>, limit: u32) -> Result<Vec<Delivery>> {
        self.call("untaken", |books| {
            let place = |d: &Delivery| (d.delivered_ms, d.id.0.clone());
            let delivered = books.deliveries.values().filter(|d| d.state == DeliveryState::Delivered);
            let mut behind: Vec<_> = delivered.filter(|d| after.is_none_or(|a| place(a) < place(d))).cloned().collect();
            behind.sort_by_key(place);
            behind.truncate(limit as usize);
            Ok(behind)
        })
    }
    async fn unfinished_deliveries(&self, limit: u32) -> Result<Vec<Delivery>> {
        self.call("unfinished", |books| {
            let open =
                books.deliveries.values().filter(|d| matches!(d.state, DeliveryState::Planned | DeliveryState::Proven));
            Ok(open.take(limit as usize).cloned().collect())
        })
    }
    async fn taken_deliveries(&self, _: &str, _: i64, _: i64, _: u32) -> Result<Vec<Delivery>> {
        Err(Error::internal("nobody sends anything again in a simulation"))
    }
    async fn pauses(&self) -> Result<Vec<Pause>> {
        self.call("pauses", |_| Ok(Vec::new()))
    }
    async fn ask(&self, _: &AskId) -> Result<Option<Ask>> {
        Err(Error::internal("nobody asks in a simulation"))
    }
    async fn asks(&self, _: bool, _: u32) -> Result<Vec<Ask>> {
        Err(Error::internal("nobody asks in a simulation"))
    }
    async fn notices(&self, all: bool, limit: u32) -> Result<Vec<Notice>> {
        self.call("notices", |books| {
            let open = books.notices.iter().rev().filter(|n| all || n.acknowledged.is_none());
            Ok(open.take(limit as usize).cloned().collect())
        })
    }
    async fn open_notices(&self, after: i64, limit: u32) -> Result<Vec<Notice>> {
        self.call("open notices", |books| {
            let open = books.notices.iter().filter(|n| n.acknowledged.is_none() && n.id > after);
            Ok(open.take(limit as usize).cloned().collect())
        })
    }
    async fn told(&self, prefix: &str, open: bool, limit: u32) -> Result<Vec<Told>> {
        self.call("told", |books| {
            let of = books.told.iter().filter(|(key, (_, is))| key.starts_with(prefix) && (*is || !open));
            let told = of.map(|(key, (at_ms, open))| Told { key: key.clone(), at_ms: *at_ms, open: *open });
            Ok(told.take(limit as usize).collect())
        })
    }
    async fn days(&self, route: &str) -> Result<Vec<(String, bool)>> {
        self.call("days", |books| {
            let of = books.days.iter().filter(|((of, _), _)| of == route);
            Ok(of.map(|((_, date), open)| (date.clone(), *open)).collect())
        })
    }
    async fn counts(&self) -> Result<Vec<(String, String, Option<String>, u64)>> {
        self.call("counts", |books| {
            let mut counts: BTreeMap<(String, String, Option<String>), u64> = BTreeMap::new();
            for t in books.transfers.values() {
                let verdict = t.verdict.map(|verdict| format!("{verdict:?}").to_lowercase());
                let state = if t.closed { "Closed".to_owned() } else { format!("{:?}", t.state) };
                *counts.entry((t.route.clone(), state, verdict)).or_default() += 1;
            }
            Ok(counts.into_iter().map(|((route, state, verdict), n)| (route, state, verdict, n)).collect())
        })
    }
    async fn make_days(&self, _: i64) -> Result<Option<DaysAhead>> {
        Ok(None)
    }
    async fn drop_days(&self, _: &str, _: i64) -> Result<u64> {
        Ok(0)
    }
    async fn seal(&self, _: Option<&Fence>, _: i64, _: &[u8]) -> Result<u64> {
        Err(Error::internal("nobody seals in a simulation"))
    }
    async fn seals(&self, _: u64, _: u32) -> Result<Vec<Seal>> {
        Err(Error::internal("nobody seals in a simulation"))
    }
    async fn verify(&self, _: Option<&[u8]>) -> Result<VerifyReport> {
        self.call("verify", |books| {
            let rows = books.journal.values().map(|rows| rows.len() as u64).sum();
            let chains = books.journal.len() as u64;
            Ok(VerifyReport { chains, rows, unsealed: rows, broken: books.broken(), ..VerifyReport::default() })
        })
    }
    async fn report_node(&self, fence: &Fence, node: &NodeRow) -> Result<()> {
        self.call("report", |books| {
            books.check(fence)?;
            books.nodes.insert(node.name.clone(), node.clone());
            Ok(())
        })
    }
    async fn nodes(&self) -> Result<Vec<NodeRow>> {
        self.call("nodes", |books| Ok(books.nodes.values().cloned().collect()))
    }
}

fn kind(change: &Change) -> String {
    match change {
        Change::Arrive(new) => format!("arrive {}", new.name),
        Change::Move { id, event, .. } => format!("{id} {event:?}"),
        Change::Park { id, until_ms, waiting_for, .. } => format!("{id} park until {until_ms} ({waiting_for})"),
        Change::Plan(delivery) => format!("plan {}", delivery.name),
        Change::MoveDelivery { id, event, .. } => format!("{id} {event:?}"),
        Change::Prove { id, .. } => format!("{id} Prove"),
        Change::Deliver { id, .. } => format!("{id} Deliver"),
        Change::Take { id, .. } => format!("{id} Take"),
        Change::ParkDelivery { id, error, .. } => format!("{id} park ({error})"),
        Change::Raise(notice) => format!("notice {}", notice.topic),
        _ => "more".to_owned(),
    }
}
