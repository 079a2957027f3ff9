//! The tables, and how an older ledger becomes a newer one.
//!
//! A migration is a list of statements that is never changed after a release; new ones are added behind it. Columns
//! beside `facts` repeat what queries need; `verify` compares them. Indexes are composite, not partial, so that MySQL
//! and OceanBase can have the same ones: `queue` is 1 for what has work to do, so finished rows cost a due read nothing.

use crate::error::Result;
use crate::ledger::sql::session::{Session, sql};
use crate::ledger::sql::version::{self, COMPATIBLE, VERSION};

/// The migrations, oldest first: the version that each reaches, and its statements.
const MIGRATIONS: &[(i64, &[&str])] = &[
    (1, BEGINNING),
    (2, OPEN_KEYS),
    (3, PURGED),
    (4, NODES),
    (5, DESK),
    (6, TOLD),
    (7, DATED),
    (8, COMMANDS),
    (9, POSTINGS),
];

const BEGINNING: &[&str] = &[
    "CREATE TABLE transfers (
        id TEXT NOT NULL PRIMARY KEY, route TEXT NOT NULL, spool TEXT NOT NULL, name TEXT NOT NULL,
        arrival_key TEXT NOT NULL, state TEXT NOT NULL, verdict TEXT, held_from TEXT, closed INTEGER NOT NULL,
        facts TEXT NOT NULL, sha256 TEXT, business_date TEXT, batch INTEGER, run INTEGER, attempts INTEGER NOT NULL,
        next_attempt_ms INTEGER NOT NULL, waiting_for TEXT NOT NULL, arrived_ms INTEGER NOT NULL,
        updated_ms INTEGER NOT NULL, publication INTEGER, queue INTEGER NOT NULL) STRICT",
    "CREATE UNIQUE INDEX transfers_arrival ON transfers (arrival_key)",
    "CREATE UNIQUE INDEX transfers_publication ON transfers (publication)",
    "CREATE INDEX transfers_queue ON transfers (queue, next_attempt_ms, id)",
    "CREATE INDEX transfers_identity ON transfers (route, business_date, batch, run)",
    "CREATE INDEX transfers_route ON transfers (route, id)",
    "CREATE INDEX transfers_state ON transfers (state, id)",
    "CREATE INDEX transfers_date ON transfers (business_date, id)",
    "CREATE INDEX transfers_counts ON transfers (route, state, verdict)",
    // Outside any partition by date: an identity stays taken after its transfer was purged (D1).
    "CREATE TABLE identities (
        route TEXT NOT NULL, business_date TEXT NOT NULL, batch INTEGER NOT NULL, run INTEGER NOT NULL,
        transfer TEXT NOT NULL, decided_ms INTEGER NOT NULL,
        PRIMARY KEY (route, business_date, batch, run)) STRICT, WITHOUT ROWID",
    "CREATE TABLE rejects (
        transfer TEXT NOT NULL REFERENCES transfers (id), record INTEGER NOT NULL, ordinal INTEGER NOT NULL,
        byte_offset INTEGER NOT NULL, field TEXT NOT NULL, field_at INTEGER NOT NULL, code INTEGER NOT NULL,
        detail TEXT NOT NULL, hex TEXT NOT NULL, PRIMARY KEY (transfer, record)) STRICT, WITHOUT ROWID",
    "CREATE TABLE deliveries (
        id TEXT NOT NULL PRIMARY KEY, transfer TEXT NOT NULL REFERENCES transfers (id), purpose TEXT NOT NULL,
        required INTEGER NOT NULL, spool TEXT NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL,
        sha256 TEXT NOT NULL, checksums TEXT NOT NULL, sm3 TEXT, marker_name TEXT, marker_content BLOB,
        state TEXT NOT NULL, attempts INTEGER NOT NULL, next_attempt_ms INTEGER NOT NULL, last_error TEXT NOT NULL,
        planned_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, delivered_ms INTEGER, queue INTEGER NOT NULL) STRICT",
    "CREATE INDEX deliveries_queue ON deliveries (queue, next_attempt_ms, id)",
    "CREATE INDEX deliveries_transfer ON deliveries (transfer, id)",
    "CREATE INDEX deliveries_name ON deliveries (spool, name, id)",
    "CREATE INDEX deliveries_state ON deliveries (state, delivered_ms, id)",
    "CREATE TABLE journal (
        subject TEXT NOT NULL, n INTEGER NOT NULL, at_ms INTEGER NOT NULL, entry TEXT NOT NULL,
        previous TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (subject, n)) STRICT",
    // The last row of each chain, so that a chain that lost its end is found, and a seal finds what is new.
    "CREATE TABLE heads (
        subject TEXT NOT NULL PRIMARY KEY, n INTEGER NOT NULL, hash TEXT NOT NULL,
        unsealed INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE INDEX heads_unsealed ON heads (unsealed, subject)",
    "CREATE TABLE seals (
        n INTEGER NOT NULL PRIMARY KEY, at_ms INTEGER NOT NULL, heads INTEGER NOT NULL, previous TEXT NOT NULL,
        code TEXT NOT NULL) STRICT",
    "CREATE TABLE seal_heads (
        seal INTEGER NOT NULL REFERENCES seals (n), subject TEXT NOT NULL, n INTEGER NOT NULL, hash TEXT NOT NULL,
        PRIMARY KEY (seal, subject)) STRICT, WITHOUT ROWID",
    "CREATE INDEX seal_heads_subject ON seal_heads (subject, n)",
    "CREATE TABLE leases (
        lease_key TEXT NOT NULL PRIMARY KEY, epoch INTEGER NOT NULL, holder TEXT NOT NULL,
        beat INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE counters (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "INSERT INTO counters (name, value) VALUES ('publication', 0)",
    "CREATE TABLE notices (
        id INTEGER PRIMARY KEY AUTOINCREMENT, raised_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
        times INTEGER NOT NULL, severity TEXT NOT NULL, topic TEXT NOT NULL, subject TEXT NOT NULL,
        code INTEGER NOT NULL, body TEXT NOT NULL, unread INTEGER NOT NULL, acknowledged_by TEXT,
        acknowledged_ms INTEGER) STRICT",
    "CREATE INDEX notices_open ON notices (unread, topic, subject)",
    "CREATE INDEX notices_unread ON notices (unread, last_ms, id)",
    "CREATE INDEX notices_last ON notices (last_ms, id)",
    "CREATE TABLE days (
        route TEXT NOT NULL, business_date TEXT NOT NULL, is_open INTEGER NOT NULL, at_ms INTEGER NOT NULL,
        decided_by TEXT NOT NULL, PRIMARY KEY (route, business_date)) STRICT, WITHOUT ROWID",
];

/// What may stand open only once has a unique key, which engines need where several nodes write at once.
const OPEN_KEYS: &[&str] = &[
    "ALTER TABLE deliveries ADD COLUMN open_key TEXT",
    "UPDATE deliveries SET open_key = spool || '/' || name || '.' WHERE state <> 'Taken'",
    "CREATE UNIQUE INDEX deliveries_open ON deliveries (open_key)",
    "ALTER TABLE notices ADD COLUMN open_key TEXT",
    "UPDATE notices SET open_key = topic || '/' || subject || '.' WHERE unread = 1",
    "DROP INDEX notices_open",
    "CREATE UNIQUE INDEX notices_open ON notices (open_key)",
];

/// What stays of a transfer that was purged: the last heads of its chains, and its arrival key.
const PURGED: &[&str] = &[
    "CREATE TABLE purged (
        subject TEXT NOT NULL PRIMARY KEY, n INTEGER NOT NULL, hash TEXT NOT NULL,
        purge_n INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE INDEX purged_purge ON purged (purge_n, subject)",
    "CREATE TABLE purged_arrivals (arrival_key TEXT NOT NULL PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "INSERT INTO counters (name, value) VALUES ('purged', 0)",
];

/// What nodes say of themselves.
const NODES: &[&str] = &["CREATE TABLE nodes (
        name TEXT NOT NULL PRIMARY KEY, heard_ms INTEGER NOT NULL, about TEXT NOT NULL) STRICT, WITHOUT ROWID"];

/// What persons paused, and what one asked that another one must confirm.
const DESK: &[&str] = &[
    "CREATE TABLE pauses (
        kind TEXT NOT NULL, name TEXT NOT NULL, since_ms INTEGER NOT NULL, decided_by TEXT NOT NULL,
        PRIMARY KEY (kind, name)) STRICT, WITHOUT ROWID",
    "CREATE TABLE asks (
        id TEXT NOT NULL PRIMARY KEY, verb TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL,
        effect TEXT NOT NULL, person TEXT NOT NULL, reason TEXT NOT NULL, asked_ms INTEGER NOT NULL,
        state TEXT NOT NULL, closed_by TEXT, closed_ms INTEGER) STRICT",
    "CREATE INDEX asks_state ON asks (state, id)",
];

/// No new table: deliveries may be commands from here on.
const COMMANDS: &[&str] = &[];

/// What is said once, and whether it is over.
const TOLD: &[&str] = &[
    "CREATE TABLE told (
        told_key TEXT NOT NULL PRIMARY KEY, at_ms INTEGER NOT NULL, is_open INTEGER NOT NULL,
        over_ms INTEGER) STRICT, WITHOUT ROWID",
    "CREATE INDEX told_open ON told (is_open, told_key)",
];

/// Under which date rows stand on engines with partitions (`sql/book_date.rs`); in a file always none, unless it is the
/// backup of one.
const DATED: &[&str] = &[
    "ALTER TABLE journal ADD COLUMN book_date INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE rejects ADD COLUMN book_date INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE heads ADD COLUMN book_date INTEGER NOT NULL DEFAULT 0",
];

/// Events that are pushed: how far, what was not taken, what persons deferred; and readers that are known by name.
const POSTINGS: &[&str] = &[
    "ALTER TABLE deliveries ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE deliveries ADD COLUMN round INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE deliveries ADD COLUMN deferred INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX deliveries_postings ON deliveries (queue, spool, id)",
    "CREATE INDEX deliveries_deferred ON deliveries (deferred, id)",
    "CREATE TABLE dead_letters (
        delivery TEXT NOT NULL REFERENCES deliveries (id), record INTEGER NOT NULL, outlet TEXT NOT NULL,
        transfer TEXT NOT NULL, route TEXT NOT NULL, event_id TEXT NOT NULL, conflict INTEGER NOT NULL, why TEXT NOT NULL,
        at_ms INTEGER NOT NULL, due INTEGER NOT NULL, PRIMARY KEY (delivery, record)) STRICT, WITHOUT ROWID",
    "CREATE INDEX dead_letters_outlet ON dead_letters (outlet, due, delivery, record)",
    "CREATE TABLE consumers (
        name TEXT NOT NULL PRIMARY KEY, owner TEXT NOT NULL, publication INTEGER NOT NULL, record INTEGER NOT NULL,
        made_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID",
];

/// The version of the file; 0 for an empty one. Refuses one that a newer program wrote, and one that is no ledger.
pub(super) async fn version(session: &mut dyn Session, place: &str) -> Result<i64> {
    let tables = sql("SELECT COUNT(*), COUNT(CASE WHEN name = 'schema_version' THEN 1 END) FROM sqlite_schema \
                      WHERE type = 'table'");
    let row = session.one(tables).await?;
    match (row.get::<i64>(0)?, row.get::<i64>(1)?) {
        (0, _) => Ok(0),
        (_, 0) => Err(version::foreign(place)),
        _ => version::read(session, place).await,
    }
}

/// Brings the file to this program's version, all in the caller's transaction.
pub(super) async fn migrate(session: &mut dyn Session, place: &str) -> Result<()> {
    let from = version(&mut *session, place).await?;
    if from >= VERSION {
        return Ok(());
    }
    if from == 0 {
        let table = "CREATE TABLE schema_version (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) STRICT";
        session.execute(sql(table)).await?;
    }
    for (_, statements) in MIGRATIONS.iter().filter(|(version, _)| *version > from) {
        for statement in *statements {
            session.execute(sql(statement)).await?;
        }
    }
    let write = sql("INSERT OR REPLACE INTO schema_version (name, value) VALUES ('ledger', ?), ('compatible', ?)");
    session.execute(write.bind(VERSION).bind(COMPATIBLE)).await?;
    Ok(())
}
