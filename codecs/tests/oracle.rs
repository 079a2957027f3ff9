//! Compares every code of every table, in both directions, with ICU (`uconv`) and glibc (`iconv`).
//!
//! Differences that are right are listed with their reason in `data/differences.tsv`; one that is not listed fails,
//! and so does a listed one that has gone. With other versions than those named at the top of the list everything but
//! GB18030 is compared. `./dev test` sets `FPP_ORACLES=1`: then a missing program fails. Under plain `cargo test` it
//! is passed over; the digests of the tables are checked in any case (`text_vectors.rs`).
//! `FPP_ORACLES=list` prints all differences as rows of the list, for writing it anew.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![allow(clippy::print_stdout, reason = "what is skipped is said, and the list is printed")]

use fpp_codecs::text::{Page, table_character, table_code};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;
use std::process::Command;

const LIST: &str = include_str!("data/differences.tsv");

/// A converter of one program and the page to compare with it.
struct Pair {
    page: Page,
    icu: &'static str,
    glibc: &'static str,
}

const PAIRS: &[Pair] = &[
    Pair { page: Page::Cp37, icu: "ibm-37", glibc: "IBM037" },
    Pair { page: Page::Cp1388, icu: "ibm-1388", glibc: "IBM1388" },
    Pair { page: Page::Cp1388Of2001, icu: "ibm-1388", glibc: "IBM1388" },
    Pair { page: Page::Cp935Classic, icu: "ibm-935", glibc: "IBM935" },
    Pair { page: Page::Gbk, icu: "ibm-1386", glibc: "GBK" },
    Pair { page: Page::Gbk936, icu: "windows-936", glibc: "CP936" },
    Pair { page: Page::Gb18030Of2005, icu: "gb18030", glibc: "GB18030" },
    Pair { page: Page::Gb18030Of2022, icu: "gb18030", glibc: "GB18030" },
];

/// One difference: direction and key, then what we have and what they have; nothing = refused.
type Differences = BTreeMap<(char, u32), (String, String)>;

fn newline(page: Page) -> u8 {
    if page.is_ebcdic() { 0x25 } else { b'\n' }
}

/// Every code that the structure of the page allows, except the one for a line feed.
fn codes(page: Page) -> Vec<Vec<u8>> {
    let mixed = page.is_mixed();
    // A shift or a lead byte alone is no code, and would take its neighbour along.
    let no_code = |b: u8| if page.is_ebcdic() { mixed && matches!(b, 0x0E | 0x0F) } else { matches!(b, 0x81..=0xFE) };
    let singles = (0..=255u8).filter(|b| *b != newline(page) && !no_code(*b));
    let mut codes: Vec<Vec<u8>> = singles.map(|b| vec![b]).collect();
    if page == Page::Cp37 {
        return codes;
    }
    let first = if mixed { 0x40u8 } else { 0x81 };
    for lead in first..=0xFE {
        codes.extend((0x40..=0xFEu8).filter(|t| mixed || *t != 0x7F).map(|trail| vec![lead, trail]));
    }
    if matches!(page, Page::Gb18030Of2005 | Page::Gb18030Of2022) {
        let four = |n: u32| [0x81 + n / 12_600, 0x30 + n / 1_260 % 10, 0x81 + n / 10 % 126, 0x30 + n % 10];
        codes.extend((0..39_420).chain((189_000..1_237_576).step_by(97)).map(|n| four(n).map(|b| b as u8).to_vec()));
    }
    codes
}

/// Every character of the first four planes, and samples of the others, except the line feed.
fn characters() -> Vec<char> {
    let beyond = ('\u{40000}'..='\u{10FFFF}').step_by(97);
    ('\0'..='\u{3FFFF}').chain(beyond).filter(|c| *c != '\n').collect()
}

/// Sends `input` through a program; nothing when it is not installed.
fn convert(program: &str, from: &str, to: &str, input: &[u8]) -> Option<Vec<u8>> {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{program}-{from}-{to}-{}", std::process::id()));
    std::fs::write(&path, input).unwrap();
    let callbacks: &[&str] = match program {
        "uconv" => &["--from-callback", "substitute", "--to-callback", "skip"],
        _ => &["-c"],
    };
    let mut run = Command::new(program);
    run.args(["-f", from, "-t", to]).args(callbacks).stdin(File::open(&path).unwrap());
    let output = run.output().ok()?;
    std::fs::remove_file(&path).unwrap();
    Some(output.stdout)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02X}").unwrap();
        text
    })
}

fn scalars(text: &str) -> String {
    text.chars().map(|c| format!("{:04X}", u32::from(c))).collect::<Vec<_>>().join("+")
}

fn compare_decoding(page: Page, program: &str, converter: &str, found: &mut Differences) {
    let codes = codes(page);
    let mut input = Vec::new();
    for code in &codes {
        if page.is_mixed() && code.len() == 2 {
            input.extend([0x0E, code[0], code[1], 0x0F]);
        } else {
            input.extend_from_slice(code);
        }
        input.push(newline(page));
    }
    let output = String::from_utf8(convert(program, converter, "UTF-8", &input).unwrap()).unwrap();
    let lines: Vec<&str> = output.split('\n').collect();
    assert_eq!(lines.len(), codes.len() + 1, "{program} {converter} lost its place");
    for (code, theirs) in codes.iter().zip(lines) {
        let ours = table_character(page, code).map(String::from).unwrap_or_default();
        // Substitutes, and the second byte of a code whose first was skipped, mean: refused.
        let refused = matches!(theirs, "\u{1A}" | "\u{FFFD}") || code.len() > 1 && theirs.is_ascii();
        let theirs = if refused && theirs != ours { "" } else { theirs };
        if ours != theirs {
            let key = code.iter().fold(0, |key, byte| key << 8 | u32::from(*byte));
            found.insert(('d', key), (scalars(&ours), scalars(theirs)));
        }
    }
}

fn compare_encoding(page: Page, program: &str, converter: &str, found: &mut Differences) {
    let characters = characters();
    let input: String = characters.iter().flat_map(|c| [*c, '\n']).collect();
    let output = convert(program, "UTF-8", converter, input.as_bytes()).unwrap();
    let lines: Vec<&[u8]> = output.split(|b| *b == newline(page)).collect();
    assert_eq!(lines.len(), characters.len() + 1, "{program} {converter} lost its place");
    for (character, theirs) in characters.into_iter().zip(lines) {
        let theirs = match theirs {
            [0x0E, code @ .., 0x0F] if page.is_mixed() => code,
            // The SI that ends the run of the line before.
            [0x0F, code @ ..] if page.is_mixed() => code,
            code => code,
        };
        let ours = table_code(page, character);
        let ours = ours.as_ref().map_or(&[][..], |(bytes, length)| &bytes[..*length]);
        if ours != theirs {
            found.insert(('e', u32::from(character)), (hex(ours), hex(theirs)));
        }
    }
}

/// One row of the list: differences from `first` to `last`, and how many there are.
struct Listed {
    line: String,
    keys: [u32; 2],
    direction: char,
    ours: String,
    theirs: String,
    count: usize,
    seen: usize,
}

/// The rows for one page and program. A `*` for ours or theirs stands for any value.
fn listed(page: Page, oracle: &str) -> Vec<Listed> {
    let rows = LIST.lines().filter(|l| !l.starts_with('#')).skip(1).map(|l| (l, l.split('\t').collect::<Vec<_>>()));
    rows.filter(|(_, row)| row[0] == page.name() && row[1] == oracle)
        .map(|(line, row)| Listed {
            line: line.to_string(),
            keys: [3, 4].map(|column| u32::from_str_radix(row[column], 16).unwrap()),
            direction: row[2].chars().next().unwrap(),
            ours: row[5].to_string(),
            theirs: row[6].to_string(),
            count: row[7].parse().unwrap(),
            seen: 0,
        })
        .collect()
}

fn check(page: Page, oracle: &str, found: &Differences) -> Vec<String> {
    let mut rows = listed(page, oracle);
    let mut wrong = Vec::new();
    for (&(direction, key), (ours, theirs)) in found {
        let fits = |listed: &str, value: &str| listed == "*" || listed == if value.is_empty() { "-" } else { value };
        let row = rows.iter_mut().find(|row| {
            let [first, last] = row.keys;
            row.direction == direction
                && (first..=last).contains(&key)
                && fits(&row.ours, ours)
                && fits(&row.theirs, theirs)
        });
        match row {
            Some(row) => row.seen += 1,
            None => {
                wrong.push(format!("not listed: {}\t{oracle}\t{direction}\t{key:04X}\t{ours}\t{theirs}", page.name()))
            }
        }
    }
    let gone = rows.iter().filter(|row| row.seen != row.count);
    wrong.extend(gone.map(|row| format!("listed {} times, seen {}: {}", row.count, row.seen, row.line)));
    wrong
}

/// How far to compare with a program.
#[derive(PartialEq)]
enum Reach {
    Nothing,
    /// Another version than the list is for: GB18030 changes from version to version, the other pages do not.
    AllButGb18030,
    All,
}

fn reach(program: &str, strict: bool) -> Reach {
    let output = Command::new(program).arg("--version").output();
    assert!(output.is_ok() || !strict, "{program} is missing; run ./dev test, which brings it along");
    let text = output.map(|o| String::from_utf8_lossy(&o.stdout).into_owned()).unwrap_or_default();
    let version = text.lines().next().and_then(|line| line.split_whitespace().last());
    let wanted = LIST.lines().find_map(|line| line.strip_prefix(&format!("# {program} ")));
    match version {
        None => {
            println!("{program} is missing: nothing compared");
            Reach::Nothing
        }
        Some(_) if version == wanted => Reach::All,
        Some(version) => {
            println!("{program} {version}: GB18030 not compared, the list is for {}", wanted.unwrap());
            Reach::AllButGb18030
        }
    }
}

fn compare_with(program: &str, oracle: &str, converter: impl Fn(&Pair) -> &'static str) {
    let mode = std::env::var("FPP_ORACLES").unwrap_or_default();
    let reach = reach(program, mode == "1");
    let pairs = PAIRS.iter().filter(|pair| match reach {
        Reach::Nothing => false,
        Reach::AllButGb18030 => pair.icu != "gb18030",
        Reach::All => true,
    });
    let mut wrong = Vec::new();
    for pair in pairs {
        let mut found = Differences::new();
        compare_decoding(pair.page, program, converter(pair), &mut found);
        compare_encoding(pair.page, program, converter(pair), &mut found);
        if mode == "list" {
            for ((direction, key), (ours, theirs)) in &found {
                println!("ROW\t{}\t{oracle}\t{direction}\t{key:04X}\t{ours}\t{theirs}", pair.page.name());
            }
        } else {
            wrong.extend(check(pair.page, oracle, &found));
        }
    }
    let shown = wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} differences from {oracle} are wrong, the first:\n{shown}", wrong.len());
}

#[test]
fn tables_agree_with_icu() {
    compare_with("uconv", "icu", |pair| pair.icu);
}

#[test]
fn tables_agree_with_glibc() {
    compare_with("iconv", "glibc", |pair| pair.glibc);
}

#[test]
fn pages_that_share_a_table_are_equal() {
    for code in 0..=0xFFFFu16 {
        let code = code.to_be_bytes();
        assert_eq!(table_character(Page::Cp935, &code), table_character(Page::Cp1388, &code));
    }
    for byte in 0..=255u8 {
        let half = table_character(Page::Cp836, &[byte]);
        for page in Page::ALL.iter().filter(|page| page.is_mixed()) {
            assert_eq!(table_character(*page, &[byte]), half, "{page:?} {byte:02X}");
        }
    }
}
