use super::*;
use crate::ledger::transfer::{Facts, FileState, Identity, Transfer, TransferId, Verdict};
use crate::trade::calendar::{Minutes, time_of};
use jiff::civil::date;
use jiff::tz::TimeZone;
use std::collections::HashSet;

fn file(n: u32, batch: u32, state: FileState, verdict: Option<Verdict>, posted: bool) -> Transfer {
    let identity = Identity { route: "pmtrd".into(), business_date: "2025-06-20".into(), batch, run: 0 };
    Transfer {
        id: TransferId(format!("{n:02}")),
        route: "pmtrd".into(),
        spool: "core-out".into(),
        name: format!("B{batch:04}"),
        arrival_key: n.to_string(),
        state,
        verdict,
        held_from: None,
        closed: false,
        facts: Facts { identity: Some(identity), ..Facts::default() },
        attempts: 0,
        next_attempt_ms: 0,
        waiting_for: String::new(),
        arrived_ms: 0,
        updated_ms: 0,
        publication: posted.then_some(u64::from(n)),
    }
}

fn posted(batch: u32) -> Transfer {
    file(batch, batch, FileState::Archived, Some(Verdict::Accepted), true)
}

fn proven(batch: u32) -> Transfer {
    file(batch, batch, FileState::Proven, Some(Verdict::Accepted), false)
}

fn files(files: &[Transfer]) -> OfDay {
    OfDay { files: files.to_vec(), purged: Vec::new() }
}

fn ordered() -> Series {
    let by = Minutes::parse("18:30").unwrap();
    let expected = vec![Expected { first: 1, last: 3, by, warn_at: None }];
    Series { ordered: true, expected, ..Series::default() }
}

fn waits_for(series: &Series, batch: u32, of_day: &OfDay) -> Option<(u32, u32)> {
    series.waits_for(batch, of_day.posted().range(..batch).next_back().copied())
}

#[test]
fn a_batch_waits_for_every_one_before_it() {
    let series = ordered();
    assert_eq!(waits_for(&series, 1, &files(&[])), None);
    assert_eq!(waits_for(&series, 3, &files(&[posted(1)])), Some((2, 2)));
    assert_eq!(waits_for(&series, 3, &files(&[proven(2)])), Some((1, 2)), "one that waits itself is not there yet");
    assert_eq!(waits_for(&series, 3, &files(&[posted(1), posted(2)])), None);
    assert_eq!(waits_for(&Series::default(), 3, &files(&[])), None, "no order");
    // Somebody let 0003 go: those behind it go on, and a late 0002 is not kept back.
    let released = files(&[posted(1), posted(3)]);
    assert_eq!((waits_for(&series, 4, &released), waits_for(&series, 2, &released)), (None, None));
    assert_eq!(waits_for(&series, 0, &files(&[])), None, "before the first one");
    let rejected = file(9, 1, FileState::Archived, Some(Verdict::Rejected), true);
    assert_eq!(waits_for(&series, 2, &files(&[rejected])), Some((1, 1)), "the number that a rejection took is no post");
}

#[test]
fn what_was_purged_is_neither_missing_nor_waited_for() {
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    let repeat = file(8, 2, FileState::Archived, Some(Verdict::Duplicate), false);
    let of_day = OfDay { files: vec![proven(3), repeat], purged: vec![1, 2] };
    let series = ordered();
    assert_eq!((waits_for(&series, 3, &of_day), waits_for(&series, 4, &of_day)), (None, Some((3, 3))));
    assert_eq!(of_day.posted().into_iter().collect::<Vec<_>>(), [1, 2]);
    let batches = day(&series, date(2025, 6, 20), &zone, &of_day, &HashSet::new(), i64::MAX);
    let told: Vec<_> = batches.iter().map(|b| (b.batch, b.stands, b.late, b.files)).collect();
    assert_eq!(
        told,
        [(1, Stands::Purged, false, 0), (2, Stands::Purged, false, 1), (3, Stands::Working, false, 1)],
        "a repeat stands for nothing"
    );
}

#[test]
fn a_day_is_told_batch_by_batch() {
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    let rejected = file(7, 2, FileState::Archived, Some(Verdict::Rejected), true);
    let repeat = file(8, 1, FileState::Archived, Some(Verdict::Duplicate), false);
    let of_day = [posted(1), repeat, rejected, proven(3), proven(5)];
    let taken = HashSet::from([TransferId("01".into())]);
    let at = |time: &str| {
        let now = Minutes::parse(time).unwrap();
        let now_ms = time_of(date(2025, 6, 20), now, &zone).unwrap();
        day(&ordered(), date(2025, 6, 20), &zone, &files(&of_day), &taken, now_ms)
    };
    let seen = at("18:30");
    let told: Vec<_> = seen.iter().map(|b| (b.batch, b.stands, b.late, b.waits_for.as_deref(), b.files)).collect();
    assert_eq!(
        told,
        [
            (1, Stands::Taken, false, None, 2),
            (2, Stands::Rejected, true, None, 1),
            (3, Stands::Waiting, false, Some("0002"), 1),
            (5, Stands::Waiting, false, Some("0002-0004"), 1),
        ]
    );
    assert!(!at("18:29")[1].late);
    let series = ordered();
    assert_eq!(series.missing(&series.expected[0], &HashSet::from([1, 3, 5])), [2]);
}

#[test]
fn numbers_are_listed_as_people_read_them() {
    assert_eq!(listed(&[2, 4, 5, 6]), "0002, 0004-0006");
    assert_eq!(listed(&[]), "");
}

#[test]
fn the_cut_off_is_the_last_time_that_something_is_due() {
    let zone = TimeZone::UTC;
    let mut series = ordered();
    let at = |text: &str| time_of(date(2025, 6, 20), Minutes::parse(text).unwrap(), &zone);
    assert_eq!(series.cut_off_of(date(2025, 6, 20), &zone), at("18:30"));
    series.cut_off = Some(Minutes::parse("25:30").unwrap());
    assert_eq!(series.cut_off_of(date(2025, 6, 20), &zone), at("25:30"));
    assert_eq!(Series::default().cut_off_of(date(2025, 6, 20), &zone), None);
}
