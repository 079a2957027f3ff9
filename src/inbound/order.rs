//! The order of a series: a batch is posted when the one before it is (D7).
//!
//! A proven batch that comes too early waits, and is shown as waiting for the others. Who posts a batch wakes those that
//! wait for it; a look every minute makes good for a node that dies in between. At the cut-off, or when its business date
//! is closed, a person must decide: it is held (FPP1022), until the missing ones come or he releases it.
//!
//! Whether a batch waits is asked of the books in numbers ([`missing`]): a day may have any number of files, and no step of
//! one reads the others.
//!
//! Invariant: what a batch waits for is looked up after it was put to sleep as well, so that a batch that is posted
//! meanwhile is never missed by both.

use super::route::Route;
use super::series;
use super::work::{Inbound, Next};
use crate::error::{Error, Result};
use crate::ledger::Ledger;
use crate::ledger::change::{Change, Fence, NewNotice};
use crate::ledger::pages::Pages;
use crate::ledger::transfer::{Facts, FileEvent, FileState, Identity, Transfer, TransferQuery, Verdict};
use crate::trade::series::{OfDay, batches};
use fpp_codecs::Code;

/// Refused files of a day that are named.
const REFUSED_MAX: usize = 5;
/// A batch that waits looks by itself after this time.
const LOOK_MS: i64 = 60_000;

/// Parks a proven file that another batch must precede; an error of class *halt* when it will not come any more.
pub async fn wait(cx: &Inbound, transfer: &Transfer, fence: &Fence) -> Result<Next> {
    let route = cx.route(transfer)?;
    let Some(identity) = transfer.facts.identity.as_ref().filter(|_| route.series.ordered) else {
        return Ok(Next::Moved);
    };
    if is_released(transfer) {
        return Ok(Next::Moved);
    }
    let Some((first, last)) = missing(cx, &route, identity).await? else { return Ok(Next::Moved) };
    let (names, now_ms) = (batches(first, last), cx.clock.now_ms());
    let date = &identity.business_date;
    let cut_off_ms = date.parse().ok().and_then(|date| route.series.cut_off_of(date, &route.timezone));
    let closed = !series::is_open(cx, &route, date).await?;
    if closed || cut_off_ms.is_some_and(|at| at <= now_ms) {
        let end = if closed { "its business date was closed" } else { "the cut-off" };
        let what = format!("batch {:04} of {date} waits for {names}, which did not come before {end}", identity.batch);
        return Err(Error::halt(Code::GAP, what).hint(format!(
            "Ask the sender for {names}: this one goes on by itself when it is posted. Or post it without: `fpp release {}`.",
            transfer.id
        )));
    }
    let park = |until_ms, waiting_for| Change::Park { id: transfer.id.clone(), until_ms, waiting_for, failed: false };
    let until_ms = cut_off_ms.map_or(now_ms + LOOK_MS, |at| at.min(now_ms + LOOK_MS));
    cx.apply(fence, vec![park(until_ms, format!("{WAITING}{names}"))]).await?;
    // Whoever posted meanwhile found nothing to wake.
    if missing(cx, &route, identity).await? == Some((first, last)) {
        return Ok(Next::Parked);
    }
    cx.apply(fence, vec![park(now_ms, String::new())]).await
}

/// How a batch that waits says so.
const WAITING: &str = "waiting for batch ";

fn is_released(transfer: &Transfer) -> bool {
    transfer.facts.released.iter().flatten().any(|code| *code == Code::GAP.0)
}

fn pages_of(route: &str, business_date: &str) -> Pages {
    let (route, business_date) = (Some(route.to_owned()), Some(business_date.to_owned()));
    Pages::of(TransferQuery { route, business_date, ..TransferQuery::default() })
}

/// All files of a business date, and what was purged of it, for who shows the day or closes it. Of files that are at their end
/// only what they are is kept.
pub async fn of_day(ledger: &dyn Ledger, route: &str, business_date: &str) -> Result<OfDay> {
    let (mut pages, mut files) = (pages_of(route, business_date), Vec::new());
    while let Some(page) = pages.next(ledger).await? {
        files.extend(page.into_iter().map(|file| match file.state {
            FileState::Archived => {
                let facts = Facts { identity: file.facts.identity, ..Facts::default() };
                Transfer { facts, arrival_key: String::new(), ..file }
            }
            _ => file,
        }));
    }
    Ok(OfDay { files, purged: ledger.purged_batches(route, business_date).await? })
}

/// Names of some files of a business date that were refused.
pub async fn refused(ledger: &dyn Ledger, route: &str, business_date: &str) -> Result<Vec<String>> {
    let (mut pages, mut refused) = (pages_of(route, business_date), Vec::new());
    while let Some(page) = pages.next(ledger).await? {
        let more = page.into_iter().filter(|t| t.verdict == Some(Verdict::Rejected)).map(|t| t.name);
        refused.extend(more.take(REFUSED_MAX - refused.len()));
        if refused.len() == REFUSED_MAX {
            break;
        }
    }
    Ok(refused)
}

async fn missing(cx: &Inbound, route: &Route, identity: &Identity) -> Result<Option<(u32, u32)>> {
    if !route.series.ordered {
        return Ok(None);
    }
    let Identity { business_date, batch, .. } = identity;
    let posted = cx.ledger.posted_before(&identity.route, business_date, *batch).await?;
    Ok(route.series.waits_for(*batch, posted))
}

/// The batches that a file waits for, first and last, and those among them of which a file is there.
pub async fn gap(cx: &Inbound, transfer: &Transfer) -> Result<Option<((u32, u32), Vec<u32>)>> {
    let Some(identity) = transfer.facts.identity.as_ref() else { return Ok(None) };
    let Some(route) = cx.routes.get(&identity.route) else { return Ok(None) };
    let Some((first, last)) = missing(cx, route, identity).await? else { return Ok(None) };
    let there = cx.ledger.batches(&identity.route, &identity.business_date, (first, last)).await?;
    Ok(Some(((first, last), there)))
}

/// The batches that a proven file waits for, as it says so.
pub fn waits_for(transfer: &Transfer) -> Option<&str> {
    let names = transfer.waiting_for.strip_prefix(WAITING)?;
    (transfer.state == FileState::Proven).then_some(names)
}

/// Has every batch of a day that waits look again now, because its business date was opened or closed.
pub async fn look_again(cx: &Inbound, of_day: &OfDay) -> Result<()> {
    let now_ms = cx.clock.now_ms();
    let waits = |t: &&Transfer| t.state == FileState::Proven && t.waiting_for.starts_with(WAITING);
    for transfer in of_day.files.iter().filter(waits) {
        let waiting_for = transfer.waiting_for.clone();
        let park = Change::Park { id: transfer.id.clone(), until_ms: now_ms, waiting_for, failed: false };
        cx.ledger.apply(None, now_ms, &[park]).await?;
    }
    Ok(())
}

/// What a person should hear with the posting of a batch: it comes after one that was released past it.
pub async fn late(cx: &Inbound, transfer: &Transfer) -> Result<Option<Change>> {
    let route = cx.route(transfer)?;
    let Some(identity) = transfer.facts.identity.as_ref().filter(|_| route.series.ordered) else { return Ok(None) };
    let (date, batch) = (&identity.business_date, identity.batch);
    let Some(later) = cx.ledger.posted_after(&identity.route, date, batch).await? else { return Ok(None) };
    // A resend of a batch that was posted in its turn is not late.
    if cx.ledger.posted_before(&identity.route, date, batch.saturating_add(1)).await? == Some(batch) {
        return Ok(None);
    }
    Ok(Some(Change::Raise(NewNotice {
        severity: "warn".to_owned(),
        topic: "late".to_owned(),
        subject: transfer.id.to_string(),
        code: Code::GAP.0,
        text: format!(
            "{} ({}): batch {:04} of {} is posted after batch {:04}, which a person released without it. Tell who reads \
             the events in order.",
            transfer.name, transfer.route, batch, date, later
        ),
    })))
}

/// Wakes the batch behind one that is posted, also where it was held at the cut-off: no other one waits for nothing but this.
pub async fn wake(cx: &Inbound, posted: &Identity) -> Result<()> {
    if cx.routes.get(&posted.route).is_none_or(|route| !route.series.ordered) {
        return Ok(());
    }
    let next = Identity { batch: posted.batch.saturating_add(1), ..posted.clone() };
    for transfer in cx.ledger.by_batch(&next).await? {
        let waits = transfer.state == FileState::Proven && transfer.waiting_for.starts_with(WAITING);
        if waits || is_held_for_order(&transfer) {
            let_go(cx, &transfer).await?;
        }
    }
    Ok(())
}

/// Lets a file go on that waits for other batches, or was held for them, where all of them are posted.
pub async fn let_go(cx: &Inbound, transfer: &Transfer) -> Result<()> {
    let (Some(identity), Some(route)) = (&transfer.facts.identity, cx.routes.get(&transfer.route)) else {
        return Ok(());
    };
    if missing(cx, route, identity).await?.is_some() {
        return Ok(());
    }
    let changes = match transfer.state {
        FileState::Held if transfer.closed => return Ok(()),
        FileState::Held => released(transfer, "fpp: the batches before it are posted"),
        _ => {
            let (id, until_ms) = (transfer.id.clone(), cx.clock.now_ms());
            vec![Change::Park { id, until_ms, waiting_for: String::new(), failed: false }]
        }
    };
    go_on(cx, transfer, &changes).await?;
    cx.bell.ring();
    Ok(())
}

/// A held file goes on where it was held, its checks are made again, and its notice is closed.
pub fn released(transfer: &Transfer, by: &str) -> Vec<Change> {
    let (id, by) = (transfer.id.clone(), by.to_owned());
    let (topic, subject, event) = ("held".to_owned(), id.to_string(), FileEvent::Release);
    vec![
        Change::Move { id, event, facts: Box::default(), by: Some(by.clone()) },
        Change::CloseNotice { topic, subject, by },
    ]
}

/// Lets a file go on that waits for nothing any more.
pub async fn go_on(cx: &Inbound, transfer: &Transfer, changes: &[Change]) -> Result<()> {
    match cx.ledger.apply(None, cx.clock.now_ms(), changes).await {
        Ok(_) => tracing::info!(transfer = %transfer.id, file = transfer.name, "waits for nothing any more"),
        // A person, or another node, was faster.
        Err(error) if error.code == Code::INTERNAL => tracing::debug!(transfer = %transfer.id, "{error}"),
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Held because batches before it did not come.
pub fn is_held_for_order(transfer: &Transfer) -> bool {
    let of_order = |facts: &Facts| facts.hold(transfer.verdict).0 == Some(Code::GAP.0);
    transfer.held_from == Some(FileState::Proven) && of_order(&transfer.facts)
}
