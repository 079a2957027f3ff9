//! The made-up day's instruments and sessions, as the Shanghai Gold Exchange (上海黄金交易所) has them.
//!
//! Sessions run in trading order: the night before (20:00 to 02:30), then the day. Friday's night belongs to Monday.
//! Weekends are known, public holidays are not: give a business date that has a night before it.

use fpp_codecs::date::Date;
use jiff::ToSpan;

/// An instrument that trades are made of.
pub(super) struct Instrument {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    /// MKTID: `00` spot, `10` deferred.
    pub(super) market: &'static str,
    /// Units of [`Instrument::unit`] in one lot.
    pub(super) lot_units: i64,
    /// UNIT, which price and quantity are counted in: `G` or `KG`.
    pub(super) unit: &'static str,
    /// Price about which the day moves, in fen for one unit.
    pub(super) price_fen: i64,
    pub(super) tick_fen: i64,
    /// Trades of this instrument in a hundred.
    pub(super) share: u64,
}

const SPOT: &str = "00";
const DEFERRED: &str = "10";
const GRAM: &str = "G";
const KILOGRAM: &str = "KG";

const fn row(
    (code, name, market): (&'static str, &'static str, &'static str),
    (lot_units, unit): (i64, &'static str),
    (price_fen, tick_fen): (i64, i64),
    share: u64,
) -> Instrument {
    Instrument { code, name, market, lot_units, unit, price_fen, tick_fen, share }
}

/// Silver is the one that is priced by the kilogram.
pub(super) const INSTRUMENTS: &[Instrument] = &[
    row(("Au99.99", "黄金9999", SPOT), (10, GRAM), (78_050, 1), 24),
    row(("Au99.95", "黄金9995", SPOT), (1000, GRAM), (78_020, 1), 6),
    row(("Au100g", "100克金条", SPOT), (100, GRAM), (78_110, 1), 8),
    row(("iAu99.99", "国际板黄金9999", SPOT), (10, GRAM), (78_090, 1), 4),
    row(("Pt99.95", "铂金9995", SPOT), (1000, GRAM), (29_875, 1), 4),
    row(("Ag99.99", "白银9999", SPOT), (1, KILOGRAM), (881_200, 100), 6),
    row(("Au(T+D)", "黄金延期", DEFERRED), (1000, GRAM), (78_000, 1), 16),
    row(("mAu(T+D)", "迷你黄金延期", DEFERRED), (100, GRAM), (78_005, 1), 10),
    row(("Au(T+N1)", "黄金单月延期", DEFERRED), (1000, GRAM), (78_160, 5), 2),
    row(("Ag(T+D)", "白银延期", DEFERRED), (1, KILOGRAM), (880_500, 100), 20),
];

/// Seconds of the night and of the two day sessions: start of the session in seconds of its evening's day, and length.
const NIGHT: (i64, i64) = (20 * 3600, 23_400);
const MORNING: (i64, i64) = (9 * 3600, 9_000);
const AFTERNOON: (i64, i64) = (13 * 3600 + 1800, 7_200);

/// The dates of one business day.
pub(super) struct Day {
    date: jiff::civil::Date,
    evening: jiff::civil::Date,
    next: jiff::civil::Date,
}

/// When a trade was made.
pub(super) struct Moment {
    /// `yyyy-mm-dd-hh.mm.ss.ffffff`
    pub(super) text: String,
    pub(super) night: bool,
}

impl Day {
    /// Nothing for a date without a day before or after it in the calendar.
    pub(super) fn of(date: Date) -> Option<Day> {
        let date = jiff::civil::Date::new(date.year as i16, date.month as i8, date.day as i8).ok()?;
        Some(Day { date, evening: working(date, -1)?, next: working(date, 1)? })
    }

    /// The next working day, on which a deferred trade settles.
    pub(super) fn next(&self) -> String {
        self.next.to_string()
    }

    /// The business date itself.
    pub(super) fn date(&self) -> String {
        self.date.to_string()
    }

    /// A moment of the open market: `part` of `whole` of the sessions laid end to end.
    pub(super) fn moment(&self, part: u64, whole: u64) -> Moment {
        let open_micros = i128::from(NIGHT.1 + MORNING.1 + AFTERNOON.1) * 1_000_000;
        let micros = (open_micros * i128::from(part) / i128::from(whole.max(1))) as i64;
        let (second, fraction) = (micros / 1_000_000, micros % 1_000_000);
        let night = second < NIGHT.1;
        let (day, at) = if night {
            (self.evening, NIGHT.0 + second)
        } else if second < NIGHT.1 + MORNING.1 {
            (self.date, MORNING.0 + second - NIGHT.1)
        } else {
            (self.date, AFTERNOON.0 + second - NIGHT.1 - MORNING.1)
        };
        // After midnight it is the calendar's next day, also on the Saturday that belongs to Monday.
        let day = if at >= 86_400 { day.checked_add(1.day()).unwrap_or(day) } else { day };
        let (hour, minute, second) = (at % 86_400 / 3600, at % 3600 / 60, at % 60);
        Moment { text: format!("{day}-{hour:02}.{minute:02}.{second:02}.{fraction:06}"), night }
    }
}

/// The nearest day after (1) or before (-1) that is no Saturday or Sunday.
fn working(date: jiff::civil::Date, step: i64) -> Option<jiff::civil::Date> {
    let mut date = date;
    loop {
        date = date.checked_add(step.days()).ok()?;
        if date.weekday().to_monday_one_offset() <= 5 {
            return Some(date);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fridays_night_belongs_to_monday() {
        let monday = Day::of(Date::new(2025, 6, 23).unwrap()).unwrap();
        assert_eq!(monday.moment(0, 396).text, "2025-06-20-20.00.00.000000");
        assert_eq!(monday.moment(200, 396).text, "2025-06-21-01.33.20.000000");
        assert_eq!(monday.moment(234, 396).text, "2025-06-23-09.00.00.000000");
        assert_eq!(monday.moment(395, 396).text, "2025-06-23-15.28.20.000000");
        assert!(monday.moment(233, 396).night && !monday.moment(234, 396).night);
        assert_eq!(Day::of(Date::new(2025, 6, 20).unwrap()).unwrap().next(), "2025-06-23");
    }

    #[test]
    fn shares_make_a_hundred_and_codes_fit() {
        assert_eq!(INSTRUMENTS.iter().map(|i| i.share).sum::<u64>(), 100);
        assert!(INSTRUMENTS.iter().all(|i| i.code.len() <= 12 && (i.code.starts_with("Ag") == (i.unit == KILOGRAM))));
    }
}
