//! What tells of a state is open while the state lasts: it closes itself when that is over, and the next time is told anew.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests may panic as tests do")]

mod support;

use fpp::ledger::change::{Change, NewNotice, Notice};
use fpp::ledger::delivery::DeliveryState;
use fpp::ledger::transfer::TransferQuery;
use fpp::node::{Node, Options};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::{Duration, Instant};
use support::settled::PATIENCE;
use support::site::{Site, overlay, sample_route};

/// Keys of the node's file before its first table.
fn configure(site: &Site, more: &str) {
    let text = std::fs::read_to_string(site.settings_file()).unwrap();
    std::fs::write(site.settings_file(), format!("{text}\n{more}")).unwrap();
}

/// A command of `[notify]` that writes topic and subject of each notice into a file.
fn notify(site: &Site) -> std::path::PathBuf {
    let (program, told) = (site.root.join("notify.sh"), site.root.join("told"));
    let text = format!("#!/bin/sh\necho \"$FPP_TOPIC $FPP_SUBJECT\" >> {}\n", told.display());
    std::fs::write(&program, text).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    configure(site, &format!("[notify]\ncommand = [\"{}\"]\n", program.display()));
    told
}

async fn until<T>(node: &Node, what: &str, mut is: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = is().await {
            return found;
        }
        assert!(Instant::now() < end, "{what}: {:?}", node.ledger.notices(true, 100).await);
        node.bell.listen().wait(Duration::from_millis(30)).await;
    }
}

async fn open(node: &Node) -> Vec<Notice> {
    node.ledger.notices(false, 1_000).await.unwrap()
}

fn topics(notices: &[Notice]) -> Vec<&str> {
    notices.iter().map(|n| n.notice.topic.as_str()).collect()
}

async fn fpp(site: &Site, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fpp"));
    command.arg("--config").arg(site.settings_file()).args(arguments);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success(), "fpp {arguments:?}: {text}");
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_outage_is_told_as_the_first_was() {
    let site = Site::make(&sample_route("pmtrd"));
    let told = notify(&site);
    let node = Node::start(site.settings(), Options::default()).await.unwrap();
    let (inn, away) = (site.root.join("core/in"), site.root.join("away"));
    for outage in 1..=2u16 {
        std::fs::rename(&inn, &away).unwrap();
        site.drop_batch(2 * outage, 3);
        site.drop_batch(2 * outage - 1, 3);
        // One notice, of the spool, for both files.
        let is_down = async || open(&node).await.into_iter().find(|n| n.notice.topic == "partner");
        let down = until(&node, "the outage is told", is_down).await;
        assert_eq!(down.notice.subject, "core-in");
        until(&node, "the command is run", async || {
            let lines = std::fs::read_to_string(&told).unwrap_or_default();
            (lines.matches("partner core-in").count() == usize::from(outage)).then_some(())
        })
        .await;
        let here = open(&node).await;
        assert!(!topics(&here).contains(&"delivery"), "{here:?}");
        std::fs::rename(&away, &inn).unwrap();
        let over = async || (topics(&open(&node).await) == ["recovered"]).then_some(());
        until(&node, "nothing but the end of it is open", over).await;
    }
    let deliveries = node.ledger.deliveries(None, 100).await.unwrap();
    assert!(deliveries.iter().all(|d| d.state == DeliveryState::Delivered), "{deliveries:?}");
    until(&node, "both ends are told", async || {
        let lines = std::fs::read_to_string(&told).unwrap_or_default();
        (lines.matches("recovered core-in").count() == 2).then_some(())
    })
    .await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spool_that_cannot_be_read_is_told_until_it_can_also_by_the_next_life() {
    let site = Site::make(&sample_route("pmtrd"));
    let node = Node::start(site.settings(), Options::default()).await.unwrap();
    let (out, away) = (site.root.join("core/out"), site.root.join("away"));
    std::fs::rename(&out, &away).unwrap();
    let is_told = async || topics(&open(&node).await).contains(&"spool").then_some(());
    until(&node, "it is told", is_told).await;
    node.stop().await;
    std::fs::rename(&away, &out).unwrap();
    let node = Node::start(site.settings(), Options::default()).await.unwrap();
    until(&node, "it is over", async || (topics(&open(&node).await) == ["recovered"]).then_some(())).await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_notices_are_acknowledged_at_once() {
    let site = Site::make(&sample_route("pmtrd"));
    let node = Node::start(site.settings(), Options::default()).await.unwrap();
    let raise = |topic: &str, subject: &str| {
        let (severity, text) = ("warn".into(), "x".into());
        Change::Raise(NewNotice { severity, topic: topic.into(), subject: subject.into(), code: 1023, text })
    };
    let raised: Vec<_> = [("late", "a"), ("late", "b"), ("rejected", "a"), ("rejected", "c"), ("rejected", "d")]
        .map(|(topic, subject)| raise(topic, subject))
        .into();
    node.ledger.apply(None, 1_750_000_000_000, &raised).await.unwrap();
    let said = fpp(&site, &["notices", "ack", "--topic", "late", "--reason", "the core was late"]).await;
    assert!(said.contains("2 notices acknowledged"), "{said}");
    fpp(&site, &["notices", "ack", "--topic", "rejected", "--subject", "a"]).await;
    let left: Vec<_> = open(&node).await.into_iter().map(|n| (n.id, n.notice.subject)).collect();
    assert_eq!(left.iter().map(|(_, subject)| subject.as_str()).collect::<Vec<_>>(), ["d", "c"]);
    fpp(&site, &["notices", "ack", &left[0].0.to_string(), &left[1].0.to_string()]).await;
    assert_eq!(open(&node).await, []);
    let said = fpp(&site, &["notices", "ack", "--topic", "late"]).await;
    assert!(said.contains("no open notice"), "{said}");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_with_more_names_than_one_look_takes_is_told_while_it_is_and_every_file_is_taken() {
    let site = Site::make(&sample_route("pmtrd"));
    let text = std::fs::read_to_string(site.settings_file()).unwrap();
    let text = text.replace("[spool.core-out]", "[spool.core-out]\nlist_max = 4");
    std::fs::write(site.settings_file(), text).unwrap();
    // Names of others do not count. Files that wait for their markers do, and stand in front.
    let at = |name: String| site.root.join("core/out").join(name);
    (0..20).for_each(|n| std::fs::write(at(format!("OLD{n}")), "").unwrap());
    let waiting: Vec<_> = (1..=30).map(|n| at(format!("CORE_PMTS_PMTRD_20250620_{n:04}_00.TXT"))).collect();
    let node = Node::start(site.settings(), Options::default()).await.unwrap();
    let looked = || fpp::telemetry::report::NodeReport::read(&site.settings().status_file());
    let spool = || looked()?.spools.get("core-out").cloned();
    until(&node, "others do not count", async || spool().filter(|s| s.entries >= 20 && s.in_parts == 0)).await;
    waiting.iter().for_each(|path| std::fs::write(path, "").unwrap());
    let told = until(&node, "it is told", async || open(&node).await.pop()).await;
    let body = &told.notice;
    assert_eq!((body.topic.as_str(), body.subject.as_str(), body.severity.as_str()), ("listing", "core-out", "warn"));
    assert!(body.text.contains("names that its routes want, more than list_max = 4"), "{}", body.text);
    site.drop_batch(31, 3);
    until(&node, "the file behind them is taken", async || {
        let transfers = node.ledger.transfers(&TransferQuery { limit: 9, ..TransferQuery::default() }).await.unwrap();
        transfers.iter().any(|t| t.name.contains("_0031_") && t.standing().is_terminal()).then_some(())
    })
    .await;
    until(&node, "the status says so", async || spool().filter(|s| s.in_parts > 4)).await;
    assert!(fpp(&site, &["status"]).await.contains("IN PARTS: routes want"));
    waiting.iter().for_each(|path| std::fs::remove_file(path).unwrap());
    until(&node, "it is over", async || open(&node).await.is_empty().then_some(())).await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_too_long_is_told_once_by_name_until_it_waits_no_more() {
    let mut route = sample_route("pmtrd");
    overlay(&mut route, &"[ready]\nwarn_after_ms = 1000".parse().unwrap());
    let site = Site::make(&route);
    let name = |batch: u16| format!("CORE_PMTS_PMTRD_20250620_{batch:04}_00.TXT");
    let at = |name: String| site.root.join("core/out").join(name);
    // Data without its marker, a marker without its data, and one that is older than its data; there before the node looks.
    (1..=3).for_each(|batch| site.drop_batch(batch, 3));
    std::fs::rename(at(format!("{}.OK", name(1))), site.root.join("marker")).unwrap();
    std::fs::rename(at(name(2)), site.root.join("data-of-it")).unwrap();
    let marker = std::fs::File::options().write(true).open(at(format!("{}.OK", name(3)))).unwrap();
    let time = marker.metadata().unwrap().modified().unwrap();
    marker.set_modified(time - Duration::from_secs(60)).unwrap();
    let node = Node::start(site.settings(), Options::default()).await.unwrap();
    let waiting = async |all: bool| {
        let mut notices = node.ledger.notices(all, 1_000).await.unwrap();
        notices.retain(|n| n.notice.topic == "waiting");
        notices
    };
    let told = until(&node, "it is told", async || waiting(false).await.pop()).await.notice;
    assert_eq!((told.severity.as_str(), told.subject.as_str(), told.code), ("warn", "core-out/pmtrd", 1001));
    assert!(told.text.contains("3 files wait for more than 1 s"), "{}", told.text);
    for due in [
        format!("{0}: its marker {0}.OK is not there", name(1)),
        format!("{}.OK: its data is not there, or is ignored", name(2)),
        format!("{0}: its marker {0}.OK is older than the data", name(3)),
    ] {
        assert!(told.text.contains(&due), "{due}: {}", told.text);
    }
    // Looks go on, and nobody hears of it again.
    for _ in 0..4 {
        let report = || fpp::telemetry::report::NodeReport::read(&site.settings().status_file());
        let looked = || report()?.spools.get("core-out").map(|spool| spool.scanned_ms);
        let before = looked();
        until(&node, "another look", async || looked().filter(|at| Some(*at) != before)).await;
    }
    assert_eq!(waiting(true).await.iter().map(|n| n.count).collect::<Vec<_>>(), [1]);
    marker.set_modified(time).unwrap();
    std::fs::rename(site.root.join("data-of-it"), at(name(2))).unwrap();
    std::fs::rename(site.root.join("marker"), at(format!("{}.OK", name(1)))).unwrap();
    until(&node, "its end is told", async || waiting(false).await.is_empty().then_some(())).await;
    assert_eq!(waiting(true).await.iter().map(|n| n.count).collect::<Vec<_>>(), [1], "it was told once");
    support::settled::settled(&node, 3).await.unwrap();
    node.stop().await;
}
