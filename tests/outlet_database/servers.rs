//! What only a server can suffer: a commit whose answer is lost, killed sessions, days without a partition.

use crate::commit_line::{Cut, Line};
use crate::databases::Kind;
use crate::events::{batch, posting, trade, trades};
use crate::shop::{NOW_MS, Shop, closed};
use fpp::clock::Clock;
use fpp::error::Class;
use fpp::ledger::mysql::Server;
use fpp::outlets::database::{DatabaseOutlet, Place};
use fpp::outlets::push::{Engine, Outcome, Posting};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};

const KINDS: [Kind; 2] = [Kind::MariaDb, Kind::SeekDb];
/// Thirty days.
const MONTH_MS: i64 = 30 * 24 * 3_600_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_stands_once() {
    for kind in KINDS {
        let Some(shop) = Shop::server(kind).await else { continue };
        let Place::Server(server) = shop.place() else { unreachable!() };
        let mut from = 1;
        for cut in [Cut::Before, Cut::After, Cut::Before, Cut::After] {
            let line = Line::lay(server.socket.as_ref().unwrap(), cut);
            let place = Place::Server(Server { socket: Some(line.socket()), ..server.clone() });
            let outlet = DatabaseOutlet::new(place, Clock::fixed(NOW_MS));
            outlet.push(&posting("01A", 1), &trades(from, 30)).await.unwrap();
            line.arm();
            let events = trades(from + 30, 30);
            let lost = outlet.push(&posting("01A", 1), &events).await.unwrap_err().error;
            assert_eq!(lost.class, Class::Retry, "{cut:?}: {lost}");
            let stands = if cut == Cut::Before { 29 } else { 59 };
            assert_eq!(shop.count("trades").await, from + stands, "{cut:?}");
            assert_eq!(outlet.cursor(&posting("01A", 1)).await.unwrap(), Some(from + stands));
            let outcome = outlet.push(&posting("01A", 1), &events).await.unwrap();
            assert_eq!((outcome, shop.count("trades").await), (Outcome::default(), from + 59), "{cut:?}");
            closed(outlet).await;
            from += 60;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_that_were_killed_meanwhile_are_made_anew() {
    let Some(shop) = Shop::server(Kind::MariaDb).await else { return };
    let outlet = shop.open();
    outlet.push(&posting("01A", 1), &trades(1, 5)).await.unwrap();
    let Shop::Server(_, name) = &shop else { unreachable!() };
    let list = format!(
        "SELECT CAST(id AS CHAR) FROM information_schema.processlist WHERE db = '{name}' AND command = 'Sleep'"
    );
    for session in shop.rows(&list).await.concat() {
        shop.tamper(&format!("KILL {session}")).await;
    }
    outlet.push(&posting("01A", 1), &trades(6, 5)).await.unwrap();
    assert_eq!(shop.count("trades").await, 10);
    closed(outlet).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn partitions_are_made_ahead_and_for_days_that_need_them() {
    for kind in KINDS {
        let Some(shop) = Shop::server(kind).await else { continue };
        let now = Arc::new(AtomicI64::new(NOW_MS));
        // A required one would stop at what it refuses.
        let posting = |transfer, epoch| Posting { required: false, ..posting(transfer, epoch) };
        let outlet = DatabaseOutlet::new(shop.place(), Clock::Fixed(now.clone()));
        outlet.push(&posting("01A", 1), &trades(1, 5)).await.unwrap();
        let ends = |line: String| line.split("before ").nth(1).unwrap().to_owned();
        assert_eq!(ends(outlet.look().await.unwrap()), "2025-10-01", "{kind:?}");
        // A day in the first month that has none, a very old one, one too far ahead, and an id without a day.
        let lines = [
            trade(6, "2025-10-01", "780.1500"),
            trade(7, "1999-12-31", "780.1500"),
            trade(8, "2027-06-01", "780.1500"),
            trade(9, "2025-06-20", "780.1500").replace("\"id\":\"2025-06-20:", "\"id\":\""),
        ];
        let events = batch(lines.iter().map(String::as_str));
        let outcome = outlet.push(&posting("01A", 1), &events).await.unwrap();
        assert_eq!((outcome.refused.len(), outcome.refused[0].record), (1, 8), "{outcome:?}");
        assert!(outcome.refused[0].why.contains("too far ahead"), "{outcome:?}");
        assert_eq!(ends(outlet.look().await.unwrap()), "2025-11-01", "{kind:?}");
        let days = "SELECT CAST(row_date AS CHAR) FROM trades WHERE record > 5 ORDER BY record";
        assert_eq!(shop.rows(days).await.concat(), ["2025-10-01", "1999-12-31", "1000-01-01"]);
        let again = outlet.push(&posting("01A", 1), &events).await.unwrap();
        assert_eq!((again, shop.count("trades").await), (outcome, 8));
        // Time goes on, and with it the months ahead, while the same node runs.
        now.fetch_add(6 * MONTH_MS, SeqCst);
        outlet.push(&posting("01A", 1), &trades(20, 1)).await.unwrap();
        assert_eq!(ends(outlet.look().await.unwrap()), "2026-04-01", "{kind:?}");
        closed(outlet).await;
    }
}
