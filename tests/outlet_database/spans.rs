//! Rows of a span of days: copied into a file, taken away, and published again.

use crate::databases::Kind;
use crate::events::{batch, golden, posting, trade};
use crate::shop::{NOW_MS, Shop, closed};
use fpp::clock::Clock;
use fpp::outlets::database::{Counted, DatabaseOutlet, Place, Span};
use fpp::outlets::push::{Engine, Outcome};
use std::os::unix::fs::PermissionsExt;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_span_is_copied_taken_away_and_comes_again() {
    let servers = [Shop::server(Kind::MariaDb).await, Shop::server(Kind::SeekDb).await];
    for shop in [Some(Shop::file())].into_iter().chain(servers).flatten() {
        a_span(&shop).await;
    }
}

fn rows(counted: &[Counted]) -> Vec<(&'static str, u64)> {
    counted.iter().filter(|counted| counted.rows > 0).map(|counted| (counted.table, counted.rows)).collect()
}

async fn a_span(shop: &Shop) {
    let outlet = shop.open();
    let end = golden("happy-1388", "events.ndjson");
    let end = std::str::from_utf8(end.json_of(end.events.last().unwrap())).unwrap().to_owned();
    let mut lines: Vec<String> = ["2025-02-10", "2025-03-31", "2025-04-01", "2025-04-30", "2025-05-01", "2025-06-20"]
        .iter()
        .zip(1..)
        .map(|(day, record)| trade(record, day, "780.1500"))
        .collect();
    // A row without a day in its id has a day of its own.
    lines.push(trade(7, "2025-04-02", "780.1500").replace("\"id\":\"2025-04-02:", "\"id\":\""));
    // A file belongs to its business date, whenever it came.
    let end = end.replace("\"businessDate\":\"2025-06-20\"", "\"businessDate\":\"2025-04-30\"");
    assert!(end.contains("2025-04-30") && !end.contains("\"time\":\"2025-04"), "{end}");
    lines.push(end);
    let events = batch(lines.iter().map(String::as_str));
    let april = |transfer| {
        let mut told = posting(transfer, 1);
        told.business_date = Some("2025-04-30".into());
        told
    };
    outlet.push(&april("01A"), &events).await.unwrap();
    outlet.push(&april("01P"), &golden("products", "events.ndjson")).await.unwrap();
    // Not at its end yet, and another installation's.
    outlet.push(&april("01B"), &batch([trade(1, "2025-04-30", "780.1500").as_str()])).await.unwrap();
    let mut branch = april("01A");
    branch.installation = "branch".into();
    outlet.push(&branch, &batch(lines[4..5].iter().map(String::as_str))).await.unwrap();

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("april.sqlite");
    let span = Span { from: Some("2025-04-01".into()), before: "2025-05-01".into() };
    let copied = outlet.export("bank", &span, &file).await.unwrap();
    let postings = ("postings", 3);
    assert_eq!(rows(&copied), [("trades", 4), ("products", 3), ("files", 1), postings]);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(folder.path().read_dir().unwrap().count(), 1, "the copy alone");
    assert!(outlet.export("bank", &span, &file).await.unwrap_err().to_string().contains("is there already"));
    // The copy is an outlet's file: what is in it is known there.
    let copy = DatabaseOutlet::new(Place::file(file), Clock::fixed(NOW_MS));
    let outcome = copy.push(&april("01A"), &events).await.unwrap();
    assert_eq!(outcome, Outcome::default());
    assert_eq!(copy.would_purge("bank", &span).await.unwrap()[0], Counted { table: "trades", rows: 4 });
    closed(copy).await;

    let until = Span { from: None, before: "2025-05-01".into() };
    let would = outlet.would_purge("bank", &until).await.unwrap();
    assert_eq!(rows(&would), [("trades", 6), ("files", 1), ("postings", 3)]);
    assert_eq!(outlet.purge("bank", &until).await.unwrap(), would);
    assert_eq!(rows(&outlet.would_purge("bank", &until).await.unwrap()), []);
    assert_eq!((shop.count("products").await, shop.count("trades").await), (3, 3));
    assert_eq!(shop.rows("SELECT installation FROM postings").await, [["branch"]]);
    if let Shop::Server(..) = shop {
        // April went whole; May holds a row of the other installation.
        let names = shop.rows(
            "SELECT partition_name FROM information_schema.partitions WHERE table_schema = DATABASE() AND \
             table_name = 'trades' AND partition_name LIKE 'm20250%' ORDER BY 1",
        );
        assert_eq!(names.await.concat(), ["m202505", "m202506", "m202507", "m202508", "m202509"]);
        let next = Span { from: None, before: "2025-06-01".into() };
        assert_eq!(rows(&outlet.purge("bank", &next).await.unwrap()), [("trades", 1)]);
        assert_eq!(shop.cell("SELECT COUNT(*) FROM trades PARTITION (m202505)").await, "1");
    }
    // Its cursor is gone as well: a replay brings everything again.
    assert_eq!(outlet.cursor(&april("01A")).await.unwrap(), Some(0));
    assert_eq!(outlet.push(&april("01A"), &events).await.unwrap(), Outcome::default());
    assert_eq!(shop.cell("SELECT COUNT(*) FROM trades WHERE installation = 'bank'").await, "7");
    for day in ["2025-4-1", "April", "2025-02-30", ""] {
        let wrong = Span { from: None, before: day.into() };
        assert!(outlet.purge("bank", &wrong).await.unwrap_err().to_string().contains("is no day"), "{day}");
    }
    closed(outlet).await;
}
