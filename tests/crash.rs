//! A node that is killed at any commit, or at any moment, goes on from its books: the same events with the same ids, the
//! same answer, once, and nothing left behind (I1, I2, I3, I4, I7, I8, I9).
#![cfg(feature = "demo")]
// A test that cannot go on says so by panicking, in helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod crash_support;
#[path = "crash_support/disturbed.rs"]
mod disturbed;
#[path = "../spool/tests/faults_support/mod.rs"]
#[allow(dead_code)] // shared with the tests of the spool
mod faults_support;
#[path = "crash_support/struck.rs"]
mod struck;
mod support;
#[allow(dead_code)] // each test program uses a part
mod vault_support;

use crash_support::bench::{End, differences, drop_file, live, site, take_answers};
use crash_support::mortal::Death;
use crash_support::process::{Point, killed_at};
use disturbed::{Manner, Place, at_each_call};
use faults_support::{How, manners};
use fpp::ledger::delivery::{DeliveryState, Purpose};
use rustix::io::Errno;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use support::core::Dropped;
use support::told::Files;

/// Lives at once.
const AT_ONCE: usize = 3;
/// More commits than this the walk of one file cannot have.
const COMMITS_MAX: u64 = 40;

/// What comes out when nobody disturbs the node.
fn undisturbed(dropped: Dropped) -> &'static Files {
    static PARTLY: OnceLock<Files> = OnceLock::new();
    static REFUSED: OnceLock<Files> = OnceLock::new();
    let files = if dropped == Dropped::Refused { &REFUSED } else { &PARTLY };
    files.get_or_init(|| {
        let site = site();
        let file = drop_file(&site, dropped);
        match live(&site, &file, Death::Never, None) {
            Ok((End::Rest(files, _), _)) => files,
            Ok((End::Killed, _)) => panic!("nobody killed it"),
            Err(why) => panic!("{why}"),
        }
    })
}

/// What the core does with its answers.
#[derive(Clone, Copy, PartialEq)]
enum Partner {
    /// Leaves them where they are.
    Leaves,
    /// Takes them between two lives of the node.
    Takes,
}

/// One file through these lives, and then through one that nobody ends. Gives the number of lives that were ended.
fn lives(dropped: Dropped, partner: Partner, deaths: impl IntoIterator<Item = Death>) -> Result<usize, String> {
    let site = site();
    let file = drop_file(&site, dropped);
    let (mut killed, mut before) = (0, None);
    for death in deaths.into_iter().chain([Death::Never]) {
        let (end, evidence) = live(&site, &file, death, before.as_ref())?;
        before = Some(evidence);
        let files = match end {
            End::Killed => {
                killed += 1;
                if partner == Partner::Takes {
                    take_answers(&site);
                }
                continue;
            }
            End::Rest(files, _) => files,
        };
        let (mut due, mut found) = (undisturbed(dropped).clone(), files);
        if partner == Partner::Takes {
            // Books and folders rightly show that the answer was taken; and it must not have come again.
            take_answers(&site);
            due.remove("outcome.json");
            found.remove("outcome.json");
        }
        let told = differences(&due, &found);
        return if told.is_empty() { Ok(killed) } else { Err(format!("{death:?}: {}", told.join("\n  "))) };
    }
    unreachable!("the last life is ended by nobody")
}

/// Kills before and after every commit until a run ends untouched; the faults of all runs.
fn at_every_commit(dropped: Dropped, partner: Partner) {
    undisturbed(dropped);
    let deaths = (1..=COMMITS_MAX).flat_map(|n| [Death::Before(n), Death::After(n)]);
    let jobs: Mutex<VecDeque<Death>> = Mutex::new(deaths.collect());
    let told: Mutex<Vec<String>> = Mutex::default();
    let untouched: Mutex<Vec<Death>> = Mutex::default();
    let ended = AtomicUsize::new(0);
    let work = || {
        loop {
            // When a run before and one after a commit were not ended any more, there is no later commit.
            let next = jobs.lock().unwrap().pop_front();
            let Some(death) = next.filter(|_| untouched.lock().unwrap().len() < 2) else { return };
            match lives(dropped, partner, [death]) {
                Ok(0) => untouched.lock().unwrap().push(death),
                Ok(lives) => _ = ended.fetch_add(lives, Ordering::Relaxed),
                Err(why) => told.lock().unwrap().push(format!("killed {death:?}, then {why}")),
            }
        }
    };
    std::thread::scope(|scope| {
        (0..AT_ONCE).for_each(|_| {
            scope.spawn(work);
        });
    });
    let told = told.into_inner().unwrap();
    assert!(told.is_empty(), "\n\n{}\n", told.join("\n\n"));
    assert!(untouched.into_inner().unwrap().len() >= 2, "there are more than {COMMITS_MAX} commits");
    // `./dev reliability` adds them up.
    println!("{} faults: death before or after a commit", ended.into_inner());
}

#[test]
fn a_node_killed_at_any_commit_goes_on_as_if_nothing_had_been() {
    at_every_commit(Dropped::Partly, Partner::Leaves);
}

#[test]
fn a_refused_file_is_refused_once_whenever_the_node_is_killed() {
    at_every_commit(Dropped::Refused, Partner::Leaves);
}

#[test]
fn an_answer_that_is_taken_between_two_lives_does_not_come_again() {
    at_every_commit(Dropped::Partly, Partner::Takes);
}

#[test]
fn a_node_that_dies_after_each_commit_still_ends() {
    let deaths = std::iter::repeat_n(Death::After(1), COMMITS_MAX as usize);
    let killed = lives(Dropped::Partly, Partner::Leaves, deaths).unwrap_or_else(|why| panic!("{why}"));
    assert!(killed > 8, "only {killed} lives ended");
    println!("{killed} faults: death after each commit of one row of lives");
}

/// Each place with each part of its calls, met in each of these ways by several nodes at once. How often something was held.
fn disturb(jobs: impl IntoIterator<Item = (Place, (usize, usize), Vec<Manner>, u64)>) -> u64 {
    let jobs: Mutex<VecDeque<_>> = Mutex::new(jobs.into_iter().collect());
    let waited = AtomicU64::new(0);
    let work = || {
        loop {
            let next = jobs.lock().unwrap().pop_front();
            let Some((place, which, manners, least)) = next else { return };
            let (faults, held) = at_each_call(place, &manners, which);
            assert!(faults >= least, "{place:?}, {manners:?}: only {faults} calls");
            let halts = place == Place::Vault && manners.contains(&(How::Refused(Errno::ACCESS), false));
            assert!(halts || held == 0, "{place:?}, {manners:?}: held {held} times");
            waited.fetch_add(held, Ordering::SeqCst);
        }
    };
    std::thread::scope(|scope| {
        // Most of the time they wait for their nodes.
        (0..2 * AT_ONCE).for_each(|_| {
            scope.spawn(work);
        });
    });
    waited.into_inner()
}

/// One file for each call of the vault's disk and of each folder. A call is refused by each error, torn, cut off, answered by
/// nobody, or done later; and for a while nothing works after it. These manners take turns, call by call; with
/// `FPP_EVERY_FAULT` each of them is met at every call.
#[test]
fn a_node_below_which_any_call_fails_brings_every_file_out_once() {
    let manners: Vec<Manner> = manners().into_iter().chain([(How::Late(3), false)]).collect();
    let all = std::env::var_os("FPP_EVERY_FAULT").is_some();
    let rounds: Vec<&[Manner]> = if all { manners.chunks(1).collect() } else { vec![&manners] };
    // Most calls are the vault's: several nodes share them. Five divides no number of manners, so that each has its turns.
    assert!(!manners.len().is_multiple_of(5));
    let vault = (0..5).map(|from| (Place::Vault, (from, 5)));
    let places = vault.chain(["core-out", "core-in", "services"].map(|spool| (Place::Spool(spool), (0, 1))));
    let places: Vec<_> = places.collect();
    let jobs = rounds.iter().flat_map(|manners| places.iter().map(|(place, of)| (*place, *of, manners.to_vec(), 16)));
    // The vault's right is missing at several calls of a file, and each time a person is asked.
    let waited = disturb(jobs);
    assert!(waited > 1, "held {waited} times");
}

/// One file for each sync: what was not made durable is never promised, and comes out all the same.
#[test]
fn a_node_below_which_any_sync_is_lost_brings_every_file_out_once() {
    let places = [Place::Vault, Place::Spool("core-in"), Place::Spool("services")];
    disturb(places.map(|place| (place, (0, 1), vec![(How::LostSync, false)], 3)));
}

#[test]
fn a_node_that_does_not_hear_of_a_commit_goes_on() {
    let (faults, held) = at_each_call(Place::Books, &[(How::AnswerLost, false)], (0, 1));
    assert!(faults > 8 && held == 0, "{faults} answers lost, {held} held");
}

#[test]
fn a_node_whose_commit_is_refused_goes_on() {
    let (faults, held) = at_each_call(Place::Books, &[(How::Refused(Errno::IO), false)], (0, 1));
    assert!(faults > 8 && held == 0, "{faults} commits refused, {held} held");
}

#[test]
fn a_process_killed_at_any_moment_goes_on_from_its_books() {
    use {DeliveryState as D, Purpose as P};
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let due = without_times(undisturbed(Dropped::Partly));
    let points = (1..=7).map(Point::Journal).chain([
        Point::Delivery(P::Events, D::Planned),
        Point::Delivery(P::Events, D::Proven),
        Point::Delivery(P::Answer, D::Planned),
        Point::Delivery(P::Answer, D::Proven),
        Point::Delivery(P::Answer, D::Delivered),
    ]);
    let mut killed = 0;
    for point in points {
        let files = runtime.block_on(killed_at(point));
        let told = differences(&due, &without_times(&files));
        assert!(told.is_empty(), "killed at {point:?}:\n  {}", told.join("\n  "));
        killed += 1;
    }
    println!("{killed} faults: SIGKILL of the process at a state");
}

/// A process for each call: in ordinary runs at some of them, with `FPP_EVERY_FAULT` at each, until one comes to its end.
#[test]
fn a_process_killed_at_a_call_goes_on_from_what_is_there() {
    let due = undisturbed(Dropped::Partly);
    let all = std::env::var_os("FPP_EVERY_FAULT").is_some();
    let places = [("vault", 0, 29), ("core-out", 1, 9), ("core-in", 2, 9), ("services", 5, 9), ("books", 1, 5)];
    let next = AtomicUsize::new(0);
    let killed = AtomicU64::new(0);
    let work = || {
        while let Some((place, from, step)) = places.get(next.fetch_add(1, Ordering::SeqCst)) {
            let calls = if all { (0..).step_by(1) } else { (*from..).step_by(*step) };
            let met = calls.take_while(|call| struck::at_call(place, *call, due)).count() as u64;
            assert!(met > 1, "{place}: killed {met} times");
            killed.fetch_add(met, Ordering::SeqCst);
        }
    };
    std::thread::scope(|scope| {
        (0..AT_ONCE).for_each(|_| {
            scope.spawn(work);
        });
    });
    println!("{} faults: SIGKILL of the process before a call or after a commit", killed.into_inner());
}

#[test]
#[ignore = "the process that is killed above"]
fn a_node_that_kills_its_own_process() {
    struck::child();
}

/// The process has a real clock: times of the deciding commit are left out, and with them the bytes of the answer.
fn without_times(files: &Files) -> Files {
    let kept = files.iter().filter(|(name, _)| !name.ends_with(".dat"));
    kept.map(|(name, bytes)| {
        let mut text = String::from_utf8(bytes.clone()).unwrap();
        for key in ["\"ACKTS\":\"", "\"PRCTS\":\""] {
            text = blank_after(&text, key);
        }
        let end =
            |line: &str| if line.contains("pm.file.") { blank_after(line, "\"time\":\"") } else { line.to_owned() };
        let lines: Vec<String> = text.lines().map(end).collect();
        (name.clone(), lines.join("\n").into_bytes())
    })
    .collect()
}

/// Takes out each quoted value after a key.
fn blank_after(text: &str, key: &str) -> String {
    let mut parts = text.split(key);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(key);
        out.push_str(part.split_once('"').map_or("", |(_, rest)| rest));
    }
    out
}
