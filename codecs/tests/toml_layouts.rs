//! Layouts in TOML: what each key says, and which faults tell what is wrong.

#![allow(clippy::unwrap_used, reason = "a helper of tests may fail as they do")]

use fpp_codecs::date::form::{Order, Year};
use fpp_codecs::date::{DateForm, NoDates, Sentinel, TimestampForm};
use fpp_codecs::format::Format;
use fpp_codecs::layout::toml;
use fpp_codecs::layout::{Dirty, Field, Kind, Layout, Node, NumericMoment, SignPlace};
use fpp_codecs::number::Signs;
use fpp_codecs::number::display::Encoding;
use fpp_codecs::record::{Cell, Row};
use fpp_codecs::text::Page;

fn layout(fields: &str) -> Layout {
    let text = format!("name = \"R\"\n{fields}");
    toml::parse("r.toml", &text, Page::Cp37).unwrap_or_else(|faults| panic!("{faults:#?}\n{text}"))
}

fn faults(fields: &str) -> Vec<String> {
    let text = format!("name = \"R\"\n{fields}");
    let faults = toml::parse("r.toml", &text, Page::Cp37).unwrap_err();
    faults.iter().map(|fault| format!("{} {}", fault.line, fault.message)).collect()
}

/// One field with these keys.
fn field(keys: &str) -> Field {
    layout(&format!("field = [{{ name = \"F\", {keys} }}]\n")).fields.remove(0)
}

#[test]
fn every_type_has_its_bytes() {
    let cases = [
        ("type = \"packed\", digits = 9, decimals = 2", Kind::Packed { digits: 9, decimals: 2 }, 5),
        ("type = \"comp6\", digits = 9", Kind::Comp6 { digits: 9, decimals: 0 }, 5),
        ("type = \"zoned\", digits = 5", Kind::Zoned { digits: 5, decimals: 0 }, 5),
        ("type = \"zoned\", digits = 5, sign = \"leading-separate\"", Kind::Zoned { digits: 5, decimals: 0 }, 6),
        ("type = \"binary\", digits = 9", Kind::Binary { digits: 9, decimals: 0 }, 4),
        ("type = \"binary\", digits = 9, length = 3", Kind::Binary { digits: 9, decimals: 0 }, 3),
        ("type = \"binary\", digits = 31", Kind::Binary { digits: 31, decimals: 0 }, 16),
        ("type = \"float\", hex_float = true", Kind::Float { double: false }, 4),
        ("type = \"decfloat\", digits = 16", Kind::DecFloat { digits: 16 }, 8),
        ("type = \"decfloat\", digits = 34", Kind::DecFloat { digits: 34 }, 16),
        ("type = \"number-text\", decimals = 2, length = 12", Kind::NumberText { decimals: 2 }, 12),
        ("type = \"edited\", picture = \"ZZ,ZZ9.99-\"", Kind::Edited { digits: 7, decimals: 2 }, 10),
        ("type = \"date\", date_format = \"cymd0\"", Kind::Date(DateForm::bare(Order::Ymd, Year::Century)), 7),
        ("type = \"time\", time_format = \"hms0\"", Kind::Time(fpp_codecs::date::TimeForm::named("HMS0").unwrap()), 6),
        ("type = \"graphic\", length = 4, ccsid = \"1388\"", Kind::Graphic, 8),
        ("type = \"packed\", digits = 2, decimals = 2, scale_down = 3", Kind::Packed { digits: 2, decimals: 5 }, 2),
    ];
    for (keys, kind, bytes) in cases {
        let field = field(keys);
        assert_eq!((field.kind, field.bytes), (kind, bytes), "{keys}");
    }
}

#[test]
fn a_varying_graphic_field_needs_a_page_of_pairs() {
    let text = |page: &str, varlen: bool| {
        format!(
            "name = \"R\"\nccsid = \"{page}\"\nfield = [{{ name = \"G\", type = \"graphic\", length = 4, varlen = {varlen} }}]\n"
        )
    };
    let parse = |text: &str, asked: Option<Page>| {
        let parsed = Format::parse("r.toml", text, &mut |name| Err(name.to_owned()), asked);
        parsed.map(|_| ()).map_err(|faults| faults.iter().map(|f| f.message.clone()).collect::<Vec<_>>().join("\n"))
    };
    let words = "R G: VARLEN of a G field counts characters of two bytes, which page";
    for page in ["37", "gbk", "utf-8"] {
        assert!(parse(&text(page, true), None).unwrap_err().contains(words), "{page}");
        assert_eq!(parse(&text(page, false), None), Ok(()), "{page}");
    }
    for page in ["1388", "935", "13488", "1200"] {
        assert_eq!(parse(&text(page, true), None), Ok(()), "{page}");
    }
    assert!(parse(&text("1388", true), Some(Page::Cp37)).unwrap_err().contains(words));
}

#[test]
fn every_rule_has_its_key() {
    let number = field(concat!(
        "type = \"zoned\", digits = 8, sign = \"leading\", signs = \"z-os\", encoding = \"ascii\", unsigned = true, scale_up = 2, ",
        "blank_when_zero = true, moment = \"ddmmyyyy\", no_date = [\"zero\", \"9999-12-31\", \"blanks\"], ",
        "blank = \"null\", dirty = \"keep\", fixnbr = true",
    ));
    let rules = &number.rules;
    assert_eq!((rules.sign, rules.signs, rules.unsigned, rules.scale_up), (SignPlace::Leading, Signs::Zos, true, 2));
    assert_eq!(
        (rules.moment, rules.blank, rules.dirty),
        (Some(NumericMoment::Date(DateForm::bare(Order::Dmy, Year::Four))), Some(Dirty::Null), Dirty::Keep)
    );
    assert_eq!(rules.no_date, NoDates::STRICT.null(Sentinel::Zero).null(Sentinel::LastDay).null(Sentinel::Blanks));
    assert!(rules.blank_when_zero && rules.fixnbr && rules.encoding == Encoding::Ascii);
    let binary = field("type = \"binary\", digits = 4, endian = \"little\", native = true").rules;
    assert!(binary.little_endian && binary.native);
    let text = field("type = \"char\", length = 4, justified = true, trim_ideographic = true, cut = true").rules;
    assert!(text.justified && text.trim_ideographic && text.cut);
    let date = field("type = \"date\", date_format = \"ymd\", window = 1970").rules;
    assert_eq!(date.window.base(), 1970);
    let dotted = field("type = \"date\", date_format = \"dmy\", separator = \".\"").kind;
    assert_eq!(dotted, Kind::Date(DateForm::of(Order::Dmy, Year::Two, fpp_codecs::date::form::Separator::Any(b'.'))));
    let stamp = field("type = \"timestamp\", timestamp_format = \"digits\", fraction = 3");
    assert_eq!((stamp.rules.timestamp, stamp.bytes), (TimestampForm::Digits, 17));
    let open = field("type = \"char\", length = 1, conditions = { OPEN = \"'O'\", CLOSED = \"'C' 'X'\" }");
    assert_eq!(open.conditions, [("OPEN".into(), "'O'".into()), ("CLOSED".into(), "'C' 'X'".into())]);
}

#[test]
fn groups_arrays_and_alternatives_make_a_tree() {
    let layout = layout(
        r#"
        [[field]]
        name = "N"
        type = "number"
        digits = 1
        [[field]]
        name = "KIND"
        type = "char"
        length = 1
        [[field]]
        name = "BODY"
        type = "group"
        at = 3
        choice = { field = "KIND", cases = { P = "BODY", "2" = "SUM" }, otherwise = "SUM" }
        [[field.field]]
        name = "NAME"
        type = "char"
        length = 4
        at = 3
        [[field]]
        name = "SUM"
        type = "packed"
        digits = 7
        redefines = "BODY"
        [[field]]
        name = "ITEM"
        type = "group"
        occurs = { least = 1, most = 3, depending = "N", map = { A = 1, C = 3 } }
        at = 7
        field = [
          { name = "SKU", type = "char", length = 2 },
          { name = "TAGS", type = "char", length = 1, occurs = 2 },
        ]
        "#,
    );
    let places: Vec<_> = layout.fields.iter().map(|f| format!("{}@{}", f.name, f.offset + 1)).collect();
    assert_eq!(places.len(), 13);
    assert_eq!(places[..7], ["N@1", "KIND@2", "NAME@3", "SUM@3", "SKU(1)@7", "TAGS(1,1)@9", "TAGS(1,2)@10"]);
    assert_eq!((layout.length, layout.least), (18, 10));
    let Node::Redefines(body) = &layout.nodes[2] else { panic!("{:?}", layout.nodes) };
    let choice = body.choice.as_ref().unwrap();
    assert_eq!((choice.field, choice.otherwise), (1, Some(1)));
    assert_eq!(choice.cases, [("P".to_owned(), 0), ("2".to_owned(), 1)]);
    let Node::Array(items) = &layout.nodes[3] else { panic!("{:?}", layout.nodes) };
    assert_eq!(items.depending.as_ref().unwrap().map, [("A".to_owned(), 1), ("C".to_owned(), 3)]);
}

#[test]
fn what_is_wrong_is_told_where_it_stands() {
    let cases = [
        ("field = [{ name = \"F\", type = \"char\", length = 2, signs = \"z-os\" }]", "2 signs: is for packed"),
        ("field = [{ name = \"F\", type = \"packed\", digits = 3, decimals = 5 }]", "2 decimals: 5 are more than"),
        ("field = [{ name = \"F\", type = \"packed\", digits = 3, moment = \"yyyymmdd\" }]", "2 moment: is for whole"),
        ("field = [{ name = \"F\", type = \"edited\", digits = 3, length = 4 }]", "2 picture: is missing"),
        ("field = [{ name = \"F\", type = \"edited\", picture = \"Z9Q\" }]", "2 picture: "),
        (
            "field = [{ name = \"F\", type = \"date\", dirty = \"zero\" }]",
            "2 dirty: is for numbers, dates and times; only",
        ),
        ("field = [{ name = \"F\", type = \"date\", date_format = \"iso9\" }]", "2 date_format: `iso9` is not one of"),
        ("field = [{ name = \"F\", type = \"binary\", digits = 3, length = 17 }]", "2 length: 17 is not within"),
        ("field = [{ name = \"F\", type = \"zoned\", digits = 3, no_date = [\"zero\"] }]", "2 no_date: is for dates"),
        ("field = [{ name = \"F\", type = \"group\" }]", "2 field: is missing"),
        (
            "field = [{ name = \"F\", type = \"char\", length = 1, redefines = \"G\" }]",
            "2 redefines: G is not the part",
        ),
        (
            "field = [{ name = \"F\", type = \"char\", length = 1, occurs = { most = 3, depending = \"N\" } }]",
            "2 field: N is no field before",
        ),
        ("field = [{ name = \"F\", type = \"char\", length = 1, occurs = 70000 }]", "2 occurs: 70000 is not"),
        (
            "field = [{ name = \"F\", type = \"char\", length = 1 }, { name = \"f\", type = \"hex\", length = 1 }]",
            "2 name: F is there twice",
        ),
        ("[defaults]\nsigns = \"zos\"\n", "3 signs: `zos` is not one of: ibm-i, z-os"),
    ];
    for (text, told) in cases {
        let faults = faults(text);
        assert!(faults.iter().any(|fault| fault.starts_with(told)), "{text}\n{told}\n{faults:#?}");
    }
}

fn format(text: &str, read: &mut dyn FnMut(&str) -> Result<String, String>) -> Result<Format, Vec<String>> {
    let parsed = Format::parse("f.toml", text, read, None);
    parsed.map(|(format, _)| format).map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

const HEAD: &str = "name = \"F\"\nframing = \"fixed\"\nccsid = \"37\"\nversion = \"1\"\n";

#[test]
fn a_format_gives_rules_to_layouts_that_cannot_say_them() {
    let dds = concat!(
        "     A          R TRADE\n",
        "     A            AMT            9P 2\n",
        "     A            DAY            8S 0\n",
        "     A            NAME          10A\n",
    );
    let text = format!(
        "{HEAD}length = 23\n[defaults]\nsigns = \"z-os\"\ntrim_ideographic = true\n[[record]]\nrole = \"detail\"\nlayout = \"t.dds\"\n\
         [record.fields.AMT]\ndirty = \"null\"\nsigns = \"ibm-i\"\n\
         [record.fields.DAY]\nmoment = \"yyyymmdd\"\nno_date = [\"zero\"]\n\
         [record.fields.NAME]\nsensitive = true\nccsid = \"1388\"\ncut = true\n"
    );
    let format = format(&text, &mut |_| Ok(dds.to_owned())).unwrap();
    let [amount, day, name] = &format.records[0].layout.fields[..] else { panic!() };
    assert_eq!((amount.rules.dirty, amount.rules.signs), (Dirty::Null, Signs::Ibmi));
    assert_eq!(
        (day.rules.signs, day.rules.moment),
        (Signs::Zos, Some(NumericMoment::Date(DateForm::bare(Order::Ymd, Year::Four))))
    );
    assert!(!day.rules.trim_ideographic && name.rules.trim_ideographic && name.rules.cut && name.sensitive);
    assert_eq!(name.page, Some(Page::Cp1388));
}

/// Blanks that are a number are never bad, so that a `blank` of a field's own is warned of; what reading refuses is for it.
#[test]
fn blank_is_warned_of_where_blanks_are_a_number() {
    const DEFAULTS: &str = "[defaults]\nblank = \"null\"\n";
    let fixed = |bytes: usize| format!("framing = \"fixed\"\nlength = {bytes}");
    let read = |keys: &str, record: &str, source: &str| {
        let head = format!("name = \"F\"\nccsid = \"37\"\nversion = \"1\"\n{keys}\n{DEFAULTS}");
        let text = format!("{head}[[record]]\nrole = \"detail\"\n{record}\n");
        let (format, told) = Format::parse("f.toml", &text, &mut |_| Ok(source.to_owned()), None).unwrap();
        let is_told = |told: &String| told.contains("blank: acts only on what is no number here");
        (format, told.iter().map(ToString::to_string).filter(is_told).collect::<Vec<_>>())
    };
    let kinds = [
        ("type = \"binary\", digits = 4", 2, true),
        ("type = \"float\"", 4, true),
        ("type = \"decfloat\", digits = 16", 8, true),
        ("type = \"comp6\", digits = 4", 2, true),
        ("type = \"comp6\", digits = 3", 2, false),
        ("type = \"packed\", digits = 3", 2, false),
        ("type = \"binary\", digits = 8, length = 4, moment = \"yyyymmdd\"", 4, false),
    ];
    for (kind, bytes, counts) in kinds {
        let fixed = fixed(bytes);
        for (keys, rule, warned) in [
            (fixed.clone(), "", false),
            (fixed.clone(), ", blank = \"null\"", counts),
            (format!("{fixed}\nnulls = \"blank\""), ", blank = \"null\"", counts),
            (format!("{fixed}\nnulls = \"blank\""), ", blank = \"null\", nullable = true", false),
            // What is missing is for it.
            ("framing = \"rdw\"\nshort_records = \"pad\"".to_owned(), ", blank = \"null\"", false),
            ("framing = \"delimited\"\nline_end = \"lf\"".to_owned(), ", blank = \"null\"", false),
        ] {
            let field = format!("name = \"R\"\nfield = [{{ name = \"A\", {kind}{rule} }}]");
            let (format, told) = read(&keys, &field, "");
            assert_eq!(!told.is_empty(), warned, "{keys} {kind}{rule}: {told:?}");
            assert_eq!(format.records[0].layout.fields[0].rules.blank, Some(Dirty::Null), "{kind}");
        }
    }
    // Wherever the layout comes from, and however the field is named.
    let dds = "     A          R X\n     A            N              4B 0\n";
    let (format, told) = read(&fixed(2), "layout = \"x.dds\"\nfields = { N = { blank = \"zero\" } }", dds);
    assert!(told.len() == 1 && told[0].starts_with("f.toml:11:26: "), "{told:?}");
    assert_eq!(format.records[0].layout.fields[0].rules.blank, Some(Dirty::Zero));
    let (_, told) = read(&fixed(2), "layout = \"x.dds\"", dds);
    assert_eq!(told, [""; 0]);
    let lone = "name = \"R\"\n[[field]]\nname = \"A\"\ntype = \"float\"\nblank = \"null\"\n";
    let (format, told) = read(&fixed(4), "layout = \"x.toml\"", lone);
    assert!(told.len() == 1 && told[0].starts_with("x.toml:5:9: "), "{told:?}");
    let told = Format::parse("x.toml", lone, &mut |_| Err(String::new()), None).unwrap().1;
    assert_eq!(told.len(), 1);
    let mut row = Row::default();
    for (bytes, null) in [([0xFF; 4], true), ([0x40; 4], false)] {
        format.records[0].decode(&bytes, &mut row);
        assert!(row.faults.is_empty() && (row.cells[0] == Cell::Null) == null, "{row:?}");
    }
}

/// A database holds nothing that is no day.
#[test]
fn a_null_of_a_date_of_dds_is_written_as_a_day_before_anything_else() {
    let dds = "     A          R X\n     A            D               L\n     A            T               Z\n";
    let text = format!(
        "{HEAD}length = 36\n[defaults]\nno_date = [\"zero\", \"0001-01-01\"]\n[[record]]\nrole = \"detail\"\nlayout = \"x.dds\"\nfields = {{ T = {{ no_date = [\"blanks\", \"9999-12-31\"] }} }}\n"
    );
    let format = format(&text, &mut |_| Ok(dds.to_owned())).unwrap();
    let nulls = |at: usize| format.records[0].layout.fields[at].rules.no_date.nulls().collect::<Vec<_>>();
    assert_eq!(nulls(0), [Sentinel::FirstDay, Sentinel::Zero]);
    assert_eq!(nulls(1), [Sentinel::LastDay, Sentinel::Blanks]);
    // What is said of all dates holds for a number that means one, in the order of the list.
    let dds = "     A          R X\n     A            D              8S 0\n";
    let fields = "fields = { D = { moment = \"yyyymmdd\" } }\n";
    let text = text.replace("length = 36", "length = 8").split_once("fields = ").unwrap().0.to_owned() + fields;
    let format = self::format(&text, &mut |_| Ok(dds.to_owned())).unwrap();
    let rules = &format.records[0].layout.fields[0].rules;
    assert!(rules.moment.is_some() && rules.no_date.nulls().eq([Sentinel::Zero, Sentinel::FirstDay]));
}

#[test]
fn a_format_says_which_reading_holds_and_what_letters_count() {
    let layout = r#"
        name = "L"
        field = [
          { name = "T", type = "char", length = 1 },
          { name = "A", type = "group", field = [{ name = "X", type = "char", length = 2 }] },
          { name = "B", type = "group", redefines = "A", field = [{ name = "Y", type = "hex", length = 2 }] },
          { name = "C", type = "char", length = 1, occurs = { most = 3, depending = "T" } },
        ]"#;
    let text = |fields: &str| format!("{HEAD}length = 6\n[[record]]\nrole = \"detail\"\nlayout = \"l.toml\"\n{fields}");
    let good = "[record.fields]\nA = { choice = { field = \"T\", cases = { A = \"A\", B = \"B\" } }, sensitive = true }\n\
                C = { map = { A = 1, B = 2 } }\n";
    let format = format(&text(good), &mut |_| Ok(layout.to_owned())).unwrap();
    let layout_of = &format.records[0].layout;
    let Node::Redefines(part) = &layout_of.nodes[1] else { panic!() };
    assert_eq!(part.choice.as_ref().unwrap().cases, [("A".to_owned(), 0), ("B".to_owned(), 1)]);
    let Node::Array(array) = &layout_of.nodes[2] else { panic!() };
    assert_eq!(array.depending.as_ref().unwrap().map.len(), 2);
    let hidden: Vec<_> = layout_of.fields.iter().filter(|f| f.sensitive).map(|f| f.name.as_str()).collect();
    // The other reading of the same bytes, too.
    assert_eq!(hidden, ["X", "Y"]);
    for (bad, told) in [
        ("[record.fields.Z]\ndirty = \"null\"\n", "no field or group of this name"),
        ("[record.fields.X]\ndirty = \"null\"\n", "dirty: is for numbers"),
        ("[record.fields.C]\nmap = { A = 4 }\n", "not within 0 to 3"),
        ("[record.fields.B]\nchoice = { field = \"T\", cases = { A = \"A\" } }\n", "nothing redefines B"),
        ("[record.fields.A]\nchoice = { field = \"Y\", cases = { A = \"A\" } }\n", "Y is no field before"),
        ("[record.fields.X]\nlength = 3\n", "unknown key `length`"),
    ] {
        let faults = super_format(&text(bad), layout);
        assert!(faults.iter().any(|fault| fault.contains(told)), "{bad} {told} {faults:#?}");
    }
}

fn super_format(text: &str, layout: &str) -> Vec<String> {
    format(text, &mut |_| Ok(layout.to_owned())).unwrap_err()
}

#[test]
fn hostile_layouts_end_soon_and_small() {
    let begin = std::time::Instant::now();
    let long = "x".repeat(100_000);
    for text in [
        format!("name = \"R\"\nfield = [{}]\n", "{},".repeat(200_000)),
        format!("name = \"R\"\nfield = [{}]\n", "{name='a',type='char',length=1},".repeat(30_000)),
        format!("name = \"R\"\nfield = [{{name='{long}',type='char',length=1,occurs=60000}}]\n"),
        format!(
            "name = \"R\"\nfield = [{{name='A',type='char',length=1}},{}]\n",
            "{name='FILLER',type='char',length=1,redefines='A'},".repeat(20_000)
        ),
        format!("name = \"R\"\n{}", "[[field.field.field.field.field.field]]\nx = 1\n".repeat(20_000)),
        format!("name = \"R\"\n[[field{}]]\n", ".field".repeat(60)),
    ] {
        let _ = toml::parse("r.toml", &text, Page::Cp37);
    }
    assert!(begin.elapsed().as_secs() < 60, "{:?}", begin.elapsed());
}
