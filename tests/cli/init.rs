//! `fpp init`: what it writes is the sample, is accepted as it is, and harms nothing.

use super::root;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn fpp(folder: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fpp")).args(words).current_dir(folder).output().unwrap()
}

/// Files below a folder, by their path in it.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()).into_iter().map(|(path, bytes)| (format!("{name}/{path}"), bytes)));
        } else {
            found.insert(name, fs::read(entry.path()).unwrap());
        }
    }
    found
}

#[test]
fn the_sample_is_written_and_what_is_said_next_works() {
    let place = tempfile::tempdir().unwrap();
    let done = fpp(place.path(), &["init", "bridge"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let bridge = place.path().join("bridge");
    assert_eq!(files(&bridge.join("config")), files(&root().join("config")), "all of the sample, and as it is");
    let said = String::from_utf8(done.stdout).unwrap();
    let mut here = place.path().to_owned();
    let mut ran = Vec::new();
    for line in said.lines().filter_map(|line| line.strip_prefix("  ")) {
        let words: Vec<&str> = line.split('#').next().unwrap().split_whitespace().collect();
        match words[..] {
            ["cd", folder] => here = here.join(folder),
            // These need a port of their own, and somebody who ends them.
            ["fpp", "run"] | ["fpp", "status", "--watch"] => {}
            ["fpp", ref words @ ..] => {
                let done = fpp(&here, words);
                assert!(done.status.success(), "{line}: {}", String::from_utf8_lossy(&done.stderr));
                ran.push(words.join(" "));
            }
            _ => panic!("{line}"),
        }
    }
    assert_eq!(ran, ["check"]);
    // Its spools are there, and nothing is missing before a node runs.
    let settings = fpp::settings::Settings::load(&bridge.join("config/fpp.toml"));
    let folders = ["spool/core-out", "spool/core-in"].map(|folder| bridge.join(folder).is_dir());
    assert!(settings.is_ok() && folders == [true, true]);
}

#[test]
fn nothing_that_is_there_is_touched() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("notes"), "mine").unwrap();
    for words in [&["init"][..], &["init", "."]] {
        let refused = fpp(place.path(), words);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(2), "{said}");
        assert!(said.contains("not empty") && said.contains("new folder"), "{said}");
    }
    assert_eq!(files(place.path()), BTreeMap::from([("notes".to_owned(), b"mine".to_vec())]));
    // An empty folder is as good as a new one; what it wrote is not written again.
    fs::create_dir(place.path().join("empty")).unwrap();
    let empty = place.path().join("empty");
    assert!(fpp(&empty, &["init"]).status.success());
    fs::write(empty.join("config/fpp.toml"), "changed").unwrap();
    assert_eq!(fpp(&empty, &["init"]).status.code(), Some(2));
    assert_eq!(fs::read(empty.join("config/fpp.toml")).unwrap(), b"changed");
    // A name that is a file.
    let refused = fpp(place.path(), &["init", "notes"]);
    assert_eq!(refused.status.code(), Some(1), "{}", String::from_utf8_lossy(&refused.stderr));
}
