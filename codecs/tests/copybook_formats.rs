//! Copybooks as formats: alone, in a format of TOML, and what is told where one alone does not say enough.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail as tests do")]

use fpp_codecs::format::{Asked, Format};
use fpp_codecs::framing::Framing;
use fpp_codecs::json;
use fpp_codecs::layout::Kind;
use fpp_codecs::record::Row;
use fpp_codecs::text::{self, Page};
use proptest::prelude::*;

const ORDER: &str = "01 ORDER.\n 05 ID PIC 9(3).\n 05 KIND PIC X.\n 05 AMOUNT PIC S9(3)V99 COMP-3.\n 05 DETAIL PIC X(4).\n\
                     05 CODE REDEFINES DETAIL PIC 9(4).\n 05 N PIC X.\n 05 TAG PIC X(2) OCCURS 3 DEPENDING ON N.\n";

/// A format of sources by name, the first one read as the format.
fn format(sources: &[(&str, &str)], page: Option<Page>) -> (Format, Vec<String>) {
    let mut read = reader(sources);
    let (name, text) = sources[0];
    let (format, warnings) = Format::parse(name, text, &mut read, page).unwrap_or_else(|faults| panic!("{faults:#?}"));
    (format, warnings.iter().map(ToString::to_string).collect())
}

fn faults(sources: &[(&str, &str)]) -> Vec<String> {
    let faults = Format::parse(sources[0].0, sources[0].1, &mut reader(sources), None).unwrap_err();
    faults.iter().map(ToString::to_string).collect()
}

fn reader(sources: &[(&str, &str)]) -> impl FnMut(&str) -> Result<String, String> {
    let sources: Vec<_> = sources.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    move |name| {
        let found = sources.iter().find(|(known, _)| known == name);
        found.map(|(_, text)| text.clone()).ok_or_else(|| "no such file".to_owned())
    }
}

/// The fields of a record as JSON; checks that they encode to the same bytes.
fn round(format: &Format, record: &[u8]) -> String {
    let (mut row, mut line) = (Row::default(), Vec::new());
    let index = format.select(record).unwrap();
    format.records[index].decode(record, &mut row);
    assert_eq!(row.faults, []);
    json::write(&format.records[index], 1, 0, &row, &mut line);
    let line = String::from_utf8(line).unwrap();
    let mut back = Row::default();
    let index = json::read(format, line.trim_end(), &mut back).unwrap_or_else(|e| panic!("{e}: {line}"));
    let mut bytes = Vec::new();
    format.records[index].encode(&back, &mut bytes).unwrap_or_else(|e| panic!("{e}: {line}"));
    assert_eq!(bytes, record, "{line}");
    let from = line.find("\"fields\":").unwrap() + 9;
    line[from..].trim_end().strip_suffix('}').unwrap().to_owned()
}

fn ebcdic(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    text::encode(Page::Cp37, text, &mut bytes).unwrap();
    bytes
}

#[test]
fn one_record_is_a_format_of_its_own() {
    let text = "01 PAYMENT.\n 05 ACCOUNT.\n  10 BRANCH PIC 9(3).\n  10 NUMBER PIC X(4).\n 05 AMOUNT PIC S9(5)V99 COMP-3.\n\
                05 COUNTS PIC S9(4) BINARY OCCURS 2.\n 05 SHOWN PIC Z,ZZ9.99-.\n 05 BALANCE PIC S9(3).\n 05 FILLER PIC X(2).\n";
    let (format, warnings) = format(&[("pay.cpy", text)], Some(Page::Cp37));
    assert_eq!(warnings, Vec::<String>::new());
    assert_eq!((format.name.as_str(), &format.framing), ("PAYMENT", &Framing::Fixed { length: 29 }));
    let mut record = ebcdic("007A12B");
    record.extend([0x12, 0x34, 0x56, 0x7D, 0x00, 0x05, 0xFF, 0xFE]);
    record.extend(ebcdic("  123.45-"));
    record.extend([0xF0, 0xF4, 0xC2]);
    record.extend(ebcdic("  "));
    let shown = round(&format, &record);
    let wanted = r#"{"ACCOUNT":{"BRANCH":"007","NUMBER":"A12B"},"AMOUNT":"-12345.67","COUNTS":[5,-2],"SHOWN":"-123.45","BALANCE":"042"}"#;
    assert_eq!(shown.replace("\"7\"", "\"007\"").replace("\"42\"", "\"042\""), wanted);
}

#[test]
fn national_double_byte_and_utf_8_text() {
    let text = "01 R.\n 05 A PIC N(4).\n 05 B PIC G(3).\n 05 C PIC U(2).\n 05 D PIC X(6).\n 05 E PIC N(2) USAGE DISPLAY-1.\n\
         \x20 05 F PIC 9(3) NATIONAL.\n 05 G PIC S9(2) NATIONAL SIGN LEADING SEPARATE.\n";
    let (format, _) = format(&[("r.cpy", text)], Some(Page::Cp1388));
    assert_eq!(format.records[0].layout.length, 8 + 6 + 8 + 6 + 4 + 6 + 6);
    let mut record: Vec<u8> = "中文".encode_utf16().flat_map(u16::to_be_bytes).collect();
    record.extend([0x00, 0x20, 0x00, 0x20]);
    let mut mixed = Vec::new();
    text::encode(Page::Cp1388, "户名", &mut mixed).unwrap();
    record.extend(&mixed[1..5]);
    record.extend([0x40, 0x40]);
    record.extend("é中   ".as_bytes());
    record.extend(&mixed);
    record.extend(&mixed[1..5]);
    record.extend("007-42".encode_utf16().flat_map(u16::to_be_bytes));
    let shown = round(&format, &record);
    assert_eq!(shown, r#"{"A":"中文","B":"户名","C":"é中","D":"户名","E":"户名","F":"007","G":"-42"}"#);
}

#[test]
fn letters_count_and_fields_choose_where_a_format_says_so() {
    let told = faults(&[("o.cpy", ORDER)]);
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("TAG depends on N, which is no whole number"), "{told:?}");
    assert!(told[0].contains("[record.fields.TAG] map = { A = 1, B = 2 }"), "{told:?}");
    let toml = "name = \"O\"\nversion = \"1\"\nccsid = \"37\"\nframing = \"rdw\"\n\
                [copybook]\ndialect = \"z-os\"\nform = \"free\"\n\
                [[record]]\nrole = \"detail\"\nlayout = \"o.cpy\"\n\
                [record.fields.TAG]\nmap = { A = 1, C = 3 }\n\
                [record.fields.DETAIL]\nchoice = { field = \"KIND\", cases = { T = \"DETAIL\", C = \"CODE\" } }\n";
    let (format, warnings) = format(&[("o.toml", toml), ("o.cpy", ORDER)], None);
    assert_eq!((warnings, format.sources.clone()), (vec![], vec!["o.toml".to_owned(), "o.cpy".to_owned()]));
    let mut record = ebcdic("001C");
    record.extend([0x00, 0x12, 0x3C]);
    record.extend(ebcdic("0042Axy"));
    let shown = round(&format, &record);
    assert!(shown.contains("\"AMOUNT\":\"1.23\"") && shown.contains("\"TAG\":[\"xy\"]"), "{shown}");
    assert!(shown.contains("\"CODE\":") && !shown.contains("DETAIL"), "{shown}");
}

#[test]
fn several_records_are_told_what_to_write_and_it_reads() {
    let book = "01 HEAD.\n 05 T PIC X.\n 05 D PIC 9(8).\n01 ITEM.\n 05 T PIC X.\n 05 AMOUNT PIC S9(7)V99 COMP-3.\n";
    let told = faults(&[("two.cpy", book)]);
    assert!(told[0].contains("holds 2 records, HEAD (9 bytes), ITEM (6 bytes)"), "{told:?}");
    let text = told[0].split_once(":\n\n").unwrap().1;
    let text = text.replacen("\"...\"", "\"H\"", 1).replacen("\"...\"", "\"I\"", 1);
    let (format, _) = format(&[("two.toml", &text), ("two.cpy", book)], None);
    let lengths: Vec<_> = format.records.iter().map(|r| (r.layout.name.as_str(), r.layout.length)).collect();
    assert_eq!(lengths, [("HEAD", 9), ("ITEM", 6)]);
}

/// Both records of a file are in one copybook, which is read for each of them.
#[test]
fn a_copybook_of_two_records_is_warned_of_once() {
    let book = "01 HEAD.\n 05 T PIC X.\n 05 D PIC 9(8) COMP.\n01 ITEM REDEFINES HEAD PIC X(5).\n";
    let record = |name: &str, t: &str| {
        format!(
            "[[record]]\nrole = \"detail\"\nlayout = \"two.cpy\"\nname = \"{name}\"\nselect = {{ at = 1, equals = \"{t}\" }}\n"
        )
    };
    let head = "name = \"T\"\nversion = \"1\"\nccsid = \"37\"\nframing = \"fixed\"\nlength = 5\n";
    let text = format!("{head}{}{}", record("HEAD", "H"), record("ITEM", "I"));
    let (format, warnings) = format(&[("two.toml", &text), ("two.cpy", book)], None);
    assert_eq!(format.records.iter().map(|r| r.layout.length).collect::<Vec<_>>(), [5, 5]);
    assert_eq!(warnings.len(), 2, "COMP, and the record that redefines another: {warnings:?}");
}

#[test]
fn what_the_caller_says_of_a_copybook_holds_where_its_format_is_silent() {
    let book = "       01 R.\n           05 A PIC 9(4) COMP.\n           05 B PIC Z9,9.\n";
    let parse = |words: &str, toml: Option<&str>| {
        let asked = Asked::from(Some(Page::Cp37)).with_copybook(words).unwrap();
        let sources = [("r.toml", toml.unwrap_or_default()), ("r.cpy", book)];
        let first = usize::from(toml.is_none());
        let (name, text) = sources[first];
        let (format, warnings) = Format::parse(name, text, &mut reader(&sources), asked).unwrap();
        let bytes: Vec<_> = format.records[0].layout.fields.iter().map(|f| f.bytes).collect();
        let decimals = format.records[0].layout.fields[1].kind.digits().map(|(_, decimals)| decimals);
        (bytes, decimals, warnings.len())
    };
    assert_eq!(parse("", None), (vec![2, 4], Some(0), 1));
    assert_eq!(parse("ibm-i,fixed,decimal-comma", None), (vec![3, 4], Some(1), 0));
    let toml = "name = \"R\"\nversion = \"1\"\nccsid = \"37\"\nframing = \"fixed\"\nlength = 6\n\
                [copybook]\ndialect = \"z-os\"\n[[record]]\nrole = \"detail\"\nlayout = \"r.cpy\"\n";
    assert_eq!(parse("ibm-i", Some(toml)), (vec![2, 4], Some(0), 0));
    let wrong = Asked::default().with_copybook("as400").unwrap_err();
    assert!(wrong.contains("z-os, ibm-i, gnucobol, micro-focus"), "{wrong}");
}

/// Each record is within its limit; together they are not.
#[test]
fn records_that_are_too_large_together_are_refused() {
    let record = |n: usize| format!("01 R{n}.\n 05 A PIC X OCCURS 65000.\n");
    let book: String = (0..5).map(record).collect();
    let told = faults(&[("many.cpy", &book)]);
    assert!(told.len() == 1 && told[0].contains("more than 262144 fields"), "{told:?}");
}

#[test]
fn varying_records_are_told_and_may_be_filled_up_to_the_longest() {
    let text = "01 R.\n 05 N PIC 9.\n 05 A PIC X(2) OCCURS 0 TO 5 DEPENDING ON N.\n";
    let (format, warnings) = format(&[("r.cpy", text)], None);
    assert_eq!(format.framing, Framing::Fixed { length: 11 });
    assert!(warnings[0].contains("1 to 11 bytes") && warnings[0].contains("rdw"), "{warnings:?}");
    assert_eq!(round(&format, &ebcdic("2aabb      ")), r#"{"N":"2","A":["aa","bb"]}"#);
    let mut row = Row::default();
    format.records[0].decode(&ebcdic("2aabb???"), &mut row);
    assert_eq!(row.faults.len(), 1, "neither its own length nor the file's");
}

#[test]
fn a_format_says_how_its_copybooks_are_read() {
    let book = "01 R.\n 05 :T:-A PIC 9(4) COMP.\n 05 :T:-B PIC Z9,9.\n COPY more.\n";
    let toml = "name = \"R\"\nversion = \"1\"\nccsid = \"1388\"\nframing = \"fixed\"\nlength = 13\n\
                references = [\"lib\"]\n[copybook]\ndecimal_comma = true\nreplacing = { \":T:\" = \"OUR\" }\n\
                [[record]]\nrole = \"detail\"\nlayout = \"books/r.cpy\"\ncopybook = { dialect = \"ibm-i\" }\n";
    let sources = [("r.toml", toml), ("books/r.cpy", book), ("lib/more.cbl", " 05 C PIC G(3).\n")];
    let (read, warnings) = format(&sources, None);
    assert_eq!((warnings, read.sources.len()), (vec![], 3));
    let fields = &read.records[0].layout.fields;
    let shown: Vec<_> = fields.iter().map(|f| (f.name.as_str(), f.kind, f.bytes)).collect();
    let packed = Kind::Packed { digits: 4, decimals: 0 };
    let edited = Kind::Edited { digits: 3, decimals: 1 };
    assert_eq!(shown, [("OUR-A", packed, 3), ("OUR-B", edited, 4), ("C", Kind::Graphic, 6)]);
    // The page that a file really has decides what its double-byte fields are.
    let (read, _) = format(&sources, Some(Page::Cp37));
    assert_eq!(read.records[0].layout.fields[2].kind, Kind::Hex);
    let wrong = toml.replace("ibm-i", "vax");
    let told = faults(&[("r.toml", &wrong), sources[1], sources[2]]);
    assert!(told.iter().any(|fault| fault.contains("`vax` is not one of: z-os, ibm-i")), "{told:?}");
}

#[test]
fn faults_of_a_copybook_come_with_both_places() {
    let toml = "name = \"R\"\nversion = \"1\"\nccsid = \"37\"\nframing = \"fixed\"\nlength = 1\n\
                [[record]]\nrole = \"detail\"\nlayout = \"r.cpy\"\n";
    let told = faults(&[("r.toml", toml), ("r.cpy", "01 R.\n 05 A PIC Q.\n 05 B PIC 9(20) COMP.\n")]);
    assert_eq!(told.len(), 2);
    assert!(told[0].starts_with("r.toml:8:10: layout: r.cpy:2:11: "), "{told:?}");
}

/// Clauses of an item, and bytes that it may hold on z/OS.
fn item() -> impl Strategy<Value = (String, Vec<u8>)> {
    let digits = |most: usize| prop::collection::vec(1u8..10, 1..most);
    let number = |digits: &[u8]| digits.iter().fold(0u64, |n, d| n * 10 + u64::from(*d));
    prop_oneof![
        prop::collection::vec(0xC1u8..0xCA, 1..9).prop_map(|text| (format!("PIC X({})", text.len()), text)),
        (digits(18), any::<bool>()).prop_map(|(digits, minus)| {
            let mut nibbles = if digits.len() % 2 == 0 { vec![0] } else { Vec::new() };
            nibbles.extend(&digits);
            nibbles.push(if minus { 0xD } else { 0xC });
            let bytes = nibbles.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
            (format!("PIC S9({}) COMP-3", digits.len()), bytes)
        }),
        digits(18).prop_map(move |digits| {
            let bytes = if digits.len() < 5 {
                2
            } else if digits.len() < 10 {
                4
            } else {
                8
            };
            let value = number(&digits).to_be_bytes();
            (format!("PIC 9({}) BINARY", digits.len()), value[8 - bytes..].to_vec())
        }),
        (digits(12), any::<bool>()).prop_map(|(digits, minus)| {
            let mut bytes: Vec<u8> = digits.iter().map(|d| 0xF0 | d).collect();
            bytes.push(if minus { 0x60 } else { 0x4E });
            (format!("PIC S9({})V9 SIGN TRAILING SEPARATE", digits.len() - 1).replace("S9(0)V9", "SV9"), bytes)
        }),
        (digits(12), any::<bool>()).prop_map(|(digits, minus)| {
            let mut bytes: Vec<u8> = digits.iter().map(|d| 0xF0 | d).collect();
            let last = bytes.len() - 1;
            bytes[last] = bytes[last] & 0x0F | if minus { 0xD0 } else { 0xC0 };
            (format!("PIC S9({})", digits.len()), bytes)
        }),
        digits(7).prop_map(|digits| {
            let mut bytes = vec![0x40; 7 - digits.len()];
            bytes.extend(digits.iter().map(|d| 0xF0 | d));
            ("PIC Z(6)9".to_owned(), bytes)
        }),
    ]
}

proptest! {
    #[test]
    fn records_of_any_copybook_come_back_byte_for_byte(
        items in prop::collection::vec((item(), 0usize..4, any::<bool>()), 1..12),
        count in 0usize..4,
    ) {
        let (mut text, mut record) = ("01 R.\n 05 COUNTER PIC 9.\n".to_owned(), vec![0xF0 + count as u8]);
        for (n, ((clauses, bytes), times, group)) in items.iter().enumerate() {
            match (times, group) {
                (0, false) => text += &format!(" 05 F{n} {clauses}.\n"),
                (0, true) => text += &format!(" 05 G{n}.\n  10 F{n} {clauses}.\n"),
                (1, _) => text += &format!(" 05 F{n} {clauses} OCCURS 0 TO 3 DEPENDING ON COUNTER.\n"),
                (times, false) => text += &format!(" 05 F{n} {clauses} OCCURS {times}.\n"),
                (times, true) => text += &format!(" 05 G{n} OCCURS {times}.\n  10 F{n} {clauses}.\n"),
            }
            let times = match times { 0 => 1, 1 => count, times => *times };
            (0..times).for_each(|_| record.extend(bytes));
        }
        let toml = "name = \"R\"\nversion = \"1\"\nccsid = \"37\"\nframing = \"rdw\"\n\
                    [copybook]\ndialect = \"z-os\"\n[[record]]\nrole = \"detail\"\nlayout = \"r.cpy\"\n";
        let (format, warnings) = format(&[("r.toml", toml), ("r.cpy", &text)], None);
        prop_assert_eq!(warnings, Vec::<String>::new());
        round(&format, &record);
    }
}
