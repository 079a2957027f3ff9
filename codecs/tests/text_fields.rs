//! Fields with a form and rules of their own: repairs one by one, lists of exceptions, cutting, and what holds for all.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod hex_support;

use fpp_codecs::format::Format;
use fpp_codecs::json;
use fpp_codecs::record::Row;
use fpp_codecs::text::{Field, Form, Page, Repair, Rules, pad, table_code};
use hex_support::{bytes, hex};
use proptest::prelude::*;
use std::fmt::Write as _;

const REPAIRS: &str = include_str!("data/repairs.tsv");
const FORMS: [(&str, Form); 4] =
    [("text", Form::Text), ("only", Form::Only), ("either", Form::Either), ("graphic", Form::Graphic)];

/// What reading gives, in the notation of the vectors.
fn told(field: Field<'_>, input: &[u8]) -> String {
    let (mut out, mut repairs) = (String::from("kept"), Vec::new());
    match field.read(input, &mut out, &mut |at, repair| repairs.push(format!("{}@{at}", repair.name()))) {
        Ok(()) => {
            let text = out.strip_prefix("kept").unwrap();
            let mut words: Vec<_> = text.chars().map(|c| format!("{:04X}", u32::from(c))).collect();
            if words.is_empty() {
                words.push("-".into());
            }
            words.extend(repairs);
            words.join(" ")
        }
        Err(fault) => {
            assert_eq!((out.as_str(), repairs.len()), ("kept", 0), "a fault must leave nothing behind");
            format!("{}@{}", fault.code, fault.at)
        }
    }
}

#[test]
fn damaged_fields_are_mended_as_far_as_their_rules_allow() {
    let mut wrong = String::new();
    for line in REPAIRS.lines().filter(|line| !line.starts_with('#')).skip(1) {
        let columns: Vec<_> = line.split('\t').collect();
        let form = FORMS.iter().find(|(name, _)| *name == columns[1]).unwrap().1;
        let names = columns[3].split(',').filter(|name| *name != "-");
        let rules = names.fold(Rules::default(), |rules, name| rules.repair(Repair::parse(name).unwrap()));
        let field = Field { page: Page::parse(columns[0]).unwrap(), form, counted: false, rules: &rules };
        let told = told(field, &bytes(columns[2]));
        if told != columns[4] {
            writeln!(wrong, "{told} instead of {line}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

fn field<'a>(page: Page, form: Form, rules: &'a Rules) -> Field<'a> {
    Field { page, form, counted: false, rules }
}

fn written(field: Field<'_>, text: &str, room: usize) -> String {
    let mut out = vec![0xAA];
    match field.write(text, room, &mut out) {
        Ok(()) => hex(&out[1..]),
        Err(fault) => {
            assert_eq!(out, [0xAA], "a fault must leave no bytes behind");
            format!("{}@{}", fault.code, fault.at)
        }
    }
}

#[test]
fn private_use_passes_where_it_is_listed_and_in_the_table() {
    let rules = Rules::default().private_use('\u{E000}'..='\u{E00F}');
    for page in Page::ALL.iter().filter(|page| table_code(**page, "\u{E000}").is_some()) {
        let field = field(*page, Form::Text, &rules);
        let code = bytes(&written(field, "\u{E000}", 9));
        assert_eq!(told(field, &code), "E000", "{page:?}");
        assert_eq!(written(field, "\u{E800}", 9), "FPP2011@0", "{page:?}");
    }
    for page in [Page::Utf8, Page::Utf16, Page::Ucs2] {
        let field = field(page, Form::Text, &rules);
        assert_eq!(told(field, &bytes(&written(field, "\u{E000}", 9))), "E000", "{page:?}");
    }
    assert_eq!(written(field(Page::Cp37, Form::Text, &rules), "\u{E000}", 9), "FPP2007@0");
}

#[test]
fn one_way_mappings_are_used_where_they_are_listed() {
    let none = Rules::default();
    let dash = Rules::default().write_as('\u{2014}', 0x444A).write_as('\u{B7}', 0x4345);
    // A partner who has classic 935 is sent the long dash that it has, and the dot.
    assert_eq!(written(field(Page::Cp935Classic, Form::Text, &none), "—", 9), "FPP2007@0");
    let classic = field(Page::Cp935Classic, Form::Text, &dash);
    assert_eq!(written(classic, "—·", 9), "0E444A43450F");
    assert_eq!(classic.reads_back("a—·"), "a\u{2015}\u{30FB}");
    assert_eq!(written(field(Page::Cp1388, Form::Graphic, &dash), "—", 2), "444A");
    assert_eq!(written(field(Page::Cp1388, Form::Text, &none), "—", 9), "0ECD450F");
    // The one mapping of this kind that is built in (D18).
    assert_eq!(written(field(Page::Cp935, Form::Text, &none), "\u{30FB}", 9), "0E43450F");
    assert_eq!(field(Page::Cp935, Form::Text, &none).reads_back("\u{30FB}"), "\u{B7}");
    // Codes that others read as a second form of a character, and a user's own character.
    let own = Rules::default().read_as(0x4841, '一').read_as(0x45CF, '珺').write_as('珺', 0x45CF);
    let name = field(Page::Cp937, Form::Text, &own);
    assert_eq!(told(field(Page::Cp937, Form::Text, &none), &bytes("0e48410f")), "FPP2007@1");
    assert_eq!(told(name, &bytes("0e484145CF4c410f")), "4E00 73FA 4E00");
    assert_eq!(written(name, "珺", 9), "0E45CF0F");
    // A code that reads as nothing cannot be written.
    let hole = Rules::default().write_as('x', 0x41FF);
    assert_eq!(written(field(Page::Cp937, Form::Text, &hole), "x", 9), "FPP2007@1");
    assert_eq!(written(field(Page::Gbk, Form::Text, &Rules::default().write_as('€', 0x41)), "€", 9), "41");
}

#[test]
fn money_and_tilde_stand_where_each_page_has_them() {
    let none = Rules::default();
    for (page, want) in
        [("836", "5BE0A0"), ("37", "B25BA1"), ("1388", "5BE0A0"), ("290", "5BE0A0"), ("28709", "FPP2007@0")]
    {
        assert_eq!(written(field(Page::parse(page).unwrap(), Form::Text, &none), "¥$~", 9), want, "{page}");
    }
    for (page, want) in
        [("1140", "9F"), ("1388", "0E45EB0F"), ("935-classic", "FPP2007@0"), ("930", "E1"), ("1364", "0E49950F")]
    {
        assert_eq!(written(field(Page::parse(page).unwrap(), Form::Text, &none), "€", 9), want, "{page}");
    }
}

#[test]
fn each_form_fills_and_cuts_by_its_own_rules() {
    let none = Rules::default();
    let wide = field(Page::Cp1388, Form::Only, &none);
    assert_eq!(
        written(wide, "中", 8),
        "0E59BA404040400F".replace("59BA", &written(field(Page::Cp1388, Form::Graphic, &none), "中", 2))
    );
    assert_eq!(written(wide, "A", 8), "FPP2007@0");
    assert_eq!(wide.fit("中国银行", 7), "中国");
    assert_eq!(field(Page::Cp1388, Form::Either, &none).fit("ABCD", 3), "ABC");
    assert_eq!(field(Page::Cp1388, Form::Either, &none).fit("中国银行", 6), "中国");
    assert_eq!(field(Page::Cp1388, Form::Graphic, &none).fit("中国银行", 5), "中国");
    assert_eq!(field(Page::Cp1388, Form::Text, &none).fit("A中国B", 7), "A中国");
    assert_eq!(field(Page::Utf16, Form::Graphic, &none).fit("A\u{20BB7}", 5), "A");
    assert_eq!(field(Page::Cp1399, Form::Graphic, &none).fit("か\u{309A}か", 3), "か\u{309A}");
    let dash = Rules::default().write_as('—', 0x444A);
    assert_eq!(field(Page::Cp935Classic, Form::Text, &dash).fit("——", 5), "—");
}

/// A form, and rules with any set of repairs.
fn form_and_rules() -> impl Strategy<Value = (Form, Rules)> {
    let rules = proptest::sample::subsequence(Repair::ALL.to_vec(), 0..=Repair::ALL.len())
        .prop_map(|repairs| repairs.into_iter().fold(Rules::default(), Rules::repair));
    (proptest::sample::select(FORMS.map(|(_, form)| form).to_vec()), rules)
}

fn page() -> impl Strategy<Value = Page> {
    let several: Vec<_> = Page::ALL.iter().copied().filter(|page| page.is_mixed() || !page.is_ebcdic()).collect();
    prop_oneof![4 => proptest::sample::select(several), 1 => proptest::sample::select(Page::ALL)]
}

/// Bytes full of shifts, halves and blanks.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let byte =
        prop_oneof![3 => Just(0x0Eu8), 3 => Just(0x0Fu8), 2 => Just(0x40u8), 6 => 0x41u8..=0x60, 1 => any::<u8>()];
    proptest::collection::vec(byte, 0..24)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_in_order_needs_no_rules_and_faults_stay_in_the_field(
        page in page(), (form, rules) in form_and_rules(), bytes in damaged(), counted: bool,
    ) {
        let read = |rules: &Rules| {
            let (mut out, mut repairs) = (String::new(), Vec::new());
            let field = Field { page, form, counted, rules };
            let result = field.read(&bytes, &mut out, &mut |at, repair| repairs.push((at, repair)));
            (result.map(|()| out), repairs)
        };
        let (plain, none) = read(&Rules::STRICT);
        let (mended, repairs) = read(&rules);
        prop_assert!(none.is_empty());
        match (plain, &mended) {
            (Ok(text), mended) => prop_assert_eq!(mended, &Ok(text)),
            (Err(_), Ok(_)) => prop_assert!(!repairs.is_empty()),
            (Err(_), Err(fault)) => prop_assert!(fault.at < bytes.len().max(1) && repairs.is_empty()),
        }
        for (at, repair) in repairs {
            prop_assert!(at < bytes.len() && rules.allows(repair));
        }
    }

    #[test]
    fn what_was_mended_is_in_order_once_it_is_written_again(page in page(), (form, rules) in form_and_rules(), bytes in damaged()) {
        let (mut text, mut again) = (String::new(), String::new());
        let field = Field { page, form, counted: false, rules: &rules };
        if field.read(&bytes, &mut text, &mut |_, _| ()).is_ok() {
            let mut out = Vec::new();
            // J and G cannot hold what the page has as single bytes, though their codes may read so.
            if field.write(&text, 0, &mut out).is_ok() {
                let strict = Field { rules: &Rules::STRICT, ..field };
                strict.read(&out, &mut again, &mut |_, _| ()).unwrap();
                let blanks: &[char] = if form == Form::Text { &[' '] } else { &[' ', '\u{3000}'] };
                prop_assert_eq!(again.trim_end_matches(blanks), text.trim_end_matches(blanks));
            }
        }
    }

    #[test]
    fn a_cut_fits_its_field_and_not_one_character_more_does(page in page(), form in proptest::sample::select(FORMS.map(|(_, f)| f).to_vec()), text in "[ -~中国银行か゚あ·—€韡\u{20BB7}]{0,12}", room in 4usize..40) {
        let field = Field { page, form, counted: true, rules: &Rules::STRICT };
        let length = |text: &str| {
            let mut out = Vec::new();
            field.write(text, 0, &mut out).is_ok().then_some(out.len())
        };
        let kept = field.fit(&text, room);
        prop_assert!(text.starts_with(kept));
        if let Some(length) = length(kept) {
            prop_assert!(length <= room || kept.is_empty());
            let mut out = Vec::new();
            pad(page, length, &mut out);
            prop_assert_eq!(out.len(), length);
        }
        let rest: Vec<char> = text[kept.len()..].chars().take(2).collect();
        let longer = |more: &[char]| length(&kept.chars().chain(more.iter().copied()).collect::<String>());
        // Two characters may be one code; then both are needed to see that they do not fit.
        if !rest.is_empty() && let (Some(one), Some(two)) = (longer(&rest[..1]), longer(&rest)) {
            prop_assert!(one > room || two > room);
        }
    }
}

/// A record of one text field of six bytes, by its keys.
fn layout(keys: &str) -> Result<Format, String> {
    framed("framing = \"fixed\"\nlength = 6", keys)
}

fn framed(framing: &str, keys: &str) -> Result<Format, String> {
    let source = format!(
        "name = \"X\"\n{framing}\nccsid = \"935-classic\"\nversion = \"1\"\n\
         [defaults]\nrepairs = [\"close-run\"]\n\
         [[record]]\nrole = \"detail\"\nname = \"D\"\nfield = [\n{{ name = \"A\", type = \"open\", length = 6, {keys} }},\n]\n"
    );
    let read = Format::parse("x.toml", &source, &mut |_| Err(String::new()), None);
    read.map(|(format, _)| format)
        .map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

#[test]
fn rules_come_from_layouts_and_reach_records() {
    let read = |keys: &str, bytes: &[u8]| {
        let (format, mut row) = (layout(keys).unwrap(), Row::default());
        format.records[0].decode(bytes, &mut row);
        let repairs: Vec<_> = row.repairs.iter().map(|repair| (repair.offset, repair.what)).collect();
        (row.str(0).map(str::to_owned), repairs, row.faults.first().map(|fault| (fault.code.to_string(), fault.offset)))
    };
    let open = bytes("c10e4c414c41");
    assert_eq!(read("", &open), (Some("A贰贰".to_owned()), vec![(1, Repair::CloseRun.told())], None));
    assert_eq!(read("repairs = []", &open), (None, vec![], Some(("FPP2004".into(), 1))));
    let half = bytes("c1c10e4c414c");
    assert_eq!(read("", &half), (None, vec![], Some(("FPP2005".into(), 5))));
    assert_eq!(read("repairs = [\"close-run\", \"drop-half\"]", &half).1.len(), 2);
    let user = bytes("0e76410f4040");
    assert_eq!(read("", &user).2, Some(("FPP2011".into(), 1)));
    assert_eq!(read("private_use = [\"E000-F8FF\"]", &user).0.unwrap().chars().count(), 1);
    assert_eq!(read("read_as = [\"7641 = 73FA\"]", &user).0.as_deref(), Some("珺"));

    let write = |keys: &str, text: &str| {
        let (format, mut row, mut out) = (layout(keys).unwrap(), Row::default(), Vec::new());
        let line = format!("{{\"n\":1,\"layout\":\"D\",\"fields\":{{\"A\":\"{text}\"}}}}");
        json::read(&format, &line, &mut row).unwrap();
        format.records[0].encode(&row, &mut out).map(|_| hex(&out)).map_err(|fault| fault.code.to_string())
    };
    assert_eq!(write("", "—"), Err("FPP2007".into()));
    assert_eq!(write("write_as = [\"2014 = 444A\"]", "—"), Ok("0E444A0F4040".into()));
    assert_eq!(write("cut = true, write_as = [\"2014 = 444A\"]", "———"), Ok("0E444A444A0F".into()));
    assert_eq!(write("write_as = [\"2014 = 444A\"]", "———"), Err("FPP2010".into()));
    assert_eq!(write("", "A\\u001a"), Ok("C13F40404040".into()), "told, and written");
    assert_eq!(write("substitutes = \"refuse\"", "A\\u001a"), Err("FPP2017".into()));
    let lost = bytes("c13f0e4c410f");
    let told = "a substitute character (3F, U+001A): the original was lost before";
    assert_eq!(read("", &lost), (Some("A\u{1A}贰".into()), vec![(1, told)], None));
    assert_eq!(read("substitutes = \"refuse\"", &lost), (None, vec![], Some(("FPP2017".into(), 1))));
    for (keys, wanted) in [
        ("repairs = [\"guess\"]", "`guess` is not one of: close-run, open-run"),
        ("private_use = [\"0041-0042\"]", "is no private-use character"),
        ("read_as = [\"7641\"]", "is not like 7641 = 73FA"),
        ("substitutes = \"drop\"", "`drop` is not one of: tell, refuse"),
        ("write_as = [\"D800 = 444A\"]", "is not like 2014 = 444A"),
    ] {
        assert!(layout(keys).unwrap_err().contains(wanted), "{keys}");
    }
}

/// What is written with the code of another character is told, at its place in the text: nobody reads it back.
#[test]
fn a_character_that_is_written_one_way_is_told() {
    let other = "a character that reads back as another: its code is that one's";
    let told = |framing: &str, keys: &str, text: &str| {
        let (format, mut row, mut out) = (framed(framing, keys).unwrap(), Row::default(), Vec::new());
        let line = format!("{{\"n\":1,\"layout\":\"D\",\"fields\":{{\"A\":\"{text}\"}}}}");
        json::read(&format, &line, &mut row).unwrap();
        let repairs = format.records[0].encode(&row, &mut out).unwrap();
        repairs.iter().map(|repair| (repair.offset, repair.what)).collect::<Vec<_>>()
    };
    for framing in ["framing = \"fixed\"\nlength = 6", "framing = \"delimited\"\nline_end = \"lf\""] {
        for page in ["935", "1388"] {
            let page = format!("ccsid = \"{page}\"");
            assert_eq!(told(framing, &page, "阿\u{30FB}"), [(1, other)], "{page}");
            assert_eq!(told(framing, &page, "阿\u{B7}"), [], "{page}");
        }
        assert_eq!(told(framing, "ccsid = \"939\"", "\u{30FB}"), []);
        assert_eq!(told(framing, "write_as = [\"2014 = 444A\"]", "——"), [(0, other), (1, other)]);
        // Its code reads back as it: no exception after all.
        assert_eq!(told(framing, "write_as = [\"2015 = 444A\"]", "\u{2015}"), []);
    }
}
