//! Rows that hold what no fpp wrote.

use crate::error::Error;
use fpp_codecs::Code;

/// Names the row and what is wrong with it.
pub(super) fn damaged(table: &str, row: &str, what: impl std::fmt::Display) -> Error {
    Error::halt(Code::LEDGER, format!("{table} {row}: {what}"))
        .hint("Run `fpp ledger verify`, and restore if it agrees.")
}
