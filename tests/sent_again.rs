//! A rejected file that comes again, put right, under the same name and identity: whatever its service has not taken of the
//! first one, it goes through.
#![cfg(feature = "demo")]
// A test that cannot go on says so by panicking, in helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use fpp::clock::Clock;
use fpp::ledger::transfer::{FileState, Verdict};
use fpp::node::{Node, Options};
use std::collections::BTreeSet;
use support::core::{Dropped, core_file};
use support::settled::settled;
use support::site::{Site, route_with_an_outlet_of_files};

/// 2025-06-20, 16:10 in Shanghai.
const NOW_MS: i64 = 1_750_407_000_000;

/// Names of the files of events that the service finds after each of these files, in their order.
async fn told(name: &str) -> Vec<String> {
    let mut route = route_with_an_outlet_of_files();
    let outlet = route["outlet"].as_array_mut().unwrap().last_mut().unwrap().as_table_mut().unwrap();
    outlet.insert("name".into(), name.into());
    let site = Site::make(&route);
    let clock = Clock::fixed(NOW_MS);
    let node = Node::start(site.settings(), Options { clock, ..Options::default() }).await.unwrap();
    let (mut seen, mut names) = (BTreeSet::new(), Vec::new());
    let sent = [(Dropped::Refused, 10), (Dropped::Refused, 11), (Dropped::Good, 10)];
    for (n, (dropped, trades)) in sent.into_iter().enumerate() {
        let file = core_file(3, trades, dropped);
        site.drop_file(&file.name, &file.bytes, Some(""), NOW_MS + 1_000 * n as i64);
        let transfers = settled(&node, n + 1).await.unwrap();
        let last = transfers.last().unwrap();
        assert_eq!((last.state, last.verdict), (FileState::Archived, Some(file.due)), "{last:?}");
        assert_eq!(last.verdict == Some(Verdict::Rejected), dropped == Dropped::Refused);
        let new: Vec<_> = site.names("services").into_iter().filter(|n| n.ends_with(".jsonl")).collect();
        names.extend(new.into_iter().filter(|name| seen.insert(name.clone())));
    }
    assert_eq!(site.names("core/in").iter().filter(|name| name.ends_with(".TXT")).count(), 3, "each has its answer");
    node.stop().await;
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_file_that_comes_again_finds_a_name_for_its_events() {
    let names = told("PMTRD_{date}_{batch:4}_{run:2}.jsonl").await;
    assert_eq!((names.len(), names[0].as_str()), (3, "PMTRD_20250620_0003_00.jsonl"), "{names:?}");
    for name in &names[1..] {
        let end = name.strip_prefix("PMTRD_20250620_0003_00_").and_then(|rest| rest.strip_suffix(".jsonl"));
        assert!(end.is_some_and(|end| end.len() == 6), "{names:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_with_a_number_counts_on() {
    let names = told("PMTRD_{date}_{batch:4}_{run:2}_{answer}.jsonl").await;
    assert_eq!(names, [1, 2, 3].map(|n| format!("PMTRD_20250620_0003_00_{n:02}.jsonl")));
}
