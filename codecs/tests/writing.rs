//! What encoding refuses, and what it tells: lines that do not fit by their codes, numbers by their digits, texts that
//! are cut, nulls and their marks, fields that nobody filled, substitute characters.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use fpp_codecs::Code;
use fpp_codecs::format::Format;
use fpp_codecs::json::{self, Style};
use fpp_codecs::record::{Cell, Row};

fn format(head: &str, fields: &str) -> Format {
    let source = format!(
        "name = \"X\"\nversion = \"1\"\n{head}\n[[record]]\nrole = \"detail\"\nname = \"D\"\nfield = [\n{fields}\n]\n"
    );
    let read = Format::parse("x.toml", &source, &mut |_| Err(String::new()), None);
    read.map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")).unwrap().0
}

const HEAD: &str = "framing = \"rdw\"\nccsid = \"935\"";

/// Bytes, and what was told with its place.
type Written = (Vec<u8>, Vec<(usize, &'static str)>);

/// The bytes of a line's record and what was told, or the fault's code and the place in the value.
fn written(format: &Format, line: &str) -> Result<Written, (Code, usize)> {
    let (mut row, mut out) = (Row::default(), Vec::new());
    let index = json::read(format, line, &mut row).map_err(|fault| (fault.code, 0))?;
    let repairs = format.records[index].encode(&row, &mut out).map_err(|fault| (fault.code, fault.offset))?;
    Ok((out, repairs.iter().map(|repair| (repair.offset, repair.what)).collect()))
}

fn refused(format: &Format, line: &str) -> (Code, Option<String>) {
    let fault = json::read(format, line, &mut Row::default()).unwrap_err();
    let whole = matches!(fault.code, Code::RECORD_FORMAT) || line.ends_with("\"fields\":{}}");
    assert_eq!(fault.record.is_some(), !whole, "{line}");
    (fault.code, fault.field)
}

#[test]
fn a_line_that_does_not_fit_says_what_is_wrong_by_a_code() {
    let flat = format(
        HEAD,
        "{ name = \"A\", type = \"char\", length = 3 },\n{ name = \"N\", type = \"packed\", digits = 5, decimals = 2 },",
    );
    for (fields, code, field) in [
        (r#"{"A":"x","N":"1"}}x"#, Code::LINE, None),
        (r#"{"A":"x","N":"1","B":2}"#, Code::NO_FIELD, Some("B")),
        (r#"{"A":"x"}"#, Code::MISSING, Some("N")),
        (r#"{"A":"x","N":"1","A":"y"}"#, Code::TWICE, Some("A")),
        (r#"{"A":1,"N":"1"}"#, Code::SHAPE, Some("A")),
        (r#"{"A":"x","N":[]}"#, Code::SHAPE, Some("N")),
        (r#"{"A":"x","N":true}"#, Code::SHAPE, Some("N")),
        (r#"{"A":"x","N":{"raw":"00","raw":"01"}}"#, Code::SHAPE, Some("N")),
        (r#"{"A":"\ud800","N":"1"}"#, Code::LINE, Some("A")),
        (r#"{"A":"x","N":1e999}"#, Code::TOO_LONG, Some("N")),
        ("[]", Code::SHAPE, None),
    ] {
        let line = format!("{{\"n\":1,\"n\":2,\"type\":\"D\",\"fields\":{fields}}}");
        let (found, at) = (json::read(&flat, &line, &mut Row::default())).map_err(|f| (f.code, f.field)).unwrap_err();
        assert_eq!((found, at.as_deref()), (code, field), "{line}");
    }
    assert_eq!(refused(&flat, r#"{"type":"E","fields":{}}"#).0, Code::RECORD_FORMAT);
    assert_eq!(refused(&flat, r#"{"type":"D"}"#).0, Code::MISSING);
    assert_eq!(refused(&flat, r#"{"type":"D","fields":{"A":"x","N":"1"},"fields":{}}"#).0, Code::TWICE);
    for line in ["", "5", "\"secret\"", "{\"type\":\"D\"", "{\"type\":\"D\",}"] {
        let fault = json::read(&flat, line, &mut Row::default()).unwrap_err();
        assert_eq!(fault.code, Code::LINE, "{line}");
        assert!(!fault.message.contains("secret"), "{fault}");
    }
    let tree = format(
        HEAD,
        "{ name = \"G\", type = \"group\", field = [{ name = \"A\", type = \"char\", length = 1 }] },\n\
         { name = \"C\", type = \"zoned\", digits = 1 },\n\
         { name = \"L\", type = \"char\", length = 1, occurs = { most = 3, depending = \"C\" } },",
    );
    for (fields, code, field) in [
        (r#"{"G":{"A":"x","A":"y"},"C":"1","L":["a"]}"#, Code::TWICE, "G.A"),
        (r#"{"G":{"B":"x"},"C":"1","L":["a"]}"#, Code::NO_FIELD, "G.B"),
        (r#"{"G":{},"C":"1","L":["a"]}"#, Code::MISSING, "G.A"),
        (r#"{"G":[],"C":"1","L":["a"]}"#, Code::SHAPE, "G"),
        (r#"{"G":{"A":"x"},"C":"1","L":{}}"#, Code::SHAPE, "L"),
        (r#"{"G":{"A":"x"},"C":"4","L":["a","b","c","d"]}"#, Code::OCCURRENCES, "L"),
    ] {
        let line = format!("{{\"type\":\"D\",\"fields\":{fields}}}");
        assert_eq!(refused(&tree, &line), (code, Some(field.to_owned())), "{line}");
    }
    let line = r#"{"type":"D","fields":{"G":{"A":"x"},"C":"2","L":["a"]}}"#;
    assert_eq!(written(&tree, line), Err((Code::OCCURRENCES, 0)));
    let mut row = Row::default();
    tree.records[0].decode(b"\xC1\xF9\xC1", &mut row);
    assert_eq!(row.faults.first().map(|fault| fault.code), Some(Code::OCCURRENCES));
}

#[test]
fn numbers_are_read_by_their_digits() {
    let numbers = format(
        HEAD,
        "{ name = \"P\", type = \"packed\", digits = 63, decimals = 30 },\n\
         { name = \"Z\", type = \"zoned\", digits = 20, decimals = 2 },\n\
         { name = \"U\", type = \"binary\", digits = 18, length = 8, unsigned = true, native = true },\n\
         { name = \"D\", type = \"decfloat\", digits = 34 },\n\
         { name = \"H\", type = \"float\", double = true, hex_float = true },\n\
         { name = \"F\", type = \"float\" },\n\
         { name = \"T\", type = \"number-text\", length = 20, decimals = 3 },",
    );
    let fields = "\"P\":123456789012345678901234567890123.123456789012345678901234567891,\
                  \"Z\":-123456789012345678.90,\"U\":18446744073709551615,\
                  \"D\":1.234567890123456789012345678901234E+100,\"H\":3.1415926535897932,\"F\":0.1,\"T\":-0.125";
    let line = format!("{{\"type\":\"D\",\"fields\":{{{fields}}}}}");
    let (bytes, _) = written(&numbers, &line).unwrap();
    let quoted = |bytes: &[u8], numbers_as: bool| {
        let (mut row, mut line) = (Row::default(), Vec::new());
        numbers.records[0].decode(bytes, &mut row);
        let style = Style { numbers: numbers_as, ..Style::default() };
        json::write_styled(&numbers.records[0], &style, (1, 0), bytes, &row, &mut line);
        String::from_utf8(line).unwrap().trim_end().to_owned()
    };
    let shown = quoted(&bytes, true);
    for digits in [
        "123456789012345678901234567890123.123456789012345678901234567891",
        "-123456789012345678.90",
        "18446744073709551615",
    ] {
        assert!(shown.contains(digits), "{shown}");
    }
    assert!(!shown.split("fields").nth(1).unwrap().contains(":\""), "all are numbers: {shown}");
    assert_eq!(written(&numbers, &shown).unwrap().0, bytes, "what decode --numbers json writes");
    assert_eq!(written(&numbers, &quoted(&bytes, false)).unwrap().0, bytes, "and with strings");
    let tenth = |text: &str| written(&numbers, &line.replace("-123456789012345678.90", text)).map(|(bytes, _)| bytes);
    assert_eq!(tenth("1.234e2"), Err((Code::RANGE, 0)).or(tenth("\"123.4\"")));
    assert!(tenth("0.001").is_err(), "no digit is dropped");
}

#[test]
fn what_is_cut_is_told_with_its_place() {
    const CUT: &str = "a text that is too long: cut at a character";
    let fixed = format(HEAD, "{ name = \"A\", type = \"open\", length = 6, cut = true },");
    let line = |text: &str| format!("{{\"type\":\"D\",\"fields\":{{\"A\":\"{text}\"}}}}");
    assert_eq!(written(&fixed, &line("贰贰贰")).unwrap().1, [(2, CUT)]);
    assert_eq!(written(&fixed, &line("abcdefgh")).unwrap().1, [(6, CUT)]);
    assert_eq!(written(&fixed, &line("abcdef   ")).unwrap().1, [], "blanks that are padding are not missed");
    let delimited = format(
        "framing = \"delimited\"\nccsid = \"1208\"\nline_end = \"lf\"",
        "{ name = \"A\", type = \"char\", length = 3, cut = true },\n{ name = \"B\", type = \"char\", length = 3 },",
    );
    let line = |a: &str, b: &str| format!("{{\"type\":\"D\",\"fields\":{{\"A\":\"{a}\",\"B\":\"{b}\"}}}}");
    let (bytes, told) = written(&delimited, &line("abcd", "x\\u001a")).unwrap();
    assert!(bytes.starts_with(b"\"abc\""), "{bytes:?}");
    assert_eq!(told[0], (3, CUT));
    assert_eq!(told[1].0, 1, "{told:?}");
    assert_eq!(written(&delimited, &line("abc", "abcd")), Err((Code::TOO_LONG, 0)));
    let strict = format(HEAD, "{ name = \"A\", type = \"open\", length = 6 },");
    let line = |text: &str| format!("{{\"type\":\"D\",\"fields\":{{\"A\":\"{text}\"}}}}");
    assert_eq!(written(&strict, &line("ab\u{E000}")), Err((Code::PRIVATE_USE, 2)), "the character to blame");
}

#[test]
fn a_null_map_says_yes_or_no_and_only_where_it_may() {
    let map = format(
        &format!("{HEAD}\nnulls = \"map\""),
        "{ name = \"A\", type = \"char\", length = 1 },\n{ name = \"N\", type = \"packed\", digits = 1, nullable = true },",
    );
    let record = &map.records[0];
    let read = |bytes: &[u8]| {
        let (mut row, mut line, mut by_line) = (Row::default(), Vec::new(), Vec::new());
        record.decode(bytes, &mut row);
        json::write(record, 1, 0, &row, &mut line);
        let good = json::line(record, 1, 0, bytes, &mut Row::default(), &mut by_line);
        assert_eq!((good, by_line), (row.faults.is_empty(), line), "{bytes:02X?}");
        (row.cells.clone(), row.faults.iter().map(|f| (f.code, f.field, f.offset)).collect::<Vec<_>>())
    };
    assert_eq!(read(b"\xC1\x1F\xF0\xF1").0[1], Cell::Null);
    assert_eq!(read(b"\xC1\x1F\xF0\xF0").1, []);
    assert_eq!(read(b"\xC1\x1F\xF0\x6F").1, [(Code::NULL_MARK, 1, 3)], "z/OS writes `?`; here it says neither");
    assert_eq!(read(b"\xC1\x1F\xF1\xF0").1, [(Code::NULL_MARK, 0, 2)], "null of what cannot be");
    assert_eq!(read(b"\xC1\x1F\x00\x40").1.len(), 2);
    assert_eq!(read(b"\xC1\x1F\xF0").1, [(Code::LENGTH, 1, 3)]);
}

#[test]
fn a_field_that_nobody_filled_is_told_as_that_and_written_again() {
    let strict = format(
        HEAD,
        "{ name = \"P\", type = \"packed\", digits = 5 },\n{ name = \"Z\", type = \"zoned\", digits = 3 },\n\
         { name = \"D\", type = \"date\" },",
    );
    let mut row = Row::default();
    let bytes = [&[0x40; 3][..], &[0x00; 3], &[0xFF; 10]].concat();
    strict.records[0].decode(&bytes, &mut row);
    let told: Vec<_> = row.faults.iter().map(|fault| (fault.code, fault.offset, fault.detail)).collect();
    assert_eq!(
        told,
        [
            (Code::UNFILLED, 0, "the field is blank"),
            (Code::UNFILLED, 3, "the field has low-values (00) only"),
            (Code::UNFILLED, 6, "the field has high-values (FF) only"),
        ]
    );
    assert!(Code::UNFILLED.hint().contains("blank = \"null\""));
    for (kind, null) in [
        ("type = \"packed\", digits = 5", Some(vec![0x40; 3])),
        ("type = \"zoned\", digits = 3", Some(vec![0x40; 3])),
        // 4040 is a number in these; what nobody filled is FF there, or cannot be told.
        ("type = \"comp6\", digits = 4", Some(vec![0xFF; 2])),
        ("type = \"float\"", Some(vec![0xFF; 4])),
        ("type = \"binary\", digits = 4", None),
        ("type = \"date\"", Some(vec![0x40; 10])),
    ] {
        for policy in ["blank = \"null\"", "dirty = \"null\""] {
            let loose = format(HEAD, &format!("{{ name = \"F\", {kind}, {policy} }},"));
            let found = written(&loose, r#"{"type":"D","fields":{"F":null}}"#);
            match &null {
                Some(bytes) => assert_eq!(found.unwrap().0, *bytes, "{kind} {policy}"),
                None => assert_eq!(found, Err((Code::MANDATORY, 0)), "{kind} {policy}"),
            }
        }
    }
    let zero = format(HEAD, "{ name = \"F\", type = \"packed\", digits = 5, blank = \"zero\" },");
    assert_eq!(written(&zero, r#"{"type":"D","fields":{"F":null}}"#), Err((Code::MANDATORY, 0)));
    let kept = r#"{"type":"D","fields":{"P":{"raw":"404040"},"Z":"1","D":"2025-01-01"}}"#;
    assert_eq!(written(&strict, kept), Err((Code::UNFILLED, 0)), "no policy keeps it: the bytes are to blame, not fpp");
}

#[test]
fn a_substitute_character_is_told_by_every_way_that_reads_it() {
    for (page, byte) in [("37", 0x3F), ("935", 0x3F), ("gbk", 0x1A), ("1208", 0x1A)] {
        let ebcdic = byte == 0x3F;
        let text = format(
            &format!("framing = \"rdw\"\nccsid = \"{page}\""),
            "{ name = \"A\", type = \"open\", length = 4 },\n{ name = \"B\", type = \"open\", length = 4 },",
        );
        let record = &text.records[0];
        let letter = if ebcdic { 0xC1 } else { b'A' };
        let blank = if ebcdic { 0x40 } else { b' ' };
        let bytes = [letter, letter, letter, blank, letter, byte, byte, blank];
        let (mut row, mut line, mut by_line, mut by_row) = (Row::default(), Vec::new(), Vec::new(), Row::default());
        record.decode(&bytes, &mut row);
        let told: Vec<_> = row.repairs.iter().map(|repair| (repair.field, repair.offset)).collect();
        assert_eq!((told, row.faults.len()), (vec![(1, 5), (1, 6)], 0), "{page}");
        json::write(record, 1, 0, &row, &mut line);
        assert!(json::line(record, 1, 0, &bytes, &mut by_row, &mut by_line), "{page}");
        assert_eq!((by_line, by_row.repairs), (line.clone(), row.repairs.clone()), "{page}");
        let (again, told) = written(&text, std::str::from_utf8(&line).unwrap().trim_end()).unwrap();
        assert_eq!((again, told.iter().map(|(at, _)| *at).collect()), (bytes.to_vec(), vec![1, 2]), "{page}");
    }
}
