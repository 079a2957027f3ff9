//! Golden files of the shapes that copybooks and DDS have in the wild: a source as it is, bytes that were made without
//! fpp, and the lines that must come out. Encoding the lines gives the bytes again.
//!
//! `shapes/NAME/how.toml` says in a comment what the case shows, and what a user would say on the command line.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod hex_support;

use fpp_codecs::format::{Asked, Format};
use fpp_codecs::framing::{Cutter, Framer};
use fpp_codecs::json;
use fpp_codecs::record::Row;
use fpp_codecs::source::Source;
use fpp_codecs::text::Page;
use std::path::{Path, PathBuf};

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shapes");
    let mut cases: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases
}

fn format(case: &Path) -> Format {
    let read = |name: &str| std::fs::read_to_string(case.join(name)).map_err(|e| e.to_string());
    let how = Source::new("how.toml", read("how.toml").unwrap());
    let root = how.root();
    let page = root.text("page").map(|name| Page::parse(&name).unwrap());
    let asked = Asked::from(page).with_copybook(&root.text("copybook").unwrap_or_default()).unwrap();
    let (source, framing) = (root.text("source").unwrap(), root.text("framing"));
    let text = read(&source).unwrap();
    let (mut format, warnings) = Format::parse(&source, &text, &mut { read }, asked)
        .unwrap_or_else(|faults| panic!("{}: {faults:#?}", case.display()));
    if let Some(words) = framing {
        format.reframe(&words).unwrap();
    } else {
        let told: Vec<_> = warnings.iter().filter(|w| !expected(&w.message)).collect();
        assert!(told.is_empty(), "{}: {told:#?}", case.display());
    }
    format
}

/// A 01 that redefines another, and text over numbers, are what these shapes are about.
fn expected(warning: &str) -> bool {
    warning.contains("a record of its own") || warning.contains("are text, too")
}

fn bytes(case: &Path) -> Vec<u8> {
    let hex: String = std::fs::read_to_string(case.join("data.hex")).unwrap().split_whitespace().collect();
    hex_support::bytes(&hex)
}

/// The records of a file, with their places.
fn records(case: &Path, format: &Format, file: &[u8]) -> Vec<(u64, u64, Vec<u8>)> {
    let mut cutter = Cutter::new(format.framing.clone(), file);
    let mut records = Vec::new();
    while let Some(cut) = cutter.next().unwrap_or_else(|error| panic!("{}: {error}", case.display())) {
        records.push((cut.n, cut.offset, cut.bytes.to_vec()));
    }
    records
}

#[test]
fn every_shape_is_read_as_it_was_meant() {
    let all = cases();
    assert!(all.len() >= 8);
    for case in all {
        let format = format(&case);
        let (mut row, mut lines) = (Row::default(), Vec::new());
        for (n, offset, bytes) in records(&case, &format, &bytes(&case)) {
            let record = &format.records[format.select(&bytes).unwrap()];
            json::line(record, n, offset, &bytes, &mut row, &mut lines);
        }
        let expected = std::fs::read_to_string(case.join("lines.jsonl")).unwrap();
        assert_eq!(String::from_utf8(lines).unwrap(), expected, "{}", case.display());
    }
}

/// Record by record: the zeros of an RDW may stand on its other side in the wild, and blocks may be shorter.
#[test]
fn every_shape_is_written_as_it_was() {
    for case in cases() {
        let format = format(&case);
        let mut framer = Framer::new(format.framing.clone());
        let (mut row, mut record, mut file) = (Row::default(), Vec::new(), Vec::new());
        for line in std::fs::read_to_string(case.join("lines.jsonl")).unwrap().lines() {
            let index = json::read(&format, line, &mut row).unwrap_or_else(|e| panic!("{}: {e}", case.display()));
            record.clear();
            format.records[index].encode(&row, &mut record).unwrap_or_else(|e| panic!("{}: {e}", case.display()));
            framer.put(&record, &mut file).unwrap();
        }
        framer.finish(&mut file);
        let only =
            |file: &[u8]| records(&case, &format, file).into_iter().map(|(_, _, bytes)| bytes).collect::<Vec<_>>();
        assert_eq!(only(&file), only(&bytes(&case)), "{}", case.display());
    }
}
