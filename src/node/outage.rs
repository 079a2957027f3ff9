//! A ledger that cannot be reached, told once: a line in the log when it goes away, and a line and a notice when it is
//! back. Everything that a node does needs the ledger, so all of it fails at once and again and again; each of these
//! failures is a line of level DEBUG.
//!
//! Invariant: an error that says anything else than "the ledger does not answer" is never kept quiet here.

use crate::error::{Class, Error};
use fpp_codecs::Code;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// So long no call may fail before the outage is over: while a server comes back, some of its connections fail still.
const QUIET: Duration = Duration::from_secs(5);
/// An outage of which a person hears; a shorter one is in the log.
const TOLD_FROM: Duration = Duration::from_secs(5);

/// What is known of the present outage.
#[derive(Debug)]
struct Away {
    since: Instant,
    last: Instant,
    calls: u64,
}

/// What was an outage.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Over {
    /// From the first call that failed to the last.
    pub(super) lasted: Duration,
    /// Calls that failed.
    pub(super) calls: u64,
}

impl Over {
    /// Whether a person hears of it.
    pub(super) fn is_told(&self) -> bool {
        self.lasted >= TOLD_FROM
    }
}

/// The outages of the ledger, as this node sees them.
#[derive(Debug, Default)]
pub(crate) struct Outage(Mutex<Option<Away>>);

impl Outage {
    /// Whether an error is that the ledger cannot be reached, which is told here, once.
    pub(crate) fn tells(&self, what: &str, error: &Error) -> bool {
        if error.code != Code::LEDGER || error.class != Class::Retry {
            return false;
        }
        if self.begins(Instant::now()) {
            tracing::error!("the ledger cannot be used now, and work waits; told again when it can: {what}: {error}");
        } else {
            tracing::debug!("the ledger still cannot be used: {what}: {error}");
        }
        true
    }

    /// Notes a call that failed; true when it is the first.
    fn begins(&self, now: Instant) -> bool {
        let mut away = self.lock();
        match &mut *away {
            Some(away) => {
                away.last = now;
                away.calls += 1;
                false
            }
            None => {
                *away = Some(Away { since: now, last: now, calls: 1 });
                true
            }
        }
    }

    /// Notes a call that was answered; what is over by that, if something is.
    pub(super) fn answered(&self, now: Instant) -> Option<Over> {
        let mut away = self.lock();
        let over = away.take_if(|away| now.duration_since(away.last) >= QUIET)?;
        Some(Over { lasted: over.last.duration_since(over.since), calls: over.calls })
    }

    fn lock(&self) -> MutexGuard<'_, Option<Away>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_told_once_and_is_over_when_nothing_fails_for_a_while() {
        let outage = Outage::default();
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        assert!(outage.begins(at(0)));
        assert!(!outage.begins(at(3)));
        assert_eq!(outage.answered(at(4)), None, "another connection may be dead still");
        assert!(!outage.begins(at(12)));
        assert_eq!(outage.answered(at(16)), None);
        let over = outage.answered(at(17)).unwrap();
        assert_eq!(over, Over { lasted: Duration::from_secs(12), calls: 3 });
        assert!(over.is_told());
        assert_eq!(outage.answered(at(18)), None);
        assert!(outage.begins(at(19)), "the next one is told again");
        assert!(!outage.answered(at(30)).unwrap().is_told());
    }

    #[test]
    fn other_errors_are_left_to_others() {
        let outage = Outage::default();
        for error in [
            Error::retry(Code::VAULT, "x"),
            Error::halt(Code::LEDGER, "a row is damaged"),
            Error::halt(Code::STALE_EPOCH, "x"),
        ] {
            assert!(!outage.tells("x", &error));
        }
        assert!(outage.tells("x", &Error::retry(Code::LEDGER, "x")));
        assert_eq!(outage.lock().as_ref().map(|away| away.calls), Some(1));
    }
}
