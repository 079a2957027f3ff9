//! How `decode` and `encode` end: exit codes, and what is left behind.

use super::{Flaw, Series, Spoil, folder, fpp, layout, make, run, told};
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn bad_records_go_where_they_are_sent_and_give_three() {
    let here = folder();
    let file = make(here.path(), Series::Ebcdic, 50, &[Spoil::Record { flaw: Flaw::FeeDigit, trade: 25 }]);
    let (code, lines, summary) = run(here.path(), &["decode", &layout("pmtrd.toml"), &file, "--rejects", "bad.jsonl"]);
    let bad = std::fs::read_to_string(here.path().join("bad.jsonl")).unwrap();
    assert_eq!(code, 3, "{summary}");
    assert_eq!(lines.lines().count() + bad.lines().count(), 52);
    assert!(!bad.is_empty() && bad.lines().all(|l| l.contains("FPP2001")), "{bad}");
}

#[test]
fn a_refused_line_leaves_no_file() {
    let here = folder();
    std::fs::write(here.path().join("in.jsonl"), "{\"type\":\"PMTRDD\",\"fields\":{\"SEQNO\":\"x\"}}\n").unwrap();
    let arguments = ["encode", &layout("pmtrd.toml"), "in.jsonl", "-o", "out.dat"];
    let (code, _, messages) = run(here.path(), &arguments);
    assert_eq!(code, 3, "{messages}");
    assert!(messages.starts_with("in.jsonl:1: "), "{messages}");
    let left: Vec<_> = std::fs::read_dir(here.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["in.jsonl"]);
}

#[test]
fn a_reader_that_goes_away_ends_decode_quietly() {
    let here = folder();
    let file = make(here.path(), Series::Ebcdic, 5_000, &[]);
    let mut command = fpp(here.path());
    command.args(["decode", &layout("pmtrd.toml"), &file]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 100]).unwrap();
    drop(stdout);
    let (code, _, messages) = told(&child.wait_with_output().unwrap());
    assert_eq!((code, messages.as_str()), (0, ""));
}

#[test]
fn a_cut_off_file_gives_four_and_names_the_place() {
    let here = folder();
    let file = make(here.path(), Series::Ebcdic, 5, &[]);
    let bytes = std::fs::read(here.path().join(&file)).unwrap();
    let mut short = std::fs::File::create(here.path().join("short.dat")).unwrap();
    short.write_all(&bytes[..1_000]).unwrap();
    let (code, _, message) = run(here.path(), &["decode", &layout("pmtrd.toml"), "short.dat", "-o", "x.jsonl"]);
    assert_eq!(code, 4, "{message}");
    assert!(message.contains("record 3 at byte 960 has 40 bytes, 480 are due"), "{message}");
    assert!(!here.path().join("x.jsonl").exists());
}

#[test]
fn an_interrupted_verb_leaves_no_half_written_file() {
    let here = folder();
    let mut command = fpp(here.path());
    command.args(["decode", &layout("pmtrd.toml"), "-", "-o", "x.jsonl"]).stdin(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    // More than the head that is looked at first: the output is open once this is taken.
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&[0xC4; 480 * 1_000]).unwrap();
    let left = || std::fs::read_dir(here.path()).unwrap().count();
    assert!(until(|| left() == 1), "no temporary file appeared");
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert!(until(|| child.try_wait().unwrap().is_some()), "it goes on");
    assert_eq!((child.wait().unwrap().code(), left()), (Some(130), 0));
    drop(stdin);
}

/// Looks again and again, for ten seconds at most.
fn until(mut reached: impl FnMut() -> bool) -> bool {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while std::time::Instant::now() < deadline {
        if reached() {
            return true;
        }
        std::thread::yield_now();
    }
    false
}

#[test]
fn no_verb_leaves_a_core_dump() {
    let here = folder();
    let mut verb = fpp(here.path());
    // It waits for its file.
    verb.args(["decode", &layout("pmtrd.toml"), "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut verb = verb.spawn().unwrap();
    let limits = || std::fs::read_to_string(format!("/proc/{}/limits", verb.id())).unwrap();
    let none = |limits: &str| {
        let line = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        line.split_whitespace().skip(4).take(2).eq(["0", "0"])
    };
    let until = Instant::now() + Duration::from_secs(20);
    while !none(&limits()) {
        assert!(Instant::now() < until, "{}", limits());
        std::thread::sleep(Duration::from_millis(10));
    }
    drop(verb.stdin.take());
    verb.wait().unwrap();
}
