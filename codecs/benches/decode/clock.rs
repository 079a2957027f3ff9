//! Processor seconds, and medians of them.

use rustix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::time::Duration;

/// What was measured.
#[derive(Clone, Copy)]
pub struct Figure {
    /// MiB of input in a second of processor time.
    pub speed: f64,
    /// Good records of one pass.
    pub good: usize,
}

/// Runs of which the median counts.
const RUNS: usize = 9;
/// A run repeats its work for at least so long.
const RUN_SECONDS: f64 = 0.1;

/// The median speed of a pass over so many bytes; the first run, which finds everything cold, does not count.
pub fn measure(bytes: usize, mut pass: impl FnMut() -> usize) -> Figure {
    let good = pass();
    let mut seconds: Vec<f64> = (0..RUNS)
        .map(|_| {
            let (start, mut passes) = (now(), 0);
            while passes == 0 || now() - start < RUN_SECONDS {
                assert_eq!(black_box(pass()), good);
                passes += 1;
            }
            (now() - start) / f64::from(passes)
        })
        .collect();
    Figure { speed: mib(bytes) / median(&mut seconds), good }
}

pub fn mib(bytes: usize) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

pub fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Processor time of this thread.
fn now() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32).as_secs_f64()
}
