//! Dates, times and timestamps in all forms: every day of the range both ways, windows, numbers, flaws, "no date".
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use fpp_codecs::Code;
use fpp_codecs::date::form::{Order, Separator, Year};
use fpp_codecs::date::{Date, DateForm, Meaning, NoDates, Sentinel, Time, TimeForm, TimestampForm, Window};
use proptest::prelude::*;

const NAMES: [&str; 19] = [
    "*ISO", "*USA", "*EUR", "*JIS", "*MDY", "*DMY", "*YMD", "*JUL", "*CYMD", "*CMDY", "*CDMY", "*LONGJUL", "*MDYY",
    "*DMYY", "*YYMD", "*MY", "*YM", "*MYY", "*YYM",
];

fn date(text: &str) -> Date {
    Date::parse(text).unwrap()
}

fn ebcdic(text: &str) -> Vec<u8> {
    let code = |c: char| match c {
        '0'..='9' => 0xC0 + c as u8,
        _ => [0x60, 0x61, 0x4B, 0x6B, 0x7A, 0x40, 0xD4]["-/.,: M".find(c).unwrap()],
    };
    text.chars().map(code).collect()
}

#[test]
fn names_give_the_forms_of_the_manuals() {
    let written = |name: &str| {
        let mut out = Vec::new();
        DateForm::named(name).unwrap().write(date("2025-06-01"), false, Window::IBM, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let wanted = [
        "2025-06-01",
        "06/01/2025",
        "01.06.2025",
        "2025-06-01",
        "06/01/25",
        "01/06/25",
        "25/06/01",
        "25/152",
        "125/06/01",
        "106/01/25",
        "101/06/25",
        "2025/152",
        "06/01/2025",
        "01/06/2025",
        "2025/06/01",
        "06/25",
        "25/06",
        "06/2025",
        "2025/06",
    ];
    for (name, text) in NAMES.iter().zip(wanted) {
        assert_eq!(written(name), text, "{name}");
        assert_eq!(DateForm::named(name).unwrap().bytes(), text.len(), "{name}");
        let bare: String = text.chars().filter(char::is_ascii_digit).collect();
        assert_eq!(written(&format!("{name}0")), bare, "{name}0");
    }
    assert_eq!(DateForm::named("cymd"), DateForm::named("*CYMD"));
    assert!(DateForm::named("*JOB").is_none() && DateForm::named("").is_none() && DateForm::named("*0").is_none());
}

#[test]
fn every_day_that_a_form_can_hold_goes_both_ways() {
    let mut text = Vec::new();
    for name in NAMES {
        for form in [DateForm::named(name).unwrap(), DateForm::named(&format!("{name}0")).unwrap()] {
            let (mut held, mut wanted, mut year) = (0, 0, 1u16);
            let years = [1940..2040, 1900..2900, 1..10_000][form.year as usize].clone();
            let months = matches!(form.order, Order::Ym | Order::My);
            while year < 10_000 {
                for ordinal in [1, 31, 32, 59, 60, 61, 182, 365, 366] {
                    let Some(date) = Date::from_ordinal(year, ordinal) else { continue };
                    wanted += u32::from(years.contains(&year) && (!months || date.day == 1));
                    text.clear();
                    let number = form.to_number(date, Window::IBM);
                    let Ok(()) = form.write(date, ordinal % 2 == 0, Window::IBM, &mut text) else {
                        assert!(number.is_err() && text.is_empty());
                        continue;
                    };
                    held += 1;
                    assert_eq!(form.read(&text, ordinal % 2 == 0, Window::IBM), Ok(date), "{name}");
                    assert_eq!(form.from_number(number.unwrap(), Window::IBM), Ok(date), "{name}");
                }
                // All years about the borders, every seventh elsewhere.
                year += if (1890..2910).contains(&year) { 1 } else { 7 };
            }
            assert_eq!(held, wanted, "{name}");
        }
    }
}

#[test]
fn windows_move() {
    assert_eq!(
        (Window::IBM.full(40), Window::IBM.full(99), Window::IBM.full(0), Window::IBM.full(39)),
        (1940, 1999, 2000, 2039)
    );
    let window = Window::from(1975).unwrap();
    assert_eq!((window.full(75), window.full(74), window.full(0)), (1975, 2074, 2000));
    assert!(window.holds(2074) && !window.holds(2075) && !window.holds(1974));
    assert_eq!((Window::from(2000).unwrap().full(99), Window::from(0), Window::from(9901)), (2099, None, None));
    let ymd = DateForm::bare(Order::Ymd, Year::Two);
    assert_eq!(ymd.from_number(740_101, window), Ok(date("2074-01-01")));
    assert_eq!(ymd.from_number(740_101, Window::IBM), Ok(date("1974-01-01")));
    assert!(ymd.to_number(date("2075-01-01"), window).is_err());
}

#[test]
fn numbers_of_every_usual_kind_are_dates() {
    let read =
        |order, year, number| DateForm::bare(order, year).from_number(number, Window::IBM).map(|d| d.to_string()).ok();
    let day = Some("2025-06-20".to_owned());
    assert_eq!(read(Order::Ymd, Year::Four, 20_250_620), day);
    assert_eq!(read(Order::Ymd, Year::Century, 1_250_620), day);
    assert_eq!(read(Order::Ymd, Year::Century, 250_620).as_deref(), Some("1925-06-20"));
    assert_eq!(read(Order::Ymd, Year::Two, 250_620), day);
    assert_eq!(read(Order::Mdy, Year::Two, 62_025), day);
    assert_eq!(read(Order::Dmy, Year::Two, 200_625), day);
    assert_eq!(read(Order::Ordinal, Year::Two, 25_171), day);
    assert_eq!(read(Order::Ordinal, Year::Four, 2_025_171), day);
    assert_eq!(read(Order::Dmy, Year::Four, 20_062_025), day);
    assert_eq!(read(Order::Mdy, Year::Four, 6_202_025), day);
    for number in [0, -20_250_620, 20_250_631, 99_999_999, 120_250_620, i128::MAX, i128::MIN] {
        assert_eq!(read(Order::Ymd, Year::Four, number), None, "{number}");
    }
}

#[test]
fn flaws_point_at_the_first_bad_byte() {
    let flaw = |name: &str, text: &str| {
        let flaw = DateForm::named(name).unwrap().read(&ebcdic(text), true, Window::IBM).unwrap_err();
        (flaw.code, flaw.at)
    };
    assert_eq!(flaw("*ISO", "2025/06-20"), (Code::DATE, 4));
    assert_eq!(flaw("*ISO", "2025-06-2-"), (Code::DATE, 9));
    assert_eq!(flaw("*ISO", "2025-02-29"), (Code::DATE, 0));
    assert_eq!(flaw("*ISO", "2025-06-2"), (Code::LENGTH, 0));
    assert_eq!(flaw("*CYMD", "125:06/20"), (Code::DATE, 3));
    assert_eq!(flaw("*MDY", "06-20.2M"), (Code::DATE, 7));
    assert_eq!(DateForm::named("*ISO").unwrap().read(b"2025-06-20", true, Window::IBM).unwrap_err().at, 0);
    for text in ["06-20-25", "06.20,25", "06 20/25"] {
        assert_eq!(DateForm::named("*MDY").unwrap().read(&ebcdic(text), true, Window::IBM), Ok(date("2025-06-20")));
    }
    let stamp = |form: TimestampForm, text: &str, fraction| {
        let flaw = form.read(text.as_bytes(), fraction, false, &mut String::new()).unwrap_err();
        (flaw.code, flaw.at)
    };
    assert_eq!(stamp(TimestampForm::Ibm, "2025-06-20-25.00.00", 0), (Code::DATE, 11));
    assert_eq!(stamp(TimestampForm::Iso, "2025-06-20X05:00:00", 0), (Code::DATE, 10));
    assert_eq!(stamp(TimestampForm::Digits, "20250620256060", 0), (Code::DATE, 8));
    assert_eq!(stamp(TimestampForm::Digits, "20250631000000", 0), (Code::DATE, 0));
    assert_eq!(stamp(TimestampForm::Iso, "2025-06-20T05:00:00Z", 0), (Code::LENGTH, 0));
    assert_eq!(stamp(TimestampForm::Ibm, "2025-06-20-24.00.00.1", 1), (Code::DATE, 11));
    for time in ["24.00.01", "23.60.00", "23.59.60", "99.00.00"] {
        assert_eq!(stamp(TimestampForm::Ibm, &format!("2025-06-20-{time}.1"), 1), (Code::DATE, 11), "{time}");
    }
    assert_eq!(stamp(TimestampForm::Ibm, "2025-02-29-00.00.00", 0), (Code::DATE, 0));
    assert_eq!(stamp(TimestampForm::Ibm, "", 255), (Code::LENGTH, 0));
}

#[test]
fn every_minute_goes_through_the_american_clock() {
    for minutes in 0..=1440u16 {
        let time = Time::new((minutes / 60) as u8, (minutes % 60) as u8, 0).unwrap();
        for name in ["*USA", "*ISO", "*HMS", "*JIS", "*EUR0"] {
            let (form, mut out) = (TimeForm::named(name).unwrap(), Vec::new());
            form.write(time, true, &mut out).unwrap();
            assert_eq!(out.len(), form.bytes());
            assert_eq!(form.read(&out, true), Ok(time));
        }
        assert_eq!(Time::from_hms6(time.to_hms6()), Some(time));
        assert_eq!(Time::from_hm4(time.to_hm4().unwrap()), Some(time));
    }
    let usa = |text: &str| TimeForm::Usa.read(text.as_bytes(), false).ok().map(|t| t.to_string());
    assert_eq!(usa("00:00 AM").as_deref(), Some("00:00:00"));
    assert_eq!(usa("12:00 AM").as_deref(), Some("24:00:00"));
    assert_eq!(usa("12:01 AM").as_deref(), Some("00:01:00"));
    assert_eq!(usa("12:00 PM").as_deref(), Some("12:00:00"));
    assert_eq!((usa("00:01 AM"), usa("00:00 PM"), usa("13:00 PM"), usa("12:60 AM")), (None, None, None, None));
    let hms = TimeForm::named("*HMS").unwrap();
    assert_eq!(hms.read(b"12.34.56", false).unwrap().to_string(), "12:34:56");
    assert_eq!(hms.read(b"12:34.56", false).unwrap_err().at, 5);
    assert_eq!((Time::from_hms6(240_001), Time::from_hms6(-1), Time::from_hm4(2460)), (None, None, None));
    assert!(TimeForm::Usa.write(Time::new(1, 2, 3).unwrap(), false, &mut Vec::new()).is_err());
}

#[test]
fn what_stands_for_none_is_a_policy() {
    let bytes = |text: &str| Sentinel::of_bytes(&ebcdic(text), true);
    assert_eq!(bytes("          "), Some(Sentinel::Blanks));
    assert_eq!(bytes("0000-00-00"), Some(Sentinel::Zero));
    assert_eq!(bytes("99999999"), Some(Sentinel::Nines));
    assert_eq!((bytes("2025-06-20"), bytes(""), Sentinel::of_bytes(&[], false)), (None, None, None));
    assert_eq!(Sentinel::of_bytes(&[0; 8], true), Some(Sentinel::LowValues));
    assert_eq!(Sentinel::of_bytes(&[0xFF; 8], false), Some(Sentinel::HighValues));
    assert_eq!(
        (Sentinel::of_number(0, 8), Sentinel::of_number(9_999_999, 7)),
        (Some(Sentinel::Zero), Some(Sentinel::Nines))
    );
    assert_eq!((Sentinel::of_number(9_999_999, 8), Sentinel::of_number(20_250_620, 8)), (None, None));
    assert_eq!(Sentinel::of_date(date("0001-01-01")), Some(Sentinel::FirstDay));
    assert_eq!(Sentinel::of_date(date("9999-12-31")), Some(Sentinel::LastDay));
    assert_eq!(Sentinel::of_date(date("2025-06-20")), None);
    let policy = NoDates::STRICT.null(Sentinel::Zero).null(Sentinel::Blanks).refused(Sentinel::LastDay);
    assert_eq!(policy.judge(Some(Sentinel::Zero)), Meaning::Null);
    assert_eq!(policy.judge(Some(Sentinel::LastDay)), Meaning::Refused);
    assert_eq!((policy.judge(Some(Sentinel::Nines)), policy.judge(None)), (Meaning::Value, Meaning::Value));
    assert_eq!(policy.refused(Sentinel::Zero).judge(Some(Sentinel::Zero)), Meaning::Refused);
    assert_eq!(policy.null(Sentinel::LastDay).judge(Some(Sentinel::LastDay)), Meaning::Null);
}

proptest! {
    #[test]
    fn timestamps_go_both_ways(
        year in 1u16..10_000, month in 1u8..13, day in 1u8..29, h in 0u8..24, m in 0u8..60, s in 0u8..60,
        fraction in "[0-9]{0,12}", ebcdic in any::<bool>(), form in 0usize..3,
    ) {
        let form = [TimestampForm::Ibm, TimestampForm::Iso, TimestampForm::Digits][form];
        let point = if fraction.is_empty() { "" } else { "." };
        let text = format!("{year:04}-{month:02}-{day:02}-{h:02}.{m:02}.{s:02}{point}{fraction}");
        let digits = fraction.len() as u8;
        let (mut out, mut back) = (Vec::new(), String::new());
        form.write(&text, digits, ebcdic, &mut out).unwrap();
        prop_assert_eq!(out.len(), form.bytes(digits));
        form.read(&out, digits, ebcdic, &mut back).unwrap();
        prop_assert_eq!(back, text);
    }

    #[test]
    fn what_reads_is_written_the_same(text in "[0-9]{1,4}[-/., ]?[0-9]{1,3}[-/., ]?[0-9]{0,4}", name in 0usize..19, bare in any::<bool>()) {
        let name = if bare { format!("{}0", NAMES[name]) } else { NAMES[name].to_owned() };
        let form = DateForm::named(&name).unwrap();
        if let Ok(date) = form.read(text.as_bytes(), false, Window::IBM) {
            let mut out = Vec::new();
            form.write(date, false, Window::IBM, &mut out).unwrap();
            let plain = |c: u8| if c.is_ascii_digit() || !matches!(form.separator, Separator::Any(_)) { c } else { b'/' };
            prop_assert_eq!(out, text.bytes().map(plain).collect::<Vec<_>>());
        }
    }

    #[test]
    fn random_bytes_never_panic(input in prop::collection::vec(any::<u8>(), 0..34), fraction in any::<u8>(), ebcdic in any::<bool>()) {
        for name in NAMES {
            let _ = DateForm::named(name).unwrap().read(&input, ebcdic, Window::IBM);
        }
        for form in [TimestampForm::Ibm, TimestampForm::Iso, TimestampForm::Digits] {
            let _ = form.read(&input, fraction, ebcdic, &mut String::new());
        }
        // Fields of the right length, random or with one bad byte.
        let fraction = fraction % 13;
        let mut field = input.clone();
        field.resize(TimestampForm::Ibm.bytes(fraction), 0xF9);
        let _ = TimestampForm::Ibm.read(&field, fraction, ebcdic, &mut String::new());
        let mut field = Vec::new();
        let text = if fraction == 0 { "2024-02-29-23.59.59".to_owned() } else { format!("2024-02-29-23.59.59.{:0>1$}", 7, fraction.into()) };
        TimestampForm::Ibm.write(&text, fraction, ebcdic, &mut field).unwrap();
        let at = input.len() % field.len();
        field[at] = input.first().copied().unwrap_or(0xF9);
        let (mut back, mut again) = (String::new(), Vec::new());
        if TimestampForm::Ibm.read(&field, fraction, ebcdic, &mut back).is_ok() {
            TimestampForm::Ibm.write(&back, fraction, ebcdic, &mut again).unwrap();
            prop_assert_eq!(field, again);
        }
        let _ = (TimeForm::Usa.read(&input, ebcdic), Sentinel::of_bytes(&input, ebcdic));
    }
}
