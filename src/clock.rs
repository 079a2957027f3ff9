//! The time of day, in UTC milliseconds (D21).
//!
//! Everything that is written into books, answers or events takes its time from here, so that a test can fix it.
//! Durations and deadlines use the monotonic clock instead.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where the time comes from.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine.
    #[default]
    System,
    /// Set by hand.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at one time.
    pub fn fixed(now_ms: i64) -> Clock {
        Clock::Fixed(Arc::new(AtomicI64::new(now_ms)))
    }

    /// UTC milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        match self {
            Clock::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
            }
            Clock::Fixed(ms) => ms.load(Ordering::Relaxed),
        }
    }
}
