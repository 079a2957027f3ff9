//! Compares what came out with what is expected, or writes it down (`UPDATE_GOLDEN=1`).

use super::case::Case;
use crate::support::differ;
use crate::support::told::Files;
use std::fs;

/// Whether a file of a case's folder is an expected one, which may be rewritten.
fn expected(name: &str) -> bool {
    name == "events.ndjson" || name == "outcome.json" || name.starts_with("answer-") || name.starts_with("outlet-")
}

/// Writes the expected files anew; inputs are never touched.
pub(crate) fn update(case: &Case, found: &Files) {
    for name in on_disk(case).into_iter().filter(|n| !found.contains_key(n)) {
        fs::remove_file(case.folder.join(name)).unwrap();
    }
    for (name, bytes) in found {
        fs::write(case.folder.join(name), bytes).unwrap();
    }
}

/// What differs, in words; nothing when all is as expected.
pub(crate) fn compare(case: &Case, found: &Files) -> Vec<String> {
    let mut told = Vec::new();
    for name in on_disk(case).into_iter().filter(|n| !found.contains_key(n)) {
        told.push(format!("{name}: nothing of that name came out"));
    }
    for (name, bytes) in found {
        let Ok(due) = fs::read(case.folder.join(name)) else {
            told.push(format!("{name}: not expected, {} bytes came out", bytes.len()));
            continue;
        };
        if due == *bytes {
            continue;
        }
        told.extend(differences(name, &due, bytes).into_iter().map(|d| format!("{name}: {d}")));
    }
    told
}

fn differences(name: &str, due: &[u8], found: &[u8]) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if name.ends_with(".dat") || (name.starts_with("outlet-") && !name.ends_with(".jsonl")) {
        // The decoded answer beside it tells which fields.
        let at = due.iter().zip(found).position(|(a, b)| a != b).unwrap_or(due.len().min(found.len()));
        return vec![format!("{} bytes, {} were expected; the first other byte is {at}", found.len(), due.len())];
    }
    match name {
        "outcome.json" => differ::json(&text(due), &text(found)),
        _ => differ::json_lines(&text(due), &text(found)),
    }
}

fn on_disk(case: &Case) -> Vec<String> {
    let names = fs::read_dir(&case.folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    names.filter(|n| expected(n)).collect()
}
