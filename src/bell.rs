//! Wakes whoever waits for the books to change: workers, deliveries, readers of the stream.
//!
//! Only a hint: everyone who waits also looks by himself from time to time, because other nodes ring other bells. A busy
//! node rings hundreds of times a second: who asks the books at each ring keeps to a [`Pace`].

use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// A bell, shared by cloning.
#[derive(Clone, Debug)]
pub struct Bell {
    rings: Arc<watch::Sender<u64>>,
}

/// One who listens.
#[derive(Debug)]
pub struct Listener {
    rings: watch::Receiver<u64>,
}

/// How often one may ask: for as long as a question took, four times that nothing is asked. So asking costs the books the same
/// small share however often the bell rings, and one who has not asked for a while asks at once.
#[derive(Debug, Default)]
pub struct Pace {
    until: Option<Instant>,
}

impl Default for Bell {
    fn default() -> Bell {
        Bell { rings: Arc::new(watch::Sender::new(0)) }
    }
}

impl Bell {
    /// Something changed.
    pub fn ring(&self) {
        self.rings.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Listens from now on: a ring between this call and [`Listener::wait`] is not lost.
    pub fn listen(&self) -> Listener {
        let mut rings = self.rings.subscribe();
        rings.mark_unchanged();
        Listener { rings }
    }
}

/// The longest that nothing is asked, whatever a question took.
const REST_MAX: Duration = Duration::from_millis(25);

impl Pace {
    /// A question that began then is answered now.
    pub fn answered(&mut self, began: Instant) {
        let now = Instant::now();
        self.until = Some(now + (now.saturating_duration_since(began) * 4).min(REST_MAX));
    }

    /// How long nothing is asked from now on.
    pub fn left(&self) -> Duration {
        self.until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()))
    }
}

impl Listener {
    /// Returns at the next ring, or after `patience`.
    pub async fn wait(&mut self, patience: Duration) {
        // A closed bell means that the node stops; whoever waits is told so by other means.
        let _ = tokio::time::timeout(patience, self.rings.changed()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_rests_as_long_as_the_question_took_and_never_for_long() {
        assert!(Pace::default().left().is_zero(), "the first question is asked at once");
        let mut pace = Pace::default();
        pace.answered(Instant::now() - Duration::from_millis(20));
        let left = pace.left();
        assert!(left > Duration::ZERO && left <= REST_MAX, "{left:?}");
        pace.answered(Instant::now() - Duration::from_secs(60));
        assert!(pace.left() <= REST_MAX, "a slow question is no reason to be deaf");
    }
}
