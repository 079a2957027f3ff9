//! An outlet that does not answer is left alone, and asked now and then whether it does again: so its postings do not each
//! wait for it, and go on at once when it is back, whatever their own pauses.
//!
//! An outlet that answers when it is asked and fails again as soon as something is pushed is one trouble, not one after the
//! other: it is over when something was taken, or when the outlet answered for a while.
//!
//! It is opened only by an outlet that, asked for itself, does not answer: one file that a target chokes on opens nothing.
//! It is this node's own look, and survives no restart.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Since when an outlet does not answer, and what it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Down {
    /// Since when.
    pub since_ms: i64,
    /// What it said last.
    pub error: String,
    /// A person was told.
    pub told: bool,
}

#[derive(Debug)]
struct Back {
    from: Down,
    since: Instant,
    /// It took something since.
    worked: bool,
}

impl Back {
    fn is_over(&self, now: Instant) -> bool {
        self.worked || now.saturating_duration_since(self.since) >= CALM
    }
}

#[derive(Debug, Default)]
struct State {
    down: Option<Down>,
    /// It answers again, and whether the trouble is over is not said yet.
    back: Option<Back>,
    /// Not asked before then.
    probe_at: Option<Instant>,
    /// It is back: what waits is tried now.
    hurry: bool,
    probes: u64,
}

/// Whether an outlet is left alone.
#[derive(Debug, Default)]
pub struct Breaker(Mutex<State>);

/// A person hears of an outlet that is down for so long.
const TOLD_AFTER_MS: i64 = 3_000;
/// When it answered for so long, its trouble is over although nothing was pushed. Longer than a webhook is left alone.
const CALM: Duration = Duration::from_secs(10);

impl Breaker {
    /// It does not answer, or still does not.
    pub fn open(&self, error: String, now_ms: i64, pause: Duration) {
        let mut state = self.lock();
        state.probes += 1;
        // A quarter more or less, so that several nodes do not ask in the same moment.
        let jitter = pause.mul_f64(f64::from(u32::try_from(state.probes % 5).unwrap_or(0)) / 16.0);
        state.probe_at = Some(Instant::now() + pause.mul_f64(0.875) + jitter);
        match &mut state.down {
            Some(down) => down.error = error,
            None => {
                let down = match state.back.take().filter(|back| !back.is_over(Instant::now())) {
                    Some(back) => Down { error, ..back.from },
                    None => Down { since_ms: now_ms, error, told: false },
                };
                state.down = Some(down);
            }
        }
    }

    /// It answers again; since when it did not, if it did not.
    pub fn close(&self) -> Option<Down> {
        self.close_at(Instant::now())
    }

    fn close_at(&self, now: Instant) -> Option<Down> {
        let mut state = self.lock();
        let down = state.down.take()?;
        state.back = Some(Back { from: down.clone(), since: now, worked: false });
        state.hurry = true;
        state.probe_at = None;
        Some(down)
    }

    /// It took something.
    pub fn worked(&self) {
        if let Some(back) = &mut self.lock().back {
            back.worked = true;
        }
    }

    /// Whether it does not answer, or answers again and nothing shows yet that its trouble is over.
    pub fn is_troubled(&self) -> bool {
        self.is_troubled_at(Instant::now())
    }

    fn is_troubled_at(&self, now: Instant) -> bool {
        let state = self.lock();
        state.down.is_some() || state.back.as_ref().is_some_and(|back| !back.is_over(now))
    }

    /// How it is.
    pub fn down(&self) -> Option<Down> {
        self.lock().down.clone()
    }

    /// How long until it is asked again; nothing while it answers.
    pub fn probe_in(&self) -> Option<Duration> {
        self.lock().probe_at.map(|at| at.saturating_duration_since(Instant::now()))
    }

    /// Whether it has just come back: said once.
    pub fn take_hurry(&self) -> bool {
        std::mem::take(&mut self.lock().hurry)
    }

    /// Whether a person should hear of it now: said once.
    pub fn take_told(&self, now_ms: i64) -> Option<Down> {
        let mut state = self.lock();
        let down = state.down.as_mut().filter(|down| !down.told && now_ms - down.since_ms >= TOLD_AFTER_MS)?;
        down.told = true;
        Some(down.clone())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outlet_that_is_down_is_told_once_and_hurries_once_when_it_is_back() {
        let breaker = Breaker::default();
        assert_eq!(breaker.probe_in(), None);
        breaker.open("refused".into(), 1_000, Duration::from_secs(1));
        assert!(breaker.probe_in().is_some_and(|pause| pause <= Duration::from_millis(1_125)));
        assert_eq!(breaker.take_told(2_000), None, "too short");
        breaker.open("still".into(), 4_500, Duration::from_secs(1));
        assert_eq!(breaker.take_told(4_500).map(|down| (down.since_ms, down.error)), Some((1_000, "still".into())));
        assert_eq!(breaker.take_told(9_000), None, "said before");
        assert!(breaker.close().is_some_and(|down| down.told));
        assert!(breaker.take_hurry() && !breaker.take_hurry());
        assert_eq!((breaker.close(), breaker.down()), (None, None));
        assert!(!breaker.take_hurry(), "it was not down");
    }

    #[test]
    fn an_outlet_that_answers_and_fails_again_is_one_trouble_until_it_took_something() {
        let (breaker, pause) = (Breaker::default(), Duration::from_secs(1));
        for spell in 0..4 {
            breaker.open("429".into(), 1_000 + spell * 1_500, pause);
            let told = breaker.take_told(1_000 + spell * 1_500);
            assert_eq!(told.map(|down| down.since_ms), (spell == 2).then_some(1_000), "spell {spell}: each is short");
            breaker.close();
            assert!(breaker.is_troubled());
        }
        breaker.worked();
        assert!(!breaker.is_troubled());
        breaker.open("away".into(), 90_000, pause);
        let back = Instant::now();
        assert!(breaker.close_at(back).is_some_and(|down| down.since_ms == 90_000 && !down.told), "a new trouble");
        assert!(breaker.is_troubled_at(back + CALM / 2));
        assert!(!breaker.is_troubled_at(back + CALM), "nothing was to be pushed");
    }
}
