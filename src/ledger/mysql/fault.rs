//! What went wrong on the server or on the way to it, in the ledger's terms.
//!
//! A server that is away, full, busy or in the middle of a change of roles is tried again, a login that it refuses as
//! well: somebody may be changing a password. A rule that was broken, or a table that is not there, is not.

use crate::error::Error;
use crate::ledger::sql::fault::{self, Meaning};
use fpp_codecs::Code;
use sqlx::mysql::MySqlDatabaseError;

/// Numbers of the errors that another transaction caused: lock wait timeout, deadlock, changed since it was read, a
/// unique key that another one took first; on OceanBase also its own words for the same.
const CLASHES: &[u16] = &[1205, 1213, 1020, 1062, 1169, 1586, 4012, 6002, 6003, 6005];
/// What a statement that was run before says when it is run again: table, column or index is there, or gone.
const DONE_BEFORE: &[u16] = &[1050, 1060, 1061, 1091];

/// A server that does not prove who it is; a certificate that is refused comes as an error of the connection.
const UNPROVEN: Meaning = (
    true,
    "no encrypted connection to the ledger's server",
    "Look at its certificate and at ledger.ca_file; `tls = \"off\"` only where the network is trusted.",
);

/// The server's number of an error, if it came from there.
pub(super) fn number(error: &sqlx::Error) -> Option<u16> {
    match error {
        sqlx::Error::Database(error) => error.try_downcast_ref::<MySqlDatabaseError>().map(|error| error.number()),
        _ => None,
    }
}

/// Whether another transaction stood in the way.
pub(super) fn is_clash(error: &sqlx::Error) -> bool {
    number(error).is_some_and(|number| CLASHES.contains(&number))
}

/// Whether a commit that failed with it was undone for certain: chosen as the victim of a deadlock.
pub(super) fn is_undone(error: &sqlx::Error) -> bool {
    number(error) == Some(1213)
}

/// Whether a statement that makes or changes a table was run before.
pub(super) fn is_done_before(error: &sqlx::Error) -> bool {
    number(error).is_some_and(|number| DONE_BEFORE.contains(&number))
}

/// Whether another node made or dropped a partition first: its name is known, its end is not behind the last one, or it is
/// gone.
pub(super) fn is_partitioned_so(error: &sqlx::Error) -> bool {
    number(error).is_some_and(|number| [1493, 1507, 1517].contains(&number))
}

/// Classes an error of the engine.
pub(super) fn of(error: sqlx::Error) -> Error {
    let meaning = match &error {
        sqlx::Error::Database(_) => by_number(number(&error).unwrap_or(0)),
        sqlx::Error::Tls(_) => UNPROVEN,
        sqlx::Error::Io(io) if io.to_string().contains("certificate") => UNPROVEN,
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) => {
            (true, "the ledger's server cannot be reached", "It tries again; look at the server and the network.")
        }
        sqlx::Error::PoolTimedOut => (
            true,
            "no connection to the ledger became free in time",
            "It tries again; if it stays, look at the server, or raise ledger.connections_max.",
        ),
        _ => fault::meaning(&error),
    };
    fault::classed(error, meaning)
}

/// A server that says nothing.
pub(super) fn silent(what: &str) -> Error {
    Error::retry(Code::LEDGER, format!("the ledger's server cannot be reached: {what}"))
        .hint("It tries again; look at the server and the network.")
}

fn by_number(number: u16) -> Meaning {
    match number {
        1205 | 1213 | 1020 | 4012 | 6002 | 6003 | 6005 => {
            (true, "the ledger is busy with other writers", "It tries again; if it stays, look for a stuck session.")
        }
        1044 | 1045 | 1142 | 1143 | 1227 | 1251 | 1698 => (
            true,
            "the ledger's server refuses the user",
            "Look at the user's rights, and at its password: ledger.password_file or ledger.password_env.",
        ),
        1021 | 1114 | 4184 => (true, "the disk of the ledger's server is full", "Make space; it goes on by itself."),
        1040 | 1053 | 1129 | 1152 | 1154..=1161 | 1203 | 1290 | 1317 | 1792 | 1836 | 1927 => (
            true,
            "the ledger's server does not take this now",
            "It tries again; look at the server: too many connections, a restart, or a change of roles.",
        ),
        1049 => (false, "the ledger's database is not there", "Create it, or look at ledger.url."),
        1054 | 1146 => (
            false,
            "a table of the ledger is not as it should be",
            "Nothing was written. Look at the database that ledger.url names, and restore the last good backup.",
        ),
        1048 | 1062 | 1153 | 1169 | 1264 | 1366 | 1406 | 1586 => (
            false,
            "the ledger refused a row that breaks its rules",
            "Nothing was written. Keep the log and report it.",
        ),
        // OceanBase's own numbers, from which it comes back by itself: a leader that moves, a session that was killed.
        4000.. => (true, "the ledger's server does not take this now", "It tries again; look at the server."),
        _ => (false, "the ledger refused", "Nothing was written. Keep the log and report it."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_tried_again_and_broken_rules_are_not() {
        for number in [1205, 1213, 1045, 1040, 1053, 1290, 4012, 4038, 6002] {
            assert!(by_number(number).0, "{number}");
        }
        for number in [1062, 1406, 1064, 1146, 1049] {
            assert!(!by_number(number).0, "{number}");
        }
        assert!(of(sqlx::Error::Io(std::io::Error::other("reset"))).to_string().contains("cannot be reached"));
    }
}
