//! Doing a transaction again that another one stood in the way of: a deadlock, a lock that did not become free, a unique
//! key that another node took first.
//!
//! Invariant: only what certainly was undone is done again. When the answer to a commit is lost, whether it stands is
//! unknown here, and the caller is told to look at the books (class *retry*).

use super::session::{End, Transaction};
use crate::error::Result;
use std::time::{Duration, Instant};

/// How often a transaction is done again.
const AGAIN_MAX: u32 = 12;
/// How long it is tried in all; engines wait for locks meanwhile.
const WITHIN: Duration = Duration::from_secs(30);
/// First and longest pause; the pauses double, and are shortened by chance so that two nodes do not meet again.
const FIRST_PAUSE: Duration = Duration::from_millis(4);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// The tries of one transaction.
pub(super) struct Tries {
    again: u32,
    begun: Instant,
}

impl Tries {
    pub(super) fn new() -> Tries {
        Tries { again: 0, begun: Instant::now() }
    }

    /// Ends a try: commits what succeeded and undoes what did not. Nothing when it is to be done once more.
    pub(super) async fn end<T>(
        &mut self,
        transaction: Box<dyn Transaction + '_>,
        result: Result<T>,
    ) -> Option<Result<T>> {
        let End { clashed, fault } = transaction.end(result.is_ok()).await;
        if clashed && self.again < AGAIN_MAX && self.begun.elapsed() < WITHIN {
            tokio::time::sleep(pause(self.again)).await;
            self.again += 1;
            return None;
        }
        Some(match (result, fault) {
            (Ok(_), Some(fault)) => Err(fault),
            (result, _) => result,
        })
    }
}

fn pause(again: u32) -> Duration {
    let longest = FIRST_PAUSE.saturating_mul(1 << again.min(16)).min(LONGEST_PAUSE);
    longest.mul_f64(0.5 + chance() / 2.0)
}

/// From 0 to 1. Good enough to keep two nodes apart.
fn chance() -> f64 {
    use std::hash::{BuildHasher, RandomState};
    f64::from(RandomState::new().hash_one(0) as u32) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_bounded() {
        for again in [0, 1, 5, 12, 40] {
            let longest = FIRST_PAUSE.saturating_mul(1 << again.min(16)).min(LONGEST_PAUSE);
            for _ in 0..100 {
                assert!((longest / 2..=longest).contains(&pause(again)), "{again}");
            }
        }
    }
}
