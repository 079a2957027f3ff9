//! Which programs may use which ledgers: the rule of the versions, for every engine alike.
//!
//! The table `schema_version` holds two rows: `ledger`, the version of the tables, and `compatible`, the oldest version
//! whose programs may go on with them. So a node of the version before may run beside one that brought the tables up
//! to date, as long as the newer version says that nothing is lost by it; else it stops at its next start. A node brings
//! an older ledger up to date when it starts; a command that only reads asks for a node to do that.

use super::session::{Session, Statement, sql};
use crate::error::{Error, Result};
use fpp_codecs::Code;

/// The version that this program writes.
pub(crate) const VERSION: i64 = 9;
/// The oldest version whose programs may use what this program writes: those before 6 say nothing once; to those of
/// version 2 what was purged is not there, and their `verify` misses it. Programs of version 1 know no compatible ledger.
pub(crate) const COMPATIBLE: i64 = 2;
/// The version that knows of pauses: to an older program a paused route would run.
pub(crate) const PAUSES: i64 = 5;
/// The version that knows of interim answers: an older program cannot read such a delivery.
pub(crate) const INTERIM: i64 = 5;
/// The version that knows of commands at partners: to an older program such a delivery is unreadable.
pub(crate) const COMMANDS: i64 = 8;
/// The version that knows of postings, of deferred deliveries and of named consumers: to an older program such a delivery
/// is unreadable, and its backup would lose consumers.
pub(crate) const POSTINGS: i64 = 9;
/// The version that knows of corrections: an older program would take one for a file that comes again.
pub(crate) const CORRECTIONS: i64 = 9;

/// The version that knows of partitions by business date: an older program would put a chain's rows under no date.
pub(crate) const PARTITIONS: i64 = 7;

/// Writes that programs older than a version must not start any more on this ledger, because something was written that
/// they would get wrong.
pub(super) async fn needs(session: &mut dyn Session, version: i64) -> Result<()> {
    session.execute(raise(version)).await.map(drop)
}

/// The statement for that.
pub(super) fn raise(version: i64) -> Statement {
    sql("UPDATE schema_version SET value = ? WHERE name = 'compatible' AND value < ?").bind(version).bind(version)
}

/// The version of the tables; refuses what this program must not touch. The table `schema_version` is there.
pub(crate) async fn read(session: &mut dyn Session, place: &str) -> Result<i64> {
    let (mut version, mut compatible) = (None, None);
    for row in session.rows(sql("SELECT name, value FROM schema_version")).await? {
        match row.get::<String>(0)?.as_str() {
            "ledger" => version = Some(row.get(1)?),
            "compatible" => compatible = Some(row.get(1)?),
            UNFINISHED => return Err(unfinished(place)),
            _ => {}
        }
    }
    let Some(version) = version else { return Err(foreign(place)) };
    check(place, version, compatible.unwrap_or(version))?;
    Ok(version)
}

/// Says that a ledger was not filled to its end (`copy.rs`).
const UNFINISHED: &str = "unfinished";

fn unfinished(place: &str) -> Error {
    Error::halt(Code::LEDGER, format!("{place} is being restored, or its restore ended early"))
        .hint("Wait for it; else empty the database and restore it again.")
}

fn check(place: &str, version: i64, compatible: i64) -> Result<()> {
    if version <= VERSION || compatible <= VERSION {
        return Ok(());
    }
    Err(Error::halt(
        Code::LEDGER,
        format!("{place} has schema version {version}; this fpp knows versions up to {VERSION}"),
    )
    .hint("A newer fpp wrote it. Run that one, or restore the backup from before the upgrade."))
}

/// A database that holds something else.
pub(crate) fn foreign(place: &str) -> Error {
    Error::halt(Code::LEDGER, format!("{place} is a database, but not a ledger of fpp"))
        .hint("Look at the ledger's place in the configuration.")
}

/// Refuses an older ledger to who only reads.
pub(crate) fn is_current(place: &str, version: i64) -> Result<()> {
    if version >= VERSION {
        return Ok(());
    }
    Err(Error::halt(Code::LEDGER, format!("{place} has schema version {version}; this fpp reads version {VERSION}"))
        .hint("Start the node once: it brings the ledger up to date."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_ledger_is_used_only_where_it_says_so() {
        assert!(check("x", VERSION, VERSION).is_ok());
        assert!(check("x", VERSION + 1, VERSION).is_ok());
        assert!(check("x", VERSION + 1, VERSION + 1).is_err());
    }
}
