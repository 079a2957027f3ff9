use super::*;
use crate::control::{Control, Fact, Shape};
use crate::digest::Algorithm;
use crate::local::LocalFolder;
use crate::marker::{MarkerContent, MarkerRule};
use crate::pattern::NamePattern;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::SystemTime;

pub(super) struct Room {
    pub(super) dir: tempfile::TempDir,
    pub(super) folder: LocalFolder,
    pub(super) scanner: Scanner,
    pub(super) start: Instant,
}

pub(super) fn room(rules: &[(&str, &str, Readiness)]) -> Room {
    let dir = tempfile::tempdir().unwrap();
    let folder = LocalFolder::open(dir.path()).unwrap();
    let patterns = rules
        .iter()
        .map(|(route, pattern, ready)| (route.to_string(), NamePattern::parse(pattern).unwrap(), ready.clone()))
        .collect();
    Room { dir, folder, scanner: Scanner::new(ScanRules::new(patterns)), start: Instant::now() }
}

impl Room {
    pub(super) fn put(&self, name: &str, content: &str) {
        self.put_at(name, content, 1000);
    }

    pub(super) fn put_at(&self, name: &str, content: &str, mtime_s: u64) {
        let path = self.dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        touch(&path, mtime_s);
    }

    pub(super) fn scan(&mut self, at_ms: u64) -> Scan {
        let now = self.start + Duration::from_millis(at_ms);
        self.scanner.look(&self.folder, &|| now, &|| true).unwrap().unwrap()
    }
}

fn touch(path: &Path, mtime_s: u64) {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(mtime_s);
    std::fs::File::options().append(true).open(path).unwrap().set_modified(time).unwrap();
}

pub(super) fn marker(pattern: &str, content: MarkerContent) -> Readiness {
    Readiness::Marker(MarkerRule::new(pattern, content).unwrap())
}

pub(super) fn quiet() -> Readiness {
    Readiness::Quiet { quiet_ms: 500 }
}

pub(super) fn names(scan: &Scan) -> Vec<&str> {
    scan.arrivals.iter().map(|a| a.entry.name.as_str()).collect()
}

pub(super) fn why(scan: &Scan) -> &str {
    &scan.waiting[0].1.why
}

#[test]
fn a_marker_after_the_data_makes_it_ready() {
    let mut room = room(&[("trades", "PMTRD_{date}.TXT", marker("{name}.OK", MarkerContent::Empty))]);
    room.put("PMTRD_20250620.TXT", "12345");
    let scan = room.scan(0);
    assert!(why(&scan).contains("PMTRD_20250620.TXT.OK is not there"), "{}", why(&scan));
    room.put_at("PMTRD_20250620.TXT.OK", "", 999);
    assert!(why(&room.scan(1)).contains("older"));
    touch(&room.dir.path().join("PMTRD_20250620.TXT.OK"), 1000);
    let scan = room.scan(2000);
    let arrival = &scan.arrivals[0];
    assert_eq!((arrival.route.as_str(), arrival.captures.date.as_deref()), ("trades", Some("20250620")));
    assert_eq!(arrival.marker.as_ref().unwrap().name, "PMTRD_20250620.TXT.OK");
    assert!(scan.waiting.is_empty() && scan.ignored.is_empty());
}

#[test]
fn a_touched_marker_is_the_same_arrival() {
    let mut room = room(&[("r", "*.TXT", marker("{stem}.OK", MarkerContent::Empty))]);
    room.put("A.TXT", "12345");
    room.put("A.OK", "");
    let key = room.scan(0).arrivals[0].key.clone();
    touch(&room.dir.path().join("A.OK"), 1001);
    assert_eq!(room.scan(1).arrivals[0].key, key);
    room.put_at("A.OK", "it is complete", 1002);
    assert_eq!(room.scan(2).arrivals[0].key, key, "its words do not count");
    std::fs::remove_file(room.dir.path().join("A.OK")).unwrap();
    room.put_at("A.OK", "", 1003);
    assert_eq!(room.scan(3).arrivals[0].key, key, "another file, the same marker");
}

#[test]
fn a_marker_counts_when_it_has_settled_and_only_its_words_make_an_arrival() {
    let mut room = room(&[("r", "*.TXT", marker("{stem}.CTL", MarkerContent::SizeAndDigest))]);
    let (one, two) = (format!("5 {}", "a".repeat(64)), format!("5 {}", "b".repeat(64)));
    room.put("A.TXT", "12345");
    room.put("A.CTL", "");
    let scan = room.scan(0);
    assert!(why(&scan).contains("may still be written") && scan.waiting[0].1.settling, "{}", why(&scan));
    room.put("A.CTL", &one);
    assert!(room.scan(60).waiting[0].1.settling, "written after it was created");
    assert!(room.scan(109).waiting[0].1.settling);
    let key = room.scan(110).arrivals[0].key.clone();
    assert_eq!(room.scan(111).arrivals[0].key, key, "what was read once stays read");
    touch(&room.dir.path().join("A.CTL"), 1001);
    assert!(names(&room.scan(120)).is_empty());
    assert_eq!(room.scan(170).arrivals[0].key, key, "the same words");
    room.put_at("A.CTL", &two, 1002);
    room.scan(200);
    assert_ne!(room.scan(250).arrivals[0].key, key, "another promise");
}

#[test]
fn a_marker_must_name_the_size_that_is_there() {
    let mut room = room(&[("r", "*.TXT", marker("{stem}.CTL", MarkerContent::Size))]);
    room.put("A.TXT", "12345");
    room.put("A.CTL", "4");
    room.scan(0);
    let scan = room.scan(50);
    assert!(why(&scan).contains("names 4 bytes, the file has 5") && !scan.waiting[0].1.settling, "{}", why(&scan));
    room.put_at("A.CTL", "size=x", 1001);
    room.scan(100);
    assert!(why(&room.scan(150)).contains("names no size"));
    room.put_at("A.CTL", "00005\r\n", 1002);
    room.scan(200);
    assert_eq!(room.scan(250).arrivals[0].marker.as_ref().unwrap().size, Some(5));
    room.put_at("A.CTL", &" ".repeat(5000), 1003);
    room.scan(300);
    assert!(why(&room.scan(350)).contains("larger than 4096"));
}

#[test]
fn quiet_counts_from_our_own_observations() {
    let mut room = room(&[("r", "*", quiet())]);
    room.put_at("old", "x", 1);
    assert!(names(&room.scan(0)).is_empty(), "an old time proves nothing");
    assert!(names(&room.scan(499)).is_empty());
    room.put_at("old", "xy", 1);
    assert!(names(&room.scan(600)).is_empty());
    let scan = room.scan(1000);
    assert_eq!((why(&scan), scan.waiting[0].1.waited.as_millis()), ("unchanged for 400 of 500 ms", 1000));
    assert_eq!(names(&room.scan(1100)), ["old"]);
    // Another file under the same name, same size and time: the file id tells.
    let key = room.scan(1101).arrivals[0].key.clone();
    room.put_at("new", "ab", 1);
    std::fs::rename(room.dir.path().join("new"), room.dir.path().join("old")).unwrap();
    assert!(names(&room.scan(1200)).is_empty());
    assert_ne!(room.scan(1700).arrivals[0].key, key);
    // Gone and back: it starts anew.
    std::fs::remove_file(room.dir.path().join("old")).unwrap();
    room.scan(1800);
    room.put_at("old", "ab", 1);
    assert!(names(&room.scan(5000)).is_empty());
}

#[test]
fn every_other_name_has_a_reason() {
    let mut room = room(&[("r", "PM*", marker("{name}.OK", MarkerContent::Empty)), ("q", "Q*.TXT", quiet())]);
    room.scanner.rules.max_bytes = 10;
    for name in [".hidden", ".PMACK.n1.7.part", "PM.TXT.filepart", "PMX.OK", "README", "a\nb"] {
        room.put(name, "");
    }
    room.put("PMBIG", "12345678901");
    symlink("README", room.dir.path().join("PMLINK")).unwrap();
    std::fs::create_dir(room.dir.path().join("PMDIR")).unwrap();
    let bad: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"PM\xff");
    std::fs::write(room.dir.path().join(bad), "").unwrap();
    (0..7).for_each(|n| room.put(&format!("X{n}"), ""));
    let scan = room.scan(0);
    let count = |reason| scan.ignored.get(&reason).map_or(0, |(count, _)| *count);
    assert_eq!(count(Reason::Temporary), 2);
    assert_eq!(scan.temporaries, [".PMACK.n1.7.part"]);
    for reason in [Reason::Hidden, Reason::MarkerWithoutData, Reason::UnsafeName, Reason::TooLarge] {
        assert_eq!(count(reason), 1, "{reason}");
    }
    assert_eq!(scan.ignored[&Reason::UnsafeName].1, ["a\\nb"]);
    for reason in [Reason::Link, Reason::Folder, Reason::NotUtf8] {
        assert_eq!(count(reason), 1, "{reason}");
    }
    assert_eq!((count(Reason::NoRoute), scan.ignored[&Reason::NoRoute].1.len()), (8, 5));
    assert!(scan.arrivals.is_empty() && scan.waiting.is_empty());
}

#[test]
fn a_marker_is_no_data_even_for_a_wide_pattern() {
    let mut room = room(&[("r", "*", marker("{name}.OK", MarkerContent::Empty))]);
    room.put("A", "1");
    room.put("A.OK", "");
    room.put("B.OK", "");
    let scan = room.scan(0);
    assert_eq!(names(&scan), ["A"]);
    assert_eq!(scan.ignored[&Reason::MarkerWithoutData].1, ["B.OK"]);
}

pub(super) const DIGEST: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn control(pattern: &str, shape: Shape, index: bool) -> Readiness {
    let control = Control { shape, algorithm: Algorithm::Sha256, amount_decimals: 2, index };
    Readiness::Marker(MarkerRule::controlled(pattern, control).unwrap())
}

pub(super) fn index() -> Readiness {
    let columns = vec![Some(Fact::Name), Some(Fact::Size), Some(Fact::Digest)];
    control("IDX_{date}.LST", Shape::Columns(Some('|'), columns), true)
}

#[test]
fn a_control_file_must_be_of_this_file_and_hands_up_what_it_states() {
    let facts = [Fact::Name, Fact::Size, Fact::Count, Fact::Amount];
    let keys = facts.map(|fact| (fact, fact.word().to_uppercase())).into();
    let mut room = room(&[("r", "*.TXT", control("{stem}.CTL", Shape::Lines(keys), false))]);
    room.put("A.TXT", "12345");
    room.put("A.CTL", "NAME=B.TXT\nSIZE=5\nCOUNT=2\nAMOUNT=100");
    room.scan(0);
    let scan = room.scan(50);
    assert!(why(&scan).contains("A.CTL names another file, B.TXT"), "{}", why(&scan));
    room.put_at("A.CTL", "NAME=A.TXT\nSIZE=5\nAMOUNT=100", 1001);
    room.scan(100);
    assert!(why(&room.scan(150)).contains("states no count (COUNT): A.CTL"));
    room.put_at("A.CTL", "NAME=A.TXT\nSIZE=5\nCOUNT=2\nAMOUNT=100", 1002);
    room.scan(200);
    let arrival = room.scan(250).arrivals.remove(0);
    let facts = arrival.marker.unwrap();
    assert_eq!(
        (facts.size, facts.count, facts.amount.as_deref(), facts.shared),
        (Some(5), Some(2), Some("1.00"), false)
    );
    // Rewritten with another count: another version.
    room.put_at("A.CTL", "NAME=A.TXT\nSIZE=5\nCOUNT=3\nAMOUNT=100", 1003);
    room.scan(300);
    assert_ne!(room.scan(350).arrivals[0].key, arrival.key);
    std::fs::remove_file(room.dir.path().join("A.TXT")).unwrap();
    let scan = room.scan(400);
    assert_eq!((scan.orphans[0].name.as_str(), scan.orphans[0].index.as_ref()), ("A.CTL", None));
    assert_eq!(room.scan(1400).orphans[0].waited.as_millis(), 1000, "from the look that first saw it alone");
}

#[test]
fn an_index_makes_its_files_ready_and_names_those_that_are_missing() {
    let mut room = room(&[("r", "PM_{date}_{batch}.TXT", index())]);
    let row = |name: &str, size: u32| format!("{name}|{size}|{DIGEST}\n");
    room.put("PM_20250620_1.TXT", "1");
    assert!(why(&room.scan(0)).contains("its marker IDX_20250620.LST is not there"));
    let rows = row("PM_20250620_1.TXT", 1) + &row("PM_20250620_2.TXT", 2);
    room.put("IDX_20250620.LST", &rows);
    room.put("PM_20250620_3.TXT", "333");
    room.scan(10);
    let scan = room.scan(60);
    assert_eq!(names(&scan), ["PM_20250620_1.TXT"]);
    assert!(scan.arrivals[0].marker.as_ref().is_some_and(|m| m.shared && m.digest.is_some()));
    assert!(why(&scan).contains("does not list it"), "{}", why(&scan));
    let missing: Vec<_> =
        scan.orphans.iter().map(|o| (o.name.as_str(), o.index.as_ref().unwrap().0.as_str())).collect();
    assert_eq!(missing, [("PM_20250620_2.TXT", "IDX_20250620.LST")]);
    assert_eq!(scan.ignored[&Reason::Index].0, 1);
    // It comes, and goes when it was taken: it was here.
    room.put("PM_20250620_2.TXT", "22");
    let scan = room.scan(70);
    assert_eq!((names(&scan).len(), scan.orphans.len()), (2, 0));
    std::fs::remove_file(room.dir.path().join("PM_20250620_2.TXT")).unwrap();
    assert!(room.scan(80).orphans.is_empty());
    // After a restart only the books know.
    let rules = ScanRules::new(room.scanner.rules.patterns.clone());
    room.scanner = Scanner::new(rules);
    room.scan(100);
    let missed = room.scan(150).orphans.remove(0);
    room.scanner.meet("IDX_20250620.LST", &missed.name, &missed.index.unwrap().1);
    assert!(room.scan(160).orphans.is_empty());
    // A rewritten index lists the third one, too.
    room.put_at("IDX_20250620.LST", &(rows.clone() + &row("PM_20250620_3.TXT", 3)), 1001);
    room.scan(200);
    assert_eq!(names(&room.scan(250)), ["PM_20250620_1.TXT", "PM_20250620_3.TXT"]);
    room.put_at("IDX_20250620.LST", &(rows + "broken\n"), 1002);
    room.scan(300);
    let scan = room.scan(350);
    assert!(names(&scan).is_empty() && scan.orphans[0].why.contains("line 3: it has 1 columns, not 3"), "{scan:?}");
}

#[test]
fn names_in_any_case_where_the_partner_means_the_same() {
    let pattern = NamePattern::parse("PMTRD_{date}.TXT").unwrap().folded();
    let rule = MarkerRule::new("{stem}.OK", MarkerContent::Empty).unwrap().folded();
    let mut room = room(&[]);
    let rules = ScanRules::new(vec![("r".into(), pattern, Readiness::Marker(rule))]);
    room.scanner = Scanner::new(ScanRules { fold: true, ..rules });
    room.put("pmtrd_20250620.txt", "1");
    room.put("PmTrd_20250620.Ok", "");
    let arrival = room.scan(0).arrivals.remove(0);
    assert_eq!(arrival.marker.unwrap().name, "PmTrd_20250620.Ok", "the name that is there");
    assert_eq!(
        (arrival.entry.name.as_str(), arrival.captures.date.as_deref()),
        ("pmtrd_20250620.txt", Some("20250620"))
    );
    assert!(arrival.key.starts_with("pmtrd_20250620.txt|"));
    // The same file under a name of another case is the same arrival.
    let at = |name: &str| room.dir.path().join(name);
    std::fs::rename(at("pmtrd_20250620.txt"), at("PMTRD_20250620.TXT")).unwrap();
    assert_eq!(room.scan(1).arrivals[0].key, arrival.key);
    room.put("pmtrd_20250620.TXT", "2");
    let scan = room.scan(2);
    assert!(names(&scan).is_empty() && scan.waiting.len() == 2);
    assert!(why(&scan).contains("twice, with other case"), "{}", why(&scan));
    room.put("pmtrd_20250621.ok", "");
    assert_eq!(room.scan(3).orphans[0].name, "pmtrd_20250621.ok");
}

#[test]
fn what_is_done_is_shown_again_when_the_books_are_others() {
    let mut room = room(&[("r", "*.TXT", marker("{stem}.OK", MarkerContent::Empty))]);
    room.put("A.TXT", "12345");
    room.put("A.OK", "");
    let scan = room.scan(0);
    scan.arrivals.iter().for_each(|arrival| room.scanner.done(arrival));
    assert_eq!((room.scan(1).done, room.scan(2).arrivals.len()), (1, 0));
    room.scanner.forget_done();
    assert_eq!(room.scan(3).arrivals[0].key, scan.arrivals[0].key);
}
