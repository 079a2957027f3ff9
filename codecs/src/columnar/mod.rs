//! Apache Parquet and Arrow IPC: records as typed columns, by the arrow crates. Behind the feature `columnar`, because
//! those crates take minutes to compile.
//!
//! A [`Table`] says how one record format becomes columns, [`Rows`] collects good records, and a [`ColumnFile`] writes
//! what was collected. Decimals are Decimal128 up to 38 digits and Decimal256 beyond, binary numbers without scale are
//! integers, dates Date32, times of day Time32 in milliseconds, timestamps microseconds or, with 7 to 9 fraction digits,
//! nanoseconds without zone; hex is Binary; DECFLOAT, long hexadecimal floats and timestamps of 10 to 12 digits are text,
//! because no type holds them. Groups are structs and OCCURS are lists. A value that its column cannot hold (24:00:00, a
//! kept dirty value, a nanosecond of the year 1) is a fault of its field, never another value.
//!
//! Nothing is read back here, and a file has one record format: a table with columns of several would be nulls.

mod column;
mod file;
mod schema;
mod store;

pub use column::{Chunk, Rows};
pub use file::{ColumnFile, ColumnForm};
pub use schema::{Options, Table};
