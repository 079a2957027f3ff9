//! Every kind of field in every code page: bytes to values and back by every way there is, and a part of a record as the
//! whole record has it.
//!
//! The pages are `Page::ALL`, which is written with the pages themselves; the kinds are those of [`forms`].
#![allow(clippy::unwrap_used, reason = "a helper of tests may fail as they do")]

mod forms;

use forms::{Form, every};
use fpp_codecs::csv::{Columns, Dialect, Encoding, Header, Lines, LongDigits, Writer};
use fpp_codecs::format::{Format, RecordFormat, Role, Selector};
use fpp_codecs::framing::Framing;
use fpp_codecs::json::{self, Style};
use fpp_codecs::layout::build::{Counter, Part, build};
use fpp_codecs::layout::{Field, Kind};
use fpp_codecs::record::{Cell, Nulls, Row, Scratch};
use fpp_codecs::text::Page;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::Value;

/// How the fields stand in their record.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    Flat(Nulls),
    Group,
    /// Twice.
    Array,
    /// As often as a counter says.
    Counted(usize),
}

/// A record with a value for each field.
struct Record {
    format: Format,
    row: Row,
}

impl Record {
    fn new(page: Page, forms: &[Form], shape: Shape, missing: &[bool]) -> Record {
        let named = |(n, form): (usize, &Form)| Field { name: format!("F{n}"), ..form.field.clone() };
        let mut fields: Vec<Field> = forms.iter().enumerate().map(named).collect();
        let mut row = Row::default();
        if let Shape::Flat(nulls) = shape {
            for (n, form) in forms.iter().enumerate() {
                // Where blanks are null, a number whose bytes are blanks is one.
                let nullable = missing[n] && (nulls != Nulls::Blank || form.field.kind.is_text());
                fields[n].nullable = nullable;
                match nullable && nulls != Nulls::None {
                    true => row.cells.push(Cell::Null),
                    false => push(form, 0, &mut row),
                }
            }
        }
        let parts: Vec<Part> = fields.into_iter().map(|field| Part::Field(Box::new(field))).collect();
        let group = || Part::Group { name: "G".into(), parts: parts.clone() };
        let array = |depending| Part::Array { part: Box::new(group()), count: 2, depending };
        let (parts, occurrences) = match shape {
            Shape::Flat(_) => (parts, 0),
            Shape::Group => (vec![group()], 1),
            Shape::Array => (vec![array(None)], 2),
            Shape::Counted(count) => {
                let counter = Field::new("N".into(), Kind::Packed { digits: 1, decimals: 0 }, 1);
                row.push_text(&count.to_string());
                let depending = Counter { field: "N".into(), least: 0, map: Vec::new() };
                (vec![Part::Field(Box::new(counter)), array(Some(depending))], count)
            }
        };
        (0..occurrences).for_each(|n| forms.iter().for_each(|form| push(form, n, &mut row)));
        let layout = build("R".into(), String::new(), parts).unwrap();
        row.cells.resize(layout.fields.len(), Cell::Absent);
        let nulls = if let Shape::Flat(nulls) = shape { nulls } else { Nulls::None };
        let record = RecordFormat::new(layout, Role::Detail, Selector::default(), nulls, page);
        Record { format: file_of(record, page, nulls), row }
    }

    fn encode(&self, row: &Row) -> Result<Vec<u8>, TestCaseError> {
        let mut bytes = Vec::new();
        let fields = &self.format.records[0].layout.fields;
        let told = |fault: fpp_codecs::fault::Fault| {
            let field = fields.get(fault.field).map(|field| (field.kind, field.page));
            TestCaseError::fail(format!("{fault}: {:?} in {field:?}", row.str(fault.field)))
        };
        self.format.records[0].encode(row, &mut bytes).map_err(told)?;
        Ok(bytes)
    }

    /// Bytes, values, JSON, CSV: each gives the bytes again.
    fn prove(&self, dialect: Dialect) -> Result<Vec<u8>, TestCaseError> {
        let bytes = self.encode(&self.row)?;
        let record = &self.format.records[0];
        let (mut row, mut line, mut back) = (Row::default(), Vec::new(), Row::default());
        record.decode(&bytes, &mut row);
        prop_assert_eq!(&row.faults, &vec![]);
        prop_assert_eq!(&row.repairs, &vec![]);
        prop_assert_eq!(&self.encode(&row)?, &bytes);
        json::write(record, 1, 0, &row, &mut line);
        let line = String::from_utf8(line).unwrap();
        json::read(&self.format, line.trim_end(), &mut back)
            .map_err(|fault| TestCaseError::fail(format!("{fault}: {line}")))?;
        prop_assert_eq!(&self.encode(&back)?, &bytes, "{}", line);
        if let Some(table) = table(&self.format, dialect, &row) {
            let shown = String::from_utf8_lossy(&table);
            from_table(&self.format, dialect, &table, &mut back)
                .map_err(|fault| TestCaseError::fail(format!("{fault}: {shown}")))?;
            prop_assert_eq!(&self.encode(&back)?, &bytes, "{}", shown);
        }
        Ok(bytes)
    }

    /// The fields of a line, as a tree.
    fn shown(format: &Format, style: &Style, bytes: &[u8]) -> Value {
        let (mut row, mut line) = (Row::default(), Vec::new());
        format.records[0].decode(bytes, &mut row);
        json::write_styled(&format.records[0], style, (1, 0), bytes, &row, &mut line);
        serde_json::from_slice::<Value>(&line).unwrap()["fields"].take()
    }
}

fn push(form: &Form, occurrence: usize, row: &mut Row) {
    match form.field.kind {
        Kind::Hex => row.push_hex(&form.values[occurrence]),
        _ => row.push_text(&form.values[occurrence]),
    }
}

fn file_of(record: RecordFormat, page: Page, nulls: Nulls) -> Format {
    Format {
        name: "T".into(),
        text: String::new(),
        framing: Framing::Fixed { length: record.layout.length },
        page,
        records: vec![record],
        order: None,
        controls: None,
        version: String::new(),
        nulls,
        sources: Vec::new(),
    }
}

/// The table of one record; nothing if its encoding lacks a character.
fn table(format: &Format, dialect: Dialect, row: &Row) -> Option<Vec<u8>> {
    let mut writer = Writer::new(Columns::new(format, &[0], true, &[]), dialect);
    let mut out = Vec::new();
    writer.header(&mut out).unwrap();
    writer.row(format, 0, row, &[], &mut out).ok().map(|()| out)
}

fn from_table(format: &Format, dialect: Dialect, table: &[u8], row: &mut Row) -> Result<(), String> {
    let (mut lines, mut cells) = (Lines::new(table, dialect), Vec::new());
    let mut next = || match lines.next(&mut cells) {
        Ok(true) => Ok(std::mem::take(&mut cells)),
        Ok(false) => Err("a line is missing".to_owned()),
        Err(e) => Err(e.to_string()),
    };
    let header = Header::new(format, &next()?, None).map_err(|fault| fault.to_string())?;
    header.fill(format, &dialect, &next()?, row).map(|_| ()).map_err(|fault| fault.to_string())
}

fn dialects() -> impl Strategy<Value = Dialect> {
    let encodings = vec![Encoding::Utf8, Encoding::Utf8Bom, Encoding::Gb18030];
    let long = vec![LongDigits::Plain, LongDigits::Formula, LongDigits::Tab];
    (select(b",;\t|".to_vec()), select(encodings), select(long))
        .prop_map(|(delimiter, encoding, long_digits)| Dialect { delimiter, encoding, guard: true, long_digits })
        .prop_filter("a delimiter that is no part of a character", Dialect::is_possible)
}

fn shapes() -> impl Strategy<Value = Shape> {
    let nulls = select(vec![Nulls::None, Nulls::Blank, Nulls::Map, Nulls::Flag]);
    let counted = (0usize..3).prop_map(Shape::Counted);
    prop_oneof![4 => nulls.prop_map(Shape::Flat), 1 => Just(Shape::Group), 2 => Just(Shape::Array), 2 => counted]
}

/// A page, and fields of any kind in it.
fn records() -> impl Strategy<Value = (Page, Vec<Form>)> {
    select(Page::ALL).prop_flat_map(|page| {
        let field = (0..every(page).len()).prop_flat_map(move |kind| every(page).swap_remove(kind));
        (Just(page), vec(field, 1..6))
    })
}

/// Only what is called by one of these names, and what it stands in.
fn only(value: Value, names: &[String]) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.into_iter().filter(|(key, _)| key == "G" || names.contains(key));
            Value::Object(kept.map(|(key, value)| (key, only(value, names))).collect())
        }
        Value::Array(all) => Value::Array(all.into_iter().map(|value| only(value, names)).collect()),
        other => other,
    }
}

#[test]
fn every_kind_in_every_page_comes_back() {
    let mut runner = TestRunner::deterministic();
    for &page in Page::ALL {
        for (kind, forms) in every(page).iter().enumerate() {
            for round in 0..4 {
                let form = forms.new_tree(&mut runner).unwrap().current();
                let shape = if round % 2 == 0 { Shape::Flat(Nulls::None) } else { Shape::Array };
                let proven = Record::new(page, std::slice::from_ref(&form), shape, &[false]).prove(Dialect::default());
                proven.unwrap_or_else(|e| panic!("page {}, kind {kind}: {e}: {form:?}", page.name()));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn records_come_back_by_every_way(
        (page, forms) in records(),
        shape in shapes(),
        missing in vec(any::<bool>(), 5),
        dialect in dialects(),
    ) {
        Record::new(page, &forms, shape, &missing).prove(dialect)?;
    }

    #[test]
    fn what_is_selected_is_what_the_whole_record_shows(
        (page, forms) in records(),
        shape in shapes(),
        missing in vec(any::<bool>(), 5),
        chosen in vec(any::<bool>(), 5),
    ) {
        let record = Record::new(page, &forms, shape, &missing);
        let bytes = record.encode(&record.row)?;
        let mut names: Vec<String> = (0..forms.len()).filter(|n| chosen[*n]).map(|n| format!("F{n}")).collect();
        if names.is_empty() {
            names.push("F0".to_owned());
        }
        let projection = record.format.project(&names, &[]).map_err(TestCaseError::fail)?;
        let style = Style { hidden: projection.hidden[0].clone(), ..Style::default() };
        let part = Record::shown(&projection.format, &style, &bytes);
        let whole = Record::shown(&record.format, &Style::default(), &bytes);
        prop_assert_eq!(part, only(whole, &names));
    }

    #[test]
    fn a_field_alone_is_as_in_the_whole_record(
        (page, forms) in records(),
        chosen in vec(any::<bool>(), 5),
    ) {
        let first = Record::new(page, &forms, Shape::Flat(Nulls::None), &[false; 5]);
        let turned = |form: &Form| Form { values: [form.values[1].clone(), form.values[0].clone()], ..form.clone() };
        let turned = forms.iter().enumerate().map(|(n, form)| if chosen[n] { turned(form) } else { form.clone() });
        let second = Record::new(page, &turned.collect::<Vec<_>>(), Shape::Flat(Nulls::None), &[false; 5]);
        let format = &first.format.records[0];
        prop_assert!(format.has_places());
        let (mut bytes, wanted) = (first.encode(&first.row)?, second.encode(&second.row)?);
        let (mut scratch, mut some, mut whole) = (Scratch::default(), Row::default(), Row::default());
        let fields: Vec<usize> = (0..forms.len()).filter(|n| chosen[*n]).collect();
        for field in &fields {
            let written = format.rewrite(*field, &second.row, &mut bytes, &mut scratch);
            written.map_err(|fault| TestCaseError::fail(fault.to_string()))?;
            prop_assert_eq!(scratch.repairs(), &[]);
        }
        prop_assert_eq!(&bytes, &wanted);
        format.decode(&bytes, &mut whole);
        format.decode_some(&fields, &bytes, &mut some);
        for (field, chosen) in chosen.iter().enumerate().take(forms.len()) {
            let value =
                |row: &Row| (row.str(field).map(str::to_owned), row.decimal(field), row.cells[field] == Cell::Absent);
            prop_assert_eq!(value(&some), if *chosen { value(&whole) } else { (None, None, true) });
        }
    }
}
