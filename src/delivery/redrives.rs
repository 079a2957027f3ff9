//! Dead letters of a posting that could not be pushed once more: how often that was tried, and when it is tried next. So a
//! target that fails on one of them is not asked without end, and they come to an end as well.
//!
//! It is this node's own count, and begins anew with another life of the node.

use crate::backoff;
use crate::error::Error;
use crate::ledger::delivery::DeliveryId;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// So often they are tried; then they stay dead letters until a person has them pushed once more again.
pub(super) const ATTEMPTS_MAX: u32 = 10;

/// Failed attempts, and when the next one is due.
#[derive(Debug)]
struct Failed {
    attempts: u32,
    due: Instant,
}

/// What failed, by posting.
#[derive(Debug, Default)]
pub struct Redrives(Mutex<HashMap<DeliveryId, Failed>>);

impl Redrives {
    /// Whether a posting's letters may be pushed now.
    pub fn are_due(&self, id: &DeliveryId) -> bool {
        self.lock().get(id).is_none_or(|failed| failed.due <= Instant::now())
    }

    /// Some were taken, or nothing is to be pushed any more.
    pub(super) fn forget(&self, id: &DeliveryId) {
        self.lock().remove(id);
    }

    /// An attempt failed; how many did in a row.
    pub(super) fn failed(&self, id: &DeliveryId, error: &Error, longest_ms: i64) -> u32 {
        let mut all = self.lock();
        let failed = all.entry(id.clone()).or_insert_with(|| Failed { attempts: 0, due: Instant::now() });
        let pause_ms = backoff::up_to(error, &id.0, failed.attempts, longest_ms);
        failed.attempts += 1;
        failed.due = Instant::now() + Duration::from_millis(pause_ms.unsigned_abs());
        failed.attempts
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<DeliveryId, Failed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Redrives;
    use crate::error::Error;
    use crate::ledger::delivery::DeliveryId;
    use fpp_codecs::Code;

    #[test]
    fn a_posting_waits_after_a_failure_and_others_do_not() {
        let (redrives, one, other) = (Redrives::default(), DeliveryId("01A".into()), DeliveryId("01B".into()));
        let error = Error::retry(Code::OUTLET, "503");
        assert_eq!([1, 2, 3].map(|_| redrives.failed(&one, &error, 60_000)), [1, 2, 3]);
        assert!(!redrives.are_due(&one) && redrives.are_due(&other));
        redrives.forget(&one);
        assert!(redrives.are_due(&one));
        assert_eq!(redrives.failed(&one, &error, 60_000), 1);
    }
}
