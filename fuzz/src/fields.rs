//! Character fields of every form and page, with the repairs and exceptions that a field may name.

use crate::bytes::Bytes;
use fpp_codecs::format::{RecordFormat, Role, Selector};
use fpp_codecs::json;
use fpp_codecs::layout::{self, Kind, Layout};
use fpp_codecs::record::{Nulls, Row};
use fpp_codecs::text::{Field, Form, Page, Repair, Rules};
use std::sync::Arc;

/// Most bytes of UTF-8 that a byte of a field becomes: a listed code of one byte may stand for any character.
const WIDEST: usize = 4;
/// Bytes of the record before the field.
const BEFORE: usize = 3;

/// Reading with repairs is strict reading where that is possible; what was read is written, and reads as the same.
pub fn fields(data: &[u8]) {
    let mut bytes = Bytes(data);
    let page = bytes.of(Page::ALL);
    let form = bytes.of(&[Form::Text, Form::Only, Form::Either, Form::Graphic]);
    let (counted, repairs) = (bytes.flag(), bytes.byte());
    let lists = random_lists(&mut bytes);
    let allowed = |(bit, _): &(usize, &Repair)| repairs >> bit & 1 == 1;
    let rules = Repair::ALL.iter().enumerate().filter(allowed).fold(lists.clone(), |rules, (_, r)| rules.repair(*r));
    let field = Field { page, form, counted, rules: &rules };
    let (bytes, mut text, mut done) = (bytes.0, String::from("before"), Vec::new());
    let read = field.read(bytes, &mut text, &mut |at, repair| done.push((at, repair)));
    assert!(done.iter().all(|(at, repair)| *at < bytes.len() && rules.allows(*repair)), "{done:?}");
    assert!(done.len() <= bytes.len() + 2, "{done:?}");
    let strict = Field { rules: &lists, ..field };
    let text = match &read {
        Err(fault) => {
            assert!(fault.at <= bytes.len() && text == "before" && done.is_empty(), "{fault}");
            String::from_utf8_lossy(bytes).into_owned()
        }
        Ok(()) => {
            let text = text.split_off(6);
            assert!(text.len() <= WIDEST * bytes.len(), "{} bytes became {}", bytes.len(), text.len());
            let mut strictly = String::new();
            match strict.read(bytes, &mut strictly, &mut |_, _| panic!("nothing may be repaired")) {
                // Only runs with nothing in them pass strict reading and are told all the same; blanks before one are
                // padding once it is gone.
                Ok(()) => {
                    assert_eq!(strictly.trim_end_matches(' '), text.trim_end_matches(' '));
                    assert!(strictly == text || !done.is_empty());
                    assert!(done.iter().all(|(_, repair)| *repair == Repair::DropEmptyRun), "{done:?}");
                }
                Err(fault) => assert!(!done.is_empty(), "{fault}"),
            }
            text
        }
    };
    written(field, strict, &text, bytes.len());
    if !counted && !bytes.is_empty() {
        in_a_record(field, bytes, read.is_ok(), &done);
    }
}

/// Private use, and one code and one character with a meaning of their own.
fn random_lists(bytes: &mut Bytes<'_>) -> Rules {
    let which = bytes.byte();
    let mut rules = Rules::default();
    if which & 1 == 1 {
        rules = rules.private_use('\u{E000}'..='\u{F8FF}');
    }
    let code = |bytes: &mut Bytes<'_>| u16::from_be_bytes([bytes.byte(), bytes.byte()]);
    let character = |code: u16| char::from_u32(code.into()).unwrap_or('\u{1F600}');
    if which & 2 == 2 {
        rules = rules.read_as(code(bytes), character(code(bytes)));
    }
    if which & 4 == 4 {
        rules = rules.write_as(character(code(bytes)), code(bytes));
    }
    rules
}

/// A text is cut to its room, and what is written of it reads back, without repairs.
fn written(field: Field<'_>, strict: Field<'_>, text: &str, room: usize) {
    let kept = field.fit(text, room);
    assert!(text.starts_with(kept));
    let (mut out, mut back) = (b"before".to_vec(), String::new());
    if field.write(kept, room, &mut out).is_err() {
        return assert_eq!(out, b"before");
    }
    let out = &out[6..];
    // Nothing at all still takes both shifts where a run must be.
    assert!(out.len() <= room || kept.is_empty(), "{} bytes in a room of {room}: {kept:?}", out.len());
    let read = strict.read(out, &mut back, &mut |_, _| panic!("nothing may be repaired"));
    read.unwrap_or_else(|fault| panic!("{}: {fault}: {kept:?}", field.page.name()));
    let padding: &[char] = match (field.counted, field.form) {
        (true, _) => &[],
        (false, Form::Text) => &[' '],
        (false, _) => &[' ', '\u{3000}'],
    };
    let wanted = field.reads_back(kept);
    assert_eq!(back.trim_end_matches(padding), wanted.trim_end_matches(padding), "{}", field.page.name());
}

/// In a record the field says the same, at its place there, and so does the short way to a line.
fn in_a_record(field: Field<'_>, bytes: &[u8], good: bool, done: &[(usize, Repair)]) {
    let kind = match field.form {
        Form::Text => Kind::Open,
        Form::Only => Kind::Only,
        Form::Either => Kind::Either,
        Form::Graphic => Kind::Graphic,
    };
    let before = layout::Field::new("BEFORE".into(), Kind::Hex, BEFORE);
    let rules = layout::Rules { text: Some(Arc::new(field.rules.clone())), ..layout::Rules::PLAIN };
    let of = layout::Field::new("F".into(), kind, bytes.len());
    let of = layout::Field { offset: BEFORE, page: Some(field.page), rules, ..of };
    let layout = Layout::flat("R".into(), vec![before, of]);
    let format = RecordFormat::new(layout, Role::Detail, Selector::default(), Nulls::None, field.page);
    let record = [&[0; BEFORE][..], bytes].concat();
    let (mut row, mut long, mut short) = (Row::default(), Vec::new(), Vec::new());
    format.decode(&record, &mut row);
    assert_eq!(row.faults.is_empty(), good, "{:?}", row.faults);
    assert!(row.faults.iter().all(|fault| (BEFORE..=record.len()).contains(&fault.offset)));
    // A record tells substitutes too, which the field itself reads as the characters they are.
    let repairs = row.repairs.iter().filter(|repair| !repair.what.starts_with("a substitute character"));
    let told: Vec<_> = repairs.map(|repair| (repair.offset - BEFORE, repair.what)).collect();
    let wanted: Vec<_> = done.iter().map(|(at, repair)| (*at, repair.told())).collect();
    assert_eq!(told, wanted);
    json::write(&format, 1, 0, &row, &mut long);
    assert_eq!(json::line(&format, 1, 0, &record, &mut Row::default(), &mut short), good);
    assert_eq!(String::from_utf8(short), String::from_utf8(long));
}
