//! Golden DDS sources of the shapes found in the wild, those of public repositories, moved and broken ones, and the outfile of DSPFFD.
#![allow(clippy::unwrap_used)] // helpers of tests, which clippy does not take for tests

use fpp_codecs::format::Format;
use fpp_codecs::layout::dds;
use fpp_codecs::layout::{Kind, Layout, NumericMoment, dspffd};
use fpp_codecs::source::SourceFault;
use fpp_codecs::text::Page;
use proptest::prelude::*;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/dds/");
const EXPECTED: &str = include_str!("dds/expected.txt");

fn read(name: &str) -> Result<String, String> {
    std::fs::read_to_string(format!("{FOLDER}{name}")).map_err(|e| format!("{name}: {e}"))
}

fn layouts(name: &str) -> (Vec<Layout>, Vec<SourceFault>) {
    let text = read(name).unwrap();
    Format::layouts(name, &text, &mut read, None).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

fn told(layout: &Layout) -> String {
    let fields =
        layout.fields.iter().map(|f| format!("  {} {:?} @{}+{}{}", f.name, f.kind, f.offset + 1, f.bytes, page(f)));
    let mut lines = vec![format!("{} {} bytes  {}", layout.name, layout.length, layout.text)];
    lines.extend(fields);
    lines.push(format!("  keys {}", layout.keys.join(" ")));
    lines.extend(layout.notes.iter().map(|note| format!("  note {note}")));
    lines.join("\n")
}

fn page(field: &fpp_codecs::layout::Field) -> String {
    let mut told = field.page.map_or_else(String::new, |page| format!(" {}", page.name()));
    for (set, word) in [(field.varlen, "varlen"), (field.nullable, "null"), (field.rules.moment.is_some(), "moment")] {
        if set {
            told = format!("{told} {word}");
        }
    }
    for (name, values) in &field.conditions {
        told = format!("{told} {name}({values})");
    }
    told
}

#[test]
fn golden_sources_give_their_layouts() {
    let names = ["fieldref.pf", "customer.pf", "orders.pf", "custlf.lf", "custview.lf", "join.lf", "shared.lf"];
    let mut found = String::new();
    for name in names {
        let (layouts, warnings) = layouts(name);
        for layout in &layouts {
            found.push_str(&format!("{name}: {}\n", told(layout)));
        }
        warnings.iter().for_each(|w| found.push_str(&format!("  warning {}:{} {}\n", w.line, w.column, w.message)));
    }
    assert_eq!(found, EXPECTED, "{found}");
}

/// Sources with the structure of public ones: the same columns, keywords, kinds and lengths, without an A in column 6 or
/// with blanks behind. Their comments name repository, path and commit. No listing of DSPFFD stands beside the originals:
/// the lengths are what IBM's DDS reference says, a number without a data type being packed.
#[test]
fn sources_as_they_stand_in_public_repositories_give_their_layouts() {
    let good = "GOODID Char 1+6, GOODTX Char 7+50, GSELL P7.2 57+4, GHOLD P7.2 61+4, GKIND Char 65+3, GHAVE P5.0 68+3, \
                GLEAST P5.0 71+3, GSOLD P5.0 74+3, GASKED P5.0 77+3, GTAX Char 80+1, GMADE Date 81+10, GMOVED Stamp \
                91+26, GBY Char 117+11, GGONE Char 128+1";
    let line = "LDEAL P6.0 1+4, LYEAR P4.0 5+3, DEALLN P5.0 8+3, LGOOD Char 11+6, LPCS P5.0 17+3, LSENT P5.0 20+3, LONE \
                P7.2 23+4, LSUM P9.2 27+5, LALL P9.2 32+5";
    let cases = [
        ("wildgood.pf", 128, good, ""),
        ("wildline.pf", 36, line, "DEALLN LDEAL LYEAR"),
        ("wildline1.lf", 36, line, "LDEAL LYEAR"),
        ("wildstore.pf", 24, "SNO Z5.0 1+5, SNAME Char 6+16, SCOUNT Z3.0 22+3", "SNO"),
    ];
    let kind = |kind: &Kind| match kind {
        Kind::Packed { digits, decimals } => format!("P{digits}.{decimals}"),
        Kind::Zoned { digits, decimals } => format!("Z{digits}.{decimals}"),
        Kind::Date(_) => "Date".to_owned(),
        Kind::Timestamp { fraction: 6 } => "Stamp".to_owned(),
        other => format!("{other:?}"),
    };
    for (name, bytes, fields, keys) in cases {
        let (layouts, warnings) = layouts(name);
        let [layout] = &layouts[..] else { panic!("{name} has one format") };
        let told: Vec<_> = layout
            .fields
            .iter()
            .map(|f| format!("{} {} {}+{}", f.name, kind(&f.kind), f.offset + 1, f.bytes))
            .collect();
        assert_eq!((layout.length, told.join(", ").as_str(), layout.keys.join(" ").as_str()), (bytes, fields, keys));
        assert_eq!(warnings, [], "{name}");
    }
    let reference = &layouts("wildref.pf").0[0];
    let rate = reference.fields.iter().find(|field| field.name == "TAXRT").map(|field| (field.kind, field.bytes));
    assert_eq!(rate, Some((Kind::Packed { digits: 4, decimals: 2 }, 3)));
}

#[test]
fn a_moved_source_says_the_same() {
    let plain = read("fieldref.pf").unwrap();
    let (expected, _) = layouts("fieldref.pf");
    let prefixed = |front: &str| plain.lines().map(|line| format!("{front}{line}\r\n")).collect::<String>();
    let lettered = plain.lines().map(|line| format!("A{}\n", line.get(6..).unwrap_or_default())).collect::<String>();
    let tabbed = plain.replace("                ", "\t\t");
    let noted = lettered.replacen('\n', "\n * a comment\n", 1);
    for moved in
        [prefixed("000100210315"), prefixed("000100"), prefixed(" "), noted, lettered, tabbed, plain.to_lowercase()]
    {
        let (found, _) = dds::parse("m.pf", &moved, &mut |_| Err(String::new()), Page::Cp1388).unwrap();
        let shape =
            |layout: &Layout| layout.fields.iter().map(|f| (f.name.clone(), f.kind, f.bytes)).collect::<Vec<_>>();
        assert_eq!(shape(&found[0]), shape(&expected[0]), "{moved}");
    }
    assert_eq!(layouts("fieldref.pf").1, []);
}

/// A lone source has no page of its own: whatever EBCDIC page a field names, its text is read in the one that is asked
/// for. Unicode stays what it is.
#[test]
fn the_page_that_is_asked_for_is_that_of_every_ebcdic_field() {
    let field = |name: &str, columns: &str, page: &str| format!("     A            {name:<10}{columns:<16}{page}\n");
    let source = [
        "     A          R X\n".to_owned(),
        field("A", "    10A", ""),
        field("B", "    10O", "CCSID(935)"),
        field("C", "    10O", "CCSID(1388)"),
        field("D", "    10A", "CCSID(37)"),
        field("E", "    10G", "CCSID(13488)"),
        field("F", "     7P 2", ""),
    ];
    let pages = |asked: Option<Page>| {
        let (format, _) = Format::parse("x.pf", &source.concat(), &mut |_| Err(String::new()), asked).unwrap();
        let fields = &format.records[0].layout.fields;
        fields.iter().map(|f| f.page.map_or("-", Page::name)).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(pages(None), "1388 935 1388 37 13488 -");
    assert_eq!(pages(Some(Page::Gbk)), "gbk gbk gbk gbk 13488 -");
}

#[test]
fn a_fault_in_a_moved_source_points_at_the_text() {
    let source = "000100210315     A          R X\n000200210315     A            A              5Q\n";
    let faults = dds::parse("m.pf", source, &mut |_| Err(String::new()), Page::Cp1388).unwrap_err();
    assert_eq!((faults[0].line, faults[0].column), (2, 47));
}

#[test]
fn bytes_in_doubt_are_faults_that_say_what_is_missing() {
    let field =
        |columns: &str, keywords: &str| format!("     A          R X\n     A            {columns:<26}{keywords}\n");
    let cases = [
        (field("D               L", "DATFMT(*JOB)"), "that of a job"),
        (field("D               L", "DATFMT(*NEW)"), "DATFMT(*NEW) is not known"),
        (field("T               T", "TIMFMT(*JOB)"), "that of a job"),
        (field("F             17F", ""), "FLTPCN(*DOUBLE)"),
        (field("F             12F", "FLTPCN(*DECFLOAT)"), "16 or 34"),
        (field("F              9F", "FLTPCN(*HALF)"), "decides the bytes"),
        (field("B             19B 0", ""), "more than 18"),
        (field("A             10A", "CCSID(935"), "CCSID cannot be read"),
        (field("A             10A", "CCSID(1200)"), "needs data type G"),
        (field("A             10A", "CONCAT(B C)"), "for logical files"),
        (field("A         R", "REFFLD(B ../SECRET)"), "no name of a file"),
        (field("L              8L", ""), "this format has 10 bytes"),
        (field("ABCDEFGHIJK    5A", ""), "column 29 holds `K`"),
        (field("NAME      X    5A", ""), "column 29 holds `X`"),
        (field("          X", "TEXT('t')"), "column 29 holds `X`"),
        (
            "     A                                      DSPSIZ(24 80 *DS3)\n     A          R SCREEN\n\
             \x20    A                                  1  3'Account'\n     A            ACCT          10A  B  1 12\n"
                .to_owned(),
            "DSPSIZ is a keyword of display, printer and ICF files",
        ),
        (
            "     A          R MENU                      CF03(03)\n     A            OPT            1A  B 22  7\n"
                .to_owned(),
            "no file has records of this layout",
        ),
        (field("J             11J", ""), "length 11 is odd"),
        (field("E             11E", ""), "length 11 is odd"),
        (field("J              2J", ""), "not within 4"),
        ("     A          R X                         PFILE(NOWHERE)\n".to_owned(), "fields of NOWHERE are needed"),
    ];
    for (source, part) in cases {
        let faults = dds::parse("t.pf", &source, &mut |_| Err("there is none".to_owned()), Page::Cp1388).unwrap_err();
        assert!(faults.iter().any(|fault| fault.message.contains(part)), "{part}: {faults:#?}\n{source}");
    }
}

/// A keyword that has slipped into a physical file makes no screen of it.
#[test]
fn a_keyword_of_a_screen_alone_is_a_warning() {
    let source = "     A          R X\n     A            A              5A         DSPATR(RI)\n";
    let (layouts, warnings) = dds::parse("t.pf", source, &mut |_| Err(String::new()), Page::Cp1388).unwrap();
    assert_eq!(layouts[0].length, 5);
    assert!(warnings.iter().any(|told| told.message.contains("no file has records of this layout")), "{warnings:?}");
}

#[test]
fn logical_fields_that_cannot_be_are_faults() {
    let view = |columns: &str, keywords: &str| {
        format!(
            "     A          R VIEW                      PFILE(CUSTOMER)\n     A            {columns:<26}{keywords}\n"
        )
    };
    let cases = [
        (view("NOSUCH", ""), "has no field NOSUCH"),
        (view("A", "SST(CUNAME 49 4)"), "ends at 50"),
        (view("A", "SST(CUNAME 3)"), "the length of the part"),
        (view("A", "SST(CUID 1 2)"), "character, hex, zoned and graphic"),
        (view("A", "CONCAT(CUBAL CUNAME)"), "has decimals"),
        (view("A", "CONCAT(CUID CUBIRTH)"), "dates, times"),
        (view("BORN           6S 0", "RENAME(CUBIRTH) DATFMT(*YYMD)"), "has 8 digits"),
    ];
    for (source, part) in cases {
        let faults = Format::layouts("v.lf", &source, &mut read, None).unwrap_err();
        assert!(faults.iter().any(|fault| fault.message.contains(part)), "{part}: {faults:#?}");
    }
    let join = format!("     A          R {:<26} JFILE(ORDERS CUSTOMER)\n     A            CUID\n", "J");
    let faults = Format::layouts("j.lf", &join, &mut read, None).unwrap_err();
    assert!(faults[0].message.contains("JREF says from which"), "{faults:#?}");
}

#[test]
fn a_date_of_a_logical_file_may_be_a_number() {
    let (view, _) = layouts("custview.lf");
    let born = view[0].fields.iter().find(|field| field.name == "BORN").unwrap();
    assert_eq!((born.kind, born.bytes), (Kind::Zoned { digits: 8, decimals: 0 }, 8));
    assert!(matches!(born.rules.moment, Some(NumericMoment::Date(form)) if form.digits() == 8));
}

/// Nothing says then what its digits mean, and it is a number like any other.
#[test]
fn a_number_over_a_date_without_a_format_is_told() {
    for (columns, keywords, told) in [
        ("BORN           8S 0", "RENAME(CUBIRTH)", true),
        ("BORN           9P 0", "RENAME(CUBIRTH)", true),
        ("BORN           8S 0", "RENAME(CUBIRTH) DATFMT(*YYMD)", false),
        ("BORN            L", "RENAME(CUBIRTH)", false),
        ("CUID           9P 0", "", false),
    ] {
        let source = format!(
            "     A          R VIEW                      PFILE(CUSTOMER)\n     A            {columns:<26}{keywords}\n"
        );
        let (layouts, warnings) = Format::layouts("v.lf", &source, &mut read, None).unwrap();
        assert_eq!(layouts[0].fields[0].rules.moment.is_some(), columns.contains("8S") && !told);
        let found: Vec<_> = warnings.iter().filter(|told| told.message.contains("no DATFMT says")).collect();
        assert_eq!(found.len(), usize::from(told), "{columns} {keywords}: {warnings:?}");
        assert!(found.iter().all(|told| (told.line, told.column) == (2, 35)), "{found:?}");
    }
}

const OUTFILE: &str = "\u{feff}WHFILE;WHLIB;WHNAME;WHFLDE;WHFOBO;WHFLDB;WHFLDT;WHFLDD;WHFLDP;WHFTXT;WHCHD1;WHCHD2;WHCCSID;WHVARL;WHNULL;WHFMT;WHRLEN;WHZZZ
TRADES;BANK;TRDR;TRDID;1;16;A;0;0;\"Id; of trade\";TRADE;ID;1388;N;N;;60;x
TRADES;BANK;TRDR;AMOUNT;17;00008;P;15;2;Amount;;;0;N;Y;;60;
TRADES;BANK;TRDR;NOTE;27;22;O;0;0;;;;935;Y;N;;60;
TRADES;BANK;TRDR;DAY;49;8;L;0;0;;;;37;N;N;*YMD;60;
TRADES;BANK;OTHR;COUNT;1;4;B;10;0;;;;0;N;N;;4;
";

#[test]
fn an_outfile_of_dspffd_decides_by_position_and_bytes() {
    let (layouts, warnings) = dspffd::parse("t.csv", OUTFILE, Page::Cp37).unwrap();
    assert_eq!(warnings, []);
    assert_eq!(
        told(&layouts[0]),
        "TRDR 60 bytes  \n  TRDID Char @1+16 1388\n  AMOUNT Packed { digits: 15, decimals: 2 } @17+8 null\n  FILLER Hex @25+2\n  NOTE Open @27+22 935 varlen\n  DAY Date(DateForm { order: Ymd, year: Two, separator: Any(47) }) @49+8 37\n  FILLER2 Hex @57+4\n  keys \n  note file BANK/TRADES"
    );
    assert_eq!(
        (layouts[0].fields[0].text.as_str(), layouts[0].fields[0].heading.as_str()),
        ("Id; of trade", "TRADE ID")
    );
    // An INTEGER of SQL has ten digits, more than DDS allows in four bytes.
    let count = &layouts[1].fields[0];
    assert_eq!((count.kind, count.bytes, count.rules.native), (Kind::Binary { digits: 9, decimals: 0 }, 4, true));
    for delimiter in [',', '\t'] {
        let text = OUTFILE.replace("Id; of", "Id of").replace(';', &delimiter.to_string()).to_lowercase();
        let text = text.replace("trdr", "TRDR").replace("othr", "OTHR");
        let (other, _) = dspffd::parse("t.csv", &text, Page::Cp37).unwrap();
        assert_eq!(other[0].fields.len(), layouts[0].fields.len());
        assert_eq!(other[0].length, 60);
    }
}

#[test]
fn an_outfile_in_doubt_is_a_fault_with_the_place_of_its_cell() {
    let cases = [
        ("TRDR;NOTE;27;", "TRDR;NOTE;20;", "4:23", "AMOUNT ends at 24"),
        ("A;0;0;\"Id", "Q;0;0;\"Id", "2:29", "data type `Q`"),
        (";*YMD;", ";;", "5:43", "WHFMT"),
        ("WHFOBO", "WHFOBX", "1:1", "WHFOBO"),
        (";1388;", ";99;", "2:59", "CCSID 99"),
        ("DAY;49;8;", "DAY;49;9;", "5:25", "has 8 bytes, not 9"),
        ("COUNT;1;4;", "COUNT;x;4;", "6:24", "not a whole number"),
    ];
    for (from, to, place, part) in cases {
        let faults = dspffd::parse("t.csv", &OUTFILE.replacen(from, to, 1), Page::Cp37).unwrap_err();
        let told: Vec<_> = faults.iter().map(|f| format!("{}:{} {}", f.line, f.column, f.message)).collect();
        assert!(told.iter().any(|t| t.starts_with(place) && t.contains(part)), "{from} {part}: {told:#?}");
    }
}

proptest! {
    #[test]
    fn an_outfile_is_a_layout_without_gaps_or_a_fault(rows in prop::collection::vec(("[AB]", "[A-C]", 0usize..40, 0usize..20, "[ABEFGHJLOPSTZ56Q]", 0u8..40, 0u8..4, "[YN]"), 1..8)) {
        let mut text = "WHNAME,WHFLDE,WHFOBO,WHFLDB,WHFLDT,WHFLDD,WHFLDP,WHVARL\n".to_owned();
        for (format, field, position, bytes, kind, digits, decimals, varlen) in rows {
            text.push_str(&format!("{format},{field},{position},{bytes},{kind},{digits},{decimals},{varlen}\n"));
        }
        if let Ok((layouts, _)) = dspffd::parse("r.csv", &text, Page::Cp1388) {
            for layout in layouts {
                let mut at = 0;
                for field in &layout.fields {
                    prop_assert_eq!(field.offset, at, "{}\n{}", field.name, text);
                    at += field.bytes;
                }
                prop_assert_eq!(at, layout.length);
            }
        }
    }

    #[test]
    fn an_outfile_never_panics(text in "(WHNAME|WHFLDE|WHFOBO|WHFLDB|WHFLDT|[a-z0-9\"';,\t\n\r ]){0,60}") {
        let _ = dspffd::parse("r.csv", &text, Page::Cp1388);
    }

    #[test]
    fn lines_that_look_like_dds_never_panic(lines in prop::collection::vec("(000100210315|A| {5}[A ]) {0,11}[ RKJSO] [A-C ]{3} {7}[R ][ 0-9+-]{5}[A-Z5 ][ 0-9]{2}[ BIN] {6}(CONCAT|SST|RENAME|CCSID|DATFMT|PFILE|JFILE)\\([A-C0-9* /']{0,9}\\)[+-]?", 0..12)) {
        let text = lines.join("\n");
        let _ = Format::layouts("w.lf", &text, &mut read, None);
    }
}
