//! Framing as formats and command lines say it, and delimited records as rows.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use fpp_codecs::format::Format;
use fpp_codecs::framing::{Cutter, Framer};
use fpp_codecs::json;
use fpp_codecs::record::{Cell, Row};
use proptest::prelude::*;

const FIELDS: &str = r#"
[[record]]
role = "detail"
name = "T"
[[record.field]]
name = "NAME"
type = "open"
length = 12
nullable = true
[[record.field]]
name = "AMT"
type = "packed"
digits = 9
decimals = 2
[[record.field]]
name = "N"
type = "binary"
digits = 9
[[record.field]]
name = "DAY"
type = "date"
[[record.field]]
name = "RAW"
type = "hex"
length = 3
nullable = true
[[record.field]]
name = "F"
type = "float"
double = true
[[record.field]]
name = "WIDE"
type = "zoned"
digits = 45
decimals = 3
nullable = true
"#;
const LENGTH: usize = 12 + 5 + 4 + 10 + 3 + 8 + 45;

fn parse(keys: &str, ccsid: &str) -> Result<Format, String> {
    let text = format!("name = \"T\"\nversion = \"1\"\nccsid = \"{ccsid}\"\n{keys}\n{FIELDS}");
    let parsed = Format::parse("t.toml", &text, &mut |_| Err("no".to_owned()), None);
    parsed
        .map(|(format, _)| format)
        .map_err(|faults| faults.iter().map(|fault| fault.message.clone()).collect::<Vec<_>>().join("; "))
}

#[test]
fn keys_and_words_say_the_same() {
    let cases = [
        ("framing = \"fixed\"\nlength = 87", "fixed", "records of 87 bytes"),
        ("framing = \"lines\"\nlength = 87\nline_end = \"crlf\"", "lines,crlf", "lines of 87 bytes, ending 0D 0A"),
        (
            "framing = \"text-lines\"\nline_end = \"lf\"",
            "text-lines,lf",
            "text lines of up to 1048576 bytes, ending 0A",
        ),
        (
            "framing = \"text-lines\"\nline_end = \"lf\"\nlength = 87\nshort_lines = \"pad\"",
            "text-lines,lf,length=87,pad",
            "text lines of 87 bytes, ending 0A, short ones filled",
        ),
        ("framing = \"rdw\"", "rdw", "records with an RDW, big-endian, counting itself"),
        (
            "framing = \"rdw\"\nendian = \"little\"\ncounts_itself = false\nrecord_max_bytes = 200",
            "rdw,little,counts-itself=no,record-max-bytes=200",
            "records with an RDW, little-endian, not counting itself",
        ),
        (
            "framing = \"vb\"\nblock_bytes = 6233",
            "vb,block-bytes=6233",
            "blocks of records (VB), big-endian, counting itself",
        ),
        ("framing = \"vbs\"", "vbs", "blocks of spanned records (VBS), big-endian, counting itself"),
        (
            "framing = \"length-field\"\nlength_at = 1\nlength_bytes = 2\nadjust_bytes = 2\nkeeps_length = false",
            "length-field,length-at=1,length-bytes=2,adjust-bytes=2,keeps-length=no",
            "length in 2 bytes from 1, binary, +2",
        ),
        (
            "framing = \"length-field\"\nlength_at = 3\nlength_bytes = 4\nlength_type = \"digits\"",
            "length-field,length-at=3,length-bytes=4,digits",
            "length in 4 bytes from 3, digits",
        ),
        (
            "framing = \"delimited\"\nline_end = \"crlf\"\nfield_delimiter = \"|\"\nquote = \"\"",
            "delimited,crlf,field-delimiter=pipe,quote=",
            "fields between 7C, ending 0D 0A",
        ),
        (
            "framing = \"delimited\"\nrecord_delimiter = \"~\"\nescape = \"\\\\\"\ndecimal_point = \",\"\nfield_delimiter = \"semicolon\"",
            "delimited,record-delimiter=~,escape=\\,decimal-point=.,field-delimiter=;",
            "fields between 3B, strings in 22, ending 7E",
        ),
        ("framing = \"by-layout\"\nline_end = \"lf\"", "by-layout,lf", "records as long as their layouts, ending 0A"),
        (
            "framing = \"fixed\"\nlength = 87\nheader_bytes = 80\nheader_hex = \"C8 C4\"\ntrailer_bytes = 3\ntrailer_hex = \"1234\"",
            "fixed,header-bytes=80,header-hex=C8C4,trailer-bytes=3,trailer-hex=1234",
            "records of 87 bytes, a file header of 80 bytes, a file trailer of 3 bytes",
        ),
    ];
    for (keys, words, told) in cases {
        let format = parse(keys, "gbk").unwrap_or_else(|faults| panic!("{keys}: {faults}"));
        assert_eq!(format.framing.to_string(), told);
        let mut other = parse("framing = \"fixed\"\nlength = 87", "gbk").unwrap();
        other.reframe(words).unwrap_or_else(|faults| panic!("{words}: {faults}"));
        assert_eq!(other.framing.to_string(), told, "{words}");
        if !words.contains("point") {
            assert_eq!(other.framing, format.framing, "{words}");
        }
    }
    assert_eq!(LENGTH, 87);
}

#[test]
fn what_is_wrong_names_what_would_be_right() {
    for (keys, wanted) in [
        ("", "framing: is missing"),
        (
            "framing = \"rwd\"",
            "framing: `rwd` is not one of: fixed, lines, text-lines, rdw, vb, vbs, length-field, delimited, by-layout",
        ),
        ("framing = \"fixed\"", "length: is missing"),
        ("framing = \"fixed\"\nlength = 86", "length: is 86, but T has 87 bytes"),
        ("framing = \"lines\"\nlength = 87", "line_end: is missing"),
        ("framing = \"lines\"\nlength = 87\nline_end = \"nel\"", "line_end: `nel` is not one of: lf, crlf"),
        ("framing = \"rdw\"\nline_end = \"lf\"", "unknown key `line_end`; known here: ccsid, controls"),
        ("framing = \"rdw\"\nrecord_max_bytes = 20", "record_max_bytes: is 20, but T has 87 bytes"),
        ("framing = \"length-field\"\nlength_bytes = 2", "length_at: is missing"),
        (
            "framing = \"length-field\"\nlength_at = 2\nlength_bytes = 2\nkeeps_length = false",
            "only a length that stands first",
        ),
        (
            "framing = \"delimited\"\nline_end = \"lf\"\nfield_delimiter = \"中\"",
            "is not one byte in the file's code page",
        ),
        ("framing = \"delimited\"\nline_end = \"lf\"\nquote = \",\"", "two of the delimiters are the same"),
        ("framing = \"delimited\"\nline_end = \"lf\"\nnulls = \"map\"", "a null is nothing between delimiters"),
        (
            "framing = \"fixed\"\nlength = 87\nheader_bytes = 1\nheader_hex = \"0102\"",
            "has more bytes than header_bytes = 1",
        ),
        ("framing = \"fixed\"\nlength = 87\nheader_bytes = 2\nheader_hex = \"01020\"", "is not two hex digits a byte"),
    ] {
        let faults = parse(keys, "gbk").map(|format| format.framing.to_string()).unwrap_err();
        assert!(faults.contains(wanted), "{keys}\n  {faults}");
    }
    let mut format = parse("framing = \"fixed\"\nlength = 87", "gbk").unwrap();
    for (words, wanted) in [
        ("", "framing: `` is not one of: fixed, lines"),
        ("rdw,litle", "`litle` is neither key=value nor one of: big, little"),
        ("rdw,endian=middle", "endian: `middle` is not one of: big, little"),
        ("rdw,line-end=lf", "unknown key `line_end`"),
        ("lines", "line_end: is missing"),
        ("fixed,length=5", "length: is 5, but T has 87 bytes"),
        ("rdw,a b=1", "unknown key `a b`"),
        ("rdw,counts-itself=maybe", "counts_itself: must be true or false"),
    ] {
        let faults = format.reframe(words).unwrap_err();
        assert!(faults.contains(wanted), "{words}: {faults}");
    }
    assert_eq!(format.framing.to_string(), "records of 87 bytes", "a refused framing changes nothing");
}

/// Whatever cuts the records, a null map or null flags beside groups and arrays mean nothing.
#[test]
fn records_with_groups_have_no_null_map_in_any_framing() {
    let framings = [
        "framing = \"fixed\"\nlength = 4",
        "framing = \"rdw\"",
        "framing = \"by-layout\"",
        "framing = \"text-lines\"\nline_end = \"lf\"",
    ];
    for (framing, nulls) in framings.iter().flat_map(|framing| ["none", "blank", "map", "flag"].map(|n| (framing, n))) {
        let text = format!(
            "name = \"F\"\nversion = \"1\"\nccsid = \"37\"\nnulls = \"{nulls}\"\n{framing}\n[[record]]\nrole = \"detail\"\n\
             name = \"R\"\nfield = [{{ name = \"A\", occurs = 2, type = \"char\", length = 2 }}]\n"
        );
        let faults = Format::parse("f.toml", &text, &mut |name| Err(name.to_owned()), None).map(|_| ()).err();
        let told = faults.map(|faults| faults.iter().map(|f| f.message.clone()).collect::<Vec<_>>().join("\n"));
        match nulls {
            "map" | "flag" => {
                let told = told.unwrap();
                assert!(told.contains("nulls: R has groups, arrays or alternatives"), "{framing} {nulls}: {told}");
            }
            _ => assert_eq!(told, None, "{framing} {nulls}"),
        }
    }
}

fn delimited(keys: &str, ccsid: &str) -> Format {
    parse(&format!("framing = \"delimited\"\nline_end = \"crlf\"\n{keys}"), ccsid).unwrap()
}

/// All records of a file as JSON lines.
fn decode(format: &Format, file: &[u8]) -> Vec<String> {
    let (mut cutter, mut row, mut lines) = (Cutter::new(format.framing.clone(), file), Row::default(), Vec::new());
    while let Some(cut) = cutter.next().unwrap() {
        let record = &format.records[format.select(cut.bytes).unwrap()];
        record.decode(cut.bytes, &mut row);
        let mut line = Vec::new();
        json::write(record, cut.n, cut.offset, &row, &mut line);
        lines.push(String::from_utf8(line).unwrap());
    }
    lines
}

fn encode(format: &Format, lines: &[String]) -> Vec<u8> {
    let (mut framer, mut file, mut row) = (Framer::new(format.framing.clone()), Vec::new(), Row::default());
    for line in lines {
        let index = json::read(format, line, &mut row).unwrap();
        let mut record = Vec::new();
        format.records[index].encode(&row, &mut record).unwrap();
        framer.put(&record, &mut file).unwrap();
    }
    framer.finish(&mut file);
    file
}

#[test]
fn delimited_records_become_rows_and_records_again() {
    let format = delimited("", "gbk");
    let mut file = b"\"".to_vec();
    // 東 is 967C and 中文 D6D0CEC4; a string delimiter within is doubled, a line end within belongs to the string.
    file.extend(
        b"\x96\x7C,\"\"\xD6\xD0\r\n\",-12.50,7,2025-06-20,ABC,1.5,123456789012345678901234567890123456789012.345\r\n",
    );
    file.extend(b",  +.5 , -8,\"2025-06-21\",,2.5e+010,\r\n");
    let lines = decode(&format, &file);
    assert!(
        lines[0].contains(
            r#""NAME":"東,\"中\u000d\u000a","AMT":"-12.50","N":7,"DAY":"2025-06-20","RAW":"414243","F":1.5,"WIDE":"123456789012345678901234567890123456789012.345""#
        ),
        "{}",
        lines[0]
    );
    assert!(
        lines[1]
            .contains(r#""NAME":null,"AMT":"0.50","N":-8,"DAY":"2025-06-21","RAW":null,"F":25000000000,"WIDE":null"#),
        "{}",
        lines[1]
    );
    let again = encode(&format, &lines);
    let expected: &[u8] = b"\"\x96\x7C,\"\"\xD6\xD0\r\n\",-12.50,7,\"2025-06-20\",\"ABC\",1.5,123456789012345678901234567890123456789012.345\r\n,0.50,-8,\"2025-06-21\",,25000000000,\r\n";
    assert_eq!(again, expected, "{}", String::from_utf8_lossy(&again));
    assert_eq!(decode(&format, &again)[0].split_once("fields"), lines[0].split_once("fields"));
}

#[test]
fn bad_fields_are_told_with_their_places() {
    let format = delimited("decimal_point = \",\"\nfield_delimiter = \";\"", "gbk");
    for (record, wanted) in [
        (&b"a;1,2;3;2025-06-20;;1;"[..], r#""AMT":"1.20""#),
        (b"a;1.2;3;2025-06-20;;1;", r#"{"field":"AMT","code":"FPP2003","offset":3,"#),
        (b"a;1,255;3;2025-06-20;;1;", r#"{"field":"AMT","code":"FPP2010","offset":6,"#),
        (b"a;;3;2025-06-20;;1;", r#"{"field":"AMT","code":"FPP2009","offset":2,"#),
        (b"\"a\"b;1;3;2025-06-20;;1;", r#"{"field":"NAME","code":"FPP2013","offset":1,"#),
        (b"0123456789abc;1;3;2025-06-20;;1;", r#"{"field":"NAME","code":"FPP2010","offset":12,"#),
        (b"a;1;3;2025-06-31;;1;", r#"{"field":"DAY","code":"FPP2008","#),
        (b"a;1;3;02/28/24;;1;", r#"{"field":"DAY","code":"FPP2008","offset":6,"#),
        (b"a;1;3;2025-06-20x;;1;", r#"{"field":"DAY","code":"FPP2008","#),
        (b"a;1;3;2025-06-20;;1", r#"{"field":"WIDE","code":"FPP1003","offset":19,"#),
        (b"a;1;3;2025-06-20;;1;;;", r#""code":"FPP1003","offset":21,"#),
        (b"a\x81;1;3;2025-06-20;;1;", r#"{"field":"NAME","code":"FPP2005","offset":1,"#),
    ] {
        let line = decode(&format, record).remove(0);
        assert!(line.contains(wanted), "{}\n  {line}", String::from_utf8_lossy(record));
    }
}

#[test]
fn policies_hold_between_delimiters_too() {
    let keep = delimited("defaults = { dirty = \"keep\" }", "gbk");
    let file = b"a,x1,3,02/28/24,ABC,1.5,1\r\n";
    let lines = decode(&keep, file);
    assert!(lines[0].contains(r#""AMT":{"raw":"7831"},"N":3,"DAY":{"raw":"30322F32382F3234"}"#), "{}", lines[0]);
    let fields = |lines: &[String]| lines[0].split_once(",\"repairs\"").unwrap().0.to_owned();
    assert_eq!(fields(&decode(&keep, &encode(&keep, &lines))), fields(&lines));
    let null = delimited("defaults = { dirty = \"null\" }", "gbk");
    assert!(decode(&null, file)[0].contains(r#""AMT":null,"N":3,"DAY":null"#));
}

/// What is kept is what stands in the file, not what the field would have in a record.
#[test]
fn a_number_that_is_no_date_is_kept_as_it_stands_between_delimiters() {
    let text = "name = \"T\"\nversion = \"1\"\nccsid = \"utf-8\"\nframing = \"delimited\"\nline_end = \"lf\"\n\
                [[record]]\nname = \"R\"\nrole = \"detail\"\n\
                field = [{ name = \"DAY\", type = \"zoned\", digits = 8, moment = \"yyyymmdd\", dirty = \"keep\" }]\n";
    let (format, _) = Format::parse("t.toml", text, &mut |_| Err("no".to_owned()), None).unwrap();
    let lines = decode(&format, b"20250620\n4\n");
    assert!(lines[0].contains(r#""DAY":"2025-06-20""#) && lines[1].contains(r#""DAY":{"raw":"34"}"#), "{lines:?}");
}

#[test]
fn ebcdic_strings_may_hold_pairs_that_look_like_delimiters() {
    let format = delimited("", "1388");
    // A pair that ends in 6B, the comma, beside a comma and a string delimiter of their own.
    let comma = (0x41..=0xFE_u8).find_map(|lead| {
        let mut text = String::new();
        fpp_codecs::text::decode(format.page, &[0x0E, lead, 0x6B, 0x0F], &mut text).ok()?;
        text.chars().next()
    });
    let character = comma.unwrap();
    let row_of = |name: &str| {
        let mut row = Row::default();
        row.push_text(name);
        row.push_text("-1.50");
        row.push_text("3");
        row.push_text("2025-06-20");
        row.cells.push(Cell::Null);
        row.push_text("1");
        row.cells.push(Cell::Null);
        row
    };
    let name = format!("{character},\"");
    let mut record = Vec::new();
    format.records[0].encode(&row_of(&name), &mut record).unwrap();
    assert!(record.starts_with(&[0x7F, 0x0E]), "{record:02X?}");
    let (mut framer, mut file) = (Framer::new(format.framing.clone()), Vec::new());
    framer.put(&record, &mut file).unwrap();
    assert!(file.ends_with(&[0x0D, 0x25]));
    let line = decode(&format, &file).remove(0);
    assert!(line.contains(&format!("\"NAME\":\"{character},\\\"\",\"AMT\":\"-1.50\"")), "{line}");
}

proptest! {
    #[test]
    fn rows_come_back_from_delimited_files(
        names in prop::collection::vec("[a-z,|\"\\\\\r\n 中東㛃]{0,4}", 1..6),
        amount in -999_999_999i64..1_000_000_000,
        n in any::<i32>(),
        page in prop::sample::select(vec!["gbk", "1388", "1208", "gb18030-2022"]),
        style in prop::sample::select(vec!["", "escape = \"\\\\\"", "field_delimiter = \"|\""]),
    ) {
        let format = delimited(style, page);
        let record = &format.records[0];
        let (mut framer, mut file, mut rows) = (Framer::new(format.framing.clone()), Vec::new(), Vec::new());
        for name in &names {
            let mut row = Row::default();
            row.push_text(name);
            let cents = amount.unsigned_abs();
            row.push_text(&format!("{}{}.{:02}", if amount < 0 { "-" } else { "" }, cents / 100, cents % 100));
            row.push_text(&(n % 1_000_000_000).to_string());
            row.push_text("2025-06-20");
            row.push_hex("0D0A22");
            row.push_text("-1.5e300");
            row.push_text("-123456789012345678901234567890123456789012.345");
            let mut bytes = Vec::new();
            // Line ends of EBCDIC, and characters that a page lacks, are not every string's.
            if record.encode(&row, &mut bytes).is_ok() {
                framer.put(&bytes, &mut file).unwrap();
                rows.push((row, bytes));
            }
        }
        framer.finish(&mut file);
        let mut cutter = Cutter::new(format.framing.clone(), &file[..]);
        let mut back = Row::default();
        for (row, bytes) in rows {
            let cut = cutter.next().unwrap().unwrap();
            prop_assert_eq!(cut.bytes, &bytes[..]);
            record.decode(cut.bytes, &mut back);
            prop_assert_eq!(&back.faults, &[]);
            prop_assert_eq!(back.str(0).unwrap(), row.str(0).unwrap().trim_end_matches(' '));
            prop_assert_eq!(back.str(6), row.str(6));
        }
        prop_assert!(cutter.next().unwrap().is_none());
    }
}
