//! Readings of the same bytes (REDEFINES) of which nothing chooses one: what of them may not be lost in silence, and that
//! what was read is written again.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail as tests do")]

mod hex_support;

use fpp_codecs::controls::Tally;
use fpp_codecs::csv::{Columns, Dialect, Header, Lines, Writer};
use fpp_codecs::format::{Asked, Format};
use fpp_codecs::json;
use fpp_codecs::record::Row;
use fpp_codecs::text::Page;
use hex_support::{bytes, hex};
use proptest::prelude::*;

const AMOUNT: &str = "01 R.\n 05 ID PIC 9(2).\n 05 AMT PIC S9(5) COMP-3.\n 05 AMT-X REDEFINES AMT PIC X(3).\n";
const LOST: &str = "a number or date that cannot be read: only another reading of its bytes is shown, as text or hex";
const BEHIND: &str = "bytes behind the counted end of the record are not shown";
const SUBSTITUTE: &str = "a substitute character (3F, U+001A): the original was lost before";

/// A copybook in free form, with what a format says of its fields.
fn with(copybook: &str, fields: &str, dialect: &str) -> (Format, Vec<String>) {
    let toml = format!(
        "name = \"R\"\nversion = \"1\"\nccsid = \"37\"\nframing = \"rdw\"\n[copybook]\ndialect = \"{dialect}\"\n\
         form = \"free\"\n[[record]]\nrole = \"detail\"\nlayout = \"r.cpy\"\n{fields}"
    );
    let mut read = |_: &str| Ok(copybook.to_owned());
    let (format, warnings) =
        Format::parse("r.toml", &toml, &mut read, None).unwrap_or_else(|faults| panic!("{faults:#?}"));
    (format, warnings.iter().map(ToString::to_string).collect())
}

fn plain(copybook: &str) -> Format {
    with(copybook, "", "z-os").0
}

/// Fields, faults and repairs of a record.
fn told(format: &Format, record: &str) -> (String, Vec<String>, Vec<String>) {
    let (mut row, mut line) = (Row::default(), Vec::new());
    let record = bytes(record);
    format.records[0].decode(&record, &mut row);
    json::write(&format.records[0], 1, 0, &row, &mut line);
    let line: serde_json::Value = serde_json::from_slice(&line).unwrap();
    let name = |field: usize| format.records[0].layout.fields.get(field).map_or("-", |field| &field.name);
    let faults = row.faults.iter().map(|fault| format!("{} {} {}", name(fault.field), fault.code, fault.offset));
    let repairs = row.repairs.iter().map(|repair| format!("{} {} {}", name(repair.field), repair.offset, repair.what));
    (line["fields"].to_string(), faults.collect(), repairs.collect())
}

#[test]
fn a_number_that_only_text_is_left_of_is_told() {
    let overlay = plain(AMOUNT);
    let shown = told(&overlay, "F0F1123451");
    assert_eq!((shown.0.contains("AMT-X"), shown.0.contains("\"AMT\"")), (true, false));
    assert_eq!((shown.1, shown.2), (vec![], vec![format!("AMT 4 {LOST}")]));
    assert_eq!(told(&overlay, "F0F112345C").2, Vec::<String>::new());
    // Another number is no text: which of the two holds is nothing that damage decides.
    let numbers = plain("01 R.\n 05 A PIC S9(5) COMP-3.\n 05 B REDEFINES A PIC 9(3).\n 05 C REDEFINES A PIC X(3).\n");
    assert_eq!(told(&numbers, "F1F2F3").2, Vec::<String>::new());
    assert_eq!(told(&numbers, "C1C2C3").2, [format!("A 0 {LOST}")]);
    // Within an array it is the occurrence that is meant.
    let array = plain("01 R.\n 05 T OCCURS 2.\n  10 A PIC S9(5) COMP-3.\n  10 X REDEFINES A PIC X(3).\n");
    assert_eq!(told(&array, "12345CC1C2C3").2, [format!("A(2) 3 {LOST}")]);
    // Readings that are all bad are told as before.
    let bad = plain("01 R.\n 05 A PIC S9(3) COMP-3.\n 05 B REDEFINES A PIC 9(2).\n");
    assert_eq!(told(&bad, "C1C2").1, ["A FPP2001 0"]);
}

#[test]
fn a_field_of_which_bad_values_are_refused_is_not_lost() {
    for (fields, faults, repairs) in [
        ("[record.fields.AMT]\ndirty = \"reject\"\n", 1, 0),
        ("", 0, 1),
        ("[record.fields.ID]\ndirty = \"reject\"\n", 0, 1),
    ] {
        let (format, warnings) = with(AMOUNT, fields, "z-os");
        let (_, found, mended) = told(&format, "F0F1123451");
        assert_eq!((found.len(), mended.len()), (faults, repairs), "{fields}: {found:?} {mended:?}");
        assert!(found.iter().all(|fault| fault.starts_with("AMT FPP2002 4")), "{found:?}");
        assert_eq!(told(&format, "F0F112345C").1, Vec::<String>::new());
        assert_eq!(warnings.iter().any(|told| told.contains("AMT are text, too (AMT-X)")), faults == 0, "{warnings:?}");
    }
    let chosen = "[record.fields.AMT]\nchoice = { field = \"ID\", cases = { 1 = \"AMT\" }, otherwise = \"AMT-X\" }\n";
    let (format, warnings) = with(AMOUNT, chosen, "z-os");
    assert_eq!(warnings, Vec::<String>::new());
    assert_eq!(told(&format, "F0F1123451").1.len(), 1);
    assert_eq!(told(&format, "F0F2123451").1.len(), 0);
}

#[test]
fn whoever_asks_for_a_lost_reading_is_told_its_fault() {
    let whole = plain(AMOUNT);
    let select = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        whole.project(&names, &[]).unwrap().format
    };
    for (names, faults, repairs) in
        [(&["AMT"][..], 1, 0), (&["AMT-X"], 0, 0), (&["ID"], 0, 0), (&["AMT", "AMT-X"], 0, 1), (&["R"], 0, 1)]
    {
        let Ok(projection) = std::panic::catch_unwind(|| select(names)) else { continue };
        let (shown, found, mended) = told(&projection, "F0F1123451");
        assert_eq!((found.len(), mended.len()), (faults, repairs), "{names:?}: {shown} {found:?} {mended:?}");
    }
    // A field of a reading that another field of it spoils.
    let group = "01 R.\n 05 G.\n  10 A PIC S9(3) COMP-3.\n  10 B PIC S9(3) COMP-3.\n 05 X REDEFINES G PIC X(4).\n";
    let asked = plain(group).project(&["A".to_owned()], &[]).unwrap().format;
    assert_eq!(told(&asked, "123C1234").1, ["A FPP2013 0"]);
    // A condition on it cannot be decided, and is about a fault where it is decoded.
    let mut asked = whole.clone();
    let filter = asked.filter("AMT > 0").unwrap();
    filter.insist(&mut asked);
    for (record, fits) in [("F0F1123451", None), ("F0F112345C", Some(true)), ("F0F112345D", Some(false))] {
        assert_eq!(filter.fits(&asked, 0, &bytes(record)), fits, "{record}");
        assert_eq!(told(&asked, record).1.is_empty(), fits.is_some(), "{record}");
    }
}

/// A total that passed over it would be the wrong one for a reason that nobody sees.
#[test]
fn a_total_runs_over_no_lost_number() {
    let toml = "name = \"R\"\nversion = \"1\"\nccsid = \"37\"\nframing = \"fixed\"\nlength = 5\n[copybook]\nform = \"free\"\n\
                [[record]]\nrole = \"detail\"\nlayout = \"r.cpy\"\nselect = { at = 1, equals = \"01\" }\n\
                [[record]]\nrole = \"trailer\"\nname = \"T\"\nselect = { at = 1, equals = \"99\" }\n\
                [[record.field]]\nname = \"ID\"\ntype = \"char\"\nlength = 2\n\
                [[record.field]]\nname = \"SUM\"\ntype = \"packed\"\ndigits = 5\n";
    for (controls, faults) in [
        ("", 0),
        ("[controls]\nsums = { trailer = \"SUM\", field = \"AMT\" }\n", 1),
        ("[controls]\nhash = { trailer = \"SUM\", field = \"AMT\", digits = 5 }\n", 1),
        ("[controls]\nsums = { trailer = \"SUM\", field = \"ID\", where = \"AMT > 0\" }\n", 0),
        ("[controls]\nsums = { trailer = \"SUM\", field = \"AMT\", where = \"ID == '02'\" }\n", 0),
        ("[controls]\nsums = { trailer = \"SUM\", field = \"ID\" }\n", 0),
    ] {
        let mut read = |_: &str| Ok(AMOUNT.to_owned());
        let parsed = Format::parse("r.toml", &format!("{toml}{controls}"), &mut read, None);
        let (format, _) = parsed.unwrap_or_else(|faults| panic!("{controls}: {faults:#?}"));
        let (_, found, mended) = told(&format, "F0F1123451");
        assert_eq!((found.len(), mended.len()), (faults, 1 - faults), "{controls}");
    }
}

/// What only some records have by their type is nothing that is lost in the others.
#[test]
fn a_total_of_some_records_asks_for_the_number_in_those_alone() {
    let toml = "name = \"R\"\nversion = \"1\"\nccsid = \"37\"\nframing = \"fixed\"\nlength = 4\n[copybook]\nform = \"free\"\n\
                [[record]]\nrole = \"detail\"\nlayout = \"d.cpy\"\nselect = \"TY != '9'\"\n\
                [[record]]\nrole = \"trailer\"\nname = \"T\"\nselect = { at = 1, equals = \"9\" }\n\
                [[record.field]]\nname = \"ID\"\ntype = \"char\"\nlength = 1\n\
                [[record.field]]\nname = \"SUM\"\ntype = \"packed\"\ndigits = 5\n[controls]\n";
    let copybook = "01 D.\n 05 TY PIC X.\n 05 AMT PIC S9(5) COMP-3.\n 05 TXT REDEFINES AMT PIC X(3).\n";
    for (control, damage, proven) in [
        ("sums = [{ trailer = \"SUM\", field = \"AMT\", where = { field = \"TY\", equals = \"P\" } }]", "C3", true),
        ("sums = [{ trailer = \"SUM\", field = \"AMT\", where = { field = \"TY\", equals = \"P\" } }]", "D7", false),
        ("hash = { trailer = \"SUM\", field = \"AMT\", digits = 5, where = \"TY == 'P'\" }", "C3", true),
        ("hash = { trailer = \"SUM\", field = \"AMT\", digits = 5, where = \"TY == 'P'\" }", "D7", false),
        ("sums = [{ trailer = \"SUM\", field = \"AMT\", where = \"TY == 'P' and AMT != 0\" }]", "C3", true),
        ("sums = [{ trailer = \"SUM\", field = \"AMT\", where = \"TY == 'P' and AMT > 0\" }]", "D7", false),
        ("counts = [{ trailer = \"SUM\", where = \"AMT == 12345\" }]", "C3", false),
        ("counts = [{ trailer = \"SUM\", where = \"TY == 'P' and not (AMT is null)\" }]", "D7", false),
    ] {
        let parsed = Format::parse("d.toml", &format!("{toml}{control}\n"), &mut |_| Ok(copybook.to_owned()), None);
        let (format, _) = parsed.unwrap_or_else(|faults| panic!("{control}: {faults:#?}"));
        let mut tally = Tally::new(format.controls.as_ref().unwrap());
        let mut row = Row::default();
        for record in ["D712345C".to_owned(), format!("{damage}C1C2C3")] {
            format.records[0].decode(&bytes(&record), &mut row);
            assert_eq!(row.faults, [], "{control}: {record}");
            tally.add(0, &row);
        }
        let promised = if control.starts_with("counts") { "F900001C" } else { "F912345C" };
        format.records[1].decode(&bytes(promised), &mut row);
        tally.promise(1, &row);
        let total = &tally.totals()[0];
        assert_eq!((total.agrees, total.unreadable), (proven, u64::from(!proven)), "{control}: {damage}");
    }
}

/// The default written out says nothing of a reading.
#[test]
fn what_is_said_of_all_fields_insists_on_no_reading() {
    let field = "[[field]]\nname = \"A\"\ntype = \"packed\"\ndigits = 5\n[[field]]\nname = \"X\"\ntype = \"char\"\nlength = 3\n\
                 redefines = \"A\"\n";
    let own = field.replace("digits = 5\n", "digits = 5\ndirty = \"reject\"\n");
    let defaults = "[defaults]\ndirty = \"reject\"\n";
    for (toml, faults) in [
        (format!("name = \"R\"\nccsid = \"37\"\n{field}"), 0),
        (format!("name = \"R\"\nccsid = \"37\"\n{defaults}{field}"), 0),
        (format!("name = \"R\"\nccsid = \"37\"\n{own}"), 1),
    ] {
        let parsed = Format::parse("r.toml", &toml, &mut |_| Err(String::new()), None);
        let (format, warnings) = parsed.unwrap_or_else(|faults| panic!("{toml}: {faults:#?}"));
        let (_, found, mended) = told(&format, "C1C2C3");
        assert_eq!((found.len(), mended.len(), warnings.len()), (faults, 1 - faults, 1 - faults), "{toml}");
    }
}

/// Every part and every byte is looked at a few times, however many there are: what took a step for each other one would
/// not end.
#[test]
fn many_parts_and_many_readings_take_no_longer_than_they_must() {
    let parts = plain("01 R.\n 05 T OCCURS 30000.\n  10 A PIC S9 COMP-3.\n  10 B REDEFINES A PIC X.\n");
    let record = vec![0x1F; 30_000];
    let (_, back) = there_and_back(&parts, &record);
    assert!(back.as_deref() == Ok(&record[..]));
    let names: String = (0..7999).map(|n| format!(" 05 X{n} REDEFINES A PIC X(8).\n")).collect();
    let readings = plain(&format!("01 R.\n 05 A PIC S9(18) COMP-5.\n{names}"));
    let mut row = Row::default();
    readings.records[0].decode(&[0x3F; 8], &mut row);
    assert_eq!((row.faults.len(), row.repairs.len()), (0, 0));
}

/// A number may have the byte that is a substitute character in text.
#[test]
fn a_good_number_has_no_substitute_characters() {
    let format = plain("01 R.\n 05 A PIC 9(3) COMP-3.\n 05 B REDEFINES A PIC X(2).\n 05 C PIC X(2).\n");
    assert_eq!(told(&format, "123FC1C2").2, Vec::<String>::new());
    assert_eq!(told(&format, "123FC13F").2, [format!("C 3 {SUBSTITUTE}")]);
    // Without the number it is one, and the number is lost besides.
    let told = told(&format, "C13FC1C2").2;
    assert_eq!(told, [format!("A 0 {LOST}"), format!("B 1 {SUBSTITUTE}")]);
}

/// The line of a record, and the record that the line encodes to.
fn there_and_back(format: &Format, record: &[u8]) -> (String, Result<Vec<u8>, String>) {
    let (mut row, mut line) = (Row::default(), Vec::new());
    let index = format.select(record).unwrap();
    format.records[index].decode(record, &mut row);
    assert_eq!(row.faults, [], "{}", hex(record));
    json::write(&format.records[index], 1, 0, &row, &mut line);
    let line = String::from_utf8(line).unwrap();
    let (mut given, mut out) = (Row::default(), Vec::new());
    json::read(format, line.trim_end(), &mut given).unwrap();
    let written = format.records[index].encode(&given, &mut out);
    (line, written.map(|_| out).map_err(|fault| format!("{} {}", fault.code, fault.detail)))
}

/// The same by way of a table.
fn through_a_table(format: &Format, record: &[u8]) -> Vec<u8> {
    let (mut row, mut table, mut cells) = (Row::default(), Vec::new(), Vec::new());
    let mut writer = Writer::new(Columns::new(format, &[0], false, &[]), Dialect::default());
    writer.header(&mut table).unwrap();
    format.records[0].decode(record, &mut row);
    writer.row(format, 0, &row, &[], &mut table).unwrap();
    let mut lines = Lines::new(&table[..], Dialect::default());
    assert!(lines.next(&mut cells).unwrap());
    let header = Header::new(format, &cells, None).unwrap();
    assert!(lines.next(&mut cells).unwrap());
    let mut out = Vec::new();
    header.fill(format, &Dialect::default(), &cells, &mut row).unwrap();
    format.records[0].encode(&row, &mut out).unwrap_or_else(|fault| panic!("{fault:?}"));
    out
}

#[test]
fn what_was_read_is_written_whatever_form_the_number_had() {
    let zoned = "01 R.\n 05 AMT PIC S9(5).\n 05 AMT-X REDEFINES AMT PIC X(5).\n";
    let short = "01 R.\n 05 A PIC 9(3) COMP-3.\n 05 B REDEFINES A PIC X(2).\n";
    let nested = "01 R.\n 05 G.\n  10 A PIC S9(3).\n  10 B REDEFINES A PIC X(3).\n  10 C PIC S9(3).\n \
                  05 D REDEFINES G.\n  10 E PIC X(2).\n  10 F PIC S9(4).\n";
    let array = "01 R.\n 05 T OCCURS 9.\n  10 A PIC S9.\n  10 B REDEFINES A PIC X.\n";
    let zero = "[record.fields.AMT]\ndirty = \"zero\"\n";
    let kept = "[record.fields.AMT]\ndirty = \"keep\"\n";
    for (copybook, fields, dialect, record) in [
        (zoned, "", "z-os", "F1F2F3F4F5"),
        (zoned, "", "z-os", "F1F2F3F4A5"),
        (zoned, "", "z-os", "F0F0F0F0D0"),
        (zoned, "", "ibm-i", "F1F2F3F4C5"),
        (zoned, zero, "z-os", "4040404040"),
        (zoned, zero, "z-os", "F1F2C1F4C5"),
        (zoned, kept, "z-os", "F1F2C1F4C5"),
        (AMOUNT, "", "z-os", "F0F112345F"),
        (AMOUNT, "", "z-os", "F0F100000D"),
        (AMOUNT, "", "z-os", "F0F1123451"),
        (short, "", "z-os", "123C"),
        (nested, "", "z-os", "F1F2F3F4F5F6"),
        (nested, "", "z-os", "F1F2C3F4F5F6"),
        (nested, "", "z-os", "F1F2A3F4F5C6"),
        (array, "", "z-os", "F1C1A1E1D1F1C1B1F1"),
    ] {
        let (format, _) = with(copybook, fields, dialect);
        let (line, back) = there_and_back(&format, &bytes(record));
        let back = back.unwrap_or_else(|fault| panic!("{record}: {line}: {fault}"));
        assert_eq!(there_and_back(&format, &back).0, line, "{record}");
        assert_eq!(hex(&through_a_table(&format, &bytes(record))), hex(&back), "{record}");
        // Text says each byte; the number of the nested one, whose sign it does not hold, is the number's own.
        if copybook != nested {
            assert_eq!(hex(&back), record, "{line}");
        }
    }
}

#[test]
fn what_no_record_says_is_still_refused() {
    let format = plain("01 R.\n 05 AMT PIC S9(5).\n 05 AMT-X REDEFINES AMT PIC X(5).\n");
    for (fields, written) in [
        (r#""AMT":"12345","AMT-X":"12345""#, Ok("F1F2F3F4F5")),
        (r#""AMT":"12345","AMT-X":"1234E""#, Ok("F1F2F3F4C5")),
        (r#""AMT":"12346","AMT-X":"12345""#, Err("FPP5007 AMT-X")),
        (r#""AMT":"-12345","AMT-X":"1234E""#, Err("FPP5007 AMT-X")),
        (r#""AMT":"123456","AMT-X":"12345""#, Err("FPP2010 AMT")),
        (r#""AMT":"12345","AMT-X":"中""#, Err("FPP5007 AMT-X")),
    ] {
        let (mut row, mut out) = (Row::default(), b"before".to_vec());
        json::read(&format, &format!("{{\"type\":\"R\",\"fields\":{{{fields}}}}}"), &mut row).unwrap();
        let done = format.records[0]
            .encode(&row, &mut out)
            .map_err(|fault| format!("{} {}", fault.code, format.records[0].layout.fields[fault.field].name));
        assert_eq!(done.map(|_| hex(&out[6..])).as_deref().map_err(String::as_str), written, "{fields}");
        assert_eq!(&out[..6], b"before");
    }
}

/// Lone copybooks are read as filled up to the longest: what is behind the counted end is nobody's field.
#[test]
fn what_stands_behind_the_counted_end_is_counted() {
    let copybook = "01 REC.\n 05 N PIC 9.\n 05 T OCCURS 0 TO 3 DEPENDING ON N PIC X.\n 05 TL PIC X.\n";
    let parse = |text: &str| {
        let asked = Asked::from(Some(Page::Cp37)).with_copybook("z-os,free").unwrap();
        Format::parse("r.cpy", text, &mut |_| Err(String::new()), asked).unwrap().0
    };
    let format = parse(copybook);
    for (record, wanted) in [
        ("F181A7E9E9", vec![format!("- 3 {BEHIND}")]),
        ("F181A740E9", vec![format!("- 4 {BEHIND}")]),
        ("F181A74040", vec![]),
        ("F181A70000", vec![]),
        ("F181A74000", vec![]),
        ("F3818182A7", vec![]),
    ] {
        assert_eq!(told(&format, record).2, wanted, "{record}");
        let (mut row, mut line) = (Row::default(), Vec::new());
        assert!(json::line(&format.records[0], 1, 0, &bytes(record), &mut row, &mut line), "{record}");
        assert_eq!(row.repairs.len(), wanted.len(), "{record}");
        for name in ["TL", "N"] {
            let some = format.project(&[name.to_owned()], &[]).unwrap().format;
            assert_eq!(told(&some, record).2, wanted, "{record}: {name} alone");
        }
    }
    // A table whose room stays whole says so, and nothing moves.
    let room = copybook.replace(" 05 TL", " 05 FILLER REDEFINES T PIC X(3).\n 05 TL");
    assert_eq!(told(&parse(&room), "F181E9E9A7").2, Vec::<String>::new());
    // Entries that nobody filled are what INITIALIZE leaves; stale ones are not.
    let table = parse(
        "01 REC.\n 05 N PIC 9.\n 05 T OCCURS 0 TO 2 DEPENDING ON N.\n  10 P PIC S9(3) COMP-3.\n  10 Z PIC 99.\n  10 X PIC X.\n",
    );
    for (record, wanted) in [
        ("F1123CF1F281000CF0F040", None),
        ("F0000CF0F040000CF0F040", None),
        ("F1123CF1F281000CF0F081", Some(7)),
        ("F1123CF1F281001CF0F040", Some(7)),
        ("F1123CF1F2810000F0F040", None),
    ] {
        let (_, faults, repairs) = told(&table, record);
        assert_eq!(
            (faults, repairs),
            (vec![], wanted.iter().map(|at| format!("- {at} {BEHIND}")).collect()),
            "{record}"
        );
    }
}

/// A picture, and bytes that are often a number by it, with every sign and zone.
fn item() -> impl Strategy<Value = (&'static str, Vec<u8>)> {
    let packed = prop::collection::vec(prop_oneof![4 => 0u8..10, 1 => 0u8..16], 6).prop_map(|mut n| {
        n[5] |= 8;
        n.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect::<Vec<u8>>()
    });
    let zoned = (prop::collection::vec(0xF0u8..0xFA, 2), any::<u8>()).prop_map(|(mut n, last)| {
        n.push(last);
        n
    });
    let three = prop::collection::vec(any::<u8>(), 3);
    let four = prop::collection::vec(any::<u8>(), 4);
    prop_oneof![
        packed.clone().prop_map(|bytes| ("PIC S9(5) COMP-3", bytes)),
        packed.prop_map(|bytes| ("PIC 9(3)V99 COMP-3", bytes)),
        zoned.clone().prop_map(|bytes| ("PIC S9(3)", bytes)),
        zoned.prop_map(|bytes| ("PIC 9(3)", bytes)),
        three.prop_map(|bytes| ("PIC S9(2) SIGN LEADING SEPARATE", bytes)),
        four.clone().prop_map(|bytes| ("COMP-1", bytes)),
        four.prop_map(|bytes| ("PIC S9(9) BINARY", bytes)),
    ]
}

proptest! {
    /// Good or lost: the line of a record is the line of the record that it encodes to, and text brings every byte back.
    #[test]
    fn records_with_another_reading_come_back_byte_for_byte(items in prop::collection::vec((item(), 1usize..3), 1..6)) {
        let (mut copybook, mut record) = ("01 R.\n".to_owned(), Vec::new());
        for (n, ((clauses, bytes), times)) in items.iter().enumerate() {
            let length = bytes.len();
            copybook += &format!(" 05 G{n} OCCURS {times}.\n  10 F{n} {clauses}.\n  10 X{n} REDEFINES F{n} PIC X({length}).\n");
            (0..*times).for_each(|_| record.extend(bytes));
        }
        let format = plain(&copybook);
        let (line, back) = there_and_back(&format, &record);
        prop_assert_eq!(back.map(|back| hex(&back)), Ok(hex(&record)), "{}", line);
    }
}
