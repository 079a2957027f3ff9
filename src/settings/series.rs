//! `[series]` of a route: its business days, which batches are expected until when, and their order; and the file of
//! calendars that it speaks of.

use super::reading::Reader;
use super::route::DayControl;
use crate::trade::calendar::{self, Calendar, Minutes};
use crate::trade::plan::rules::IdentityFrom;
use crate::trade::series::{Expected, Series};
use fpp_codecs::source::Section;
use std::sync::Arc;

/// Longest time that can be waited for: a week.
const WITHIN_MS: std::ops::RangeInclusive<i64> = 1_000..=604_800_000;
/// Most batches of a day that can be expected.
const BATCH_MAX: i64 = 9_999;

/// The calendars of the file that the node's file names.
pub(super) fn calendars(root: &Section<'_>, reader: &mut Reader) -> Vec<Arc<Calendar>> {
    let Some((file, text)) = reader.read_named(root, "calendars") else { return Vec::new() };
    match calendar::read(&file, &text) {
        Ok(calendars) => calendars.into_iter().map(Arc::new).collect(),
        Err(faults) => {
            reader.faults.extend(faults);
            Vec::new()
        }
    }
}

/// `[series]`, and what the route's other keys ask of it.
pub(super) fn read(root: &Section<'_>, calendars: &[Arc<Calendar>], day: DayControl, from: &IdentityFrom) -> Series {
    let section = root.section("series");
    let series = section.as_ref().map(|section| series(section, calendars, from)).unwrap_or_default();
    if day == DayControl::Calendar && series.calendar.is_none() {
        root.fault("day_control", "calendar needs `calendar` in [series]");
    }
    series
}

fn series(section: &Section<'_>, calendars: &[Arc<Calendar>], from: &IdentityFrom) -> Series {
    let calendar = section.text("calendar").and_then(|name| {
        let known = calendars.iter().find(|calendar| calendar.name == name).cloned();
        if known.is_none() {
            let names: Vec<_> = calendars.iter().map(|calendar| calendar.name.as_str()).collect();
            let names = if names.is_empty() { "none; fpp.toml names their file".to_owned() } else { names.join(", ") };
            section.fault("calendar", format_args!("there is no calendar `{name}`; known: {names}"));
        }
        known
    });
    let ordered = section.flag("ordered").unwrap_or(false);
    if ordered && *from == IdentityFrom::None {
        section.fault("ordered", "needs an identity: batches that are counted as they come are in order");
    }
    let first_batch = section.number_in("first_batch", 0..=BATCH_MAX).map_or(1, batch);
    let cut_off = minutes(section, "cut_off");
    let mut expected: Vec<Expected> = section.sections("expect").iter().filter_map(expect).collect();
    expected.sort_by_key(|expected| expected.first);
    if expected.windows(2).any(|pair| matches!(pair, [a, b] if b.first <= a.last)) {
        section.fault("expect", "a batch is expected twice");
    }
    if !expected.is_empty() && calendar.is_none() && !section.has("calendar") {
        section.fault("expect", "needs a calendar: on which days?");
    }
    if let (Some(cut_off), Some(last)) = (cut_off, expected.iter().map(|expected| expected.by).max())
        && cut_off < last
    {
        section.fault("cut_off", format_args!("{cut_off} is before {last}, until which batches may come"));
    }
    let within = |key: &str| section.number_in(key, WITHIN_MS).map(i64::unsigned_abs);
    let (answer_within_ms, taken_within_ms) = (within("answer_within_ms"), within("taken_within_ms"));
    section.no_more();
    Series { calendar, ordered, first_batch, cut_off, expected, answer_within_ms, taken_within_ms }
}

/// `[[series.expect]]`.
fn expect(section: &Section<'_>) -> Option<Expected> {
    let first = section.number_in("batch", 0..=BATCH_MAX).map(batch);
    let last = section.number_in("to", 0..=BATCH_MAX).map(batch);
    let by = minutes(section, "by");
    let warn_at = minutes(section, "warn_at");
    for (key, missing) in [("batch", !section.has("batch")), ("by", !section.has("by"))] {
        if missing {
            section.fault(key, "is missing");
        }
    }
    section.no_more();
    let (first, by) = (first?, by?);
    let last = last.unwrap_or(first);
    if last < first {
        section.fault("to", "is before the first batch");
        return None;
    }
    if warn_at.is_some_and(|warn_at| warn_at >= by) {
        section.fault("warn_at", format_args!("must be before {by}"));
    }
    Some(Expected { first, last, by, warn_at })
}

fn batch(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn minutes(section: &Section<'_>, key: &str) -> Option<Minutes> {
    Minutes::parse(&section.text(key)?).map_err(|fault| section.fault(key, fault)).ok()
}
