//! The sample layouts against their published offsets, and DDS source against its rules.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests, which clippy does not take for tests

use fpp_codecs::format::{Format, Role};
use fpp_codecs::layout::dds::{self, FileName};
use fpp_codecs::layout::{Field, Kind, Layout};
use fpp_codecs::text::Page;
use proptest::prelude::*;

const OFFSETS: &str = include_str!("data/offsets.txt");

fn read(name: &str) -> Result<String, String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/layouts/");
    std::fs::read_to_string(format!("{folder}{name}")).map_err(|e| format!("{name}: {e}"))
}

fn format(name: &str) -> Format {
    let (format, warnings) = Format::parse(name, &read(name).unwrap(), &mut read, None).unwrap();
    assert_eq!(warnings, [], "{name}");
    format
}

#[test]
fn every_dds_source_has_its_published_offsets() {
    for line in OFFSETS.lines().filter(|l| l.starts_with("- ")) {
        let (head, fields) = line[2..].split_once(": ").unwrap();
        let (name, length) = head.split_once(" (").unwrap();
        let format = format(&format!("{}.dds", name.to_lowercase()));
        let layout = &format.records[0].layout;
        assert_eq!(layout.name, name);
        assert_eq!(layout.length.to_string(), length.trim_end_matches(')'), "{name}");
        let found: Vec<_> = layout.fields.iter().map(|f| format!("{}@{}+{}", f.name, f.offset + 1, f.bytes)).collect();
        assert_eq!(found.join(" "), fields.trim(), "{name}");
    }
    assert_eq!(OFFSETS.lines().filter(|l| l.starts_with("- ")).count(), 7);
}

#[test]
fn file_formats_read_and_their_twins_have_the_same_fields() {
    for (plain, twin) in [("pmtrd.toml", "pmtrd-gbk.toml"), ("pmack.toml", "pmack-gbk.toml")] {
        let (plain, twin) = (format(plain), format(twin));
        assert_eq!(plain.framing.length(), 480);
        assert_eq!((twin.framing.length(), twin.framing.ending()), (400, &b"\r\n"[..]));
        for (a, b) in plain.records.iter().zip(&twin.records) {
            let names = |l: &Layout| l.fields.iter().map(|f| (f.name.clone(), f.sensitive)).collect::<Vec<_>>();
            assert_eq!(names(&a.layout), names(&b.layout));
            assert_eq!((&a.layout.name, a.role), (&b.layout.name, b.role));
        }
        assert_eq!(plain.controls, twin.controls);
    }
    let trades = format("pmtrd.toml");
    let sensitive: Vec<_> = trades.record(Role::Detail).unwrap().layout.fields.iter().filter(|f| f.sensitive).collect();
    let names: Vec<_> = sensitive.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["CUSTNO", "CUSTNM", "ACCTNO"]);
    for name in ["pmprd.toml", "pmrec.toml"] {
        format(name);
    }
}

#[test]
fn a_page_override_reaches_the_fields_that_name_the_formats_page() {
    let (format, _) = Format::parse("pmtrd.toml", &read("pmtrd.toml").unwrap(), &mut read, Some(Page::Cp935)).unwrap();
    assert_eq!(format.pages(), [Page::Cp935]);
}

fn one(source: &str) -> (Vec<Field>, Vec<String>) {
    let mut refs = |name: &FileName| {
        let source = "     A          R REFS\n     A            AMOUNT        11P 2       TEXT('x') ALWNULL\n";
        let layouts = dds::parse("refs.dds", source, &mut |_| Err(String::new()), Page::Cp37).unwrap().0;
        if name.file == "REFS" { Ok(layouts) } else { Err("there is none".to_owned()) }
    };
    let (layouts, warnings) = dds::parse("t.dds", source, &mut refs, Page::Cp1388).unwrap();
    (layouts[0].fields.clone(), warnings.iter().map(|w| format!("{}:{}", w.line, w.column)).collect())
}

#[test]
fn blank_type_is_packed_with_decimals_and_character_without() {
    let (fields, _) = one(
        "     A          R X\n     A            A              7  2\n     A            B              7\n     A            C         R               REFFLD(A)\n",
    );
    let kinds: Vec<_> = fields.iter().map(|f| f.kind).collect();
    let packed = Kind::Packed { digits: 7, decimals: 2 };
    assert_eq!(kinds, [packed, Kind::Char, packed]);
}

#[test]
fn references_take_attributes_and_changes_of_length() {
    let source = concat!(
        "     A                                      REF(MYLIB/REFS)\n",
        "     A          R X\n",
        "     A            AMOUNT    R\n",
        "     A            MORE      R   +2           REFFLD(AMOUNT)\n",
        "     A            OWN       R    5S 1       REFFLD(AMOUNT *SRC)\n",
    );
    let (fields, warnings) = one(source);
    let kinds: Vec<_> = fields.iter().map(|f| (f.kind, f.nullable)).collect();
    assert_eq!(kinds[0], (Kind::Packed { digits: 11, decimals: 2 }, false));
    assert_eq!(kinds[1], (Kind::Packed { digits: 13, decimals: 2 }, false));
    assert_eq!(kinds[2], (Kind::Zoned { digits: 5, decimals: 1 }, false));
    // ALWNULL is no attribute that IBM i takes from a referred field.
    assert_eq!(warnings, ["3:29", "4:29"]);
}

#[test]
fn keywords_go_on_over_lines_and_unknown_ones_warn_with_their_place() {
    let source = concat!(
        "      *%METADATA\n",
        "                R X\n",
        "                  NAME          20O         TEXT('户名 -\n",
        "                                              敏感') COLHDG('A' +\n",
        "                                               'B''C') NOSUCH(1)\n",
        "                                            CCSID(935) VARLEN WRONG\n",
    );
    let (fields, warnings) = one(source);
    assert_eq!(fields[0].text, "户名   敏感");
    assert_eq!(fields[0].heading, "A B'C");
    assert_eq!((fields[0].page, fields[0].bytes, fields[0].varlen), (Some(Page::Cp935), 22, true));
    assert_eq!(warnings, ["5:56", "6:63"]);
}

#[test]
fn what_leaves_a_byte_in_doubt_is_a_fault_with_its_place() {
    let cases = [
        ("     A            A               A\n", "2:30"),
        ("     A            A              5Q\n", "2:35"),
        ("     A            A              3P 4\n", "2:30"),
        ("     A            A             64S 0\n", "2:30"),
        ("     A            A         R               REFFLD(B NOWHERE)\n", "2:29"),
        ("     A            A              5A         CCSID(99)\n", "2:45"),
        ("     A            A          99999A\n", "2:30"),
        ("     A            A              1A\n     A            A              1A\n", "3:19"),
    ];
    for (line, place) in cases {
        let source = format!("     A          R X\n{line}");
        let faults = dds::parse("t.dds", &source, &mut |_| Err(String::new()), Page::Cp1388).unwrap_err();
        assert_eq!(format!("{}:{}", faults[0].line, faults[0].column), place, "{line} {faults:?}");
    }
}

#[test]
fn a_logical_format_takes_the_fields_of_its_physical_file() {
    let source = "     A          R TRADES                    PFILE(MYLIB/REFS)\n     A          K AMOUNT\n";
    let (fields, _) = one(source);
    assert_eq!(fields[0].name, "AMOUNT");
}

#[test]
fn a_format_tells_all_its_faults_with_their_lines() {
    let text = concat!(
        "name = \"X\"\nframing = \"fixed\"\nlength = 12\nccsid = \"1388\"\nversion = \"1\"\n",
        "[[record]]\nrole = \"detail\"\nname = \"D\"\nfield = [\n",
        "  { name = \"A\", type = \"packed\", digits = 64 },\n]\n",
        "[[record]]\nrole = \"detail\"\nname = \"E\"\nfield = [\n",
        "  { name = \"A\", type = \"char\", length = 4, at = 2 },\n",
        "  { name = \"B\", type = \"date\", length = 8 },\n]\n",
        "[[record]]\nrole = \"boss\"\nlayout = \"none.dds\"\nselect = { at = 0, equals = \"T\" }\n",
    );
    let faults = Format::parse("x.toml", text, &mut |_| Err("no such file".to_owned()), None).unwrap_err();
    let lines: Vec<_> = faults.iter().map(|f| f.line).collect();
    assert_eq!(lines, [10, 16, 17, 20, 21], "{faults:#?}");
    let lengths = text.replace("digits = 64", "digits = 5").replace("length = 8", "length = 10");
    let lengths = lengths.split("[[record]]\nrole = \"boss").next().unwrap();
    let faults = Format::parse("x.toml", lengths, &mut |_| Err(String::new()), None).unwrap_err();
    let shown: Vec<_> = faults.iter().map(|f| format!("{} {}", f.line, f.message)).collect();
    assert_eq!(shown.len(), 4, "{shown:#?}");
    for part in ["is 12, but D has 3", "is 12, but E has 14", "E is never selected", "end at byte 0"] {
        assert!(shown.iter().any(|s| s.contains(part)), "{part} {shown:#?}");
    }
}

#[test]
fn hostile_sources_end_soon_and_small() {
    let start = std::time::Instant::now();
    let head = "     A          R X\n";
    let keywords = format!("{:44}{}\n", "     A", "A('x ".repeat(7)).repeat(11_000);
    let fields = "     A            F         R               REFFLD(LAST REFS)\n".repeat(8_500);
    let foreign = "     Z\n".repeat(100_000);
    for source in [format!("{head}{keywords}"), format!("{head}{fields}"), format!("{head}{foreign}")] {
        let mut refs = |_: &FileName| {
            let fields = (0..7_999).map(|n| format!("     A            F{n:<9}     1A\n")).collect::<String>();
            let last = "     A            LAST           1A\n";
            let source = format!("     A          R REFS\n{fields}{last}");
            Ok(dds::parse("r.dds", &source, &mut |_| Err(String::new()), Page::Cp37).unwrap().0)
        };
        let faults = dds::parse("t.dds", &source, &mut refs, Page::Cp1388).unwrap_err();
        assert!(faults.len() <= 1_000);
    }
    assert!(start.elapsed().as_secs() < 60);
}

#[test]
fn a_reference_circle_ends() {
    let mut read = |name: &str| -> Result<String, String> {
        let other = if name == "a.dds" { "B" } else { "A" };
        Ok(format!("     A          R {other}X\n     A            F         R               REFFLD(F {other})\n"))
    };
    let text = read("a.dds").unwrap();
    assert!(Format::parse("a.dds", &text, &mut read, None).is_err());
}

proptest! {
    #[test]
    fn dds_never_panics(lines in prop::collection::vec("[ A-Z0-9()'*+中-]{0,90}", 0..20)) {
        let _ = dds::parse("t.dds", &lines.join("\n"), &mut |_| Err(String::new()), Page::Cp1388);
    }

    #[test]
    fn unknown_keywords_warn_at_their_column(at in 0usize..20, chinese in "[中文A-Z]{0,6}") {
        let keywords = format!("TEXT('{chinese}'){}ZZZ(1)", " ".repeat(at.max(1)));
        let source = format!("     A          R X\n     A            A              1A         {keywords}\n");
        let (_, warnings) = dds::parse("t.dds", &source, &mut |_| Err(String::new()), Page::Cp1388).unwrap();
        let column = 45 + keywords.chars().count() - 6;
        prop_assert_eq!((warnings[0].line, warnings[0].column), (2, column));
    }

    #[test]
    fn toml_never_panics(text in "[a-z=\"\\[\\]0-9\n{} ,]{0,200}") {
        let _ = Format::parse("t.toml", &text, &mut |_| Err(String::new()), None);
    }
}
