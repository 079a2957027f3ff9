//! Leaves a partner in peace that has refused us.
//!
//! A wrong host key or a refused login is not mended by asking again, and many a system locks a user after a few failed
//! logins. However many callers want something, the partner is asked once, then not before a pause that doubles up to a
//! minute; until then everyone gets the same error.

use crate::error::{Error, ErrorKind};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(60);

/// The last refusal of one partner.
#[derive(Default)]
pub(super) struct Refusal(Mutex<Option<Refused>>);

struct Refused {
    kind: ErrorKind,
    what: String,
    hint: String,
    times: u32,
    until: Instant,
}

impl Refusal {
    /// The refusal that still stands.
    pub(super) fn stands(&self, now: Instant) -> Option<Error> {
        let refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = refused.as_ref().filter(|r| now < r.until)?;
        Some(Error::new(refused.kind, refused.what.clone()).hint(refused.hint.clone()))
    }

    /// What became of asking.
    pub(super) fn asked(&self, error: Option<&Error>, now: Instant) {
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let times = refused.as_ref().map_or(0, |r| r.times);
        *refused = match error {
            Some(error) if matches!(error.kind, ErrorKind::HostKey | ErrorKind::Login) => Some(Refused {
                kind: error.kind,
                what: error.what.clone(),
                hint: error.hint.clone(),
                times: times.saturating_add(1),
                until: now + FIRST.saturating_mul(1 << times.min(16)).min(LONGEST),
            }),
            // An unreachable partner is no answer to the question: what it said last still holds.
            Some(_) => return,
            None => None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_until_it_is_let_in() {
        let (refusal, start) = (Refusal::default(), Instant::now());
        let at = |ms| start + Duration::from_millis(ms);
        let login = Error::new(ErrorKind::Login, "refused");
        assert!(refusal.stands(at(0)).is_none());
        refusal.asked(Some(&login), at(0));
        assert_eq!(refusal.stands(at(499)).unwrap().code(), 4002);
        assert!(refusal.stands(at(500)).is_none());
        refusal.asked(Some(&login), at(500));
        assert!(refusal.stands(at(1499)).is_some() && refusal.stands(at(1500)).is_none());
        refusal.asked(Some(&Error::new(ErrorKind::Unreachable, "gone")), at(1600));
        refusal.asked(Some(&login), at(2000));
        assert!(refusal.stands(at(3999)).is_some());
        refusal.asked(None, at(4000));
        assert!(refusal.stands(at(4000)).is_none());
    }
}
