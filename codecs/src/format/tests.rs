//! Grammars against a matcher that tries everything, and what formats say of order, parents, selection and totals.

use super::grammar::{Grammar, State};
use super::order::Order;
use super::parents::Parents;
use super::{Format, Role};
use crate::controls::Tally;
use crate::record::Row;
use proptest::prelude::*;
use std::collections::HashMap;

fn names() -> HashMap<String, usize> {
    ["H", "A", "B", "T"].into_iter().enumerate().map(|(index, name)| (name.to_owned(), index)).collect()
}

fn accepts(grammar: &Grammar, records: &[usize]) -> bool {
    let mut state = State::Start;
    for record in records {
        match grammar.step(&state, *record) {
            Some(next) => state = next,
            None => return false,
        }
    }
    grammar.may_end(&state)
}

/// A grammar as a tree, written and matched independently of the code.
#[derive(Clone, Debug)]
enum Sketch {
    Name(usize),
    Row(Vec<Sketch>),
    Either(Vec<Sketch>),
    Times(Box<Sketch>, usize, Option<usize>),
}

impl Sketch {
    fn text(&self) -> String {
        let all = |parts: &[Sketch], between: &str| parts.iter().map(Sketch::text).collect::<Vec<_>>().join(between);
        match self {
            Sketch::Name(index) => ["H", "A", "B", "T"][*index].to_owned(),
            Sketch::Row(parts) => format!("({})", all(parts, " ")),
            Sketch::Either(parts) => format!("({})", all(parts, " | ")),
            Sketch::Times(part, 0, None) => format!("({})*", part.text()),
            Sketch::Times(part, 1, None) => format!("({})+", part.text()),
            Sketch::Times(part, 0, Some(1)) => format!("({})?", part.text()),
            Sketch::Times(part, least, None) => format!("({}){{{least},}}", part.text()),
            Sketch::Times(part, least, Some(most)) if least == most => format!("({}){{{least}}}", part.text()),
            Sketch::Times(part, least, Some(most)) => format!("({}){{{least},{most}}}", part.text()),
        }
    }

    /// Where a match that begins at a place may end.
    fn ends(&self, records: &[usize], from: usize) -> Vec<usize> {
        let mut ends = match self {
            Sketch::Name(index) if records.get(from) == Some(index) => vec![from + 1],
            Sketch::Name(_) => Vec::new(),
            Sketch::Row(parts) => parts
                .iter()
                .fold(vec![from], |ends, part| ends.into_iter().flat_map(|end| part.ends(records, end)).collect()),
            Sketch::Either(parts) => parts.iter().flat_map(|part| part.ends(records, from)).collect(),
            Sketch::Times(part, least, most) => {
                let (mut ends, mut now) = (Vec::new(), vec![from]);
                for n in 0..=most.unwrap_or(records.len() + least) {
                    if n >= *least {
                        ends.extend(&now);
                    }
                    now = now.into_iter().flat_map(|end| part.ends(records, end)).collect();
                    now.sort_unstable();
                    now.dedup();
                }
                ends
            }
        };
        ends.sort_unstable();
        ends.dedup();
        ends
    }
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let leaf = (0usize..4).prop_map(Sketch::Name);
    leaf.prop_recursive(3, 12, 3, |inner| {
        let times = (0usize..3, prop::option::of(0usize..3));
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Sketch::Row),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Sketch::Either),
            (inner, times).prop_map(|(part, (least, more))| {
                Sketch::Times(Box::new(part), least, more.map(|more| (least + more).max(1)))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_grammar_takes_what_a_matcher_takes_that_tries_everything(
        sketch in sketch(), files in prop::collection::vec(prop::collection::vec(0usize..4, 0..7), 12)
    ) {
        let text = sketch.text();
        let grammar = Grammar::parse(&text, &names()).map_err(|(at, why)| TestCaseError::fail(format!("{text} {at} {why}")))?;
        for file in files {
            let wanted = sketch.ends(&file, 0).contains(&file.len());
            prop_assert_eq!(accepts(&grammar, &file), wanted, "{} {:?}", text, file);
        }
    }

    #[test]
    fn no_grammar_upsets_the_reader(text in "[HABT()|*+?{},0-9 ]{0,40}") {
        let _ = Grammar::parse(&text, &names());
    }
}

#[test]
fn a_wrong_grammar_is_told_with_its_place() {
    for (text, at, told) in [
        ("H (A B*)* T X", 12, "X is no record of this format; there are A, B, H, T"),
        ("H (A", 4, "`)` is due"),
        ("H )", 2, "this closes nothing"),
        ("H ()", 3, "a record's name is due"),
        ("", 0, "a record's name is due"),
        ("A**", 2, "one repetition is enough"),
        ("A{2,1}", 1, "comes never"),
        ("A{0}", 1, "comes never"),
        ("A{9999}", 2, "a number up to 512"),
        ("((A{512}){2}){512}", 0, "more than 512 places"),
        ("((((A?){500}){500}){500}){500}", 0, "more than 512 places"),
    ] {
        let (place, message) = Grammar::parse(text, &names()).unwrap_err();
        assert!(message.contains(told) && place == at, "{text}: {place} {message}");
    }
    assert!(Grammar::parse(&"(".repeat(1000), &names()).unwrap_err().1.contains("levels"));
}

fn parse(text: &str) -> Result<Format, Vec<String>> {
    let parsed = Format::parse("f.toml", text, &mut |_| Err("no file".to_owned()), None);
    parsed.map(|(format, _)| format).map_err(|faults| faults.iter().map(|fault| fault.message.clone()).collect())
}

/// A header, customers with payments and notes, a trailer; records of 8 bytes.
fn format(more: &str, order: &str) -> Result<Format, Vec<String>> {
    let record = |role: &str, name: &str, more: &str, fields: &str| {
        format!(
            "[[record]]\nrole = \"{role}\"\nname = \"{name}\"\n{more}\nselect = \"KIND == '{}'\"\nfield = [\
             {{ name = \"KIND\", type = \"char\", length = 1 }},\n{fields}]\n",
            &name[..1]
        )
    };
    let number =
        |name: &str, digits: usize| format!("{{ name = \"{name}\", type = \"number\", digits = {digits} }},\n");
    let signed = "{ name = \"AMT\", type = \"number\", digits = 3, decimals = 1, signed = true },\n";
    let text = |name: &str, length: usize| format!("{{ name = \"{name}\", type = \"char\", length = {length} }},\n");
    parse(&format!(
        "name = \"F\"\nframing = \"fixed\"\nlength = 8\nccsid = \"utf-8\"\nversion = \"1\"\n{order}\n{}{}{}{}{}{more}",
        record("header", "HEAD", "", &format!("{}{}", number("ALL", 3), number("SUM", 4))),
        record("detail", "CUST", "", &text("NAME", 7)),
        record("detail", "PAY", "parent = \"CUST\"", &format!("{signed}{}", text("REST", 3))),
        record("detail", "NOTE", "parent = \"PAY\"", &text("TEXT", 7)),
        record("trailer", "TAIL", "", &format!("{}{}", number("CNT", 2), number("ABS", 5))),
    ))
}

const ORDER: &str = "order = \"HEAD (CUST (PAY NOTE*)*)* TAIL\"";

/// Feeds records by their first letters; the first fault, or that of the end.
fn walk(format: &Format, letters: &str) -> String {
    let mut order = Order::new(format);
    for (n, letter) in letters.chars().enumerate() {
        let record = format!("{letter}001000 ");
        let Some(index) = format.select(record.as_bytes()) else { return format!("{n}: nothing fits") };
        if let Err(fault) = order.feed(index) {
            return format!("{n}: {} {}", fault.code, fault.detail);
        }
    }
    order.finish().map_or_else(|fault| format!("end: {} {}", fault.code, fault.detail), |()| "good".to_owned())
}

#[test]
fn an_order_says_what_came_and_what_was_due() {
    let format = format("", ORDER).unwrap();
    for (letters, told) in [
        ("HT", "good"),
        ("HCPNNPCPT", "good"),
        ("CT", "0: FPP1004 CUST came where HEAD was due"),
        ("", "end: FPP1004 the end of the file came where HEAD was due"),
        ("HC", "end: FPP1005 the end of the file came where CUST or PAY or TAIL was due"),
        ("HPT", "1: FPP1019 PAY came where CUST or TAIL was due"),
        ("HTC", "2: FPP1005 CUST came where the end of the file was due"),
        ("HCHT", "2: FPP1004 HEAD came where CUST or PAY or TAIL was due"),
        ("HX", "1: nothing fits"),
    ] {
        assert_eq!(walk(&format, letters), told, "{letters}");
    }
    // Without a grammar only parents and roles are looked at.
    let loose = self::format("", "").unwrap();
    for (letters, told) in [
        ("HCPT", "good"),
        ("HPT", "1: FPP1019 PAY without its CUST before it"),
        ("HCPCNT", "4: FPP1019 NOTE without its PAY before it"),
        ("HT", "good"),
    ] {
        assert_eq!(walk(&loose, letters), told, "{letters}");
    }
}

#[test]
fn children_know_their_parents() {
    let format = format("", ORDER).unwrap();
    let mut parents = Parents::new(&format);
    let mut found = Vec::new();
    for (n, letter) in "HCPNNPNC".chars().enumerate() {
        let index = format.records.iter().position(|record| record.layout.name.starts_with(letter)).unwrap();
        found.push(parents.feed(index, n as u64 + 1).unwrap());
    }
    assert_eq!(found, [None, None, Some(2), Some(3), Some(3), Some(2), Some(6), None]);
    let orphan = parents.feed(3, 9).unwrap_err();
    assert_eq!(orphan.to_string(), "NOTE without its PAY before it");
}

#[test]
fn what_the_rest_relies_on_holds_in_every_order() {
    for (order, told) in [
        ("order = \"HEAD? (CUST | PAY | NOTE)* TAIL\"", "HEAD is the header"),
        ("order = \"HEAD (CUST | PAY | NOTE | HEAD)* TAIL\"", "HEAD is the header"),
        ("order = \"HEAD (CUST | PAY | NOTE)* TAIL*\"", "TAIL is the trailer"),
        ("order = \"HEAD (CUST | PAY)* TAIL\"", "NOTE is not in it"),
        ("order = \"HEAD (CUST\"", "at byte 11: `)` is due"),
    ] {
        let faults = format("", order).unwrap_err();
        assert!(faults.iter().any(|fault| fault.contains(told)), "{order} {faults:?}");
    }
    let circle = format("", "").map(|_| ()).and_then(|()| {
        parse("name = \"F\"\nframing = \"fixed\"\nlength = 1\nccsid = \"utf-8\"\nversion = \"1\"\n[[record]]\nrole = \"detail\"\n\
               name = \"A\"\nparent = \"A\"\nfield = [{ name = \"X\", type = \"char\", length = 1 }]\n").map(|_| ())
    });
    assert!(circle.unwrap_err()[0].contains("A stands under itself"));
}

#[test]
fn totals_of_every_sort_are_read_and_proven() {
    let controls = r#"
        [controls]
        count = { header = "ALL", records = "all" }
        sums = [
          { header = "SUM", field = "AMT", where = "AMT > 0 and REST != 'no'" },
          { trailer = "ABS", field = "AMT", absolute = true },
        ]
        counts = [{ trailer = "CNT", record = "CUST", where = { field = "NAME", equals = "001" } }]
    "#;
    let format = format(controls, ORDER).unwrap();
    let mut tally = Tally::new(format.controls.as_ref().unwrap());
    let mut row = Row::default();
    for record in ["H0060025", "C001    ", "P+025   ", "P-010   ", "P+005no ", "T0100040"] {
        let index = format.select(record.as_bytes()).unwrap();
        format.records[index].decode(record.as_bytes(), &mut row);
        assert_eq!(row.faults, [], "{record}");
        match format.records[index].role {
            Role::Detail => tally.add(index, &row),
            _ => tally.promise(index, &row),
        }
    }
    let shown: Vec<_> = tally.totals().iter().map(|t| format!("{} {}={}", t.name, t.promised, t.found)).collect();
    assert_eq!(shown, ["ALL 6=6", "SUM 25=2.5", "ABS 40=4", "CNT 1=1"]);
    for (bad, told) in [
        ("sums = [{ field = \"AMT\" }]", "trailer: is missing"),
        ("sums = [{ trailer = \"ABS\", header = \"SUM\", field = \"AMT\" }]", "not in both"),
        ("sums = [{ trailer = \"ABS\", field = \"NAME\" }]", "field: is not a number"),
        ("sums = [{ trailer = \"ABS\", field = \"AMT\", record = \"CUST\" }]", "no field AMT"),
        ("sums = [{ trailer = \"ABS\", field = \"AMT\", record = \"HEAD\" }]", "HEAD is no detail record"),
        (
            "sums = [{ trailer = \"ABS\", field = \"AMT\", where = \"length > 3\" }]",
            "where: at byte 1: the record's own",
        ),
        ("counts = [{ trailer = \"CNT\", where = \"AMT > 0\" }]", "where: at byte 1: CUST has no field AMT"),
        ("sequence = \"AMT\"", "not the same field in all"),
    ] {
        let faults = self::format(&format!("[controls]\n{bad}\n"), ORDER).unwrap_err();
        assert!(faults.iter().any(|fault| fault.contains(told)), "{bad} {faults:?}");
    }
}
