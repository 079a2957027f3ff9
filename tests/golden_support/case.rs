//! A case: one folder with `case.toml`, the bytes that are dropped, and what must come out.

use crate::support::site::{overlay, read_table, repository, sample_route};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use toml::Table;

/// A case, read and ready.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    pub(crate) route: Table,
    pub(crate) steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// What the case shows, in one sentence.
    about: String,
    /// A route of the sample configuration, or a route file of the case.
    #[serde(default = "pmtrd")]
    base: String,
    /// What the case's route has instead.
    #[serde(default)]
    route: Table,
    step: Vec<Step>,
}

fn pmtrd() -> String {
    "pmtrd".to_owned()
}

/// One thing that happens. Every step is over when the node is at rest.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    /// The time from here on, RFC 3339; the time of the step before without it.
    pub(crate) at: Option<String>,
    /// The core drops this file of the case ...
    pub(crate) drop: Option<String>,
    /// ... under this name ...
    pub(crate) name: Option<String>,
    /// ... with this text in its marker (empty without it).
    pub(crate) marker: Option<String>,
    /// The core drops no marker.
    #[serde(default)]
    pub(crate) no_marker: bool,
    /// An operator runs `fpp` with these arguments; `<transfer 1>` stands for an id.
    pub(crate) fpp: Option<Vec<String>>,
    /// Nothing happens but that a file of this name comes to stand in the core's spool by itself.
    pub(crate) appears: Option<String>,
    /// No transfer comes of it.
    #[serde(default)]
    pub(crate) waits: bool,
}

/// The folder of all cases.
pub(crate) fn all() -> PathBuf {
    repository().join("tests/golden")
}

/// Names of all cases, or of those that `GOLDEN` is part of.
pub(crate) fn names() -> Vec<String> {
    let wanted = std::env::var("GOLDEN").unwrap_or_default();
    let mut names: Vec<_> = std::fs::read_dir(all())
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|n| n.contains(&wanted))
        .collect();
    names.sort();
    names
}

impl Case {
    /// Reads it.
    pub(crate) fn read(name: &str) -> Case {
        let folder = all().join(name);
        let path = folder.join("case.toml");
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let written: Written = toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert!(!written.about.is_empty(), "{name} says nothing about itself");
        let mut route = match written.base.strip_suffix(".toml") {
            Some(_) => read_table(&folder.join(&written.base)),
            None => sample_route(&written.base),
        };
        overlay(&mut route, &written.route);
        place(&mut route, &folder);
        Case { name: name.to_owned(), folder, route, steps: written.step }
    }
}

/// A route may name files of its case.
fn place(table: &mut Table, folder: &Path) {
    table.iter_mut().for_each(|(_, value)| place_value(value, folder));
}

fn place_value(value: &mut toml::Value, folder: &Path) {
    match value {
        toml::Value::String(text) => *text = text.replace("<case>", &folder.display().to_string()),
        toml::Value::Table(inner) => place(inner, folder),
        toml::Value::Array(values) => values.iter_mut().for_each(|value| place_value(value, folder)),
        _ => {}
    }
}
