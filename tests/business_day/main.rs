//! The business day through a real node, with the clock set by hand: order and gaps, what is expected and late, nights,
//! days that are closed, promises to partners, and the command that tells of a notice.

// A test that cannot go on says so by panicking, in helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod command;
#[cfg(feature = "demo")]
mod counts;
mod expected;
mod flag;
mod many;
mod nights;
mod order;
mod place;
#[cfg(feature = "demo")]
mod resend;
#[path = "../support/mod.rs"]
mod support;
