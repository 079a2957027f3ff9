//! `fpp doctor` and a partner behind a real sshd: well, and with each fault made.

use crate::look::names;
use crate::room::{Reach, Room};
use crate::sshd_support::{Options, Sshd, available};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

const MOVE: &str = "source = \"move\"\nmove_to = \"done\"";

/// What is said of one spool, a word and an aspect each: `ok login`.
fn said(text: &str, spool: &str) -> Vec<String> {
    let of = format!("partner {spool}, ");
    let told = text.lines().filter_map(|line| {
        let (level, rest) = line.split_once(' ')?;
        let aspect = rest.trim_start().strip_prefix(&of)?.split(':').next()?;
        Some(format!("{level} {aspect}"))
    });
    told.collect()
}

fn room(reach: &Reach<'_>) -> Room {
    let room = Room::new(reach);
    room.route("good", "core-out", "core-in", MOVE);
    room.configure();
    room
}

const GOOD: [&str; 8] =
    ["ok host key", "ok login", "ok algorithms", "ok list", "ok put", "ok rename", "ok remove", "ok fsync"];

#[test]
fn a_partner_who_is_well_is_found_so() {
    if !available() {
        return;
    }
    let room = room(&Reach::default());
    let (code, text) = room.fpp(&["doctor"]);
    assert_eq!(code, 0, "{text}");
    assert_eq!(said(&text, "core-out"), GOOD, "{text}");
    assert_eq!(said(&text, "core-in"), [&GOOD[..], &["note CCSID tag"]].concat(), "{text}");
    assert!(text.contains("setccsid 1388") && text.contains("CVTDTA(*NONE) ENDLINFMT(*FIXED)"), "{text}");
    assert_eq!((names(&room.out), names(&room.inn)), (vec![], vec![]), "nothing is left behind");
    // A source that is only read gets no probe, so a partner may give the right to read alone.
    room.route("good", "core-out", "core-in", "source = \"leave\"");
    fs::set_permissions(&room.out, fs::Permissions::from_mode(0o555)).unwrap();
    let (code, text) = room.fpp(&["doctor"]);
    assert_eq!((code, said(&text, "core-out").len()), (0, 5), "{text}");
    assert!(text.contains("partner core-out, put: not tried: files are only collected and left"), "{text}");
}

#[test]
fn each_fault_of_a_partner_is_named_with_what_to_do() {
    if !available() {
        return;
    }
    let fault = |room: &Room, spool: &str, due: &[&str], words: &str| {
        let (code, text) = room.fpp(&["doctor"]);
        assert_eq!((code, said(&text, spool)), (1, due.iter().map(ToString::to_string).collect()), "{text}");
        let line = text.lines().find(|line| line.starts_with("FAULT") && line.contains(spool)).unwrap();
        assert!(line.contains(words), "{line}");
        assert!(line.split(" | ").nth(1).is_some_and(|next| !next.is_empty()), "{line}");
    };
    fault(&room(&Reach { host_key: "other", ..Reach::default() }), "core-in", &["FAULT host key"], "not pinned");
    fault(&room(&Reach { key: "other", ..Reach::default() }), "core-in", &["ok host key", "FAULT login"], "logging in");

    let good = room(&Reach::default());
    fs::set_permissions(&good.inn, fs::Permissions::from_mode(0o555)).unwrap();
    fault(
        &good,
        "core-in",
        &["ok host key", "ok login", "ok algorithms", "ok list", "FAULT put", "note CCSID tag"],
        "ermission",
    );
    fs::remove_dir(&good.inn).unwrap();
    fault(&good, "core-in", &["ok host key", "ok login", "ok algorithms", "FAULT list"], "");
    good.sshd.kill();
    fault(&good, "core-in", &["FAULT reach"], "connecting to");

    let mut readers = room(&Reach::default());
    let closed = Sshd::start(Options { plain_user: true, read_only: true, ..Options::default() });
    readers.spool_of(&closed, "closed", "in", &Reach::default());
    readers.route("closed", "core-out", "closed", MOVE);
    readers.configure();
    fault(
        &readers,
        "closed",
        &["ok host key", "ok login", "ok algorithms", "ok list", "FAULT put", "note CCSID tag"],
        "",
    );
    assert_eq!(said(&readers.fpp(&["doctor"]).1, "core-out"), GOOD, "another partner's fault is its own");
}

#[test]
fn a_partner_who_hangs_keeps_no_other_from_being_looked_at() {
    if !available() {
        return;
    }
    let frozen = Sshd::start(Options { plain_user: true, ..Options::default() });
    let mut room = room(&Reach::default());
    room.spool_of(&frozen, "hangs", "in", &Reach { timeout_ms: 1_000, ..Reach::default() });
    room.route("hangs", "core-out", "hangs", MOVE);
    room.configure();
    let _still = frozen.freeze();
    let begun = Instant::now();
    let (code, text) = room.fpp(&["doctor"]);
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    assert_eq!((code, said(&text, "hangs")), (1, vec!["FAULT reach".to_owned()]), "{text}");
    assert_eq!(said(&text, "core-out"), GOOD, "{text}");
}

#[test]
fn a_library_of_ibm_i_is_refused_with_the_reason() {
    if !available() {
        return;
    }
    let mut room = room(&Reach::default());
    room.sftp_spool("library", "x/../QSYS.LIB/APP.LIB", &Reach::default());
    room.configure();
    let (code, text) = room.fpp(&["doctor"]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("QSYS.LIB") && text.contains("cannot be written under a temporary name"), "{text}");
}
