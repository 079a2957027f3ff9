//! Verbs said of everything of one partner: the files that came out of its spool (D25), each as it is said of that file alone.
//! `retry` is of those that are held. What a person held is passed over, and counted, and so is a delivery of such a file
//! that a person held, or that may be at its partner already. `hold` is of those that are not at their end.

use super::verbs::{self, Request};
use super::work::Inbound;
use crate::error::Result;
use crate::ledger::change::Change;
use crate::ledger::delivery::{Delivery, DeliveryId};
use crate::ledger::transfer::{FileState, Transfer, TransferId, TransferQuery};
use crate::ledger::verbs::{Planned, Verb};
use fpp_codecs::Code;
use std::collections::HashSet;

/// Files that one transaction moves.
const BATCH: u32 = 100;

/// Held files of a spool, newest first.
pub struct HeldFiles {
    spool: String,
    since_ms: i64,
    before: Option<TransferId>,
    /// Those that are left alone.
    pub passed: u64,
}

impl HeldFiles {
    /// Those that are held since a time.
    pub fn begin(spool: &str, since_ms: i64) -> HeldFiles {
        HeldFiles { spool: spool.to_owned(), since_ms, before: None, passed: 0 }
    }

    /// The next, which may be none of a batch; nothing behind the last.
    pub async fn batch(&mut self, cx: &Inbound, by: &str, reason: &str) -> Result<Option<Vec<Planned>>> {
        let state = Some(FileState::Held);
        let query = TransferQuery { state, before: self.before.clone(), limit: BATCH, ..TransferQuery::default() };
        let page = cx.ledger.transfers(&query).await?;
        let Some(last) = page.last() else { return Ok(None) };
        self.before = Some(last.id.clone());
        let mut again = Vec::new();
        for transfer in page.iter().filter(|t| t.spool == self.spool && t.updated_ms >= self.since_ms) {
            if is_stopped(transfer) {
                self.passed += 1;
                continue;
            }
            let Some(planned) = plan(cx, Verb::Retry, transfer, (by, reason)).await? else { continue };
            let (changes, passed) = without_own_words(cx, &transfer.id, planned.changes).await?;
            self.passed += passed as u64;
            again.push(Planned { changes, ..planned });
        }
        Ok(Some(again))
    }
}

/// The changes without those of deliveries that ask for a word of their own, and how many these are.
async fn without_own_words(cx: &Inbound, id: &TransferId, changes: Vec<Change>) -> Result<(Vec<Change>, usize)> {
    if !changes.iter().any(|change| matches!(change, Change::MoveDelivery { .. })) {
        return Ok((changes, 0));
    }
    let deliveries = cx.ledger.deliveries(Some(id), u32::MAX).await?;
    let own = deliveries.into_iter().filter(Delivery::asks_for_its_own_word).map(|delivery| delivery.id);
    let own: HashSet<DeliveryId> = own.collect();
    let is_own = |change: &Change| matches!(change, Change::MoveDelivery { id, .. } if own.contains(id));
    let (passed, changes): (Vec<_>, Vec<_>) = changes.into_iter().partition(is_own);
    Ok((changes, passed.len()))
}

/// The states of a file that is not at its end, in the order of its walk: one that moves on meanwhile is met once more.
const OPEN: [FileState; 6] = [
    FileState::Arrived,
    FileState::Claimed,
    FileState::Staged,
    FileState::Proven,
    FileState::Posted,
    FileState::Acknowledged,
];

/// Files of a spool that are not at their end, and arrived until now.
pub struct OpenFiles {
    spool: String,
    since_ms: i64,
    until_ms: i64,
    states: std::slice::Iter<'static, FileState>,
    state: Option<FileState>,
    before: Option<TransferId>,
}

impl OpenFiles {
    /// Those that arrived since a time.
    pub fn begin(cx: &Inbound, spool: &str, since_ms: i64) -> OpenFiles {
        let mut states = OPEN.iter();
        let (state, until_ms) = (states.next().copied(), cx.clock.now_ms());
        OpenFiles { spool: spool.to_owned(), since_ms, until_ms, states, state, before: None }
    }

    /// The next, which may be none of a batch; nothing behind the last.
    pub async fn batch(&mut self, cx: &Inbound, by: &str, reason: &str) -> Result<Option<Vec<Planned>>> {
        if self.state.is_none() {
            return Ok(None);
        }
        let (state, before) = (self.state, self.before.clone());
        let query = TransferQuery { state, before, limit: BATCH, ..TransferQuery::default() };
        let page = cx.ledger.transfers(&query).await?;
        self.before = page.last().map(|last| last.id.clone());
        if page.is_empty() {
            self.state = self.states.next().copied();
        }
        let mut held = Vec::new();
        let meant = self.since_ms..=self.until_ms;
        for transfer in page.iter().filter(|t| t.spool == self.spool && meant.contains(&t.arrived_ms)) {
            held.extend(plan(cx, Verb::Hold, transfer, (by, reason)).await?);
        }
        Ok(Some(held))
    }
}

/// What a verb does to a file alone; nothing where it moved meanwhile.
async fn plan(cx: &Inbound, verb: Verb, transfer: &Transfer, (by, reason): (&str, &str)) -> Result<Option<Planned>> {
    let request = Request {
        id: transfer.id.clone(),
        reason: reason.to_owned(),
        digest: None,
        skip: None,
        core_agreed: false,
        outlet: None,
        by: by.to_owned(),
    };
    match verbs::plan(cx, verb, &request).await {
        Ok(planned) => Ok(Some(Planned { said: format!("{} {}", transfer.id, planned.said), ..planned })),
        Err(error) if matches!(error.code, Code::REFUSED | Code::UNKNOWN) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_stopped(transfer: &Transfer) -> bool {
    transfer.facts.hold(transfer.verdict).0 == Some(Code::STOPPED.0)
}
