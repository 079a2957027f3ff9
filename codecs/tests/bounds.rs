//! What a hostile layout or file can cost: bytes at once, as docs/layouts.md states them, and work that grows as the
//! input does.
//!
//! Bytes are counted by the allocator of this test. Work is processor time of this thread, which other programs do not
//! add to: eight times the input must not take 32 times as long, and would take 64 times if work grew with its square.
//! One test, because the allocator counts what every thread has.
#![allow(clippy::unwrap_used, reason = "a helper of tests may fail as they do")]

use fpp_codecs::csv::{Dialect, Header, Lines};
use fpp_codecs::format::{Format, RecordFormat, Role, Selector};
use fpp_codecs::framing::{Cutter, Delimited, Framing, LineEnding, Pairs, Rdw, RecordEnd};
use fpp_codecs::json;
use fpp_codecs::layout::build::{Part, build};
use fpp_codecs::layout::{Field, Kind, copybook, dds};
use fpp_codecs::record::{Nulls, Row};
use fpp_codecs::text::Page;
use peak_alloc::PeakAlloc;
use rustix::time::{ClockId, clock_gettime};
use std::io::{BufReader, Read, repeat};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const MIB: usize = 1 << 20;
/// A layout, whatever its source says.
const LAYOUT_MAX: usize = 256 * MIB;
/// Cutting a file, or reading a table: four times the longest record, or line, of 16 MiB.
const FILE_MAX: usize = 64 * MIB;
/// A line of JSON, for each of its bytes.
const JSON_MAX: usize = 64;

/// Most bytes at once while something is done, beside those that were there before.
fn peak<T>(work: impl FnOnce() -> T) -> (usize, T) {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let done = work();
    (ALLOCATOR.peak_usage().saturating_sub(before), done)
}

fn within(most: usize, what: &str, work: impl FnOnce()) {
    let (bytes, ()) = peak(work);
    assert!(bytes <= most, "{what}: {} MiB at once, and {} are stated", bytes / MIB, most / MIB);
}

/// The least of three runs, in seconds of this thread.
fn seconds(work: &mut dyn FnMut()) -> f64 {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
    };
    let once = |work: &mut dyn FnMut()| {
        let start = now();
        work();
        now() - start
    };
    (0..3).map(|_| once(work)).fold(f64::MAX, f64::min)
}

/// `made` makes an input of a size; only the work on it counts.
fn grows_as_its_input<T>(what: &str, small: usize, made: impl Fn(usize) -> T, mut work: impl FnMut(&T)) {
    let (few, many) = (made(small), made(8 * small));
    let (one, eight) = (seconds(&mut || work(&few)), seconds(&mut || work(&many)));
    assert!(eight < 32.0 * one.max(0.000_2), "{what}: {one} s, and {eight} s for eight times as much");
}

fn no_file(_: &str) -> Result<String, String> {
    Err("there is none".to_owned())
}

fn fields(count: usize) -> Format {
    let page = Some(Page::Utf8);
    let field = |n| Field { page, ..Field::new(format!("FIELD{n}"), Kind::Char, 1) };
    flat((0..count).map(|n| Part::Field(Box::new(field(n)))).collect())
}

fn flat(parts: Vec<Part>) -> Format {
    let layout = build("R".into(), String::new(), parts).unwrap();
    let length = layout.length;
    let record = RecordFormat::new(layout, Role::Detail, Selector::default(), Nulls::None, Page::Utf8);
    Format {
        name: "R".into(),
        text: String::new(),
        framing: Framing::Fixed { length },
        page: Page::Utf8,
        records: vec![record],
        order: None,
        controls: None,
        version: String::new(),
        nulls: Nulls::None,
        sources: Vec::new(),
    }
}

fn grouped(count: usize) -> Format {
    let parts = fields(count).records[0].layout.fields.iter().map(|f| Part::Field(Box::new(f.clone()))).collect();
    flat(vec![Part::Group { name: "G".into(), parts }])
}

fn line_of(format: &Format) -> String {
    let record = vec![b'x'; format.records[0].layout.length];
    let (mut row, mut line) = (Row::default(), Vec::new());
    format.records[0].decode(&record, &mut row);
    json::write(&format.records[0], 1, 0, &row, &mut line);
    String::from_utf8(line).unwrap()
}

fn copybook_of(text: &str) {
    let _ = copybook::parse("t.cpy", text, &mut |_| Ok(text.to_owned()), &copybook::Options::new(Page::Cp37));
}

fn dds_of(text: &str) {
    let _ = dds::parse("t.dds", text, &mut |_| Err(String::new()), Page::Cp37);
}

fn toml_of(text: &str) {
    let _ = Format::parse("t.toml", text, &mut no_file, None);
}

fn hostile_layouts() {
    let name = "A23456789012345678901234567890";
    let occurs = format!("       01 R.\n       05 {name} OCCURS 60000 PIC X.\n");
    let nested: String = (1..50).map(|n| format!("       {n:02} G{n} OCCURS 9999.\n")).collect();
    let itself = "       COPY A. COPY B.\n".repeat(20);
    let dds = |n: usize| format!("     A            F{n:<9}  1234A         TEXT('{}')\n", "x".repeat(30));
    let dds = "     A          R X\n".to_owned() + &(0..12_000).map(dds).collect::<String>();
    let array = "{ name = 'A', type = 'group', occurs = 60000, field = [{ name = 'B', type = 'char', length = 1 }] }";
    let record = format!("[[record]]\nrole = 'detail'\nname = 'R'\nfield = [{array}]\n").repeat(40);
    let toml = format!("name = 'F'\nccsid = '37'\nversion = '1'\nframing = 'rdw'\n{record}");
    within(LAYOUT_MAX, "an array of 60,000", || copybook_of(&occurs));
    within(LAYOUT_MAX, "arrays in arrays", || copybook_of(&nested));
    within(LAYOUT_MAX, "a copybook that copies itself", || copybook_of(&itself));
    within(LAYOUT_MAX, "more fields than there may be", || dds_of(&dds));
    within(LAYOUT_MAX, "large records over and over", || toml_of(&toml));
    within(LAYOUT_MAX, "brackets", || toml_of(&"[".repeat(MIB)));
}

fn hostile_files() {
    let length = 24 * MIB as u64;
    let how = Delimited {
        field: b',',
        quote: Some(b'"'),
        escape: None,
        end: RecordEnd::Line(LineEnding::Lf),
        pairs: Pairs::Lead,
        point: b'.',
        blank: b' ',
        max: 16 * MIB,
    };
    let rdw = Framing::Rdw(Rdw { little: false, counts_itself: false, max: 16 * MIB });
    for (framing, byte) in [(Framing::Delimited(how), b'"'), (Framing::Delimited(how), 0x81), (rdw, 0x7F)] {
        within(FILE_MAX, "a file of one byte over and over", || {
            let mut cutter = Cutter::new(framing, repeat(byte).take(length));
            while let Ok(Some(_)) = cutter.next() {}
        });
    }
    for byte in [b',', b'"', b'x'] {
        within(FILE_MAX, "a table of one line", || {
            let input = BufReader::new(repeat(byte).take(length));
            let (mut lines, mut cells) = (Lines::new(input, Dialect::default()), Vec::new());
            while let Ok(true) = lines.next(&mut cells) {}
        });
    }
    // Cells that are long one after the other: none keeps what it needed once.
    let line = |n: usize| ",".repeat(n) + &"x".repeat(MIB) + &",".repeat(29 - n) + "\n";
    let table: String = (0..30).map(line).collect();
    within(8 * MIB, "a long cell in another column of each line", || {
        let (mut lines, mut cells) = (Lines::new(table.as_bytes(), Dialect::default()), Vec::new());
        while lines.next(&mut cells).unwrap() {}
    });
    let deep = format!("{{\"type\":\"R\",\"fields\":{{\"FIELD0\":{}", "[".repeat(MIB));
    let wide = format!("{{\"type\":\"R\",\"fields\":{{\"FIELD0\":[{}0]}}}}", "0,".repeat(MIB));
    let format = fields(2);
    for line in [deep, wide] {
        within(JSON_MAX * line.len(), "a line of JSON", || {
            assert!(json::read(&format, &line, &mut Row::default()).is_err())
        });
    }
}

fn work() {
    let copybook =
        |n| "       01 R.\n".to_owned() + &(0..n).map(|n| format!("       05 F{n} PIC X.\n")).collect::<String>();
    grows_as_its_input("a copybook", 900, copybook, |text| copybook_of(text));
    let dds = |n| (0..n).map(|n| format!("     A            F{n:<9}     1A\n")).collect::<String>();
    grows_as_its_input("DDS", 900, |n| "     A          R X\n".to_owned() + &dds(n), |text| dds_of(text));
    let field = |n| format!("{{ name = 'F{n}', type = 'char', length = 1 }},");
    let toml = |n: usize| {
        let fields: String = (0..n).map(field).collect();
        let head = "name = 'F'\nccsid = '37'\nversion = '1'\nframing = 'rdw'\n";
        format!("{head}[[record]]\nrole = 'detail'\nname = 'R'\nfield = [{fields}]\n")
    };
    grows_as_its_input("TOML", 900, toml, |text| toml_of(text));
    let read = |(format, line): &(Format, String)| {
        let read = json::read(format, line.trim_end(), &mut Row::default());
        assert_eq!(read, Ok(0));
    };
    let with_line = |format: Format| {
        let line = line_of(&format);
        (format, line)
    };
    grows_as_its_input("a line of JSON", 900, |n| with_line(fields(n)), read);
    grows_as_its_input("a line of JSON with groups", 900, |n| with_line(grouped(n)), read);
    let table = |n: usize| {
        let names: Vec<String> = (0..n).map(|n| format!("FIELD{n}")).collect();
        (fields(n), format!("{}\r\n{}\r\n", names.join(","), vec!["x"; n].join(",")))
    };
    grows_as_its_input("a table", 900, table, |(format, table)| {
        let (mut lines, mut cells) = (Lines::new(table.as_bytes(), Dialect::default()), Vec::new());
        lines.next(&mut cells).unwrap();
        let header = Header::new(format, &cells, None).unwrap();
        lines.next(&mut cells).unwrap();
        header.fill(format, &Dialect::default(), &cells, &mut Row::default()).unwrap();
    });
    let names = |n: usize| (0..n).map(|n| format!("NOPE{n}")).collect::<Vec<_>>().join(",") + "\n";
    grows_as_its_input(
        "a header of a stranger",
        20_000,
        |n| (fields(8), names(n)),
        |(format, table)| {
            let (mut lines, mut cells) = (Lines::new(table.as_bytes(), Dialect::default()), Vec::new());
            lines.next(&mut cells).unwrap();
            Header::new(format, &cells, None).unwrap_err();
        },
    );
}

#[test]
fn hostile_input_costs_what_is_stated_and_no_more() {
    hostile_layouts();
    hostile_files();
    work();
}
