//! The gates of the walk: nothing is posted before every required outlet has it, nothing is archived before the answer
//! stands (I3, I8). A delivery that cannot be carried out keeps the gate shut until a person has cleared its way.
#![cfg(feature = "demo")]
// A test that cannot go on says so by panicking, in helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod crash_support;
mod support;

use crash_support::bench::{NOW_MS, drop_file, site};
use fpp::clock::Clock;
use fpp::ledger::delivery::{Delivery, DeliveryState};
use fpp::ledger::transfer::{FileState, Transfer};
use fpp::node::{Node, Options};
use std::time::{Duration, Instant};
use support::core::Dropped;
use support::settled::{PATIENCE, settled, transfers};
use support::site::Site;

/// Another file has the name that a delivery needs; gives the transfer as it waits there.
async fn obstructed(site: &Site, node: &Node, path: &str) -> Transfer {
    std::fs::write(site.root.join(path), "not ours").unwrap();
    drop_file(site, Dropped::Partly);
    let until = Instant::now() + PATIENCE;
    let mut bell = node.bell.listen();
    loop {
        let sent = node.ledger.deliveries(None, 10).await.unwrap();
        let held = sent.iter().any(|d| d.state == DeliveryState::Held);
        let found = transfers(&*node.ledger).await.pop();
        // It sleeps until its delivery wakes it, or it went on as if there were no gate.
        if let Some(at) = found.filter(|t| held && (t.next_attempt_ms == i64::MAX || t.standing().is_terminal())) {
            return at;
        }
        assert!(Instant::now() < until, "{sent:?}");
        bell.wait(Duration::from_millis(20)).await;
    }
}

/// The obstacle is taken away and an operator has the delivery tried again.
async fn cleared(site: &Site, node: &Node, path: &str) {
    std::fs::remove_file(site.root.join(path)).unwrap();
    let sent = node.ledger.deliveries(None, 10).await.unwrap();
    let held: &Delivery = sent.iter().find(|d| d.state == DeliveryState::Held).unwrap();
    let (config, id) = (site.settings_file(), held.id.to_string());
    let retry = move || {
        let mut fpp = std::process::Command::new(env!("CARGO_BIN_EXE_fpp"));
        fpp.arg("--config").arg(config).args(["retry", &id, "--reason", "the way is clear"]).output().unwrap()
    };
    let output = tokio::task::spawn_blocking(retry).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let end = settled(node, 1).await.unwrap();
    assert_eq!(end[0].state, FileState::Archived);
}

async fn start(site: &Site) -> Node {
    let options = Options { clock: Clock::fixed(NOW_MS), ..Options::default() };
    Node::start(site.settings(), options).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_posted_before_the_outlet_has_it() {
    let (site, outlet) = (site(), "services/PMTRD_20250620_0001_00.jsonl");
    let node = start(&site).await;
    let at = obstructed(&site, &node, outlet).await;
    assert_eq!((at.state, at.publication), (FileState::Proven, None), "{}", at.waiting_for);
    assert_eq!(site.names("core/in"), Vec::<String>::new(), "no answer before its events");
    assert_eq!(site.read(outlet), b"not ours", "a foreign file is never replaced");
    cleared(&site, &node, outlet).await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_archived_before_the_answer_stands() {
    let (site, answer) = (site(), "core/in/PMACK_20250620_0001_00_01.TXT");
    let node = start(&site).await;
    let at = obstructed(&site, &node, answer).await;
    assert_eq!((at.state, at.publication), (FileState::Posted, Some(1)), "{}", at.waiting_for);
    assert_eq!(site.names("core/out").len(), 2, "the source and its marker stay");
    assert_eq!(site.read(answer), b"not ours", "a foreign file is never replaced");
    cleared(&site, &node, answer).await;
    node.stop().await;
}
