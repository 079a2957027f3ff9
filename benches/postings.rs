//! Events on their way out of a running node: records a second from the proven file to the last confirmation of each
//! outlet, one outlet alone and all of them at once, with the memory that the node took; the fastest of them beside one that
//! sleeps; and how long after a marker the event of a one-record file is at a reader of the stream that waits.
//!
//! The node is the program itself, `fpp run`, in a process of its own, so that its memory is nobody else's. Every outlet is
//! asked what stands there before anything is printed. With the feature `rocketmq` everything runs in a network of its own,
//! because the real name server and broker of RocketMQ take part.
//!
//! `cargo bench --features rocketmq --bench postings -- [--records 200000] [--files 300]`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a measurement stops at a surprise")]

#[cfg(feature = "rocketmq")]
#[path = "../tests/outlet_rocketmq/broker.rs"]
#[allow(dead_code, reason = "the tests use more")]
mod broker;
#[path = "../tests/support/databases.rs"]
mod databases;
#[path = "postings/node.rs"]
mod node;
#[path = "walk/process.rs"]
#[allow(dead_code, reason = "the walk uses more")]
mod process;
#[path = "../tests/support/mod.rs"]
mod support;
#[path = "postings/targets.rs"]
mod targets;
#[cfg(feature = "rocketmq")]
#[path = "postings/topics.rs"]
mod topics;

use fpp::api::client;
use fpp::ledger::Ledger;
use fpp::ledger::delivery::{Delivery, Purpose};
use fpp::ledger::transfer::TransferId;
use node::Running;
use std::time::{Duration, Instant};
use support::core::{Dropped, core_file};
use support::settled::transfers;
use support::site::{Site, overlay, sample_route};
use targets::{Target, endpoint, lines, targets};

struct Options {
    records: u64,
    files: u32,
}

fn main() {
    #[cfg(feature = "rocketmq")]
    topics::in_a_network_of_its_own();
    let options = options();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        #[cfg(feature = "rocketmq")]
        let topic = topics::made();
        #[cfg(not(feature = "rocketmq"))]
        let topic = || None;
        let each = targets(&topic).await;
        for target in &each {
            pushed(&[target], options.records).await;
        }
        if cfg!(not(feature = "rocketmq")) {
            println!("RocketMQ: not built in (cargo bench --features rocketmq)");
        }
        let fresh = targets(&topic).await;
        pushed(&fresh.iter().collect::<Vec<_>>(), options.records).await;
        beside_a_slow_one(options.records).await;
        latency(options.files).await;
    });
}

/// A node with these outlets, all optional, and one file.
async fn pushed(targets: &[&Target], records: u64) {
    let ran = run(targets, targets, records).await;
    let alone = if targets.len() == 1 { "alone" } else { "beside the others" };
    for (target, took) in targets.iter().zip(ran.took) {
        let (rate, ms) = (records as f64 / took.as_secs_f64(), took.as_millis());
        println!("{} {alone}: {rate:.0} records/s confirmed ({records} records, {ms} ms)", target.title);
    }
    let (idle, peak) = (ran.idle_kib as f64 / 1_024.0, ran.peak_kib as f64 / 1_024.0);
    println!("  resident memory of the node's process (VmHWM): {idle:.0} MiB at its start, {peak:.0} MiB at most");
}

/// How long the receiver of the slow outlet takes for each call.
const SLEEPS: Duration = Duration::from_millis(100);

/// The fastest outlet by itself, and beside one whose receiver sleeps.
async fn beside_a_slow_one(records: u64) {
    let (alone, beside, slow) = (lines(), lines(), endpoint(SLEEPS).await);
    let alone_took = run(&[&alone], &[&alone], records).await.took[0];
    let took = run(&[&slow, &beside], &[&beside], records).await.took[0];
    let rate = |took: Duration| records as f64 / took.as_secs_f64();
    println!(
        "{}: {:.0} records/s alone, {:.0} beside a webhook whose receiver sleeps {SLEEPS:?} a call and had {} of {records} then",
        beside.title,
        rate(alone_took),
        rate(took),
        slow.stands().await
    );
}

/// What one run of a node gave.
struct Ran {
    /// How long each outlet took that was waited for.
    took: Vec<Duration>,
    /// Peak memory of the node's process when it listens, and at the end.
    idle_kib: u64,
    peak_kib: u64,
}

/// Runs a node with outlets until some of them have everything.
async fn run(targets: &[&Target], awaited: &[&Target], records: u64) -> Ran {
    let mut route = sample_route("pmtrd");
    overlay(&mut route, &targets.iter().map(|target| target.in_route()).collect::<String>().parse().unwrap());
    let site = Site::make(&route);
    site.configure(&targets.iter().map(|target| target.in_node()).collect::<String>());
    let file = core_file(1, records, Dropped::Good);
    let node = Running::start(&site).await;
    let idle_kib = node.peak_kib();
    site.drop_file(&file.name, &file.bytes, Some(""), 1_750_000_000_000);
    drop(file);
    finished(&node, awaited).await;
    let peak_kib = node.peak_kib();
    let sent = node.ledger.deliveries(None, 100).await.unwrap();
    let mut took = Vec::new();
    for target in awaited {
        let sent = sent.iter().find(|d| is_of(d, target)).unwrap();
        // A file of events is made before its delivery is planned: its time begins with the proof.
        let began = if target.is_file() { proven_ms(&node, &sent.transfer).await } else { sent.planned_ms };
        assert_eq!(target.stands().await, records + 1, "{}: every event and the end of the file", target.name);
        took.push(Duration::from_millis((sent.delivered_ms.unwrap() - began).max(1).unsigned_abs()));
    }
    Ran { took, idle_kib, peak_kib }
}

fn is_of(delivery: &Delivery, target: &Target) -> bool {
    matches!(delivery.purpose, Purpose::Posting | Purpose::Events) && delivery.spool == target.name
}

/// When the file was judged.
async fn proven_ms(node: &Running, transfer: &TransferId) -> i64 {
    let journal = node.ledger.journal(&format!("transfer:{transfer}")).await.unwrap();
    journal.iter().find(|row| row.entry.contains("Judge")).expect("a judged file").at_ms
}

/// Waits until these outlets have everything; a day's work at most takes minutes.
async fn finished(node: &Running, targets: &[&Target]) {
    let until = Instant::now() + Duration::from_secs(600);
    loop {
        let sent = node.ledger.deliveries(None, 100).await.unwrap();
        let there = |target: &&Target| sent.iter().any(|d| is_of(d, target) && d.delivered_ms.is_some());
        if targets.iter().all(there) {
            return;
        }
        assert!(Instant::now() < until, "{sent:?}\n{:?}", transfers(&node.ledger).await);
        // When an outlet had everything is in the books; looking seldom takes little from the processors.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// From the marker's name to the event in the hands of a reader that waits, file after file.
async fn latency(files: u32) {
    let site = Site::make(&sample_route("pmtrd"));
    let node = Running::start(&site).await;
    let (mut after, mut took) = (String::new(), Vec::new());
    for n in 1..=files {
        let address = node.address;
        let path = match after.as_str() {
            "" => "/v1/events?wait=30&limit=1".to_owned(),
            after => format!("/v1/events?wait=30&limit=1&after={after}"),
        };
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let reader = tokio::spawn(async move {
            let answer = client::events_over(stream, address, &path, None).await.unwrap();
            (answer, Instant::now())
        });
        let file = core_file(u16::try_from(n).unwrap(), 1, Dropped::Good);
        let began = Instant::now();
        site.drop_file(&file.name, &file.bytes, Some(""), 1_750_000_000_000);
        let (answer, at) = reader.await.unwrap();
        let event: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(event["data"]["lineage"]["file"], file.name.as_str(), "the event of this very file");
        took.push(at - began);
        // The end of the file stands between this event and the next file's.
        after = answer.position;
        loop {
            let path = format!("/v1/events?wait=30&limit=1&after={after}");
            let answer = client::events(address, &path, None).await.unwrap();
            after = answer.position;
            if answer.body.windows(14).any(|word| word == b"pm.file.posted") {
                break;
            }
        }
    }
    took.sort_unstable();
    let at = |part: f64| took[((took.len() - 1) as f64 * part) as usize];
    println!(
        "marker to event at a waiting reader, {files} files of one record: p50 {:.1} ms, p99 {:.1} ms, slowest {:.1} ms",
        at(0.5).as_secs_f64() * 1e3,
        at(0.99).as_secs_f64() * 1e3,
        at(1.0).as_secs_f64() * 1e3
    );
}

fn options() -> Options {
    let mut options = Options { records: 200_000, files: 300 };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--records" => options.records = words.next().and_then(|word| word.parse().ok()).expect("a number"),
            "--files" => options.files = words.next().and_then(|word| word.parse().ok()).expect("a number"),
            // `cargo bench` adds it.
            "--bench" => {}
            other => panic!("unknown option {other}; known are --records N --files N"),
        }
    }
    options
}
