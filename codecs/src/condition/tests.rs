//! What conditions mean, what is wrong with them, and that neither any text nor any record upsets them.

use super::{Condition, Scope, Source};
use crate::layout::build::{Counter, Part, build};
use crate::layout::{Field, Kind, Layout};
use crate::record::plan::Plan;
use crate::record::{Nulls, Row};
use crate::text::Page;
use proptest::prelude::*;

fn field(name: &str, kind: Kind, bytes: usize) -> Field {
    Field { page: kind.has_page().then_some(Page::Cp37), ..Field::new(name.to_owned(), kind, bytes) }
}

/// KIND 1, SUB 2, AMT packed 5,2 in 3 bytes, TAG hex 2, RATE float 4, N number 2, NAME 6 nullable: 24 bytes.
fn layout() -> Layout {
    let mut fields = vec![
        field("KIND", Kind::Char, 1),
        field("SUB-TYPE", Kind::Char, 2),
        field("AMT", Kind::Packed { digits: 5, decimals: 2 }, 3),
        field("TAG", Kind::Hex, 2),
        field("RATE", Kind::Float { double: false }, 4),
        field("N", Kind::Number { digits: 2, decimals: 0, signed: false }, 2),
        field("NAME", Kind::Char, 6),
    ];
    fields[6].nullable = true;
    let parts = fields.into_iter().map(|field| Part::Field(Box::new(field))).collect();
    build("R".to_owned(), String::new(), parts).unwrap()
}

fn record(kind: &str, sub: &str, amount: [u8; 3], n: &str, name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let text = |text: &str, out: &mut Vec<u8>| crate::text::encode(Page::Cp37, text, out).unwrap();
    text(&format!("{kind:1}{sub:2}"), &mut out);
    out.extend(amount);
    out.extend([0xC4, 0x0F, 0, 0, 0, 0]);
    text(&format!("{n:2}{name:6}"), &mut out);
    out
}

fn good() -> Vec<u8> {
    record("D", "1", [0x12, 0x34, 0x5D], "07", "")
}

/// What a condition says of a record: by its bytes, and by its decoded fields if it speaks of nothing else.
fn says(text: &str, record: &[u8]) -> Option<bool> {
    let mut layout = layout();
    let plan = Plan::compile(&mut layout, Nulls::Blank, Page::Cp37);
    let scope = |bytes| Scope { layout: &layout, page: Page::Cp37, bytes, placed: bytes };
    let condition = Condition::parse(text, &scope(true)).unwrap_or_else(|fault| panic!("{text}: {fault}"));
    let by_bytes = condition.holds(&Source::Bytes(&plan, record));
    if let Ok(condition) = Condition::parse(text, &scope(false)) {
        let mut row = Row::default();
        plan.decode(record, &mut row);
        assert_eq!(condition.holds(&Source::Row(&row)), by_bytes, "{text}");
    }
    by_bytes
}

#[test]
fn comparisons_are_by_value() {
    let record = good();
    for (text, truth) in [
        ("KIND == \"D\"", true),
        ("KIND == 'D   '", true),
        ("KIND == ''", false),
        ("kind != 'D'", false),
        ("SUB-TYPE == '1'", true),
        ("SUB-TYPE in ['01', '1']", true),
        ("SUB-TYPE not in [\"01\", \"02\"]", true),
        ("SUB-TYPE == 1.0", true),
        ("SUB-TYPE > 0 and SUB-TYPE <= 1", true),
        ("AMT == -123.45", true),
        ("AMT == '-123.450'", true),
        ("AMT < 0 and AMT >= -200", true),
        ("AMT > -99999999999999999999999999999999999999999999.5", true),
        ("AMT in [1, 2, -123.45]", true),
        ("N == 7", true),
        ("N == AMT", false),
        ("AMT < N", true),
        ("KIND == SUB-TYPE", false),
        ("TAG == 'C40F'", true),
        ("TAG == 'c40f' and TAG != x'C410'", true),
        ("TAG < x'C410'", true),
        ("KIND == x'C4'", true),
        ("record.at(1, 1) == 'D'", true),
        ("record.at(7,2) == x'C40F'", true),
        ("record.at(7,2) in ['AB', x'C40F']", true),
        ("length == 20", true),
        ("length >= 21 or length == N", false),
        ("NAME is null and KIND is not null", true),
        ("NAME == 'X' or NAME < 'X'", false),
        ("NAME != 'X'", true),
        ("not KIND == 'D' or not (N == 1 or N == 2)", true),
        ("KIND == 'H' or KIND == 'D' and N == 8", false),
        ("KIND == 'it''s'", false),
    ] {
        assert_eq!(says(text, &record), Some(truth), "{text}");
    }
}

#[test]
fn what_cannot_be_read_decides_nothing() {
    let bad = record("D", "AB", [0xFF; 3], "07", "");
    for (text, truth) in [
        ("AMT == 1", None),
        ("not AMT == 1", None),
        ("AMT == 1 and KIND == 'D'", None),
        ("AMT == 1 and KIND == 'H'", Some(false)),
        ("AMT == 1 or KIND == 'D'", Some(true)),
        ("AMT is null", None),
        ("SUB-TYPE == 1", None),
        ("SUB-TYPE == 'AB'", Some(true)),
    ] {
        assert_eq!(says(text, &bad), truth, "{text}");
    }
    for text in ["NAME == 'X'", "N == 7", "record.at(20, 1) == 'X'"] {
        assert_eq!(says(text, &good()[..13]), None, "{text}");
    }
    assert_eq!(says("record.at(20, 1) == 'X' or length < 14", &good()[..13]), Some(true));
}

fn fault(text: &str) -> String {
    let layout = layout();
    let scope = Scope { layout: &layout, page: Page::Cp37, bytes: true, placed: true };
    Condition::parse(text, &scope).map_or_else(|fault| fault.to_string(), |_| "none".to_owned())
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (text, told) in [
        ("", "at byte 1: a field, `length` or"),
        ("KIND = 'D'", "at byte 6: equal is written =="),
        ("KIND == D", "at byte 9: R has no field D"),
        ("KIND == 'D", "at byte 9: a text without its end"),
        ("KIND == 'D' AND N == 1", "at byte 13: `and` or `or` is due"),
        ("AND == 1", "at byte 1: `and` is written small"),
        ("AMT == 'x'", "at byte 8: a number is due"),
        ("RATE == 1", "at byte 1: RATE is a float"),
        ("TAG == 'C4F'", "at byte 8: hex digits are due"),
        ("KIND in ['D' 'E']", "at byte 14: `]` is due"),
        ("record.at(20, 2) == 'XY'", "at byte 1: select looks beyond"),
        ("record.at(1, 2) == 'D'", "at byte 20: has 1 bytes, and 2 are compared"),
        ("record.at(0, 2) == 'D'", "at byte 11: a whole number from 1"),
        ("length == 'D'", "at byte 11: a length is compared with a number"),
        ("KIND == 'D' and (N == 1", "at byte 24: `)` is due"),
        ("KIND", "at byte 5: a comparison is due"),
        ("KIND not 'D'", "at byte 10: `in` is due"),
        ("N == 12A", "at byte 6: a number has digits"),
        ("KIND == '\u{91D1}'", "none"),
        ("record.at(1,1) == '\u{91D1}'", "at byte 19: cannot be written"),
    ] {
        assert!(fault(text).starts_with(told), "{text}: {}", fault(text));
    }
    let deep = format!("{}N == 1{}", "(".repeat(100), ")".repeat(100));
    assert!(fault(&deep).contains("levels"));
    assert!(fault(&"not ".repeat(1000)).contains("levels"));
    assert!(fault(&"N == 1 or ".repeat(1000)).contains("longer"));
}

#[test]
fn fields_behind_a_varying_array_have_no_place() {
    let part = |field| Part::Field(Box::new(field));
    let depending = Some(Counter { field: "N".to_owned(), least: 0, map: Vec::new() });
    let array = Part::Array { part: Box::new(part(field("X", Kind::Char, 1))), count: 3, depending };
    let number = field("N", Kind::Number { digits: 1, decimals: 0, signed: false }, 1);
    let fixed = Part::Array { part: Box::new(part(field("Y", Kind::Char, 1))), count: 2, depending: None };
    let parts = vec![part(number), fixed, array, part(field("Z", Kind::Char, 1))];
    let layout = build("R".to_owned(), String::new(), parts).unwrap();
    let scope = |bytes| Scope { layout: &layout, page: Page::Cp37, bytes, placed: true };
    assert!(Condition::parse("Y(2) == 'A' and N == 1", &scope(true)).is_ok());
    for text in ["Z == 'A'", "X(1) == 'A'", "N == 1 and Z is null", "N == Z"] {
        let fault = Condition::parse(text, &scope(true)).unwrap_err();
        assert!(fault.message.contains("not the same place"), "{text} {fault}");
        assert!(Condition::parse(text, &scope(false)).is_ok(), "{text}");
    }
}

#[test]
fn bytes_that_must_stand_somewhere_are_looked_at_first() {
    let layout = layout();
    let scope = Scope { layout: &layout, page: Page::Cp37, bytes: true, placed: true };
    let split = |text: &str| Condition::parse(text, &scope).unwrap().split_bytes();
    assert_eq!(split("record.at(1,1) == 'D'"), (Some((0, vec![0xC4])), None));
    let (bytes, rest) = split("N == 7 and record.at(2,2) == x'F1F2' and AMT > 0");
    assert_eq!((bytes, rest.is_some()), (Some((1, vec![0xF1, 0xF2])), true));
    for text in ["record.at(1,1) == 'D' or N == 1", "record.at(1,1) in ['D', 'E']", "record.at(1,1) != 'D'"] {
        assert_eq!(split(text).0, None, "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_and_no_record_upsets_it(text in "\\PC{0,60}", words in prop::collection::vec(
        prop::sample::select(vec![
            "KIND", "AMT", "N", "TAG", "NAME", "length", "record.at(1,2)", "and", "or", "not", "in", "is", "null", "==",
            "!=", "<", ">=", "(", ")", "[", "]", ",", "'D'", "'01'", "x'C4'", "7", "-1.5",
        ]), 0..12), bytes in prop::collection::vec(any::<u8>(), 0..30)) {
        let mut layout = layout();
        let plan = Plan::compile(&mut layout, Nulls::Blank, Page::Cp37);
        let scope = Scope { layout: &layout, page: Page::Cp37, bytes: true, placed: true };
        for text in [text, words.join(" ")] {
            if let Ok(condition) = Condition::parse(&text, &scope) {
                condition.holds(&Source::Bytes(&plan, &bytes));
                let (_, rest) = condition.clone().split_bytes();
                if let Some(rest) = rest {
                    rest.holds(&Source::Bytes(&plan, &bytes));
                }
            }
        }
    }

    /// Equality without decoding is equality with it.
    #[test]
    fn the_short_way_says_the_same(bytes in prop::collection::vec(
        prop::sample::select(vec![0x40u8, 0xC1, 0xC2, 0xF1, 0x0E, 0x0F, 0x41, 0x00, 0xFF]), 2)) {
        let mut record = good();
        record[1..3].copy_from_slice(&bytes);
        for value in ["", "A", "AB", "1", "1A", " A", "ABC"] {
            let text = format!("SUB-TYPE == '{value}'");
            // A comparison with a list that holds no ASCII takes the long way.
            let long = format!("SUB-TYPE in ['{value}', '\u{91D1}']");
            prop_assert_eq!(says(&text, &record), says(&long, &record), "{}", text);
        }
    }

    #[test]
    fn numbers_compare_as_integers_do(a in any::<i64>(), b in any::<i64>(), scale in 0u32..30) {
        use super::compare::Number;
        let zeros = "0".repeat(scale as usize);
        let (x, y) = (Number::parse(&a.to_string()).unwrap(), Number::parse(&format!("{b}.{zeros}0")).unwrap());
        prop_assert_eq!(x.compare(&y), a.cmp(&b));
        let (x, y) = (Number::parse(&format!("{a}{zeros}{zeros}")).unwrap(), Number::parse(&format!("{b}{zeros}{zeros}")).unwrap());
        prop_assert_eq!(x.compare(&y), a.cmp(&b));
    }
}
