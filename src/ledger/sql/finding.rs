//! What ends a walk over the books early: a row that does not fit, or a ledger that cannot be read.

use crate::error::{Error, Result};

/// What ends a walk: a row that does not fit, or a ledger that could not be read at all.
pub(super) enum Stop {
    /// The row and what is wrong with it.
    Broken(String),
    /// The ledger could not be read.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Failed(error)
    }
}

/// Shorthand for a row that does not fit.
pub(super) fn broken<T>(what: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Broken(what.into()))
}
