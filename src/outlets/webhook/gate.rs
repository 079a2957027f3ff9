//! What all calls of one endpoint go through: its rate, and its breaker.
//!
//! After [`FAILURES`] failed calls in a row the endpoint is left alone for a while; then one call tries it, and the others
//! wait for what that call finds. An endpoint that asks for a pause is left alone for that pause at once, whatever calls find
//! that began before it asked.

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
    /// Nobody calls before; behind it one call at a time, until one works.
    closed_until: Option<Instant>,
    /// That call is under way, at most for so long.
    trying_until: Option<Instant>,
    /// How often it was closed.
    closings: u64,
    /// The next call's turn.
    turn: Option<Instant>,
}

/// One call that may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Turn {
    at: Instant,
    /// How often the gate had been closed when it was given: what the call finds is older than a later closing.
    closings: u64,
    /// It tries an endpoint that was left alone.
    tries: bool,
}

impl Gate {
    pub(super) fn new(calls_per_second: Option<NonZeroU32>) -> Gate {
        let distance = calls_per_second.map_or(Duration::ZERO, |calls| Duration::from_secs(1) / calls.get());
        Gate { distance, state: Mutex::default() }
    }

    /// Waits for this call's turn; says how long the endpoint is left alone if it is. One call may take `call_max`.
    pub(super) async fn enter(&self, call_max: Duration) -> Result<Turn, Duration> {
        loop {
            let turn = self.take_turn(Instant::now(), call_max)?;
            sleep_until(turn.at).await;
            // Closed while this one waited: it is asked again.
            if self.is_open_to(turn) {
                return Ok(turn);
            }
        }
    }

    fn take_turn(&self, now: Instant, call_max: Duration) -> Result<Turn, Duration> {
        let mut state = self.state();
        if let Some(left) = state.closed_for(now) {
            return Err(left);
        }
        let at = state.turn.map_or(now, |turn| turn.max(now));
        let tries = state.closed_until.is_some();
        if tries {
            // Should this call never come back, somebody else may try after a while. It begins at its turn, which may be late.
            state.trying_until = Some(at + call_max);
        }
        state.turn = Some(at + self.distance);
        Ok(Turn { at, closings: state.closings, tries })
    }

    fn is_open_to(&self, turn: Turn) -> bool {
        let mut state = self.state();
        let is_open = state.closings == turn.closings;
        if !is_open {
            state.ended(turn);
        }
        is_open
    }

    /// How long it is left alone from now on, if it is.
    pub(super) fn closed_for(&self) -> Option<Duration> {
        self.state().closed_for(Instant::now())
    }

    /// The endpoint answered a call.
    pub(super) fn worked(&self, turn: Turn) {
        let mut state = self.state();
        state.ended(turn);
        if state.closings == turn.closings {
            state.failures = 0;
            state.closed_until = None;
        }
    }

    /// It did not, or cannot work now; it may have asked for a pause.
    pub(super) fn failed(&self, turn: Turn, asked: Option<Duration>) {
        self.failed_at(Instant::now(), turn, asked);
    }

    fn failed_at(&self, now: Instant, turn: Turn, asked: Option<Duration>) {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        let beyond = state.failures.checked_sub(FAILURES);
        let own = beyond.map(|beyond| PAUSE.saturating_mul(1 << beyond.min(16)).min(PAUSE_MAX));
        if let Some(pause) = own.max(asked) {
            state.closed_until = state.closed_until.max(Some(now + pause));
            state.closings += 1;
        }
        state.ended(turn);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Where this call tried the endpoint, another one may.
    fn ended(&mut self, turn: Turn) {
        if turn.tries {
            self.trying_until = None;
        }
    }

    fn closed_for(&self, now: Instant) -> Option<Duration> {
        let until = self.closed_until.max(self.trying_until)?;
        until.checked_duration_since(now).filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::{Gate, Turn};
    use std::num::NonZeroU32;
    use std::time::Duration;
    use tokio::time::Instant;

    const CALL: Duration = Duration::from_secs(10);

    /// A call that goes now.
    fn called(gate: &Gate, now: Instant) -> Turn {
        gate.take_turn(now, CALL).unwrap()
    }

    fn left(gate: &Gate, now: Instant) -> Option<Duration> {
        gate.take_turn(now, CALL).err()
    }

    #[test]
    fn after_five_failures_one_call_tries_and_the_others_wait_for_it() {
        let gate = Gate::new(None);
        let begun = Instant::now();
        for _ in 0..4 {
            gate.failed_at(begun, called(&gate, begun), None);
        }
        gate.failed_at(begun, called(&gate, begun), None);
        assert_eq!(left(&gate, begun), Some(Duration::from_secs(1)));
        let later = begun + Duration::from_secs(1);
        let trial = called(&gate, later);
        assert_eq!((trial.at, left(&gate, later)), (later, Some(CALL)), "one is trying");
        gate.failed_at(later, trial, None);
        assert_eq!(left(&gate, later), Some(Duration::from_secs(2)));
        let mut now = later;
        for _ in 0..40 {
            now += left(&gate, now).unwrap();
            gate.failed_at(now, called(&gate, now), None);
        }
        assert_eq!(left(&gate, now), Some(Duration::from_secs(8)));
        now += Duration::from_secs(8);
        gate.worked(called(&gate, now));
        assert_eq!((left(&gate, now), left(&gate, now)), (None, None));
    }

    #[test]
    fn a_call_that_never_comes_back_is_not_waited_for_for_ever() {
        let gate = Gate::new(None);
        let begun = Instant::now();
        gate.failed_at(begun, called(&gate, begun), Some(CALL));
        called(&gate, begun + CALL);
        assert_eq!(left(&gate, begun + CALL), Some(CALL));
        called(&gate, begun + CALL * 2);
    }

    #[test]
    fn a_call_that_waits_for_a_late_turn_is_still_the_only_one_that_tries() {
        let gate = Gate::new(NonZeroU32::new(1));
        let begun = Instant::now();
        let first = called(&gate, begun);
        // As many wait for their turns, and find the gate closed then.
        (0..20).for_each(|_| _ = called(&gate, begun));
        let over = begun + Duration::from_secs(1);
        gate.failed_at(begun, first, Some(Duration::from_secs(1)));
        let trial = called(&gate, over);
        assert_eq!(trial.at, begun + Duration::from_secs(21));
        let later = over + CALL;
        assert_eq!(left(&gate, later), Some(trial.at + CALL - later), "it has not even begun");
        gate.worked(trial);
        assert_eq!(left(&gate, later), None);
    }

    #[test]
    fn a_pause_that_was_asked_for_holds_at_once_whatever_earlier_calls_find() {
        let gate = Gate::new(None);
        let begun = Instant::now();
        let [first, second, third, fourth] = [(); 4].map(|()| called(&gate, begun));
        gate.failed_at(begun, first, Some(Duration::from_secs(120)));
        assert_eq!(left(&gate, begun), Some(Duration::from_secs(120)));
        let soon = begun + Duration::from_secs(1);
        gate.failed_at(soon, second, Some(Duration::from_secs(5)));
        assert_eq!(left(&gate, soon), Some(Duration::from_secs(119)), "the longer one counts");
        gate.failed_at(soon, third, None);
        assert_eq!(left(&gate, soon), Some(Duration::from_secs(119)));
        gate.worked(fourth);
        assert_eq!(left(&gate, soon), Some(Duration::from_secs(119)), "it was answered before it asked");
        let over = begun + Duration::from_secs(120);
        gate.worked(called(&gate, over));
        assert_eq!((left(&gate, over), left(&gate, over)), (None, None));
    }

    #[tokio::test]
    async fn a_call_that_waited_for_its_turn_finds_the_gate_closed() {
        let gate = Gate::new(NonZeroU32::new(4));
        let first = gate.enter(CALL).await.unwrap();
        let asks = async { gate.failed(first, Some(Duration::from_secs(120))) };
        let (second, ()) = tokio::join!(gate.enter(CALL), asks);
        assert!(second.is_err_and(|left| left > Duration::from_secs(60)));
    }

    #[test]
    fn calls_keep_their_distance() {
        let gate = Gate::new(NonZeroU32::new(4));
        let begun = Instant::now();
        let turns: Vec<u128> = (0..4).map(|_| (called(&gate, begun).at - begun).as_millis()).collect();
        assert_eq!(turns, [0, 250, 500, 750]);
        // What was not used is not saved up.
        let late = begun + Duration::from_secs(60);
        assert_eq!(called(&gate, late).at, late);
        assert_eq!(called(&gate, late).at, late + Duration::from_millis(250));
    }
}
