//! The documentation, held to the code: codes, keys, verbs, sample events, links.
//!
//! A key, a code or a verb that is new must be told to people too; an example that is not what the code gives misleads.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

#[path = "docs/keys.rs"]
mod keys;
#[path = "docs/verbs.rs"]
mod verbs;

use fpp_codecs::Code;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

const PAGES: [&str; 13] = [
    "README.md",
    "CONTRIBUTING.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "docs/operate.md",
    "docs/routes.md",
    "docs/layouts.md",
    "docs/decode.md",
    "docs/events.md",
    "docs/answers.md",
    "docs/codes.md",
    "docs/sftp.md",
    "docs/outlets.md",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn page(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

/// Cells of a page's table rows, heads and rulers included.
fn rows(text: &str) -> Vec<Vec<String>> {
    let row = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    text.lines().filter(|line| line.starts_with('|')).map(row).collect()
}

#[test]
fn the_table_of_codes_is_the_list() {
    let told: Vec<_> = rows(&page("docs/codes.md")).into_iter().filter(|row| row[0].starts_with("FPP")).collect();
    let list: Vec<Vec<String>> = fpp_codecs::code::LIST
        .lines()
        .filter(|line| line.starts_with("FPP"))
        .map(|line| line.split('\t').map(str::to_owned).collect())
        .collect();
    for (row, due) in told.iter().zip(&list) {
        assert_eq!(row, due, "code, class, texts, and what to do");
    }
    assert_eq!(told.len(), list.len());
}

#[test]
fn only_codes_of_the_list_are_named() {
    for name in PAGES {
        for part in page(name).split("FPP").skip(1) {
            let digits: String = part.chars().take(4).filter(char::is_ascii_digit).collect();
            if digits.len() == 4 {
                let code = Code::parse(&format!("FPP{digits}")).unwrap();
                assert!(!code.english().is_empty(), "{name} names {code}");
            }
        }
    }
}

#[test]
fn the_sample_events_are_what_the_code_gives() {
    let text = page("docs/events.md");
    let told: Vec<Value> = text
        .split("```json\n")
        .skip(1)
        .map(|rest| serde_json::from_str(rest.split("```").next().unwrap()).unwrap())
        .collect();
    let first = |case: &str| -> Value {
        let lines = page(&format!("tests/golden/{case}/events.ndjson"));
        serde_json::from_str(lines.lines().next().unwrap()).unwrap()
    };
    assert_eq!(told, [first("happy-1388"), first("silver")]);
}

#[test]
fn only_verbs_that_exist_are_named() {
    let help = Command::new(env!("CARGO_BIN_EXE_fpp")).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let commands = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let mut verbs: BTreeSet<_> = commands.lines().filter_map(|line| line.split_whitespace().next()).collect();
    verbs.insert("VERB");
    verbs.insert("demo");
    for name in PAGES {
        for part in page(name).split("fpp ").skip(1) {
            let word: String = part.chars().take_while(char::is_ascii_alphabetic).collect();
            let is_command =
                page(name).contains(&format!("`fpp {word}")) || page(name).contains(&format!("    fpp {word}"));
            assert!(!is_command || word.is_empty() || verbs.contains(word.as_str()), "{name}: fpp {word}");
        }
    }
}

#[test]
fn links_lead_somewhere() {
    for name in PAGES {
        let text = page(name);
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.starts_with("http") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => root().join(name),
                file => root().join(name).parent().unwrap().join(file),
            };
            assert!(target.exists(), "{name}: {link}");
            assert!(anchor.is_empty() || anchors(&target).contains(anchor), "{name}: {link}");
        }
    }
}

/// What links to the headings of a page look like.
fn anchors(page: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(page).unwrap();
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    headings.map(|h| h.to_lowercase().chars().filter(kept).map(|c| if c == ' ' { '-' } else { c }).collect()).collect()
}
