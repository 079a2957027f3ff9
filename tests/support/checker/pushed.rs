//! What outlets took that events are pushed to: exactly the events of each file, in its order, at least once (I2); and those of
//! a required outlet before the answer (I3, D12). The file of events that the same transfer gave says which they are.

use super::evidence::Evidence;
use super::violated;
use fpp::ledger::delivery::{Delivery, Purpose};
use std::collections::BTreeSet;

/// Of each answer that stands: what it waited for is in its outlets, whatever the books say.
pub(super) fn before_the_answer(evidence: &Evidence, told: &mut Vec<String>) {
    let answers = evidence.deliveries.iter().filter(|d| d.purpose == Purpose::Answer);
    for answer in answers.filter(|answer| !evidence.bytes_of(answer).is_empty()) {
        let waits = |d: &&Delivery| d.required && !d.deferred && d.round == 0 && d.transfer == answer.transfer;
        for posting in postings(evidence).filter(waits) {
            if let Some(what) = difference(evidence, posting) {
                told.push(violated("I3", format_args!("the answer {} stands, and {what}", answer.name)));
            }
        }
    }
}

/// Everything is there, also what was deferred and what gates nothing.
pub(super) fn everything(evidence: &Evidence, told: &mut Vec<String>) {
    for posting in postings(evidence) {
        told.extend(difference(evidence, posting).map(|what| violated("I2", what)));
    }
    for (outlet, took) in &evidence.targets {
        let known = |transfer: &str| postings(evidence).any(|d| d.spool == *outlet && d.transfer.0 == transfer);
        if let Some((transfer, _)) = took.iter().find(|(transfer, _)| !known(transfer)) {
            told.push(violated("I2", format_args!("{outlet} has events of {transfer}, which has no posting to it")));
        }
    }
}

/// Postings to outlets that were looked into.
fn postings(evidence: &Evidence) -> impl Iterator<Item = &Delivery> {
    let known = |d: &&Delivery| d.purpose == Purpose::Posting && evidence.targets.contains_key(&d.spool);
    evidence.deliveries.iter().filter(known)
}

/// How what an outlet took of a transfer differs from what is due, each event counted where it came first.
fn difference(evidence: &Evidence, posting: &Delivery) -> Option<String> {
    let took = evidence.targets.get(&posting.spool)?;
    let mut met = BTreeSet::new();
    let of = took.iter().filter(|(transfer, line)| *transfer == posting.transfer.0 && met.insert(line.as_str()));
    let found: Vec<&str> = of.map(|(_, line)| line.as_str()).collect();
    let is_file = |d: &&Delivery| d.purpose == Purpose::Events && d.transfer == posting.transfer;
    let file = evidence.deliveries.iter().find(is_file).and_then(|file| evidence.bytes_of(file).first().copied());
    let text = String::from_utf8_lossy(file.unwrap_or_default());
    let due: Vec<&str> = text.lines().collect();
    if found == due {
        return None;
    }
    let at = found.iter().zip(&due).take_while(|(found, due)| found == due).count();
    let (found, due) = (found.len(), due.len());
    Some(format!("{} has {found} events of {}, {due} are due; they differ from {at} on", posting.spool, posting.name))
}
