//! Copybooks against a compiler and against the rules of the Language Reference.
//!
//! `copybooks/*.places` are what GnuCOBOL says of the same files (`copybooks/oracle.py` makes them anew).
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail as tests do")]

use fpp_codecs::layout::copybook::{Dialect, Form, Options, parse};
use fpp_codecs::layout::{Kind, Layout, Node, SignPlace};
use fpp_codecs::text::Page;

fn folder(name: &str) -> Result<String, String> {
    let path = format!("{}/tests/copybooks/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).map_err(|e| e.to_string())
}

fn options(dialect: Dialect) -> Options {
    Options { dialect: Some(dialect), ..Options::new(Page::Cp1388) }
}

/// The layouts of a file among the tests.
fn book(name: &str, dialect: Dialect) -> Vec<Layout> {
    let text = folder(name).unwrap();
    parse(name, &text, &mut folder, &options(dialect)).unwrap_or_else(|faults| panic!("{faults:#?}")).0
}

/// Layouts and warnings of a text.
fn read(text: &str) -> (Vec<Layout>, Vec<String>) {
    let none = &mut |_: &str| Err("no such file".to_owned());
    let (layouts, warnings) = parse("t.cpy", text, none, &options(Dialect::Zos)).unwrap_or_else(|f| panic!("{f:#?}"));
    (layouts, warnings.iter().map(ToString::to_string).collect())
}

fn faults(text: &str) -> Vec<String> {
    let none = &mut |_: &str| Err("no such file".to_owned());
    let faults = parse("t.cpy", text, none, &options(Dialect::Zos)).unwrap_err();
    faults.iter().map(ToString::to_string).collect()
}

/// `NAME@place+bytes` of all fields but fillers.
fn places(layout: &Layout) -> String {
    let named = layout.fields.iter().filter(|field| !field.is_filler());
    let shown: Vec<_> = named.map(|f| format!("{}@{}+{}", f.name, f.offset + 1, f.bytes)).collect();
    shown.join(" ")
}

fn one(text: &str) -> Layout {
    let (mut layouts, warnings) = read(text);
    assert_eq!((layouts.len(), warnings), (1, vec![]), "{text}");
    layouts.remove(0)
}

/// Places of the entries under a record.
fn under(entries: &str) -> String {
    places(&one(&format!("01 R.\n{entries}\n")))
}

#[test]
fn places_are_those_of_a_compiler() {
    let mut compared = 0;
    for entry in std::fs::read_dir(format!("{}/tests/copybooks", env!("CARGO_MANIFEST_DIR"))).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some((stem, ending)) = name.split_once('.').filter(|(_, ending)| ending.ends_with("places")) else {
            continue;
        };
        let dialect = if ending == "places" { Dialect::Zos } else { Dialect::GnuCobol };
        let layout = book(&format!("{stem}.cpy"), dialect).remove(0);
        for line in folder(&name).unwrap().lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<_> = line.split(' ').collect();
            let (place, bytes): (usize, usize) = (words[1].parse().unwrap(), words[2].parse().unwrap());
            if words[0] == "*" {
                assert_eq!(layout.length, bytes, "{name}: the record");
                continue;
            }
            let field = layout.fields.iter().find(|f| f.name == words[0]).unwrap_or_else(|| panic!("{name}: {line}"));
            assert_eq!((field.offset + 1, field.bytes), (place, bytes), "{name}: {line}");
            compared += 1;
        }
    }
    assert!(compared > 150, "{compared}");
}

#[test]
fn binary_sizes_and_comp_are_those_of_the_compiler_that_is_named() {
    let text = "01 R.\n 05 A PIC 9 COMP.\n 05 B PIC 9(7) COMP.\n 05 C PIC S9(9) COMP-5.\n 05 D PIC X(3) COMP-X.\n";
    let bytes = |dialect| {
        let none = &mut |_: &str| Err(String::new());
        let (layouts, warnings) = parse("t.cpy", text, none, &options(dialect)).unwrap();
        assert_eq!(warnings, []);
        let rules = &layouts[0].fields[2].rules;
        (layouts[0].fields.iter().map(|f| f.bytes).collect::<Vec<_>>(), rules.native, rules.little_endian)
    };
    assert_eq!(bytes(Dialect::Zos), (vec![2, 4, 4, 3], true, false));
    assert_eq!(bytes(Dialect::IbmI), (vec![1, 4, 4, 3], true, false));
    assert_eq!(bytes(Dialect::GnuCobol), (vec![1, 4, 4, 3], true, true));
    assert_eq!(bytes(Dialect::MicroFocus), (vec![1, 3, 4, 3], true, true));
    let aligned = |dialect| {
        let text = "01 R.\n 05 A PIC X.\n 05 B PIC S9(9) COMP SYNC.\n";
        let read = parse("t.cpy", text, &mut |_: &str| Err(String::new()), &options(dialect)).unwrap();
        read.0[0].length
    };
    let all = [Dialect::Zos, Dialect::IbmI, Dialect::GnuCobol, Dialect::MicroFocus].map(aligned);
    assert_eq!(all, [8, 6, 8, 5], "SYNC is a comment to two of them");
    let none = &mut |_: &str| Err(String::new());
    let (_, warnings) = parse("t.cpy", text, none, &Options::new(Page::Cp37)).unwrap();
    assert!(warnings.len() == 1 && warnings[0].message.contains("dialect = \"ibm-i\""), "{warnings:?}");
}

#[test]
fn kinds_and_rules_follow_picture_usage_and_sign() {
    let layout = one("01 R.\n 05 A PIC S9(3)P(2) COMP-3.\n 05 B PIC VPP99.\n 05 C PIC 9(4) COMP-6.\n 05 D COMP-1.\n\
         05 E PIC ZZ9.9- BLANK WHEN ZERO.\n 05 F PIC X(3) JUST.\n 05 G PIC G(3).\n 05 H PIC U(5).\n\
         05 I PIC S9(2) SIGN LEADING SEPARATE.\n 05 J PIC 9(2) COMP-9.\n 05 K PIC +9.9E+99.\n 05 L USAGE POINTER.\n\
         05 M PIC 99/99/9999.\n 05 FILLER PIC 9(3) COMP-3.\n");
    let kinds: Vec<_> = layout.fields.iter().map(|f| (f.kind, f.bytes)).collect();
    assert_eq!(
        kinds,
        [
            (Kind::Packed { digits: 3, decimals: 0 }, 2),
            (Kind::Zoned { digits: 2, decimals: 4 }, 2),
            (Kind::Comp6 { digits: 4, decimals: 0 }, 2),
            (Kind::Float { double: false }, 4),
            (Kind::Edited { digits: 4, decimals: 1 }, 6),
            (Kind::Char, 3),
            (Kind::Graphic, 6),
            (Kind::Char, 20),
            (Kind::Zoned { digits: 2, decimals: 0 }, 3),
            (Kind::Binary { digits: 2, decimals: 0 }, 2),
            (Kind::Char, 8),
            (Kind::Hex, 4),
            (Kind::Char, 10),
            (Kind::Hex, 2),
        ]
    );
    let rules = |n: usize| &layout.fields[n].rules;
    assert_eq!((rules(0).scale_up, rules(0).unsigned, rules(1).unsigned), (2, false, true));
    assert_eq!((rules(3).hex_float, rules(5).justified, rules(9).little_endian), (true, true, true));
    assert_eq!((rules(4).picture.as_deref(), rules(4).blank_when_zero), (Some("ZZ9.9-"), true));
    assert_eq!(rules(8).sign, SignPlace::LeadingSeparate);
    let pages: Vec<_> = layout.fields.iter().map(|f| f.page).collect();
    assert_eq!(
        (pages[0], pages[5], pages[6], pages[7]),
        (None, Some(Page::Cp1388), Some(Page::Cp1388), Some(Page::Utf8))
    );
    assert_eq!(layout.fields[0].text, "PIC S9(3)P(2) COMP-3");
}

#[test]
fn usage_sign_and_sync_are_handed_down() {
    let text = " 05 G COMP-3.\n  10 A PIC 9(3).\n  10 H.\n   15 B PIC 9(5).\n 05 C PIC 9(3).";
    assert_eq!(under(text), "A@1+2 B@3+3 C@5+3".replace("C@5", "C@6"));
    let layout = one("01 R SYNC.\n 05 A PIC X.\n 05 B PIC 9(9) COMP.\n");
    assert_eq!((places(&layout).as_str(), layout.length), ("A@1+1 B@5+4", 8));
}

#[test]
fn slack_stands_before_the_group_that_an_aligned_item_begins() {
    // A table whose entries begin with an aligned item: the slack is before the table, not in each entry.
    let layout = one("01 R.\n 05 A PIC X.\n 05 T OCCURS 3.\n  10 B PIC 9(8) COMP SYNC.\n  10 C PIC X.\n");
    assert_eq!(places(&layout), "A@1+1 B(1)@5+4 C(1)@9+1 B(2)@13+4 C(2)@17+1 B(3)@21+4 C(3)@25+1");
    assert_eq!(layout.length, 28);
    // The table of the Language Reference: two bytes before COMP-PAY, and two after COMP-NAME.
    let text = " 05 WORK-CODE PIC X.\n 05 COMP-TABLE OCCURS 10 TIMES.\n  10 COMP-TYPE PIC X.\n  10 COMP-PAY PIC S9(4)V99 COMP SYNC.\n\
                10 COMP-HRS PIC S9(3) COMP SYNC.\n  10 COMP-NAME PIC X(5).";
    let found = under(text);
    assert!(
        found.starts_with(
            "WORK-CODE@1+1 COMP-TYPE(1)@2+1 COMP-PAY(1)@5+4 COMP-HRS(1)@9+2 COMP-NAME(1)@11+5 COMP-TYPE(2)@18+1"
        ),
        "{found}"
    );
    // Eight bytes of binary stand on a word, COMP-2 on a doubleword.
    assert_eq!(under(" 05 A PIC X.\n 05 B PIC 9(18) COMP SYNC.\n 05 C COMP-2 SYNC."), "A@1+1 B@5+8 C@17+8");
}

#[test]
fn redefinitions_begin_where_their_item_does() {
    let layout = book("redefines.cpy", Dialect::Zos).remove(0);
    let Node::Redefines(part) = &layout.nodes[1] else { panic!("{:?}", layout.nodes) };
    assert_eq!(part.alternatives.len(), 3);
    let (layouts, warnings) = read("01 R.\n 05 A PIC X(2).\n 05 B REDEFINES A PIC X(5).\n 05 C PIC X.\n");
    assert_eq!(places(&layouts[0]), "A@1+2 B@1+5 C@6+1");
    assert_eq!(warnings, ["t.cpy:3:2: B has 5 bytes and redefines A with 2: the area becomes 5 bytes long"]);
}

#[test]
fn counters_stand_in_the_record_before_their_table() {
    let layout = book("nested.cpy", Dialect::Zos).remove(0);
    assert_eq!((layout.least, layout.length), (4 + 9 + 1, 4 + 4 * (6 + 1 + 6 + 6 + 2) + 1));
    let Node::Array(lines) = &layout.nodes[1] else { panic!("{:?}", layout.nodes) };
    let depending = lines.depending.as_ref().unwrap();
    assert_eq!((layout.fields[depending.field].name.as_str(), depending.least), ("ORDERS", 1));
    let Node::Group { nodes, .. } = &*lines.item else { panic!("{lines:?}") };
    let Node::Array(tags) = &nodes[2] else { panic!("{nodes:?}") };
    assert_eq!(layout.fields[tags.depending.as_ref().unwrap().field].name, "TAGS(1)");
}

#[test]
fn names_that_are_there_twice_and_names_that_are_none() {
    let (layouts, warnings) = read("01 R.\n 05 A PIC X.\n 05 A PIC X.\n 05 PIC X(2).\n 05.\n  10 A PIC X.\n");
    assert_eq!(places(&layouts[0]), "A@1+1 A-2@2+1 A-3@5+1");
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    let layout = one("01 R.\n 05 OCCURS 2.\n  10 A PIC X.\n 05 FILLER PIC X(3) OCCURS 2.\n 05 B PIC X.\n");
    assert_eq!((places(&layout).as_str(), layout.fields.len()), ("A(1)@1+1 A(2)@2+1 B@9+1", 4));
    let (layouts, warnings) = read("01 R.\n 05 :P:-A PIC X.\n 05 (P)-B PIC X.\n");
    assert_eq!((places(&layouts[0]).as_str(), warnings.len()), ("P-A@1+1 P-B@2+1", 1));
}

#[test]
fn conditions_and_renamings_are_kept_as_they_are_written() {
    let layout = book("tables.cpy", Dialect::Zos).remove(0);
    let flag = layout.fields.iter().find(|f| f.name == "T-FLAGS(3)").unwrap();
    let kept = [("T-ON", "'Y' 'y'"), ("T-RANGE", "'0' THRU '9' 'A' THRU 'F'")];
    assert_eq!(flag.conditions, kept.map(|(name, values)| (name.to_owned(), values.to_owned())));
    assert_eq!(layout.notes, ["T-LAST-PART renames T-LAST OF TABLES THRU T-END: bytes 294 to 297"]);
}

#[test]
fn several_records_are_several_layouts_and_level_77_is_none() {
    let layouts = book("records.cpy", Dialect::Zos);
    let names: Vec<_> = layouts.iter().map(|l| (l.name.as_str(), l.length)).collect();
    assert_eq!(names, [("HEAD-RECORD", 9), ("ITEM-RECORD", 9)]);
    assert_eq!(book("headless.cpy", Dialect::Zos)[0].name, "HEADLESS");
    let (layouts, warnings) = read("01 R.\n 05 A PIC X");
    assert_eq!((places(&layouts[0]).as_str(), warnings.len()), ("A@1+1", 1));
}

#[test]
fn whole_programs_give_their_data() {
    let text = "       IDENTIFICATION DIVISION.\n       PROGRAM-ID. P.\n       ENVIRONMENT DIVISION.\n       CONFIGURATION \
                SECTION.\n       SPECIAL-NAMES. DECIMAL-POINT IS COMMA.\n       DATA DIVISION.\n       FILE SECTION.\n       \
                FD  F RECORDING MODE IS F.\n       01  R.\n           05  A PIC ZZ9,9.\n       PROCEDURE DIVISION.\n       \
                MOVE 1 TO A.\n";
    let layout = one(text);
    assert_eq!(layout.fields[0].kind, Kind::Edited { digits: 4, decimals: 1 });
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_all_at_once() {
    let cases: &[(&str, &str)] = &[
        (" 05 A PIC 9(20) COMP.", "t.cpy:2:11: PIC 9(20) COMP is more than 18 digits, the most a binary item has"),
        (
            " 05 A PIC X OCCURS 5 DEPENDING ON N.",
            "t.cpy:2:35: OCCURS DEPENDING ON names N, which is not in this record",
        ),
        (" 05 A PIC X OCCURS 5 DEPENDING ON N.\n 05 N PIC 9.", "does not stand before the table"),
        (" 05 T OCCURS 2.\n  10 N PIC 9.\n 05 A PIC X OCCURS 5 DEPENDING ON N.", "occurs several times itself, in T"),
        (" 05 A PIC X OCCURS 1 TO 5.", "t.cpy:2:13: OCCURS n TO m needs DEPENDING ON"),
        (" 05 A PIC X OCCURS 5 TO 2 DEPENDING ON N.", "OCCURS 5 TO 2 is no range"),
        (" 05 A PIC X OCCURS 1 TO UNBOUNDED.", "OCCURS UNBOUNDED needs DEPENDING ON"),
        (
            " 05 N PIC 9(5).\n 05 A PIC X OCCURS 1 TO UNBOUNDED DEPENDING ON N.",
            "A OCCURS UNBOUNDED, which leaves the longest record open: write the most entries",
        ),
        (" 05 A PIC S9(3) NATIONAL.", "A: PIC S9(3) NATIONAL has a sign, which national digits have in a character"),
        (" 05 A PIC X OCCURS TIMES.", "OCCURS needs a number of times"),
        (" 05 A REDEFINES B PIC X.", "t.cpy:2:17: REDEFINES names B, which is no item before A in its group"),
        (" 05 A PIC X.\n 05 B PIC X.\n 05 C REDEFINES A PIC X.", "but B stands between them"),
        (" 05 A PIC X.\n  10 B PIC X.", "t.cpy:2:11: A has both PIC and items under it"),
        (" 05 A.", "t.cpy:2:2: A has no PIC and no items under it"),
        (" 05 A PIC X FROBNICATE.", "t.cpy:2:13: `FROBNICATE` in the entry of A is no clause"),
        (" 05 A PIC X DYNAMIC LENGTH.", "DYNAMIC LENGTH has no bytes in a record"),
        (" 05 A LIKE B.", "LIKE takes another item's picture"),
        (" 05 A USAGE SQL TYPE IS CLOB(1M).", "SQL TYPE has a host variable's layout"),
        (" 05 A USAGE FOO.", "USAGE FOO is not known here"),
        (" 05 A PIC X(3) COMP-3.", "A: PIC X(3) COMP-3 is no item of COBOL"),
        (" 05 A PIC 9(2) SIGN LEADING SEPARATE.", "SIGN of A needs S in its picture"),
        (" 05 A PIC 9(99).", "63 are the most that are read"),
        (" 05 A PIC X(3) PIC X.", "A has two pictures"),
        (" 05 A PIC 9 COMP COMP-3.", "A has two usages"),
        (" 50 A PIC X.", "t.cpy:2:2: 50 is no level number"),
        (" A PIC X.", "`A` stands where a level number is expected"),
        (" 05 A PIC X.\n COPY NONE.", "t.cpy:3:2: COPY NONE: no text of this name was found; looked for NONE.cpy"),
        (" COPY DDS-ALL-FORMATS OF FILE.", "give its DDS source"),
        (" 05 A PIC X(99999999).", "is longer than"),
        (" 05 A OCCURS 9999.\n  10 B PIC X OCCURS 9999.", "are more than"),
    ];
    for (entries, told) in cases {
        let found = faults(&format!("01 R.\n{entries}\n"));
        assert!(found.iter().any(|fault| fault.contains(told)), "{entries}\n{found:#?}");
    }
    let all: String = cases[..6].iter().map(|(entries, _)| format!("01 R.\n{entries}\n")).collect();
    assert_eq!(faults(&all).len(), 6);
}

#[test]
fn clauses_that_move_no_byte_are_read_and_left() {
    let text = " 05 A PIC X(2) VALUE IS 'A.B' EXTERNAL GLOBAL VOLATILE.\n 05 B DATE FORMAT YYXXXX PIC 9(6) VALUE ZERO COMP-3.\n\
                05 C PIC X OCCURS 3 INDEXED I J DESCENDING KEY IS C VALUES ALL '*'.\n 05 D PIC X(3) INDICATOR 12.\n\
                05 E PIC 9(2) VALUE\n 10 COMP-3.\n 05 DATE PIC X(8).\n";
    assert_eq!(under(text), "A@1+2 B@3+4 C(1)@7+1 C(2)@8+1 C(3)@9+1 D@10+3 E@13+2 DATE@15+8");
    let body = " 05 A PIC X(N) OCCURS N TIMES.\n 05 B PIC X.\n";
    let within = under(&format!(" 78 N VALUE 4.\n{body}"));
    let constants =
        ["01 N CONSTANT AS 4.\n", "01 N CONSTANT IS GLOBAL AS 4.\n", "01 M CONSTANT AS 'x'.\n78 N VALUE 4.\n"];
    for constant in constants {
        let (layouts, warnings) = read(&format!("{constant}01 R.\n{body}"));
        assert_eq!((layouts.len(), places(&layouts[0])), (1, within.clone()), "{constant}");
        assert_eq!(warnings.len(), usize::from(constant.contains('x')), "{warnings:?}");
    }
    assert!(within.ends_with("A(4)@13+4 B@17+1"), "{within}");
}

/// Each line as a source member has it on IBM i, with its sequence number and date.
#[test]
fn lines_may_have_their_sequence_number_and_date_before_them() {
    let plain = folder("tables.cpy").unwrap();
    let numbered = plain.lines().map(|line| format!("000100230101{line}\n")).collect::<String>();
    let none = &mut |_: &str| Err(String::new());
    let (layouts, warnings) = parse("t.cpy", &numbered, none, &options(Dialect::Zos)).unwrap();
    assert_eq!(layouts, book("tables.cpy", Dialect::Zos));
    assert_eq!(
        warnings[0].to_string(),
        "t.cpy:1:1: 12 columns of sequence number and date stand before each line and are left out"
    );
    // Places are those of the text.
    assert_eq!(
        faults("000100230101       01 R.\n000200230101           05 A PIC Q.\n"),
        ["t.cpy:2:33: `Q` is no picture symbol (in `Q`)"]
    );
}

#[test]
fn a_table_without_a_bound_has_what_its_counter_can_say() {
    let (layouts, warnings) = read("01 R.\n 05 N PIC 9.\n 05 A PIC XX OCCURS 1 TO UNBOUNDED DEPENDING ON N.\n");
    assert_eq!((layouts[0].least, layouts[0].length), (3, 19));
    assert!(warnings[0].contains("A OCCURS UNBOUNDED is read as up to 9"), "{warnings:?}");
    let (layouts, _) = read("01 R.\n 05 N PIC 99.\n 05 A PIC X OCCURS UNBOUNDED DEPENDING ON N.\n");
    assert_eq!((layouts[0].least, layouts[0].length), (2, 101));
}

#[test]
fn a_missing_period_before_a_level_is_told_and_values_are_no_levels() {
    let (layouts, warnings) = read("01 R.\n 05 A PIC X\n 05 B PIC 9.\n  88 C VALUES 1 2\n  3 4\n  5.\n 05 D PIC X.\n");
    assert_eq!(places(&layouts[0]), "A@1+1 B@2+1 D@3+1");
    assert_eq!(layouts[0].fields[1].conditions, [("C".to_owned(), "1 2 3 4 5".to_owned())]);
    assert_eq!(warnings, ["t.cpy:3:2: no period ends the entry before this line"]);
}

#[test]
fn the_form_can_be_said() {
    let text = "       01  R.                                                            05 A PIC X.\n";
    let none = &mut |_: &str| Err(String::new());
    let with = |form| Options { form, ..options(Dialect::Zos) };
    let told = parse("t.cpy", text, none, &with(None)).unwrap_err();
    assert!(told[0].message.contains("form = \"free\""), "{told:?}");
    assert!(parse("t.cpy", text, none, &with(Some(Form::Free))).is_ok());
    let told = parse("t.cpy", text, none, &with(Some(Form::Fixed))).unwrap_err();
    assert!(told[0].message.contains("no PIC"), "{told:?}");
}
