//! The driver: one state, one step, one `apply`. Recovery is the same code: start again from the state in the books.
//!
//! Errors are decided by their class alone: *retry* parks with backoff, *reject* refuses the file and answers it,
//! *halt* holds it for a person.

use super::decide::{self, notice};
use super::work::{Inbound, Next};
use super::{acknowledge, archive, claim, correction, post, prove, stage};
use crate::backoff;
use crate::error::{Class, Error, Result};
use crate::ledger::change::{Change, Fence};
use crate::ledger::desk::{Pause, SwitchKind, is_paused};
use crate::ledger::standing::is_due;
use crate::ledger::transfer::{Facts, FileState, Transfer, TransferId, Verdict};
use fpp_codecs::Code;
use tokio::sync::watch as signal;

/// Walks a transfer as far as it goes now, under the caller's lease. A node that stops, or that does not reach what the
/// next step needs, hands it over where it stands: another one goes on from the books.
pub async fn walk(cx: &Inbound, id: &TransferId, fence: &Fence, stopped: &signal::Receiver<bool>) -> Result<()> {
    loop {
        let Some(transfer) = cx.ledger.transfer(id).await? else { return Ok(()) };
        let idle = transfer.standing().is_terminal() || transfer.state == FileState::Held;
        if idle
            || !is_due(transfer.next_attempt_ms, cx.clock.now_ms())
            || is_stopped(&transfer, &cx.ledger.pauses().await?)
        {
            return Ok(());
        }
        if !can_go_on(cx, &transfer) {
            tracing::debug!(transfer = %id, spool = transfer.spool, "left to a node that reaches its spool");
            return Ok(());
        }
        if *stopped.borrow() {
            tracing::info!(transfer = %id, file = transfer.name, state = ?transfer.state, "handed over");
            return Ok(());
        }
        match step(cx, &transfer, fence).await {
            Ok(Next::Moved) => tracing::debug!(transfer = %id, from = ?transfer.state, "moved"),
            Ok(Next::Parked) => return Ok(()),
            Err(error) if error.code == Code::STALE_EPOCH => {
                tracing::warn!(transfer = %id, "work dropped: {error}");
                return Ok(());
            }
            Err(error) => {
                if settle(cx, &transfer, fence, error).await? == Next::Parked {
                    return Ok(());
                }
            }
        }
    }
}

/// Whether this node can make the next step: some work on the source file itself, which needs its spool (D24). A route
/// that is gone is another matter: its files are held.
pub fn can_go_on(cx: &Inbound, transfer: &Transfer) -> bool {
    let needs_source = match (transfer.state, transfer.verdict) {
        (FileState::Arrived, _) | (FileState::Claimed, None) => transfer.facts.sha256.is_none(),
        (FileState::Acknowledged, _) => transfer.facts.source.is_some(),
        _ => false,
    };
    !needs_source || cx.routes.get(&transfer.route).is_none_or(|route| route.folder.is_some())
}

/// Whether the next step brings new bytes into the vault from outside.
pub fn is_intake(transfer: &Transfer) -> bool {
    matches!((transfer.state, transfer.verdict), (FileState::Arrived, _) | (FileState::Claimed, None))
        && transfer.facts.sha256.is_none()
}

/// A pause lets the step under way end; the next one does not begin. A partner's pause stops the steps that touch it.
fn is_stopped(transfer: &Transfer, pauses: &[Pause]) -> bool {
    use FileState as S;
    is_paused(pauses, SwitchKind::Route, &transfer.route)
        || (matches!(transfer.state, S::Arrived | S::Claimed | S::Acknowledged)
            && is_paused(pauses, SwitchKind::Partner, &transfer.spool))
}

async fn step(cx: &Inbound, transfer: &Transfer, fence: &Fence) -> Result<Next> {
    use FileState as S;
    if let Some(correction) = &transfer.facts.correction {
        return correction::step(cx, transfer, correction, fence).await;
    }
    match (transfer.state, transfer.verdict) {
        (S::Arrived, _) => claim::claim(cx, transfer, fence).await,
        (S::Claimed, None) => stage::stage(cx, transfer, fence).await,
        (S::Staged, None) => prove::prove(cx, transfer, fence).await,
        (S::Proven, _) => post::post(cx, transfer, fence).await,
        (S::Posted, _) | (S::Claimed | S::Staged, Some(Verdict::Rejected | Verdict::Duplicate)) => {
            acknowledge::acknowledge(cx, transfer, fence).await
        }
        (S::Acknowledged, _) => archive::archive(cx, transfer, fence).await,
        (state, verdict) => {
            Err(Error::internal(format!("no step for a file that is {state:?} with verdict {verdict:?}")))
        }
    }
}

/// What an error does to the transfer.
async fn settle(cx: &Inbound, transfer: &Transfer, fence: &Fence, error: Error) -> Result<Next> {
    let undecided = transfer.verdict.is_none();
    let refusable = undecided && matches!(transfer.state, FileState::Claimed | FileState::Staged);
    match error.class {
        Class::Retry => park(cx, transfer, fence, &error).await,
        Class::Reject if refusable => cx.apply(fence, decide::reject(transfer, &error, cx.clock.now_ms())).await,
        Class::Reject | Class::Halt => {
            cx.apply(fence, decide::hold(transfer, &error, Facts::default())).await?;
            Ok(Next::Parked)
        }
    }
}

async fn park(cx: &Inbound, transfer: &Transfer, fence: &Fence, error: &Error) -> Result<Next> {
    let pause_ms = backoff::after(error, &transfer.id.0, transfer.attempts);
    tracing::warn!(transfer = %transfer.id, file = transfer.name, attempt = transfer.attempts + 1,
        pause_ms, "{error}");
    let mut changes = vec![Change::Park {
        id: transfer.id.clone(),
        until_ms: cx.clock.now_ms() + pause_ms,
        waiting_for: error.to_string(),
        failed: !error.is_refusal(),
    }];
    // Of a partner who lets nobody in, or is left alone, the watch over its spool tells for all its files.
    if transfer.attempts + 1 >= backoff::QUIET_ATTEMPTS && !error.is_of_partner() {
        changes.push(notice("warn", "retrying", transfer, error));
    }
    cx.apply(fence, changes).await?;
    Ok(Next::Parked)
}
