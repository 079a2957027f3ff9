//! Folders in which routes want more names than one look takes.

use super::tests::{DIGEST, Room, index, marker, names, quiet, room};
use super::*;
use crate::marker::{MarkerContent, MarkerRule};
use crate::pattern::NamePattern;

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

/// What a whole round says is there alone, or is missing.
fn orphans(room: &mut Room, at_ms: &mut u64) -> Vec<String> {
    let (mut found, mut left) = (Vec::new(), 100);
    loop {
        *at_ms += 100;
        let scan = room.scan(*at_ms);
        let count = scan.ignored.get(&Reason::MarkerWithoutData).map_or(0, |(count, _)| *count);
        assert_eq!(scan.orphans.iter().filter(|o| o.index.is_none()).count() as u64, count);
        found.extend(scan.orphans.iter().map(|orphan| orphan.name.clone()));
        left -= 1;
        if scan.round_ends() || left == 0 {
            found.sort();
            return found;
        }
    }
}

#[test]
fn a_marker_whose_data_is_nowhere_is_told_and_one_whose_data_is_elsewhere_is_not() {
    for (of_marker, fold) in [("A{batch}.OK", false), ("{stem}.OK", false), ("A{batch}.OK", true)] {
        let mut room = room(&[]);
        let rule = MarkerRule::new(of_marker, MarkerContent::Empty).unwrap();
        let pattern = NamePattern::parse("PM{batch}.TXT").unwrap();
        let (rule, pattern) = if fold { (rule.folded(), pattern.folded()) } else { (rule, pattern) };
        let rules = ScanRules::new(vec![("pm".into(), pattern, Readiness::Marker(rule))]);
        room.scanner = Scanner::new(ScanRules { fold, listing_limit: 4, ..rules });
        let of = |n: u32| of_marker.replace("{batch}", &format!("{n:04}")).replace("{stem}", &format!("PM{n:04}"));
        for n in 0..12 {
            room.put(&of(n), "");
            if n % 5 != 4 {
                room.put(&format!("{}{n:04}.TXT", if fold { "pm" } else { "PM" }), "");
            }
        }
        let mut at_ms = 0;
        for _ in 0..2 {
            assert_eq!(orphans(&mut room, &mut at_ms), [of(4), of(9)], "{of_marker}");
        }
    }
}

#[test]
fn an_index_of_a_folder_in_parts_misses_what_is_in_none_of_them() {
    let mut room = room(&[("r", "PM_{date}_{batch}.TXT", index())]);
    room.scanner.rules.listing_limit = 4;
    let name = |n: u32| format!("PM_20250620_{n:02}.TXT");
    let rows: String = (0..20).map(|n| format!("{}|0|{DIGEST}\n", name(n))).collect();
    room.put("IDX_20250620.LST", &rows);
    (0..20).filter(|n| *n != 7).for_each(|n| room.put(&name(n), ""));
    let mut at_ms = 0;
    orphans(&mut room, &mut at_ms);
    assert_eq!(orphans(&mut room, &mut at_ms), [name(7)]);
    // It comes after the look at the part of the index, and is taken before the next one.
    at_ms += 100;
    assert!(!room.scan(at_ms).round_ends());
    room.put(&name(7), "");
    for looks in 0.. {
        assert!(looks < 100, "it is never seen");
        at_ms += 100;
        if names(&room.scan(at_ms)).contains(&name(7).as_str()) {
            break;
        }
    }
    std::fs::remove_file(room.dir.path().join(name(7))).unwrap();
    for _ in 0..2 {
        assert_eq!(orphans(&mut room, &mut at_ms), [""; 0]);
    }
    room.put(&name(7), "");
    (0..20).for_each(|n| std::fs::remove_file(room.dir.path().join(name(n))).unwrap());
    room.put("IDX_20250621.LST", &rows.replace("20250620", "20250621"));
    (0..20).filter(|n| *n != 9).for_each(|n| room.put(&name(n).replace("20250620", "20250621"), ""));
    orphans(&mut room, &mut at_ms);
    assert_eq!(orphans(&mut room, &mut at_ms), [name(9).replace("20250620", "20250621")], "the first day's were here");
}

#[test]
fn in_a_folder_in_parts_what_grows_while_it_is_looked_at_is_not_shown_with_its_old_size() {
    for (content, words) in [(MarkerContent::Empty, ""), (MarkerContent::Size, "9")] {
        let mut room = room(&[("pm", "PM{batch}.TXT", marker("Z{batch}.OK", content))]);
        room.scanner.rules.listing_limit = 2;
        (0..4).for_each(|n| room.put(&format!("PM{n:04}.TXT"), "12345"));
        room.put("Z0000.OK", words);
        let (path, begun, asked) = (room.dir.path().join("PM0000.TXT"), room.start, std::cell::Cell::new(0));
        // All names were walked over when the time is asked for again: then the rest of the file is written.
        let now = || {
            asked.set(asked.get() + 1);
            if asked.get() == 2 {
                std::fs::write(&path, "123456789").unwrap();
                let time = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
                std::fs::File::options().append(true).open(&path).unwrap().set_modified(time).unwrap();
            }
            begun
        };
        let scan = room.scanner.look(&room.folder, &now, &|| true).unwrap().unwrap();
        assert!(names(&scan).is_empty() && scan.part.is_some(), "{scan:?}");
        let shown: Vec<_> = (1..5).flat_map(|n| room.scan(n * 60).arrivals).collect();
        assert!(!shown.is_empty() && shown.iter().all(|arrival| arrival.entry.size == 9), "{shown:?}");
    }
}
