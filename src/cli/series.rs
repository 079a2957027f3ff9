//! The business day of each series, for `fpp day` and `fpp status`: expected, arrived, waited for, held, posted, answered,
//! taken.

use super::exit::Failure;
use super::output::{Align, Table};
use super::show::grouped;
use crate::inbound::order::of_day;
use crate::ledger::Ledger;
use crate::ledger::delivery::{DeliveryState, Purpose};
use crate::ledger::transfer::{FileState, TransferId};
use crate::settings::{DayControl, Route, Settings};
use crate::trade::calendar::{business_date, clock_at};
use crate::trade::series::{Batch, Stands, day, listed};
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};

/// Days of the clock that are looked back at for business days that are not finished.
const BACK_DAYS: i64 = 7;
/// Keys of what says when a node first looked at a series.
const SINCE: &str = crate::node::SINCE;

/// A business day of a series.
#[derive(Debug, Serialize)]
pub(super) struct DayLine {
    pub(super) route: String,
    pub(super) business_date: String,
    /// Whether it is open, where somebody says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) open: Option<bool>,
    /// Batches that are expected.
    pub(super) expected: u64,
    /// Batches that came, whatever became of them.
    pub(super) arrived: u64,
    /// Batches that are not there: missing, or what came was refused.
    pub(super) waiting_for: Vec<u32>,
    /// Those of them that are late.
    pub(super) late: Vec<u32>,
    /// Batches that wait for others before them.
    pub(super) waiting: u64,
    pub(super) held: u64,
    /// Posted, answered or taken.
    pub(super) posted: u64,
    /// Answered or taken.
    pub(super) answered: u64,
    pub(super) taken: u64,
    /// Accepted and answered, and its files were purged since; not counted as taken, of which nothing is known any more.
    pub(super) purged: u64,
    /// What came was refused.
    pub(super) rejected: u64,
    /// When the next one is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_by_ms: Option<i64>,
    pub(super) batches: Vec<Batch>,
}

/// Whether a route has a day to be shown.
pub(super) fn has_days(route: &Route) -> bool {
    let series = &route.series;
    series.calendar.is_some() || series.ordered || !series.expected.is_empty() || route.day != DayControl::None
}

/// The present business day of each series, and former ones that are not finished.
pub(super) async fn overview(books: &dyn Ledger, settings: &Settings, now_ms: i64) -> Result<Vec<DayLine>, Failure> {
    let zone = settings.zone();
    let mut lines = Vec::new();
    let since: BTreeMap<String, i64> =
        books.told(SINCE, false, u32::MAX).await?.into_iter().map(|told| (told.key, told.at_ms)).collect();
    for route in settings.routes.iter().filter(|route| has_days(route)) {
        let since_ms = since.get(&format!("{SINCE}{}", route.name)).copied().unwrap_or(now_ms);
        for (date, is_present) in days(route, &zone, now_ms, since_ms) {
            let line = line(books, route, date, &zone, now_ms).await?;
            if is_present || !line.is_finished() {
                lines.push(line);
            }
        }
    }
    Ok(lines)
}

/// Business days around now, oldest first, with `true` for the present one. After the night's session began, yesterday's
/// windows may still be open. Nothing is told of days before a node first looked at the series.
fn days(route: &Route, zone: &TimeZone, now_ms: i64, since_ms: i64) -> Vec<(Date, bool)> {
    let calendar = route.series.calendar.as_deref();
    let Some(today) = clock_at(now_ms, zone).map(|at| at.date()) else { return Vec::new() };
    let present = business_date(calendar, now_ms, zone).unwrap_or(today);
    let former = match calendar {
        Some(calendar) => calendar.days(today.checked_sub(BACK_DAYS.days()).unwrap_or(today), present),
        None => Vec::new(),
    };
    let first = clock_at(since_ms, zone).map_or(today, |at| at.date());
    let former = former.into_iter().filter(|date| first <= *date && *date < present).map(|date| (date, false));
    former.chain([(present, true)]).collect()
}

/// Files whose deliveries are asked for at once.
const AT_ONCE: usize = 500;

/// One business day.
pub(super) async fn line(
    books: &dyn Ledger,
    route: &Route,
    date: Date,
    zone: &TimeZone,
    now_ms: i64,
) -> Result<DayLine, Failure> {
    let of_day = of_day(books, &route.name, &date.to_string()).await?;
    let mut taken: HashSet<TransferId> = HashSet::new();
    let answered = of_day.files.iter().filter(|t| matches!(t.state, FileState::Acknowledged | FileState::Archived));
    let answered: Vec<TransferId> = answered.map(|t| t.id.clone()).collect();
    for some in answered.chunks(AT_ONCE) {
        let sent = books.deliveries_of(some).await?.into_iter();
        let answers = sent.filter(|d| d.purpose == Purpose::Answer && d.state == DeliveryState::Taken);
        taken.extend(answers.map(|d| d.transfer));
    }
    let open = books.days(&route.name).await?.into_iter().find(|(of, _)| *of == date.to_string()).map(|(_, open)| open);
    let batches = day(&route.series, date, zone, &of_day, &taken, now_ms);
    let count = |wanted: &[Stands]| batches.iter().filter(|b| wanted.contains(&b.stands)).count() as u64;
    let those = |wanted: &dyn Fn(&Batch) -> bool| batches.iter().filter(|b| wanted(b)).map(|b| b.batch).collect();
    let due = |b: &Batch| matches!(b.stands, Stands::Missing | Stands::Rejected) && b.expected_by_ms.is_some();
    Ok(DayLine {
        route: route.name.clone(),
        business_date: date.to_string(),
        open: if route.day == DayControl::Ledger { Some(open.unwrap_or(false)) } else { open },
        expected: batches.iter().filter(|b| b.expected_by_ms.is_some()).count() as u64,
        arrived: batches.iter().filter(|b| b.files > 0 || b.stands == Stands::Purged).count() as u64,
        waiting_for: those(&due),
        late: those(&|b| b.late),
        waiting: count(&[Stands::Waiting]),
        held: count(&[Stands::Held]),
        posted: count(&[Stands::Posted, Stands::Answered, Stands::Taken, Stands::Purged]),
        answered: count(&[Stands::Answered, Stands::Taken, Stands::Purged]),
        taken: count(&[Stands::Taken]),
        purged: count(&[Stands::Purged]),
        rejected: count(&[Stands::Rejected]),
        next_by_ms: batches.iter().filter(|b| due(b) && !b.late).filter_map(|b| b.expected_by_ms).min(),
        batches,
    })
}

impl DayLine {
    /// Nothing of it needs anybody.
    fn is_finished(&self) -> bool {
        self.waiting_for.is_empty() && self.batches.iter().all(|b| b.stands >= Stands::Answered)
    }

    /// `0002 (late), 0003 by 18:30`.
    fn told(&self, zone: &TimeZone) -> String {
        let mut parts = Vec::new();
        if !self.late.is_empty() {
            parts.push(format!("{} LATE", listed(&self.late)));
        }
        let due: Vec<u32> = self.waiting_for.iter().filter(|batch| !self.late.contains(batch)).copied().collect();
        if !due.is_empty() {
            let next =
                self.next_by_ms.and_then(|at| clock_at(at, zone)).map(|at| at.strftime("%m-%d %H:%M").to_string());
            parts.push(format!("{}, next by {}", listed(&due), next.unwrap_or_else(|| "-".to_owned())));
        }
        if parts.is_empty() { "-".to_owned() } else { parts.join("; ") }
    }
}

/// Series and days under headings.
pub(super) fn table(lines: &[DayLine], zone: &TimeZone) -> Table {
    let numbers = ["expected", "arrived", "waiting", "held", "rejected", "posted", "answered", "taken"];
    let mut columns = vec![("series", Align::Left), ("business date", Align::Left), ("is", Align::Left)];
    columns.extend(numbers.map(|head| (head, Align::Right)));
    columns.push(("waiting for", Align::Left));
    let mut table = Table::new(&columns);
    for line in lines {
        let is = line.open.map_or("-", |open| if open { "open" } else { "closed" });
        let mut row = vec![line.route.clone(), line.business_date.clone(), is.to_owned()];
        let counts = [
            line.expected,
            line.arrived,
            line.waiting,
            line.held,
            line.rejected,
            line.posted,
            line.answered,
            line.taken,
        ];
        row.extend(counts.map(grouped));
        row.push(line.told(zone));
        table.row(row);
    }
    table
}

/// The batches of a day.
pub(super) fn batches(line: &DayLine, zone: &TimeZone) -> Table {
    let heads =
        ["batch", "run", "stands", "expected by", "arrived", "verdict", "files", "waits for", "transfer", "name"];
    let mut table = Table::new(&heads.map(|head| (head, Align::Left)));
    let at = |ms: Option<i64>| {
        ms.and_then(|ms| clock_at(ms, zone)).map_or_else(|| "-".to_owned(), |at| at.strftime("%m-%d %H:%M").to_string())
    };
    let text = |text: Option<&str>| text.unwrap_or("-").to_owned();
    for batch in &line.batches {
        let late = if batch.late { ", LATE" } else { "" };
        table.row(vec![
            format!("{:04}", batch.batch),
            batch.run.map_or_else(|| "-".to_owned(), |run| format!("{run:02}")),
            format!("{}{late}", batch.stands.word()),
            at(batch.expected_by_ms),
            at(batch.arrived_ms),
            batch.verdict.map_or_else(|| "-".to_owned(), |verdict| format!("{verdict:?}").to_lowercase()),
            batch.files.to_string(),
            text(batch.waits_for.as_deref()),
            text(batch.transfer.as_ref().map(|id| id.0.as_str())),
            text(batch.name.as_deref()),
        ]);
    }
    table
}
