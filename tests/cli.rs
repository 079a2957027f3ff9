//! The built program, as a person or a job scheduler meets it: results, messages, exit codes.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

#[path = "cli/advice.rs"]
mod advice;
#[path = "cli/both_ways.rs"]
mod both_ways;
#[path = "cli/choosing.rs"]
mod choosing;
#[path = "cli/columnar.rs"]
mod columnar;
#[path = "cli/cuts.rs"]
mod cuts;
#[path = "cli/decode.rs"]
mod decode;
#[path = "cli/ends.rs"]
mod ends;
#[path = "cli/init.rs"]
mod init;
#[path = "cli/inspect.rs"]
mod inspect;
#[path = "cli/layout_verbs.rs"]
mod layout_verbs;
#[path = "cli/layouts.rs"]
mod layouts;
#[path = "cli/looks.rs"]
mod looks;
#[path = "cli/mapping.rs"]
mod mapping;
#[path = "cli/node.rs"]
mod node;
#[path = "cli/readings.rs"]
mod readings;
#[path = "cli/reads.rs"]
mod reads;
#[path = "cli/rejects.rs"]
mod rejects;

use fpp::demo::generate::{Flaw, Series, Spec, Spoil, generate};
use fpp_codecs::date::Date;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn layout(name: &str) -> String {
    root().join("config/layouts").join(name).display().to_string()
}

fn fpp(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fpp"));
    command.current_dir(folder).stdin(Stdio::null());
    command
}

fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    told(&fpp(folder).args(arguments).output().unwrap())
}

fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

/// A file of the stand-in core, under its own name.
fn make(folder: &Path, series: Series, trades: u64, spoils: &[Spoil]) -> String {
    let date = Date::new(2025, 6, 20).unwrap();
    let spec = Spec { trades, spoils: spoils.to_vec(), ..Spec::new(series, date, 1) };
    let mut bytes = Vec::new();
    generate(&spec, &mut bytes).unwrap();
    std::fs::write(folder.join(spec.file_name()), bytes).unwrap();
    spec.file_name()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn every_verb_has_a_help_with_an_example() {
    let here = folder();
    let (code, help, _) = run(here.path(), &["--help"]);
    assert_eq!(code, 0);
    assert!(help.contains("Exit codes:"), "{help}");
    let commands = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let verbs = commands.lines().filter_map(|l| l.strip_prefix("  ")).filter(|l| !l.starts_with(' '));
    let verbs: Vec<_> = verbs.filter_map(|l| l.split_whitespace().next()).filter(|v| *v != "help").collect();
    assert!(verbs.len() >= 15, "{verbs:?}");
    for verb in verbs {
        let (code, help, _) = run(here.path(), &[verb, "--help"]);
        assert_eq!(code, 0, "{verb}");
        assert!(help.contains("Example"), "{verb}: {help}");
    }
}
