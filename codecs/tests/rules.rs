//! Fields with rules of their own, one at a time: bytes to JSON and back to the same bytes, and what policies let pass.
#![allow(clippy::unwrap_used, reason = "a helper of tests may fail as they do")]

mod hex_support;

use fpp_codecs::Code;
use fpp_codecs::date::form::{Order, Year};
use fpp_codecs::date::{DateForm, NoDates, Sentinel, TimestampForm, Window};
use fpp_codecs::format::{Format, RecordFormat, Role, Selector};
use fpp_codecs::framing::Framing;
use fpp_codecs::json;
use fpp_codecs::layout::{Dirty, Field, Kind, Layout, NumericMoment, Rules, SignPlace};
use fpp_codecs::number::Signs;
use fpp_codecs::number::display::Encoding;
use fpp_codecs::record::{Nulls, Row};
use fpp_codecs::text::Page;

struct One(Format);

fn hex(text: &str) -> Vec<u8> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    hex_support::bytes(&digits)
}

impl One {
    fn new(kind: Kind, bytes: usize, page: Page, rules: Rules) -> One {
        let field = Field { page: kind.has_page().then_some(page), rules, ..Field::new("F".into(), kind, bytes) };
        let layout = Layout::flat("R".into(), vec![field]);
        One(Format {
            name: "R".into(),
            text: String::new(),
            framing: Framing::Fixed { length: bytes },
            page,
            records: vec![RecordFormat::new(layout, Role::Detail, Selector::default(), Nulls::None, page)],
            order: None,
            controls: None,
            version: String::new(),
            nulls: Nulls::None,
            sources: Vec::new(),
        })
    }

    /// The value as JSON, or the fault's code and byte; and how many repairs there were.
    fn read(&self, bytes: &[u8]) -> (Result<String, (Code, usize)>, usize, String) {
        let (mut row, mut line) = (Row::default(), Vec::new());
        self.0.records[0].decode(bytes, &mut row);
        json::write(&self.0.records[0], 1, 0, &row, &mut line);
        let line = String::from_utf8(line).unwrap();
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        let shown = match row.faults.first() {
            Some(fault) => Err((fault.code, fault.offset)),
            None => Ok(value["fields"]["F"].to_string()),
        };
        (shown, row.repairs.len(), line)
    }

    fn write(&self, line: &str) -> Result<Vec<u8>, Code> {
        let (mut row, mut out) = (Row::default(), Vec::new());
        json::read(&self.0, line.trim_end(), &mut row).unwrap();
        self.0.records[0].encode(&row, &mut out).map(|_| out).map_err(|fault| fault.code)
    }

    /// Bytes that are the canonical form of a value.
    fn both(&self, bytes: &str, value: &str) {
        let bytes = hex(bytes);
        let (shown, repairs, line) = self.read(&bytes);
        assert_eq!((shown, repairs), (Ok(value.to_owned()), 0), "{bytes:02X?}");
        assert_eq!(self.write(&line), Ok(bytes.clone()), "{bytes:02X?}");
    }

    /// Bytes that read as a value, but are written otherwise.
    fn only_read(&self, bytes: &str, value: &str, repairs: usize) {
        let (shown, found, _) = self.read(&hex(bytes));
        assert_eq!((shown, found), (Ok(value.to_owned()), repairs), "{bytes}");
    }

    fn refused(&self, bytes: &str, code: Code, at: usize) {
        assert_eq!(self.read(&hex(bytes)).0, Err((code, at)), "{bytes}");
    }
}

fn number(kind: Kind, bytes: usize, rules: Rules) -> One {
    One::new(kind, bytes, Page::Cp37, rules)
}

#[test]
fn signs_stand_where_the_layout_says() {
    let kind = Kind::Zoned { digits: 3, decimals: 1 };
    let at = |sign| Rules { sign, ..Rules::PLAIN };
    number(kind, 3, at(SignPlace::Leading)).both("D1 F2 F3", "\"-12.3\"");
    number(kind, 4, at(SignPlace::TrailingSeparate)).both("F1 F2 F3 60", "\"-12.3\"");
    number(kind, 4, at(SignPlace::LeadingSeparate)).both("4E F1 F2 F3", "\"12.3\"");
    let zos = number(kind, 3, Rules { signs: Signs::Zos, ..Rules::PLAIN });
    zos.both("F1 F2 C3", "\"12.3\"");
    zos.only_read("F1 F2 F3", "\"12.3\"", 0);
    let unsigned = number(kind, 3, Rules { unsigned: true, ..Rules::PLAIN });
    unsigned.both("F1 F2 F3", "\"12.3\"");
    unsigned.refused("F1 F2 D3", Code::ZONE, 2);
    let translated = Rules { encoding: Encoding::Translated, signs: Signs::Zos, ..Rules::PLAIN };
    number(kind, 3, translated).both("31 32 4C", "\"-12.3\"");
    number(kind, 3, Rules { encoding: Encoding::Ascii, ..Rules::PLAIN }).both("31 32 73", "\"-12.3\"");
}

#[test]
fn packed_and_binary_have_their_forms() {
    let packed = Kind::Packed { digits: 3, decimals: 2 };
    number(packed, 2, Rules { signs: Signs::Zos, ..Rules::PLAIN }).both("12 3C", "\"1.23\"");
    let unsigned = number(packed, 2, Rules { unsigned: true, ..Rules::PLAIN });
    unsigned.both("12 3F", "\"1.23\"");
    unsigned.refused("12 3D", Code::SIGN, 1);
    number(Kind::Comp6 { digits: 4, decimals: 2 }, 2, Rules::PLAIN).both("12 34", "\"12.34\"");
    let little = number(Kind::Binary { digits: 4, decimals: 0 }, 2, Rules { little_endian: true, ..Rules::PLAIN });
    little.both("01 02", "513");
    let word = Kind::Binary { digits: 4, decimals: 2 };
    number(word, 2, Rules { unsigned: true, ..Rules::PLAIN }).both("27 0F", "\"99.99\"");
    let native = number(word, 2, Rules { unsigned: true, native: true, ..Rules::PLAIN });
    native.both("FF FF", "\"655.35\"");
    let long =
        number(Kind::Binary { digits: 18, decimals: 0 }, 8, Rules { unsigned: true, native: true, ..Rules::PLAIN });
    long.both("FF FF FF FF FF FF FF FF", "\"18446744073709551615\"");
    number(Kind::Binary { digits: 7, decimals: 0 }, 3, Rules::PLAIN).both("FF FF FE", "-2");
    // More digits than the picture names: what is read is written, whatever other rule a field has.
    for rules in [Rules::PLAIN, Rules { unsigned: true, ..Rules::PLAIN }, Rules { dirty: Dirty::Null, ..Rules::PLAIN }]
    {
        number(Kind::Binary { digits: 4, decimals: 0 }, 2, rules).both("30 39", "12345");
    }
    number(Kind::Binary { digits: 9, decimals: 0 }, 4, Rules { little_endian: true, ..Rules::PLAIN })
        .both("FF FF FF 7F", "2147483647");
}

#[test]
fn a_picture_may_scale_its_digits() {
    let thousands = number(Kind::Packed { digits: 3, decimals: 0 }, 2, Rules { scale_up: 3, ..Rules::PLAIN });
    thousands.both("12 3D", "\"-123000\"");
    assert_eq!(thousands.write(r#"{"fields":{"F":"123500"}}"#), Err(Code::TOO_LONG));
    number(Kind::Packed { digits: 3, decimals: 5 }, 2, Rules::PLAIN).both("12 3F", "\"0.00123\"");
}

#[test]
fn numbers_that_are_dates_are_dates() {
    let rules = |form, no_date| Rules { moment: Some(NumericMoment::Date(form)), no_date, ..Rules::PLAIN };
    let eight = Kind::Zoned { digits: 8, decimals: 0 };
    let none = NoDates::STRICT.null(Sentinel::Zero).null(Sentinel::Nines);
    let date = number(eight, 8, rules(DateForm::bare(Order::Ymd, Year::Four), none));
    date.both("F2F0F2F5F0F6F2F0", "\"2025-06-20\"");
    date.both("F0F0F0F0F0F0F0F0", "null");
    date.only_read("F9F9F9F9F9F9F9F9", "null", 0);
    date.refused("F2F0F2F5F0F2F3F0", Code::DATE, 0);
    let strict = number(eight, 8, rules(DateForm::bare(Order::Ymd, Year::Four), NoDates::STRICT));
    strict.refused("F0F0F0F0F0F0F0F0", Code::DATE, 0);
    let seven = Kind::Packed { digits: 7, decimals: 0 };
    number(seven, 4, rules(DateForm::bare(Order::Ymd, Year::Century), none)).both("12 50 62 0F", "\"2025-06-20\"");
    let window = Rules { window: Window::from(1980).unwrap(), ..rules(DateForm::bare(Order::Dmy, Year::Two), none) };
    number(Kind::Zoned { digits: 6, decimals: 0 }, 6, window).both("F2F0F0F6F7F9", "\"2079-06-20\"");
    let time = Rules { moment: Some(NumericMoment::Hms6), ..Rules::PLAIN };
    number(Kind::Zoned { digits: 6, decimals: 0 }, 6, time).both("F2F3F5F9F0F0", "\"23:59:00\"");
}

#[test]
fn dates_may_say_that_there_is_none() {
    let none = NoDates::STRICT.null(Sentinel::FirstDay).null(Sentinel::Blanks);
    let rules = Rules { no_date: none, ..Rules::PLAIN };
    let date = One::new(Kind::Date(DateForm::ISO), 10, Page::Utf8, rules.clone());
    date.only_read("20202020202020202020", "null", 0);
    date.both("303030312D30312D3031", "null");
    let stamp = Rules { timestamp: TimestampForm::Iso, no_date: none, ..Rules::PLAIN };
    let stamp = One::new(Kind::Timestamp { fraction: 0 }, 19, Page::Utf8, stamp);
    stamp.both("323032352D30362D32305432333A35393A3539", "\"2025-06-20-23.59.59\"");
    stamp.both("303030312D30312D30315430303A30303A3030", "null");
}

/// The first stand-in that the list names is written, in the form of its field.
#[test]
fn a_null_is_written_as_the_first_stand_in_of_the_list() {
    let (zero, nines) = (Sentinel::Zero, Sentinel::Nines);
    let date = |name: &str| Kind::Date(DateForm::named(name).unwrap());
    let stamp = |fraction| Kind::Timestamp { fraction };
    let cases = [
        (date("*ISO"), &[Sentinel::FirstDay, zero][..], TimestampForm::Ibm, "0001-01-01"),
        (date("*ISO"), &[zero, Sentinel::FirstDay], TimestampForm::Ibm, "0000-00-00"),
        (date("*ISO"), &[nines], TimestampForm::Ibm, "9999-99-99"),
        (date("*DMY"), &[zero], TimestampForm::Ibm, "00/00/00"),
        (date("*JUL"), &[Sentinel::FirstDay, nines], TimestampForm::Ibm, "99/999"),
        (date("*CYMD"), &[zero], TimestampForm::Ibm, "000/00/00"),
        (date("*YYMD0"), &[zero], TimestampForm::Ibm, "00000000"),
        (date("*ISO"), &[Sentinel::Blanks, zero], TimestampForm::Ibm, "          "),
        (stamp(6), &[Sentinel::FirstDay, zero], TimestampForm::Ibm, "0001-01-01-00.00.00.000000"),
        (stamp(6), &[zero], TimestampForm::Ibm, "0000-00-00-00.00.00.000000"),
        (stamp(0), &[zero], TimestampForm::Iso, "0000-00-00T00:00:00"),
        (stamp(3), &[nines], TimestampForm::Digits, "99999999999999999"),
    ];
    for (kind, listed, timestamp, wanted) in cases {
        let no_date = listed.iter().fold(NoDates::STRICT, |set, sentinel| set.null(*sentinel));
        assert!(no_date.nulls().eq(listed.iter().copied()));
        for page in [Page::Cp37, Page::Utf8] {
            let rules = Rules { no_date, timestamp, ..Rules::PLAIN };
            let mut bytes = Vec::new();
            fpp_codecs::text::encode(page, wanted, &mut bytes).unwrap();
            let shown = bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>();
            One::new(kind, bytes.len(), page, rules).both(&shown, "null");
        }
    }
    let refused = NoDates::STRICT.null(nines).null(zero).null(Sentinel::LastDay).refused(nines);
    assert!(refused.nulls().eq([zero, Sentinel::LastDay]) && refused.refusals().eq([nines]));
    assert!(refused.days_first().nulls().eq([Sentinel::LastDay, zero]) && refused.days_first().refusals().eq([nines]));
}

/// Days and times that do not exist, NaN, digits without a place: bad values like any other.
#[test]
fn values_that_do_not_exist_go_by_the_policy_of_their_field() {
    let digits = |text: &str| text.bytes().map(|b| format!("{b:02X}")).collect::<String>();
    let ascii = |kind, bytes, rules| One::new(kind, bytes, Page::Utf8, rules);
    let moment = |dirty| Rules { dirty, moment: DateForm::named("*YYMD0").map(NumericMoment::Date), ..Rules::PLAIN };
    let day = Kind::Date(DateForm::named("*ISO").unwrap());
    let time = Kind::Time(fpp_codecs::date::TimeForm::named("*ISO").unwrap());
    let cases = [
        (day, 10, digits("2024-02-30"), Code::DATE),
        (day, 10, digits("garbage!!!"), Code::DATE),
        (time, 8, digits("25.00.00"), Code::DATE),
        (Kind::Timestamp { fraction: 0 }, 19, digits("2024-02-30-01.02.03"), Code::DATE),
        (Kind::Float { double: true }, 8, "7FF8000000000000".to_owned(), Code::RANGE),
        (Kind::Float { double: false }, 4, "7F800000".to_owned(), Code::RANGE),
        (Kind::DecFloat { digits: 16 }, 8, "7C00000000000000".to_owned(), Code::RANGE),
        (Kind::NumberText { decimals: 1 }, 4, digits("1.25"), Code::TOO_LONG),
    ];
    for (kind, bytes, shown, code) in cases {
        let with = |dirty| ascii(kind, bytes, Rules { dirty, ..Rules::PLAIN });
        let (read, _, _) = with(Dirty::Reject).read(&hex(&shown));
        assert_eq!(read.unwrap_err().0, code, "{kind:?}");
        with(Dirty::Null).only_read(&shown, "null", 1);
        let keep = with(Dirty::Keep);
        keep.only_read(&shown, &format!("{{\"raw\":\"{shown}\"}}"), 1);
        assert_eq!(keep.write(&keep.read(&hex(&shown)).2), Ok(hex(&shown)), "{kind:?}");
    }
    let eight = Kind::Zoned { digits: 8, decimals: 0 };
    let shown = "F2F0F2F4F0F2F3F0";
    number(eight, 8, moment(Dirty::Reject)).refused(shown, Code::DATE, 0);
    number(eight, 8, moment(Dirty::Null)).only_read(shown, "null", 1);
    let keep = number(eight, 8, moment(Dirty::Keep));
    keep.only_read(shown, &format!("{{\"raw\":\"{shown}\"}}"), 1);
    assert_eq!(keep.write(&keep.read(&hex(shown)).2), Ok(hex(shown)));
    // A policy for what is read lets nothing wrong be written.
    for dirty in [Dirty::Keep, Dirty::Null, Dirty::Reject] {
        assert_eq!(number(eight, 8, moment(dirty)).write(r#"{"fields":{"F":20240230}}"#), Err(Code::DATE));
        let float = number(Kind::Float { double: true }, 8, Rules { dirty, ..Rules::PLAIN });
        assert!(float.write(r#"{"fields":{"F":"NaN"}}"#).is_err());
    }
    // What the layout refuses by name is refused.
    let named = Rules { no_date: NoDates::STRICT.refused(Sentinel::Zero), ..moment(Dirty::Null) };
    number(eight, 8, named).refused("F0F0F0F0F0F0F0F0", Code::DATE, 0);
}

#[test]
fn dirty_values_go_by_the_policy_of_their_field() {
    let packed = Kind::Packed { digits: 3, decimals: 2 };
    let with = |blank, dirty| number(packed, 2, Rules { blank, dirty, ..Rules::PLAIN });
    with(None, Dirty::Null).only_read("40 40", "null", 1);
    with(None, Dirty::Zero).only_read("12 34", "\"0.00\"", 1);
    let text = One::new(Kind::NumberText { decimals: 2 }, 4, Page::Cp37, Rules { dirty: Dirty::Zero, ..Rules::PLAIN });
    text.only_read("40 40 40 40", "\"0.00\"", 1);
    let low = with(Some(Dirty::Null), Dirty::Reject);
    low.only_read("00 00", "null", 1);
    low.refused("FA 3C", Code::PACKED_DIGIT, 0);
    let keep = with(None, Dirty::Keep);
    keep.only_read("FA 3C", "{\"raw\":\"FA3C\"}", 1);
    let line = keep.read(&hex("FA 3C")).2;
    assert_eq!(keep.write(&line), Ok(hex("FA 3C")));
    assert_eq!(with(None, Dirty::Reject).write(&line), Err(Code::PACKED_DIGIT));
    let fixnbr = Rules { fixnbr: true, ..Rules::PLAIN };
    number(packed, 2, fixnbr.clone()).only_read("40 40", "\"0.00\"", 1);
    number(Kind::Zoned { digits: 5, decimals: 0 }, 5, fixnbr).only_read("F8 81 C1 F6 F9", "\"81169\"", 1);
    // Where the number means a date, the mended one is judged as a date: a zero that is none is no repair.
    let day = |no_date| Rules {
        fixnbr: true,
        moment: DateForm::named("*YYMD0").map(NumericMoment::Date),
        no_date,
        ..Rules::PLAIN
    };
    let date = Kind::Packed { digits: 9, decimals: 0 };
    number(date, 5, day(NoDates::STRICT.null(Sentinel::Zero))).only_read("40 40 40 40 40", "null", 1);
    number(date, 5, day(NoDates::STRICT)).refused("40 40 40 40 40", Code::UNFILLED, 0);
    let zoned = Kind::Zoned { digits: 8, decimals: 0 };
    number(zoned, 8, day(NoDates::STRICT)).only_read("F2 F0 F2 F5 F0 F6 F2 C1", "\"2025-06-21\"", 0);
    number(zoned, 8, day(NoDates::STRICT)).only_read("F2 F0 F2 F5 F0 F6 F2 51", "\"2025-06-21\"", 1);
    let blank = number(Kind::Zoned { digits: 2, decimals: 0 }, 2, Rules { blank_when_zero: true, ..Rules::PLAIN });
    blank.both("40 40", "\"0\"");
    blank.only_read("F0 F0", "\"0\"", 0);
}

#[test]
fn floats_have_their_forms() {
    let hexadecimal = Rules { hex_float: true, ..Rules::PLAIN };
    number(Kind::Float { double: false }, 4, hexadecimal.clone()).both("C2 76 A0 00", "-118.625");
    number(Kind::Float { double: false }, 4, hexadecimal.clone()).both("40 19 99 9A", "0.1");
    number(Kind::Float { double: true }, 8, hexadecimal).both("40 19 99 99 99 99 99 9A", "\"0.1\"");
    let little = Rules { little_endian: true, ..Rules::PLAIN };
    number(Kind::Float { double: true }, 8, little).both("00 00 00 00 00 00 F8 BF", "-1.5");
    let decfloat = number(Kind::DecFloat { digits: 16 }, 8, Rules::PLAIN);
    decfloat.both("22 30 00 00 00 00 00 50", "\"0.50\"");
    decfloat.refused("78 00 00 00 00 00 00 00", Code::RANGE, 0);
    let text = One::new(Kind::NumberText { decimals: 2 }, 8, Page::Utf8, Rules::PLAIN);
    text.both("20202D31322E3530", "\"-12.50\"");
    text.only_read("31322E3520202020", "\"12.50\"", 0);
    let comma =
        One::new(Kind::NumberText { decimals: 2 }, 8, Page::Cp37, Rules { decimal_comma: true, ..Rules::PLAIN });
    comma.both("40 40 60 F1 F2 6B F5 F0", "\"-12.50\"");
}

#[test]
fn edited_numbers_are_read_by_their_picture() {
    let edited = |picture: &str, bytes, page| {
        let rules = Rules { picture: Some(picture.into()), ..Rules::PLAIN };
        One::new(Kind::Edited { digits: 6, decimals: 2 }, bytes, page, rules)
    };
    edited("Z,ZZ9.99-", 9, Page::Utf8).both("20202031322E33342D", "\"-12.34\"");
    let dollars = edited("$$$9.99CR", 9, Page::Cp37);
    dollars.both("40 40 5B F5 4B F0 F0 C3 D9", "\"-5.00\"");
    dollars.refused("40 40 5B F5 4B F0 F0 F0 D9", Code::ZONE, 7);
}

#[test]
fn text_stands_where_its_rules_say() {
    let text = |rules| One::new(Kind::Open, 6, Page::Cp1388, rules);
    text(Rules { justified: true, ..Rules::PLAIN }).both("40 40 40 C1 C2 C3", "\"ABC\"");
    let padded = text(Rules { trim_ideographic: true, ..Rules::PLAIN });
    padded.only_read("0E 40 40 40 40 0F", "\"\"", 0);
    let cut = text(Rules { cut: true, ..Rules::PLAIN });
    assert_eq!(cut.write(r#"{"fields":{"F":"黄金交易"}}"#).map(|b| b.len()), Ok(6));
    assert_eq!(text(Rules::PLAIN).write(r#"{"fields":{"F":"黄金交易"}}"#), Err(Code::TOO_LONG));
}
