//! An index that lists a day's files goes when all of them were taken, however far back in the books the first of them is.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests may panic as tests do")]

mod support;

use fpp::clock::Clock;
use fpp::ledger::change::{Change, NewTransfer};
use fpp::ledger::desk::{Switch, SwitchKind};
use fpp::ledger::transfer::{Facts, FileState, TransferId, TransferQuery};
use fpp::node::{Node, Options};
use std::fs;
use std::time::{Duration, Instant, SystemTime};
use support::core::{CoreFile, Dropped, core_file};
use support::settled::PATIENCE;
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
    let node = Node::start(site.settings(), Options::default()).await.unwrap();
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
    site.drop_file(&files[1].name, &files[1].bytes, None, NOW_MS);
    // The index must not be older than what it lists: the sender touches it.
    let touched = fs::File::options().append(true).open(&index).unwrap();
    touched.set_modified(SystemTime::now() + Duration::from_secs(2)).unwrap();
    archived(&node, &files[1]).await;
    let gone = async |_: &Node| !index.exists() && site.names("core/out/done").contains(&INDEX.to_owned());
    until(&node, "the index goes with the last of its files", gone).await;
    node.stop().await;
}
