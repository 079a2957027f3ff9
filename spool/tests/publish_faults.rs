//! Publishing under faults: the folder fails at its Nth call, for every N, until a run passes untouched.
#![allow(clippy::unwrap_used)] // helpers outside the test functions; a panic is a failed test

mod attempt_support;
#[allow(dead_code)] // each test program uses a part of it
mod faults_support;

use attempt_support::{FINAL, alone};
use faults_support::{Fault, FaultyFolder, at_every_call, manners};
use fpp_spool::sweep::Temporary;
use fpp_spool::*;
use proptest::prelude::*;
use std::io::{Cursor, Read};

const MARKER: &str = "PMACK_20250620_0001_00_01.OK";

struct Case {
    content: Vec<u8>,
    proven: bool,
    tag: &'static str,
    marker: &'static [u8],
    refused: Option<Refused>,
    /// The tag that the proof was recorded under.
    proof: &'static str,
}

/// What the marker says; an empty one needs no temporary.
const MARKERS: [&[u8]; 2] = [b"ready\n", b""];

impl Case {
    fn new(marker: &'static [u8]) -> Case {
        Case {
            content: b"0123456789abcdef".repeat(1_000),
            proven: false,
            tag: "n1.1",
            marker,
            refused: None,
            proof: "",
        }
    }

    fn attempt(&mut self, folder: &dyn Folder) -> Result<Published> {
        let content = self.content.clone();
        let open = move || Ok(Box::new(Cursor::new(content.clone())) as Box<dyn Read + Send>);
        let digests = [Algorithm::Sha256, Algorithm::Sm3].map(|kind| (kind, Digest::of(kind, &self.content)));
        let publication = Publication {
            checksums: digests.to_vec(),
            marker: Some((MARKER.into(), self.marker.to_vec())),
            proven_before: self.proven,
            proven_in: folder.identity()?,
            refused: self.refused.take(),
            ..alone(FINAL, self.tag, &self.content, &open)
        };
        let (proven, proof, tag) = (&mut self.proven, &mut self.proof, self.tag);
        let published = publish(folder, &publication, &mut || {
            assert!(!*proven, "proven once only");
            (*proven, *proof) = (true, tag);
            Ok(())
        });
        // As the books do it.
        if published.as_ref().is_err_and(|e| e.refused) {
            self.refused = Some(Refused { tag: self.proof.into(), doubtful: self.proof != self.tag });
            self.proven = false;
        }
        published
    }

    /// Whatever has its final name is complete (I4), and all else is a temporary of ours (I9).
    fn nothing_incomplete(&self, folder: &LocalFolder) {
        for entry in folder.list(99).unwrap() {
            let bytes = std::fs::read(folder.path().join(&entry.name)).unwrap();
            let line = |a: Algorithm| Digest::of(a, &self.content).checksum_line(FINAL).into_bytes();
            let expected = match entry.name.as_str() {
                FINAL => self.content.clone(),
                MARKER => self.marker.to_vec(),
                name if name.ends_with(".sha256") => line(Algorithm::Sha256),
                name if name.ends_with(".sm3") => line(Algorithm::Sm3),
                name => {
                    assert!(Temporary::parse(name).is_some(), "{name}");
                    continue;
                }
            };
            assert!(bytes == expected, "{} is not complete", entry.name);
        }
    }

    fn check(&self, folder: &LocalFolder) {
        let mut expected = vec![MARKER.to_owned(), FINAL.into(), format!("{FINAL}.sha256"), format!("{FINAL}.sm3")];
        expected.sort();
        let names: Vec<_> = folder.list(99).unwrap().into_iter().map(|e| e.name).collect();
        assert_eq!(names, expected);
        assert_eq!(std::fs::read(folder.path().join(FINAL)).unwrap(), self.content);
        assert_eq!(std::fs::read(folder.path().join(MARKER)).unwrap(), self.marker);
        let line = Digest::of(Algorithm::Sha256, &self.content).checksum_line(FINAL);
        assert_eq!(std::fs::read_to_string(folder.path().join(format!("{FINAL}.sha256"))).unwrap(), line);
    }
}

fn room() -> (tempfile::TempDir, LocalFolder) {
    // The protocol is tested here, not the disk: memory makes thousands of syncs cheap.
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let folder = LocalFolder::open(dir.path()).unwrap();
    (dir, folder)
}

fn over(folder: &LocalFolder, fault: Fault) -> FaultyFolder {
    FaultyFolder::over(folder.clone(), fault)
}

/// Runs `one` with a fault at every call, in every manner, until the fault lies beyond the last call.
fn for_every_fault(mut one: impl FnMut(Fault, Case) -> bool) {
    for (how, dead) in manners() {
        for marker in MARKERS {
            let calls = at_every_call(how, dead, |fault| one(fault, Case::new(marker)));
            assert!(calls > 20, "only {calls} calls were seen");
        }
    }
}

#[test]
fn after_every_fault_a_retry_ends_with_one_correct_file() {
    for_every_fault(|fault, mut case| {
        let (_dir, folder) = room();
        let faulty = over(&folder, fault);
        let first = case.attempt(&faulty);
        let hit = faulty.met();
        case.nothing_incomplete(&folder);
        let healed = faulty.heal();
        if hit && first.is_err() {
            let again = case.attempt(&healed).unwrap_or_else(|e| panic!("{fault:?}: {e}"));
            assert!(!again.collected && again.fsynced == Some(true), "{fault:?}");
        } else {
            first.unwrap_or_else(|e| panic!("{fault:?}: {e}"));
        }
        case.check(&folder);
        assert_eq!(healed.volatile(), [].into(), "{fault:?}: a power failure would take it");
        let third = case.attempt(&folder).unwrap();
        assert!(third.resumed && !third.collected && third.fsynced == Some(true));
        hit
    });
}

#[test]
fn another_node_takes_over_at_every_step() {
    for_every_fault(|fault, mut case| {
        let (_dir, folder) = room();
        let faulty = over(&folder, fault);
        let first = case.attempt(&faulty);
        case.tag = "n2.2";
        let second = case.attempt(&folder).unwrap_or_else(|e| panic!("{fault:?}: {e}"));
        assert!(!second.collected, "{fault:?} {first:?}");
        sweep_temporaries(&folder, &|tag| tag == "n1.1").unwrap();
        case.check(&folder);
        faulty.met()
    });
}

#[test]
fn a_partner_that_takes_the_file_gets_it_once() {
    for_every_fault(|fault, mut case| {
        let (_dir, folder) = room();
        let faulty = over(&folder, fault);
        let first = case.attempt(&faulty);
        let mut taken = 0;
        let mut partner = || {
            if folder.stat(MARKER).unwrap().is_some() {
                taken += 1;
                case_files().iter().for_each(|name| folder.remove(name).unwrap());
            }
        };
        partner();
        if first.is_err() {
            case.attempt(&folder).unwrap_or_else(|e| panic!("{fault:?}: {e}"));
            partner();
        }
        assert_eq!(taken, 1, "{fault:?}");
        assert!(folder.list(9).unwrap().is_empty(), "{fault:?}: {:?}", folder.list(9));
        faulty.met()
    });
}

fn case_files() -> [String; 4] {
    [MARKER.into(), FINAL.into(), format!("{FINAL}.sha256"), format!("{FINAL}.sm3")]
}

#[test]
fn a_foreign_file_is_never_overwritten() {
    for foreign in case_files() {
        let (dir, folder) = room();
        std::fs::write(dir.path().join(&foreign), "foreign").unwrap();
        let mut case = Case::new(MARKERS[0]);
        for _ in 0..2 {
            let error = case.attempt(&folder).unwrap_err();
            assert_eq!(error.kind, ErrorKind::TargetExists, "{foreign}");
            assert_eq!(std::fs::read(dir.path().join(&foreign)).unwrap(), b"foreign");
            assert!(folder.list(99).unwrap().iter().all(|e| Temporary::parse(&e.name).is_none()));
        }
        std::fs::remove_file(dir.path().join(&foreign)).unwrap();
        assert!(!case.attempt(&folder).unwrap().collected);
        case.check(&folder);
    }
}

#[test]
fn a_foreign_file_that_comes_between_proof_and_rename_is_never_overwritten() {
    let (dir, folder) = room();
    let case = Case::new(MARKERS[0]);
    let content = case.content.clone();
    let open = || Ok(Box::new(Cursor::new(content.clone())) as Box<dyn Read + Send>);
    let publication = alone(FINAL, "n1.1", &content, &open);
    let error = publish(&folder, &publication, &mut || {
        std::fs::write(dir.path().join(FINAL), "foreign").unwrap();
        Ok(())
    });
    assert_eq!(error.unwrap_err().kind, ErrorKind::TargetExists);
    assert_eq!(std::fs::read(dir.path().join(FINAL)).unwrap(), b"foreign");
    // The proven temporary waits; when the foreign file is gone, it is delivered and not taken for collected.
    let publication = Publication { proven_before: true, ..publication };
    assert_eq!(publish(&folder, &publication, &mut || Ok(())).unwrap_err().kind, ErrorKind::TargetExists);
    std::fs::remove_file(dir.path().join(FINAL)).unwrap();
    let published = publish(&folder, &publication, &mut || panic!("proven before")).unwrap();
    assert_eq!(published, Published { fsynced: Some(true), resumed: true, collected: false });
    assert_eq!(std::fs::read(dir.path().join(FINAL)).unwrap(), content);
}

#[test]
fn content_that_is_not_what_was_promised_is_not_published() {
    let (_dir, folder) = room();
    for bytes in [&b"12346"[..], b"1234", b"123456"] {
        let open = || Ok(Box::new(Cursor::new(bytes.to_vec())) as Box<dyn Read + Send>);
        let publication = alone(FINAL, "n1.1", b"12345", &open);
        let error = publish(&folder, &publication, &mut || panic!("not proven")).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Changed);
        assert!(folder.list(9).unwrap().is_empty());
    }
}

#[test]
fn a_fact_that_is_not_recorded_stops_before_the_rename() {
    let (_dir, folder) = room();
    let open = || Ok(Box::new(Cursor::new(b"12345".to_vec())) as Box<dyn Read + Send>);
    let publication = alone(FINAL, "n1.1", b"12345", &open);
    let refuse = || Err(Error::new(ErrorKind::NotRecorded, "stale epoch"));
    assert_eq!(publish(&folder, &publication, &mut { refuse }).unwrap_err().code(), 9001);
    assert_eq!(folder.stat(FINAL).unwrap(), None);
    // It was not recorded as proven, so it is sent again.
    let again = publish(&folder, &publication, &mut || Ok(())).unwrap();
    assert_eq!(again, Published { fsynced: Some(true), resumed: false, collected: false });
}

#[test]
fn moving_a_source_survives_every_fault() {
    for action in [SourceAction::Delete, SourceAction::Move("done".into())] {
        for (how, dead) in manners() {
            at_every_call(how, dead, |fault| {
                let (dir, folder) = room();
                std::fs::write(dir.path().join("A"), "data").unwrap();
                let entry = folder.stat("A").unwrap().unwrap();
                let faulty = over(&folder, fault);
                let first = move_source(&faulty, &entry, &action);
                assert!(first.is_err() || first.is_ok_and(|done| done));
                assert!(move_source(&folder, &entry, &action).unwrap());
                let left: Vec<_> = folder.list(9).unwrap().into_iter().filter(|e| e.kind == EntryKind::File).collect();
                assert!(left.is_empty(), "{left:?}");
                if action != SourceAction::Delete {
                    assert_eq!(std::fs::read(dir.path().join("done/A")).unwrap(), b"data");
                }
                faulty.met()
            });
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn any_run_of_faults_converges(
        marker in 0..MARKERS.len(),
        faults in prop::collection::vec((0u64..45, 0..manners().len(), any::<bool>()), 0..6),
    ) {
        let (_dir, folder) = room();
        let mut case = Case::new(MARKERS[marker]);
        for (at, manner, other_node) in faults {
            let (how, dead) = manners()[manner];
            case.tag = if other_node { "n2.5" } else { "n1.1" };
            let result = case.attempt(&over(&folder, Fault { at, how, dead }));
            prop_assert!(result.is_err() || !result.unwrap().collected);
        }
        prop_assert!(!case.attempt(&folder).unwrap().collected);
        sweep_temporaries(&folder, &|_| true).unwrap();
        case.check(&folder);
    }
}
