//! What is wrong with the books whatever their engine: rows that hold what no fpp wrote, and errors that every engine gives.

use crate::error::Error;
use fpp_codecs::Code;

/// What an error of an engine means: whether it may pass by itself, what happened, and what to do.
pub(in crate::ledger) type Meaning = (bool, &'static str, &'static str);

/// What it means where engines do not differ.
pub(in crate::ledger) fn meaning(error: &sqlx::Error) -> Meaning {
    match error {
        sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            (true, "the ledger is being closed", "It goes on after the restart.")
        }
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
            (false, "a row of the ledger cannot be read", "Run `fpp ledger verify`; it names the row.")
        }
        _ => (false, "the ledger refused", "This is a fault of fpp: keep the log and report it."),
    }
}

/// The ledger's error, once its meaning is known.
pub(in crate::ledger) fn classed(error: sqlx::Error, (retry, what, hint): Meaning) -> Error {
    let error_of = if retry { Error::retry } else { Error::halt };
    error_of(Code::LEDGER, what).hint(hint).caused_by(error)
}

/// Names the row and what is wrong with it.
pub(super) fn damaged(table: &str, row: &str, what: impl std::fmt::Display) -> Error {
    Error::halt(Code::LEDGER, format!("{table} {row}: {what}"))
        .hint("Run `fpp ledger verify`, and restore if it agrees.")
}
