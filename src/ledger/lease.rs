//! Leases: who works on what, and since which epoch.
//!
//! A clock never decides alone (D23): a claimer takes over only after it has seen epoch and beat unchanged for
//! `lease_ms` on its own monotonic clock ([`Observer`]), and every write carries the epoch, so that a stale holder is
//! refused by the ledger.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// What a lease is on: `transfer:<id>`, `delivery:<id>`, `seal`, `watch:<spool>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LeaseKey(pub String);

/// A lease row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// What it is on.
    pub key: LeaseKey,
    /// Fencing number; grows with every holder.
    pub epoch: u64,
    /// Node and incarnation that hold it; empty when it was given back.
    pub holder: String,
    /// Grows while the holder lives.
    pub beat: u64,
}

/// Remembers since when each foreign lease has not moved.
#[derive(Debug, Default)]
pub struct Observer {
    seen: HashMap<LeaseKey, (u64, u64, Instant)>,
}

impl Observer {
    /// Whether a lease may be taken over: given back, or unchanged for `lease_ms` of this process's own time.
    pub fn is_free(&mut self, lease: &Lease, lease_ms: u64, now: Instant) -> bool {
        if lease.holder.is_empty() {
            self.seen.remove(&lease.key);
            return true;
        }
        let seen = self.seen.entry(lease.key.clone()).or_insert((lease.epoch, lease.beat, now));
        if (seen.0, seen.1) != (lease.epoch, lease.beat) {
            *seen = (lease.epoch, lease.beat, now);
        }
        now.duration_since(seen.2) >= Duration::from_millis(lease_ms)
    }

    /// Forgets a lease that was taken or is gone.
    pub fn forget(&mut self, key: &LeaseKey) {
        self.seen.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_free_only_after_it_stood_still_for_its_whole_time() {
        let mut observer = Observer::default();
        let mut lease = Lease { key: LeaseKey("transfer:1".into()), epoch: 3, holder: "b/1".into(), beat: 7 };
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        assert!(!observer.is_free(&lease, 1000, at(0)));
        assert!(!observer.is_free(&lease, 1000, at(999)));
        lease.beat = 8;
        assert!(!observer.is_free(&lease, 1000, at(1000)), "a beat starts the time anew");
        assert!(!observer.is_free(&lease, 1000, at(1999)));
        assert!(observer.is_free(&lease, 1000, at(2000)));
        lease.holder.clear();
        assert!(observer.is_free(&lease, 1000, at(2000)), "given back");
    }
}
