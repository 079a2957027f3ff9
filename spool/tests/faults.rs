//! The rest of a spool under faults: looking, reading, sweeping, dealing with sources, in a local folder and at a real
//! OpenSSH server; the Nth call fails, for every N, until a run passes untouched. Publishing in a local folder has a
//! file of its own.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // helpers outside the test functions; a panic is a failed test

mod attempt_support;
#[allow(dead_code)] // each test program uses a part of it
mod faults_support;
#[allow(dead_code)]
mod sshd_support;

use attempt_support::{FINAL, attempt};
use faults_support::{Fault, FaultyFolder, How, at_every_call, manners};
use fpp_spool::aside::name_before;
use fpp_spool::*;
use rustix::io::Errno;
use sshd_support::{Options, Sshd, available};
use std::fs;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

fn room() -> (tempfile::TempDir, LocalFolder) {
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let folder = LocalFolder::open(dir.path()).unwrap();
    (dir, folder)
}

fn content() -> Vec<u8> {
    b"0123456789abcdef".repeat(1_000)
}

fn names(folder: &dyn Folder) -> Vec<String> {
    let files = folder.list(99).unwrap().into_iter().filter(|e| e.kind == EntryKind::File);
    files.map(|e| e.name).collect()
}

/// Reads a file that was seen, once.
fn read(folder: &dyn Folder, seen: &Entry) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    folder.open_as(seen, 0)?.read_to_end(&mut bytes).map_err(|e| Error::from_io("reading", e))?;
    Ok(bytes)
}

#[test]
fn reading_gives_the_whole_file_or_an_error() {
    let (_dir, folder) = room();
    fs::write(folder.path().join("A"), content()).unwrap();
    let seen = folder.stat("A").unwrap().unwrap();
    for (how, dead) in manners() {
        let calls = at_every_call(how, dead, |fault| {
            let faulty = FaultyFolder::over(folder.clone(), fault);
            match read(&faulty, &seen) {
                Ok(bytes) => assert!(bytes == content() && !faulty.met(), "{fault:?}"),
                Err(e) => assert!(faulty.met() && e.kind != ErrorKind::Changed && e.retry_helps(), "{fault:?}: {e}"),
            }
            faulty.met()
        });
        assert!(calls >= 5, "{calls}");
    }
}

#[test]
fn errors_keep_their_kind_and_code() {
    let (_dir, folder) = room();
    let expected =
        [(Errno::NOSPC, 4007), (Errno::DQUOT, 4007), (Errno::IO, 4006), (Errno::ACCESS, 4006), (Errno::MFILE, 4006)];
    for (errno, code) in expected {
        let fault = Fault { at: 1, how: How::Refused(errno), dead: false };
        let faulty = FaultyFolder::over(folder.clone(), fault);
        let mut sink = faulty.create_new(&errno.raw_os_error().to_string()).unwrap();
        let error = sink.write_all(b"x").map_err(|e| Error::from_io("writing", e)).unwrap_err();
        assert_eq!((error.code(), error.retry_helps()), (code, true), "{error}");
    }
}

#[test]
fn a_full_disk_is_not_kept_full_by_parts_of_files() {
    for (how, dead) in [(How::Torn(Errno::NOSPC, 7), false), (How::Refused(Errno::NOSPC), false)] {
        at_every_call(how, dead, |fault| {
            let (_dir, folder) = room();
            let faulty = FaultyFolder::over(folder.clone(), fault);
            let mut proven = false;
            let first = attempt(&faulty, FINAL, &content(), &mut proven);
            let part = names(&folder).into_iter().find(|name| name.starts_with(&format!(".{FINAL}.n1")));
            assert!(part.is_none() || first.is_err());
            if let Some(part) = part {
                assert_eq!(fs::read(folder.path().join(part)).unwrap(), content(), "{fault:?}: a part is left");
            }
            faulty.met()
        });
    }
}

#[test]
fn a_file_whose_marker_cannot_be_read_is_taken_at_the_next_look() {
    let (_dir, folder) = room();
    fs::write(folder.path().join("A.TXT"), "12345").unwrap();
    fs::write(folder.path().join("A.CTL"), "5").unwrap();
    let start = Instant::now();
    for (how, dead) in manners() {
        at_every_call(how, dead, |fault| {
            let marker = MarkerRule::new("{stem}.CTL", MarkerContent::Size).unwrap();
            let pattern = NamePattern::parse("*.TXT").unwrap();
            let rules = ScanRules::new(vec![("r".into(), pattern, Readiness::Marker(marker))]);
            let mut scanner = Scanner::new(rules);
            let mut faulty = FaultyFolder::over(folder.clone(), fault);
            let mut met = false;
            for look in 0..4u64 {
                if look == 2 {
                    met = faulty.met();
                    faulty = faulty.heal();
                }
                let now = start + Duration::from_millis(100 * look);
                let Ok(scan) = scanner.look(&faulty, &|| now, &|| true) else { continue };
                let scan = scan.unwrap();
                assert_eq!(scan.arrivals.len() + scan.waiting.len(), 1, "{fault:?}: never forgotten");
                assert!(scan.arrivals.len() == 1 || look < 3, "{fault:?}: {:?}", scan.waiting);
            }
            met
        });
    }
}

#[test]
fn a_sweep_takes_the_dead_and_no_others() {
    for (how, dead) in manners() {
        at_every_call(how, dead, |fault| {
            let (dir, folder) = room();
            let all = [".A.n1.1.part", ".B.n1.2.part", ".C.n2.7.part", "A", "n1.1.part"];
            all.iter().for_each(|name| fs::write(dir.path().join(name), "x").unwrap());
            let faulty = FaultyFolder::over(folder.clone(), fault);
            let first = sweep_temporaries(&faulty, &|tag| tag.starts_with("n1"));
            assert!(first.is_ok() || faulty.met());
            sweep_temporaries(&folder, &|tag| tag.starts_with("n1")).unwrap();
            assert_eq!(names(&folder), [".C.n2.7.part", "A", "n1.1.part"], "{fault:?}");
            faulty.met()
        });
    }
}

#[test]
fn a_source_is_dealt_with_once_however_late_a_call_takes_effect() {
    let mut stranded = 0;
    for action in [SourceAction::Delete, SourceAction::Move("done".into())] {
        for late in 0..9 {
            at_every_call(How::Late(late), false, |fault| {
                let (dir, folder) = room();
                fs::write(dir.path().join("A"), "data").unwrap();
                let entry = folder.stat("A").unwrap().unwrap();
                let faulty = FaultyFolder::over(folder.clone(), fault);
                let met = move_source(&faulty, &entry, &action).is_err();
                let healed = faulty.heal();
                let mut left = 5;
                while move_source(&healed, &entry, &action).is_err() {
                    left -= 1;
                    assert!(left > 0, "{fault:?}: it does not settle");
                }
                // What the partner puts there next has nothing to do with it, whenever the late call comes.
                fs::write(dir.path().join("A"), "next").unwrap();
                (0..20).for_each(|_| _ = healed.stat("none"));
                // A late rename took it aside; nobody comes for it there, and it gets its name again.
                let seen: Vec<String> = names(&folder).into_iter().filter(|name| name_before(name).is_some()).collect();
                stranded += u32::from(!seen.is_empty());
                Asides::default().put_back(&folder, &seen, Instant::now(), Duration::ZERO).unwrap();
                assert_eq!(names(&folder), ["A"], "{fault:?}");
                assert!(move_source(&healed, &entry, &action).is_ok_and(|done| !done), "{fault:?}");
                assert_eq!(fs::read(dir.path().join("A")).unwrap(), b"next", "{fault:?}");
                if action != SourceAction::Delete {
                    assert_eq!(names(&*folder.subfolder("done").unwrap()), ["A"], "{fault:?}");
                }
                met
            });
        }
    }
    assert!(stranded > 0, "no late rename took the next file");
}

fn delivered() -> [String; 3] {
    ["", ".OK", ".sha256"].map(|end| format!("{FINAL}{end}"))
}

/// I4 in the middle of it: what has its final name is complete.
fn nothing_incomplete(spool: &Path, content: &[u8]) {
    let line = Digest::of(Algorithm::Sha256, content).checksum_line(FINAL);
    for (name, expected) in delivered().iter().zip([content, b"", line.as_bytes()]) {
        if let Ok(bytes) = fs::read(spool.join(name)) {
            assert!(bytes == expected, "{name} is not complete");
        }
    }
}

#[test]
fn the_whole_protocol_holds_at_a_real_server() {
    if !available() {
        return;
    }
    let sshd = Sshd::start(Options::default());
    let remote = sshd.pool(|_| {}).folder(sshd.spool().to_str().unwrap());
    let local = LocalFolder::open(sshd.spool()).unwrap();
    let content = content();
    let some = [
        (How::Refused(Errno::NOSPC), false),
        (How::Torn(Errno::IO, 7), true),
        (How::AnswerLost, false),
        (How::Cut, true),
        (How::Late(2), false),
    ];
    for (how, dead) in some {
        let calls = at_every_call(how, dead, |fault| {
            let faulty = FaultyFolder::over(remote.clone(), fault);
            let mut proven = false;
            let first = attempt(&faulty, FINAL, &content, &mut proven);
            let met = faulty.met();
            assert!(met || first.is_ok(), "{fault:?}: {first:?}");
            nothing_incomplete(&sshd.spool(), &content);
            let healed = faulty.heal();
            // A side file that comes late under its name is no other file: one more attempt settles it.
            let last = attempt(&healed, FINAL, &content, &mut proven)
                .or_else(|_| attempt(&healed, FINAL, &content, &mut proven));
            let last = last.unwrap_or_else(|e| panic!("{fault:?}: {e}"));
            assert!(!last.collected, "{fault:?}: {first:?}");
            (0..9).for_each(|_| healed.due());
            sweep_temporaries(&remote, &|_| true).unwrap();
            assert_eq!(names(&local), delivered(), "{fault:?}");
            nothing_incomplete(&sshd.spool(), &content);
            let taken: Vec<_> = delivered().iter().map(|name| local.remove(name)).collect();
            assert!(taken.iter().all(Result::is_ok));
            assert!(attempt(&remote, FINAL, &content, &mut true).unwrap().collected, "and never a second time");
            assert!(names(&local).is_empty(), "{fault:?}");
            met
        });
        println!("{how:?}, dead {dead}: {calls} calls");
    }
}

#[test]
fn a_source_at_a_real_server_is_read_whole_and_dealt_with_once() {
    if !available() {
        return;
    }
    let sshd = Sshd::start(Options::default());
    let remote = sshd.pool(|_| {}).folder(sshd.spool().to_str().unwrap());
    let local = LocalFolder::open(sshd.spool()).unwrap();
    for (how, dead) in manners() {
        at_every_call(how, dead, |fault| {
            fs::write(sshd.spool().join("A"), content()).unwrap();
            let entry = remote.stat("A").unwrap().unwrap();
            let faulty = FaultyFolder::over(remote.clone(), fault);
            let first = read(&faulty, &entry);
            assert!(first.is_err() || first.unwrap() == content(), "{fault:?}");
            let moved = move_source(&faulty, &entry, &SourceAction::Delete);
            let met = faulty.met();
            assert!(met || moved.is_ok_and(|done| done));
            assert!(move_source(&remote, &entry, &SourceAction::Delete).unwrap(), "{fault:?}");
            assert!(names(&local).is_empty(), "{fault:?}: {:?}", names(&local));
            met
        });
    }
}
