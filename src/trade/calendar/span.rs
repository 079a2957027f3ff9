//! Minutes of a business date, and windows of them. A window may end after midnight: 25:30 is half past one of the next
//! day, and belongs to the date it began on (D26).

use jiff::Span;
use jiff::civil::{Date, DateTime};
use std::fmt;

/// Minutes after the midnight that a date begins with; below 36 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minutes(i32);

/// The end of what can be written.
const END_HOUR: i32 = 36;

impl Minutes {
    pub(super) const fn of(hour: i32, minute: i32) -> Minutes {
        Minutes(hour * 60 + minute)
    }

    /// Reads `18:30` or `25:30`.
    pub fn parse(text: &str) -> Result<Minutes, String> {
        let wrong =
            || format!("`{text}` is no time of a business date, such as 18:30, or 25:30 for the night after it");
        let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
        let two = |part: &str, end: i32| -> Option<i32> {
            let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
            part.parse().ok().filter(|n| digits && *n < end)
        };
        Ok(Minutes::of(two(hour, END_HOUR).ok_or_else(wrong)?, two(minute, 60).ok_or_else(wrong)?))
    }

    /// What the clock shows then.
    pub fn on(self, date: Date) -> Option<DateTime> {
        let (days, rest) = (self.0.div_euclid(24 * 60), self.0.rem_euclid(24 * 60));
        let (hour, minute) = (i8::try_from(rest / 60).ok()?, i8::try_from(rest % 60).ok()?);
        Some(plus_days(date, days)?.at(hour, minute, 0, 0))
    }
}

impl fmt::Display for Minutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// From one minute to another of the same date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First minute.
    pub begins: Minutes,
    /// End.
    pub ends: Minutes,
}

impl Window {
    /// Reads `20:00-26:30`.
    pub fn parse(text: &str) -> Result<Window, String> {
        let (begins, ends) =
            text.split_once('-').ok_or_else(|| format!("`{text}` is no window, such as 09:00-11:30"))?;
        let window = Window { begins: Minutes::parse(begins.trim())?, ends: Minutes::parse(ends.trim())? };
        if window.begins >= window.ends {
            return Err(format!("`{text}` ends before it begins; half past two of the next day is 26:30"));
        }
        Ok(window)
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.begins, self.ends)
    }
}

fn plus_days(date: Date, days: i32) -> Option<Date> {
    date.checked_add(Span::new().try_days(days).ok()?).ok()
}
