//! What the database outlet must do, on a SQLite file, MariaDB and OceanBase's engine alike.
//!
//! A case is an async function over a [`Shop`], an empty database of one kind. Events are those of the golden cases, and
//! trades made after their pattern.

// A test that cannot go on says so by panicking, in helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod cases;
#[path = "../support/commit_line.rs"]
mod commit_line;
#[path = "../support/databases.rs"]
mod databases;
mod events;
#[cfg(feature = "demo")]
mod node;
mod servers;
mod shop;
mod spans;
#[cfg(feature = "demo")]
#[path = "../support/mod.rs"]
mod support;
mod versions;

use databases::Kind;
use shop::Shop;

macro_rules! on_every_engine {
    ($($case:ident,)*) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::cases::$case(&crate::Shop::file()).await;
            })*
        }
        on_every_engine!(on_mariadb, MariaDb; $($case,)*);
        on_every_engine!(on_seekdb, SeekDb; $($case,)*);
    };
    ($engine:ident, $kind:ident; $($case:ident,)*) => {
        mod $engine {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                if let Some(shop) = crate::Shop::used(crate::Kind::$kind).await {
                    crate::cases::$case(&shop).await;
                    shop.give_back(crate::Kind::$kind);
                }
            })*
        }
    };
}

on_every_engine! {
    every_type_of_event_has_its_typed_columns,
    the_same_events_again_change_nothing,
    other_content_of_an_id_is_told_and_never_written,
    ids_that_differ_in_anything_are_others,
    what_does_not_fit_is_refused_and_an_optional_outlet_gets_the_rest,
    a_required_outlet_has_the_row_of_a_file_when_it_has_all_of_its_trades,
    installations_share_the_tables,
    a_push_that_is_dropped_anywhere_is_all_or_nothing,
    nodes_write_at_once,
}
