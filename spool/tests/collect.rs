//! Collecting from folders that are hostile, crowded or far away: what is refused or bounded, and reading on after the
//! line broke.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // helpers outside the test functions; a panic is a failed test

#[allow(dead_code)] // each test program uses a part of it
mod faults_support;
#[allow(dead_code)]
mod sshd_support;

use faults_support::{Fault, FaultyFolder, How, at_every_call};
use fpp_spool::*;
use rustix::fs::{CWD, FileType, Mode};
use sshd_support::{Options, Sshd, available};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, Instant};

fn rules(pattern: &str) -> ScanRules {
    ScanRules::new(vec![("r".into(), NamePattern::parse(pattern).unwrap(), Readiness::Quiet { quiet_ms: 0 })])
}

fn look(scanner: &mut Scanner, folder: &dyn Folder) -> Scan {
    scanner.look(folder, &Instant::now, &|| true).unwrap().unwrap()
}

fn count(scan: &Scan, reason: Reason) -> u64 {
    scan.ignored.get(&reason).map_or(0, |(count, _)| *count)
}

/// Everything a hostile sender can put into a folder.
fn hostile(dir: &Path) {
    let at = |name: &[u8]| dir.join(OsStr::from_bytes(name));
    fs::write(at(b"PM_GOOD"), "x").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", at(b"PM_LINK")).unwrap();
    std::os::unix::fs::symlink("PM_LINK2", at(b"PM_LINK2")).unwrap();
    fs::create_dir(at(b"PM_FOLDER")).unwrap();
    rustix::fs::mknodat(CWD, at(b"PM_PIPE"), FileType::Fifo, Mode::from_raw_mode(0o644), 0).unwrap();
    drop(UnixListener::bind(at(b"PM_SOCKET")).unwrap());
    for name in
        [&b"PM_\xff\xfe"[..], b"PM_\nforged line", b"PM_\x1b[2J", b"PM_a\\..\\b", "PM_\u{202e}TXT.exe".as_bytes()]
    {
        fs::write(at(name), "x").unwrap();
    }
    // The file of another folder under a second name: it may be one that the sender cannot read, and this user can.
    fs::write(dir.with_extension("elsewhere"), "x").unwrap();
    fs::hard_link(dir.with_extension("elsewhere"), at(b"PM_HARD")).unwrap();
    // A hundred gibibytes that are not there.
    fs::File::create(at(b"PM_SPARSE")).unwrap().set_len(100 << 30).unwrap();
}

/// What of it is taken. A partner's folder does not tell how many names a file has.
fn refused(folder: &dyn Folder, tells_links: bool) {
    let mut rules = rules("PM*");
    rules.max_bytes = 16 << 30;
    let scan = look(&mut Scanner::new(rules), folder);
    let ready: Vec<_> = scan.arrivals.iter().map(|arrival| arrival.entry.name.as_str()).collect();
    match tells_links {
        true => assert_eq!((&ready[..], count(&scan, Reason::SeveralNames)), (&["PM_GOOD"][..], 1)),
        false => {
            assert_eq!(ready, ["PM_GOOD", "PM_HARD"]);
            assert!(move_source(folder, &scan.arrivals[1].entry, &SourceAction::Delete).unwrap());
        }
    }
    for (reason, n) in [(Reason::Link, 2), (Reason::Folder, 1), (Reason::Device, 2), (Reason::NotUtf8, 1)] {
        assert_eq!(count(&scan, reason), n, "{reason}: {scan:?}");
    }
    assert_eq!((count(&scan, Reason::UnsafeName), count(&scan, Reason::TooLarge)), (4, 1));
    let printable = |name: &String| !name.chars().any(fpp_spool::entry::is_unseen);
    assert!(scan.ignored.values().all(|(_, examples)| examples.iter().all(printable)), "{scan:?}");
    for name in ["PM_LINK", "PM_LINK2", "PM_FOLDER", "PM_PIPE", "PM_SOCKET"] {
        let started = Instant::now();
        let kind = folder.open(name).err().unwrap().kind;
        assert!(matches!(kind, ErrorKind::Unsafe | ErrorKind::Folder), "{name}: {kind:?}");
        assert!(started.elapsed() < Duration::from_secs(10), "{name}: opening it must not hang");
    }
    for name in ["..", ".", "", "../PM_GOOD", "a/../PM_GOOD", "/etc/passwd", "PM_\nforged line", "a\0b"] {
        assert_eq!(folder.open(name).err().unwrap().kind, ErrorKind::Unsafe, "{name:?}");
        assert!(folder.create_new(name).is_err() && folder.remove(name).is_err() && folder.stat(name).is_err());
        assert!(folder.rename_new("PM_GOOD", name).is_err() && folder.move_new("PM_GOOD", name, "x").is_err());
    }
    assert_eq!(folder.read_small("PM_SPARSE", 4096).unwrap_err().kind, ErrorKind::Unsafe, "and not into memory");
}

#[test]
fn a_hostile_folder_is_refused_name_by_name_with_reasons() {
    let dir = tempfile::tempdir().unwrap();
    let inside = dir.path().join("spool");
    fs::create_dir(&inside).unwrap();
    hostile(&inside);
    refused(&LocalFolder::open(&inside).unwrap(), true);
    assert_eq!(fs::read(inside.with_extension("elsewhere")).unwrap(), b"x");
    if available() {
        let sshd = Sshd::start(Options::default());
        hostile(&sshd.spool());
        refused(&sshd.pool(|_| {}).folder(sshd.spool().to_str().unwrap()), false);
    }
}

#[test]
fn a_file_is_taken_when_its_only_name_is_the_one_in_the_spool() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let folder = LocalFolder::open(dir.path()).unwrap();
    let mut scanner = Scanner::new(rules("PM*"));
    // A sender that renames as OpenSSH's server does: a link, then a removal. A look may fall between the two.
    fs::write(at(".upload"), "x").unwrap();
    fs::hard_link(at(".upload"), at("PM_A")).unwrap();
    let scan = look(&mut scanner, &folder);
    assert!(scan.arrivals.is_empty() && scan.waiting.is_empty(), "{scan:?}");
    assert_eq!(scan.ignored[&Reason::SeveralNames], (1, vec!["PM_A".to_owned()]));
    fs::remove_file(at(".upload")).unwrap();
    let scan = look(&mut scanner, &folder);
    assert_eq!((scan.arrivals.len(), count(&scan, Reason::SeveralNames)), (1, 0));
    // What it is called elsewhere after that is no matter of the walk: a backup may make links of what it keeps.
    let seen = &scan.arrivals[0].entry;
    fs::hard_link(at("PM_A"), at(".backup")).unwrap();
    assert!(folder.open_as(seen, 0).is_ok() && folder.stat("PM_A").unwrap().unwrap().same_file(seen));
    assert!(move_source(&folder, seen, &SourceAction::Delete).unwrap());
    assert!(at(".backup").exists() && !at("PM_A").exists());
}

#[test]
fn a_marker_counts_when_its_only_name_is_the_one_in_the_spool() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let folder = LocalFolder::open(dir.path()).unwrap();
    let index = Control {
        shape: Shape::Columns(None, vec![Some(Fact::Name), Some(Fact::Size)]),
        algorithm: Algorithm::Sha256,
        amount_decimals: 0,
        index: true,
    };
    let ready = [
        ("a", "PM*", MarkerRule::new("{name}.OK", MarkerContent::Empty).unwrap()),
        ("b", "IX*", MarkerRule::controlled("TODAY.LST", index).unwrap()),
    ];
    let ready = ready.map(|(route, pattern, marker)| {
        (route.to_owned(), NamePattern::parse(pattern).unwrap(), Readiness::Marker(marker))
    });
    for (name, content) in [("PM_A", "x"), ("IX_A", "x"), (".mark", ""), (".index", "IX_A 1\n")] {
        fs::write(at(name), content).unwrap();
    }
    let link =
        || [(".mark", "PM_A.OK"), (".index", "TODAY.LST")].map(|(from, to)| fs::hard_link(at(from), at(to)).unwrap());
    // All in one look, and in parts, where a marker that stands in another one is asked for by its name.
    for (listing_limit, counted) in [(100, 2), (1, 1)] {
        let mut rules = ScanRules::new(ready.to_vec());
        rules.listing_limit = listing_limit;
        let (mut scanner, start, mut ms) = (Scanner::new(rules), Instant::now(), 0);
        let mut looks = || -> Vec<Scan> {
            let next = |_| {
                ms += 100;
                scanner.look(&folder, &|| start + Duration::from_millis(ms), &|| true).unwrap().unwrap()
            };
            (0..12).map(next).collect()
        };
        link();
        let mut waits = BTreeSet::new();
        let scans = looks();
        for scan in &scans {
            assert!(scan.arrivals.is_empty() && scan.orphans.is_empty(), "{scan:?}");
            waits.extend(scan.waiting.iter().map(|(name, waiting)| format!("{name}: {}", waiting.why)));
        }
        let due = [("IX_A", "TODAY.LST"), ("PM_A", "PM_A.OK")];
        let due = due.map(|(name, marker)| format!("{name}: its marker {marker} has several names (hard links)"));
        assert_eq!(waits, due.into(), "{listing_limit}");
        assert_eq!(scans.iter().map(|scan| count(scan, Reason::SeveralNames)).max(), Some(counted));
        for name in [".mark", ".index"] {
            fs::remove_file(at(name)).unwrap();
        }
        let taken: BTreeSet<_> = looks().into_iter().flat_map(|scan| scan.arrivals).map(|of| of.entry.name).collect();
        assert_eq!(taken, ["IX_A", "PM_A"].map(str::to_owned).into(), "{listing_limit}");
        for (from, to) in [("PM_A.OK", ".mark"), ("TODAY.LST", ".index")] {
            fs::rename(at(from), at(to)).unwrap();
        }
    }
}

/// A folder with so many names, in no order, that is only looked at.
struct Crowd {
    names: u64,
    empty: LocalFolder,
}

impl Folder for Crowd {
    fn describe(&self) -> String {
        "crowd".into()
    }
    fn walk(&self, look: &mut dyn Look) -> Result<()> {
        for n in (0..self.names).map(|n| n * 7_919 % self.names) {
            let entry =
                Entry { name: format!("PM_{n:07}"), size: 1, mtime_ms: 0, file_id: 0, kind: EntryKind::File, links: 1 };
            if !look.goes_on() {
                break;
            }
            if look.wants(&entry.name, entry.kind) {
                look.see(entry);
            }
        }
        Ok(())
    }
    fn stat(&self, name: &str) -> Result<Option<Entry>> {
        self.empty.stat(name)
    }
    fn open_at(&self, name: &str, offset: u64) -> Result<Box<dyn Read + Send>> {
        self.empty.open_at(name, offset)
    }
    fn create_new(&self, name: &str) -> Result<Box<dyn Sink>> {
        self.empty.create_new(name)
    }
    fn rename_new(&self, from: &str, to: &str) -> Result<()> {
        self.empty.rename_new(from, to)
    }
    fn move_new(&self, from: &str, subfolder: &str, to: &str) -> Result<()> {
        self.empty.move_new(from, subfolder, to)
    }
    fn remove(&self, name: &str) -> Result<()> {
        self.empty.remove(name)
    }
    fn make_folder(&self, path: &str) -> Result<()> {
        self.empty.make_folder(path)
    }
    fn subfolder(&self, path: &str) -> Result<Box<dyn Folder>> {
        self.empty.subfolder(path)
    }
    fn sync(&self, name: &str) -> Result<bool> {
        self.empty.sync(name)
    }
    fn read_small(&self, name: &str, max: usize) -> Result<Option<Vec<u8>>> {
        self.empty.read_small(name, max)
    }
}

#[test]
fn a_million_names_are_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let mut folder = Crowd { names: 1_000_000, empty: LocalFolder::open(dir.path()).unwrap() };
    // Not one of them has a route: a count and five examples are kept.
    let scan = look(&mut Scanner::new(rules("XX*")), &folder);
    assert_eq!((count(&scan, Reason::NoRoute), scan.ignored[&Reason::NoRoute].1.len()), (1_000_000, EXAMPLES));
    assert!(scan.part.is_none() && scan.arrivals.is_empty() && scan.waiting.is_empty());
    // A route wants each of so many: they are taken a part at a time, and none is forgotten.
    folder.names = 120_000;
    let mut scanner = Scanner::new(ScanRules { listing_limit: 30_000, ..rules("PM*") });
    scanner.look(&folder, &Instant::now, &|| false).unwrap().ok_or(()).unwrap_err();
    let mut taken = 0;
    for part in 1..=4 {
        let scan = look(&mut scanner, &folder);
        assert_eq!((scan.arrivals.len(), scan.part), (30_000, Some(Part { wanted: 120_000, ends: part == 4 })));
        assert_eq!(scan.arrivals[0].entry.name, format!("PM_{:07}", (part - 1) * 30_000));
        scan.arrivals.iter().for_each(|arrival| scanner.done(arrival));
        taken += scan.arrivals.len();
    }
    let scan = look(&mut scanner, &folder);
    assert_eq!((taken, scan.done, scan.arrivals.len()), (120_000, 30_000, 0));
}

const EXAMPLES: usize = fpp_spool::scan::EXAMPLES_MAX;

#[test]
fn a_hundred_thousand_names_are_listed_over_the_line_and_no_more_than_were_asked_for() {
    if !available() {
        return;
    }
    let sshd = Sshd::start(Options::default());
    for n in 0..100_001 {
        fs::File::create(sshd.spool().join(format!("CORE_PMTS_PMTRD_20250620_{n:06}_00.TXT"))).unwrap();
    }
    let folder = sshd.pool(|s| s.call_timeout_ms = 60_000).folder(sshd.spool().to_str().unwrap());
    let started = Instant::now();
    let entries = folder.list(LISTING_LIMIT).unwrap();
    println!("100,000 of 100,001 names listed over SFTP in {:?}", started.elapsed());
    assert_eq!(entries.len(), LISTING_LIMIT);
    let mut scanner = Scanner::new(rules("CORE_PMTS_PMTRD_{date}_{batch}_{run}.TXT"));
    for (arrivals, ends) in [(LISTING_LIMIT, false), (1, true), (LISTING_LIMIT, false)] {
        let scan = look(&mut scanner, &folder);
        assert_eq!((scan.arrivals.len(), scan.part), (arrivals, Some(Part { wanted: 100_001, ends })));
    }
    assert_eq!(folder.list(LISTING_LIMIT + 9).unwrap().len(), 100_001);
    assert_eq!(folder.list(10).unwrap().len(), 10);
    assert_eq!(folder.pool().status().broken, 0, "a listing that stops early leaves its session whole");
}

fn content() -> Vec<u8> {
    (0..200_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect()
}

#[test]
fn reading_goes_on_wherever_the_line_broke() {
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let folder = LocalFolder::open(dir.path()).unwrap();
    let content = content()[..40_000].to_vec();
    fs::write(dir.path().join("A"), &content).unwrap();
    let seen = folder.stat("A").unwrap().unwrap();
    for whole in [true, false] {
        let calls = at_every_call(How::Cut, false, |fault| {
            let faulty = FaultyFolder::over(folder.clone(), fault);
            let Ok(mut reader) = PatientReader::open(&faulty, &seen, whole) else { return faulty.met() };
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes).unwrap();
            assert!(bytes == content, "{fault:?}");
            assert_eq!(reader.resumed() > 0, faulty.met() && fault.at > 0, "{fault:?}");
            faulty.met()
        });
        assert!(calls >= 8, "{calls}");
    }
    // A line that stays broken is told, and so is any other error at once.
    let dead = FaultyFolder::over(folder.clone(), Fault { at: 3, how: How::Cut, dead: true });
    let mut reader = PatientReader::open(&dead, &seen, true).unwrap();
    assert!(reader.read_to_end(&mut Vec::new()).is_err() && reader.read(&mut [0]).is_err());
    let full = Fault { at: 3, how: How::Refused(rustix::io::Errno::IO), dead: false };
    let damaged = FaultyFolder::over(folder, full);
    let mut reader = PatientReader::open(&damaged, &seen, true).unwrap();
    assert!(reader.read_to_end(&mut Vec::new()).is_err());
    assert_eq!(reader.resumed(), 0);
}

/// Changes bytes of a file that keeps its size, its time and its place.
fn overwrite(path: &Path, at: usize) {
    let time = fs::metadata(path).unwrap().modified().unwrap();
    let file = fs::File::options().write(true).open(path).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, b"other", at as u64).unwrap();
    file.set_modified(time).unwrap();
}

#[test]
fn a_file_that_only_looks_the_same_is_not_read_on() {
    for (whole, at) in [(false, 0), (true, 11_990)] {
        let dir = tempfile::tempdir().unwrap();
        let folder = LocalFolder::open(dir.path()).unwrap();
        fs::write(dir.path().join("A"), vec![7; 40_000]).unwrap();
        let seen = folder.stat("A").unwrap().unwrap();
        let faulty = FaultyFolder::over(folder, Fault { at: 3, how: How::Cut, dead: false });
        let mut reader = PatientReader::open(&faulty, &seen, whole).unwrap();
        let mut first = vec![0; 12_000];
        reader.read_exact(&mut first).unwrap();
        overwrite(&dir.path().join("A"), at);
        let error = Error::from_io("reading", reader.read_to_end(&mut Vec::new()).unwrap_err());
        assert_eq!(error.kind, ErrorKind::Changed, "{error}");
    }
}

#[test]
fn a_large_file_arrives_whole_though_its_session_is_killed_again_and_again() {
    if !available() {
        return;
    }
    let sshd = Sshd::start(Options::default());
    let content = content().repeat(25);
    fs::write(sshd.spool().join("A"), &content).unwrap();
    let folder = sshd.pool(|_| {}).folder(sshd.spool().to_str().unwrap());
    let seen = folder.stat("A").unwrap().unwrap();
    for whole in [true, false] {
        let mut reader = PatientReader::open(&folder, &seen, whole).unwrap();
        let (mut bytes, mut killed) = (Vec::new(), 0);
        let mut piece = vec![0; 1 << 20];
        loop {
            let n = reader.read(&mut piece).unwrap();
            if n == 0 {
                break;
            }
            bytes.extend_from_slice(&piece[..n]);
            if bytes.len() > (killed + 1) * 6_000_000 && killed < 2 {
                killed += 1;
                sshd.kill_sessions();
            }
        }
        assert!(bytes == content && reader.resumed() >= 1, "resumed {}", reader.resumed());
    }
}

#[test]
fn a_folder_that_may_only_be_read_is_enough_to_collect() {
    if !available() {
        return;
    }
    let sshd = Sshd::start(Options { read_only: true, ..Options::default() });
    fs::write(sshd.spool().join("A"), "data").unwrap();
    let folder = sshd.pool(|_| {}).folder(sshd.spool().to_str().unwrap());
    let seen = folder.stat("A").unwrap().unwrap();
    let mut bytes = Vec::new();
    PatientReader::open(&folder, &seen, false).unwrap().read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, b"data");
    assert!(move_source(&folder, &seen, &SourceAction::Leave).unwrap());
    for action in [SourceAction::Delete, SourceAction::Move("done".into())] {
        let error = move_source(&folder, &seen, &action).unwrap_err();
        assert_eq!((error.kind, error.retry_helps()), (ErrorKind::Folder, true), "a step that waits for the right");
    }
    assert_eq!(fs::read(sshd.spool().join("A")).unwrap(), b"data");
    let missing = io::Error::from(io::ErrorKind::NotFound);
    assert_eq!(Error::from_io("x", missing).kind, ErrorKind::Missing);
}
