//! Records that are shorter than their layout: refused, without their last fields, or filled up.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail as tests do")]

use fpp_codecs::Code;
use fpp_codecs::format::Format;
use fpp_codecs::json;
use fpp_codecs::record::Row;

const FIELDS: &str = r#"
[[record]]
role = "detail"
name = "D"
field = [
  { name = "ID", type = "char", length = 3 },
  { name = "NAME", type = "open", length = 8 },
  { name = "WIDE", type = "graphic", length = 2, ccsid = "13488" },
  { name = "NOTE", type = "char", length = 6, varlen = true },
  { name = "AMT", type = "packed", digits = 5, decimals = 2BLANK },
  { name = "DAY", type = "date"NODAY },
]
"#;

fn format(short: &str, blank: &str, no_day: &str) -> Format {
    let head = "name = \"F\"\nversion = \"1\"\nccsid = \"1388\"\nframing = \"rdw\"\n";
    let fields = FIELDS.replace("BLANK", blank).replace("NODAY", no_day);
    let text = format!("{head}short_records = \"{short}\"\n{fields}");
    Format::parse("f.toml", &text, &mut |_| Err(String::new()), None).unwrap_or_else(|faults| panic!("{faults:#?}")).0
}

/// Field, byte and words.
type Repaired = (usize, usize, &'static str);

/// The line of a record, its faults as code and field, its repairs.
fn read(format: &Format, record: &[u8]) -> (String, Vec<(Code, usize)>, Vec<Repaired>) {
    let (mut row, mut out) = (Row::default(), Vec::new());
    json::line(&format.records[0], 1, 0, record, &mut row, &mut out);
    let line = String::from_utf8(out).unwrap();
    let from = line.find("\"fields\":").unwrap() + 9;
    let to = line[from..].find('}').unwrap();
    let faults = row.faults.iter().map(|fault| (fault.code, fault.field)).collect();
    let repairs = row.repairs.iter().map(|repair| (repair.field, repair.offset, repair.what)).collect();
    (line[from..=from + to].to_owned(), faults, repairs)
}

const FILLED: &str = "a short record: filled with blanks";
const LOST: &str = "a number or date that cannot be read: only another reading of its bytes is shown, as text or hex";
/// `A01`, `Li`, `AB` in UTF-16, `ok`, 12.34, 2025-06-20.
const WHOLE: &[u8] = b"\xC1\xF0\xF1\xD3\x89\x40\x40\x40\x40\x40\x40\0A\0B\0\x02\x96\x92\x40\x40\x40\x40\x01\x23\x4C\
    \xF2\xF0\xF2\xF5\x60\xF0\xF6\x60\xF2\xF0";

#[test]
fn filled_fields_are_blank_and_what_is_no_text_is_for_its_policy() {
    let strict = format("pad", "", "");
    let (line, faults, repairs) = read(&strict, WHOLE);
    assert_eq!(line, r#"{"ID":"A01","NAME":"Li","WIDE":"AB","NOTE":"ok","AMT":"12.34","DAY":"2025-06-20"}"#);
    assert_eq!((faults, repairs), (vec![], vec![]));
    // The text that is missing is blank; a packed field of blanks is no number, and a date no day.
    let (line, faults, repairs) = read(&strict, &WHOLE[..5]);
    assert_eq!(line, r#"{"ID":"A01","NAME":"Li","WIDE":"","NOTE":""}"#);
    assert_eq!(faults, [(Code::UNFILLED, 4), (Code::UNFILLED, 5)]);
    assert_eq!(repairs, [(1, 5, FILLED)]);

    let lenient = format("pad", ", blank = \"zero\"", ", blank = \"null\"");
    for (bytes, line, first) in [
        (5, r#"{"ID":"A01","NAME":"Li","WIDE":"","NOTE":"","AMT":"0.00","DAY":null}"#, (1, 5, FILLED)),
        (11, r#"{"ID":"A01","NAME":"Li","WIDE":"","NOTE":"","AMT":"0.00","DAY":null}"#, (2, 11, FILLED)),
        (19, r#"{"ID":"A01","NAME":"Li","WIDE":"AB","NOTE":"ok","AMT":"0.00","DAY":null}"#, (3, 19, FILLED)),
        (26, r#"{"ID":"A01","NAME":"Li","WIDE":"AB","NOTE":"ok","AMT":"12.34","DAY":null}"#, (5, 26, FILLED)),
    ] {
        let (told, faults, repairs) = read(&lenient, &WHOLE[..bytes]);
        assert_eq!((told.as_str(), faults), (line, vec![]));
        assert_eq!(repairs[0], first);
        assert_eq!(repairs.iter().filter(|(_, _, what)| *what == FILLED).count(), 1, "once a record");
    }
}

/// Blanks are a good binary number, float or packed number without a sign; that nobody wrote it is told even so.
#[test]
fn a_missing_number_is_none_even_where_its_blanks_would_be_one() {
    let kinds = [
        "type = \"binary\", digits = 9",
        "type = \"float\"",
        "type = \"comp6\", digits = 8",
        "type = \"decfloat\", digits = 16",
    ];
    for kind in kinds {
        let format = |rule: &str| {
            let text = format!(
                "name = \"F\"\nversion = \"1\"\nccsid = \"37\"\nframing = \"rdw\"\nshort_records = \"pad\"\n\
                [[record]]\nrole = \"detail\"\nname = \"D\"\nfield = [{{ name = \"A\", type = \"char\", length = 1 }}, {{ name = \"N\", {kind}{rule} }}]\n"
            );
            Format::parse("f.toml", &text, &mut |_| Err(String::new()), None).unwrap().0
        };
        let (line, faults, _) = read(&format(""), b"\xC1");
        assert_eq!((line.as_str(), faults), (r#"{"A":"A"}"#, vec![(Code::UNFILLED, 1)]), "{kind}");
        let (line, faults, repairs) = read(&format(", blank = \"null\""), b"\xC1");
        assert_eq!((line.as_str(), faults), (r#"{"A":"A","N":null}"#, vec![]), "{kind}");
        assert_eq!(repairs, [(1, 1, FILLED), (1, 1, "a bad value: read as null")]);
        let zero = read(&format(", blank = \"zero\""), b"\xC1").0;
        assert!(zero.contains("\"N\":0") || zero.contains("\"N\":\"0"), "{zero}");
        // Half of it was there.
        let (_, faults, _) = read(&format(", blank = \"null\""), b"\xC1\x40");
        assert_eq!(faults, [(Code::LENGTH, 1)], "{kind}");
    }
}

#[test]
fn nothing_is_filled_that_was_cut_in_two() {
    let lenient = format("pad", ", blank = \"zero\"", ", blank = \"null\"");
    // Half a character; a length of two and one byte; a length's first byte; half a number; a digit of a date.
    for (bytes, field) in [(12, 2), (18, 3), (16, 3), (24, 4), (27, 5)] {
        let (_, faults, _) = read(&lenient, &WHOLE[..bytes]);
        assert_eq!(faults.iter().map(|(_, field)| *field).collect::<Vec<_>>(), [field], "{bytes} bytes");
    }
}

#[test]
fn refused_and_absent_are_as_before() {
    let (_, faults, repairs) = read(&format("refuse", "", ""), &WHOLE[..23]);
    assert_eq!((faults, repairs), (vec![(Code::LENGTH, 4), (Code::LENGTH, 5)], vec![]));
    let (line, faults, repairs) = read(&format("absent", "", ""), &WHOLE[..23]);
    assert_eq!((faults, repairs), (vec![], vec![]));
    assert_eq!(line, r#"{"ID":"A01","NAME":"Li","WIDE":"AB","NOTE":"ok"}"#);
}

#[test]
fn a_filled_record_is_written_whole() {
    let lenient = format("pad", ", blank = \"zero\"", ", no_date = [\"blanks\"]");
    let (mut row, mut out) = (Row::default(), Vec::new());
    lenient.records[0].decode(&WHOLE[..19], &mut row);
    assert_eq!(row.faults, []);
    lenient.records[0].encode(&row, &mut out).unwrap();
    assert_eq!(out.len(), WHOLE.len());
    let mut again = Row::default();
    lenient.records[0].decode(&out, &mut again);
    assert_eq!((again.cells, again.repairs), (row.cells, vec![]));
}

/// Filling knows where a record's fields are although an array varies, and which alternative was read.
#[test]
fn trees_are_filled_too() {
    let copybook = "01 R.\n 05 N PIC 9.\n 05 V PIC X(2) OCCURS 0 TO 3 DEPENDING ON N.\n 05 A PIC X(4).\n\
                    05 B REDEFINES A PIC 9(4).\n 05 C PIC X(3).\n";
    let (mut format, _) = Format::parse("r.cpy", copybook, &mut |_| Err(String::new()), None).unwrap();
    format.reframe("rdw,pad").unwrap();
    let (line, faults, repairs) = read(&format, b"\xF1\xC1\xC2\xC3");
    assert_eq!(line, r#"{"N":"1","V":["AB"],"A":"C","C":""}"#);
    // `C` and the blanks are text, and no number.
    assert_eq!((faults, repairs), (vec![], vec![(4, 4, FILLED), (5, 3, LOST)]));
    // What was cut within the array that its counter promised is blank, too.
    let (line, _, repairs) = read(&format, b"\xF2\xC1\xC2\xC3");
    assert_eq!(line, r#"{"N":"2","V":["AB","C"],"A":"","C":""}"#);
    assert_eq!(repairs, [(2, 4, FILLED), (5, 5, LOST)]);
}

#[test]
fn the_words_of_a_command_line_know_it() {
    let mut lines = format("refuse", "", "");
    lines.reframe("vb,pad").unwrap();
    assert_eq!(read(&lines, &WHOLE[..19]).2, [(3, 19, FILLED)]);
    let told = lines.reframe("rdw,short-records=fill").unwrap_err();
    assert!(told.contains("refuse, absent, pad"), "{told}");
    assert!(lines.reframe("fixed,pad").unwrap_err().contains("short_records"), "fixed records are not shorter");
}
