//! The clock of the business day: what is expected of a series and does not come is told in time, once, and once more
//! when it came after all.
//!
//! Invariants: whatever is told stands in the books under a key (`Change::Tell`), so that it is told once, by one of all
//! nodes, also after a restart; every look asks the books and the clock anew, so that a look that fails costs time and no
//! notice. Nothing is told of the time before the node first looked at a series. It decides about no file, but it wakes
//! what waits for nothing any more.

use super::promises;
use super::rooms::Rooms;
use super::telling::tell;
use crate::error::Result;
use crate::inbound::day::{self, OpenDays};
use crate::inbound::order;
use crate::ledger::change::{Change, NewNotice};
use crate::ledger::pages::Pages;
use crate::ledger::transfer::{FileState, TransferQuery};
use crate::settings::{DayControl, Route};
use crate::trade::calendar::{Calendar, clock_at, time_of};
use crate::trade::series::{Expected, listed};
use fpp_codecs::Code;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch as signal;
use tokio::task::JoinSet;

/// Days of the clock that are looked back at: a node that stood still for longer tells of no older day.
const BACK_DAYS: i64 = 7;
/// A calendar that ends so soon is told of.
const CALENDAR_DAYS: i64 = 30;

/// Starts the look, where there is something to look at.
pub(super) fn start(services: &mut JoinSet<Result<()>>, rooms: &Arc<Rooms>, stopped: &signal::Receiver<bool>) {
    let settings = &rooms.settings;
    if settings.calendars.is_empty() && !settings.routes.iter().any(is_watched) {
        return;
    }
    services.spawn(run(rooms.clone(), stopped.clone()));
}

fn is_watched(route: &Route) -> bool {
    let series = &route.series;
    let promises = series.answer_within_ms.or(series.taken_within_ms).is_some();
    promises || series.ordered || !series.expected.is_empty()
}

/// Whether files of a route may be held for something that comes by itself: other batches, or the begin of their day.
fn is_held_for_time(route: &Route) -> bool {
    route.series.ordered || route.day == DayControl::Calendar
}

async fn run(rooms: Arc<Rooms>, mut stopped: signal::Receiver<bool>) -> Result<()> {
    let every = Duration::from_millis(rooms.settings.work.rescan_ms.max(50));
    let (mut settled, mut promised) = (HashSet::new(), promises::Place::default());
    loop {
        if let Err(error) = look(&rooms, &mut settled, &mut promised).await
            && !rooms.outage.tells("the business day", &error)
        {
            tracing::warn!("the business day cannot be looked at: {error}");
        }
        tokio::select! {
            _ = stopped.wait_for(|s| *s) => return Ok(()),
            () = tokio::time::sleep(every) => {}
        }
    }
}

/// One look at everything. `settled` are expectations that are over and need no other look.
async fn look(rooms: &Rooms, settled: &mut HashSet<String>, promised: &mut promises::Place) -> Result<()> {
    let zone = rooms.settings.zone();
    let now_ms = rooms.clock.now_ms();
    let Some(today) = clock_at(now_ms, &zone).map(|at| at.date()) else { return Ok(()) };
    for calendar in &rooms.settings.calendars {
        calendar_ends(rooms, calendar).await?;
    }
    let since = since(rooms).await?;
    for route in &rooms.settings.routes {
        let (Some(calendar), Some(since_ms)) = (&route.series.calendar, since.get(&route.name)) else { continue };
        for date in days(calendar, today) {
            for expected in &route.series.expected {
                let one = One { rooms, route, date, expected, zone: &zone, now_ms, since_ms: *since_ms };
                one.look(settled).await?;
            }
        }
    }
    wake(rooms).await?;
    promises::look(rooms, &since, promised).await
}

/// Business days around a day of the clock. An expectation may lie in the night after its day.
fn days(calendar: &Calendar, today: Date) -> Vec<Date> {
    let around = |span: Span| today.checked_add(span).unwrap_or(today);
    calendar.days(around(-BACK_DAYS.days()), around(1.day()))
}

/// When each series was first looked at.
async fn since(rooms: &Rooms) -> Result<BTreeMap<String, i64>> {
    let mut known = BTreeMap::new();
    for told in rooms.ledger.told(SINCE, false, u32::MAX).await? {
        known.insert(told.key.trim_start_matches(SINCE).to_owned(), told.at_ms);
    }
    let now_ms = rooms.clock.now_ms();
    for route in rooms.settings.routes.iter().filter(|route| is_watched(route)) {
        if !known.contains_key(&route.name) {
            let mark = Change::Tell { key: format!("{SINCE}{}", route.name), notice: None };
            rooms.apply(&[mark]).await?;
            known.insert(route.name.clone(), now_ms);
        }
    }
    Ok(known)
}

/// Keys of what says when each series was first looked at.
pub(crate) const SINCE: &str = "since/";

/// Whether a calendar ends soon.
pub(super) fn ends_soon(rooms: &Rooms, calendar: &Calendar) -> bool {
    let today = clock_at(rooms.clock.now_ms(), &rooms.settings.zone()).map(|at| at.date());
    today.is_some_and(|today| today.checked_add(CALENDAR_DAYS.days()).unwrap_or(today) > calendar.until)
}

async fn calendar_ends(rooms: &Rooms, calendar: &Calendar) -> Result<()> {
    if !ends_soon(rooms, calendar) {
        return Ok(());
    }
    let notice = NewNotice {
        severity: "warn".into(),
        topic: "calendar".into(),
        subject: calendar.name.clone(),
        code: Code::BUSINESS_DATE.0,
        text: format!(
            "Calendar {} ends on {}: nothing is expected after it, and no date after it is open by it. Write the next \
             year into the file of calendars and restart the node.",
            calendar.name, calendar.until
        ),
    };
    tell(
        rooms,
        vec![Change::Tell { key: format!("calendar/{}/{}", calendar.name, calendar.until), notice: Some(notice) }],
    )
    .await
}

/// Wakes batches that were held for others which are posted meanwhile, should the node that posted them have died, and what
/// was held because its business date had not begun by the calendar, or had not been opened yet.
async fn wake(rooms: &Rooms) -> Result<()> {
    let cx = &rooms.inbound;
    if !rooms.settings.routes.iter().any(is_held_for_time) {
        return Ok(());
    }
    let mut held = Pages::of(TransferQuery { state: Some(FileState::Held), ..TransferQuery::default() });
    let mut days = OpenDays::default();
    while let Some(page) = held.next(&*rooms.ledger).await? {
        for transfer in page.iter().filter(|t| !t.closed) {
            if order::is_held_for_order(transfer) {
                order::let_go(cx, transfer).await?;
            } else if day::is_held_for_day(transfer) {
                days.let_go(cx, transfer).await?;
            }
        }
    }
    Ok(())
}

/// One expectation of one business date.
struct One<'a> {
    rooms: &'a Rooms,
    route: &'a Route,
    date: Date,
    expected: &'a Expected,
    zone: &'a TimeZone,
    now_ms: i64,
    since_ms: i64,
}

impl One<'_> {
    async fn look(&self, settled: &mut HashSet<String>) -> Result<()> {
        let Some(by_ms) = time_of(self.date, self.expected.by, self.zone) else { return Ok(()) };
        let warn_ms = self.expected.warn_at.and_then(|at| time_of(self.date, at, self.zone)).unwrap_or(by_ms);
        let key = format!("expect/{}/{}/{}", self.route.name, self.date, self.expected.name());
        if by_ms < self.since_ms || self.now_ms < warn_ms || settled.contains(&key) {
            return Ok(());
        }
        let (ledger, date, span) =
            (&*self.rooms.ledger, self.date.to_string(), (self.expected.first, self.expected.last));
        let came = ledger.batches(&self.route.name, &date, span).await?.into_iter().collect();
        let missing = self.route.series.missing(self.expected, &came);
        let told = ledger.told(&format!("{key}/"), false, 10).await?;
        let is_told = |end: &str| told.iter().any(|told| told.key == format!("{key}/{end}"));
        let is_open = |end: &str| told.iter().any(|told| told.open && told.key == format!("{key}/{end}"));
        let changes = match (missing.is_empty(), self.now_ms < by_ms) {
            (false, is_early) if is_told(if is_early { "warn" } else { "late" }) => return Ok(()),
            (false, true) => vec![Change::Tell { key: format!("{key}/warn"), notice: Some(self.warning(&missing)) }],
            (false, false) => {
                let refused = order::refused(ledger, &self.route.name, &date).await?;
                vec![
                    Change::Tell { key: format!("{key}/late"), notice: Some(self.missing(&missing, &refused)) },
                    self.close("expected", "it is told as missing"),
                ]
            }
            (true, _) => {
                if self.now_ms >= by_ms {
                    settled.insert(key.clone());
                }
                if !is_open("late") && !is_open("warn") {
                    return Ok(());
                }
                let (end, other) = if is_open("late") { ("late", "warn") } else { ("warn", "late") };
                vec![
                    Change::Over { key: format!("{key}/{end}"), notice: Some(self.recovered()) },
                    Change::Over { key: format!("{key}/{other}"), notice: None },
                    self.close("expected", "all are there"),
                    self.close("missing", "all are there"),
                ]
            }
        };
        tell(self.rooms, changes).await
    }

    fn subject(&self) -> String {
        format!("{}/{}/{}", self.route.name, self.date, self.expected.name())
    }

    fn close(&self, topic: &str, why: &str) -> Change {
        Change::CloseNotice { topic: topic.into(), subject: self.subject(), by: format!("fpp: {why}") }
    }

    fn notice(&self, severity: &str, topic: &str, code: Code, text: String) -> NewNotice {
        let (severity, topic) = (severity.into(), topic.into());
        NewNotice { severity, topic, subject: self.subject(), code: code.0, text }
    }

    fn warning(&self, missing: &[u32]) -> NewNotice {
        let text = format!(
            "{} of {}: batch {} is not there yet; expected by {}.",
            self.route.name,
            self.date,
            listed(missing),
            self.expected.by
        );
        self.notice("warn", "expected", Code::LATE, text)
    }

    fn missing(&self, missing: &[u32], refused: &[String]) -> NewNotice {
        let refused =
            if refused.is_empty() { String::new() } else { format!(" Refused of that day: {}.", refused.join(", ")) };
        let text = format!(
            "{} of {}: batch {} did not come by {}.{refused} Ask the sender; `fpp day show {} {}` tells what came.",
            self.route.name,
            self.date,
            listed(missing),
            self.expected.by,
            self.route.name,
            self.date
        );
        self.notice("error", "missing", Code::LATE, text)
    }

    fn recovered(&self) -> NewNotice {
        let at = clock_at(self.now_ms, self.zone).map(|at| at.strftime("%H:%M").to_string()).unwrap_or_default();
        let name = self.expected.name();
        let text = format!("{} of {}: batch {name} is there, seen at {at}.", self.route.name, self.date);
        NewNotice::recovered(&self.subject(), text)
    }
}
