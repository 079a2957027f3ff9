//! Invariants that the books alone decide: I1, I5, I6, I7, I11, and the numbers of the publications (D11).

use super::evidence::Evidence;
use super::violated;
use crate::support::settled::rests;
use fpp::ledger::delivery::{DeliveryState, Purpose};
use fpp::ledger::fold::{Entry, What};
use fpp::ledger::transfer::{FileState, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// No file became two transfers, and no transfer comes from nowhere (I1).
pub(super) fn one_transfer_each(evidence: &Evidence, told: &mut Vec<String>) {
    let dropped: BTreeSet<&str> = evidence.dropped.iter().map(|file| file.name.as_str()).collect();
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for transfer in &evidence.transfers {
        *count.entry(&transfer.name).or_default() += 1;
    }
    for (name, n) in count {
        if n != 1 || !dropped.contains(name) {
            told.push(violated("I1", format_args!("{name} is {n} transfers")));
        }
    }
}

/// Every file is at its one end, with the verdict that is due, one answer, and one file for each outlet (I1).
pub(super) fn verdicts(evidence: &Evidence, told: &mut Vec<String>) {
    for file in &evidence.dropped {
        let of = evidence.of_file(&file.name);
        let ends: Vec<_> = of.iter().map(|t| (t.state, t.verdict)).collect();
        if ends != [(FileState::Archived, Some(file.due))] {
            let reason = of.first().and_then(|t| t.facts.reason.clone()).unwrap_or_default();
            told.push(violated("I1", format_args!("{} is {ends:?}, {:?} is due: {reason}", file.name, file.due)));
            continue;
        }
        let sent: Vec<_> = evidence.deliveries.iter().filter(|d| d.transfer == of[0].id).collect();
        let count = |purpose| sent.iter().filter(|d| d.purpose == purpose).count();
        if (count(Purpose::Answer), count(Purpose::Events)) != (1, evidence.outlets) {
            let sent: Vec<_> = sent.iter().map(|d| (&d.name, d.purpose)).collect();
            told.push(violated("I1", format_args!("one answer to {} is due, and its events: {sent:?}", file.name)));
        }
    }
}

/// The numbers of the publications have no gap, and none comes twice: a reader who goes on by them misses nothing (I2, D11).
pub(super) fn publications(evidence: &Evidence, told: &mut Vec<String>) {
    let mut found: Vec<u64> = evidence.transfers.iter().filter_map(|t| t.publication).collect();
    found.sort_unstable();
    if found != (1..=evidence.publication).collect::<Vec<_>>() {
        told.push(violated("I2", format_args!("publications {found:?} of {}", evidence.publication)));
    }
}

/// In each journal the epochs never go back, an epoch has one holder, and none is younger than the lease (I5).
pub(super) fn epochs(evidence: &Evidence, told: &mut Vec<String>) {
    for (subject, rows) in &evidence.journals {
        let (mut last, mut holders) = (0, BTreeMap::new());
        for row in rows {
            let Ok(entry) = Entry::read(&row.entry) else { continue };
            let Some(under) = entry.fence.filter(|_| is_under_its_own_lease(&entry.what)) else { continue };
            let other = holders.insert(under.epoch, under.holder.clone()).filter(|before| *before != under.holder);
            if under.epoch < last || other.is_some() {
                told.push(violated(
                    "I5",
                    format_args!(
                        "{subject}, row {}: {} wrote under epoch {} after {last}",
                        row.n, under.holder, under.epoch
                    ),
                ));
            }
            last = last.max(under.epoch);
        }
        let lease = evidence.epochs.get(subject).copied().unwrap_or(0);
        if last > lease {
            told.push(violated("I5", format_args!("{subject} was written under epoch {last}, its lease has {lease}")));
        }
    }
}

/// A delivery is planned under the lease of its transfer, and persons write under none.
fn is_under_its_own_lease(what: &What) -> bool {
    match what {
        What::Move { by, .. } | What::Deliver { by, .. } => by.is_none(),
        _ => false,
    }
}

/// What is accepted and what is rejected is what was read, and the control totals are true, or the file is refused (I6).
pub(super) fn totals(evidence: &Evidence, told: &mut Vec<String>) {
    for transfer in &evidence.transfers {
        if !matches!(transfer.verdict, Some(Verdict::Accepted | Verdict::Partly)) {
            continue;
        }
        let facts = &transfer.facts;
        let (read, good, bad) = (facts.records, facts.accepted, facts.rejected);
        let adds_up = read.is_some() && read == good.zip(bad).map(|(good, bad)| good + bad);
        let kept = evidence.rejects.get(&transfer.id.0).copied();
        if !adds_up || kept != bad {
            told.push(violated(
                "I6",
                format_args!("{}: {read:?} read, {good:?} accepted, {bad:?} rejected, {kept:?} kept", transfer.name),
            ));
        }
        for total in facts.totals.iter().flatten().filter(|t| t.unreadable == 0 && t.promised != t.found) {
            told.push(violated(
                "I6",
                format_args!("{}: {} is {}, not {}", transfer.name, total.name, total.found, total.promised),
            ));
        }
    }
}

/// The chains hold, and the rows are what the journals say (I7).
pub(super) fn chains(evidence: &Evidence, told: &mut Vec<String>) {
    told.extend(evidence.broken.iter().map(|what| violated("I7", what)));
}

/// Nothing is under way any more (I11).
pub(super) fn settled(evidence: &Evidence, told: &mut Vec<String>) {
    for transfer in evidence.transfers.iter().filter(|t| !rests(t)) {
        told.push(violated("I11", format_args!("{} is {:?}: {}", transfer.name, transfer.state, transfer.waiting_for)));
    }
    for delivery in &evidence.deliveries {
        let at_its_end = match delivery.state {
            DeliveryState::Planned | DeliveryState::Proven => false,
            DeliveryState::Delivered => !evidence.partners_take,
            DeliveryState::Taken | DeliveryState::Held => true,
        };
        if !at_its_end {
            told.push(violated(
                "I11",
                format_args!("{} is {:?}: {}", delivery.name, delivery.state, delivery.last_error),
            ));
        }
    }
}
