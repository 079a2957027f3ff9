use super::*;
use jiff::civil::date;
use jiff::tz::TimeZone;

const SAMPLE: &str = r#"
[calendar.bank]
from = "2025-01-01"
until = "2025-12-31"
closed = ["2025-05-01..2025-05-05", "2025-10-01..2025-10-08"]
open = ["2025-04-27", "2025-09-28", "2025-10-11"]

[calendar.sge]
from = "2025-01-01"
until = "2025-12-31"
closed = ["2025-05-01..2025-05-05", "2025-10-01..2025-10-08"]

[[calendar.sge.sessions]]
from = "2020-01-01"
evening = "21:00-26:30"
day = ["09:00-11:30", "13:30-15:30"]

[[calendar.sge.sessions]]
from = "2025-06-01"
evening = "20:00-26:30"
day = ["09:00-11:30", "13:30-15:30"]
"#;

fn calendars() -> (Calendar, Calendar) {
    let mut all = read("calendars.toml", SAMPLE).unwrap();
    let sge = all.pop().unwrap();
    (all.pop().unwrap(), sge)
}

#[test]
fn make_up_days_are_the_banks_and_not_the_exchanges() {
    let (bank, sge) = calendars();
    let sunday = date(2025, 9, 28);
    assert_eq!((bank.is_day(sunday), sge.is_day(sunday)), (Some(true), Some(false)));
    assert_eq!(bank.is_day(date(2025, 10, 3)), Some(false), "a Friday in the golden week");
    assert_eq!(bank.is_day(date(2026, 1, 5)), None, "nobody wrote 2026");
    assert_eq!(bank.day_from(date(2025, 10, 1)), Some(date(2025, 10, 9)));
    assert_eq!(bank.days(date(2025, 9, 26), date(2025, 9, 30)).len(), 4, "Friday, Sunday, Monday, Tuesday");
}

#[test]
fn a_night_belongs_to_the_next_trading_day() {
    let (_, sge) = calendars();
    let on = |month, day, hour, minute| sge.business_date(date(2025, month, day).at(hour, minute, 0, 0));
    assert_eq!(on(6, 20, 16, 0), Some(date(2025, 6, 20)), "Friday afternoon");
    assert_eq!(on(6, 20, 19, 59), Some(date(2025, 6, 20)));
    assert_eq!(on(6, 20, 20, 0), Some(date(2025, 6, 23)), "Friday night is Monday's");
    assert_eq!(on(6, 21, 2, 29), Some(date(2025, 6, 23)), "and so is its other half");
    assert_eq!(on(6, 19, 23, 59), Some(date(2025, 6, 20)));
    assert_eq!(on(6, 20, 1, 0), Some(date(2025, 6, 20)));
    assert_eq!(on(3, 7, 20, 30), Some(date(2025, 3, 7)), "nights began at 21:00 then");
    assert_eq!(on(9, 30, 21, 0), Some(date(2025, 10, 9)), "over the golden week");
    assert_eq!(on(12, 31, 21, 0), None, "the calendar ends");
}

#[test]
fn there_is_no_night_before_a_public_holiday() {
    let (bank, sge) = calendars();
    let evening = |month, day| sge.sessions_of(date(2025, month, day)).into_iter().find(|s| s.evening);
    let monday = evening(6, 23).unwrap();
    assert_eq!(monday.begins, date(2025, 6, 20).at(20, 0, 0, 0));
    assert_eq!(monday.ends, date(2025, 6, 21).at(2, 30, 0, 0));
    assert_eq!(evening(10, 9), None);
    assert_eq!(sge.sessions_of(date(2025, 10, 9)).len(), 2);
    assert!(sge.sessions_of(date(2025, 6, 22)).is_empty(), "a Sunday");
    assert!(bank.sessions_of(date(2025, 6, 23)).is_empty());
}

#[test]
fn minutes_go_past_midnight() {
    let half_past_one = Minutes::parse("25:30").unwrap();
    assert_eq!(half_past_one.on(date(2025, 6, 20)), Some(date(2025, 6, 21).at(1, 30, 0, 0)));
    assert_eq!(half_past_one.to_string(), "25:30");
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    assert_eq!(time_of(date(2025, 6, 20), half_past_one, &zone), Some(1_750_440_600_000));
    for wrong in ["1:30", "24:60", "36:00", "12.30", "", "+1:30", "１２:30"] {
        assert!(Minutes::parse(wrong).is_err(), "{wrong}");
    }
    assert!(Window::parse("20:00-02:30").unwrap_err().contains("26:30"));
}

#[test]
fn every_fault_of_a_file_is_told() {
    let wrong = r#"
[calendar.bank]
from = "2025-01-01"
until = "2024-12-31"
weekdays = ["mon", "monday"]
closed = ["2025-10-08..2025-10-01", "2025-02-30"]
open = ["2025-10-11"]
holidays = []
[[calendar.bank.sessions]]
from = "today"
evening = "20:00"
day = ["09:00-11:30", "11:00-15:30"]
"#;
    let faults: Vec<_> = read("c.toml", wrong).unwrap_err().iter().map(ToString::to_string).collect();
    let told = [
        "ends before it begins",
        "`monday` is none of",
        "10-08..2025-10-01",
        "2025-02-30",
        "holidays",
        "today",
        "`20:00` is no window",
        "overlap",
    ];
    for part in told {
        assert!(faults.iter().any(|fault| fault.contains(part)), "{part}: {faults:#?}");
    }
    assert!(!read("c.toml", "").unwrap_err().is_empty());
}
