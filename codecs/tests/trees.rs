//! Records with groups, arrays and alternatives: places, decoding, JSON, and back.

#![allow(clippy::unwrap_used, reason = "a helper of tests may fail as they do")]

mod parts_support;

use fpp_codecs::Code;
use fpp_codecs::format::{Format, RecordFormat, Role, Selector};
use fpp_codecs::framing::Framing;
use fpp_codecs::json;
use fpp_codecs::layout::build::{Chooser, Part, build};
use fpp_codecs::record::{Nulls, Row};
use fpp_codecs::text::Page;
use parts_support::{array, group, text};

fn number(name: &str, digits: u8) -> Part {
    parts_support::number(name, digits, 0)
}

fn format(parts: Vec<Part>) -> Format {
    let layout = build("R".into(), String::new(), parts).unwrap();
    Format {
        name: "R".into(),
        text: String::new(),
        framing: Framing::Fixed { length: layout.length },
        page: Page::Utf8,
        records: vec![RecordFormat::new(layout, Role::Detail, Selector::default(), Nulls::None, Page::Utf8)],
        order: None,
        controls: None,
        version: String::new(),
        nulls: Nulls::None,
        sources: Vec::new(),
    }
}

/// The fields of a record as JSON; checks that they encode to the same bytes.
fn round(format: &Format, record: &str) -> String {
    let (mut row, mut line) = (Row::default(), Vec::new());
    format.records[0].decode(record.as_bytes(), &mut row);
    json::write(&format.records[0], 1, 0, &row, &mut line);
    let line = String::from_utf8(line).unwrap();
    serde_json::from_str::<serde_json::Value>(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
    if row.faults.is_empty() {
        let mut back = Row::default();
        let index = json::read(format, line.trim_end(), &mut back).unwrap_or_else(|e| panic!("{e}: {line}"));
        let mut bytes = Vec::new();
        format.records[index].encode(&back, &mut bytes).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert_eq!(String::from_utf8(bytes).unwrap(), record);
    }
    let from = line.find("\"fields\":").unwrap() + 9;
    line[from..].trim_end().strip_suffix('}').unwrap().to_owned()
}

#[test]
fn arrays_in_arrays_move_what_follows_them() {
    let item = group("ITEM", vec![text("SKU", 2), number("N", 1), array(text("TAG", 1), 3, Some("N"))]);
    let format = format(vec![number("COUNT", 1), array(item, 4, Some("COUNT")), text("TAIL", 3)]);
    let layout = &format.records[0].layout;
    assert_eq!((layout.length, layout.least, layout.fields.len()), (28, 4, 22));
    assert_eq!(layout.fields[4].name, "TAG(1,2)");
    let shown = round(&format, "2AA0BB2xyEND");
    assert_eq!(
        shown,
        r#"{"COUNT":"2","ITEM":[{"SKU":"AA","N":"0","TAG":[]},{"SKU":"BB","N":"2","TAG":["x","y"]}],"TAIL":"END"}"#
    );
    assert_eq!(round(&format, "0END"), r#"{"COUNT":"0","ITEM":[],"TAIL":"END"}"#);
}

/// Occurrences that consist of arrays which are empty are there all the same, and what follows stands where they end.
#[test]
fn occurrences_without_a_leaf_are_occurrences() {
    let item = || group("ITEM", vec![array(text("TAG", 2), 3, Some("N"))]);
    let always = format(vec![number("N", 1), array(item(), 2, None), text("TAIL", 3)]);
    assert_eq!(round(&always, "0END"), r#"{"N":"0","ITEM":[{"TAG":[]},{"TAG":[]}],"TAIL":"END"}"#);
    assert_eq!(round(&always, "1aabbEND"), r#"{"N":"1","ITEM":[{"TAG":["aa"]},{"TAG":["bb"]}],"TAIL":"END"}"#);
    let mut row = Row::default();
    always.records[0].decode(b"0END", &mut row);
    assert_eq!(always.records[0].places(b"0END", &row).last(), Some(&(1..4)));

    let counted = format(vec![number("COUNT", 1), number("N", 1), array(item(), 4, Some("COUNT")), text("TAIL", 3)]);
    assert_eq!(round(&counted, "20END"), r#"{"COUNT":"2","N":"0","ITEM":[{"TAG":[]},{"TAG":[]}],"TAIL":"END"}"#);
    assert_eq!(round(&counted, "01END"), r#"{"COUNT":"0","N":"1","ITEM":[],"TAIL":"END"}"#);

    // The counter is that of the same occurrence.
    let shelf = group("SHELF", vec![number("COUNT", 1), array(item(), 4, Some("COUNT"))]);
    let inner = format(vec![number("N", 1), array(shelf, 2, None)]);
    assert_eq!(
        round(&inner, "012"),
        r#"{"N":"0","SHELF":[{"COUNT":"1","ITEM":[{"TAG":[]}]},{"COUNT":"2","ITEM":[{"TAG":[]},{"TAG":[]}]}]}"#
    );
}

#[test]
fn a_counter_is_one_that_does_not_occur_itself() {
    let closed = || array(group("A", vec![number("N", 1)]), 3, None);
    let parts = vec![closed(), array(text("X", 1), 4, Some("N"))];
    let wrong = build("R".into(), String::new(), parts).unwrap_err();
    assert!(wrong.contains("N occurs several times before the part that depends on it"), "{wrong}");
    let wrong = build("R".into(), String::new(), vec![array(text("X", 1), 4, Some("N"))]).unwrap_err();
    assert!(wrong.contains("N is no field before"), "{wrong}");
    let choice = Some(Chooser { field: "N".into(), cases: Vec::new(), otherwise: None });
    let parts = vec![closed(), Part::Redefines { alternatives: vec![text("X", 1), text("Y", 1)], choice }];
    assert!(build("R".into(), String::new(), parts).unwrap_err().contains("N occurs several times"));
    // The one outside is meant, although another stands between; within an array, the one of the same occurrence.
    let format = format(vec![number("N", 1), closed(), array(text("X", 1), 4, Some("N"))]);
    assert_eq!(round(&format, "2999xy"), r#"{"N":"2","A":[{"N":"9"},{"N":"9"},{"N":"9"}],"X":["x","y"]}"#);
}

#[test]
fn a_counter_out_of_range_is_one_fault_and_what_follows_is_bad() {
    let format = format(vec![number("COUNT", 1), array(text("X", 1), 4, Some("COUNT")), text("TAIL", 3)]);
    for (record, code) in [("5abcdeEND", Code::OCCURRENCES), ("?abcd", Code::ZONE)] {
        let mut row = Row::default();
        format.records[0].decode(record.as_bytes(), &mut row);
        assert_eq!(row.faults.iter().map(|f| (f.code, f.field)).collect::<Vec<_>>(), [(code, 0)], "{record}");
    }
    let mut row = Row::default();
    format.records[0].decode(b"1aENDmore", &mut row);
    assert_eq!(row.faults.iter().map(|f| (f.code, f.offset)).collect::<Vec<_>>(), [(Code::LENGTH, 5)]);
}

#[test]
fn alternatives_that_decode_are_shown_and_a_choice_picks_one() {
    let alternatives =
        || vec![group("PERSON", vec![text("NAME", 4)]), group("SUM", vec![number("A", 2), number("B", 2)])];
    let parts = |choice| vec![text("TYPE", 1), Part::Redefines { alternatives: alternatives(), choice }, text("Z", 1)];
    let every = format(parts(None));
    assert_eq!(round(&every, "P1234."), r#"{"TYPE":"P","PERSON":{"NAME":"1234"},"SUM":{"A":"12","B":"34"},"Z":"."}"#);
    let john = round(&every, "PJohn.");
    assert!(
        john.starts_with(r#"{"TYPE":"P","PERSON":{"NAME":"John"},"Z":"."},"repairs":[{"field":"A","offset":1,"#),
        "{john}"
    );
    let cases = vec![("P".into(), "PERSON".into()), ("S".into(), "SUM".into())];
    let chosen = format(parts(Some(Chooser { field: "TYPE".into(), cases, otherwise: None })));
    assert_eq!(round(&chosen, "S1234."), r#"{"TYPE":"S","SUM":{"A":"12","B":"34"},"Z":"."}"#);
    assert_eq!(round(&chosen, "P1234."), r#"{"TYPE":"P","PERSON":{"NAME":"1234"},"Z":"."}"#);
    let mut row = Row::default();
    chosen.records[0].decode(b"SJohn.", &mut row);
    assert_eq!(row.faults.iter().map(|f| (f.code, f.offset)).collect::<Vec<_>>(), [(Code::ZONE, 1), (Code::ZONE, 3)]);
}

/// No change of one reading is lost without a word.
#[test]
fn readings_of_the_same_bytes_must_agree() {
    let alternatives =
        || vec![group("WHOLE", vec![number("DAY", 4)]), group("PARTS", vec![number("MM", 2), number("DD", 2)])];
    let parts = |choice| vec![text("TYPE", 1), Part::Redefines { alternatives: alternatives(), choice }];
    let every = format(parts(None));
    let encode = |format: &Format, line: &str| {
        let (mut row, mut bytes) = (Row::default(), Vec::new());
        json::read(format, line, &mut row).unwrap();
        let done = format.records[0].encode(&row, &mut bytes);
        done.map(|_| String::from_utf8(bytes).unwrap()).map_err(|fault| {
            let name = format.records[0].layout.fields.get(fault.field).map_or("", |field| &field.name);
            format!("{} {name}", fault.code)
        })
    };
    let line = |whole: &str, parts: &str| {
        format!(r#"{{"fields":{{"TYPE":"D","WHOLE":{{"DAY":{whole}}},"PARTS":{{{parts}}}}}}}"#)
    };
    assert_eq!(encode(&every, &line(r#""620""#, r#""MM":"6","DD":20"#)), Ok("D0620".into()));
    assert_eq!(encode(&every, &line("620", r#""MM":"7","DD":"20""#)), Err("FPP5007 MM".into()));
    assert_eq!(encode(&every, &line("620", r#""MM":"6","DD":21"#)), Err("FPP5007 DD".into()));
    assert_eq!(encode(&every, &line("620", r#""MM":"6","DD":"x""#)), Err("FPP2013 DD".into()));
    assert_eq!(encode(&every, r#"{"fields":{"TYPE":"D","PARTS":{"MM":"7","DD":"1"}}}"#), Ok("D0701".into()));

    let cases = vec![("W".into(), "WHOLE".into()), ("P".into(), "PARTS".into())];
    let chosen = format(parts(Some(Chooser { field: "TYPE".into(), cases, otherwise: None })));
    assert_eq!(encode(&chosen, r#"{"fields":{"TYPE":"P","PARTS":{"MM":"7","DD":"1"}}}"#), Ok("P0701".into()));
    assert_eq!(encode(&chosen, r#"{"fields":{"TYPE":"W","PARTS":{"MM":"7","DD":"1"}}}"#), Err("FPP5007 MM".into()));
    assert_eq!(encode(&chosen, r#"{"fields":{"TYPE":"X","PARTS":{"MM":"7","DD":"1"}}}"#), Err("FPP2013 DAY".into()));

    let texts = || vec![text("A", 4), group("B", vec![text("B1", 2), text("B2", 2)])];
    let format = format(vec![Part::Redefines { alternatives: texts(), choice: None }]);
    let line = r#"{"fields":{"A":"abcd","B":{"B1":"ab","B2":"xy"}}}"#;
    assert_eq!(encode(&format, line), Err("FPP5007 B2".into()));
}

/// An array that keeps its room: the room is an alternative of it. One of no occurrences leaves no trace in the line.
#[test]
fn an_array_beside_its_room_moves_nothing() {
    let alternatives = || vec![group("T", vec![array(text("I", 2), 3, Some("N"))]), text("ROOM", 6)];
    let choice = |cases: Vec<(String, String)>| {
        let choice = Some(Chooser { field: "N".into(), cases, otherwise: Some("T".into()) });
        format(vec![number("N", 1), Part::Redefines { alternatives: alternatives(), choice }, text("Z", 1)])
    };
    for format in [choice(Vec::new()), choice(vec![("9".into(), "ROOM".into())])] {
        assert_eq!(round(&format, "2aabb  z"), r#"{"N":"2","T":{"I":["aa","bb"]},"Z":"z"}"#);
        assert_eq!(round(&format, "0      z"), r#"{"N":"0","Z":"z"}"#);
        let mut row = Row::default();
        json::read(&format, r#"{"fields":{"N":"1","Z":"z"}}"#, &mut row).unwrap();
        let fault = format.records[0].encode(&row, &mut Vec::new()).unwrap_err();
        assert_eq!((fault.code, fault.field), (Code::OCCURRENCES, 0));
    }
}

#[test]
fn an_alternative_that_loses_its_way_does_not_make_the_next_one_good() {
    let counted = group("A", vec![number("N", 1), array(text("X", 1), 3, Some("N"))]);
    let format = format(vec![Part::Redefines { alternatives: vec![counted, number("B", 4)], choice: None }]);
    let mut row = Row::default();
    format.records[0].decode(b"9xyz", &mut row);
    assert_eq!(row.faults.iter().map(|f| (f.code, f.field)).collect::<Vec<_>>(), [(Code::OCCURRENCES, 0)]);
    assert_eq!(round(&format, "2xy "), r#"{"A":{"N":"2","X":["x","y"]}}"#);
}

#[test]
fn same_names_go_by_their_groups_and_fillers_by_numbers() {
    let format = format(vec![
        group("SHIP", vec![text("CITY", 2), text("FILLER", 1)]),
        group("BILL", vec![text("CITY", 2), text("FILLER", 1)]),
        group("", vec![text("LOOSE", 1)]),
    ]);
    let names: Vec<_> = format.records[0].layout.fields.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["SHIP.CITY", "FILLER", "BILL.CITY", "FILLER2", "LOOSE"]);
    assert_eq!(round(&format, "SH1BI L"), r#"{"SHIP":{"CITY":"SH","FILLER":"1"},"BILL":{"CITY":"BI"},"LOOSE":"L"}"#);
}

#[test]
fn a_name_that_comes_again_in_its_group_has_a_key_of_its_own() {
    let format = format(vec![group("G", vec![text("X", 1), text("X", 1), array(text("X", 1), 2, None)])]);
    assert_eq!(round(&format, "abcd"), r#"{"G":{"X":"a","X-2":"b","X-3":["c","d"]}}"#);
}

#[test]
fn what_could_grow_without_limit_is_refused_before_it_does() {
    let mut part = text("X", 1);
    for _ in 0..6 {
        part = array(group("G", vec![part]), 9_999, None);
    }
    assert!(build("R".into(), String::new(), vec![part]).unwrap_err().contains("longer"));
    let mut deep = text("X", 1);
    for _ in 0..100 {
        deep = group("G", vec![deep]);
    }
    assert!(build("R".into(), String::new(), vec![deep]).unwrap_err().contains("deeper"));
    let empty = array(group("G", Vec::new()), usize::MAX, None);
    assert!(build("R".into(), String::new(), vec![text("X", 1), empty]).is_err());
}

/// Bytes that no reading shows are not lost in silence.
#[test]
fn a_value_that_chooses_nothing_is_a_fault() {
    let redefines = |choice| Part::Redefines { alternatives: vec![text("P", 3), number("C", 3)], choice: Some(choice) };
    let cases = || vec![("P".to_owned(), "P".to_owned()), ("C".to_owned(), "C".to_owned())];
    let chooser = |otherwise| Chooser { field: "T".into(), cases: cases(), otherwise };
    let strict = format(vec![text("T", 1), redefines(chooser(None)), text("TAIL", 1)]);
    assert_eq!(round(&strict, "C012z"), r#"{"T":"C","C":"12","TAIL":"z"}"#);
    let shown = round(&strict, "Xabcz");
    assert!(
        shown.starts_with(r#"{"T":"X","TAIL":"z"},"faults":[{"field":"P","code":"FPP2013","offset":1,"#),
        "{shown}"
    );
    let write = |line: &str| {
        let (mut row, mut bytes) = (Row::default(), Vec::new());
        let index = json::read(&strict, line, &mut row).map_err(|fault| fault.code)?;
        strict.records[index].encode(&row, &mut bytes).map_err(|fault| fault.code)
    };
    assert_eq!(write(r#"{"fields":{"T":"X","P":"abc","TAIL":"z"}}"#).unwrap_err(), Code::RANGE);
    let lenient = format(vec![text("T", 1), redefines(chooser(Some("P".into()))), text("TAIL", 1)]);
    assert_eq!(round(&lenient, "Xabcz"), r#"{"T":"X","P":"abc","TAIL":"z"}"#);
    // The field that chooses may stand in the part itself, and be unreadable.
    let within = |name: &str| group(name, vec![number("T", 1), text("REST", 2)]);
    let cases = vec![("1".to_owned(), "A".to_owned()), ("2".to_owned(), "B".to_owned())];
    let choice = Chooser { field: "T".into(), cases, otherwise: None };
    let other = group("B", vec![text("ALL", 3)]);
    let inner = format(vec![Part::Redefines { alternatives: vec![within("A"), other], choice: Some(choice) }]);
    assert_eq!(round(&inner, "1xy"), r#"{"A":{"T":"1","REST":"xy"}}"#);
    assert!(round(&inner, "3xy").starts_with(r#"{"A":{"T":"3"}},"faults":[{"field":"T","code":"FPP2013","#));
    assert!(round(&inner, "?xy").contains(r#""faults":[{"field":"T","code":"FPP2013","#));
}
