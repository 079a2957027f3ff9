//! Closes the notices of states that have ended: what still stands in `fpp notices` is trouble that still is, and trouble
//! that comes back is a new notice, of which a person hears again.
//!
//! Invariants: what tells that something happened (a file was rejected, a batch came late) is closed by a person alone. A
//! notice that was raised again since it was looked at stays. Every look asks anew, the books or the node's own eyes, so
//! that a restart forgets no notice; of several nodes any may close one. What a single service sees begin and end
//! (`watch.rs`, `deadlines.rs`, `promises.rs`, `days_ahead.rs`) it closes itself.

use super::deadlines::ends_soon;
use super::rooms::Rooms;
use super::telling::tell;
use crate::backoff::QUIET_ATTEMPTS;
use crate::delivery::taken;
use crate::error::Result;
use crate::inbound::resend;
use crate::ledger::change::{Change, NewNotice, Notice};
use crate::ledger::delivery::{DeadLetter, DeliveryId, DeliveryState};
use crate::ledger::transfer::{FileState, TransferId};
use crate::settings::SpoolKind;
use fpp_codecs::Code;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::watch as signal;
use tokio::task::JoinSet;

/// Open notices that are looked at.
const OPEN_MAX: u32 = 10_000;
/// Unfinished deliveries among which one that still fails is looked for.
const UNFINISHED_MAX: u32 = 10_000;
/// Dead letters that are read at once.
const LETTERS: u32 = 1_000;
/// The shortest pause between two looks, and how much longer than the look it is: many notices cost time, not the node.
const PAUSE: Duration = Duration::from_millis(500);
const REST: u32 = 20;
/// What a failed call takes beyond its own time until it stands in the books.
const LATE_MS: i64 = 3_000;

/// Starts it.
pub(super) fn start(services: &mut JoinSet<Result<()>>, rooms: &Arc<Rooms>, stopped: &signal::Receiver<bool>) {
    services.spawn(run(rooms.clone(), stopped.clone()));
}

async fn run(rooms: Arc<Rooms>, mut stopped: signal::Receiver<bool>) -> Result<()> {
    loop {
        let begun = Instant::now();
        let looked = tokio::select! {
            _ = stopped.wait_for(|s| *s) => return Ok(()),
            looked = look(&rooms) => looked,
        };
        if let Err(error) = looked
            && !rooms.outage.tells("open notices", &error)
        {
            tracing::warn!("open notices cannot be looked at: {error}");
        }
        tokio::select! {
            _ = stopped.wait_for(|s| *s) => return Ok(()),
            () = tokio::time::sleep(PAUSE.max(begun.elapsed() * REST)) => {}
        }
    }
}

async fn look(rooms: &Rooms) -> Result<()> {
    for notice in rooms.ledger.notices(false, OPEN_MAX).await? {
        let Some(end) = end(rooms, &notice).await? else { continue };
        let recovered = end.told.map(|text| NewNotice::recovered(&notice.notice.subject, text));
        let by = format!("fpp: {}", end.why);
        let mut changes = vec![Change::EndNotice { id: notice.id, count: notice.count, by, notice: recovered }];
        changes.extend(end.over.into_iter().map(|key| Change::Over { key, notice: None }));
        tell(rooms, changes).await?;
    }
    Ok(())
}

/// How trouble ended.
struct End {
    why: &'static str,
    /// What a person hears of it, where it is more than one file's.
    told: Option<String>,
    /// Keys of what was told with it.
    over: Vec<String>,
}

fn quiet(why: &'static str) -> Option<End> {
    Some(End { why, told: None, over: Vec::new() })
}

fn told(why: &'static str, text: String) -> Option<End> {
    Some(End { why, told: Some(text), over: Vec::new() })
}

/// How the trouble of a notice ended; nothing where it did not, or where this node cannot know.
async fn end(rooms: &Rooms, notice: &Notice) -> Result<Option<End>> {
    let subject = notice.notice.subject.as_str();
    Ok(match notice.notice.topic.as_str() {
        "delivery" => delivery(rooms, subject).await?,
        "held" | "retrying" => transfer(rooms, &notice.notice.topic, subject).await?,
        resend::STUCK => match rooms.ledger.transfer(&TransferId(subject.to_owned())).await? {
            // Proven and waiting, or on its way to be.
            Some(by) if !by.closed && by.state == FileState::Staged => None,
            _ => quiet("it goes on"),
        },
        "partner" => partner(rooms, subject, notice).await?,
        "spool" => spool(rooms, subject, notice.last_ms),
        "exchanged" => {
            let over = taken::lost_is_settled(&*rooms.ledger, subject).await?;
            over.map(|over| End { why: "a person has said what became of them", told: None, over })
        }
        "outlet" => outlet(rooms, subject).await,
        "dead-letter" | "event-conflict" => letters(rooms, &notice.notice.topic, subject).await?,
        "space" if subject == rooms.settings.node && !rooms.no_space.load(Ordering::Relaxed) => {
            told("there is space again", "Intake goes on: there is space again.".to_owned())
        }
        "calendar" => {
            let calendar = rooms.settings.calendars.iter().find(|calendar| calendar.name == subject);
            calendar.filter(|calendar| !ends_soon(rooms, calendar)).and_then(|_| quiet("it goes on for longer"))
        }
        _ => None,
    })
}

async fn delivery(rooms: &Rooms, id: &str) -> Result<Option<End>> {
    Ok(match rooms.ledger.delivery(&DeliveryId(id.to_owned())).await? {
        None => quiet("it is purged"),
        Some(d) if matches!(d.state, DeliveryState::Delivered | DeliveryState::Taken) => quiet("it is delivered"),
        Some(d) if d.state == DeliveryState::Held || d.attempts >= QUIET_ATTEMPTS => None,
        Some(_) => quiet("it goes on"),
    })
}

async fn transfer(rooms: &Rooms, topic: &str, id: &str) -> Result<Option<End>> {
    Ok(match rooms.ledger.transfer(&TransferId(id.to_owned())).await? {
        None => quiet("it is purged"),
        Some(t) if t.closed => quiet("it is closed"),
        Some(t) if t.state == FileState::Held && topic == "held" => None,
        Some(t) if t.attempts >= QUIET_ATTEMPTS && topic == "retrying" => None,
        Some(_) => quiet("it goes on"),
    })
}

/// Nothing waits that could not go there; or something went there since, where the trouble was the partner and not a
/// right or room for some file. A call that began before may still fail for as long as calls take, on any node; before
/// that nothing is over, or a person would hear of the same trouble again.
async fn partner(rooms: &Rooms, spool: &str, notice: &Notice) -> Result<Option<End>> {
    if rooms.clock.now_ms() < notice.last_ms.saturating_add(late_ms(rooms, spool)) {
        return Ok(None);
    }
    let of_all = [Code::HOST_KEY, Code::LOGIN, Code::UNREACHABLE].contains(&Code(notice.notice.code));
    if !(of_all && rooms.deliveries.reached.since(spool, notice.last_ms)) {
        let unfinished = rooms.ledger.unfinished_deliveries(UNFINISHED_MAX).await?;
        let fails = unfinished.iter().any(|d| d.spool == spool && !d.last_error.is_empty());
        if fails || unfinished.len() >= UNFINISHED_MAX as usize {
            return Ok(None);
        }
    }
    Ok(told("it goes on", format!("Deliveries to spool {spool} go through again, or none waits any more.")))
}

/// For so long after the last word of trouble there may come another one of the same.
fn late_ms(rooms: &Rooms, spool: &str) -> i64 {
    let call_ms = match rooms.settings.spool(spool).map(|spool| &spool.kind) {
        Some(SpoolKind::Sftp(sftp)) => sftp.connect_timeout_ms.max(sftp.call_timeout_ms),
        _ => 0,
    };
    i64::try_from(call_ms).unwrap_or(i64::MAX).saturating_add(LATE_MS)
}

/// This node has looked into it since, and saw it.
fn spool(rooms: &Rooms, spool: &str, last_ms: i64) -> Option<End> {
    let report = rooms.status.report();
    let seen = report.spools.get(spool).filter(|s| s.error.is_empty() && s.scanned_ms >= last_ms)?;
    told("it can be read", format!("spool {spool} ({}) can be read again.", seen.place))
}

/// It answers and took something since, or had nothing to take for a while; or it is not this node's any more.
async fn outlet(rooms: &Rooms, name: &str) -> Option<End> {
    let Some(outlet) = rooms.postings.outlets.get(name) else { return quiet("it is not configured any more") };
    if outlet.breaker.is_troubled() {
        return None;
    }
    outlet.engine.look().await.ok()?;
    told("it answers again", format!("outlet {name} answers again; what waits for it goes on."))
}

async fn letters(rooms: &Rooms, topic: &str, outlet: &str) -> Result<Option<End>> {
    let mut last: Option<DeadLetter> = None;
    loop {
        let after = last.as_ref().map(|letter| (&letter.delivery, letter.record));
        let page = rooms.ledger.dead_letters(Some(outlet), after, false, LETTERS).await?;
        if page.iter().any(|letter| letter.conflict == (topic == "event-conflict")) {
            return Ok(None);
        }
        match page.into_iter().nth(LETTERS as usize - 1) {
            Some(letter) => last = Some(letter),
            None => return Ok(told("none is left", format!("Outlet {outlet} has every event that it had refused."))),
        }
    }
}
