//! Invariants that folders, partners, vault and processes are looked at for: I3, I4, I8, I9, I10, I12.

use super::evidence::Evidence;
use super::violated;
use fpp::ledger::delivery::{Delivery, DeliveryState, Purpose};
use fpp::ledger::transfer::FileState;
use fpp_spool::{Algorithm, Digest};
use std::collections::BTreeSet;

/// Most memory that a process may have had: more than ten times what a node with small files needs.
const MEMORY_MAX_BYTES: u64 = 512 << 20;

fn digest(bytes: &[u8]) -> String {
    Digest::of(Algorithm::Sha256, bytes).to_string()
}

/// No answer is seen before its events are durable in the stream and in every required outlet (I3).
pub(super) fn answers_after_events(evidence: &Evidence, told: &mut Vec<String>) {
    let answers = evidence.deliveries.iter().filter(|d| d.purpose == Purpose::Answer);
    for answer in answers.filter(|answer| !evidence.bytes_of(answer).is_empty()) {
        let transfer = evidence.transfers.iter().find(|t| t.id == answer.transfer);
        let in_stream = transfer.is_some_and(|t| t.publication.is_some());
        let mut outlets = evidence
            .deliveries
            .iter()
            .filter(|d| d.transfer == answer.transfer && d.required)
            .filter(|d| matches!(d.purpose, Purpose::Events | Purpose::Posting));
        // What a person deferred is owed; what is pushed again was there before.
        if !in_stream || !outlets.all(|d| d.delivered_ms.is_some() || d.deferred || d.round > 0) {
            told.push(violated("I3", format_args!("the answer {} stands before its events are out", answer.name)));
        }
    }
}

/// What has its final name is whole, has the ledger's digest, and was proven before (I4, D15).
pub(super) fn final_names(evidence: &Evidence, told: &mut Vec<String>) {
    for delivery in &evidence.deliveries {
        let stands = evidence.spools.get(&delivery.spool).and_then(|names| names.get(&delivery.name));
        if stands.is_some() && delivery.state == DeliveryState::Planned {
            told.push(violated("I4", format_args!("{} has its final name before it was proven", delivery.name)));
        }
        let mut taken = evidence.taken.iter().filter(|taken| taken.name == delivery.name);
        if stands.is_some_and(|bytes| digest(bytes) != delivery.sha256)
            || taken.any(|taken| taken.sha256 != delivery.sha256)
        {
            told.push(violated("I4", format_args!("{} has other bytes than the books say", delivery.name)));
        }
    }
    for taken in evidence.taken.iter().filter(|taken| !taken.proven) {
        told.push(violated("I4", format_args!("{} had its marker, and not its bytes or its checksum", taken.name)));
    }
}

/// A source goes only when everything about it is durable (I8).
pub(super) fn sources_that_are_gone(evidence: &Evidence, told: &mut Vec<String>) {
    for file in evidence.dropped.iter().filter(|file| !evidence.source.contains(&file.name)) {
        let of = evidence.of_file(&file.name);
        let may_go = of.iter().any(|t| matches!(t.state, FileState::Acknowledged | FileState::Archived));
        let kept = matches!(evidence.vault.get(&file.sha256), Some(None));
        if !may_go || !kept {
            let state = of.first().map(|t| t.state);
            told.push(violated("I8", format_args!("{} is gone at {state:?}, in the vault: {kept}", file.name)));
        }
    }
}

/// What belongs to a delivery: itself, its checksums, its marker.
fn names(delivery: &Delivery) -> Vec<String> {
    let mut names = vec![delivery.name.clone()];
    names.extend(delivery.checksums.iter().map(|kind| format!("{}.{kind}", delivery.name)));
    names.extend(delivery.marker.iter().map(|(name, _)| name.clone()));
    names
}

/// Each delivery stands once, in its folder with all that belongs to it or with the partner, and nothing else does (I4).
pub(super) fn came_out_once(evidence: &Evidence, told: &mut Vec<String>) {
    // What goes into an outlet of the node is no file: the test that has one looks into its target.
    for delivery in evidence.deliveries.iter().filter(|d| d.purpose != Purpose::Posting) {
        let found = evidence.bytes_of(delivery).len();
        if found != 1 {
            told.push(violated("I4", format_args!("{} came out {found} times", delivery.name)));
        }
    }
    for (spool, found) in &evidence.spools {
        let there = |d: &&Delivery| d.spool == *spool && found.contains_key(&d.name);
        let due: BTreeSet<String> = evidence.deliveries.iter().filter(there).flat_map(names).collect();
        let found: BTreeSet<String> = found.keys().filter(|name| !name.starts_with('.')).cloned().collect();
        let differ: Vec<_> = found.symmetric_difference(&due).collect();
        if !differ.is_empty() {
            told.push(violated("I4", format_args!("in {spool} too much or missing: {differ:?}")));
        }
    }
}

/// Each source and its marker is put away, once, as it was dropped (I8).
pub(super) fn put_away(evidence: &Evidence, told: &mut Vec<String>) {
    let due: BTreeSet<String> =
        evidence.dropped.iter().flat_map(|file| [file.name.clone(), format!("{}.OK", file.name)]).collect();
    let found: BTreeSet<String> = evidence.done.keys().cloned().collect();
    let left: Vec<_> = due.intersection(&evidence.source).collect();
    let differ: Vec<_> = found.symmetric_difference(&due).collect();
    if !left.is_empty() || !differ.is_empty() {
        told.push(violated("I8", format_args!("left {left:?}, put away too much or not at all {differ:?}")));
    }
    for file in &evidence.dropped {
        if evidence.done.get(&file.name).is_some_and(|bytes| *bytes != *file.bytes) {
            told.push(violated("I8", format_args!("{} was put away with other bytes", file.name)));
        }
    }
}

/// The vault has every content that the books name, and it is sound (I8).
pub(super) fn vault(evidence: &Evidence, told: &mut Vec<String>) {
    for (sha256, said) in evidence.vault.iter().filter_map(|(sha256, said)| Some((sha256, said.as_ref()?))) {
        told.push(violated("I8", format_args!("the vault and {sha256}: {said}")));
    }
}

/// Temporary files are gone, or named in a status (I9).
pub(super) fn temporaries(evidence: &Evidence, told: &mut Vec<String>) {
    let is_named = |path: &&String| path.rsplit('/').next().is_some_and(|name| evidence.named.contains(name));
    for path in evidence.temporaries.iter().filter(|path| !is_named(path)) {
        told.push(violated("I9", format_args!("{path} is left, and no status names it")));
    }
}

/// Memory stays within its bound (I10).
pub(super) fn memory(evidence: &Evidence, told: &mut Vec<String>) {
    for (who, bytes) in evidence.memory.iter().filter(|(_, bytes)| *bytes > MEMORY_MAX_BYTES) {
        told.push(violated("I10", format_args!("{who} had {bytes} bytes of memory, {MEMORY_MAX_BYTES} are allowed")));
    }
}

/// Each name that the core left and nobody works on has its reason in a status (I12).
pub(super) fn ignored(evidence: &Evidence, told: &mut Vec<String>) {
    let is_known = |name: &&String| {
        let of = |file: &crate::support::core::CoreFile| **name == file.name || **name == format!("{}.OK", file.name);
        name.starts_with('.') || evidence.dropped.iter().any(of)
    };
    let strange: Vec<_> = evidence.source.iter().filter(|name| !is_known(name)).collect();
    let silent: Vec<_> = strange.iter().filter(|name| !evidence.ignored.contains(**name)).collect();
    // A status shows a few examples of each reason, and counts all.
    if !silent.is_empty() && evidence.ignored_count < strange.len() as u64 {
        told.push(violated("I12", format_args!("nobody says why {silent:?} are passed over")));
    }
}
