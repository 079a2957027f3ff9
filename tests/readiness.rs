//! When a file is ready, under a real node. An index that lists a day's files goes when all of them were taken, and misses
//! none that was, however far back in the books it is. A file without a marker is judged once it is quiet, and as a whole.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests may panic as tests do")]

mod support;

use fpp::api::client;
use fpp::clock::Clock;
use fpp::ledger::change::{Change, NewTransfer};
use fpp::ledger::desk::{Switch, SwitchKind};
use fpp::ledger::transfer::{Facts, FileState, TransferId, TransferQuery, Verdict};
use fpp::node::{Node, Options};
use fpp::telemetry::report::NodeReport;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::time::{Duration, Instant, SystemTime};
use support::core::{CoreFile, Dropped, core_file};
use support::settled::{PATIENCE, settled, transfers};
use support::site::{Site, overlay, sample_route};

const INDEX: &str = "IDX_20250620.LST";
/// What one look into the books takes.
const PAGE: usize = 10_000;
/// 2025-06-20, 16:10 in Shanghai.
const NOW_MS: i64 = 1_750_407_000_000;

fn site() -> Site {
    let changes = r#"
        [ready]
        marker = "IDX_{date}.LST"
        content = "index"
        separator = "|"
        columns = ["name", "size"]
    "#;
    let mut route = sample_route("pmtrd");
    overlay(&mut route, &changes.parse().unwrap());
    Site::make(&route)
}

async fn start(site: &Site) -> Node {
    Node::start(site.settings(), Options::default()).await.unwrap()
}

async fn until(node: &Node, what: &str, is: impl AsyncFn(&Node) -> bool) {
    let end = Instant::now() + PATIENCE;
    let mut bell = node.bell.listen();
    while !is(node).await {
        assert!(Instant::now() < end, "{what}");
        bell.wait(Duration::from_millis(50)).await;
    }
}

async fn archived(node: &Node, file: &CoreFile) {
    let query = TransferQuery { route: Some("pmtrd".into()), limit: 10, ..TransferQuery::default() };
    let is = async |node: &Node| {
        let all = node.ledger.transfers(&query).await.unwrap();
        all.iter().any(|t| t.name == file.name && t.state == FileState::Archived)
    };
    until(node, &format!("{} is archived", file.name), is).await;
}

/// More transfers of another route than one look takes; nothing of them is done.
async fn fill(node: &Node) {
    let switch = Switch { kind: SwitchKind::Route, name: "others".into() };
    let pause = Change::Pause { switch, paused: true, by: "test".into() };
    let arrive = |n: usize| {
        Change::Arrive(NewTransfer {
            id: TransferId(ulid::Ulid::generate().to_string()),
            route: "others".into(),
            spool: "core-out".into(),
            name: format!("OTHER_{n}"),
            arrival_key: format!("others/{n}"),
            facts: Facts::default(),
        })
    };
    let now_ms = Clock::System.now_ms();
    node.ledger.apply(None, now_ms, &[pause]).await.unwrap();
    for from in (0..=PAGE).step_by(1_000) {
        let some: Vec<_> = (from..(from + 1_000).min(PAGE + 1)).map(arrive).collect();
        node.ledger.apply(None, now_ms, &some).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_goes_although_its_first_file_is_far_back_in_the_books() {
    let site = site();
    let node = start(&site).await;
    let files = [1, 2].map(|batch| core_file(batch, 3, Dropped::Good));
    let rows: String = files.iter().map(|file| format!("{}|{}\n", file.name, file.bytes.len())).collect();
    site.drop_file(&files[0].name, &files[0].bytes, None, NOW_MS);
    let index = site.root.join("core/out").join(INDEX);
    fs::write(&index, rows).unwrap();
    archived(&node, &files[0]).await;
    assert!(index.exists(), "it speaks of a file that has not come");
    fill(&node).await;
    let newest = TransferQuery { limit: u32::try_from(PAGE).unwrap(), ..TransferQuery::default() };
    assert!(node.ledger.transfers(&newest).await.unwrap().iter().all(|t| t.name != files[0].name));
    // Another life of the node, which never saw the first file: it misses the second one alone.
    node.stop().await;
    let route = site.root.join("conf/routes/route.toml");
    let text = fs::read_to_string(&route).unwrap();
    fs::write(&route, text.replace("warn_after_ms = 900000", "warn_after_ms = 1000")).unwrap();
    let node = start(&site).await;
    let waiting = async |node: &Node| {
        let all = node.ledger.notices(true, 100).await.unwrap();
        all.into_iter().filter(|n| n.notice.topic == "waiting").collect::<Vec<_>>()
    };
    until(&node, "the second is missed", async |node| !waiting(node).await.is_empty()).await;
    let told = waiting(&node).await;
    let due = format!("1 file waits for more than 1 s: {}: listed in {INDEX} and not there", files[1].name);
    assert!(told.len() == 1 && told[0].notice.text.contains(&due), "{told:?}");
    site.drop_file(&files[1].name, &files[1].bytes, None, NOW_MS);
    // The index must not be older than what it lists: the sender touches it.
    let touched = fs::File::options().append(true).open(&index).unwrap();
    touched.set_modified(SystemTime::now() + Duration::from_secs(2)).unwrap();
    archived(&node, &files[1]).await;
    let gone = async |_: &Node| !index.exists() && site.names("core/out/done").contains(&INDEX.to_owned());
    until(&node, "the index goes with the last of its files", gone).await;
    node.stop().await;
}

/// Long enough that a busy machine writes the next part before it is over.
const QUIET_MS: u64 = 2_500;
/// Each of the parts waits for so long: all of them together for longer than the quiet time.
const SEEN_MS: i64 = 600;
const PARTS: usize = 6;

fn quiet_site() -> Site {
    let mut route = sample_route("pmtrd");
    let source = format!(
        "source = \"leave\"\nmove_to = \"-\"\n[ready]\nmarker = \"-\"\ncontent = \"-\"\nquiet_ms = {QUIET_MS}\n"
    );
    overlay(&mut route, &source.parse().unwrap());
    Site::make(&route)
}

/// Writes on at a file, as a sender does that is slow.
fn write_on(site: &Site, name: &str, bytes: &[u8]) {
    let path = site.root.join("core/out").join(name);
    fs::File::options().create(true).append(true).open(path).unwrap().write_all(bytes).unwrap();
}

/// Waits until the node has looked at the file for a while, and waits on.
async fn seen(site: &Site, node: &Node, name: &str) {
    let after_ms = Clock::System.now_ms() + SEEN_MS;
    let waits = async |_: &Node| {
        let report = NodeReport::read(&site.settings().status_file());
        let spool = report.as_ref().and_then(|report| report.spools.get("core-out"));
        spool.is_some_and(|s| s.scanned_ms >= after_ms && s.waiting.iter().any(|waiting| waiting.name == name))
    };
    until(node, "the file waits", waits).await;
}

async fn events(node: &Node) -> Vec<serde_json::Value> {
    let answer = client::events(node.address, "/v1/events?limit=1000", None).await.unwrap();
    let lines = answer.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_without_a_marker_is_judged_as_a_whole_when_it_is_quiet() {
    let site = quiet_site();
    let node = start(&site).await;
    let (slow, early) = (core_file(1, 6, Dropped::Good), core_file(2, 6, Dropped::Good));
    // Parts that end within a record, each written while the one before waits.
    for part in slow.bytes.chunks(slow.bytes.len() / PARTS + 7) {
        assert_eq!((transfers(&*node.ledger).await, events(&node).await), (Vec::new(), Vec::new()));
        write_on(&site, &slow.name, part);
        seen(&site, &node, &slow.name).await;
    }
    let all = settled(&node, 1).await.unwrap();
    assert_eq!((all[0].verdict, all[0].facts.sha256.as_deref()), (Some(Verdict::Accepted), Some(slow.sha256.as_str())));
    assert_eq!(events(&node).await.len() as u64, slow.events);

    // Of another one the sender stops for too long: the half is refused, and nothing of it is posted.
    let (half, rest) = early.bytes.split_at(early.bytes.len() / 2);
    write_on(&site, &early.name, half);
    let all = settled(&node, 2).await.unwrap();
    assert_eq!(all[1].verdict, Some(Verdict::Rejected), "{:?}", all[1].facts.reason);
    assert_eq!(events(&node).await.len() as u64, slow.events + 1, "that it was refused, and nothing else");
    // The sender goes on: the grown file is an arrival of its own, and whole.
    write_on(&site, &early.name, rest);
    let all = settled(&node, 3).await.unwrap();
    assert_eq!(
        (all[2].verdict, all[2].facts.sha256.as_deref()),
        (Some(Verdict::Accepted), Some(early.sha256.as_str()))
    );
    let told = events(&node).await;
    assert_eq!(told.len() as u64, slow.events + 1 + early.events);
    let once: BTreeSet<_> = told.iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert_eq!(once.len(), told.len(), "each once");
    node.stop().await;
}
