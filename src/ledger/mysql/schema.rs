//! How a database becomes a ledger, and an older ledger a newer one.
//!
//! A server commits each statement that makes a table by itself, and a node may die between two of them. So there is no
//! lock that a dead node could leave behind: every statement may be run again, also by two nodes at once, and the version
//! is written last. Whatever was left half done is done by the next node that starts.

use super::tables::MIGRATIONS;
use super::{fault, partitions};
use crate::clock::Clock;
use crate::error::Result;
use crate::ledger::sql::session::{Session, sql};
use crate::ledger::sql::version::{self, COMPATIBLE, VERSION};
use sqlx::MySqlConnection;

/// The version of the tables; 0 when there are none. Refuses one that a newer program wrote, and one that is no ledger.
pub(super) async fn version(session: &mut dyn Session, place: &str) -> Result<i64> {
    let tables = sql("SELECT COUNT(*), COUNT(CASE WHEN table_name = 'schema_version' THEN 1 END) \
                      FROM information_schema.tables WHERE table_schema = DATABASE()");
    let row = session.one(tables).await?;
    match (row.get::<i64>(0)?, row.get::<i64>(1)?) {
        (0, _) => return Ok(0),
        (_, 0) => return Err(version::foreign(place)),
        _ => {}
    }
    // A node that died while it made the tables has written no version yet.
    let begun = session.one(sql("SELECT COUNT(*) FROM schema_version")).await?;
    if begun.get::<i64>(0)? == 0 { Ok(0) } else { version::read(session, place).await }
}

/// Brings the tables from a version to this program's.
pub(super) async fn migrate(connection: &mut MySqlConnection, from: i64) -> Result<()> {
    if from >= VERSION {
        return Ok(());
    }
    let table = "CREATE TABLE IF NOT EXISTS schema_version (name VARCHAR(40) NOT NULL, value BIGINT NOT NULL, \
                 PRIMARY KEY (name)) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin";
    run(connection, table).await?;
    if from == 0 {
        partitions::create(connection, Clock::System.now_ms()).await?;
    }
    for (_, statements) in MIGRATIONS.iter().filter(|(version, _)| *version > from) {
        for statement in *statements {
            run(connection, statement).await?;
        }
    }
    let partitioned = partitions::last(&mut *connection).await?.is_some();
    let compatible = if partitioned { version::PARTITIONS } else { COMPATIBLE };
    for (name, value) in [("compatible", compatible), ("ledger", VERSION)] {
        let write = sqlx::query(
            "INSERT INTO schema_version (name, value) VALUES (?, ?) ON DUPLICATE KEY UPDATE value = GREATEST(value, VALUES(value))",
        );
        write.bind(name).bind(value).execute(&mut *connection).await.map_err(fault::of)?;
    }
    Ok(())
}

async fn run(connection: &mut MySqlConnection, statement: &'static str) -> Result<()> {
    match sqlx::raw_sql(statement).execute(connection).await {
        Err(error) if !fault::is_done_before(&error) => Err(fault::of(error)),
        _ => Ok(()),
    }
}
