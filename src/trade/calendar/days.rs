//! One calendar: its business days, its sessions, and the business date of a time. Pure; what is said of calendars in
//! general stands in the room's own page.

use super::span::{Minutes, Window};
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;

/// Days looked at for the next business day: no holiday is longer.
const LOOK_AHEAD_DAYS: i32 = 60;

/// A calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// Name.
    pub name: String,
    /// What it was written for, both ends with it.
    pub from: Date,
    /// The end of it.
    pub until: Date,
    /// Business days of an ordinary week, Monday first.
    pub(super) weekdays: [bool; 7],
    /// Public holidays: ordinary business days that are none.
    pub(super) closed: Vec<(Date, Date)>,
    /// Make-up days: business days at a weekend.
    pub(super) open: Vec<Date>,
    /// Sessions in force, oldest first.
    pub(super) sessions: Vec<Sessions>,
}

/// The sessions of a trading day, from a date on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sessions {
    pub(super) from: Date,
    /// Of the evening before.
    pub(super) evening: Option<Window>,
    pub(super) day: Vec<Window>,
}

/// One session of a business day, as the clock shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// When it begins.
    pub begins: DateTime,
    /// When it ends.
    pub ends: DateTime,
    /// It is the evening before.
    pub evening: bool,
}

impl Calendar {
    /// Whether the calendar was written for a day.
    pub fn knows(&self, date: Date) -> bool {
        self.from <= date && date <= self.until
    }

    /// Whether it is a business day; nothing outside the calendar's span.
    pub fn is_day(&self, date: Date) -> Option<bool> {
        self.knows(date).then(|| self.open.contains(&date) || (self.is_ordinary(date) && !self.is_holiday(date)))
    }

    fn is_ordinary(&self, date: Date) -> bool {
        let index = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
        self.weekdays.get(index).copied().unwrap_or(false)
    }

    fn is_holiday(&self, date: Date) -> bool {
        self.closed.iter().any(|(from, to)| *from <= date && date <= *to)
    }

    /// The first business day on or after a date.
    pub fn day_from(&self, date: Date) -> Option<Date> {
        let mut day = date;
        for _ in 0..LOOK_AHEAD_DAYS {
            if self.is_day(day)? {
                return Some(day);
            }
            day = day.tomorrow().ok()?;
        }
        None
    }

    /// The last business day before a date.
    fn day_before(&self, date: Date) -> Option<Date> {
        let mut day = date.yesterday().ok()?;
        for _ in 0..LOOK_AHEAD_DAYS {
            if self.is_day(day)? {
                return Some(day);
            }
            day = day.yesterday().ok()?;
        }
        None
    }

    fn sessions_in_force(&self, date: Date) -> Option<&Sessions> {
        self.sessions.iter().rev().find(|sessions| sessions.from <= date)
    }

    /// The business date that a time of the clock belongs to: that of the day, the next one from the beginning of the
    /// evening's session on, the next business day where the day is none. Nothing outside the calendar's span.
    pub fn business_date(&self, at: DateTime) -> Option<Date> {
        let evening = self.sessions_in_force(at.date()).and_then(|sessions| sessions.evening);
        let minute = Minutes::of(i32::from(at.hour()), i32::from(at.minute()));
        match evening {
            Some(evening) if minute >= evening.begins => self.day_from(at.date().tomorrow().ok()?),
            _ => self.day_from(at.date()),
        }
    }

    /// The sessions of a business day in their order. There is no evening before the first day after a public holiday.
    pub fn sessions_of(&self, date: Date) -> Vec<Session> {
        let Some(sessions) = self.sessions_in_force(date).filter(|_| self.is_day(date) == Some(true)) else {
            return Vec::new();
        };
        let evening = sessions.evening.zip(self.evening_before(date));
        let evening = evening.and_then(|(window, eve)| session(eve, window, true));
        let day = sessions.day.iter().filter_map(|window| session(date, *window, false));
        evening.into_iter().chain(day).collect()
    }

    /// The day whose evening belongs to a business day: the business day before it, if no holiday stands between.
    fn evening_before(&self, date: Date) -> Option<Date> {
        let eve = self.day_before(date)?;
        let mut between = eve.tomorrow().ok()?;
        while between < date {
            if self.is_holiday(between) {
                return None;
            }
            between = between.tomorrow().ok()?;
        }
        Some(eve)
    }

    /// Business dates whose day of the clock lies between two dates, both with it.
    pub fn days(&self, from: Date, to: Date) -> Vec<Date> {
        let mut days = Vec::new();
        let mut day = from;
        while day <= to && days.len() < 400 {
            if self.is_day(day) == Some(true) {
                days.push(day);
            }
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        days
    }
}

fn session(date: Date, window: Window, evening: bool) -> Option<Session> {
    Some(Session { begins: window.begins.on(date)?, ends: window.ends.on(date)?, evening })
}

/// What the clock of a zone shows at a time.
pub fn clock_at(now_ms: i64, zone: &TimeZone) -> Option<DateTime> {
    Some(jiff::Timestamp::from_millisecond(now_ms).ok()?.to_zoned(zone.clone()).datetime())
}

/// The business date of a time: the calendar's, or the date of the clock without one.
pub fn business_date(calendar: Option<&Calendar>, now_ms: i64, zone: &TimeZone) -> Option<Date> {
    let at = clock_at(now_ms, zone)?;
    match calendar {
        Some(calendar) => calendar.business_date(at),
        None => Some(at.date()),
    }
}

/// The time of a minute of a business date, which may be after midnight (25:30).
pub fn time_of(date: Date, minute: Minutes, zone: &TimeZone) -> Option<i64> {
    Some(minute.on(date)?.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond())
}

/// Days of the week by their short names.
pub(super) const WEEKDAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];
