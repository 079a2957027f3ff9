use super::*;
use crate::control::{Control, Fact, Shape};
use crate::digest::Algorithm;
use crate::local::LocalFolder;
use crate::marker::{MarkerContent, MarkerRule};
use crate::pattern::NamePattern;
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
        let now = self.start + Duration::from_millis(at_ms);
        self.scanner.look(&self.folder, &|| now, &|| true).unwrap().unwrap()
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

const DIGEST: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn control(pattern: &str, shape: Shape, index: bool) -> Readiness {
    let control = Control { shape, algorithm: Algorithm::Sha256, amount_decimals: 2, index };
    Readiness::Marker(MarkerRule::controlled(pattern, control).unwrap())
}

fn index() -> Readiness {
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

/// Looks until a round has ended, and says of every arrival that it is done; gives what arrived, and the looks.
fn round(room: &mut Room, at_ms: &mut u64) -> (Vec<String>, usize) {
    let (mut arrived, most) = (Vec::new(), room.scanner.rules.listing_limit);
    for looks in 1..100 {
        *at_ms += 100;
        let scan = room.scan(*at_ms);
        assert!(scan.arrivals.len() as u64 + scan.done + scan.waiting.len() as u64 <= most as u64, "{scan:?}");
        assert!(room.scanner.seen.len() <= 2 * most && room.scanner.sayings.len() <= 2 * most);
        scan.arrivals.iter().for_each(|arrival| room.scanner.done(arrival));
        arrived.extend(scan.arrivals.iter().map(|arrival| arrival.entry.name.clone()));
        if scan.round_ends() {
            return (arrived, looks);
        }
    }
    panic!("the folder has no end");
}

#[test]
fn names_that_no_route_wants_do_not_count() {
    let mut room = room(&[("pm", "PM{batch}.TXT", marker("{name}.OK", MarkerContent::Empty))]);
    room.scanner.rules.listing_limit = 2;
    (0..20).for_each(|n| room.put(&format!("OLD{n}"), ""));
    room.put("PM0001.TXT", "");
    room.put("PM0001.TXT.OK", "");
    let scan = room.scan(0);
    assert_eq!((names(&scan), scan.part, scan.names), (vec!["PM0001.TXT"], None, 22));
    assert_eq!(scan.ignored[&Reason::NoRoute].0, 20);
}

#[test]
fn a_folder_with_more_files_than_a_look_takes_is_seen_to_its_end() {
    // The markers stand beside their data, or before all of it: then each is in another part.
    let beside = [("{name}.OK", false, 4, 30), ("{name}.OK", true, 4, 30)];
    let before = [("A{batch}.OK", false, 4, 30), ("A{batch}.OK", true, 4, 30), ("A{batch}.OK", false, 290, 300)];
    for (of_marker, has_words, most, files) in beside.into_iter().chain(before) {
        let content = if has_words { MarkerContent::Size } else { MarkerContent::Empty };
        let mut room = room(&[("pm", "PM{batch}.TXT", marker(of_marker, content))]);
        room.scanner.rules.listing_limit = most;
        let marker_of =
            |n: u32| if of_marker.starts_with('A') { format!("A{n:04}.OK") } else { format!("PM{n:04}.TXT.OK") };
        for n in 0..files {
            room.put(&format!("PM{n:04}.TXT"), "");
            room.put(&marker_of(n), "0");
        }
        let mut at_ms = 0;
        let (mut arrived, looks) = round(&mut room, &mut at_ms);
        assert!(looks >= files as usize * 2 / most, "{looks}");
        arrived.extend(round(&mut room, &mut at_ms).0);
        arrived.sort();
        let all: Vec<_> = (0..files).map(|n| format!("PM{n:04}.TXT")).collect();
        assert_eq!(arrived, all, "each of them, and each once: {of_marker}");
        // They are left where they are. A new one behind them is seen in the next round, and nothing else.
        let new = format!("PM{files:04}.TXT");
        room.put(&new, "");
        room.put(&marker_of(files), "0");
        at_ms += 1;
        assert_eq!(room.scan(at_ms).part.unwrap().wanted, u64::from(files) * 2 + 2);
        let mut arrived = round(&mut room, &mut at_ms).0;
        arrived.extend(round(&mut room, &mut at_ms).0);
        assert_eq!(arrived, [new], "{of_marker}");
        // When most of them are gone, one look sees all that is left.
        for name in (2..=files).flat_map(|n| [format!("PM{n:04}.TXT"), marker_of(n)]) {
            std::fs::remove_file(room.dir.path().join(name)).unwrap();
        }
        round(&mut room, &mut at_ms);
        let scan = room.scan(at_ms + 1);
        assert_eq!((scan.part, scan.done), (None, 2), "{scan:?}");
    }
}

#[test]
fn quiet_files_of_a_folder_in_parts_have_their_time_and_one_that_is_always_written_holds_up_nobody() {
    let mut room = room(&[("r", "PM*", quiet())]);
    room.scanner.rules.listing_limit = 4;
    (0..20).for_each(|n| room.put(&format!("PM{n:02}"), ""));
    let (mut at_ms, mut arrived) = (0, Vec::new());
    for n in 1..120 {
        room.put_at("PM02", "x", 1000 + n);
        at_ms += 100;
        let scan = room.scan(at_ms);
        scan.arrivals.iter().for_each(|arrival| room.scanner.done(arrival));
        arrived.extend(scan.arrivals.into_iter().map(|arrival| arrival.entry.name));
    }
    arrived.sort();
    let all: Vec<_> = (0..20).filter(|n| *n != 2).map(|n| format!("PM{n:02}")).collect();
    assert_eq!(arrived, all);
    let known = room.scan(at_ms + 100);
    assert!(known.done > 0 && known.arrivals.is_empty(), "a file that is done has no quiet time again: {known:?}");
}

#[test]
fn what_waits_in_one_part_is_remembered_while_others_are_looked_at() {
    let mut room = room(&[("pm", "PM{batch}.TXT", marker("{name}.OK", MarkerContent::Empty))]);
    room.scanner.rules.listing_limit = 3;
    (0..6).for_each(|n| room.put(&format!("PM{n}.TXT"), ""));
    let waited: Vec<_> = (0..6u64).map(|n| room.scan(n * 1000).waiting.last().unwrap().1.waited.as_secs()).collect();
    assert_eq!(waited, [0, 0, 2, 2, 4, 4]);
    // Names that mean the same stand twice, in whatever part they are.
    let rule = MarkerRule::new("{name}.OK", MarkerContent::Empty).unwrap().folded();
    let pattern = NamePattern::parse("PM{batch}.TXT").unwrap().folded();
    let rules = ScanRules::new(vec![("r".into(), pattern, Readiness::Marker(rule))]);
    room.scanner = Scanner::new(ScanRules { fold: true, listing_limit: 2, ..rules });
    for name in ["pm5.txt", "Pm5.Txt", "PM5.txt.ok", "PM4.txt.ok"] {
        room.put(name, "");
    }
    let found: Vec<_> = (0..8).map(|n| room.scan(n)).collect();
    let ready: HashSet<_> = found.iter().flat_map(names).collect();
    assert_eq!(ready, ["PM4.TXT"].into());
    let twice = |scan: &Scan| scan.waiting.iter().any(|(_, waiting)| waiting.why.contains("stands there twice"));
    assert!(found.iter().any(twice), "{found:?}");
}
