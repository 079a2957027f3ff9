//! Publishing under faults: the folder fails at its Nth call, for every N, until a run passes untouched.
#![allow(clippy::unwrap_used)] // helpers outside the test functions; a panic is a failed test

use fpp_spool::sweep::Temporary;
use fpp_spool::*;
use proptest::prelude::*;
use std::io::{self, Cursor, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// How the Nth call fails.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Fault {
    at: u64,
    /// The call has its effect, and only the answer is lost.
    effect: bool,
    /// Everything after it fails too, as when the process died or the line is cut.
    dead: bool,
}

#[derive(Default)]
struct Line {
    calls: AtomicU64,
}

struct Faulty {
    inner: Box<dyn Folder>,
    line: Arc<Line>,
    fault: Fault,
}

fn lost() -> Error {
    Error::new(ErrorKind::Unreachable, "the line is cut")
}

fn through<T>(line: &Line, fault: Fault, call: impl FnOnce() -> Result<T>) -> Result<T> {
    let n = line.calls.fetch_add(1, SeqCst);
    if n == fault.at {
        if fault.effect {
            let _ = call();
        }
        return Err(lost());
    }
    if fault.dead && n > fault.at { Err(lost()) } else { call() }
}

impl Faulty {
    fn over(inner: &LocalFolder, fault: Fault) -> Faulty {
        Faulty { inner: Box::new(inner.clone()), line: Arc::default(), fault }
    }

    fn call<T>(&self, call: impl FnOnce() -> Result<T>) -> Result<T> {
        through(&self.line, self.fault, call)
    }
}

impl Folder for Faulty {
    fn describe(&self) -> String {
        self.inner.describe()
    }
    fn list(&self, limit: usize) -> Result<Vec<Entry>> {
        self.call(|| self.inner.list(limit))
    }
    fn stat(&self, name: &str) -> Result<Option<Entry>> {
        self.call(|| self.inner.stat(name))
    }
    fn open(&self, name: &str) -> Result<Box<dyn Read + Send>> {
        let inner = self.call(|| self.inner.open(name))?;
        Ok(Box::new(FaultyFile { inner, line: Arc::clone(&self.line), fault: self.fault }))
    }
    fn create_new(&self, name: &str) -> Result<Box<dyn Sink>> {
        let inner = self.call(|| self.inner.create_new(name))?;
        Ok(Box::new(FaultyFile { inner, line: Arc::clone(&self.line), fault: self.fault }))
    }
    fn rename_new(&self, from: &str, to: &str) -> Result<()> {
        self.call(|| self.inner.rename_new(from, to))
    }
    fn move_new(&self, from: &str, subfolder: &str, to: &str) -> Result<()> {
        self.call(|| self.inner.move_new(from, subfolder, to))
    }
    fn remove(&self, name: &str) -> Result<()> {
        self.call(|| self.inner.remove(name))
    }
    fn make_folder(&self, path: &str) -> Result<()> {
        self.call(|| self.inner.make_folder(path))
    }
    fn subfolder(&self, path: &str) -> Result<Box<dyn Folder>> {
        let inner = self.inner.subfolder(path)?;
        Ok(Box::new(Faulty { inner, line: Arc::clone(&self.line), fault: self.fault }))
    }
    fn sync(&self, name: &str) -> Result<bool> {
        self.call(|| self.inner.sync(name))
    }
    fn read_small(&self, name: &str, max: usize) -> Result<Option<Vec<u8>>> {
        self.call(|| self.inner.read_small(name, max))
    }
}

struct FaultyFile<T> {
    inner: T,
    line: Arc<Line>,
    fault: Fault,
}

impl Read for FaultyFile<Box<dyn Read + Send>> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let inner = &mut self.inner;
        through(&self.line, self.fault, || inner.read(buffer).map_err(|e| Error::from_io("", e)))
            .map_err(Error::into_io)
    }
}

impl Write for FaultyFile<Box<dyn Sink>> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let inner = &mut self.inner;
        // Half of it arrives.
        let half = &bytes[..bytes.len().div_ceil(2)];
        through(&self.line, self.fault, || inner.write(half).map_err(|e| Error::from_io("", e))).map_err(Error::into_io)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl Sink for FaultyFile<Box<dyn Sink>> {
    fn finish(self: Box<Self>) -> Result<bool> {
        let inner = self.inner;
        through(&self.line, self.fault, || inner.finish())
    }
}

const FINAL: &str = "PMACK_20250620_0001_00_01.TXT";
const MARKER: &str = "PMACK_20250620_0001_00_01.OK";

struct Case {
    content: Vec<u8>,
    proven: bool,
    tag: &'static str,
}

impl Case {
    fn new() -> Case {
        Case { content: b"0123456789abcdef".repeat(1_000), proven: false, tag: "n1.1" }
    }

    fn attempt(&mut self, folder: &dyn Folder) -> Result<Published> {
        let content = self.content.clone();
        let open = move || Ok(Box::new(Cursor::new(content.clone())) as Box<dyn Read + Send>);
        let sha256 = Digest::of(Algorithm::Sha256, &self.content);
        let publication = Publication {
            final_name: FINAL.into(),
            temporary_tag: self.tag.into(),
            size: self.content.len() as u64,
            sha256,
            open: &open,
            checksums: vec![(Algorithm::Sha256, sha256), (Algorithm::Sm3, Digest::of(Algorithm::Sm3, &self.content))],
            marker: Some((MARKER.into(), b"ready\n".to_vec())),
            proven_before: self.proven,
        };
        let proven = &mut self.proven;
        publish(folder, &publication, &mut || {
            assert!(!*proven, "proven once only");
            *proven = true;
            Ok(())
        })
    }

    fn check(&self, folder: &LocalFolder) {
        let mut expected = vec![MARKER.to_owned(), FINAL.into(), format!("{FINAL}.sha256"), format!("{FINAL}.sm3")];
        expected.sort();
        let names: Vec<_> = folder.list(99).unwrap().into_iter().map(|e| e.name).collect();
        assert_eq!(names, expected);
        assert_eq!(std::fs::read(folder.path().join(FINAL)).unwrap(), self.content);
        assert_eq!(std::fs::read(folder.path().join(MARKER)).unwrap(), b"ready\n");
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

/// Runs `one` with a fault at every call, in every manner, until the fault lies beyond the last call.
fn for_every_fault(mut one: impl FnMut(Fault) -> bool) {
    for (effect, dead) in [(false, false), (true, false), (false, true), (true, true)] {
        let mut at = 0;
        while one(Fault { at, effect, dead }) {
            at += 1;
            assert!(at < 500, "it never ends");
        }
        assert!(at > 20, "only {at} calls were seen");
    }
}

#[test]
fn after_every_fault_a_retry_ends_with_one_correct_file() {
    for_every_fault(|fault| {
        let (_dir, folder) = room();
        let mut case = Case::new();
        let faulty = Faulty::over(&folder, fault);
        let first = case.attempt(&faulty);
        let hit = faulty.line.calls.load(SeqCst) > fault.at;
        if hit && first.is_err() {
            let again = case.attempt(&folder).unwrap_or_else(|e| panic!("{fault:?}: {e}"));
            assert!(!again.collected, "{fault:?}");
        } else {
            first.unwrap_or_else(|e| panic!("{fault:?}: {e}"));
        }
        case.check(&folder);
        let third = case.attempt(&folder).unwrap();
        assert!(third.resumed && !third.collected && third.fsynced);
        hit
    });
}

#[test]
fn another_node_takes_over_at_every_step() {
    for_every_fault(|fault| {
        let (_dir, folder) = room();
        let mut case = Case::new();
        let faulty = Faulty::over(&folder, fault);
        let first = case.attempt(&faulty);
        case.tag = "n2.2";
        let second = case.attempt(&folder).unwrap_or_else(|e| panic!("{fault:?}: {e}"));
        assert!(!second.collected, "{fault:?} {first:?}");
        sweep_temporaries(&folder, &|tag| tag == "n1.1").unwrap();
        case.check(&folder);
        faulty.line.calls.load(SeqCst) > fault.at
    });
}

#[test]
fn a_partner_that_takes_the_file_gets_it_once() {
    for_every_fault(|fault| {
        let (_dir, folder) = room();
        let mut case = Case::new();
        let faulty = Faulty::over(&folder, fault);
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
        faulty.line.calls.load(SeqCst) > fault.at
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
        let mut case = Case::new();
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
    let case = Case::new();
    let sha256 = Digest::of(Algorithm::Sha256, &case.content);
    let content = case.content.clone();
    let publication = Publication {
        final_name: FINAL.into(),
        temporary_tag: "n1.1".into(),
        size: content.len() as u64,
        sha256,
        open: &|| Ok(Box::new(Cursor::new(content.clone()))),
        checksums: vec![],
        marker: None,
        proven_before: false,
    };
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
    assert_eq!(published, Published { fsynced: true, resumed: true, collected: false });
    assert_eq!(std::fs::read(dir.path().join(FINAL)).unwrap(), content);
}

#[test]
fn content_that_is_not_what_was_promised_is_not_published() {
    let (_dir, folder) = room();
    let sha256 = Digest::of(Algorithm::Sha256, b"12345");
    for (bytes, size) in [(&b"12346"[..], 5), (b"1234", 5), (b"123456", 5)] {
        let publication = Publication {
            final_name: FINAL.into(),
            temporary_tag: "n1.1".into(),
            size,
            sha256,
            open: &|| Ok(Box::new(Cursor::new(bytes.to_vec()))),
            checksums: vec![],
            marker: None,
            proven_before: false,
        };
        let error = publish(&folder, &publication, &mut || panic!("not proven")).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Changed);
        assert!(folder.list(9).unwrap().is_empty());
    }
}

#[test]
fn a_fact_that_is_not_recorded_stops_before_the_rename() {
    let (_dir, folder) = room();
    let open = || Ok(Box::new(Cursor::new(b"12345".to_vec())) as Box<dyn Read + Send>);
    let publication = Publication {
        final_name: FINAL.into(),
        temporary_tag: "n1.1".into(),
        size: 5,
        sha256: Digest::of(Algorithm::Sha256, b"12345"),
        open: &open,
        checksums: vec![],
        marker: None,
        proven_before: false,
    };
    let refuse = || Err(Error::new(ErrorKind::NotRecorded, "stale epoch"));
    assert_eq!(publish(&folder, &publication, &mut { refuse }).unwrap_err().code(), 9001);
    assert_eq!(folder.stat(FINAL).unwrap(), None);
    assert!(publish(&folder, &publication, &mut || Ok(())).unwrap().resumed);
}

#[test]
fn moving_a_source_survives_every_fault() {
    for action in [SourceAction::Delete, SourceAction::Move("done".into())] {
        for (effect, dead) in [(false, false), (true, false), (false, true), (true, true)] {
            for at in 0.. {
                let (dir, folder) = room();
                std::fs::write(dir.path().join("A"), "data").unwrap();
                let entry = folder.stat("A").unwrap().unwrap();
                let faulty = Faulty::over(&folder, Fault { at, effect, dead });
                let first = move_source(&faulty, &entry, &action);
                assert!(first.is_err() || first.is_ok_and(|done| done));
                assert!(move_source(&folder, &entry, &action).unwrap());
                let left: Vec<_> = folder.list(9).unwrap().into_iter().filter(|e| e.kind == EntryKind::File).collect();
                assert!(left.is_empty(), "{left:?}");
                if action != SourceAction::Delete {
                    assert_eq!(std::fs::read(dir.path().join("done/A")).unwrap(), b"data");
                }
                if faulty.line.calls.load(SeqCst) <= at {
                    break;
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn any_run_of_faults_converges(faults in prop::collection::vec((0u64..45, any::<bool>(), any::<bool>(), any::<bool>()), 0..6)) {
        let (_dir, folder) = room();
        let mut case = Case::new();
        for (at, effect, dead, other_node) in faults {
            case.tag = if other_node { "n2.5" } else { "n1.1" };
            let result = case.attempt(&Faulty::over(&folder, Fault { at, effect, dead }));
            prop_assert!(result.is_err() || !result.unwrap().collected);
        }
        prop_assert!(!case.attempt(&folder).unwrap().collected);
        sweep_temporaries(&folder, &|_| true).unwrap();
        case.check(&folder);
    }
}
