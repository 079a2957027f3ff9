//! When something last went through to each spool, as this node saw it: by that a person hears that a partner is well again.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Times by spool; there are as many as spools.
#[derive(Debug, Default)]
pub struct Reached(Mutex<BTreeMap<String, i64>>);

impl Reached {
    /// Something went through.
    pub(super) fn note(&self, spool: &str, at_ms: i64) {
        self.lock().insert(spool.to_owned(), at_ms);
    }

    /// Whether something went through since a time.
    pub fn since(&self, spool: &str, since_ms: i64) -> bool {
        self.lock().get(spool).is_some_and(|at_ms| *at_ms >= since_ms)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
