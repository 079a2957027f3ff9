//! What all calls of one endpoint go through: its rate, and its breaker.
//!
//! After [`FAILURES`] failed calls in a row the endpoint is left alone for a while; then one call tries it, and the others
//! wait for what that call finds. An endpoint that asks for a pause is left alone for that pause at once.

use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Failures in a row after which it is left alone.
const FAILURES: u32 = 5;
/// The first pause; each further failure doubles it.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest, unless the endpoint itself asks for more.
const PAUSE_MAX: Duration = Duration::from_secs(8);

pub(super) struct Gate {
    /// Between two calls.
    distance: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failures: u32,
    /// Nobody calls before.
    closed_until: Option<Instant>,
    /// The next call's turn.
    turn: Option<Instant>,
}

impl Gate {
    pub(super) fn new(calls_per_second: Option<NonZeroU32>) -> Gate {
        let distance = calls_per_second.map_or(Duration::ZERO, |calls| Duration::from_secs(1) / calls.get());
        Gate { distance, state: Mutex::default() }
    }

    /// Waits for this call's turn; says how long the endpoint is left alone if it is. One call may take `call_max`.
    pub(super) async fn enter(&self, call_max: Duration) -> Result<(), Duration> {
        let turn = self.take_turn(Instant::now(), call_max)?;
        sleep_until(turn).await;
        Ok(())
    }

    fn take_turn(&self, now: Instant, call_max: Duration) -> Result<Instant, Duration> {
        let mut state = self.state();
        if let Some(until) = state.closed_until {
            if let Some(left) = until.checked_duration_since(now).filter(|left| !left.is_zero()) {
                return Err(left);
            }
            // This call tries the endpoint. Should it never come back, somebody else may after a while.
            state.closed_until = Some(now + call_max);
        }
        let turn = state.turn.map_or(now, |turn| turn.max(now));
        state.turn = Some(turn + self.distance);
        Ok(turn)
    }

    /// How long it is left alone from now on, if it is.
    pub(super) fn closed_for(&self) -> Option<Duration> {
        let until = self.state().closed_until?;
        until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }

    /// The endpoint answered.
    pub(super) fn worked(&self) {
        let mut state = self.state();
        state.failures = 0;
        state.closed_until = None;
    }

    /// It did not, or cannot work now; it may have asked for a pause.
    pub(super) fn failed(&self, asked: Option<Duration>) {
        self.failed_at(Instant::now(), asked);
    }

    fn failed_at(&self, now: Instant, asked: Option<Duration>) {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        let beyond = state.failures.checked_sub(FAILURES);
        let own = beyond.map(|beyond| PAUSE.saturating_mul(1 << beyond.min(16)).min(PAUSE_MAX));
        state.closed_until = own.max(asked).map(|pause| now + pause);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Gate;
    use std::num::NonZeroU32;
    use std::time::Duration;
    use tokio::time::Instant;

    const CALL: Duration = Duration::from_secs(10);

    #[test]
    fn after_five_failures_one_call_tries_and_the_others_wait_for_it() {
        let gate = Gate::new(None);
        let begun = Instant::now();
        for _ in 0..4 {
            gate.failed_at(begun, None);
            assert!(gate.take_turn(begun, CALL).is_ok());
        }
        gate.failed_at(begun, None);
        assert_eq!(gate.take_turn(begun, CALL), Err(Duration::from_secs(1)));
        let later = begun + Duration::from_secs(1);
        assert_eq!(gate.take_turn(later, CALL), Ok(later));
        assert_eq!(gate.take_turn(later, CALL), Err(CALL), "one is trying");
        gate.failed_at(later, None);
        assert_eq!(gate.take_turn(later, CALL), Err(Duration::from_secs(2)));
        for _ in 0..40 {
            gate.failed_at(later, None);
        }
        assert_eq!(gate.take_turn(later, CALL), Err(Duration::from_secs(8)));
        gate.worked();
        assert!(gate.take_turn(later, CALL).is_ok() && gate.take_turn(later, CALL).is_ok());
    }

    #[test]
    fn a_pause_that_was_asked_for_holds_at_once() {
        let gate = Gate::new(None);
        let begun = Instant::now();
        gate.failed_at(begun, Some(Duration::from_secs(120)));
        assert_eq!(gate.take_turn(begun, CALL), Err(Duration::from_secs(120)));
    }

    #[test]
    fn calls_keep_their_distance() {
        let gate = Gate::new(NonZeroU32::new(4));
        let begun = Instant::now();
        let turns: Vec<u128> = (0..4).map(|_| (gate.take_turn(begun, CALL).unwrap() - begun).as_millis()).collect();
        assert_eq!(turns, [0, 250, 500, 750]);
        // What was not used is not saved up.
        let late = begun + Duration::from_secs(60);
        assert_eq!(gate.take_turn(late, CALL), Ok(late));
        assert_eq!(gate.take_turn(late, CALL), Ok(late + Duration::from_millis(250)));
    }
}
