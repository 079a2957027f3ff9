//! The short ways from bytes to values and to lines of JSON say what the long ones do, for any layout and any bytes.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use fpp_codecs::Code;
use fpp_codecs::date::{DateForm, TimeForm};
use fpp_codecs::fault::Flaw;
use fpp_codecs::format::{RecordFormat, Role, Selector};
use fpp_codecs::json;
use fpp_codecs::layout::build::{Counter, Part, build};
use fpp_codecs::layout::{Field, Kind};
use fpp_codecs::record::{Cell, Nulls, Row};
use fpp_codecs::text::{self, Page};
use proptest::collection::vec;
use proptest::prelude::*;

const PAGES: [Page; 5] = [Page::Cp37, Page::Cp1388, Page::Cp935Classic, Page::Gbk, Page::Utf8];

/// A field without a name yet.
fn field() -> impl Strategy<Value = Field> {
    let text = prop_oneof![4 => Just(Kind::Char), 2 => Just(Kind::Open), 1 => Just(Kind::Hex)];
    let sized = (text, 4usize..90).prop_map(|(kind, bytes)| (kind, bytes));
    let number = |kind: fn(u8, u8) -> Kind| (1u8..=34, 0u8..=34).prop_map(move |(d, s)| kind(d, s.min(d)));
    let kinds = prop_oneof![
        4 => number(|digits, decimals| Kind::Packed { digits, decimals }),
        3 => number(|digits, decimals| Kind::Zoned { digits, decimals }),
        2 => number(|digits, decimals| Kind::Number { digits, decimals, signed: true }),
        2 => number(|digits, decimals| Kind::Number { digits, decimals, signed: false }),
        1 => number(|digits, decimals| Kind::Binary { digits: digits.min(18), decimals: decimals.min(digits.min(18)) }),
        1 => any::<bool>().prop_map(|double| Kind::Float { double }),
        1 => Just(Kind::Date(DateForm::ISO)),
        1 => Just(Kind::Time(TimeForm::ISO)),
        1 => (0u8..=12).prop_map(|fraction| Kind::Timestamp { fraction }),
    ];
    let kinds = kinds.prop_map(|kind| (kind, kind.own_bytes().unwrap_or(1)));
    let flags = (any::<prop::sample::Index>(), 0u8..5, any::<bool>());
    (prop_oneof![1 => sized, 2 => kinds], flags).prop_map(|((kind, bytes), (page, name, nullable))| {
        let name = if name == 0 { "FILLER" } else { "F" };
        let mut field = Field::new(name.to_owned(), kind, bytes);
        field.page = kind.has_page().then(|| *page.get(&PAGES));
        field.nullable = nullable;
        field
    })
}

/// What a field's bytes are made of.
#[derive(Clone, Debug)]
enum Bytes {
    /// As the kind wants them; a seed.
    Good(u64),
    /// The same with a byte changed.
    Damaged(u64, usize, u8),
    /// All the same.
    Fill(u8),
    Random(Vec<u8>),
}

fn bytes() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        40 => any::<u64>().prop_map(Bytes::Good),
        1 => (any::<u64>(), any::<usize>(), any::<u8>()).prop_map(|(seed, at, byte)| Bytes::Damaged(seed, at, byte)),
        3 => prop_oneof![Just(0x40), Just(0x20), Just(0)].prop_map(Bytes::Fill),
        1 => vec(any::<u8>(), 90).prop_map(Bytes::Random),
    ]
}

const WORDS: [&str; 9] =
    ["Wu\u{1A} \u{1A}", "ABC 12", "中国工商银行", "a\"b\\c", "Au(T+D)延期", "é¦ñ", "·￥", "x", "\u{7}tab\t"];

fn good(field: &Field, seed: u64) -> Vec<u8> {
    let page = field.page.unwrap_or(Page::Cp37);
    let ebcdic = page.is_ebcdic();
    let zone = if ebcdic { 0xF0 } else { 0x30 };
    let digit = |at: usize| {
        let zeros = (seed >> 48) as usize % (field.bytes * 2 + 1);
        if at < zeros { 0 } else { (seed.rotate_left(at as u32 * 5) % 10) as u8 }
    };
    let mut out: Vec<u8> = match field.kind {
        Kind::Packed { digits, .. } => {
            let even = digits.is_multiple_of(2);
            let nibble = |at: usize| match at {
                0 if even => 0,
                at if at == field.bytes * 2 - 1 => 10 + (seed % 6) as u8,
                at => digit(at),
            };
            (0..field.bytes).map(|at| nibble(2 * at) << 4 | nibble(2 * at + 1)).collect()
        }
        Kind::Zoned { .. } => {
            let mut digits: Vec<u8> = (0..field.bytes).map(|at| 0xF0 | digit(at)).collect();
            if let Some(last) = digits.last_mut() {
                *last = (10 + (seed % 6) as u8) << 4 | *last & 15;
            }
            digits
        }
        Kind::Number { signed, .. } => {
            let signs = if ebcdic { [0x4E, 0x60] } else { *b"+-" };
            let mut digits: Vec<u8> = (0..field.bytes).map(|at| zone | digit(at)).collect();
            if signed {
                digits[0] = signs[(seed % 2) as usize];
            }
            digits
        }
        Kind::Date(_) => moment(&day(seed), ebcdic),
        Kind::Time(_) => moment("23.59.00", ebcdic),
        Kind::Timestamp { .. } => moment(&timestamp(seed)[..field.bytes], ebcdic),
        Kind::Char | Kind::Open => {
            let mut out = Vec::new();
            for word in [WORDS[seed as usize % WORDS.len()], WORDS[(seed >> 3) as usize % WORDS.len()]] {
                let before = out.len();
                if text::encode(page, word, &mut out).is_err() || out.len() > field.bytes {
                    out.truncate(before);
                }
            }
            out
        }
        _ => (0..field.bytes).map(|at| seed.rotate_left(at as u32 * 7) as u8 & 0x7B).collect(),
    };
    out.resize(field.bytes, page.blank());
    out
}

/// A day, seldom one that does not exist: around the ends of months, of the leap years too, and of the calendar.
fn day(seed: u64) -> String {
    let years = [2024, 2023, 1900, 2000, 1, 9999, 400, 0];
    let (year, month) = (years[(seed >> 8) as usize % 8], 1 + (seed >> 16) % 12);
    let month = if (seed >> 24).is_multiple_of(32) { (seed >> 32) % 16 } else { month };
    let most = if (seed >> 24) % 8 == 1 { 34 } else { 29 };
    format!("{year:04}-{month:02}-{:02}", (seed >> 40) % most)
}

/// A timestamp, seldom beyond its ranges; at 24 hours with and without anything behind them.
fn timestamp(seed: u64) -> String {
    let (hour, minute, second) = match seed % 16 {
        0 => (24, 0, 0),
        1 => (24, (seed >> 4) % 2, 0),
        2 => ((seed >> 4) % 27, (seed >> 12) % 63, (seed >> 20) % 63),
        _ => ((seed >> 4) % 24, (seed >> 12) % 60, (seed >> 20) % 60),
    };
    let fraction = if (seed >> 28).is_multiple_of(4) { 0 } else { seed % 1_000_000_000_000 };
    format!("{}-{hour:02}.{minute:02}.{second:02}.{fraction:012}", day(seed.rotate_left(17)))
}

fn moment(text: &str, ebcdic: bool) -> Vec<u8> {
    let mut out = Vec::new();
    text::encode(if ebcdic { Page::Cp37 } else { Page::Gbk }, text, &mut out).unwrap();
    out
}

fn content(field: &Field, bytes: &Bytes) -> Vec<u8> {
    match bytes {
        Bytes::Good(seed) => good(field, *seed),
        Bytes::Damaged(seed, at, byte) => {
            let mut out = good(field, *seed);
            let at = at % out.len();
            out[at] = *byte;
            out
        }
        Bytes::Fill(byte) => vec![*byte; field.bytes],
        Bytes::Random(random) => random.iter().copied().cycle().take(field.bytes).collect(),
    }
}

/// Fields in groups and arrays: `shape` says what is put around each next few.
fn parts(fields: Vec<Field>, shape: &[u8]) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for (index, (mut field, shape)) in fields.into_iter().zip(shape.iter().cycle()).enumerate() {
        field.name = format!("{}{}", field.name, index + 1);
        let own = Part::Field(Box::new(field));
        let array = |part: Part, count: u8| Part::Array { part: Box::new(part), count: count.into(), depending: None };
        match shape % 8 {
            0 => parts.push(array(own, 1 + shape % 5)),
            1 => parts.push(Part::Group { name: format!("G{index}"), parts: vec![own] }),
            2 => {
                let inside = parts.split_off(parts.len().saturating_sub(2));
                let parts_of = inside.into_iter().chain([own]).collect();
                parts.push(array(Part::Group { name: format!("A{index}"), parts: parts_of }, 1 + shape % 3));
            }
            3 => {
                let inside = parts.split_off(parts.len().saturating_sub(1));
                parts.push(Part::Group { name: String::new(), parts: inside.into_iter().chain([own]).collect() });
            }
            _ => parts.push(own),
        }
    }
    parts
}

/// Nothing when arrays in arrays are too much for a layout.
fn record_of(parts: Vec<Part>, nulls: Nulls) -> Option<RecordFormat> {
    let layout = build("RECORD".to_owned(), String::new(), parts).ok()?;
    Some(RecordFormat::new(layout, Role::Detail, Selector::default(), nulls, Page::Cp1388))
}

/// The line by the row.
fn long_line(record: &RecordFormat, bytes: &[u8]) -> (bool, Vec<u8>) {
    let (mut row, mut out) = (Row::default(), b"{\"before\":0}\n".to_vec());
    record.decode(bytes, &mut row);
    json::write(record, 7, 123_456, &row, &mut out);
    (row.faults.is_empty(), out)
}

fn short_line(record: &RecordFormat, bytes: &[u8]) -> (bool, Vec<u8>) {
    let (mut row, mut out) = (Row::default(), b"{\"before\":0}\n".to_vec());
    (json::line(record, 7, 123_456, bytes, &mut row, &mut out), out)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn lines_are_the_same_by_either_way(
        fields in vec(field(), 1..10), shape in vec(any::<u8>(), 1..10), contents in vec(bytes(), 12), extra in 0usize..40,
    ) {
        let record = record_of(parts(fields, &shape), Nulls::None);
        prop_assume!(record.is_some());
        let record = record.unwrap();
        let mut bytes: Vec<u8> = record.layout.fields.iter().zip(contents.iter().cycle())
            .flat_map(|(field, bytes)| content(field, bytes)).collect();
        prop_assert_eq!(bytes.len(), record.layout.length);
        let (long, short) = (long_line(&record, &bytes), short_line(&record, &bytes));
        prop_assert_eq!(String::from_utf8_lossy(&long.1), String::from_utf8_lossy(&short.1));
        prop_assert_eq!(long, short);
        // One that is too long or too short.
        match extra {
            0..3 => bytes.truncate(bytes.len().saturating_sub(extra)),
            3..6 => bytes.resize(bytes.len() + extra, 0x40),
            _ => {}
        }
        prop_assert_eq!(long_line(&record, &bytes), short_line(&record, &bytes));
    }

    #[test]
    fn values_are_the_same_in_a_flat_record_and_in_a_group(
        mut fields in vec(field(), 1..10), contents in vec(bytes(), 10), cut in 0usize..300,
    ) {
        fields.iter_mut().enumerate().for_each(|(index, field)| field.name.push_str(&index.to_string()));
        let parts: Vec<Part> = fields.into_iter().map(|field| Part::Field(Box::new(field))).collect();
        let (flat, group) = (
            record_of(parts.clone(), Nulls::Blank).unwrap(),
            record_of(vec![Part::Group { name: "G".to_owned(), parts }], Nulls::Blank).unwrap(),
        );
        prop_assert!(flat.layout.is_flat() && !group.layout.is_flat());
        let mut bytes: Vec<u8> = flat.layout.fields.iter().zip(&contents)
            .flat_map(|(field, bytes)| content(field, bytes)).collect();
        if cut < 30 {
            bytes.truncate(cut);
        }
        let (one, other) = (short_row(&flat, &bytes), short_row(&group, &bytes));
        prop_assert_eq!((&one.cells, &one.text, &one.faults), (&other.cells, &other.text, &other.faults));
    }
}

/// The record by the long way: the same fields, all of which might be null, without a tree and with a map behind that
/// says that none is. A field that might be null has no short way: each is decoded by its step.
fn long_row(fields: Vec<Field>, bytes: &[u8]) -> Row {
    let mut end = 0;
    let ends: Vec<usize> = fields.iter().map(|field| (end += field.bytes, end).1).collect();
    let there = ends.iter().take_while(|end| **end <= bytes.len()).count();
    let mut row = Row::default();
    if let Some(length) = there.checked_sub(1).and_then(|last| ends.get(last).copied()) {
        let part = |(index, mut field): (usize, Field)| {
            field.nullable = true;
            field.name = format!("F{index}");
            Part::Field(Box::new(field))
        };
        let parts = fields.iter().take(there).cloned().enumerate().map(part).collect();
        let record = record_of(parts, Nulls::Map).unwrap();
        assert_eq!(record.layout.length, length + there);
        record.decode(&[&bytes[..length], &vec![0xF0; there][..]].concat(), &mut row);
    }
    // A map cannot stand behind a record that is cut: the fields that are not there are faults, one each.
    for (index, field) in fields.iter().enumerate().skip(there) {
        row.cells.push(Cell::Bad);
        let flaw = Flaw::new(Code::LENGTH, 0, "the record ends before this field does");
        row.faults.push(flaw.within(index, ends[index] - field.bytes));
    }
    row
}

/// The record by its own way, into a row that has held another one.
fn short_row(record: &RecordFormat, bytes: &[u8]) -> Row {
    let mut row = Row::default();
    record.decode(&vec![0xF1; record.layout.length], &mut row);
    record.decode(bytes, &mut row);
    row
}

/// Fields, an array of several, and fields behind it; the array depends on a packed counter in front if it is to vary.
fn array_of(before: &[Field], inside: &[Field], behind: &[Field], count: usize, varies: bool) -> Option<RecordFormat> {
    let parts = |fields: &[Field], name: &str| -> Vec<Part> {
        let named = |(index, field): (usize, &Field)| Field { name: format!("{name}{index}"), ..field.clone() };
        fields.iter().enumerate().map(named).map(|field| Part::Field(Box::new(field))).collect()
    };
    let counter = Field::new("COUNT".to_owned(), Kind::Packed { digits: 3, decimals: 0 }, 2);
    let depending = varies.then(|| Counter { field: "COUNT".to_owned(), least: 0, map: Vec::new() });
    let group = Part::Group { name: "ARRAY".to_owned(), parts: parts(inside, "I") };
    let array = Part::Array { part: Box::new(group), count, depending };
    let all = [vec![Part::Field(Box::new(counter))], parts(before, "B"), vec![array], parts(behind, "A")];
    record_of(all.concat(), Nulls::None)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn values_are_the_same_by_either_way(
        fields in vec(field(), 1..10), shape in vec(any::<u8>(), 1..10), alike in 1usize..20, contents in vec(bytes(), 12),
        cut in 0usize..300,
    ) {
        // Neighbours that are alike, too.
        let last = fields.last().unwrap().clone();
        let fields = fields.into_iter().chain(std::iter::repeat_n(last, alike - 1)).collect();
        let record = record_of(parts(fields, &shape), Nulls::None);
        prop_assume!(record.is_some());
        let record = record.unwrap();
        let mut bytes: Vec<u8> = record.layout.fields.iter().zip(contents.iter().cycle())
            .flat_map(|(field, bytes)| content(field, bytes)).collect();
        if cut < 40 {
            bytes.truncate(cut);
        }
        let (short, long) = (short_row(&record, &bytes), long_row(record.layout.fields.clone(), &bytes));
        prop_assert_eq!(short.cells, long.cells);
        prop_assert_eq!(short.text, long.text);
        prop_assert_eq!(short.faults, long.faults);
    }

    #[test]
    fn values_of_arrays_are_the_same_by_either_way(
        before in vec(field(), 0..3), inside in vec(field(), 1..4), behind in vec(field(), 0..3), most in 1usize..40,
        count in any::<prop::sample::Index>(), varies in any::<bool>(), seed in any::<u64>(),
        odd in vec((any::<prop::sample::Index>(), bytes()), 0..2),
    ) {
        let count = if varies { count.index(most + 1) } else { most };
        let record = array_of(&before, &inside, &behind, most, varies).unwrap();
        let all: Vec<Field> = [Field::new("COUNT".to_owned(), Kind::Packed { digits: 3, decimals: 0 }, 2)].into_iter()
            .chain(before.iter().cloned()).chain((0..count).flat_map(|_| inside.iter().cloned()))
            .chain(behind.iter().cloned()).collect();
        let mut contents: Vec<Vec<u8>> = all.iter().zip(1..)
            .map(|(field, n)| content(field, &Bytes::Good(seed.wrapping_mul(n * 2 + 1)))).collect();
        contents[0] = vec![(count / 10) as u8, ((count % 10) << 4 | 15) as u8];
        for (at, bytes) in odd {
            let at = at.index(all.len());
            if at > 0 {
                contents[at] = content(&all[at], &bytes);
            }
        }
        let bytes = contents.concat();
        let (mut short, long) = (short_row(&record, &bytes), long_row(all, &bytes));
        // The occurrences that are not there have cells of their own.
        let (first, last) = (1 + before.len() + count * inside.len(), 1 + before.len() + most * inside.len());
        prop_assert!(short.cells.drain(first..last).all(|cell| cell == Cell::Absent));
        short.faults.iter_mut().filter(|fault| fault.field >= last).for_each(|fault| fault.field -= last - first);
        prop_assert_eq!(short.cells, long.cells);
        prop_assert_eq!(short.text, long.text);
        prop_assert_eq!(short.faults, long.faults);
    }
}

/// A record of a date and a timestamp, in the midst of other fields.
fn moments(fraction: u8, page: Page) -> Vec<Field> {
    let kinds = [Kind::Char, Kind::Timestamp { fraction }, Kind::Date(DateForm::ISO), Kind::Hex];
    let field = |(index, kind): (usize, Kind)| {
        let mut field = Field::new(format!("F{index}"), kind, kind.own_bytes().unwrap_or(3));
        field.page = kind.has_page().then_some(page);
        field
    };
    kinds.into_iter().enumerate().map(field).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn dates_and_timestamps_are_the_same_by_either_way_however_damaged(
        fraction in 0u8..=12, page in prop::sample::select(&PAGES[..]), seed in any::<u64>(), other in any::<u64>(),
        damage in vec((any::<prop::sample::Index>(), prop_oneof![2 => any::<u8>(), 3 => 0xF0u8..=0xFA, 3 => 0x2Fu8..=0x3A]), 0..3),
    ) {
        let fields = moments(fraction, page);
        let mut bytes: Vec<u8> = fields.iter().zip([seed, seed, other, 7]).flat_map(|(field, seed)| good(field, seed)).collect();
        for (at, byte) in damage {
            let length = bytes.len();
            bytes[at.index(length)] = byte;
        }
        let parts = || fields.iter().cloned().map(|field| Part::Field(Box::new(field))).collect::<Vec<_>>();
        let flat = record_of(parts(), Nulls::None).unwrap();
        let group = record_of(vec![Part::Group { name: "G".to_owned(), parts: parts() }], Nulls::None).unwrap();
        prop_assert!(flat.layout.is_flat() && !group.layout.is_flat());
        let (short, long) = (short_row(&flat, &bytes), long_row(fields.clone(), &bytes));
        prop_assert_eq!((&short.cells, &short.text, &short.faults), (&long.cells, &long.text, &long.faults));
        prop_assert_eq!(long_line(&group, &bytes), short_line(&group, &bytes));
        prop_assert_eq!(long_line(&flat, &bytes), short_line(&flat, &bytes));
    }
}
