//! Real processes whose lines break while files are on their way: to the ledger, to a partner, to the vault. Everything comes
//! out once, a person is told, and the log is not flooded; slow lines only take longer. None of their secrets is ever said. And
//! the machine under a node: its clock, its notifications, its disks, and folders that go away.
//!
//! A line is broken with a reset, or swallows everything without a word (`fleet_support/line.rs`).
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod apart;
#[cfg(feature = "s3")]
mod bucket_room;
#[path = "../support/databases.rs"]
mod databases;
mod disk;
#[path = "../fleet_support/mod.rs"]
mod fleet_support;
mod folders;
mod ledger;
mod machine;
mod partner;
mod secrets;
#[path = "../../spool/tests/sshd_support/mod.rs"]
#[allow(dead_code, reason = "shared with the tests of the spool crate, which use the rest")]
mod sshd_support;
#[path = "../support/mod.rs"]
mod support;
#[cfg(feature = "s3")]
mod vault;
