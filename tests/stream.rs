//! The HTTP stream as a service reads it: positions, waiting, tokens, masking, and what the vault no longer keeps.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use fpp::api::client::{self, Answer};
use fpp::clock::Clock;
use fpp::demo::generate::{self, Series, Spec};
use fpp::inbound::retention::sweep;
use fpp::ledger::change::Change;
use fpp::node::{Node, Options};
use fpp::outlets::position::Position;
use fpp::vault::Vault;
use fpp::vault::disk::DiskVault;
use fpp_codecs::date::Date;
use fpp_spool::{Algorithm, Digest};
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::settled::settled;
use support::site::{Site, sample_route};
use support::tokens::{let_in, token};

const TRADES: usize = 7;

fn file(batch: u16) -> (String, Vec<u8>) {
    let date = Date { year: 2025, month: 6, day: 20 };
    let spec = Spec { trades: TRADES as u64, ..Spec::new(Series::Ebcdic, date, batch) };
    let mut bytes = Vec::new();
    generate::generate(&spec, &mut bytes).unwrap();
    (spec.file_name(), bytes)
}

fn drop_batch(site: &Site, batch: u16) {
    let (name, bytes) = file(batch);
    site.drop_file(&name, &bytes, Some(""), 1_750_000_000_000);
}

async fn get(node: &Node, query: &str, token: Option<&str>) -> Answer {
    client::events(node.address, &format!("/v1/events?{query}"), token).await.unwrap()
}

fn events(answer: &Answer) -> Vec<Value> {
    let lines = answer.body.split(|b| *b == b'\n').filter(|l| !l.is_empty());
    lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
}

async fn start(site: &Site) -> Node {
    Node::start(site.settings(), Options::default()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn small_pages_give_the_same_events_as_one_large_page() {
    let site = Site::make(&sample_route("pmtrd"));
    let node = start(&site).await;
    for batch in 1..=3 {
        drop_batch(&site, batch);
        settled(&node, usize::from(batch)).await.unwrap();
    }
    let whole = get(&node, "limit=1000", None).await;
    let all = events(&whole);
    assert_eq!(all.len(), 3 * (TRADES + 1), "trades and an end of file each");
    for limit in [1, 2, 5, 8, 9] {
        let (mut paged, mut after) = (Vec::new(), String::new());
        loop {
            let page = get(&node, &format!("limit={limit}&after={after}"), None).await;
            assert!(page.status.is_success());
            let more = events(&page);
            if more.is_empty() {
                assert_eq!(page.position, whole.position, "an empty page says where the reader stands");
                break;
            }
            assert!(more.len() <= limit);
            assert!(Position::parse(&page.position).unwrap() > Position::parse(&after).unwrap_or(Position::START));
            after = page.position;
            paged.extend(more);
        }
        assert_eq!(paged, all, "limit {limit}");
    }
    // Going on after any single event's own position gives exactly the rest.
    for (i, event) in all.iter().enumerate() {
        let after = event["fppposition"].as_str().unwrap();
        assert_eq!(events(&get(&node, &format!("after={after}"), None).await), all[i + 1..]);
    }
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_reader_is_woken_by_the_next_file() {
    let site = Site::make(&sample_route("pmtrd"));
    let node = start(&site).await;
    let began = Instant::now();
    let address = node.address;
    let reader = tokio::spawn(async move { client::events(address, "/v1/events?wait=50", None).await.unwrap() });
    drop_batch(&site, 1);
    let answer = reader.await.unwrap();
    assert_eq!(events(&answer).len(), TRADES + 1);
    assert!(began.elapsed() < Duration::from_secs(45), "woken, not timed out");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_is_told_with_the_way_to_ask() {
    let site = Site::make(&sample_route("pmtrd"));
    let node = start(&site).await;
    for query in ["after=x", "after=1", "limit=0", "limit=10001", "limit=many"] {
        let answer = get(&node, query, None).await;
        assert_eq!(answer.status, 400, "{query}");
    }
    let empty = get(&node, "", None).await;
    assert_eq!((empty.status.as_u16(), empty.position.as_str()), (200, "0-end"));
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn positions_that_the_vault_no_longer_keeps_are_gone_and_name_the_oldest() {
    let site = Site::make(&sample_route("pmtrd"));
    let node = start(&site).await;
    for batch in 1..=3 {
        drop_batch(&site, batch);
        settled(&node, usize::from(batch)).await.unwrap();
    }
    for batch in [1, 2] {
        let digest = Digest::of(Algorithm::Sha256, &file(batch).1).to_string();
        let content = site.root.join("data/vault").join(&digest[..2]).join(&digest[2..4]).join(&digest);
        std::fs::remove_file(content).unwrap();
    }
    let gone = get(&node, "", None).await;
    assert_eq!(gone.status, 410);
    // Nothing removes content here: it is lost, and somebody must mend it.
    assert_eq!(notices(&node).await, [("error".to_owned(), "vault".to_owned(), "stream".to_owned())]);
    let problem: Value = serde_json::from_slice(&gone.body).unwrap();
    let oldest = problem["oldest"].as_str().unwrap();
    let rest = events(&get(&node, &format!("after={oldest}"), None).await);
    assert_eq!(rest.len(), TRADES + 1);
    assert!(rest[0]["id"].as_str().unwrap().contains("0003"), "{}", rest[0]["id"]);
    node.stop().await;
}

/// Severity, topic and subject of those that are open.
async fn notices(node: &Node) -> Vec<(String, String, String)> {
    let all = node.ledger.notices(false, 10).await.unwrap().into_iter().map(|n| n.notice);
    all.map(|n| (n.severity, n.topic, n.subject)).collect()
}

/// Retention (D12): a reader that comes too late is told the oldest position, and a person hears of it, once.
#[tokio::test(flavor = "multi_thread")]
async fn who_comes_after_retention_gets_410_and_a_person_a_notice() {
    let site = Site::make(&sample_route("pmtrd"));
    site.configure("[vault]\nkeep_days = 30");
    let node = start(&site).await;
    for batch in 1..=2 {
        drop_batch(&site, batch);
        settled(&node, usize::from(batch)).await.unwrap();
    }
    let vault: Arc<dyn Vault> = Arc::new(DiskVault::open(&site.settings().vault_dir(), "other.A").unwrap());
    let later_ms = Clock::System.now_ms() + 31 * 86_400_000;
    assert!(sweep(&*node.ledger, vault, later_ms, 30).await.unwrap().removed >= 2);
    for _ in 0..2 {
        let gone = get(&node, "", None).await;
        let problem: Value = serde_json::from_slice(&gone.body).unwrap();
        assert_eq!((gone.status.as_u16(), &problem["oldest"]), (410, &"2-end".into()));
    }
    assert_eq!(notices(&node).await, [("warn".to_owned(), "gone".to_owned(), "local".to_owned())]);
    let told = node.ledger.notices(false, 10).await.unwrap().remove(0);
    assert!(told.count == 2 && told.notice.text.contains("the oldest position, 2-end"), "{told:?}");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_purged_is_told_with_the_oldest_position() {
    let site = Site::make(&sample_route("pmtrd"));
    let node = start(&site).await;
    for batch in [1, 2] {
        drop_batch(&site, batch);
        settled(&node, usize::from(batch)).await.unwrap();
    }
    let read = get(&node, "", None).await.position;
    let purge = Change::Purge { before: "2025-06-21".into(), before_ms: 0, by: "wang: on tape".into() };
    let purged = node.ledger.apply(None, 1_750_000_000_000, &[purge]).await.unwrap().purged;
    assert_eq!(purged, 2);
    drop_batch(&site, 3);
    settled(&node, 1).await.unwrap();
    let gone = get(&node, "", None).await;
    assert_eq!(gone.status, 410);
    assert_eq!(notices(&node).await, [("warn".to_owned(), "gone".to_owned(), "local".to_owned())]);
    let problem: Value = serde_json::from_slice(&gone.body).unwrap();
    assert_eq!(problem["oldest"].as_str(), Some(read.as_str()), "{problem}");
    let rest = events(&get(&node, &format!("after={read}"), None).await);
    assert_eq!(rest.len(), TRADES + 1, "who had read all that went misses nothing");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_its_routes_and_its_view() {
    let site = Site::make(&sample_route("pmtrd"));
    let of = |name: &str, route: &str, view: &str| token(name, &format!("routes = [\"{route}\"]\nview = \"{view}\""));
    let_in(&site, &[of("clear", "*", "clear"), of("masked", "pmtrd", "masked"), of("other", "gold", "clear")]);
    let node = start(&site).await;
    drop_batch(&site, 1);
    settled(&node, 1).await.unwrap();

    for unknown in [None, Some("guess"), Some("")] {
        assert_eq!(get(&node, "", unknown).await.status, 401);
    }
    let (clear, masked) = (events(&get(&node, "", Some("clear")).await), events(&get(&node, "", Some("masked")).await));
    assert_eq!((clear.len(), masked.len()), (TRADES + 1, TRADES + 1));
    for (clear, masked) in clear.iter().zip(&masked).take(TRADES) {
        assert_eq!((&clear["id"], &clear["source"]), (&masked["id"], &masked["source"]));
        for field in ["customerId", "customerName", "account"] {
            assert_ne!(clear["data"][field], masked["data"][field]);
            assert!(masked["data"][field].as_str().unwrap().contains('*'));
        }
        assert_eq!(clear["data"]["grossAmount"], masked["data"]["grossAmount"]);
        assert_ne!(clear["datahash"], masked["datahash"], "hidden values cannot be tried against the hash");
    }
    let other = get(&node, "", Some("other")).await;
    assert!(events(&other).is_empty());
    assert_eq!(other.position, "1-end", "a filtered read moves on even when it is empty");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_ahead_of_the_ledger_is_told_and_not_waited_for() {
    let site = Site::make(&sample_route("pmtrd"));
    let node = start(&site).await;
    drop_batch(&site, 1);
    settled(&node, 1).await.unwrap();
    let ahead = get(&node, "after=99-end&wait=30", None).await;
    assert_eq!(ahead.status, 409);
    let problem: Value = serde_json::from_slice(&ahead.body).unwrap();
    assert_eq!(problem["newest"], "1-end");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_content_is_not_told_as_gone() {
    let site = Site::make(&sample_route("pmtrd"));
    let node = start(&site).await;
    for batch in 1..=2 {
        drop_batch(&site, batch);
        settled(&node, usize::from(batch)).await.unwrap();
    }
    let digest = Digest::of(Algorithm::Sha256, &file(1).1).to_string();
    let content = site.root.join("data/vault").join(&digest[..2]).join(&digest[2..4]).join(&digest);
    let mut bytes = std::fs::read(&content).unwrap();
    bytes[1_000] ^= 1;
    let mut writable = std::fs::metadata(&content).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut writable, 0o600);
    std::fs::set_permissions(&content, writable).unwrap();
    std::fs::write(&content, bytes).unwrap();
    let damaged = get(&node, "", None).await;
    assert_eq!(damaged.status, 503, "{}", String::from_utf8_lossy(&damaged.body));
    let notices = node.ledger.notices(false, 10).await.unwrap();
    assert!(notices.iter().any(|n| n.notice.topic == "vault"), "{notices:?}");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_node_does_not_wait_for_waiting_readers() {
    let site = Site::make(&sample_route("pmtrd"));
    let node = start(&site).await;
    let address = node.address;
    let reader = tokio::spawn(async move { client::events(address, "/v1/events?wait=60", None).await });
    // The reader is inside once the node has answered a second one: connections are taken in order.
    get(&node, "", None).await;
    let began = Instant::now();
    node.stop().await;
    assert!(began.elapsed() < Duration::from_millis(1_900), "drain_ms is 2000 here");
    let answer = reader.await.unwrap();
    assert!(answer.is_err() || answer.unwrap().status == 200);
}

/// A publication that is committed between two looks of a reader is one that comes, not one that was purged.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_asks_while_files_are_posted_is_never_told_that_they_were_purged() {
    let site = Site::make(&sample_route("pmtrd"));
    let node = start(&site).await;
    let address = node.address;
    let files = 40;
    let readers: Vec<_> = (0..4)
        .map(|_| {
            tokio::spawn(async move {
                let (mut after, mut ends) = (String::new(), 0);
                let until = Instant::now() + Duration::from_secs(60);
                while ends < files {
                    let after_it = if after.is_empty() { String::new() } else { format!("?after={after}") };
                    let answer = client::events(address, &format!("/v1/events{after_it}"), None).await.unwrap();
                    let text = String::from_utf8(answer.body.to_vec()).unwrap();
                    assert_eq!(answer.status, 200, "after {after}: {text}");
                    ends += text.matches("pm.file.posted").count();
                    after = answer.position;
                    assert!(Instant::now() < until, "{ends} of {files} files");
                }
            })
        })
        .collect();
    for batch in 1..=u16::try_from(files).unwrap() {
        drop_batch(&site, batch);
    }
    for reader in readers {
        reader.await.unwrap();
    }
    node.stop().await;
}
