//! The database outlet: events become rows of typed tables in a SQLite file, or in a database of a server that speaks
//! MySQL's protocol (MySQL, MariaDB, OceanBase).
//!
//! Invariants: the rows of a batch, the posting's cursor and its epoch are committed together, so each event is there
//! exactly once, whatever breaks; a row is never changed, and the same id with other content is told and written down
//! (D9, D12). Several installations may share the tables: each row, cursor and conflict has its installation in its key.
//!
//! It uses only what all engines do alike: no upsert of a dialect, no RETURNING, no SKIP LOCKED, no GET_LOCK, no JSON.
//! Deliberately absent: foreign keys, views, and rows that are changed when a trade is cancelled: that is an event of its
//! own, with an id of its own.

mod cell;
mod cells;
mod fault;
mod fit;
mod json;
mod link;
mod outlet;
mod partitions;
mod reading;
mod schema;
mod span;
mod tables;
mod write;

pub use link::Place;
pub use outlet::DatabaseOutlet;
pub use span::{Counted, Span};
