//! What went wrong in the target, in the outlet's terms.
//!
//! Nearly everything passes: a server that is away, full, busy, changing roles, or refusing a password that somebody is
//! changing. What does not pass is a database or a table that is not there or not as it should be, and a row that breaks
//! its rules although it was looked at before.

use crate::error::Error;
use fpp_codecs::Code;
use sqlx::mysql::MySqlDatabaseError;

/// The number of a server's error, or the basic result code of SQLite.
fn number(error: &dyn sqlx::error::DatabaseError) -> (bool, u32) {
    match error.try_downcast_ref::<MySqlDatabaseError>() {
        Some(error) => (true, u32::from(error.number())),
        None => (false, error.code().and_then(|code| code.parse::<u32>().ok()).unwrap_or(0) & 0xff),
    }
}

fn server_number(error: &sqlx::Error) -> Option<u32> {
    match error.as_database_error().map(number) {
        Some((true, number)) => Some(number),
        _ => None,
    }
}

/// Whether a row with the same key is there already.
pub(super) fn is_known(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.is_unique_violation())
        || matches!(server_number(error), Some(1062 | 1586))
}

/// Whether a statement that makes a table, a column or a partition was run before, here or by another node.
pub(super) fn is_done_before(error: &sqlx::Error) -> bool {
    matches!(server_number(error), Some(1050 | 1060 | 1061 | 1493 | 1507 | 1517))
}

/// Classes an error of the target.
pub(super) fn of(error: sqlx::Error) -> Error {
    let (retry, what, hint) = match &error {
        sqlx::Error::Database(database) => match number(&**database) {
            (true, number) => of_server(number),
            (false, number) => of_file(number),
        },
        sqlx::Error::Tls(_) => UNPROVEN,
        sqlx::Error::Io(io) if io.to_string().contains("certificate") => UNPROVEN,
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => AWAY,
        sqlx::Error::Configuration(_) => (false, "the outlet's database cannot be used so", "Look at its settings."),
        _ => (false, "the outlet's database refused", "This is a fault of fpp: keep the log and report it."),
    };
    let error_of = if retry { Error::retry } else { Error::halt };
    error_of(CODE, what).hint(hint).caused_by(error)
}

/// A server that says nothing.
pub(super) fn silent() -> Error {
    Error::retry(CODE, "the outlet's database did not answer in time").hint(AWAY.2)
}

/// The code of all of them.
pub(super) const CODE: Code = Code::OUTLET;

const AWAY: (bool, &str, &str) = (
    true,
    "the outlet's database cannot be reached",
    "It tries again and nothing is lost; look at the server and the network.",
);
const UNPROVEN: (bool, &str, &str) = (
    true,
    "no encrypted connection to the outlet's database",
    "Look at its certificate and at the outlet's ca_file; `tls = \"off\"` only where the network is trusted.",
);
const BUSY: (bool, &str, &str) = (
    true,
    "the outlet's database is busy with other writers",
    "It tries again; if it stays, look for a stuck session.",
);
const FULL: (bool, &str, &str) =
    (true, "the disk of the outlet's database is full", "Make space; it goes on by itself.");
const OTHERWISE: (bool, &str, &str) = (
    false,
    "a table of the outlet's database is not as it should be",
    "Nothing was written. Compare its tables with docs/outlets.md.",
);
const RULE: (bool, &str, &str) = (
    false,
    "the outlet's database refused a row that breaks its rules",
    "Nothing was written. Compare its tables with docs/outlets.md; if they agree, report it.",
);

fn of_server(number: u32) -> (bool, &'static str, &'static str) {
    match number {
        // A key that another writer took first is looked up when it is tried again.
        1205 | 1213 | 1020 | 1062 | 1586 | 4012 | 6002 | 6003 | 6005 => BUSY,
        1044 | 1045 | 1142 | 1143 | 1227 | 1251 | 1698 => {
            (true, "the outlet's database refuses the user", "Look at the user's rights and password.")
        }
        // 1005 and 1030 come with a number of the system, nearly always the one of a full disk.
        1005 | 1021 | 1030 | 1114 | 4184 => FULL,
        // No partition for the day: they are made before the next attempt.
        1526 => (true, "the outlet's database has no partition for a day", "It is made before the next attempt."),
        1040 | 1053 | 1129 | 1152 | 1154..=1161 | 1203 | 1290 | 1317 | 1792 | 1836 | 1927 => (
            true,
            "the outlet's database does not take this now",
            "It tries again; look at the server: too many connections, a restart, or a change of roles.",
        ),
        1049 => (false, "the outlet's database is not there", "Create it, or look at the outlet's url."),
        1054 | 1146 | 1364 => OTHERWISE,
        1048 | 1153 | 1169 | 1264 | 1292 | 1366 | 1406 => RULE,
        // OceanBase's own, from which it comes back by itself: a leader that moves, a session that was killed.
        4000.. => (true, "the outlet's database does not take this now", "It tries again; look at the server."),
        _ => (false, "the outlet's database refused", "Nothing was written. Keep the log and report it."),
    }
}

fn of_file(number: u32) -> (bool, &'static str, &'static str) {
    match number {
        5 | 6 => BUSY,
        13 => FULL,
        10 => (true, "the outlet's file cannot be read or written", "Look at the disk and the system's log."),
        14 => (true, "the outlet's file cannot be opened", "Look at its folder and its permissions."),
        8 => (false, "the outlet's file cannot be written", "Give the node's user the right to write it."),
        11 | 26 => (false, "the outlet's file is damaged", "Keep it, put it away, and let the events be replayed."),
        19 => RULE,
        // SQLite's word for a missing table or column.
        1 => OTHERWISE,
        _ => (false, "the outlet's database refused", "Nothing was written. Keep the log and report it."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_tried_again_and_broken_rules_are_not() {
        for number in [1205, 1213, 1062, 1005, 1045, 1040, 1053, 1290, 1526, 4012, 4038, 6002] {
            assert!(of_server(number).0, "{number}");
        }
        for number in [1406, 1064, 1146, 1049] {
            assert!(!of_server(number).0, "{number}");
        }
        for number in [5, 6, 10, 13, 14] {
            assert!(of_file(number).0, "{number}");
        }
        assert!(!of_file(19).0 && !of_file(11).0);
    }
}
