//! The house keeps its floors: reads the source as text and fails when an import goes up a floor or sideways into another
//! room, when files import each other in a circle, or when a file grows too long. ARCHITECTURE.md tells why.
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

#[path = "layers/imports.rs"]
mod imports;

use imports::{Import, Tree, imports};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A room: its floor, its name, and the files or folders (ending in `/`) that belong to it.
type Room = (u8, &'static str, &'static [&'static str]);

/// The rooms, from the roof down. A file may import from lower floors and from its own room, never from a higher floor
/// and never from another room of its own floor. The longest prefix says where a file belongs.
const ROOMS: &[Room] = &[
    (11, "front door", &["src/main.rs", "src/lib.rs"]),
    (10, "cli", &["src/cli/"]),
    (9, "demo", &["src/demo/"]),
    (8, "node", &["src/node/"]),
    // Sums up the settings of the rooms below, so no room below may know it.
    (7, "settings", &["src/settings/"]),
    (6, "api", &["src/api/"]),
    (6, "telemetry", &["src/telemetry/"]),
    (5, "inbound", &["src/inbound/"]),
    (5, "delivery", &["src/delivery/"]),
    (4, "outlets", &["src/outlets/"]),
    (3, "ledger", &["src/ledger/"]),
    (3, "vault", &["src/vault/"]),
    (2, "trade", &["src/trade/"]),
    // What the books hold, as pure types: rooms that do no I/O may speak of transfers and rejects.
    (
        1,
        "ledger types",
        &[
            "src/ledger/change.rs",
            "src/ledger/consumer.rs",
            "src/ledger/delivery.rs",
            "src/ledger/desk.rs",
            "src/ledger/lease.rs",
            "src/ledger/standing.rs",
            "src/ledger/transfer.rs",
            "src/ledger/verbs/",
        ],
    ),
    (
        1,
        "ground",
        &[
            "src/backoff.rs",
            "src/bell.rs",
            "src/blocking.rs",
            "src/clock.rs",
            "src/error.rs",
            "src/scratch.rs",
            "src/trust.rs",
        ],
    ),
    (0, "codecs", &["codecs/src/"]),
    (0, "rocketmq", &["rocketmq/src/"]),
    (0, "spool", &["spool/src/"]),
];

/// Folders with source that has floors, and those where only the length counts.
const FLOORED: &[&str] = &["src", "codecs/src", "rocketmq/src", "spool/src"];
const UNFLOORED: &[&str] =
    &["tests", "benches", "examples", "codecs/tests", "codecs/benches", "spool/tests", "spool/benches"];

const LINES_MAX: usize = 500;

#[test]
fn imports_go_down() {
    report(floor_faults(&source(FLOORED)));
}

#[test]
fn files_form_no_circle() {
    report(circle_faults(&source(FLOORED)));
}

#[test]
fn files_stay_short() {
    report(length_faults(&source(&[FLOORED, UNFLOORED].concat())));
}

fn report(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n\n{}\n", faults.join("\n\n"));
}

// --- rules ---------------------------------------------------------------------------------------------------------

fn room(file: &str) -> Option<&'static Room> {
    let fits = |prefix: &&str| file == *prefix || (prefix.ends_with('/') && file.starts_with(*prefix));
    let length = |room: &&Room| room.2.iter().filter(|p| fits(p)).map(|p| p.len()).max();
    ROOMS.iter().filter(|room| length(room).is_some()).max_by_key(length)
}

fn floor_faults(tree: &Tree) -> Vec<String> {
    let homeless = tree.keys().filter(|file| room(file).is_none()).map(|file| {
        format!("{file} belongs to no room.\n  Give its room a line in ROOMS (tests/layers.rs) and in ARCHITECTURE.md.")
    });
    let wrong = imports(tree).into_iter().filter_map(|Import { file, line, target }| {
        let ((from, from_name, _), (to, to_name, _)) = (room(&file)?, room(&target)?);
        let (what, advice) = match from.cmp(to) {
            _ if from_name == to_name => return None,
            std::cmp::Ordering::Greater => return None,
            std::cmp::Ordering::Equal => {
                ("sideways", "Rooms of one floor meet in the ledger, or in a room below both.")
            }
            std::cmp::Ordering::Less => ("up", "Move what both need down, or let a room above hand it in."),
        };
        Some(format!(
            "{file}:{line} imports {what}: {from_name} (floor {from}) -> {target}, {to_name} (floor {to}).\n  {advice}"
        ))
    });
    homeless.chain(wrong).collect()
}

/// Each circle once, by one shortest way around it from its first file.
fn circle_faults(tree: &Tree) -> Vec<String> {
    let mut arrows: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for Import { file, line, target } in imports(tree) {
        arrows.entry(file).or_default().entry(target).or_insert(line);
    }
    let mut told = BTreeSet::new();
    let mut faults = Vec::new();
    for start in arrows.keys() {
        if told.contains(start) {
            continue;
        }
        if let Some(way) = way_back(&arrows, start) {
            let arrow = |pair: &[String]| format!("  {}:{} -> {}", pair[0], arrows[&pair[0]][&pair[1]], pair[1]);
            let lines: Vec<String> = way.windows(2).map(arrow).collect();
            faults.push(format!(
                "{} files import each other in a circle:\n{}\n  Import from the module that owns the name; move what both need into a third file.",
                way.len() - 1,
                lines.join("\n")
            ));
            told.extend(way);
        }
    }
    faults
}

/// The shortest way from a file back to itself, both ends named.
fn way_back(arrows: &BTreeMap<String, BTreeMap<String, usize>>, start: &str) -> Option<Vec<String>> {
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut front = vec![start];
    while !front.is_empty() {
        let mut next = Vec::new();
        for from in front {
            for to in arrows.get(from).into_iter().flat_map(BTreeMap::keys) {
                if to == start {
                    let mut way = vec![start.to_owned(), from.to_owned()];
                    let mut at = from;
                    while let Some(&before) = came_from.get(at) {
                        way.push(before.to_owned());
                        at = before;
                    }
                    way.reverse();
                    return Some(way);
                }
                if to != from && !came_from.contains_key(to.as_str()) {
                    came_from.insert(to, from);
                    next.push(to.as_str());
                }
            }
        }
        front = next;
    }
    None
}

fn length_faults(tree: &Tree) -> Vec<String> {
    let lines = |(file, text): (&String, &String)| (file.clone(), text.lines().count());
    let long = tree.iter().map(lines).filter(|(_, lines)| *lines > LINES_MAX);
    long.map(|(file, lines)| {
        format!("{file} has {lines} lines; {LINES_MAX} is the limit.\n  A long file usually holds two ideas: split it by them.")
    })
    .collect()
}

// --- the tree on disk ----------------------------------------------------------------------------------------------

fn source(folders: &[&str]) -> Tree {
    let mut tree = Tree::new();
    for folder in folders {
        read(Path::new(env!("CARGO_MANIFEST_DIR")), folder, &mut tree);
    }
    tree
}

fn read(top: &Path, folder: &str, tree: &mut Tree) {
    let Ok(entries) = std::fs::read_dir(top.join(folder)) else { return };
    for entry in entries {
        let entry = entry.unwrap();
        let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            read(top, &name, tree);
        } else if name.ends_with(".rs") {
            tree.insert(name, std::fs::read_to_string(entry.path()).unwrap());
        }
    }
}

// --- each rule can fail --------------------------------------------------------------------------------------------

fn fake(files: &[(&str, &str)]) -> Tree {
    files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect()
}

/// Targets of the imports of `file`, in order.
fn targets(files: &[(&str, &str)], file: &str) -> Vec<String> {
    let mut found: Vec<String> =
        imports(&fake(files)).into_iter().filter(|import| import.file == file).map(|import| import.target).collect();
    found.dedup();
    found
}

#[test]
fn up_and_sideways_are_faults_and_down_is_not() {
    let trade = ("src/trade/mod.rs", "pub struct Event;");
    let vault = ("src/vault/mod.rs", "use crate::trade::Event;");
    let ledger = ("src/ledger/mod.rs", "pub mod transfer;");
    let types = ("src/ledger/transfer.rs", "pub struct Transfer;");
    assert_eq!(floor_faults(&fake(&[trade, vault, ledger, types])), Vec::<String>::new());

    let up = ("src/trade/check.rs", "\nfn f() -> crate::ledger::Ledger { }");
    let faults = floor_faults(&fake(&[trade, ledger, up]));
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].starts_with("src/trade/check.rs:2 imports up: trade (floor 2) -> src/ledger/mod.rs, ledger"));
    let down = ("src/trade/check.rs", "use crate::ledger::transfer::Transfer;");
    assert_eq!(floor_faults(&fake(&[trade, ledger, types, down])), Vec::<String>::new());

    let sideways = ("src/ledger/sqlite.rs", "use crate::vault::{self, Vault};");
    let faults = floor_faults(&fake(&[trade, vault, ledger, sideways]));
    assert!(faults[0].contains("imports sideways: ledger (floor 3) -> src/vault/mod.rs"), "{faults:?}");
}

#[test]
fn crates_know_nothing_of_each_other_or_of_the_package() {
    let lib = ("src/lib.rs", "");
    let codecs = ("codecs/src/lib.rs", "pub fn f() { fpp::main(); }");
    let spool = ("spool/src/lib.rs", "use fpp_codecs::Code;");
    let faults = floor_faults(&fake(&[lib, codecs, spool]));
    assert!(faults[0].contains("codecs/src/lib.rs:1 imports up"), "{faults:?}");
    assert!(faults[1].contains("spool/src/lib.rs:1 imports sideways"), "{faults:?}");
}

#[test]
fn a_file_without_a_room_is_a_fault() {
    let faults = floor_faults(&fake(&[("src/helpers/mod.rs", ""), ("src/error.rs", "")]));
    assert!(faults[0].starts_with("src/helpers/mod.rs belongs to no room"), "{faults:?}");
    assert_eq!(faults.len(), 1);
}

#[test]
fn a_circle_is_told_once_with_its_lines() {
    let a = ("codecs/src/text/mod.rs", "mod mixed;\nuse mixed::Run;");
    let b = ("codecs/src/text/mixed.rs", "use crate::layout;");
    let c = ("codecs/src/layout.rs", "\n\nuse super::text::{Page, decode};");
    let faults = circle_faults(&fake(&[a, b, c, ("codecs/src/lib.rs", "pub mod text; pub use layout::Layout;")]));
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].contains("3 files") && faults[0].contains("codecs/src/layout.rs:3 -> codecs/src/text/mod.rs"));

    let child_of_parent = ("codecs/src/text/mixed.rs", "use super::*;");
    assert_eq!(circle_faults(&fake(&[a, child_of_parent])).len(), 1);
    assert_eq!(circle_faults(&fake(&[a, ("codecs/src/text/mixed.rs", "use super::Page;"), c])).len(), 1);
    assert_eq!(circle_faults(&fake(&[a, ("codecs/src/text/mixed.rs", ""), c])), Vec::<String>::new());
}

#[test]
fn a_long_file_is_a_fault() {
    let text = "\n".repeat(LINES_MAX);
    assert_eq!(length_faults(&fake(&[("src/a.rs", &text)])), Vec::<String>::new());
    let faults = length_faults(&fake(&[("src/a.rs", &format!("{text}x"))]));
    assert!(faults[0].starts_with("src/a.rs has 501 lines"), "{faults:?}");
}

#[test]
fn every_way_to_write_an_import_is_read() {
    let rest = [("src/lib.rs", ""), ("src/a.rs", ""), ("src/b/mod.rs", ""), ("src/b/c.rs", ""), ("src/b/d.rs", "")];
    let of = |text: &str| targets(&[&rest[..], &[("src/b/x.rs", text)]].concat(), "src/b/x.rs");
    assert_eq!(of("use crate::{a::A, b::{c::{self as k, X}, d::*}};"), ["src/a.rs", "src/b/c.rs", "src/b/d.rs"]);
    assert_eq!(of("use super::c::C; use super::super::a;"), ["src/a.rs", "src/b/c.rs"]);
    assert_eq!(of("use super::Thing;"), ["src/b/mod.rs"]);
    assert_eq!(of("fn f() { let x = crate::a::B::<u8>::new(); super::d::g() }"), ["src/a.rs", "src/b/d.rs"]);
    assert_eq!(
        of("mod inner { use super::Own; use super::super::c::C; }\nuse super::d;"),
        ["src/b/c.rs", "src/b/d.rs"]
    );
    assert_eq!(of("pub(in crate::b) struct S; pub(crate) struct T;"), [""; 0]);
    assert_eq!(
        targets(&[&rest[..], &[("src/main.rs", "fn main() { fpp::a::run() }")]].concat(), "src/main.rs"),
        ["src/a.rs"]
    );
}

#[test]
fn comments_strings_and_tests_are_not_imports() {
    let rest = [("src/a.rs", ""), ("src/b/mod.rs", "")];
    let of = |text: &str| targets(&[&rest[..], &[("src/b/x.rs", text)]].concat(), "src/b/x.rs");
    assert_eq!(of("//! [`crate::a`]\n/* /* crate::a::b */ crate::a::c */"), [""; 0]);
    assert_eq!(of(r##"const A: &str = "crate::a::x \" crate::a::y"; const B: &str = r#"crate::a::"z"#;"##), [""; 0]);
    assert_eq!(
        of(r#"const A: u8 = b'"'; const B: &[u8] = br"\"; fn f<'x>(c: &'x char) { crate::a::g('\'') }"#),
        ["src/a.rs"]
    );
    assert_eq!(of("#[cfg(test)]\nmod tests { use super::*; use crate::a::A; fn f() { if x { } } }"), [""; 0]);
    assert_eq!(of("#[cfg(all(test, unix))]\nuse crate::a::{A, B};\nfn f() {}"), [""; 0]);
    assert_eq!(of("#[cfg(not(test))]\nuse crate::a::A;"), ["src/a.rs"]);
    let tree = [&rest[..], &[("src/b/x.rs", "#[cfg(test)] mod t;"), ("src/b/x/t.rs", "use crate::a::A;")]].concat();
    assert_eq!(targets(&tree, "src/b/x/t.rs"), [""; 0]);
}
