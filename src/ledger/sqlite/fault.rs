//! What went wrong in SQLite, in the ledger's terms: busy, full and I/O are tried again; damage and broken rules are not.

use crate::error::Error;
use crate::ledger::sql::fault::{self, Meaning};

const BUSY: u32 = 5;
const LOCKED: u32 = 6;
const READ_ONLY: u32 = 8;
const IO: u32 = 10;
const CORRUPT: u32 = 11;
const FULL: u32 = 13;
const CANNOT_OPEN: u32 = 14;
const CONSTRAINT: u32 = 19;
const NOT_A_DATABASE: u32 = 26;

/// Classes an error of the engine.
pub(super) fn of(error: sqlx::Error) -> Error {
    let meaning = match &error {
        sqlx::Error::Database(database) => {
            let extended = database.code().and_then(|code| code.parse::<u32>().ok()).unwrap_or(0);
            by_number(extended & 0xff)
        }
        sqlx::Error::Io(_) => (true, "the ledger's file cannot be read or written", "Look at the disk."),
        sqlx::Error::PoolTimedOut => {
            (true, "no connection to the ledger became free in time", "It tries again; if it stays, look at the disk.")
        }
        _ => fault::meaning(&error),
    };
    fault::classed(error, meaning)
}

fn by_number(number: u32) -> Meaning {
    match number {
        BUSY | LOCKED => {
            (true, "the ledger is busy with another writer", "It tries again; if it stays, look for a stuck process.")
        }
        FULL => (true, "the disk of the ledger is full", "Make space; it goes on by itself."),
        IO => (true, "the ledger's file cannot be read or written", "Look at the disk and the system's log."),
        CANNOT_OPEN => (true, "the ledger's file cannot be opened", "Look at its folder and its permissions."),
        READ_ONLY => (false, "the ledger's file cannot be written", "Give the node's user the right to write it."),
        CORRUPT | NOT_A_DATABASE => {
            (false, "the ledger's file is damaged", "Stop the node, keep the file, and restore the last good backup.")
        }
        CONSTRAINT => (
            false,
            "the ledger refused a row that breaks its rules",
            "Nothing was written. Keep the log and report it.",
        ),
        _ => (false, "the ledger refused", "Nothing was written. Keep the log and report it."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_tried_again_and_damage_is_not() {
        for number in [BUSY, LOCKED, IO, FULL, CANNOT_OPEN] {
            assert!(by_number(number).0, "{number}");
        }
        for number in [READ_ONLY, CORRUPT, CONSTRAINT, NOT_A_DATABASE, 1] {
            assert!(!by_number(number).0, "{number}");
        }
    }
}
