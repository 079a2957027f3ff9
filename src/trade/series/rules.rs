//! The rules of a series, and what follows from them for the files of one day. Pure.

use crate::ledger::transfer::{Transfer, Verdict};
use crate::trade::calendar::{Calendar, Minutes, time_of};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// Who says which business dates are open (D4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DayControl {
    /// Nobody: every valid date is open.
    #[default]
    None,
    /// The ledger: `fpp day open` and `fpp day close`.
    Ledger,
    /// The ledger where it says something of a date, else the calendar: a business day that has begun is open.
    Calendar,
}

/// The rules of a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// Its business days.
    pub calendar: Option<Arc<Calendar>>,
    /// Batches are posted in the order of their numbers.
    pub ordered: bool,
    /// The first batch of a day.
    pub first_batch: u32,
    /// A batch that waits then for one before it is held for a person.
    pub cut_off: Option<Minutes>,
    /// What is expected of every business day.
    pub expected: Vec<Expected>,
    /// A file is answered within this time of its arrival.
    pub answer_within_ms: Option<u64>,
    /// What was delivered is taken by the partner within this time.
    pub taken_within_ms: Option<u64>,
}

impl Default for Series {
    fn default() -> Series {
        Series {
            calendar: None,
            ordered: false,
            first_batch: 1,
            cut_off: None,
            expected: Vec::new(),
            answer_within_ms: None,
            taken_within_ms: None,
        }
    }
}

/// Batches that are expected together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// First batch.
    pub first: u32,
    /// Last batch.
    pub last: u32,
    /// When they are missing.
    pub by: Minutes,
    /// When a person is warned that they are not there yet.
    pub warn_at: Option<Minutes>,
}

impl Expected {
    /// `0001`, or `0001-0003`.
    pub fn name(&self) -> String {
        batches(self.first, self.last)
    }
}

/// `0001`, or `0001-0003`.
pub fn batches(first: u32, last: u32) -> String {
    if first == last { format!("{first:04}") } else { format!("{first:04}-{last:04}") }
}

/// `0003`, or `0002-0003`, as people write it.
pub fn span(text: &str) -> Option<(u32, u32)> {
    let number = |text: &str| (text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok());
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (number(first)??, number(last)??);
    (first <= last).then_some((first, last))
}

/// Numbers of batches as a person reads them, neighbours together: `0002, 0004-0006`.
pub fn listed(numbers: &[u32]) -> String {
    let mut spans: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match spans.last_mut() {
            Some((_, last)) if number.checked_sub(1) == Some(*last) => *last = *number,
            _ => spans.push((*number, *number)),
        }
    }
    spans.into_iter().map(|(first, last)| batches(first, last)).collect::<Vec<_>>().join(", ")
}

/// What the books say of one business date of a series.
#[derive(Clone, Debug, Default)]
pub struct OfDay {
    /// Its files.
    pub files: Vec<Transfer>,
    /// Batches that were accepted, and whose files were purged since.
    pub purged: Vec<u32>,
}

impl OfDay {
    /// The batches whose events are out, be their files there or purged.
    pub fn posted(&self) -> BTreeSet<u32> {
        let posted = self.files.iter().filter(|t| is_posted(t)).filter_map(batch_of);
        posted.chain(self.purged.iter().copied()).collect()
    }
}

impl Series {
    /// When batches of a business date that still wait are held: the cut-off, else the last time by which something is
    /// expected.
    pub fn cut_off_of(&self, date: Date, zone: &TimeZone) -> Option<i64> {
        let minute = self.cut_off.or_else(|| self.expected.iter().map(|expected| expected.by).max())?;
        time_of(date, minute, zone)
    }

    /// The batches that must be posted before this one, as first and last, by the last batch before it that was posted;
    /// nothing when it may be posted. Where a person let a batch go past missing ones, these are no longer waited for by later
    /// batches either.
    pub fn waits_for(&self, batch: u32, posted: Option<u32>) -> Option<(u32, u32)> {
        if !self.ordered {
            return None;
        }
        let next = posted.map_or(self.first_batch, |newest| newest.saturating_add(1).max(self.first_batch));
        (next < batch).then(|| (next, batch - 1))
    }

    /// Which of a span of batches have not come, by those that came, refused ones apart, or were purged.
    pub fn missing(&self, expected: &Expected, came: &HashSet<u32>) -> Vec<u32> {
        (expected.first..=expected.last).filter(|batch| !came.contains(batch)).collect()
    }
}

/// Its events are out.
pub fn is_posted(transfer: &Transfer) -> bool {
    transfer.publication.is_some() && matches!(transfer.verdict, Some(Verdict::Accepted | Verdict::Partly))
}

/// The batch that a file is, once it is known.
pub fn batch_of(transfer: &Transfer) -> Option<u32> {
    transfer.facts.identity.as_ref().map(|identity| identity.batch)
}

/// A file that stands for its batch: refused ones and those a person closed do not.
pub fn counts(transfer: &Transfer) -> bool {
    !transfer.closed && transfer.verdict != Some(Verdict::Rejected)
}
