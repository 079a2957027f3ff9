//! Layouts as TOML and as JSON Schema: what is written reads back, and every line that decoding writes is valid.
#![allow(clippy::unwrap_used)] // helpers of tests, which clippy does not take for tests

use fpp_codecs::format::Format;
use fpp_codecs::json;
use fpp_codecs::layout::{Field, Kind, Layout, convert, toml};
use fpp_codecs::record::Row;
use fpp_codecs::text::Page;
use proptest::prelude::*;
use serde_json::{Value, json};

fn layout(name: &str, text: &str) -> Layout {
    let mut read = |_: &str| Err("there is none".to_owned());
    let (mut layouts, _) =
        Format::layouts(name, text, &mut read, None).unwrap_or_else(|faults| panic!("{name} {faults:#?}\n{text}"));
    layouts.remove(0)
}

const COPYBOOK: &str = "
       01  CUSTOMER.
           05  KIND                PIC X.
               88  PERSON          VALUE 'P'.
               88  COMPANY         VALUE 'C' 'K'.
           05  PERSON-DATA.
               10  FIRST-NAME      PIC X(10).
               10  BORN            PIC 9(8).
           05  COMPANY-DATA REDEFINES PERSON-DATA.
               10  COMPANY-NAME    PIC X(14).
               10  STAFF           PIC S9(7) COMP-3.
           05  RATE                PIC SV9(4) COMP-3.
           05  BALANCE             PIC S9(7)V99 SIGN LEADING SEPARATE.
           05  FILLER              PIC X(3).
           05  LINES-OF            PIC 9(2).
           05  ORDER-LINE OCCURS 0 TO 3 TIMES DEPENDING ON LINES-OF.
               10  ITEM            PIC X(4).
               10  QTY             PIC S9(4) COMP OCCURS 2.
           05  SHOWN               PIC Z,ZZ9.99-.
";

#[test]
fn a_copybook_goes_to_toml_and_back() {
    let layout = layout("c.cpy", COPYBOOK);
    let text = convert::to_toml(&layout).unwrap();
    assert_eq!(toml::parse("c.toml", &text, Page::Cp37).unwrap(), layout, "{text}");
    for key in ["redefines = \"PERSON-DATA\"", "depending = \"LINES-OF\"", "occurs = 2", "picture = \"Z,ZZ9.99-\""] {
        assert!(text.contains(key), "{key}\n{text}");
    }
}

#[test]
fn every_sample_and_golden_source_goes_to_toml_and_back() {
    let folders = [
        (
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/dds/"),
            "orders.pf custlf.lf custview.lf join.lf shared.lf customer.pf",
        ),
        (concat!(env!("CARGO_MANIFEST_DIR"), "/../config/layouts/"), "pmtrdd.dds pmtrdh.dds pmackd.dds pmprdr.dds"),
    ];
    for (folder, names) in folders {
        let mut read = |name: &str| std::fs::read_to_string(format!("{folder}{name}")).map_err(|e| e.to_string());
        for name in names.split(' ') {
            let text = read(name).unwrap();
            let (layouts, _) = Format::layouts(name, &text, &mut read, None).unwrap();
            for layout in layouts {
                let text = convert::to_toml(&layout).unwrap_or_else(|why| panic!("{name}: {why}"));
                assert_eq!(toml::parse("x.toml", &text, Page::Gbk).unwrap(), layout, "{name}\n{text}");
            }
        }
    }
}

/// As much of JSON Schema as the schemas use.
fn valid(schema: &Value, value: &Value) -> Result<(), String> {
    let Some(schema) = schema.as_object() else { return Ok(()) };
    for (word, rule) in schema {
        let good = match word.as_str() {
            "$schema" | "title" | "description" => true,
            "const" => rule == value,
            "type" => {
                let is = |word: &Value| match word.as_str().unwrap() {
                    "null" => value.is_null(),
                    "string" => value.is_string(),
                    "number" => value.is_number(),
                    "integer" => value.is_i64() || value.is_u64(),
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    other => panic!("{other}"),
                };
                rule.as_array().map_or_else(|| is(rule), |all| all.iter().any(is))
            }
            "pattern" => value.as_str().is_none_or(|text| matches(rule.as_str().unwrap(), text)),
            "maxLength" => value.as_str().is_none_or(|text| text.chars().count() as u64 <= rule.as_u64().unwrap()),
            "minimum" => value.as_i64().is_none_or(|n| n >= rule.as_i64().unwrap()),
            "maximum" => value.as_i64().is_none_or(|n| n <= rule.as_i64().unwrap()),
            "minItems" => value.as_array().is_none_or(|all| all.len() as u64 >= rule.as_u64().unwrap()),
            "maxItems" => value.as_array().is_none_or(|all| all.len() as u64 <= rule.as_u64().unwrap()),
            "required" => {
                let all = rule.as_array().unwrap();
                value.as_object().is_none_or(|object| all.iter().all(|key| object.contains_key(key.as_str().unwrap())))
            }
            "properties" => {
                for (key, rule) in rule.as_object().unwrap() {
                    if let Some(inner) = value.get(key) {
                        valid(rule, inner).map_err(|why| format!("{key}: {why}"))?;
                    }
                }
                true
            }
            "additionalProperties" => {
                let known = schema["properties"].as_object().unwrap();
                rule == &json!(true) || value.as_object().is_none_or(|o| o.keys().all(|key| known.contains_key(key)))
            }
            "items" => {
                value.as_array().into_iter().flatten().try_for_each(|item| valid(rule, item))?;
                true
            }
            "anyOf" => rule.as_array().unwrap().iter().any(|one| valid(one, value).is_ok()),
            "oneOf" => rule.as_array().unwrap().iter().filter(|one| valid(one, value).is_ok()).count() == 1,
            "allOf" => {
                rule.as_array().unwrap().iter().try_for_each(|one| valid(one, value))?;
                true
            }
            "not" => valid(rule, value).is_err(),
            other => panic!("{other}"),
        };
        if !good {
            return Err(format!("{word} {rule} of {value}"));
        }
    }
    Ok(())
}

/// As much of regular expressions as the schemas use: classes, groups with an alternative, `?`, `*`, `+`, `{n}`, `{n,m}`.
fn matches(pattern: &str, text: &str) -> bool {
    let inner = pattern.strip_prefix('^').unwrap().strip_suffix('$').unwrap();
    let (pattern, text): (Vec<char>, Vec<char>) = (inner.chars().collect(), text.chars().collect());
    ends(&pattern, &text, &[0]).contains(&text.len())
}

/// Where the text can have been read to.
fn ends(pattern: &[char], text: &[char], from: &[usize]) -> Vec<usize> {
    let mut depth = 0;
    let split = pattern.iter().position(|c| {
        depth += i32::from(*c == '(') - i32::from(*c == ')');
        *c == '|' && depth == 0
    });
    if let Some(at) = split {
        return [ends(&pattern[..at], text, from), ends(&pattern[at + 1..], text, from)].concat();
    }
    let (mut at, mut states) = (0, from.to_vec());
    while at < pattern.len() {
        let end = match pattern[at] {
            '[' => at + pattern[at..].iter().position(|c| *c == ']').unwrap() + 1,
            '(' => {
                let mut depth = 0;
                let close = pattern[at..].iter().position(|c| {
                    depth += i32::from(*c == '(') - i32::from(*c == ')');
                    depth == 0
                });
                at + close.unwrap() + 1
            }
            '\\' => at + 2,
            _ => at + 1,
        };
        let atom = &pattern[at..end];
        let rest: String = pattern[end..].iter().collect();
        let (least, most, used) = match rest.chars().next() {
            Some('?') => (0, 1, 1),
            Some('*') => (0, usize::MAX, 1),
            Some('+') => (1, usize::MAX, 1),
            Some('{') => {
                let close = rest.find('}').unwrap();
                let (a, b) = rest[1..close].split_once(',').unwrap_or((&rest[1..close], &rest[1..close]));
                (a.parse().unwrap(), b.parse().unwrap(), close + 1)
            }
            _ => (1, 1, 0),
        };
        let mut all = if least == 0 { states.clone() } else { Vec::new() };
        let mut now = states;
        for n in 1..=most {
            now = now.iter().flat_map(|at| step(atom, text, *at)).collect();
            now.sort_unstable();
            now.dedup();
            if n >= least {
                all.extend(&now);
            }
            if now.is_empty() {
                break;
            }
        }
        states = all;
        at = end + used;
    }
    states
}

fn step(atom: &[char], text: &[char], at: usize) -> Vec<usize> {
    if atom[0] == '(' {
        return ends(&atom[1..atom.len() - 1], text, &[at]);
    }
    let Some(c) = text.get(at) else { return Vec::new() };
    let good = match atom[0] {
        '[' => {
            let class = &atom[1..atom.len() - 1];
            let range = |i: usize| class.get(i + 1) == Some(&'-') && class.len() > i + 2;
            (0..class.len()).any(|i| if range(i) { (class[i]..=class[i + 2]).contains(c) } else { class[i] == *c })
        }
        '\\' => atom[1] == *c,
        plain => plain == *c,
    };
    if good { vec![at + 1] } else { Vec::new() }
}

fn line(format: &Format, record: &[u8]) -> Value {
    let (mut row, mut out) = (Row::default(), Vec::new());
    format.records[0].decode(record, &mut row);
    json::write(&format.records[0], 1, 0, &row, &mut out);
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn a_schema_names_values_and_refuses_others_only_when_closed() {
    let layout = layout("c.cpy", COPYBOOK);
    let (open, closed) = (json::schema(std::slice::from_ref(&layout), false), json::schema(&[layout], true));
    let kind = |schema: &Value| schema["properties"]["fields"]["properties"]["KIND"].clone();
    let named = json!([
        {"const": "P", "title": "PERSON"},
        {"const": "C", "title": "COMPANY"},
        {"const": "K", "title": "COMPANY"},
    ]);
    assert_eq!(kind(&closed)["anyOf"], named);
    assert!(valid(&kind(&open), &json!("Z")).is_ok() && valid(&kind(&closed), &json!("Z")).is_err());
    assert_eq!(open["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

#[test]
fn a_schema_is_strict_about_decimals_names_and_missing_fields() {
    let text = "name = \"R\"\nfield = [{ name = \"A\", type = \"packed\", digits = 5, decimals = 2 }, { name = \"N\", type = \"binary\", digits = 4 }]";
    let schema = json::schema(&[layout("r.toml", text)], false);
    let record = |fields: Value| json!({"n": 1, "offset": 0, "type": "R", "fields": fields});
    assert_eq!(valid(&schema, &record(json!({"A": "-123.45", "N": 7}))), Ok(()));
    for bad in [
        json!({"A": "1.5", "N": 7}),
        json!({"A": "1234.50", "N": 7}),
        json!({"A": "01.50", "N": 7}),
        json!({"A": 1.5, "N": 7}),
        json!({"A": "1.50", "N": "7"}),
        json!({"A": "1.50", "N": 40_000}),
        json!({"A": "1.50"}),
        json!({"A": "1.50", "N": 7, "B": 1}),
    ] {
        assert!(valid(&schema, &record(bad.clone())).is_err(), "{bad}");
    }
    let mut faulty = record(json!({"N": 7}));
    faulty["faults"] = json!([{"field": "A", "code": "FPP2001", "offset": 0, "detail": "x"}]);
    assert_eq!(valid(&schema, &faulty), Ok(()));
}

/// A field of a random kind, with keys in TOML.
fn field() -> impl Strategy<Value = String> {
    let flags = (any::<bool>(), any::<bool>(), any::<u8>());
    let digits = (1u8..=20, 0u8..=20).prop_map(|(digits, decimals)| (digits, decimals.min(digits)));
    (0u8..16, 1usize..9, digits, flags).prop_map(|(kind, length, (digits, decimals), (one, two, pick))| {
        let number = format!("digits = {digits}, decimals = {decimals}");
        let policy = ["reject", "null", "zero", "keep"][usize::from(pick % 4)];
        match kind {
            0 => format!("type = \"char\", length = {length}, nullable = {one}, justified = {two}"),
            1 => format!("type = \"char\", length = {length}, varlen = {one}, conditions = {{ YES = \"'Y'\", NO = \"'N' 'X'\" }}"),
            2 => format!("type = \"open\", length = {}, ccsid = \"1388\", cut = {one}, private_use = [\"E000-E0FF\"], read_as = [\"7641 = 73FA\"], write_as = [\"2014 = 444A\"], substitutes = \"refuse\"", length + 3),
            3 => format!("type = \"graphic\", length = {length}, ccsid = \"1388\""),
            4 => format!("type = \"hex\", length = {length}, varlen = {one}"),
            5 => format!("type = \"packed\", {number}, dirty = \"{policy}\", unsigned = {one}"),
            6 => format!("type = \"zoned\", {number}, sign = \"{}\", blank_when_zero = {two}", ["leading", "trailing", "leading-separate", "trailing-separate"][usize::from(pick % 4)]),
            7 => format!("type = \"binary\", digits = {}, length = {length}, endian = \"little\", unsigned = {one}, native = {two}", digits.min(18)),
            8 => format!("type = \"comp6\", {number}, dirty = \"{policy}\""),
            9 => format!("type = \"float\", double = {one}, hex_float = {two}"),
            10 => format!("type = \"decfloat\", digits = {}", if one { 16 } else { 34 }),
            11 => format!("type = \"date\", date_format = \"{}\", no_date = [\"zero\", \"blanks\"]", ["iso", "ymd", "jul", "cymd0", "eur"][usize::from(pick % 5)]),
            12 => "type = \"time\", time_format = \"hms\", separator = \".\"".to_owned(),
            13 => format!("type = \"timestamp\", fraction = {}", pick % 13),
            14 => format!("type = \"zoned\", digits = 8, moment = \"yyyymmdd\", no_date = [\"nines\"], dirty = \"{}\"", ["reject", "null", "keep"][usize::from(pick % 3)]),
            _ => format!("type = \"number-text\", decimals = {}, length = {}", decimals.min(4), length + 3),
        }
    })
}

/// A record of fields, groups, arrays and alternatives.
fn record() -> impl Strategy<Value = String> {
    prop::collection::vec((field(), 0u8..6), 1..7).prop_map(|parts| {
        let mut text = "name = \"R\"\nccsid = \"37\"\n\n[[field]]\nname = \"COUNT\"\ntype = \"zoned\"\ndigits = 1\nunsigned = true\n".to_owned();
        for (index, (keys, shape)) in parts.into_iter().enumerate() {
            let one = keys.replace(", ", "\n");
            // Inline tables and lists keep their commas.
            let inline = format!("{{ name = \"F\", {keys} }}");
            let table = |keys: &str| format!("\n[[field]]\nname = \"P{index}\"\n{keys}\n");
            text.push_str(&match shape {
                0 => table("type = \"group\"") + &format!("field = [{inline}, {{ name = \"G\", type = \"hex\", length = 1 }}]\n"),
                1 => table("type = \"group\"\noccurs = 3") + &format!("field = [{inline}]\n"),
                2 => table("type = \"group\"\noccurs = { least = 0, most = 4, depending = \"COUNT\" }") + &format!("field = [{inline}]\n"),
                3 => table("type = \"group\"\nchoice = { field = \"COUNT\", cases = { 1 = \"P9\", 2 = \"Q\" } }").replace("P9", &format!("P{index}")).replace("\"Q\"", &format!("\"Q{index}\"")) + &format!("field = [{inline}]\n\n[[field]]\nname = \"Q{index}\"\nredefines = \"P{index}\"\ntype = \"hex\"\nlength = 2\n"),
                _ => {
                    let _ = one;
                    format!("\n[[field]]\nname = \"P{index}\"\n") + &lines(&keys) + "\n"
                }
            });
        }
        text
    })
}

/// Keys one a line; commas within lists and tables stay.
fn lines(keys: &str) -> String {
    let mut depth = 0;
    let each = keys.chars().map(|c| {
        depth += i32::from(matches!(c, '[' | '{')) - i32::from(matches!(c, ']' | '}'));
        if c == ',' && depth == 0 { '\n' } else { c }
    });
    each.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_layout_goes_to_toml_and_back(text in record()) {
        let layout = layout("r.toml", &text);
        let written = convert::to_toml(&layout).map_err(|why| TestCaseError::fail(format!("{why}\n{text}")))?;
        prop_assert_eq!(toml::parse("w.toml", &written, Page::Gbk).unwrap(), layout);
    }

    #[test]
    fn any_line_is_valid_under_its_schema(text in record(), bytes in prop::collection::vec(prop_oneof![0xF0u8..=0xF9, Just(0x40), Just(0x0C), Just(0x00), any::<u8>()], 900)) {
        let layout = layout("r.toml", &text);
        let mut read = |_: &str| Err(String::new());
        let (format, _) = Format::parse("r.toml", &text, &mut read, None).unwrap();
        let schema = json::schema(std::slice::from_ref(&layout), false);
        let record = bytes.get(..layout.length.min(900)).unwrap();
        let line = line(&format, record);
        if let Err(why) = valid(&schema, &line) {
            return Err(TestCaseError::fail(format!("{why}\n{line}\n{text}")));
        }
    }
}

#[test]
fn a_layout_without_words_in_toml_is_told() {
    // No source gives such a field, but a program can.
    let field =
        Field { rules: Default::default(), ..Field::new("A".to_owned(), Kind::Packed { digits: 3, decimals: 0 }, 9) };
    assert!(convert::to_toml(&Layout::flat("R".to_owned(), vec![field])).is_err());
}
