//! What every ledger engine must do, run against each engine that there is.
//!
//! A case is an async function over [`Books`]: a place where books are kept, which any number of handles (nodes) can
//! open. A new engine implements [`Books`] and adds one `conformance!` line.

// A test that cannot go on says so by panicking, in helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod chains;
#[path = "../support/commit_line.rs"]
mod commit_line;
mod copies;
mod crash;
#[path = "../support/databases.rs"]
mod databases;
mod deliveries;
mod desk;
mod figures;
mod leases;
mod memory;
mod mysql;
mod open_copy;
mod partitions;
mod postings;
mod publications;
mod purge;
mod races;
mod random;
mod replies;
mod restarts;
mod seen;
mod shapes;
mod sqlite;
mod tls;
mod told;
mod transfers;
mod verbs;

#[path = "../simulator/baton.rs"]
#[allow(dead_code, reason = "nobody runs a simulation here")]
mod baton;
#[path = "../simulator/books.rs"]
#[allow(dead_code, reason = "the simulator uses more")]
mod books;
#[path = "../simulator/ledger.rs"]
mod ledger;
#[path = "../simulator/outlet.rs"]
#[allow(dead_code, reason = "the simulator uses more")]
mod outlet;
#[path = "../simulator/seams.rs"]
#[allow(dead_code, reason = "the simulator uses more")]
mod seams;

use async_trait::async_trait;
use fpp::ledger::Ledger;

/// A place where books are kept.
#[async_trait]
trait Books: Send + Sync {
    /// Another node's handle on these books.
    async fn open(&self) -> Box<dyn Ledger>;
    /// The command line's handle.
    async fn open_read_only(&self) -> Box<dyn Ledger>;
    /// Empty books of the same engine.
    fn fresh(&self) -> Box<dyn Books>;
    /// Changes rows behind the ledger's back.
    async fn tamper(&self, statements: &[&str]);
    /// Writes something behind the ledger's back, and does not commit it yet.
    async fn hold(&self, statement: &'static str) -> Box<dyn Held>;
    /// Where they are, for another process.
    async fn place(&self) -> String;
}

/// A transaction that is open behind the ledger's back.
#[async_trait]
trait Held: Send {
    /// Undoes it.
    async fn undo(self: Box<Self>);
}

macro_rules! conformance {
    ($engine:ident, $books:expr) => {
        conformance!($engine, $books;
            transfers::an_arrival_is_booked_once,
            transfers::a_file_walks_to_its_end,
            transfers::an_illegal_move_writes_nothing,
            transfers::a_parked_file_is_not_due,
            transfers::held_and_finished_files_are_not_due,
            transfers::an_identity_is_accepted_once,
            transfers::a_batch_shows_its_runs_but_not_the_rejected,
            transfers::lists_are_filtered_and_paged,
            transfers::the_posted_batches_beside_one_are_known,
            transfers::rejects_are_paged_and_belong_to_their_judgement,
            leases::a_stale_epoch_writes_nothing,
            leases::one_of_many_takes_a_lease,
            leases::a_beat_is_refused_after_a_takeover,
            publications::numbers_never_appear_late,
            publications::a_number_is_not_lost_by_a_refused_apply,
            publications::a_commit_that_is_held_back_holds_back_every_later_number,
            leases::a_takeover_waits_for_the_write_under_way,
            leases::a_node_speaks_for_itself_under_its_own_lease,
            races::an_arrival_is_booked_once_by_many_nodes,
            races::an_identity_is_accepted_once_by_many_nodes,
            races::a_name_is_planned_once_by_many_nodes,
            races::a_notice_is_opened_once_by_many_nodes,
            races::a_file_moves_once,
            races::writers_in_each_other_s_way_all_get_through,
            races::a_file_is_not_put_to_sleep_past_a_delivery_that_arrives_meanwhile,
            races::who_puts_a_file_to_sleep_waits_for_a_delivery_under_way,
            crash::a_killed_node_loses_nothing_it_committed,
            deliveries::a_plan_is_made_once,
            deliveries::a_delivery_walks_and_wakes_its_transfer,
            deliveries::a_transfer_does_not_sleep_past_its_last_delivery,
            deliveries::a_delivery_is_tried_again_later,
            deliveries::an_old_look_takes_nothing_that_was_sent_again,
            deliveries::what_became_of_a_proven_file_is_in_the_books,
            deliveries::what_is_due_besides_some_spools_is_found_behind_them,
            desk::a_notice_is_counted_up_until_it_is_read,
            desk::days_open_and_close,
            desk::open_notices_are_read_page_by_page,
            told::a_thing_is_told_once_and_is_over_once,
            told::a_settled_notice_may_be_raised_anew,
            told::a_notice_that_was_raised_again_is_not_ended,
            told::a_thing_is_told_once_by_many_nodes,
            desk::books_outlive_their_node,
            desk::a_cancelled_apply_is_all_or_nothing,
            desk::a_reader_stands_beside_a_writer,
            chains::the_journal_says_who_did_what_under_which_lease,
            chains::seals_hold_with_their_key_only,
            chains::many_heads_take_several_seals,
            chains::verify_names_the_row_that_was_changed,
            chains::verify_may_run_beside_a_writer,
            purge::finished_transfers_go_and_the_rest_is_proven,
            purge::published_ones_go_in_order,
            purge::what_was_purged_comes_back_as_nothing_new,
            purge::what_is_not_sealed_stays,
            purge::two_nodes_may_purge_at_once,
            purge::a_transfer_that_was_erased_cannot_be_called_purged,
            random::rows_equal_their_journals,
            verbs::every_verb_on_every_standing_does_what_the_table_says,
            verbs::every_verb_on_every_delivery_does_what_the_table_says,
            deliveries::what_is_untaken_is_read_page_by_page,
            verbs::what_was_held_with_its_file_goes_on_with_it,
            verbs::a_command_is_not_repeated_by_a_word_about_its_file,
            verbs::what_a_person_holds_no_worker_moves,
            verbs::what_a_partner_took_is_sent_again_once,
            verbs::what_is_held_of_a_partner_is_walked,
            verbs::a_pause_is_seen_by_all_and_outlives_its_node,
            verbs::a_request_is_closed_once_by_many_nodes,
            postings::of_each_route_the_first_is_next_and_a_held_one_is_passed,
            postings::fresh_work_comes_before_a_replay_and_in_the_order_of_the_publications,
            postings::what_was_confirmed_is_kept_under_the_lease_and_begins_anew_when_it_is_sent_again,
            postings::a_deferred_delivery_wakes_its_transfer_and_is_owed_until_it_is_there,
            postings::dead_letters_are_in_the_chain_of_their_posting,
            postings::dead_letters_go_with_their_transfer,
            postings::a_consumer_keeps_its_position_for_every_node,
            postings::a_commit_never_goes_back_whoever_commits_at_once,
        );
    };
    ($engine:ident, $books:expr; $($room:ident::$case:ident),* $(,)?) => {
        mod $engine {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let Some(books) = $books else { return };
                crate::$room::$case(&books).await;
            })*
        }
    };
}

conformance!(on_sqlite, Some(crate::sqlite::SqliteBooks::new()));
conformance!(on_mariadb, crate::mysql::MysqlBooks::new(crate::databases::Kind::MariaDb));
conformance!(in_memory, Some(crate::memory::MemoryBooks::new());
    transfers::an_arrival_is_booked_once,
    transfers::a_file_walks_to_its_end,
    transfers::an_illegal_move_writes_nothing,
    transfers::a_parked_file_is_not_due,
    transfers::held_and_finished_files_are_not_due,
    transfers::an_identity_is_accepted_once,
    transfers::a_batch_shows_its_runs_but_not_the_rejected,
    transfers::lists_are_filtered_and_paged,
    transfers::the_posted_batches_beside_one_are_known,
    transfers::rejects_are_paged_and_belong_to_their_judgement,
    leases::a_stale_epoch_writes_nothing,
    leases::one_of_many_takes_a_lease,
    leases::a_beat_is_refused_after_a_takeover,
    publications::a_number_is_not_lost_by_a_refused_apply,
    races::an_arrival_is_booked_once_by_many_nodes,
    races::an_identity_is_accepted_once_by_many_nodes,
    races::a_name_is_planned_once_by_many_nodes,
    races::a_notice_is_opened_once_by_many_nodes,
    races::a_file_moves_once,
    deliveries::a_plan_is_made_once,
    deliveries::a_delivery_walks_and_wakes_its_transfer,
    deliveries::a_transfer_does_not_sleep_past_its_last_delivery,
    deliveries::a_delivery_is_tried_again_later,
    deliveries::an_old_look_takes_nothing_that_was_sent_again,
    deliveries::what_became_of_a_proven_file_is_in_the_books,
    desk::days_open_and_close,
    desk::open_notices_are_read_page_by_page,
    told::a_settled_notice_may_be_raised_anew,
    told::a_notice_that_was_raised_again_is_not_ended,
    told::a_thing_is_told_once_by_many_nodes,
    chains::the_journal_says_who_did_what_under_which_lease,
);
conformance!(on_seekdb, crate::mysql::MysqlBooks::new(crate::databases::Kind::SeekDb));

/// Opens books by their [`Books::place`].
async fn open_at(place: &str) -> Box<dyn Ledger> {
    match mysql::server_at(place) {
        Some(server) => Box::new(fpp::ledger::mysql::MysqlLedger::open(server).await.unwrap()),
        None => Box::new(fpp::ledger::sqlite::SqliteLedger::open(place.as_ref()).await.unwrap()),
    }
}
