//! The tables, as statements that may be run again.
//!
//! Every text is `utf8mb4_bin`, so that ids and names compare byte by byte as on SQLite; every number is BIGINT, every
//! time a number of milliseconds from Rust. What may be long and is never searched for is MEDIUMTEXT. A unique key over
//! what stands open (`open_key`) is NULL once it is closed, which any number of rows may be.
//!
//! There are no foreign keys: their checks lock rows of the parent in an order of their own. A delivery's transfer is
//! looked at under its lock instead, and `verify` looks for rows that belong to nothing.

/// The migrations, oldest first: the version that each reaches, and its statements, which are never changed after a
/// release. This engine began with version 2.
pub(super) const MIGRATIONS: &[(i64, &[&str])] =
    &[(2, BEGINNING), (3, PURGED), (4, NODES), (5, DESK), (6, TOLD), (7, DATED), (8, COMMANDS), (9, POSTINGS)];

const BEGINNING: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS transfers (
            id VARCHAR(26) NOT NULL, route VARCHAR(64) NOT NULL, spool VARCHAR(64) NOT NULL,
            name VARCHAR(255) NOT NULL, arrival_key VARCHAR(512) NOT NULL, state VARCHAR(20) NOT NULL,
            verdict VARCHAR(20), held_from VARCHAR(20), closed BIGINT NOT NULL, facts MEDIUMTEXT NOT NULL,
            sha256 VARCHAR(64), business_date VARCHAR(20), batch BIGINT, run BIGINT, attempts BIGINT NOT NULL,
            next_attempt_ms BIGINT NOT NULL, waiting_for MEDIUMTEXT NOT NULL, arrived_ms BIGINT NOT NULL,
            updated_ms BIGINT NOT NULL, publication BIGINT, queue BIGINT NOT NULL, PRIMARY KEY (id),
            UNIQUE KEY transfers_arrival (arrival_key), UNIQUE KEY transfers_publication (publication),
            KEY transfers_queue (queue, next_attempt_ms, id),
            KEY transfers_identity (route, business_date, batch, run), KEY transfers_route (route, id),
            KEY transfers_state (state, id), KEY transfers_date (business_date, id),
            KEY transfers_counts (route, state, verdict)) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin",
    "CREATE TABLE IF NOT EXISTS identities (
            route VARCHAR(64) NOT NULL, business_date VARCHAR(20) NOT NULL, batch BIGINT NOT NULL,
            run BIGINT NOT NULL, transfer VARCHAR(26) NOT NULL, decided_ms BIGINT NOT NULL,
            PRIMARY KEY (route, business_date, batch, run)) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin",
    "CREATE TABLE IF NOT EXISTS rejects (
            transfer VARCHAR(26) NOT NULL, record BIGINT NOT NULL, ordinal BIGINT NOT NULL,
            byte_offset BIGINT NOT NULL, field TEXT NOT NULL, field_at BIGINT NOT NULL, code BIGINT NOT NULL,
            detail MEDIUMTEXT NOT NULL, hex MEDIUMTEXT NOT NULL,
            PRIMARY KEY (transfer, record)) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin",
    "CREATE TABLE IF NOT EXISTS deliveries (
            id VARCHAR(26) NOT NULL, transfer VARCHAR(26) NOT NULL, purpose VARCHAR(20) NOT NULL,
            required BIGINT NOT NULL, spool VARCHAR(64) NOT NULL, name VARCHAR(255) NOT NULL, size BIGINT NOT NULL,
            sha256 VARCHAR(64) NOT NULL, checksums TEXT NOT NULL, sm3 VARCHAR(64), marker_name VARCHAR(255),
            marker_content MEDIUMBLOB, state VARCHAR(20) NOT NULL, attempts BIGINT NOT NULL,
            next_attempt_ms BIGINT NOT NULL, last_error MEDIUMTEXT NOT NULL, planned_ms BIGINT NOT NULL,
            updated_ms BIGINT NOT NULL, delivered_ms BIGINT, queue BIGINT NOT NULL, open_key VARCHAR(330),
            PRIMARY KEY (id), UNIQUE KEY deliveries_open (open_key), KEY deliveries_queue (queue, next_attempt_ms, id),
            KEY deliveries_transfer (transfer, id), KEY deliveries_name (spool, name, id),
            KEY deliveries_state (state, delivered_ms, id)) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin",
    "CREATE TABLE IF NOT EXISTS journal (
            subject VARCHAR(100) NOT NULL, n BIGINT NOT NULL, at_ms BIGINT NOT NULL, entry MEDIUMTEXT NOT NULL,
            previous VARCHAR(64) NOT NULL, hash VARCHAR(64) NOT NULL,
            PRIMARY KEY (subject, n)) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin",
    "CREATE TABLE IF NOT EXISTS heads (
            subject VARCHAR(100) NOT NULL, n BIGINT NOT NULL, hash VARCHAR(64) NOT NULL, unsealed BIGINT NOT NULL,
            PRIMARY KEY (subject),
            KEY heads_unsealed (unsealed, subject)) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin",
    "CREATE TABLE IF NOT EXISTS seals (
            n BIGINT NOT NULL, at_ms BIGINT NOT NULL, heads BIGINT NOT NULL, previous VARCHAR(64) NOT NULL,
            code VARCHAR(64) NOT NULL, PRIMARY KEY (n)) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin",
    "CREATE TABLE IF NOT EXISTS seal_heads (
            seal BIGINT NOT NULL, subject VARCHAR(100) NOT NULL, n BIGINT NOT NULL, hash VARCHAR(64) NOT NULL,
            PRIMARY KEY (seal, subject),
            KEY seal_heads_subject (subject, n)) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin",
    "CREATE TABLE IF NOT EXISTS leases (
            lease_key VARCHAR(160) NOT NULL, epoch BIGINT NOT NULL, holder VARCHAR(160) NOT NULL, beat BIGINT NOT NULL,
            PRIMARY KEY (lease_key)) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin",
    "CREATE TABLE IF NOT EXISTS counters (
            name VARCHAR(40) NOT NULL, value BIGINT NOT NULL,
            PRIMARY KEY (name)) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin",
    "INSERT IGNORE INTO counters (name, value) VALUES ('publication', 0)",
    "CREATE TABLE IF NOT EXISTS notices (
            id BIGINT NOT NULL AUTO_INCREMENT, raised_ms BIGINT NOT NULL, last_ms BIGINT NOT NULL,
            times BIGINT NOT NULL, severity VARCHAR(20) NOT NULL, topic VARCHAR(100) NOT NULL,
            subject VARCHAR(512) NOT NULL, code BIGINT NOT NULL, body MEDIUMTEXT NOT NULL, unread BIGINT NOT NULL,
            acknowledged_by MEDIUMTEXT, acknowledged_ms BIGINT, open_key VARCHAR(630), PRIMARY KEY (id),
            UNIQUE KEY notices_open (open_key), KEY notices_unread (unread, last_ms, id),
            KEY notices_last (last_ms, id)) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin",
    "CREATE TABLE IF NOT EXISTS days (
            route VARCHAR(64) NOT NULL, business_date VARCHAR(20) NOT NULL, is_open BIGINT NOT NULL,
            at_ms BIGINT NOT NULL, decided_by MEDIUMTEXT NOT NULL,
            PRIMARY KEY (route, business_date)) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin",
];

/// What stays of a transfer that was purged: the last heads of its chains, and its arrival key.
const PURGED: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS purged (
        subject VARCHAR(100) NOT NULL, n BIGINT NOT NULL, hash VARCHAR(64) NOT NULL, purge_n BIGINT NOT NULL,
        PRIMARY KEY (subject),
        KEY purged_purge (purge_n, subject)) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin",
    "CREATE TABLE IF NOT EXISTS purged_arrivals (
        arrival_key VARCHAR(512) NOT NULL, at_ms BIGINT NOT NULL,
        PRIMARY KEY (arrival_key)) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin",
    "INSERT IGNORE INTO counters (name, value) VALUES ('purged', 0)",
];

/// What nodes say of themselves.
const NODES: &[&str] = &["CREATE TABLE IF NOT EXISTS nodes (
        name VARCHAR(64) NOT NULL, heard_ms BIGINT NOT NULL, about MEDIUMTEXT NOT NULL,
        PRIMARY KEY (name)) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin"];

/// What persons paused, and what one asked that another one must confirm.
const DESK: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS pauses (
        kind VARCHAR(20) NOT NULL, name VARCHAR(160) NOT NULL, since_ms BIGINT NOT NULL, decided_by MEDIUMTEXT NOT NULL,
        PRIMARY KEY (kind, name)) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin",
    "CREATE TABLE IF NOT EXISTS asks (
        id VARCHAR(26) NOT NULL, verb VARCHAR(20) NOT NULL, subject VARCHAR(255) NOT NULL, body MEDIUMTEXT NOT NULL,
        effect MEDIUMTEXT NOT NULL, person VARCHAR(255) NOT NULL, reason MEDIUMTEXT NOT NULL, asked_ms BIGINT NOT NULL,
        state VARCHAR(20) NOT NULL, closed_by MEDIUMTEXT, closed_ms BIGINT, PRIMARY KEY (id),
        KEY asks_state (state, id)) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin",
];

/// No new table: deliveries may be commands from here on.
const COMMANDS: &[&str] = &[];

/// Events that are pushed: how far, what was not taken, what persons deferred; and readers that are known by name.
const POSTINGS: &[&str] = &[
    "ALTER TABLE deliveries ADD COLUMN confirmed BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE deliveries ADD COLUMN round BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE deliveries ADD COLUMN deferred BIGINT NOT NULL DEFAULT 0",
    "CREATE INDEX deliveries_postings ON deliveries (queue, spool, id)",
    "CREATE INDEX deliveries_deferred ON deliveries (deferred, id)",
    "CREATE TABLE IF NOT EXISTS dead_letters (
        delivery VARCHAR(26) NOT NULL, record BIGINT NOT NULL, outlet VARCHAR(64) NOT NULL, transfer VARCHAR(26) NOT NULL,
        route VARCHAR(64) NOT NULL, event_id MEDIUMTEXT NOT NULL, conflict BIGINT NOT NULL, why MEDIUMTEXT NOT NULL,
        at_ms BIGINT NOT NULL, due BIGINT NOT NULL, PRIMARY KEY (delivery, record),
        KEY dead_letters_outlet (outlet, due, delivery, record)) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin",
    "CREATE TABLE IF NOT EXISTS consumers (
        name VARCHAR(64) NOT NULL, owner VARCHAR(160) NOT NULL, publication BIGINT NOT NULL, record BIGINT NOT NULL,
        made_ms BIGINT NOT NULL, updated_ms BIGINT NOT NULL,
        PRIMARY KEY (name)) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin",
];

/// What is said once, and whether it is over.
const TOLD: &[&str] = &["CREATE TABLE IF NOT EXISTS told (
        told_key VARCHAR(255) NOT NULL, at_ms BIGINT NOT NULL, is_open BIGINT NOT NULL, over_ms BIGINT,
        PRIMARY KEY (told_key), KEY told_open (is_open, told_key)) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin"];

/// Under which date rows stand (`partitions.rs`): always none in tables that were made before it.
const DATED: &[&str] = &[
    "ALTER TABLE journal ADD COLUMN book_date BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE rejects ADD COLUMN book_date BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE heads ADD COLUMN book_date BIGINT NOT NULL DEFAULT 0",
];
