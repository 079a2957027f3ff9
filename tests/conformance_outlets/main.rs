//! What every engine of an outlet must do (`src/outlets/push.rs`), run against each engine that there is.
//!
//! A case is an async function over a [`Target`], an empty target of one kind. A new engine implements [`Target`] and adds
//! one `conformance!` line. That an engine which breaks in the middle of a file under a real node loses nothing is tried in
//! `node.rs`, with the kinds that a configuration can name.

// A test that cannot go on says so by panicking, in helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod cases;
#[path = "../outlet_database/events.rs"]
#[allow(dead_code, reason = "the cases of databases use more")]
mod events;
#[cfg(feature = "demo")]
mod node;
#[path = "../outlet_webhook/server.rs"]
#[allow(dead_code, reason = "the cases of webhooks use more")]
mod server;
#[cfg(feature = "demo")]
#[path = "../support/mod.rs"]
mod support;
mod targets;

use async_trait::async_trait;
use fpp::outlets::push::Engine;
use std::sync::Arc;

/// A target, and what its engine promises beyond at least once.
#[async_trait]
trait Target: Send + Sync {
    /// The engine, as a node makes it anew at each start.
    fn engine(&self) -> Arc<dyn Engine>;
    /// The ids that its consumer sees, as often as it sees them.
    async fn ids(&self) -> Vec<String>;
    /// What stands between `[outlet.o]` and the next table; nothing where no configuration can name it.
    #[cfg_attr(not(feature = "demo"), allow(dead_code, reason = "only a node reads it"))]
    fn keys(&self) -> Option<String>;
    /// Cursor and rows are one: each event stands there once, a stale epoch is refused, the cursor is told.
    fn is_exact(&self) -> bool;
    /// An id with other data is noticed.
    fn notices(&self) -> bool;
    /// From now on it takes so many events, or nothing where it takes a batch whole or not at all, and fails then; with
    /// nothing it works again.
    async fn breaks_after(&self, events: Option<usize>);
}

macro_rules! conformance {
    ($engine:ident, $target:expr) => {
        conformance!($engine, $target;
            every_event_is_there_in_its_order,
            what_comes_again_after_a_break_is_there,
            another_content_of_an_id_is_told_and_not_written,
            a_stale_epoch_is_refused,
            what_is_settled_beside_an_error_is_there,
            the_cursor_is_that_of_the_posting,
            a_look_says_something,
        );
    };
    ($engine:ident, $target:expr; $($case:ident),* $(,)?) => {
        mod $engine {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::cases::$case(&$target).await;
            })*

            #[cfg(feature = "demo")]
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn a_break_in_the_middle_of_a_file_loses_nothing() {
                crate::node::a_break_in_the_middle_of_a_file_loses_nothing(&$target).await;
            }
        }
    };
}

conformance!(in_memory, crate::targets::InMemory::default());
conformance!(appended, crate::targets::Appended::new());
conformance!(in_sqlite, crate::targets::InSqlite::new());
conformance!(posted, crate::targets::Posted::new());
