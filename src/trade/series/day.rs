//! A business day of a series as an operator sees it: each batch, where it stands and what it waits for.

use super::rules::{OfDay, Series, batch_of, batches as names, counts, is_posted};
use crate::ledger::transfer::{FileState, Transfer, TransferId, Verdict};
use crate::trade::calendar::time_of;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};

/// Where a batch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stands {
    /// Expected, and not there.
    Missing,
    /// What came was refused.
    Rejected,
    /// On the way.
    Working,
    /// Proven; waits for a batch before it.
    Waiting,
    /// A person must decide.
    Held,
    /// Its events are out, its answer is not.
    Posted,
    /// Its answer is out.
    Answered,
    /// The partner has taken the answer.
    Taken,
    /// It was accepted and answered, and its files were purged since.
    Purged,
}

impl Stands {
    /// In one word.
    pub fn word(self) -> &'static str {
        match self {
            Stands::Missing => "missing",
            Stands::Rejected => "rejected",
            Stands::Working => "working",
            Stands::Waiting => "waiting",
            Stands::Held => "held",
            Stands::Posted => "posted",
            Stands::Answered => "answered",
            Stands::Taken => "taken",
            Stands::Purged => "purged",
        }
    }
}

/// One batch of a day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Batch {
    /// Number.
    pub batch: u32,
    /// Where it stands.
    pub stands: Stands,
    /// It is missing (or refused) past its time.
    pub late: bool,
    /// When it is expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_by_ms: Option<i64>,
    /// The batches it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
    /// The file that stands for it: of the highest run that was accepted, else the newest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfer: Option<TransferId>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<u32>,
    /// Its verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// When it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arrived_ms: Option<i64>,
    /// Files of the batch: runs, repeats, refused ones.
    pub files: u32,
}

/// The batches of a business date: those that are expected, and those that came. `taken` are the files whose answer the
/// partner has taken.
pub fn day(
    series: &Series,
    date: Date,
    zone: &TimeZone,
    of_day: &OfDay,
    taken: &HashSet<TransferId>,
    now_ms: i64,
) -> Vec<Batch> {
    let mut batches: BTreeMap<u32, (Option<i64>, Vec<&Transfer>)> = BTreeMap::new();
    for expected in &series.expected {
        for batch in expected.first..=expected.last {
            batches.entry(batch).or_default().0 = time_of(date, expected.by, zone);
        }
    }
    for batch in &of_day.purged {
        batches.entry(*batch).or_default();
    }
    for transfer in &of_day.files {
        if let Some(batch) = batch_of(transfer) {
            batches.entry(batch).or_default().1.push(transfer);
        }
    }
    let posted = of_day.posted();
    let told = |(batch, (expected_by_ms, files)): (u32, (Option<i64>, Vec<&Transfer>))| {
        let waits_for = series.waits_for(batch, posted.range(..batch).next_back().copied());
        let leading = leading(&files);
        let is_purged = of_day.purged.contains(&batch) && leading.is_none_or(|t| !stands_for(t));
        let stands = match leading {
            _ if is_purged => Stands::Purged,
            None => Stands::Missing,
            Some(transfer) => stands(transfer, waits_for.is_some(), taken),
        };
        let due = matches!(stands, Stands::Missing | Stands::Rejected);
        Batch {
            batch,
            stands,
            late: due && expected_by_ms.is_some_and(|by| by <= now_ms),
            expected_by_ms,
            waits_for: waits_for
                .filter(|_| matches!(stands, Stands::Waiting | Stands::Held))
                .map(|(first, last)| names(first, last)),
            transfer: leading.map(|t| t.id.clone()),
            name: leading.map(|t| t.name.clone()),
            run: leading.and_then(|t| t.facts.identity.as_ref()).map(|identity| identity.run),
            verdict: leading.and_then(|t| t.verdict),
            arrived_ms: leading.map(|t| t.arrived_ms),
            files: u32::try_from(files.len()).unwrap_or(u32::MAX),
        }
    };
    batches.into_iter().map(told).collect()
}

/// Neither refused nor a repeat.
fn stands_for(transfer: &Transfer) -> bool {
    counts(transfer) && transfer.verdict != Some(Verdict::Duplicate)
}

/// The file that stands for a batch. A repeat of an accepted file never does.
fn leading<'a>(files: &[&'a Transfer]) -> Option<&'a Transfer> {
    let rank = |t: &Transfer| match t.verdict {
        Some(Verdict::Accepted | Verdict::Partly) if counts(t) => 4,
        None if counts(t) => 3,
        Some(Verdict::Rejected) => 2,
        _ => 1,
    };
    let run = |t: &Transfer| t.facts.identity.as_ref().map_or(0, |identity| identity.run);
    files.iter().copied().max_by(|a, b| (rank(a), run(a), &a.id).cmp(&(rank(b), run(b), &b.id)))
}

fn stands(transfer: &Transfer, waits: bool, taken: &HashSet<TransferId>) -> Stands {
    match (transfer.state, transfer.verdict) {
        (_, Some(Verdict::Rejected)) => Stands::Rejected,
        (FileState::Held, _) if transfer.closed => Stands::Rejected,
        (FileState::Held, _) => Stands::Held,
        (FileState::Acknowledged | FileState::Archived, _) if taken.contains(&transfer.id) => Stands::Taken,
        (FileState::Acknowledged | FileState::Archived, _) => Stands::Answered,
        _ if is_posted(transfer) => Stands::Posted,
        (FileState::Proven, _) if waits => Stands::Waiting,
        _ => Stands::Working,
    }
}
