//! The stream as a service chooses from it: by type, route and instrument, from a business date on, and held open.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use fpp::api::client::{self, Answer};
use fpp::clock::Clock;
use fpp::inbound::retention::sweep;
use fpp::node::{Node, Options};
use fpp::outlets::position::Position;
use fpp::vault::disk::DiskVault;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::settled::{PATIENCE, settled};
use support::site::{Site, sample_route};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const TRADES: usize = 60;

async fn get(node: &Node, query: &str) -> Answer {
    client::events(node.address, &format!("/v1/events?{query}"), None).await.unwrap()
}

fn events(answer: &Answer) -> Vec<Value> {
    assert!(answer.status.is_success(), "{}", String::from_utf8_lossy(&answer.body));
    let lines = answer.body.split(|b| *b == b'\n').filter(|l| !l.is_empty());
    lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
}

fn is_end(event: &Value) -> bool {
    event["type"].as_str().unwrap().starts_with("pm.file.")
}

async fn started(batches: u16) -> (Site, Node) {
    started_at(Site::make(&sample_route("pmtrd")), batches).await
}

async fn started_at(site: Site, batches: u16) -> (Site, Node) {
    let node = Node::start(site.settings(), Options::default()).await.unwrap();
    for batch in 1..=batches {
        site.drop_batch(batch, TRADES as u64);
        settled(&node, usize::from(batch)).await.unwrap();
    }
    (site, node)
}

/// For every type and every instrument, pages of any size are what the whole stream has of them.
#[tokio::test(flavor = "multi_thread")]
async fn a_filter_takes_its_events_and_no_others() {
    let (_site, node) = started(2).await;
    let all = events(&get(&node, "limit=1000").await);
    let codes: BTreeSet<&str> = all.iter().filter_map(|event| event["data"]["instrument"].as_str()).collect();
    assert!(codes.len() > 3 && codes.iter().any(|code| code.contains('+')), "{codes:?}");
    for code in codes {
        let wanted: Vec<&Value> = all.iter().filter(|e| is_end(e) || e["data"]["instrument"] == code).collect();
        for limit in [1, 7, 1000] {
            let (mut got, mut after) = (Vec::new(), String::new());
            loop {
                let query = format!("limit={limit}&after={after}&instrument={}", code.replace('+', "%2B"));
                let page = get(&node, &query).await;
                let more = events(&page);
                if more.is_empty() {
                    break;
                }
                assert!(Position::parse(&page.position).unwrap() > Position::parse(&after).unwrap_or(Position::START));
                after = page.position;
                got.extend(more);
            }
            assert_eq!(got.iter().collect::<Vec<_>>(), wanted, "{code}, {limit} at a time");
        }
    }
    let count = |query: &'static str| {
        let node = &node;
        async move { events(&get(node, query).await).len() }
    };
    assert_eq!(count("type=pm.file.*").await, 2);
    assert_eq!(count("type=pm.trade.*,pm.file.posted.v1").await, all.len());
    assert_eq!(count("type=pm.trade.executed.v1&instrument=none").await, 0);
    assert_eq!(count("route=pmtrd").await, all.len());
    assert_eq!(count("route=pmprd").await, 0);
    // Nothing fits, and yet the reader stands at the end, not at the beginning.
    let page = get(&node, "type=none").await;
    assert_eq!((events(&page).len(), page.position.as_str()), (0, "2-end"));
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_begins_with_a_business_date() {
    let (_site, node) = started(1).await;
    let all = events(&get(&node, "").await).len();
    assert_eq!(events(&get(&node, "from=2025-06-20").await).len(), all);
    assert_eq!(events(&get(&node, "from=2025-01-01").await).len(), all);
    let later = get(&node, "from=2025-06-21").await;
    assert_eq!((events(&later).len(), later.position.as_str()), (0, "1-end"));
    for (query, words) in [("from=20250620", "is no date"), ("from=2025-06-20&after=1-2", "both given")] {
        let answer = get(&node, query).await;
        assert_eq!(answer.status, 400);
        assert!(String::from_utf8_lossy(&answer.body).contains(words), "{query}");
    }
    node.stop().await;
}

/// One open stream: frames as they come, until a condition holds.
struct Open {
    stream: TcpStream,
    seen: Vec<u8>,
}

impl Open {
    async fn new(node: &Node, query: &str, last: Option<&str>) -> Open {
        let mut stream = TcpStream::connect(node.address).await.unwrap();
        let last = last.map(|id| format!("last-event-id: {id}\r\n")).unwrap_or_default();
        let head = format!("GET /v1/events?{query} HTTP/1.0\r\nhost: x\r\naccept: text/event-stream\r\n{last}\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        Open { stream, seen: Vec::new() }
    }

    async fn until(&mut self, what: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let text = String::from_utf8_lossy(&self.seen).into_owned();
            if what(&text) {
                return text;
            }
            let mut buffer = vec![0; 1 << 20];
            let left = deadline.saturating_duration_since(Instant::now());
            let got = tokio::time::timeout(left, self.stream.read(&mut buffer)).await.expect("in time").unwrap();
            assert!(got > 0 || what(&text), "the stream ended: {text}");
            self.seen.extend_from_slice(&buffer[..got]);
        }
    }
}

/// Whether the end of a file is there, whole.
fn has_end(text: &str, publication: u64) -> bool {
    let end = format!("id: {publication}-end\nevent: pm.file.posted.v1");
    text.split_once(&end).is_some_and(|(_, rest)| rest.contains("\n\n"))
}

fn ids(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.strip_prefix("id: ")).collect()
}

fn data(text: &str) -> Vec<Value> {
    let frames = text.lines().filter_map(|line| line.strip_prefix("data: "));
    frames.map(|data| serde_json::from_str(data).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_stream_goes_on_where_it_was_cut() {
    let (site, node) = started(1).await;
    let all = events(&get(&node, "limit=1000").await);
    let mut open = Open::new(&node, "", None).await;
    let text = open.until(|text| has_end(text, 1)).await;
    assert!(text.starts_with("HTTP/1.0 200") && text.contains("content-type: text/event-stream"), "{text}");
    // What comes later comes by itself.
    site.drop_batch(2, TRADES as u64);
    let text = open.until(|text| has_end(text, 2)).await;
    assert!(data(&text).len() > all.len());
    drop(open);
    let after = ids(&text)[3].to_owned();
    let mut again = Open::new(&node, "from=2025-01-01", Some(&after)).await;
    let text = again.until(|text| has_end(text, 2)).await;
    assert_eq!(data(&text)[..all.len() - 4], all[4..], "the rest of the first file");
    // A refusal comes before the first byte of the stream.
    let mut ahead = Open::new(&node, "", Some("99-end")).await;
    ahead.until(|text| text.starts_with("HTTP/1.0 409") && text.contains("newest")).await;
    // A stopping node ends it.
    let stopping = tokio::time::timeout(Duration::from_secs(30), node.stop());
    stopping.await.expect("open streams hold up no stop");
}

/// More than the machine's buffers between two programs and the node's pages come to, by far.
const MANY: u64 = 10_000;
/// The node keeps a page or two for a reader; the rest are the machine's own buffers.
const KEPT_MAX: usize = 6 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_stops_reading_holds_up_nobody_and_little_is_kept_for_it() {
    let (site, node) = started(1).await;
    let mut stopped = Open::new(&node, "", None).await;
    stopped.until(|text| has_end(text, 1)).await;
    // From here on it reads nothing.
    site.drop_batch(2, MANY);
    settled(&node, 2).await.unwrap();
    let (mut after, mut lines, mut bytes) = ("1-end".to_owned(), Vec::new(), 0);
    while lines.len() as u64 <= MANY {
        let page = get(&node, &format!("wait=30&limit=1000&after={after}")).await;
        bytes += page.body.len();
        lines.extend(events(&page));
        after = page.position;
    }
    assert!(bytes > 2 * KEPT_MAX, "too little to tell: {bytes} bytes");
    // Nothing can be read for it any more: what it still gets was kept for it.
    let (vault, aside) = (site.root.join("data/vault"), site.root.join("data/aside"));
    std::fs::rename(&vault, &aside).unwrap();
    let text = stopped.until(|text| text.contains("event: error\n")).await;
    std::fs::rename(&aside, &vault).unwrap();
    let (_, kept) = text.split_once("id: 1-end\n\n").unwrap();
    assert!(kept.len() < KEPT_MAX, "{} of {bytes} bytes were kept for it", kept.len());
    // It missed nothing: it goes on where it was cut off.
    let got = data(kept).into_iter().filter(|event| event.get("specversion").is_some()).collect::<Vec<_>>();
    assert_eq!(got, lines[..got.len()]);
    let last = ids(&text).last().map(|id| (*id).to_owned());
    let mut again = Open::new(&node, "", last.as_deref()).await;
    let text = again.until(|text| has_end(text, 2)).await;
    assert_eq!(data(&text), lines[got.len()..]);
    node.stop().await;
}

/// Retention (D12) takes away what an open stream has not reached: it ends with the problem that a page would have, and who
/// opens one there is refused with the same.
#[tokio::test(flavor = "multi_thread")]
async fn an_open_stream_whose_events_are_kept_no_longer_ends_with_the_oldest_position() {
    let site = Site::make(&sample_route("pmtrd"));
    site.configure("[vault]\nkeep_days = 30");
    let (site, node) = started_at(site, 1).await;
    let mut stopped = Open::new(&node, "", None).await;
    stopped.until(|text| has_end(text, 1)).await;
    // From here on it reads nothing, and the node cannot make all of the next file for it.
    site.drop_batch(2, MANY);
    settled(&node, 2).await.unwrap();
    let vault = Arc::new(DiskVault::open(&site.settings().vault_dir(), "other.A").unwrap());
    let later_ms = Clock::System.now_ms() + 31 * 86_400_000;
    assert!(sweep(&*node.ledger, vault, later_ms, 30).await.unwrap().removed >= 2);
    site.drop_batch(3, TRADES as u64);
    settled(&node, 3).await.unwrap();
    let text =
        stopped.until(|text| text.split_once("event: error\n").is_some_and(|(_, last)| last.ends_with("\n\n"))).await;
    let (before, last) = text.split_once("event: error\n").unwrap();
    let problem = &data(last)[0];
    assert_eq!((&problem["status"], &problem["oldest"]), (&410.into(), &"2-end".into()), "{problem}");
    assert!(ids(before).last().unwrap().starts_with("2-") && !has_end(before, 2), "it was in the middle of the file");
    let rest = stopped.stream.read(&mut [0; 1]).await.unwrap();
    assert_eq!(rest, 0, "and the stream ends");

    let mut late = Open::new(&node, "", ids(before).last().copied()).await;
    late.until(|text| text.starts_with("HTTP/1.0 410") && text.contains("\"oldest\":\"2-end\"")).await;
    let notices = node.ledger.notices(false, 10).await.unwrap();
    assert!(notices.iter().any(|n| n.notice.topic == "gone" && n.count == 2), "{notices:?}");
    let mut oldest = Open::new(&node, "", Some("2-end")).await;
    let text = oldest.until(|text| has_end(text, 3)).await;
    assert_eq!(data(&text).iter().filter(|event| event.get("specversion").is_some()).count(), TRADES + 1);
    node.stop().await;
}

/// Pages that nobody takes: those behind them become smaller and come all the same, until they are taken or given up.
#[tokio::test(flavor = "multi_thread")]
async fn pages_that_are_not_taken_make_others_smaller_and_hold_up_nobody() {
    let (site, node) = started(1).await;
    site.drop_batch(2, MANY);
    settled(&node, 2).await.unwrap();
    let whole = get(&node, "limit=10000").await;
    let mut stopped = Vec::new();
    for _ in 0..12 {
        let mut stream = TcpStream::connect(node.address).await.unwrap();
        stream.write_all(b"GET /v1/events?limit=10000 HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut head = Vec::new();
        while !head.windows(4).any(|end| end == b"\r\n\r\n") {
            let mut byte = [0];
            tokio::time::timeout(PATIENCE, stream.read_exact(&mut byte)).await.unwrap().unwrap();
            head.extend(byte);
        }
        let head = String::from_utf8(head).unwrap();
        let (_, length) = head.split_once("content-length: ").unwrap();
        stopped.push((stream, length.split_once("\r\n").unwrap().0.parse::<usize>().unwrap()));
    }
    let lengths: Vec<usize> = stopped.iter().map(|(_, length)| *length).collect();
    assert!(lengths[0] > 8 << 20, "{lengths:?}");
    assert!(lengths.iter().sum::<usize>() < 70 << 20 && lengths[11] < lengths[0] / 2, "{lengths:?}");
    let small = get(&node, "limit=10000").await;
    assert!(small.body.len() < whole.body.len() / 2 && whole.body.starts_with(&small.body));
    // One of them reads again, and misses nothing.
    let (mut slow, length) = stopped.remove(0);
    let mut body = vec![0; length];
    tokio::time::timeout(PATIENCE, slow.read_exact(&mut body)).await.unwrap().unwrap();
    assert!(serde_json::from_slice::<Vec<Value>>(&body).unwrap().len() > 1_000);
    drop((stopped, slow));
    let until = Instant::now() + PATIENCE;
    while get(&node, "limit=10000").await.body.len() < whole.body.len() {
        assert!(Instant::now() < until, "the memory of readers that are gone is given back");
    }
    node.stop().await;
}
