//! What a series promises its partners and they promise it: a file is answered within a time of its arrival, and what was
//! delivered is taken within a time (D15). Whatever takes longer is told once, and once more when it is over.

use super::rooms::Rooms;
use super::telling::tell;
use crate::error::Result;
use crate::ledger::change::{Change, NewNotice};
use crate::ledger::delivery::{Delivery, DeliveryId, DeliveryState};
use crate::ledger::transfer::{FileState, Transfer, TransferId, TransferQuery};
use fpp_codecs::Code;
use std::collections::{BTreeMap, HashSet};

/// Untaken deliveries, and promises that are told and open, that are looked at at once.
const LOOK_MAX: u32 = 1_000;
/// Pages of files without an answer in one look.
const PAGES_AT_ONCE: usize = 5;
/// Open promises whose keys are read.
const OPEN_MAX: u32 = 100_000;
const ANSWER: &str = "answer/";
const TAKEN: &str = "taken/";

/// States of a file whose answer is not out.
const UNANSWERED: [FileState; 6] =
    [FileState::Arrived, FileState::Claimed, FileState::Staged, FileState::Proven, FileState::Posted, FileState::Held];

/// How far the looks at what is told and open came: each goes on behind the one before, so that the first thousand that
/// stay open hide no later end.
#[derive(Default)]
pub(super) struct Place {
    answers: String,
    taken: String,
    open: Open,
}

/// How far the looks at files without an answer came.
#[derive(Default)]
struct Open {
    /// Which of the states.
    state: usize,
    /// The last file of it.
    before: Option<TransferId>,
}

/// What is told and open: all keys, and of these the next to be looked at.
async fn open_of(rooms: &Rooms, prefix: &str, place: &mut String) -> Result<(HashSet<String>, Vec<String>)> {
    let keys: Vec<String> = rooms.ledger.told(prefix, true, OPEN_MAX).await?.into_iter().map(|t| t.key).collect();
    let next = next_of(&keys, place, LOOK_MAX as usize);
    Ok((keys.into_iter().collect(), next))
}

/// So many keys of a sorted list behind a place, which moves; after the last comes the first again.
fn next_of(keys: &[String], place: &mut String, most: usize) -> Vec<String> {
    let behind = keys.partition_point(|key| key <= place);
    let next: Vec<String> = keys[behind..].iter().chain(&keys[..behind]).take(most).cloned().collect();
    place.clone_from(next.last().unwrap_or(&String::new()));
    next
}

/// One look. `since` says when each series was first looked at: nothing older is told.
pub(super) async fn look(rooms: &Rooms, since: &BTreeMap<String, i64>, place: &mut Place) -> Result<()> {
    let routes = &rooms.settings.routes;
    if routes.iter().any(|route| route.series.answer_within_ms.is_some()) {
        let (known, next) = open_of(rooms, ANSWER, &mut place.answers).await?;
        unanswered(rooms, since, &known, &mut place.open).await?;
        answered(rooms, next).await?;
    }
    if routes.iter().any(|route| route.series.taken_within_ms.is_some()) {
        let (known, next) = open_of(rooms, TAKEN, &mut place.taken).await?;
        untaken(rooms, since, &known).await?;
        taken(rooms, next).await?;
    }
    Ok(())
}

/// The newest come first, and those that are overdue are the oldest: all are looked at, so many at once, one look going on where
/// the one before ended.
async fn unanswered(
    rooms: &Rooms,
    since: &BTreeMap<String, i64>,
    known: &HashSet<String>,
    place: &mut Open,
) -> Result<()> {
    let now_ms = rooms.clock.now_ms();
    let (mut full, mut ended) = (0, 0);
    while full < PAGES_AT_ONCE && ended < UNANSWERED.len() {
        let (state, before) = (Some(UNANSWERED[place.state]), place.before.clone());
        let query = TransferQuery { state, before, limit: LOOK_MAX, ..TransferQuery::default() };
        let page = rooms.ledger.transfers(&query).await?;
        for transfer in &page {
            let within = rooms.settings.route(&transfer.route).and_then(|route| route.series.answer_within_ms);
            let Some(due_ms) = within.map(|ms| transfer.arrived_ms.saturating_add_unsigned(ms)) else { continue };
            let watched = since.get(&transfer.route).is_some_and(|since| *since <= due_ms);
            let key = format!("{ANSWER}{}", transfer.id);
            if due_ms > now_ms || transfer.closed || !watched || known.contains(&key) {
                continue;
            }
            tell(rooms, vec![Change::Tell { key, notice: Some(not_answered(transfer, now_ms)) }]).await?;
        }
        place.before = page.last().filter(|_| page.len() >= LOOK_MAX as usize).map(|last| last.id.clone());
        match place.before {
            Some(_) => full += 1,
            None => (place.state, ended) = ((place.state + 1) % UNANSWERED.len(), ended + 1),
        }
    }
    Ok(())
}

/// How long something lasted, for people.
fn span(ms: i64) -> String {
    if ms < 60_000 { format!("{} s", ms / 1_000) } else { format!("{} min", ms / 60_000) }
}

fn not_answered(transfer: &Transfer, now_ms: i64) -> NewNotice {
    let lasted = span(now_ms.saturating_sub(transfer.arrived_ms));
    let (_, why, _) = transfer.facts.hold(transfer.verdict);
    let why = match transfer.state {
        FileState::Held => why,
        _ => transfer.waiting_for.as_str(),
    };
    let why = if why.is_empty() { String::new() } else { format!(": {why}") };
    NewNotice {
        severity: "error".into(),
        topic: "unanswered".into(),
        subject: transfer.id.to_string(),
        code: Code::UNANSWERED.0,
        text: format!(
            "{} ({}) has no answer after {lasted}; it is {:?}{why}. See `fpp transfers show {}`.",
            transfer.name, transfer.route, transfer.state, transfer.id
        ),
    }
}

/// Ends what was told of files that are answered now.
async fn answered(rooms: &Rooms, keys: Vec<String>) -> Result<()> {
    for key in keys {
        let id = key.trim_start_matches(ANSWER);
        let transfer = rooms.ledger.transfer(&TransferId(id.to_owned())).await?;
        let notice = match &transfer {
            Some(t) if matches!(t.state, FileState::Acknowledged | FileState::Archived) => {
                Some(NewNotice::recovered(id, format!("{} ({}) is answered.", t.name, t.route)))
            }
            Some(t) if !t.closed => continue,
            // Closed by a person, or purged: nobody waits for its answer.
            _ => None,
        };
        over(rooms, key.clone(), "unanswered", id, notice).await?;
    }
    Ok(())
}

async fn untaken(rooms: &Rooms, since: &BTreeMap<String, i64>, known: &HashSet<String>) -> Result<()> {
    let now_ms = rooms.clock.now_ms();
    let least = rooms.settings.routes.iter().filter_map(|route| route.series.taken_within_ms).min().unwrap_or(0);
    let mut last: Option<Delivery> = None;
    loop {
        // In the order of their delivery: behind the first that is not due yet none is.
        let page = rooms.ledger.untaken_deliveries(last.as_ref(), LOOK_MAX).await?;
        let due = |d: &&Delivery| d.delivered_ms.is_some_and(|at| at.saturating_add_unsigned(least) <= now_ms);
        for delivery in page.iter().take_while(due) {
            let key = format!("{TAKEN}{}", delivery.id);
            // Told already: ten thousand that stand there for days cost no read and no write at each look.
            if known.contains(&key) {
                continue;
            }
            let Some(transfer) = rooms.ledger.transfer(&delivery.transfer).await? else { continue };
            let within = rooms.settings.route(&transfer.route).and_then(|route| route.series.taken_within_ms);
            let due_ms = delivery.delivered_ms.zip(within).map(|(at, ms)| at.saturating_add_unsigned(ms));
            let Some(due_ms) = due_ms else { continue };
            if due_ms > now_ms || since.get(&transfer.route).is_none_or(|since| *since > due_ms) {
                continue;
            }
            let delivered_ms = delivery.delivered_ms.unwrap_or(now_ms);
            let notice = Some(not_taken(delivery, &transfer.route, now_ms - delivered_ms));
            tell(rooms, vec![Change::Tell { key, notice }]).await?;
        }
        last = page.last().filter(|d| page.len() >= LOOK_MAX as usize && due(d)).cloned();
        if last.is_none() {
            return Ok(());
        }
    }
}

fn not_taken(delivery: &Delivery, route: &str, for_ms: i64) -> NewNotice {
    let lasted = span(for_ms);
    NewNotice {
        severity: "warn".into(),
        topic: "untaken".into(),
        subject: delivery.id.to_string(),
        code: Code::UNTAKEN.0,
        text: format!(
            "{} ({route}) stands in spool {} for {lasted}, and its partner has not taken it. Ask the partner whether \
             its job runs.",
            delivery.name, delivery.spool
        ),
    }
}

/// Ends what was told of deliveries that are taken now.
async fn taken(rooms: &Rooms, keys: Vec<String>) -> Result<()> {
    for key in keys {
        let id = key.trim_start_matches(TAKEN);
        let delivery = rooms.ledger.delivery(&DeliveryId(id.to_owned())).await?;
        let notice = match &delivery {
            Some(d) if d.state == DeliveryState::Taken => {
                Some(NewNotice::recovered(id, format!("{} is taken from spool {}.", d.name, d.spool)))
            }
            Some(_) => continue,
            None => None,
        };
        over(rooms, key.clone(), "untaken", id, notice).await?;
    }
    Ok(())
}

async fn over(rooms: &Rooms, key: String, topic: &str, subject: &str, notice: Option<NewNotice>) -> Result<()> {
    let (topic, subject, by) = (topic.to_owned(), subject.to_owned(), "fpp: it is over".to_owned());
    tell(rooms, vec![Change::Over { key, notice }, Change::CloseNotice { topic, subject, by }]).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_go_round_and_pass_nothing() {
        let keys: Vec<String> = (0..5).map(|n| format!("taken/{n}")).collect();
        let mut place = String::new();
        let mut looks = || next_of(&keys, &mut place, 2).join(" ");
        assert_eq!([looks(), looks(), looks()], ["taken/0 taken/1", "taken/2 taken/3", "taken/4 taken/0"]);
        assert_eq!(next_of(&keys, &mut "taken/2".to_owned(), 9).len(), 5, "each once");
        assert!(next_of(&[], &mut "taken/2".to_owned(), 9).is_empty());
    }

    #[test]
    fn a_short_time_is_told_in_seconds() {
        assert_eq!([span(2_999), span(59_999), span(60_000)], ["2 s", "59 s", "1 min"]);
    }
}
