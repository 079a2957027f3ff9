//! Tables and other forms of output: CSV there and back, projection, styles of JSON lines.

#![allow(clippy::unwrap_used, reason = "a helper of tests may fail as they do")]

mod parts_support;

use fpp_codecs::csv::{Columns, CsvCell, Dialect, Encoding, Header, Lines, LongDigits, ReadError, Writer};
use fpp_codecs::format::{Format, RecordFormat, Role, Selector};
use fpp_codecs::framing::Framing;
use fpp_codecs::json::{self, Style};
use fpp_codecs::layout::build::{Chooser, Part, build};
use fpp_codecs::layout::{Dirty, Field, Kind, Rules};
use fpp_codecs::record::{Cell, Nulls, Row};
use fpp_codecs::text::Page;
use parts_support::{array, group, number, text};
use proptest::prelude::*;

fn record(name: &str, select: &str, parts: Vec<Part>) -> RecordFormat {
    let layout = build(name.into(), String::new(), parts).unwrap();
    let selector = Selector { at: 0, bytes: select.into(), condition: None };
    RecordFormat::new(layout, Role::Detail, selector, Nulls::None, Page::Utf8)
}

fn format(records: Vec<RecordFormat>) -> Format {
    Format {
        name: "F".into(),
        text: String::new(),
        framing: Framing::Fixed { length: 1 },
        page: Page::Utf8,
        records,
        controls: None,
        order: None,
        version: String::new(),
        nulls: Nulls::None,
        sources: Vec::new(),
    }
}

/// A header and details with everything that moves.
fn orders() -> Format {
    let choice = Chooser { field: "KIND".into(), cases: vec![("P".into(), "PERSON".into())], otherwise: None };
    let person = group("PERSON", vec![text("FIRST", 2), text("LAST", 2)]);
    let firm = group("FIRM", vec![text("NAME", 4)]);
    let detail = vec![
        text("TYPE", 1),
        number("COUNT", 1, 0),
        array(group("ITEM", vec![text("SKU", 2), text("FILLER", 1), number("PRICE", 3, 2)]), 3, Some("COUNT")),
        text("KIND", 1),
        Part::Redefines { alternatives: vec![person, firm], choice: Some(choice) },
        text("TAIL", 3),
    ];
    format(vec![record("HEAD", "H", vec![text("TYPE", 1), text("NOTE", 6)]), record("ORDER", "D", detail)])
}

fn table(format: &Format, dialect: Dialect, records: &[&str]) -> Vec<u8> {
    let all: Vec<usize> = (0..format.records.len()).collect();
    let mut writer = Writer::new(Columns::new(format, &all, false, &[]), dialect);
    let (mut row, mut out) = (Row::default(), Vec::new());
    writer.header(&mut out).unwrap();
    for bytes in records {
        let index = format.select(bytes.as_bytes()).unwrap();
        format.records[index].decode(bytes.as_bytes(), &mut row);
        assert_eq!(row.faults, [], "{bytes}");
        writer.row(format, index, &row, &[], &mut out).unwrap();
    }
    out
}

/// Records of a table.
fn back(format: &Format, dialect: Dialect, table: &[u8]) -> Vec<String> {
    let (mut lines, mut cells, mut row) = (Lines::new(table, dialect), Vec::new(), Row::default());
    assert!(lines.next(&mut cells).unwrap());
    let header = Header::new(format, &cells, None).unwrap();
    let mut records = Vec::new();
    while lines.next(&mut cells).unwrap() {
        let index = header.fill(format, &dialect, &cells, &mut row).unwrap();
        let mut bytes = Vec::new();
        format.records[index].encode(&row, &mut bytes).unwrap();
        records.push(String::from_utf8(bytes).unwrap());
    }
    records
}

const RECORDS: [&str; 4] = ["Ha,\"b\" ", "D2AA 123BB 456PJoDoEND", "D0PJo  x  ", "D1CC 001PAbCd   "];

#[test]
fn several_record_formats_share_a_table_and_come_back() {
    let format = orders();
    let out = table(&format, Dialect::default(), &RECORDS);
    let shown = String::from_utf8(out.clone()).unwrap();
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(
        lines[0],
        "type,TYPE,NOTE,COUNT,SKU(1),PRICE(1),SKU(2),PRICE(2),SKU(3),PRICE(3),KIND,FIRST,LAST,NAME,TAIL"
    );
    assert_eq!(lines[1], "HEAD,H,\"a,\"\"b\"\"\",,,,,,,,,,,,");
    assert_eq!(lines[2], "ORDER,D,,2,AA,1.23,BB,4.56,,,P,Jo,Do,,END");
    assert_eq!(lines[3], "ORDER,D,,0,,,,,,,P,Jo,\"\",,x");
    assert!(shown.ends_with("\r\n"));
    assert_eq!(back(&format, Dialect::default(), &out), RECORDS);
    let bom = Dialect { encoding: Encoding::Utf8Bom, delimiter: b';', ..Dialect::default() };
    let out = table(&format, bom, &RECORDS);
    assert!(out.starts_with(b"\xEF\xBB\xBFtype;TYPE;"));
    assert_eq!(back(&format, bom, &out), RECORDS);
    // What a spreadsheet makes of it: no quotes around empty cells, LF.
    let dropped = shown.replace(",\"\",", ",,").replace("\r\n", "\n");
    assert_eq!(back(&format, Dialect::default(), dropped.as_bytes()), RECORDS);
}

#[test]
fn gb18030_is_written_read_and_refused_by_field() {
    let format = format(vec![record("R", "", vec![text("A", 6), text("B", 4)])]);
    let dialect = Dialect { encoding: Encoding::Gb18030, ..Dialect::default() };
    let out = table(&format, dialect, &["金,1 =a  ", "镕   𠮷"]);
    assert!(out.starts_with(b"A,B\r\n\"\xBD\xF0,1\",'=a\r\n"), "{out:02X?}");
    assert_eq!(back(&format, dialect, &out), ["金,1 =a  ", "镕   𠮷"]);
    let (mut row, mut out) = (Row::default(), b"before".to_vec());
    format.records[0].decode("a     \u{E7C7} ".as_bytes(), &mut row);
    if row.faults.is_empty() {
        let mut writer = Writer::new(Columns::new(&format, &[0], false, &[]), dialect);
        let fault = writer.row(&format, 0, &row, &[], &mut out).unwrap_err();
        assert_eq!((fault.field, fault.offset, &out[..]), (1, 6, &b"before"[..]));
    }
}

#[test]
fn floats_of_every_form_come_back_from_a_table() {
    let float = |name: &str, double, hex_float| {
        let field = Field::new(name.into(), Kind::Float { double }, if double { 8 } else { 4 });
        let rules = Rules { hex_float, ..Rules::PLAIN };
        Part::Field(Box::new(Field { rules, page: Some(Page::Utf8), ..field }))
    };
    let parts =
        vec![float("S", false, false), float("D", true, false), float("HS", false, true), float("HD", true, true)];
    let format = format(vec![record("R", "", parts)]);
    for hex in
        ["42B80000 BFB999999999999A 4276A000 C276A00000000001", "00000001 7FEFFFFFFFFFFFFF FFFFFFFF 7FFFFFFFFFFFFFFF"]
    {
        let hex = hex.replace(' ', "");
        let bytes: Vec<u8> = (0..24).map(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).unwrap()).collect();
        let (mut row, mut out, mut again) = (Row::default(), Vec::new(), Vec::new());
        format.records[0].decode(&bytes, &mut row);
        let mut writer = Writer::new(Columns::new(&format, &[0], false, &[]), Dialect::default());
        writer.header(&mut out).unwrap();
        writer.row(&format, 0, &row, &[], &mut out).unwrap();
        let (mut lines, mut cells) = (Lines::new(&out[..], Dialect::default()), Vec::new());
        assert!(lines.next(&mut cells).unwrap());
        let header = Header::new(&format, &cells, None).unwrap();
        assert!(lines.next(&mut cells).unwrap());
        header.fill(&format, &Dialect::default(), &cells, &mut row).unwrap();
        format.records[0].encode(&row, &mut again).unwrap();
        assert_eq!(again, bytes, "{}", String::from_utf8_lossy(&out));
    }
}

/// Found by fuzzing: the line of a null alone is empty, and was passed over.
#[test]
fn a_table_of_one_column_keeps_its_nulls() {
    let field = Field { nullable: true, page: Some(Page::Utf8), ..Field::new("A".into(), Kind::Char, 2) };
    let layout = build("R".into(), String::new(), vec![Part::Field(Box::new(field))]).unwrap();
    let record = RecordFormat::new(layout, Role::Detail, Selector::default(), Nulls::Flag, Page::Utf8);
    let format = format(vec![record]);
    let records = ["ab ", "  1", "   ", "cd "];
    let out = table(&format, Dialect::default(), &records);
    assert_eq!(String::from_utf8_lossy(&out), "A\r\nab\r\n\r\n\"\"\r\ncd\r\n");
    assert_eq!(back(&format, Dialect::default(), &out), records);
}

/// Found by fuzzing: a field of varying length that has no bytes came back as a null.
#[test]
fn no_bytes_are_not_nothing() {
    let field = Field { varlen: true, ..Field::new("H".into(), Kind::Hex, 4) };
    let layout = build("R".into(), String::new(), vec![Part::Field(Box::new(field))]).unwrap();
    let record = RecordFormat::new(layout, Role::Detail, Selector::default(), Nulls::None, Page::Utf8);
    let format = format(vec![record]);
    let records = ["\u{0}\u{0}\u{0}\u{0}", "\u{0}\u{2}ab"];
    let out = table(&format, Dialect::default(), &records);
    assert_eq!(String::from_utf8_lossy(&out), "H\r\n\"\"\r\n6162\r\n");
    assert_eq!(back(&format, Dialect::default(), &out), records);
    // A spreadsheet drops the quotes.
    assert_eq!(back(&format, Dialect::default(), b"H\r\n\r\n6162\r\n"), records);
}

/// Found by fuzzing: the byte 62, kept, came back as the number 62.
#[test]
fn bytes_that_are_kept_are_no_number() {
    let kind = Kind::Zoned { digits: 1, decimals: 0 };
    let rules = Rules { dirty: Dirty::Keep, ..Rules::default() };
    let field = Field { rules, ..Field::new("N".into(), kind, 1) };
    let layout = build("R".into(), String::new(), vec![Part::Field(Box::new(field))]).unwrap();
    let record = RecordFormat::new(layout, Role::Detail, Selector::default(), Nulls::None, Page::Utf8);
    let format = format(vec![record]);
    let records = ["b", "\u{0}", " "];
    let out = table(&format, Dialect::default(), &records);
    assert_eq!(String::from_utf8_lossy(&out), "N\r\nraw:62\r\nraw:00\r\nraw:20\r\n");
    assert_eq!(back(&format, Dialect::default(), &out), records);
}

#[test]
fn a_spreadsheet_keeps_what_it_is_shown() {
    let parts = vec![text("ACCOUNT", 18), text("CODE", 3), number("BIG", 17, 2), number("SMALL", 2, 0)];
    let format = format(vec![record("R", "", parts)]);
    for (long_digits, expected) in [
        (LongDigits::Plain, "622848000123456789,007,712345678901234.56,71"),
        (LongDigits::Formula, "\"=\"\"622848000123456789\"\"\",\"=\"\"007\"\"\",\"=\"\"712345678901234.56\"\"\",71"),
        (LongDigits::Tab, "\"\t622848000123456789\",\"\t007\",\"\t712345678901234.56\",71"),
    ] {
        let record = "622848000123456789007".to_owned() + "71234567890123456" + "71";
        let dialect = Dialect { long_digits, ..Dialect::default() };
        let out = table(&format, dialect, &[&record]);
        assert_eq!(std::str::from_utf8(&out).unwrap().lines().nth(1), Some(expected));
        assert_eq!(back(&format, dialect, &out), [record]);
    }
}

/// Dates, floats and truth values that are text in the record.
#[test]
fn text_that_a_spreadsheet_would_convert_stays_text() {
    let format = format(vec![record("R", "", vec![text("CODE", 6)])]);
    for value in ["3-4   ", "1/2   ", "12E3  ", "1E5   ", "TRUE  ", "1.50  ", "5 MAR "] {
        let shown = value.trim_end();
        for (long_digits, expected) in [
            (LongDigits::Plain, shown.to_owned()),
            (LongDigits::Formula, format!("\"=\"\"{shown}\"\"\"")),
            (LongDigits::Tab, format!("\"\t{shown}\"")),
        ] {
            let dialect = Dialect { long_digits, ..Dialect::default() };
            let out = table(&format, dialect, &[value]);
            assert_eq!(std::str::from_utf8(&out).unwrap().lines().nth(1), Some(expected.as_str()));
            assert_eq!(back(&format, dialect, &out), [value]);
        }
    }
}

/// A spreadsheet shall know a date for one, and text that looks like it for text.
#[test]
fn fields_of_dates_and_times_stay_those_of_the_spreadsheet() {
    let text = "name = \"F\"\nccsid = \"utf-8\"\nversion = \"1\"\nframing = \"fixed\"\nlength = 62\n[[record]]\n\
                name = \"R\"\nrole = \"detail\"\nfield = [{ name = \"D\", type = \"date\" }, { name = \"T\", type = \"time\" },\n\
                { name = \"S\", type = \"timestamp\" }, { name = \"N\", type = \"number\", digits = 8, moment = \"yyyymmdd\" },\n\
                { name = \"C\", type = \"char\", length = 10 }]\n";
    let format = Format::parse("f.toml", text, &mut |_| Err(String::new()), None).unwrap().0;
    let record = "2025-06-2010.30.002025-06-20-10.30.00.000000202506202025-06-20";
    for (long_digits, shown) in
        [(LongDigits::Formula, "\"=\"\"2025-06-20\"\"\""), (LongDigits::Tab, "\"\t2025-06-20\"")]
    {
        let dialect = Dialect { long_digits, ..Dialect::default() };
        let out = table(&format, dialect, &[record]);
        let line = std::str::from_utf8(&out).unwrap().lines().nth(1).unwrap();
        assert_eq!(line, format!("2025-06-20,10:30:00,2025-06-20-10.30.00.000000,2025-06-20,{shown}"));
        assert_eq!(back(&format, dialect, &out), [record]);
    }
}

#[test]
fn what_is_no_csv_is_told_and_the_next_line_is_read() {
    let input = b"a,b\nx\"y,1\n\"x\"y,1\n\"x\n\ny\",2\n\n\xFF,1\n\"open,1\n";
    let (mut lines, mut cells) = (Lines::new(&input[..], Dialect::default()), Vec::new());
    let mut told = Vec::new();
    loop {
        match lines.next(&mut cells) {
            Ok(false) => break,
            Ok(true) => {
                told.push((lines.line(), cells.iter().map(|c: &CsvCell| c.text.as_str()).collect::<Vec<_>>().join("|")))
            }
            Err(ReadError::Malformed(what)) => told.push((lines.line(), what.to_owned())),
            Err(e) => panic!("{e}"),
        }
    }
    let lines: Vec<(u64, &str)> = told.iter().map(|(line, what)| (*line, what.as_str())).collect();
    let expected = [
        (1, "a|b"),
        (2, "a quote stands in a cell that does not begin with one"),
        (3, "something stands between a closing quote and the delimiter"),
        (4, "x\n\ny|2"),
        (8, "these bytes are no UTF-8"),
        (9, "a quote is not closed"),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_header_must_fit() {
    let format = orders();
    let cells = |names: &[&str]| -> Vec<CsvCell> {
        names.iter().map(|name| CsvCell { text: (*name).into(), quoted: false }).collect()
    };
    let told = |names: &[&str]| Header::new(&format, &cells(names), None).unwrap_err().to_string();
    assert!(told(&["TYPE"]).contains("needs a column `type`"));
    assert_eq!(told(&["type", "NOPE"]), "NOPE: no record format has such a field");
    assert_eq!(told(&["type", "TYPE", "TYPE"]), "TYPE: this column is there twice");
    let header = Header::new(&format, &cells(&["TYPE"]), Some(0)).unwrap();
    let fault = header.fill(&format, &Dialect::default(), &cells(&["H"]), &mut Row::default()).unwrap_err();
    assert_eq!(fault.to_string(), "NOTE: the column is missing");
}

fn line(format: &Format, style: &Style, bytes: &str) -> String {
    let (mut row, mut out) = (Row::default(), Vec::new());
    let index = format.select(bytes.as_bytes()).unwrap();
    format.records[index].decode(bytes.as_bytes(), &mut row);
    json::write_styled(&format.records[index], style, (1, 0), bytes.as_bytes(), &row, &mut out);
    let shown = String::from_utf8(out).unwrap();
    serde_json::from_str::<serde_json::Value>(&shown).unwrap();
    shown.trim_end().split_once("\"fields\":").unwrap().1.strip_suffix('}').unwrap().to_owned()
}

#[test]
fn styles_mask_show_bytes_where_they_are_and_write_numbers() {
    let format = orders();
    let fields = &format.records[1].layout.fields;
    let masked = fields.iter().map(|field| field.name.starts_with("SKU")).collect();
    let style = Style { numbers: true, raw: true, masked, ..Style::default() };
    assert_eq!(
        line(&format, &style, "D1AA 123PJoDoEND"),
        "{\"TYPE\":\"D\",\"COUNT\":1,\"ITEM\":[{\"SKU\":\"***\",\"PRICE\":1.23}],\"KIND\":\"P\",\"PERSON\":{\"FIRST\":\"Jo\",\
         \"LAST\":\"Do\"},\"TAIL\":\"END\"},\"raw\":{\"TYPE\":\"44\",\"COUNT\":\"31\",\"SKU(1)\":\"***\",\"PRICE(1)\":\"313233\",\
         \"KIND\":\"50\",\"FIRST\":\"4A6F\",\"LAST\":\"446F\",\"TAIL\":\"454E44\"}"
    );
}

#[test]
fn a_projection_shows_what_was_asked_for_as_the_whole_does() {
    let format = orders();
    let project = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        format.project(&names, &[]).unwrap()
    };
    let shown = |names: &[&str], bytes: &str| {
        let projection = project(names);
        let index = projection.format.select(bytes.as_bytes()).unwrap();
        let style = Style { hidden: projection.hidden[index].clone(), ..Style::default() };
        line(&projection.format, &style, bytes)
    };
    let record = "D2AA 123BB 456PJoDoEND";
    assert_eq!(shown(&["TAIL"], record), "{\"TAIL\":\"END\"}");
    assert_eq!(
        shown(&["price", "TAIL"], record),
        "{\"ITEM\":[{\"PRICE\":\"1.23\"},{\"PRICE\":\"4.56\"}],\"TAIL\":\"END\"}"
    );
    assert_eq!(shown(&["PERSON.LAST"], record), "{\"PERSON\":{\"LAST\":\"Do\"}}");
    assert_eq!(shown(&["NOTE"], "Habcdef"), "{\"NOTE\":\"abcdef\"}");
    assert_eq!(project(&["NOTE"]).wanted, [true, false]);
    assert_eq!(format.project(&["TYPE".into(), "NOPE".into()], &[]).unwrap_err(), "NOPE");
    // What is not wanted is not looked at.
    let projection = project(&["TYPE"]);
    let mut row = Row::default();
    projection.format.records[1].decode(b"D1AA 1x3PJoDoEND", &mut row);
    assert_eq!(row.faults.len(), 0, "{:?}", row.faults);
}

proptest! {
    #[test]
    fn any_text_comes_back_from_any_dialect(
        values in prop::collection::vec("[ -~\\t\\r\\n金=+@'\"]{0,12}", 1..4),
        delimiter in prop::sample::select(b",;\t|".to_vec()),
        encoding in prop::sample::select(vec![Encoding::Utf8, Encoding::Utf8Bom, Encoding::Gb18030]),
        long_digits in prop::sample::select(vec![LongDigits::Plain, LongDigits::Formula, LongDigits::Tab]),
    ) {
        let dialect = Dialect { delimiter, encoding, long_digits, guard: true };
        prop_assume!(dialect.is_possible());
        let parts = (0..values.len()).map(|n| text(&format!("F{n}"), 40)).collect();
        let format = format(vec![record("R", "", parts)]);
        let mut row = Row::default();
        values.iter().for_each(|value| row.push_text(value));
        let mut out = Vec::new();
        let mut writer = Writer::new(Columns::new(&format, &[0], false, &[]), dialect);
        writer.header(&mut out).unwrap();
        writer.row(&format, 0, &row, &[], &mut out).unwrap();
        let (mut lines, mut cells, mut read) = (Lines::new(&out[..], dialect), Vec::new(), Row::default());
        prop_assert!(lines.next(&mut cells).unwrap());
        let header = Header::new(&format, &cells, None).unwrap();
        prop_assert!(lines.next(&mut cells).unwrap());
        header.fill(&format, &dialect, &cells, &mut read).unwrap();
        for (index, value) in values.iter().enumerate() {
            prop_assert_eq!(read.str(index), Some(value.as_str()));
            prop_assert!(matches!(read.cells[index], Cell::Text(..)));
        }
        prop_assert!(!lines.next(&mut cells).unwrap());
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(prop::sample::select(b"a,\"\r\n\xEF\xBB\xBF\x81;".to_vec()), 0..60)) {
        let (mut lines, mut cells) = (Lines::new(&bytes[..], Dialect::default()), Vec::new());
        for _ in 0..100 {
            if matches!(lines.next(&mut cells), Ok(false)) {
                break;
            }
        }
    }
}
