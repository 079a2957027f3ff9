//! A seeded simulator: three nodes on one ledger, a core, a consumer, an outlet, simulated time, faults at every seam. The steps are
//! the real ones; who runs when, what fails and what the clocks show is decided by the seed, so a seed that fails is
//! printed and fails again: `FPP_SIM_SEED=4711 cargo test --test simulator`.
//!
//! `FPP_SIM_TRACE=5000` prints more of its trace. `FPP_SIM_SEEDS=100000 cargo test --release --test simulator` runs more of them, from `FPP_SIM_SEED` on.
#![cfg(feature = "demo")]
// A test that cannot go on says so by panicking, in helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::cast_possible_truncation)]

mod baton;
mod books;
#[path = "../../spool/tests/dice_support/mod.rs"]
mod dice_support;
mod disks;
mod ledger;
mod node;
mod outlet;
mod seams;
mod site;
#[path = "../support/mod.rs"]
mod support;
mod world;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use world::run;

/// Seeds of an ordinary run.
const SEEDS: u64 = 150;
/// Lines of a failing run's trace that are printed.
const TOLD: usize = 400;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{variable} is no number")))
}

#[test]
fn every_seed_keeps_every_invariant() {
    let (from, seeds) = match (number("FPP_SIM_SEED"), number("FPP_SIM_SEEDS")) {
        (Some(one), None) => (one, 1),
        (from, seeds) => (from.unwrap_or(0), seeds.unwrap_or(SEEDS)),
    };
    let told = number("FPP_SIM_TRACE").map_or(TOLD, |lines| lines as usize);
    let next = AtomicU64::new(from);
    let failed: Mutex<Vec<u64>> = Mutex::default();
    let met: Mutex<BTreeMap<&'static str, u64>> = Mutex::default();
    let began = std::time::Instant::now();
    let work = &|worker| {
        stay_on_one_processor(worker);
        loop {
            let seed = next.fetch_add(1, SeqCst);
            if seed >= from + seeds || failed.lock().unwrap().len() >= 5 {
                return;
            }
            let outcome = run(seed);
            let mut met = met.lock().unwrap();
            for (kind, count) in &outcome.met {
                *met.entry(kind).or_default() += count;
            }
            drop(met);
            if !outcome.violations.is_empty() {
                failed.lock().unwrap().push(seed);
                let trace = &outcome.trace[outcome.trace.len().saturating_sub(told)..];
                println!("seed {seed}:\n  {}\n{}\n", outcome.violations.join("\n  "), trace.join("\n"));
            }
        }
    };
    std::thread::scope(|scope| {
        for worker in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(move || work(worker));
        }
    });
    println!("{seeds} seeds from {from} in {:.1} s", began.elapsed().as_secs_f64());
    for (kind, count) in met.into_inner().unwrap() {
        println!("{count:>10}  {kind}");
    }
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "seeds {failed:?} break an invariant; FPP_SIM_SEED={} runs one again", failed[0]);
}

/// The threads of a run take turns, so a second processor would only make each turn dearer: handing the turn over wakes
/// another thread, and across processors that costs several times as much. Threads that are begun here stay here too.
fn stay_on_one_processor(worker: usize) {
    #[cfg(target_os = "linux")]
    {
        use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
        let Ok(ours) = sched_getaffinity(None) else { return };
        let allowed: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|cpu| ours.is_set(*cpu)).collect();
        let mut one = CpuSet::new();
        one.set(allowed[worker % allowed.len()]);
        // Where the machine does not let it, the run is slower.
        let _ = sched_setaffinity(None, &one);
    }
}

#[test]
fn a_seed_runs_the_same_again() {
    for seed in [1, 2, 3] {
        let (first, again) = (run(seed).trace, run(seed).trace);
        let differ = first.iter().zip(&again).position(|(a, b)| a != b);
        let at = differ.unwrap_or(first.len().min(again.len()));
        assert!(first == again, "seed {seed} differs at line {at}:\n{:?}\n{:?}", first.get(at), again.get(at));
    }
}
