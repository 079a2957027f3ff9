//! Prove: the whole file is judged before anything leaves, and the plan that judged it is frozen (D6).
//!
//! First its place in the series: same identity and bytes as an accepted file is a duplicate, same identity and other
//! bytes is held (D1), a closed business date is held (D4). Then its content: the proof reads every record.

use super::compare;
use super::decide::{self, notice};
use super::examine::{examine, worth};
use super::order;
use super::resend::{self, Replaced};
use super::route::Route;
use super::series::{self, Place};
use super::work::{Inbound, Next};
use crate::blocking::blocking;
use crate::error::{Error, Result};
use crate::ledger::change::{Change, Fence, Reject};
use crate::ledger::transfer::{Facts, FileEvent, Identity, Resend, Transfer, Verdict};
use crate::outlets::trace::trace_id;
use crate::scratch::Scratch;
use crate::trade::plan::Plan;
use crate::trade::proof::header::FileFault;
use crate::trade::proof::outcome::Outcome;
use crate::trade::proof::stated::Stated;
use crate::trade::proof::{Context, EMPTY, Proof};
use crate::vault::Vault;
use crate::vault::digests::digest;
use fpp_codecs::Code;
use fpp_spool::Algorithm;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use tempfile::SpooledTempFile;

/// Of a file with no more good records than this the ids are not kept.
pub const UNLISTED_MAX: u64 = 256;
/// The ids of a file's good records: in memory, or in a temporary file.
type Ids = Scratch<SpooledTempFile>;
/// A list of ids of this size is kept in memory until it is in the vault.
const IDS_IN_MEMORY: usize = 256 << 10;

/// Rejects that are shown of a file that a person must judge.
const SHOWN_MAX: usize = 20;

/// Judges a staged file.
pub async fn prove(cx: &Inbound, transfer: &Transfer, fence: &Fence) -> Result<Next> {
    if resend::waits_on(cx, transfer, fence).await? {
        return Ok(Next::Parked);
    }
    let route = cx.route(transfer)?;
    let plan = cx.plans.current(&route.bundle)?;
    name_fits(&plan, transfer)?;
    let mut context = Context {
        name: series::name_identity(&route, transfer),
        refused: refused(transfer, found_digest(cx, transfer, &route).await?),
        released: transfer.facts.released.iter().flatten().map(|code| Code(*code)).collect(),
        stated: stated(transfer),
    };
    let identity = series::identity(cx, &route, &plan, transfer, &context).await?;
    let mut former = None;
    if let (Some(identity), None) = (&identity, &context.refused) {
        let held = match series::place(cx, &route, transfer, identity).await? {
            Place::Next => None,
            Place::Duplicate(of) => return duplicate(cx, transfer, fence, identity, &of).await,
            Place::OtherBytes(kept) => Some(compare::other_bytes(cx, &plan, transfer, identity, &kept).await?),
            Place::Resend(kept) => {
                former = Some(kept);
                None
            }
            Place::DayClosed => Some(series::day_closed(&route, transfer, identity)),
            Place::Never(reason) => {
                context.refused = Some(FileFault { code: Code::SERIES, reason });
                None
            }
        };
        if let Some(error) = held {
            let known = Facts { identity: Some(identity.clone()), ..Facts::default() };
            cx.apply(fence, decide::hold(transfer, &error, known)).await?;
            // Whoever opened the day meanwhile found nothing to let go.
            let by_day = error.code == Code::DAY_CLOSED;
            if by_day && series::is_open(cx, &route, &identity.business_date).await? {
                order::go_on(cx, transfer, &order::released(transfer, "fpp: its business date is open")).await?;
            }
            return Ok(Next::Parked);
        }
    }
    let (vault, of, frozen, scratch) = (cx.vault.clone(), transfer.clone(), plan.clone(), cx.scratch.clone());
    let threads = cx.prove_threads;
    let (outcome, remarks, ids) = blocking(move || {
        let (outcome, remarks, ids) = read(&*vault, &frozen, &of, context, (&scratch, threads))?;
        let ids = keep_ids(&*vault, &outcome, ids)?;
        Ok((outcome, remarks, ids))
    })
    .await?;
    freeze(cx, &route.bundle).await?;
    let mut resend = None;
    if let (Some(kept), Some(identity)) = (former, &identity)
        && matches!(outcome.verdict, Some(Verdict::Accepted | Verdict::Partly))
    {
        match resent(cx, &plan, transfer, fence, identity, &kept, &outcome.rejects).await? {
            Resent::Goes(of) => resend = of,
            Resent::Ends(next) => return Ok(next),
        }
    }
    let known = Facts { identity, resend, ids, remarks: (!remarks.is_empty()).then_some(remarks), ..Facts::default() };
    judge(cx, transfer, fence, &plan, outcome, known).await
}

/// What becomes of a good file that resends a batch.
enum Resent {
    /// It goes on; with what of it was posted before.
    Goes(Option<Resend>),
    /// It does not go on now.
    Ends(Next),
}

/// Takes an unposted run's place, or holds the file where it does not fit the posted one (D8).
async fn resent(
    cx: &Inbound,
    plan: &Arc<Plan>,
    transfer: &Transfer,
    fence: &Fence,
    identity: &Identity,
    kept: &Transfer,
    rejects: &[Reject],
) -> Result<Resent> {
    if kept.publication.is_none() {
        return Ok(match resend::replace(cx, kept, transfer, fence).await? {
            Replaced::Closed => Resent::Goes(None),
            Replaced::Posted => Resent::Ends(Next::Moved),
            Replaced::Busy => Resent::Ends(Next::Parked),
        });
    }
    if let Some(of) = resend::compare(cx, plan, transfer, kept, rejects).await? {
        return Ok(Resent::Goes(Some(of)));
    }
    let error = compare::other_bytes(cx, plan, transfer, identity, kept).await?;
    let known = Facts { identity: Some(identity.clone()), ..Facts::default() };
    cx.apply(fence, decide::hold(transfer, &error, known)).await?;
    Ok(Resent::Ends(Next::Parked))
}

/// An answer must be able to name the file (D15).
fn name_fits(plan: &Plan, transfer: &Transfer) -> Result<()> {
    if plan.answer.as_ref().is_none_or(|answer| answer.holds_file_name(&transfer.name)) {
        return Ok(());
    }
    Err(Error::halt(Code::TOO_LONG, format!("{} is too long for the answer's file name field", transfer.name))
        .hint("Agree on a shorter name with the sender, close this one with `fpp reject`; or widen the answer's layout and `fpp retry`."))
}

/// Why the file is refused before it is read: an operator's word, or a marker that promised other bytes.
fn refused(transfer: &Transfer, found: Option<String>) -> Option<FileFault> {
    let facts = &transfer.facts;
    if let Some(word) = &facts.refused {
        return Some(FileFault { code: Code(facts.code?), reason: word.clone() });
    }
    let promised = facts.promised.as_ref()?;
    let marker = &promised.marker.name;
    if let Some((says, has)) = promised.size.zip(facts.size).filter(|(says, has)| says != has) {
        let reason = format!("it has {has} bytes, its marker {marker} says {says}");
        return Some(FileFault { code: Code::NOT_READY, reason });
    }
    let (says, has) = promised.digest.as_ref().zip(found).filter(|(says, has)| !says.eq_ignore_ascii_case(has))?;
    Some(FileFault { code: Code::DIGEST, reason: format!("its digest is {has}, its marker {marker} says {says}") })
}

/// The digest of the kind that the sender's markers state; the vault knows it, or its content is read for it.
async fn found_digest(cx: &Inbound, transfer: &Transfer, route: &Route) -> Result<Option<String>> {
    let facts = &transfer.facts;
    if route.algorithm == Algorithm::Sm3 && facts.sm3.is_some() {
        return Ok(facts.sm3.clone());
    }
    let stated = facts.promised.as_ref().and_then(|promised| promised.digest.as_ref());
    let Some(sha256) = facts.sha256.clone().filter(|_| stated.is_some()) else { return Ok(None) };
    let (vault, algorithm) = (cx.vault.clone(), route.algorithm);
    blocking(move || digest(&*vault, &sha256, algorithm)).await.map(Some)
}

/// What the sender stated beside the file about its records.
fn stated(transfer: &Transfer) -> Stated {
    let promised = transfer.facts.promised.as_ref();
    Stated {
        by: promised.map(|p| p.marker.name.clone()).unwrap_or_default(),
        count: promised.and_then(|p| p.count),
        amount: promised.and_then(|p| p.amount.clone()),
    }
}

/// Keeps the bytes of a plan in the vault; gives its digest.
pub async fn freeze(cx: &Inbound, bundle: &Arc<crate::trade::plan::Bundle>) -> Result<String> {
    let (frozen, plans, vault, bundle) = (cx.frozen.clone(), cx.plans.clone(), cx.vault.clone(), bundle.clone());
    blocking(move || frozen.put(&plans, &*vault, &bundle)).await
}

/// Reads the whole file through the proof; the ids of its good records, sorted, come with the outcome.
pub(super) fn read(
    vault: &dyn Vault,
    plan: &Plan,
    transfer: &Transfer,
    context: Context,
    (scratch, threads): (&Path, usize),
) -> Result<(Outcome, Vec<String>, Ids)> {
    let sha256 = transfer.facts.sha256.as_deref().unwrap_or_default();
    let content = vault.open(sha256)?;
    let mut ids = Scratch::new(tempfile::spooled_tempfile_in(IDS_IN_MEMORY, scratch), scratch);
    let spill = Box::new(super::spill::Files::new(scratch, &transfer.id.0));
    let proof = Proof::new(plan, context, spill).listing(Box::new(&mut ids));
    let size = content.size();
    let (outcome, remarks) = examine(proof, plan, (size, worth(size, threads)), || Ok(content.reader_at(0)))
        .map_err(crate::vault::error_of)?;
    ids.rewound()?;
    Ok((outcome, remarks, ids))
}

/// Keeps the ids of a file that will be posted in the vault. Those of a small one are read again where they are wanted,
/// which costs less than keeping them.
fn keep_ids(vault: &dyn Vault, outcome: &Outcome, mut ids: Ids) -> Result<Option<String>> {
    let posted = matches!(outcome.verdict, Some(Verdict::Accepted | Verdict::Partly));
    if !posted || outcome.accepted <= UNLISTED_MAX {
        return Ok(None);
    }
    vault.put(&mut ids, &mut |_| {}, u64::MAX).map(|kept| Some(kept.sha256))
}

async fn judge(
    cx: &Inbound,
    transfer: &Transfer,
    fence: &Fence,
    plan: &Plan,
    outcome: Outcome,
    known: Facts,
) -> Result<Next> {
    let next = hint_of(&outcome);
    let facts = Facts {
        plan: Some(plan.digest.clone()),
        code: Some(outcome.code.0),
        reason: Some(outcome.reason.clone()),
        hint: Some(next.to_owned()),
        records: Some(outcome.records),
        accepted: Some(outcome.accepted),
        rejected: Some(outcome.rejected),
        ok_amount: Some(outcome.amounts.ok.to_string()),
        ng_amount: Some(outcome.amounts.bad.to_string()),
        totals: Some(outcome.totals),
        framed: Some(outcome.framed),
        decided_ms: Some(cx.clock.now_ms()),
        // Rejects are booked with a judgement; a person who must judge is shown the first ones.
        difference: outcome.verdict.is_none().then(|| json!({ "rejects": first_of(&outcome.rejects) })),
        ..known
    };
    let id = transfer.id.clone();
    let event = outcome.verdict.map_or(FileEvent::Hold, FileEvent::Judge);
    let mut changes = vec![Change::Move { id: id.clone(), event, facts: Box::new(facts), by: None }];
    if outcome.verdict.is_some() {
        changes.insert(0, Change::Reject { id, rejects: outcome.rejects });
    }
    if outcome.verdict.is_none_or(|v| v == Verdict::Rejected) {
        let topic = if outcome.verdict.is_none() { "held" } else { "rejected" };
        let error = Error::reject(outcome.code, outcome.reason.clone()).hint(next);
        changes.push(notice("error", topic, transfer, &error));
    }
    let verdict = outcome.verdict.map_or_else(|| "held".to_owned(), |verdict| format!("{verdict:?}").to_lowercase());
    let trace = trace_id(&transfer.id.0);
    tracing::info!(transfer = %transfer.id, file = transfer.name, trace, verdict, code = %outcome.code,
        records = outcome.records, accepted = outcome.accepted, refused = outcome.rejected, "proven");
    match cx.apply(fence, changes).await {
        // Another file of the same identity was accepted meanwhile: judge again, now as the second of the two.
        Err(error) if error.code == Code::OTHER_BYTES => Ok(Next::Moved),
        Ok(_) if outcome.verdict.is_none() => Ok(Next::Parked),
        done => done,
    }
}

fn first_of(rejects: &[Reject]) -> &[Reject] {
    rejects.get(..SHOWN_MAX).unwrap_or(rejects)
}

/// A duplicate gets a new answer with the first one's rows, and publishes nothing.
async fn duplicate(
    cx: &Inbound,
    transfer: &Transfer,
    fence: &Fence,
    identity: &Identity,
    of: &Transfer,
) -> Result<Next> {
    let first = &of.facts;
    let facts = Facts {
        identity: Some(identity.clone()),
        plan: first.plan.clone(),
        code: Some(Code::DUPLICATE.0),
        reason: Some(format!("the same bytes as transfer {} of {}", of.id, identity.business_date)),
        hint: Some(hint(Code::DUPLICATE).to_owned()),
        records: first.records,
        accepted: first.accepted,
        rejected: first.rejected,
        ok_amount: first.ok_amount.clone(),
        ng_amount: first.ng_amount.clone(),
        totals: first.totals.clone(),
        framed: first.framed,
        duplicate_of: Some(of.id.clone()),
        decided_ms: Some(cx.clock.now_ms()),
        ..Facts::default()
    };
    tracing::info!(transfer = %transfer.id, file = transfer.name, first = %of.id, "duplicate of an accepted file");
    cx.advance(fence, transfer, FileEvent::Judge(Verdict::Duplicate), facts).await
}

/// What a person does next about a judgement.
fn hint_of(outcome: &Outcome) -> &'static str {
    match outcome.code {
        Code::LENGTH if outcome.records == 0 && outcome.reason == EMPTY => {
            "Ask the sender whether there was nothing to send; if so, the route may take it: `empty = \"accept\"`."
        }
        code => hint(code),
    }
}

/// What the operator should do about a file's code.
pub fn hint(code: Code) -> &'static str {
    match code {
        Code::OK => "",
        Code::DUPLICATE => "Nothing: the core gets the first answer again. Ask the sender why it was sent twice.",
        Code::NOT_READY | Code::DIGEST => "The bytes changed on the way. Have the file sent again, in binary mode.",
        Code::SERIES => "A later run is accepted already: ask the core which one holds.",
        Code::LENGTH => "Compare the record length with the layout; a transfer cut short is sent again whole.",
        Code::HEADER => "Compare header and file name with the agreed layout; have it sent again.",
        Code::TRAILER => "Records were lost or added on the way; have it sent again whole.",
        Code::TOTAL => "The records do not add up to the trailer: the core must find out which of them is wrong.",
        Code::BUSINESS_DATE => "The core must send a valid business date.",
        Code::TEXT_MODE => "Send it in binary mode (SFTP, or FTP TYPE I); text mode destroys packed fields.",
        Code::NO_LAYOUT => "The file is of another kind or version: check route and layout.",
        Code::SEQUENCE => "Records are missing, doubled or out of order; have it sent again.",
        Code::TOO_MANY => "Look at the first rejects: so many usually have one cause, e.g. a wrong layout version.",
        Code::UNPROVEN => "A summed field is unreadable; see the rejects. The core must mend and send it again.",
        Code::NOT_POSTED => {
            "One bad record refuses this route's files; see the rejects, have it mended and sent again."
        }
        _ => "See `fpp transfers show`.",
    }
}
