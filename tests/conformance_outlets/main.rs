//! What every engine of an outlet must do (`src/outlets/push.rs`), run against each engine that there is.
//!
//! A case is an async function over a [`Target`], an empty target of one kind. A new engine implements [`Target`] and adds
//! one `conformance!` line. That an engine which breaks in the middle of a file under a real node loses nothing is tried in
//! `node.rs`, with the kinds that a configuration can name.
//!
//! Servers are real ones, each started once for all cases: MariaDB, OceanBase's engine and RocketMQ. Where one is not
//! installed its cases are skipped, unless the environment promises the real parts. What only one kind of target can do or
//! suffer is tried beside it: `outlet_database`, `outlet_rocketmq`, `outlet_webhook`.

// A test that cannot go on says so by panicking, in helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

#[cfg(feature = "rocketmq")]
#[path = "../outlet_rocketmq/broker.rs"]
#[allow(dead_code, reason = "the cases of RocketMQ use more")]
mod broker;
mod cases;
#[path = "../support/databases.rs"]
mod databases;
#[cfg(all(feature = "demo", feature = "rocketmq"))]
mod down;
#[path = "../outlet_database/events.rs"]
#[allow(dead_code, reason = "the cases of databases use more")]
mod events;
#[cfg(feature = "demo")]
mod node;
#[path = "../outlet_webhook/server.rs"]
#[allow(dead_code, reason = "the cases of webhooks use more")]
mod server;
#[path = "../outlet_database/shop.rs"]
#[allow(dead_code, reason = "the cases of databases use more")]
mod shop;
#[cfg(all(feature = "demo", feature = "rocketmq"))]
mod still;
#[cfg(feature = "demo")]
#[path = "../support/mod.rs"]
mod support;
mod targets;
#[cfg(feature = "rocketmq")]
mod topics;
#[cfg(all(feature = "demo", feature = "rocketmq"))]
mod watched;

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
    /// It confirms a batch piece by piece: when it breaks it says how far it came.
    fn tells_how_far(&self) -> bool;
    /// An event's JSON, changed so that it is refused for good; nothing where everything is taken.
    fn spoiled(&self, json: &str) -> Option<String>;
    /// Nobody needs it any more.
    fn give_back(self)
    where
        Self: Sized,
    {
    }
    /// From now on it takes so many events, or nothing where it takes a batch whole or not at all, and fails then; with
    /// nothing it works again.
    async fn breaks_after(&self, events: Option<usize>);
}

/// The cases, for a macro that makes tests of them.
macro_rules! every_case {
    ($make:ident!($($given:tt)*)) => {
        $make!($($given)*;
            every_event_is_there_in_its_order,
            what_comes_again_after_a_break_is_there,
            each_life_goes_on_behind_the_cursor,
            nothing_is_a_batch_too,
            a_huge_event_is_taken_or_refused_by_itself,
            behind_what_a_required_posting_is_refused_nothing_is_there,
            another_content_of_an_id_is_told_and_not_written,
            a_stale_epoch_is_refused,
            what_is_settled_beside_an_error_is_there,
            the_cursor_is_that_of_the_posting,
            a_look_says_something,
        );
    };
}

macro_rules! conformance {
    ($engine:ident, $target:expr; $($case:ident,)*) => {
        mod $engine {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                if let Some(target) = $target {
                    crate::cases::$case(&target).await;
                    crate::Target::give_back(target);
                }
            })*

            #[cfg(feature = "demo")]
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn a_break_in_the_middle_of_a_file_loses_nothing() {
                if let Some(target) = $target {
                    crate::node::a_break_in_the_middle_of_a_file_loses_nothing(&target).await;
                    crate::Target::give_back(target);
                }
            }
        }
    };
}

/// One test of all cases, each with a topic of its own: starting a broker takes longer than everything that is tried.
#[cfg(feature = "rocketmq")]
macro_rules! conformance_of_a_broker {
    ($engine:ident; $($case:ident,)*) => {
        mod $engine {
            #[test]
            fn every_case() {
                crate::broker::within(concat!(stringify!($engine), "::every_case"), |jars| async move {
                    let broker = crate::topics::Running::start(&jars);
                    $({
                        println!("{}", stringify!($case));
                        crate::cases::$case(&broker.topic(stringify!($case))).await;
                    })*
                    #[cfg(feature = "demo")]
                    {
                        crate::node::a_break_in_the_middle_of_a_file_loses_nothing(&broker.topic("node")).await;
                        crate::still::a_broker_that_stands_still_in_the_middle_of_a_file_is_told_once(&broker).await;
                        crate::down::no_trouble_of_a_broker_loses_an_event_and_a_person_hears_of_it(&broker, &jars).await;
                    }
                });
            }
        }
    };
}

every_case!(conformance!(in_memory, Some(crate::targets::InMemory::default())));
every_case!(conformance!(appended, Some(crate::targets::Appended::new())));
every_case!(conformance!(in_sqlite, Some(crate::targets::InDatabase::file())));
every_case!(conformance!(in_mariadb, crate::targets::InDatabase::server(crate::databases::Kind::MariaDb).await));
every_case!(conformance!(in_seekdb, crate::targets::InDatabase::server(crate::databases::Kind::SeekDb).await));
every_case!(conformance!(posted, Some(crate::targets::Posted::new())));
#[cfg(feature = "rocketmq")]
every_case!(conformance_of_a_broker!(in_rocketmq));
