//! How many trades a second a database outlet makes durable: a SQLite file, MariaDB, OceanBase's engine, each with the
//! settings that a node uses, from events in memory to the last commit.
//!
//! Every run counts what stands in the table before it prints anything.
//!
//! `cargo bench --bench outlets -- [--records 200000] [--batch 5000]`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a measurement stops at a surprise")]

#[path = "../tests/support/databases.rs"]
mod databases;
#[path = "../tests/outlet_database/events.rs"]
#[allow(dead_code, reason = "the tests use more")]
mod events;

use databases::{Kind, running};
use events::{posting, trades};
use fpp::clock::Clock;
use fpp::outlets::database::{DatabaseOutlet, Place};
use fpp::outlets::push::{Engine, Outcome};
use std::time::{Duration, Instant};

struct Options {
    records: u64,
    batch: u64,
}

fn main() {
    let options = options();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        measure("SQLite file", Place::file(folder.path().join("books.sqlite")), &options).await;
        for (name, kind) in [("MariaDB", Kind::MariaDb), ("OceanBase's engine", Kind::SeekDb)] {
            if let Some(server) = running(kind) {
                let database = server.lend().await;
                measure(name, Place::Server(server.server(&database)), &options).await;
            }
        }
    });
}

async fn measure(name: &str, place: Place, options: &Options) {
    let outlet = DatabaseOutlet::new(place, Clock::System);
    let told = posting("01BENCH", 1);
    // Makes the tables.
    outlet.cursor(&told).await.unwrap();
    let (mut took, mut slowest, mut busy, mut bytes) = (Duration::ZERO, Duration::ZERO, Duration::ZERO, 0);
    let mut from = 1;
    while from <= options.records {
        let events = trades(from, options.batch.min(options.records + 1 - from));
        bytes += events.json.len();
        let (began, cpu_before) = (Instant::now(), cpu());
        let outcome = outlet.push(&told, &events).await.unwrap();
        let batch = began.elapsed();
        (took, slowest, busy) = (took + batch, slowest.max(batch), busy + (cpu() - cpu_before));
        assert_eq!(outcome, Outcome::default());
        from += options.batch;
    }
    assert_eq!(outlet.cursor(&told).await.unwrap(), Some(options.records));
    let day = "2025-06-21".to_owned();
    let span = fpp::outlets::database::Span { from: Some("2025-06-20".to_owned()), before: day };
    let stands = outlet.would_purge("bank", &span).await.unwrap();
    assert_eq!((stands[0].table, stands[0].rows), ("trades", options.records));
    println!(
        "{name}: {:.0} trades/s durable, {:.1} us of CPU a trade in this process ({} trades, {} MB of events, batches of \
         {}, {:.1} s, slowest batch {} ms)",
        options.records as f64 / took.as_secs_f64(),
        busy.as_secs_f64() * 1e6 / options.records as f64,
        options.records,
        bytes / 1_000_000,
        options.batch,
        took.as_secs_f64(),
        slowest.as_millis()
    );
    outlet.close().await;
}

/// What this process has computed, user and system, in steps of 10 ms.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11..13].iter().map(|field| field.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

fn options() -> Options {
    let mut options = Options { records: 200_000, batch: 5_000 };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|word| word.parse().ok()).expect("a number");
        match word.as_str() {
            "--records" => options.records = number(),
            "--batch" => options.batch = number(),
            // `cargo bench` adds it.
            "--bench" => {}
            other => panic!("unknown option {other}"),
        }
    }
    options
}
