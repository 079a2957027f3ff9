use super::*;
use crate::local::LocalFolder;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::SystemTime;

struct Room {
    dir: tempfile::TempDir,
    folder: LocalFolder,
    scanner: Scanner,
    start: Instant,
}

fn room(rules: &[(&str, &str, Readiness)]) -> Room {
    let dir = tempfile::tempdir().unwrap();
    let folder = LocalFolder::open(dir.path()).unwrap();
    let patterns = rules
        .iter()
        .map(|(route, pattern, ready)| (route.to_string(), NamePattern::parse(pattern).unwrap(), ready.clone()))
        .collect();
    Room { dir, folder, scanner: Scanner::new(ScanRules::new(patterns)), start: Instant::now() }
}

impl Room {
    fn put(&self, name: &str, content: &str) {
        self.put_at(name, content, 1000);
    }

    fn put_at(&self, name: &str, content: &str, mtime_s: u64) {
        let path = self.dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        touch(&path, mtime_s);
    }

    fn scan(&mut self, at_ms: u64) -> Scan {
        let entries = self.folder.list(LISTING_LIMIT).unwrap();
        self.scanner.scan(&self.folder, &entries, self.start + Duration::from_millis(at_ms))
    }
}

fn touch(path: &Path, mtime_s: u64) {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(mtime_s);
    std::fs::File::options().append(true).open(path).unwrap().set_modified(time).unwrap();
}

fn marker(pattern: &str, content: MarkerContent) -> Readiness {
    Readiness::Marker(MarkerRule::new(pattern, content).unwrap())
}

fn quiet() -> Readiness {
    Readiness::Quiet { quiet_ms: 500 }
}

fn names(scan: &Scan) -> Vec<&str> {
    scan.arrivals.iter().map(|a| a.entry.name.as_str()).collect()
}

fn why(scan: &Scan) -> &str {
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

#[test]
fn a_full_listing_says_so_and_keeps_its_memory() {
    let mut room = room(&[("r", "*", quiet())]);
    room.scanner.rules.listing_limit = 2;
    room.put("a", "");
    room.put("b", "");
    assert!(room.scan(0).truncated);
    let entries = room.folder.list(2).unwrap();
    room.scanner.scan(&room.folder, &entries, room.start);
    assert_eq!(names(&room.scan(500)), ["a", "b"]);
}
