//! A day of the calendar, and the numbers that banks write for it.
//!
//! Gregorian throughout, years 1 to 9999; a [`Date`] is a day that exists.

use std::fmt;

/// A day that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// 1 to 9999.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to the month's last day.
    pub day: u8,
}

impl Date {
    /// The date, if there is such a day.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Date> {
        let last = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if is_leap(year) => 29,
            2 => 28,
            _ => return None,
        };
        ((1..=9999).contains(&year) && (1..=last).contains(&day)).then_some(Date { year, month, day })
    }

    /// From 8S0 or 8P0, `yyyymmdd`.
    pub fn from_ymd8(number: i128) -> Option<Date> {
        let number = u32::try_from(number).ok().filter(|n| *n <= 99_999_999)?;
        Date::new((number / 10_000) as u16, (number / 100 % 100) as u8, (number % 100) as u8)
    }

    /// From 7P0, `cyymmdd`: century digit 0 means 19, 1 means 20, up to 9 for 28.
    pub fn from_cyymmdd(number: i128) -> Option<Date> {
        let number = u32::try_from(number).ok().filter(|n| *n <= 9_999_999)?;
        Date::new(1900 + (number / 10_000) as u16, (number / 100 % 100) as u8, (number % 100) as u8)
    }

    /// From `yyyy-mm-dd`.
    pub fn parse(text: &str) -> Option<Date> {
        let b = text.as_bytes();
        if b.len() != 10 || b[4] != b'-' || b[7] != b'-' {
            return None;
        }
        Date::new(digits(&b[..4])? as u16, digits(&b[5..7])? as u8, digits(&b[8..])? as u8)
    }

    /// `yyyymmdd`.
    pub fn to_ymd8(self) -> i128 {
        i128::from(self.year) * 10_000 + i128::from(self.month) * 100 + i128::from(self.day)
    }

    /// `cyymmdd`, for the years 1900 to 2899.
    pub fn to_cyymmdd(self) -> Option<i128> {
        let years = (1900..2900).contains(&self.year).then(|| self.year - 1900)?;
        Some(i128::from(years) * 10_000 + i128::from(self.month) * 100 + i128::from(self.day))
    }

    /// `yyyy-mm-dd` as ASCII.
    pub fn to_iso(self) -> [u8; 10] {
        let digit = |n: u16| b'0' + (n % 10) as u8;
        let (y, m, d) = (self.year, u16::from(self.month), u16::from(self.day));
        let year = [digit(y / 1000), digit(y / 100), digit(y / 10), digit(y)];
        [year[0], year[1], year[2], year[3], b'-', digit(m / 10), digit(m), b'-', digit(d / 10), digit(d)]
    }

    /// Whether it is 0001-01-01, which stands for "none".
    pub fn is_none(self) -> bool {
        self == Date { year: 1, month: 1, day: 1 }
    }

    /// Day of the year, from 1.
    pub fn ordinal(self) -> u16 {
        (1..self.month).map(|m| last_day(self.year, m)).sum::<u16>() + u16::from(self.day)
    }

    /// From year and day of the year.
    pub fn from_ordinal(year: u16, ordinal: u16) -> Option<Date> {
        let mut rest = ordinal;
        for month in 1..=12 {
            let last = last_day(year, month);
            if rest <= last {
                return Date::new(year, month, u8::try_from(rest).ok()?);
            }
            rest -= last;
        }
        None
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn last_day(year: u16, month: u8) -> u16 {
    (28..=31).rev().find(|day| Date::new(year, month, *day).is_some()).map_or(31, u16::from)
}

/// The number of a run of ASCII digits; nothing for other bytes, none, or more than nine.
pub(crate) fn digits(bytes: &[u8]) -> Option<u32> {
    if bytes.is_empty() || bytes.len() > 9 {
        return None;
    }
    bytes.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_four_centuries_goes_through_all_forms() {
        let mut days = 0;
        for number in 19_000_101..=22_991_231 {
            let Some(date) = Date::from_ymd8(number) else { continue };
            days += 1;
            assert_eq!(date.to_ymd8(), number);
            assert_eq!(date.to_cyymmdd().and_then(Date::from_cyymmdd), Some(date));
            assert_eq!(Date::from_ordinal(date.year, date.ordinal()), Some(date));
            assert_eq!(Date::parse(&date.to_string()), Some(date));
        }
        assert_eq!(days, 146_097);
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for number in [0, -20_250_620, 20_250_229, 20_251_301, 20_250_600, 99_999_999, 120_250_620] {
            assert_eq!(Date::from_ymd8(number), None, "{number}");
        }
        assert_eq!(Date::from_cyymmdd(1_250_620).map(|d| d.to_string()).as_deref(), Some("2025-06-20"));
        assert_eq!(Date::from_cyymmdd(991_231).map(|d| d.to_string()).as_deref(), Some("1999-12-31"));
        assert_eq!(Date::from_ordinal(2025, 366), None);
        assert!(crate::date::is_no_date(0) && !crate::date::is_no_date(20_250_620));
        assert!(Date::parse("0001-01-01").is_some_and(Date::is_none));
        assert_eq!(Date::parse("2025-6-20"), None);
    }
}
