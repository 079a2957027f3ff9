//! What differs between two texts of JSON, told by path, or between two files, told by place.

use serde_json::Value;
use std::collections::BTreeMap;

/// Differences listed for one file.
const LISTED_MAX: usize = 12;

/// Differences of JSON lines, each with line and path.
pub(crate) fn json_lines(expected: &str, found: &str) -> Vec<String> {
    let (old, new): (Vec<_>, Vec<_>) = (expected.lines().collect(), found.lines().collect());
    let mut told = Vec::new();
    if old.len() != new.len() {
        told.push(format!("{} lines, {} were expected", new.len(), old.len()));
    }
    for (i, (old, new)) in old.iter().zip(&new).enumerate() {
        told.extend(json(old, new).into_iter().map(|d| format!("line {}: {d}", i + 1)));
    }
    for (i, line) in new.iter().enumerate().skip(old.len()) {
        told.push(format!("line {} is too much: {line}", i + 1));
    }
    for (i, line) in old.iter().enumerate().skip(new.len()) {
        told.push(format!("line {} is missing: {line}", i + 1));
    }
    bounded(told)
}

/// Differences of two JSON texts by path.
pub(crate) fn json(expected: &str, found: &str) -> Vec<String> {
    if expected == found {
        return Vec::new();
    }
    let (Ok(old), Ok(new)) = (serde_json::from_str(expected), serde_json::from_str(found)) else {
        return vec![format!("expected {expected}\n         found    {found}")];
    };
    let (old, new) = (flat(&old), flat(&new));
    let mut told: Vec<String> = Vec::new();
    for (path, value) in &new {
        match old.get(path) {
            Some(before) if before == value => {}
            Some(before) => told.push(format!("{path}: expected {before}, found {value}")),
            None => told.push(format!("{path}: not expected, found {value}")),
        }
    }
    told.extend(old.iter().filter(|(path, _)| !new.contains_key(*path)).map(|(p, v)| format!("{p}: missing, {v}")));
    if told.is_empty() {
        told.push("the same values, written in another order or form".to_owned());
    }
    bounded(told)
}

fn bounded(mut told: Vec<String>) -> Vec<String> {
    if told.len() > LISTED_MAX {
        let more = told.len() - LISTED_MAX;
        told.truncate(LISTED_MAX);
        told.push(format!("... and {more} more"));
    }
    told
}

fn flat(value: &Value) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    walk("", value, &mut out);
    out
}

fn walk(path: &str, value: &Value, out: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, inner) in map {
                walk(&if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, inner, out);
            }
        }
        Value::Array(list) if !list.is_empty() => {
            for (i, inner) in list.iter().enumerate() {
                walk(&format!("{path}[{i}]"), inner, out);
            }
        }
        leaf => {
            out.insert(path.to_owned(), leaf.to_string());
        }
    }
}
