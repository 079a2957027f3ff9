//! Leaves a partner in peace that has refused us, and one that does not answer.
//!
//! A wrong host key or a refused login is not mended by asking again, and many a system locks a user after a few failed
//! logins: the first refusal opens the circuit. A line that breaks may be mended by the next attempt: the third failure in
//! a row opens it. While it is open everybody gets the last error at once, so nobody waits for a deadline that others have
//! waited for already. After a pause that doubles up to a minute one caller may try; the others wait on. A session that
//! comes back whole closes the circuit for good.

use crate::error::{Error, ErrorKind};
use std::hash::{BuildHasher, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(60);
/// Failures of the line in a row that open the circuit.
const FAILURES_MAX: u32 = 3;

/// What one partner did last.
#[derive(Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Default)]
struct State {
    /// Failures of the line since a session came back whole.
    failures: u32,
    /// How often it was opened since then.
    times: u32,
    open: Option<Open>,
}

struct Open {
    kind: ErrorKind,
    what: String,
    hint: String,
    until: Instant,
    /// One caller was let through to try.
    tried: bool,
}

impl Open {
    fn error(&self, now: Instant) -> Error {
        let error = Error::new(self.kind, self.what.clone()).hint(self.hint.clone());
        Error { retry_after: Some(self.until.saturating_duration_since(now)), ..error }
    }
}

impl State {
    fn open(&mut self, error: &Error, now: Instant) {
        let pause = pause(self.times);
        // Several nodes must not come back in the same moment; a refused login keeps its exact distance.
        let jitter = if error.kind == ErrorKind::Unreachable { pause.mul_f64(share() / 4.0) } else { Duration::ZERO };
        self.times = self.times.saturating_add(1);
        self.open = Some(Open {
            kind: error.kind,
            what: error.what.clone(),
            hint: error.hint.clone(),
            until: now + pause + jitter,
            tried: false,
        });
    }
}

fn pause(times: u32) -> Duration {
    FIRST.saturating_mul(1 << times.min(16)).min(LONGEST)
}

/// A number from 0 to 1 that differs from process to process and from call to call.
fn share() -> f64 {
    let random = std::collections::hash_map::RandomState::new().build_hasher().finish();
    f64::from((random >> 32) as u32) / f64::from(u32::MAX)
}

impl Breaker {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why nobody may use the line now. When the pause is over one caller gets through, and the pause begins anew for the
    /// others.
    pub(super) fn line_refuses(&self, now: Instant) -> Option<Error> {
        let mut state = self.lock();
        let times = state.times;
        let open = state.open.as_mut().filter(|open| open.kind == ErrorKind::Unreachable)?;
        if now < open.until {
            return Some(open.error(now));
        }
        (open.until, open.tried) = (now + pause(times), true);
        None
    }

    /// Why nobody may log in now; sessions that are open go on.
    pub(super) fn login_refuses(&self, now: Instant) -> Option<Error> {
        let state = self.lock();
        let open = state.open.as_ref().filter(|open| open.kind != ErrorKind::Unreachable && now < open.until)?;
        Some(open.error(now))
    }

    /// For how long the partner will be left alone, if it is.
    pub(super) fn pause(&self, now: Instant) -> Option<Duration> {
        self.lock().open.as_ref().map(|open| open.until.saturating_duration_since(now))
    }

    /// A session could not be opened, or broke; true when that opened the circuit.
    pub(super) fn failed(&self, error: &Error, now: Instant) -> bool {
        let mut state = self.lock();
        match error.kind {
            ErrorKind::HostKey | ErrorKind::Login => state.open(error, now),
            ErrorKind::Unreachable => {
                state.failures = state.failures.saturating_add(1);
                // An unreachable partner takes nothing back: the refusal that it gave last still holds.
                let refused = state.open.as_ref().is_some_and(|open| open.kind != ErrorKind::Unreachable);
                // What fails late belongs to the trouble that is known already; only the one who tried makes it longer.
                let known = state.open.as_ref().is_some_and(|open| !open.tried);
                if refused || known || state.failures < FAILURES_MAX {
                    return false;
                }
                state.open(error, now);
            }
            _ => return false,
        }
        true
    }

    /// The partner has let us in; a circuit that was open for its refusal is closed, one for its line is on trial.
    pub(super) fn let_in(&self) {
        let mut state = self.lock();
        if state.open.as_ref().is_some_and(|open| open.kind != ErrorKind::Unreachable) {
            (state.open, state.times) = (None, 0);
        }
    }

    /// A call was answered: others may come, too.
    pub(super) fn answered(&self) {
        let mut state = self.lock();
        if state.failures > 0 {
            state.open = None;
        }
    }

    /// A session came back whole.
    pub(super) fn well(&self) {
        let mut state = self.lock();
        if state.failures > 0 {
            *state = State::default();
        }
    }

    /// Why the circuit is open.
    pub(super) fn stands(&self) -> Option<String> {
        self.lock().open.as_ref().map(|open| open.what.clone())
    }

    /// Why it is open, if that is the line and not a refusal.
    pub(super) fn line(&self) -> Option<String> {
        let state = self.lock();
        state.open.as_ref().filter(|open| open.kind == ErrorKind::Unreachable).map(|open| open.what.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_pause_longer_and_longer_until_it_is_let_in() {
        let (breaker, start) = (Breaker::default(), Instant::now());
        let at = |ms| start + Duration::from_millis(ms);
        let login = Error::new(ErrorKind::Login, "refused");
        assert!(breaker.login_refuses(at(0)).is_none());
        assert!(breaker.failed(&login, at(0)));
        assert_eq!(breaker.login_refuses(at(499)).unwrap().code(), 4002);
        assert!(breaker.line_refuses(at(0)).is_none(), "sessions that are open go on");
        assert!(breaker.login_refuses(at(500)).is_none());
        breaker.failed(&login, at(500));
        assert!(breaker.login_refuses(at(1499)).is_some() && breaker.login_refuses(at(1500)).is_none());
        breaker.failed(&Error::new(ErrorKind::Unreachable, "gone"), at(1600));
        breaker.failed(&login, at(2000));
        assert!(breaker.login_refuses(at(3999)).is_some());
        breaker.let_in();
        assert!(breaker.login_refuses(at(2001)).is_none());
    }

    #[test]
    fn the_third_failure_in_a_row_opens_it_and_one_caller_tries() {
        let (breaker, start) = (Breaker::default(), Instant::now());
        let at = |ms| start + Duration::from_millis(ms);
        let gone = Error::new(ErrorKind::Unreachable, "gone");
        assert!(!breaker.failed(&gone, at(0)) && !breaker.failed(&gone, at(0)));
        breaker.well();
        assert!(!breaker.failed(&gone, at(0)) && !breaker.failed(&gone, at(0)), "not in a row");
        assert!(breaker.line_refuses(at(0)).is_none());
        assert!(breaker.failed(&gone, at(0)));
        assert!(!breaker.failed(&gone, at(1)), "three more that fail with it do not make it longer");
        assert!(breaker.line_refuses(at(100)).unwrap().retry_after.unwrap() >= Duration::from_millis(400));
        assert_eq!(breaker.line_refuses(at(499)).unwrap().what, "gone");
        // With jitter it is over after 625 ms at the latest.
        assert!(breaker.line_refuses(at(626)).is_none(), "one tries");
        assert!(breaker.line_refuses(at(627)).is_some(), "the others wait on");
        assert!(breaker.failed(&gone, at(700)), "again");
        assert!(breaker.line_refuses(at(1_699)).is_some());
        assert!(breaker.line_refuses(at(1_951)).is_none());
        breaker.answered();
        assert!(breaker.line_refuses(at(1_952)).is_none() && breaker.stands().is_none(), "on trial");
        assert!(breaker.failed(&gone, at(1_960)), "one more failure is enough");
        breaker.answered();
        breaker.well();
        assert!(!breaker.failed(&gone, at(2_000)));
    }
}
