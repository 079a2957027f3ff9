//! Columns: types, nulls, structs and lists, read back by the arrow crates' own readers.
#![cfg(feature = "columnar")]
#![allow(clippy::unwrap_used, reason = "a helper of tests may fail as they do")]

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Decimal128Type, Decimal256Type, Float64Type, Int32Type, Time32MillisecondType};
use arrow_array::types::{TimestampMicrosecondType, TimestampNanosecondType};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Schema};
use bytes::Bytes;
use fpp_codecs::Code;
use fpp_codecs::columnar::{ColumnFile, ColumnForm, Options, Rows, Table};
use fpp_codecs::date::{NoDates, Sentinel};
use fpp_codecs::format::{Format, RecordFormat, Role, Selector};
use fpp_codecs::framing::Framing;
use fpp_codecs::layout::build::{Counter, Part, build};
use fpp_codecs::layout::{DateForm, Dirty, Field, Kind, Rules, TimeForm};
use fpp_codecs::record::{Nulls, Row};
use fpp_codecs::text::Page;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;

fn field(name: &str, kind: Kind, bytes: usize) -> Part {
    Part::Field(Box::new(Field { page: kind.has_page().then_some(Page::Utf8), ..Field::new(name.into(), kind, bytes) }))
}

fn format() -> Format {
    let number = |digits, decimals| Kind::Number { digits, decimals, signed: false };
    let item = vec![field("SKU", Kind::Char, 2), field("PRICE", number(3, 2), 3)];
    let depending = Some(Counter { field: "COUNT".into(), least: 0, map: Vec::new() });
    let parts = vec![
        field("DAY", Kind::Date(DateForm::ISO), 10),
        field("AT", Kind::Timestamp { fraction: 6 }, 26),
        field("TIME", Kind::Time(TimeForm::ISO), 8),
        field("SIZE", Kind::Binary { digits: 9, decimals: 0 }, 4),
        field("BITS", Kind::Hex, 2),
        field("COUNT", number(1, 0), 1),
        Part::Array { part: Box::new(Part::Group { name: "ITEM".into(), parts: item }), count: 3, depending },
    ];
    let layout = build("R".into(), String::new(), parts).unwrap();
    Format {
        name: "F".into(),
        text: String::new(),
        framing: Framing::Fixed { length: layout.length },
        page: Page::Utf8,
        records: vec![RecordFormat::new(layout, Role::Detail, Selector::default(), Nulls::None, Page::Utf8)],
        controls: None,
        order: None,
        version: "7".into(),
        nulls: Nulls::None,
        sources: Vec::new(),
    }
}

fn record(time: &str, items: &[&str]) -> Vec<u8> {
    let mut record = format!("2025-06-202025-06-20-10.11.12.000042{time}").into_bytes();
    record.extend([0xFF, 0xFF, 0xFF, 0xFE, 0xC1, 0x00]);
    record.extend(items.len().to_string().bytes());
    items.iter().for_each(|item| record.extend(item.bytes()));
    record
}

fn file(form: ColumnForm) -> Vec<u8> {
    let format = format();
    let table = Table::new(&format, 0, Options::default()).unwrap();
    let (mut rows, mut row, mut out) = (Rows::new(&table), Row::default(), Vec::new());
    for bytes in [record("23.59.59", &["AA123", "BB456"]), record("24.00.00", &[]), record("00.00.01", &[])] {
        format.records[0].decode(&bytes, &mut row);
        assert_eq!(row.faults, []);
        let pushed = rows.push(&format.records[0], &row);
        assert_eq!(pushed.is_err(), bytes.windows(8).any(|eight| eight == b"24.00.00"), "{pushed:?}");
    }
    let mut file = ColumnFile::new(&table, form).unwrap();
    file.write(&rows.take().unwrap().unwrap(), &mut out).unwrap();
    assert!(rows.take().unwrap().is_none());
    file.finish(&mut out).unwrap();
    out
}

fn about(schema: &Schema) {
    assert_eq!(schema.metadata().get("fpp.layout").map(String::as_str), Some("R"));
    assert_eq!(schema.metadata().get("fpp.version").map(String::as_str), Some("7"));
    assert_eq!(schema.metadata().get("fpp.pages").map(String::as_str), Some(Page::Utf8.name()));
}

fn check(batch: &RecordBatch) {
    assert_eq!(batch.num_rows(), 2);
    let schema = batch.schema();
    assert!(!schema.field_with_name("DAY").unwrap().is_nullable());
    assert_eq!(batch["DAY"].as_primitive::<Date32Type>().value(0), 20_259);
    let micros = batch["AT"].as_primitive::<TimestampMicrosecondType>().value(0);
    assert_eq!(micros, (20_259 * 86_400 + 10 * 3_600 + 11 * 60 + 12) * 1_000_000 + 42);
    assert_eq!(batch["SIZE"].as_primitive::<Int32Type>().value(1), -2);
    assert_eq!(batch["BITS"].as_binary::<i32>().value(0), [0xC1, 0x00]);
    assert_eq!(batch["TIME"].as_primitive::<Time32MillisecondType>().values(), &[86_399_000, 1_000]);
    let items = batch["ITEM"].as_list::<i32>();
    assert_eq!((items.value_length(0), items.value_length(1)), (2, 0));
    let first = items.value(0);
    let prices = &first.as_struct()["PRICE"];
    assert_eq!(prices.data_type(), &DataType::Decimal128(3, 2));
    assert_eq!(prices.as_primitive::<Decimal128Type>().values(), &[123, 456]);
    assert_eq!(first.as_struct()["SKU"].as_string::<i32>().value(1), "BB");
}

fn parquet(bytes: Vec<u8>) -> ParquetRecordBatchReaderBuilder<Bytes> {
    ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).unwrap()
}

#[test]
fn parquet_reads_back_typed() {
    let builder = parquet(file(ColumnForm::Parquet));
    about(builder.schema());
    let batches: Vec<RecordBatch> = builder.build().unwrap().map(|batch| batch.unwrap()).collect();
    check(&batches[0]);
}

#[test]
fn arrow_reads_back_typed() {
    let bytes = file(ColumnForm::ArrowFile);
    let mut reader = arrow_ipc::reader::FileReader::try_new(std::io::Cursor::new(bytes), None).unwrap();
    about(&reader.schema());
    check(&reader.next().unwrap().unwrap());
    let bytes = file(ColumnForm::ArrowStream);
    let mut reader = arrow_ipc::reader::StreamReader::try_new(&bytes[..], None).unwrap();
    about(&reader.schema());
    check(&reader.next().unwrap().unwrap());
}

/// A format of flat records.
fn flat(fields: Vec<Field>) -> Format {
    let parts = fields.into_iter().map(|field| Part::Field(Box::new(field))).collect();
    let layout = build("R".into(), String::new(), parts).unwrap();
    let framing = Framing::Fixed { length: layout.length };
    let record = RecordFormat::new(layout, Role::Detail, Selector::default(), Nulls::None, Page::Cp37);
    Format { records: vec![record], page: Page::Cp37, framing, ..format() }
}

/// The records as Parquet and read back; the faults of those that have any.
fn through(format: &Format, options: Options<'_>, records: &[&[u8]]) -> (RecordBatch, Vec<(usize, Code)>) {
    let table = Table::new(format, 0, options).unwrap();
    let (mut rows, mut row, mut out, mut faults) = (Rows::new(&table), Row::default(), Vec::new(), Vec::new());
    for bytes in records {
        format.records[0].decode(bytes, &mut row);
        assert_eq!(row.faults, []);
        faults.extend(rows.push(&format.records[0], &row).err().map(|fault| (fault.field, fault.code)));
    }
    let mut file = ColumnFile::new(&table, ColumnForm::Parquet).unwrap();
    if let Some(chunk) = rows.take().unwrap() {
        file.write(&chunk, &mut out).unwrap();
    }
    file.finish(&mut out).unwrap();
    let builder = parquet(out);
    let schema = builder.schema().clone();
    let batch = builder.build().unwrap().next();
    (batch.map_or_else(|| RecordBatch::new_empty(schema), Result::unwrap), faults)
}

/// One value of a field.
fn one(kind: Kind, rules: Rules, bytes: &[u8]) -> (RecordBatch, Vec<(usize, Code)>) {
    let page = kind.has_page().then_some(Page::Cp37);
    let field = Field { page, rules, ..Field::new("F".into(), kind, bytes.len()) };
    through(&flat(vec![field]), Options::default(), &[bytes])
}

#[test]
fn numbers_have_the_type_of_their_field() {
    let kind = Kind::Packed { digits: 63, decimals: 3 };
    let mut bytes = vec![0x99; 32];
    bytes[31] = 0x9D;
    let (batch, _) = one(kind, Rules::PLAIN, &bytes);
    assert_eq!(batch["F"].data_type(), &DataType::Decimal256(63, 3));
    assert_eq!(batch["F"].as_primitive::<Decimal256Type>().value(0).to_string(), format!("-{}", "9".repeat(63)));
    let (batch, _) = one(Kind::Packed { digits: 3, decimals: 2 }, Rules::PLAIN, &[0x12, 0x3D]);
    assert_eq!(batch["F"].as_primitive::<Decimal128Type>().value(0), -123);
    // A long hexadecimal float has more digits than a double; a short one has not.
    let hexadecimal = || Rules { hex_float: true, ..Rules::PLAIN };
    let (batch, _) = one(Kind::Float { double: true }, hexadecimal(), &[0x41, 0x10, 0, 0, 0, 0, 0, 1]);
    assert!(batch["F"].as_string::<i32>().value(0).starts_with("1.00000000000000"), "{batch:?}");
    let (batch, _) = one(Kind::Float { double: false }, hexadecimal(), &[0xC1, 0x18, 0, 0]);
    assert_eq!(batch["F"].as_primitive::<Float64Type>().value(0), -1.5);
    // 8 bytes without sign hold more than any signed integer.
    let unsigned = Rules { unsigned: true, native: true, ..Rules::PLAIN };
    let (batch, _) = one(Kind::Binary { digits: 18, decimals: 0 }, unsigned, &[0xFF; 8]);
    assert_eq!(batch["F"].as_primitive::<Decimal128Type>().value(0), i128::from(u64::MAX));
    let (batch, _) = one(Kind::DecFloat { digits: 16 }, Rules::PLAIN, &[0x22, 0x38, 0, 0, 0, 0, 0, 1]);
    assert_eq!(batch["F"].as_string::<i32>().value(0), "1");
}

#[test]
fn a_null_stands_where_the_rules_allow_one_and_a_column_that_has_none_says_so() {
    let number = Kind::Zoned { digits: 2, decimals: 0 };
    let (batch, _) = one(number, Rules::PLAIN, &[0xF1, 0xF2]);
    assert!(!batch.schema().field(0).is_nullable());
    let (batch, _) = one(number, Rules { dirty: Dirty::Null, ..Rules::PLAIN }, &[0x00, 0x01]);
    assert!(batch.schema().field(0).is_nullable() && batch["F"].is_null(0));
    let rules = Rules { no_date: NoDates::STRICT.null(Sentinel::Blanks), ..Rules::PLAIN };
    let (batch, _) = one(Kind::Date(DateForm::ISO), rules, &[0x40; 10]);
    assert!(batch["F"].is_null(0));
}

#[test]
fn what_a_column_cannot_hold_is_a_fault_of_its_field() {
    let (batch, faults) =
        one(Kind::Zoned { digits: 2, decimals: 0 }, Rules { dirty: Dirty::Keep, ..Rules::PLAIN }, &[0, 1]);
    assert_eq!((batch.num_rows(), &faults[..]), (0, &[(0, Code::RANGE)][..]));
    let moment = |text: &str| {
        let bytes: Vec<u8> = text
            .bytes()
            .map(|c| {
                if c == b'-' {
                    0x60
                } else if c == b'.' {
                    0x4B
                } else {
                    c + 0xC0
                }
            })
            .collect();
        one(Kind::Timestamp { fraction: 9 }, Rules::PLAIN, &bytes)
    };
    let (batch, _) = moment("1970-01-02-00.00.01.000000002");
    assert_eq!(batch["F"].as_primitive::<TimestampNanosecondType>().value(0), 86_401_000_000_002);
    let (_, faults) = moment("0001-01-01-00.00.00.000000000");
    assert_eq!(faults, [(0, Code::RANGE)]);
}

#[test]
fn masked_columns_show_nothing_and_hidden_ones_are_not_there() {
    let text = |name: &str| Field { page: Some(Page::Cp37), ..Field::new(name.into(), Kind::Char, 1) };
    let format = flat(vec![text("A"), text("B"), text("C"), text("C")]);
    let options =
        Options { fillers: false, hidden: &[true, false, false, false], masked: &[false, true, false, false] };
    let (batch, _) = through(&format, options, &[&[0xC1, 0xC2, 0xC3, 0xC4]]);
    let schema = batch.schema();
    assert_eq!(schema.fields().iter().map(|f| f.name().as_str()).collect::<Vec<_>>(), ["B", "C", "C2"]);
    assert_eq!(batch["B"].as_string::<i32>().value(0), "***");
    assert_eq!(batch["C2"].as_string::<i32>().value(0), "D");
    assert!(Table::new(&format, 0, Options { hidden: &[true; 4], ..Options::default() }).is_none());
}

#[test]
fn row_groups_are_bounded() {
    let format = flat(vec![Field::new("F".into(), Kind::Hex, 4_096)]);
    let table = Table::new(&format, 0, Options::default()).unwrap();
    let (mut rows, mut row) = (Rows::new(&table), Row::default());
    let mut file = ColumnFile::new(&table, ColumnForm::Parquet).unwrap();
    let (mut out, mut waiting, mut seed) = (Vec::new(), 0usize, 1u64);
    for _ in 0..32 {
        for _ in 0..256 {
            let bytes: Vec<u8> = (0..4_096)
                .map(|_| {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    (seed >> 56) as u8
                })
                .collect();
            format.records[0].decode(&bytes, &mut row);
            rows.push(&format.records[0], &row).unwrap();
        }
        let before = out.len();
        file.write(&rows.take().unwrap().unwrap(), &mut out).unwrap();
        // What does not compress comes out as fast as it goes in, but for one row group.
        waiting = (waiting + 256 * 4_096).saturating_sub(out.len() - before);
        assert!(waiting < 12 << 20, "{waiting}");
    }
    file.finish(&mut out).unwrap();
    let builder = parquet(out);
    assert!(builder.metadata().num_row_groups() >= 3, "{}", builder.metadata().num_row_groups());
    assert_eq!(builder.metadata().file_metadata().num_rows(), 8_192);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any packed number, of any scale, is the same number in its column.
    #[test]
    fn decimals_are_exact(digits in 1u8..=63, decimals in 0u8..=63, seed in any::<[u8; 32]>(), minus in any::<bool>()) {
        let decimals = decimals.min(digits);
        let text: Vec<u8> = seed.iter().flat_map(|byte| [byte / 16 % 10, byte % 16 % 10]).take(digits.into()).collect();
        let mut nibbles = if digits % 2 == 0 { vec![0] } else { Vec::new() };
        nibbles.extend(&text);
        nibbles.push(if minus { 0xD } else { 0xF });
        let bytes: Vec<u8> = nibbles.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
        let (batch, faults) = one(Kind::Packed { digits, decimals }, Rules::PLAIN, &bytes);
        prop_assert_eq!(faults, []);
        let whole: String = text.iter().map(|digit| char::from(b'0' + digit)).collect();
        let whole = whole.trim_start_matches('0');
        let expected = match whole {
            "" => "0".to_owned(),
            _ => format!("{}{whole}", if minus { "-" } else { "" }),
        };
        let found = match batch["F"].data_type() {
            DataType::Decimal128(precision, scale) => {
                prop_assert_eq!((*precision, *scale), (digits, decimals as i8));
                batch["F"].as_primitive::<Decimal128Type>().value(0).to_string()
            }
            _ => batch["F"].as_primitive::<Decimal256Type>().value(0).to_string(),
        };
        prop_assert_eq!(found, expected);
    }
}
