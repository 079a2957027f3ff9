//! The whole node against a real OpenSSH server that misbehaves: what the books, the partner's folders and the notices
//! say afterwards.
#![cfg(feature = "demo")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a panic is a failed test; a skipped one says so"
)]

mod broken;
mod collect;
mod command;
mod deliver;
mod doctor;
mod killed;
mod line;
mod look;
#[path = "../crash_support/mortal.rs"]
#[allow(dead_code, reason = "shared with the crash test, which uses the rest")]
mod mortal;
mod refused;
mod room;
mod secrets;
mod sound;
#[path = "../support/mod.rs"]
mod support;

#[path = "../../spool/tests/sshd_support/mod.rs"]
#[allow(dead_code, reason = "shared with the tests of the spool crate, which use the rest")]
mod sshd_support;
