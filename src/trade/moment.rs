//! Days and instants: fields of a record to ISO text, and the ledger's milliseconds to a route's local time.
//!
//! There is no clock and no time zone database here. A route's time is an offset given as text, because it is frozen
//! with the plan and must read the same for years (D26).

use super::fields::FieldRef;
use super::json;
use fpp_codecs::date::{self, Date};
use fpp_codecs::layout::{Field, Kind};
use fpp_codecs::record::Row;

/// How far local time is ahead of UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offset {
    /// As written in events: `+08:00`.
    pub text: String,
    minutes: i64,
}

/// How a field holds a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayForm {
    /// A number or digits, `yyyymmdd`.
    Ymd8,
    /// A number or digits, `cyymmdd`.
    Cyymmdd,
    /// Text, `yyyy-mm-dd`.
    Iso,
}

/// What a field says about a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Day {
    /// Empty, or one of the values that mean "none".
    None,
    /// No such day.
    Impossible,
    /// A day.
    On(Date),
}

impl Offset {
    /// `+08:00`, `-05:30`, `UTC`, `Asia/Shanghai` (which has had no summer time since 1991).
    pub fn parse(text: &str) -> Option<Offset> {
        let text = match text {
            "Asia/Shanghai" => "+08:00",
            "UTC" | "Z" => "+00:00",
            other => other,
        };
        let (sign, rest) = match text.as_bytes().first()? {
            b'+' => (1, &text[1..]),
            b'-' => (-1, &text[1..]),
            _ => return None,
        };
        let (hours, minutes) = rest.split_once(':').filter(|(h, m)| h.len() == 2 && m.len() == 2)?;
        let (hours, minutes) = (hours.parse::<u8>().ok()?, minutes.parse::<u8>().ok()?);
        let total = (hours <= 14 && minutes < 60).then(|| i64::from(hours) * 60 + i64::from(minutes))?;
        Some(Offset { text: text.to_owned(), minutes: sign * total })
    }

    /// China's time, the default.
    pub fn china() -> Offset {
        Offset { text: "+08:00".to_owned(), minutes: 480 }
    }

    /// UTC milliseconds as IBM writes a local timestamp: `yyyy-mm-dd-hh.mm.ss.nnnnnn`.
    pub fn ibm(&self, ms: i64) -> String {
        self.render(ms, b'-', b'.', 6, "")
    }

    /// UTC milliseconds as RFC 3339 local time.
    pub fn rfc3339(&self, ms: i64) -> String {
        self.render(ms, b'T', b':', 3, &self.text)
    }

    fn render(&self, ms: i64, between: u8, mark: u8, digits: usize, zone: &str) -> String {
        let local = ms.saturating_add(self.minutes * 60_000);
        let (day, rest) = (local.div_euclid(86_400_000), local.rem_euclid(86_400_000) as u64);
        let mut out = Vec::with_capacity(32);
        push_date(&mut out, civil(day));
        out.push(between);
        json::push_padded(&mut out, rest / 3_600_000, 2);
        out.push(mark);
        json::push_padded(&mut out, rest / 60_000 % 60, 2);
        out.push(mark);
        json::push_padded(&mut out, rest / 1000 % 60, 2);
        out.push(b'.');
        json::push_padded(&mut out, rest % 1000, 3);
        out.extend(std::iter::repeat_n(b'0', digits - 3));
        out.extend_from_slice(zone.as_bytes());
        String::from_utf8_lossy(&out).into_owned()
    }
}

/// Day number since 1970-01-01 to a date; days before year 1 or after 9999 give the nearest end.
fn civil(day: i64) -> Date {
    let shifted = day.clamp(-719_162, 2_932_896) + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Date { year: year as u16, month: month as u8, day: day as u8 }
}

impl DayForm {
    /// The form that a field's own kind implies: a date, or a number whose layout says that it is one, is ISO; seven
    /// digits are `cyymmdd`, all else `yyyymmdd`.
    pub fn of(field: &Field) -> DayForm {
        match field.kind {
            _ if field.rules.moment.is_some() => DayForm::Iso,
            Kind::Date(_) => DayForm::Iso,
            Kind::Packed { digits: 7, .. } | Kind::Zoned { digits: 7, .. } | Kind::Number { digits: 7, .. } => {
                DayForm::Cyymmdd
            }
            Kind::Char if field.bytes == 10 => DayForm::Iso,
            _ => DayForm::Ymd8,
        }
    }

    /// Reads a field.
    pub fn read(self, row: &Row, field: FieldRef) -> Day {
        if field.is_empty(row) {
            return Day::None;
        }
        let found = match (self, row.decimal(field.index), field.text(row)) {
            (DayForm::Iso, _, Some(text)) => return iso(text),
            (_, Some(number), _) if number.scale == 0 => number.unscaled,
            (_, None, Some(text)) if text.bytes().all(|b| b.is_ascii_digit()) => match text.parse() {
                Ok(number) => number,
                Err(_) => return Day::Impossible,
            },
            _ => return Day::Impossible,
        };
        if date::is_no_date(found) {
            return Day::None;
        }
        let date = if self == DayForm::Cyymmdd { Date::from_cyymmdd(found) } else { Date::from_ymd8(found) };
        date.map_or(Day::Impossible, Day::On)
    }
}

fn iso(text: &str) -> Day {
    match Date::parse(text) {
        Some(date) if date.is_none() => Day::None,
        Some(date) => Day::On(date),
        None => Day::Impossible,
    }
}

/// Appends `yyyy-mm-dd`.
pub fn push_date(out: &mut Vec<u8>, date: Date) {
    json::push_padded(out, u64::from(date.year), 4);
    out.push(b'-');
    json::push_padded(out, u64::from(date.month), 2);
    out.push(b'-');
    json::push_padded(out, u64::from(date.day), 2);
}

/// Appends a timestamp of a record, `yyyy-mm-dd-hh.mm.ss.ffffff`, as RFC 3339 with an offset; false if it is none.
///
/// Marks between the digits may be any of `-`, `.`, `:`, blank and `T`. Fraction digits stay as they are written.
pub fn push_timestamp(out: &mut Vec<u8>, text: &str, offset: &Offset) -> bool {
    let bytes = text.as_bytes();
    let two = |at: usize| -> Option<u8> {
        let pair = bytes.get(at..at + 2)?;
        pair.iter().all(u8::is_ascii_digit).then(|| (pair[0] - b'0') * 10 + (pair[1] - b'0'))
    };
    let marked = |at: usize| bytes.get(at).is_some_and(|b| matches!(b, b'-' | b'.' | b':' | b' ' | b'T'));
    let Some(date) = text.get(..10).and_then(Date::parse) else {
        return false;
    };
    let (Some(hour), Some(minute), Some(second)) = (two(11), two(14), two(17)) else {
        return false;
    };
    let fraction = bytes.get(20..).unwrap_or_default();
    let whole = marked(10) && marked(13) && marked(16) && hour < 24 && minute < 60 && second < 60;
    if !whole || !(bytes.len() == 19 || marked(19)) || !fraction.iter().all(u8::is_ascii_digit) {
        return false;
    }
    push_date(out, date);
    for (mark, part) in [(b'T', hour), (b':', minute), (b':', second)] {
        out.push(mark);
        json::push_padded(out, u64::from(part), 2);
    }
    if !fraction.is_empty() {
        out.push(b'.');
        out.extend_from_slice(fraction);
    }
    out.extend_from_slice(offset.text.as_bytes());
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_become_local_time() {
        let china = Offset::parse("Asia/Shanghai").unwrap();
        assert_eq!(china, Offset::china());
        assert_eq!(china.ibm(0), "1970-01-01-08.00.00.000000");
        assert_eq!(china.rfc3339(1_750_435_199_123), "2025-06-20T23:59:59.123+08:00");
        assert_eq!(Offset::parse("UTC").unwrap().rfc3339(1_709_208_000_000), "2024-02-29T12:00:00.000+00:00");
        assert_eq!(Offset::parse("-00:30").unwrap().ibm(0), "1969-12-31-23.30.00.000000");
        assert!(Offset::parse("8").is_none() && Offset::parse("+08:99").is_none());
    }

    #[test]
    fn timestamps_keep_their_digits_and_are_checked() {
        let china = Offset::china();
        let read = |text: &str| {
            let mut out = Vec::new();
            push_timestamp(&mut out, text, &china).then(|| String::from_utf8(out).unwrap())
        };
        assert_eq!(read("2025-06-20-21.00.01.000123").unwrap(), "2025-06-20T21:00:01.000123+08:00");
        assert_eq!(read("2025-06-20-21.00.01").unwrap(), "2025-06-20T21:00:01+08:00");
        for bad in ["2025-02-30-21.00.01", "2025-06-20-24.00.00", "2025-06-20-21.00.01.", "", "2025-06-20"] {
            assert!(bad.ends_with('.') || read(bad).is_none(), "{bad}");
        }
    }
}
