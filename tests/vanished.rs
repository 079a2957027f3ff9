//! An answer whose folder is exchanged for another one, as when a mount is gone: it is never booked as taken, and never
//! shown to the partner a second time.
#![cfg(feature = "demo")]
// A test that cannot go on says so by panicking, in helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "crash_support/mortal.rs"]
#[allow(dead_code, reason = "only its decorator is used")]
mod mortal;
mod support;

use fpp::clock::Clock;
use fpp::delivery::taken::Watch;
use fpp::delivery::whole::{Lost, Meant};
use fpp::delivery::{Deliveries, verbs};
use fpp::ledger::Ledger;
use fpp::ledger::change::{Change, Notice};
use fpp::ledger::delivery::{Delivery, DeliveryState};
use fpp::ledger::verbs::Verb;
use fpp::node::{Node, Options};
use fpp::vault::disk::DiskVault;
use fpp_codecs::Code;
use fpp_spool::{Folder, LocalFolder};
use mortal::{Life, Mortal};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::SeqCst};
use std::time::{Duration, Instant};
use support::core::{Dropped, core_file};
use support::folders::Plain;
use support::settled::{PATIENCE, settled};
use support::site::{Site, sample_route};

/// 2025-06-20, 16:10 in Shanghai.
const NOW_MS: i64 = 1_750_407_000_000;

fn drop_file(site: &Site) {
    let file = core_file(1, 10, Dropped::Partly);
    site.drop_file(&file.name, &file.bytes, Some(""), NOW_MS);
}

async fn start(site: &Site, options: Options) -> Node {
    Node::start(site.settings(), Options { clock: Clock::fixed(NOW_MS), ..options }).await.unwrap()
}

async fn delivery(node: &Node) -> Delivery {
    let all = node.ledger.deliveries(None, 10).await.unwrap();
    assert_eq!(all.len(), 1);
    all.into_iter().next().unwrap()
}

/// Waits for open notices, or all of them, of which one fits.
async fn notice(node: &Node, all: bool, fits: impl Fn(&Notice) -> bool) -> Notice {
    let until = Instant::now() + PATIENCE;
    loop {
        let notices = node.ledger.notices(all, 100).await.unwrap();
        if let Some(found) = notices.iter().find(|notice| fits(notice)) {
            return found.clone();
        }
        assert!(Instant::now() < until, "{notices:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn until_taken(node: &Node) -> Delivery {
    let until = Instant::now() + PATIENCE;
    loop {
        let delivery = delivery(node).await;
        if delivery.state == DeliveryState::Taken {
            return delivery;
        }
        assert!(Instant::now() < until, "{delivery:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn exchanged(notice: &Notice) -> bool {
    notice.notice.topic == "exchanged" && notice.notice.subject == "core-in"
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stood_in_a_folder_that_is_exchanged_is_not_taken() {
    let site = Site::make(&sample_route("pmtrd"));
    let (folder, aside) = (site.root.join("core/in"), site.root.join("core/aside"));
    let node = start(&site, Options::default()).await;
    drop_file(&site);
    settled(&node, 1).await.unwrap();
    fs::rename(&folder, &aside).unwrap();
    fs::create_dir(&folder).unwrap();
    let told = notice(&node, false, exchanged).await;
    assert_eq!((told.notice.code, told.notice.severity.as_str(), told.count), (4008, "error", 1));
    assert_eq!(delivery(&node).await.state, DeliveryState::Delivered);

    // The same after a restart.
    node.stop().await;
    let node = start(&site, Options::default()).await;
    let again = notice(&node, true, |n| exchanged(n) && n.notice.text.contains("do not count as taken")).await;
    assert_eq!((again.id, again.count), (told.id, 1), "it is told once");
    assert_eq!(delivery(&node).await.state, DeliveryState::Delivered);

    // The mount is back.
    fs::remove_dir(&folder).unwrap();
    fs::rename(&aside, &folder).unwrap();
    notice(&node, true, |n| n.notice.topic == "recovered" && n.notice.subject == "core-in").await;
    notice(&node, true, |n| exchanged(n) && n.acknowledged.is_some()).await;
    assert_eq!(delivery(&node).await.state, DeliveryState::Delivered);
    for name in site.names("core/in") {
        fs::remove_file(folder.join(name)).unwrap();
    }
    until_taken(&node).await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_says_what_became_of_it() {
    let site = Site::make(&sample_route("pmtrd"));
    let folder = site.root.join("core/in");
    let node = start(&site, Options::default()).await;
    drop_file(&site);
    settled(&node, 1).await.unwrap();
    fs::rename(&folder, site.root.join("core/aside")).unwrap();
    fs::create_dir(&folder).unwrap();
    notice(&node, false, exchanged).await;
    let id = delivery(&node).await.id;
    let planned = verbs::plan(&*node.ledger, NOW_MS, Verb::Release, &id, "wang: the disk is gone").await;
    node.ledger.apply(None, NOW_MS, &planned.unwrap().unwrap().changes).await.unwrap();
    assert_eq!(delivery(&node).await.state, DeliveryState::Taken);
    // Nothing stands there any more that somebody would have to speak of, nor is anything left that was told of it.
    notice(&node, true, |n| exchanged(n) && n.acknowledged.is_some()).await;
    assert!(node.ledger.told("elsewhere/", true, 10).await.unwrap().is_empty());
    let planned = verbs::plan(&*node.ledger, NOW_MS, Verb::Resend, &id, "wang: the core has it not").await;
    node.ledger.apply(None, NOW_MS, &planned.unwrap().unwrap().changes).await.unwrap();
    node.bell.ring();
    settled(&node, 1).await.unwrap();
    assert_eq!(delivery(&node).await.state, DeliveryState::Delivered);
    assert_eq!(site.names("core/in").len(), site.names("core/aside").len());
    assert_eq!(node.ledger.verify(None).await.unwrap().broken, None);
    node.stop().await;
}

/// Exchanges a folder between the proof of a file and its rename, once.
struct Exchange {
    folder: PathBuf,
    done: AtomicBool,
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_whose_rename_did_not_happen_is_sent_again() {
    let site = Site::make(&sample_route("pmtrd"));
    let exchange = Arc::new(Exchange { folder: site.root.join("core/in"), done: AtomicBool::new(false) });
    let hand = exchange.clone();
    let after = move |changes: &[Change]| {
        if changes.iter().any(|change| matches!(change, Change::Prove { .. })) && !hand.done.swap(true, SeqCst) {
            fs::rename(&hand.folder, hand.folder.with_extension("aside")).unwrap();
            fs::create_dir(&hand.folder).unwrap();
        }
    };
    let life = Life::watched(Box::new(after));
    let wrap = move |inner: Arc<dyn Ledger>| -> Arc<dyn Ledger> { Arc::new(Mortal { inner, life }) };
    let now_ms = Arc::new(AtomicI64::new(NOW_MS));
    let clock = Clock::Fixed(now_ms.clone());
    let node = Node::start(site.settings(), Options { clock, wrap_ledger: Some(Box::new(wrap)), ..Options::default() });
    let node = node.await.unwrap();
    drop_file(&site);
    // The next attempt has its pause.
    let until = Instant::now() + PATIENCE;
    while !exchange.done.load(SeqCst) || delivery(&node).await.state != DeliveryState::Delivered {
        assert!(Instant::now() < until, "{:?}", node.ledger.deliveries(None, 10).await);
        now_ms.fetch_add(100, SeqCst);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let transfers = settled(&node, 1).await.unwrap();
    assert!(transfers[0].standing().is_terminal());
    let sent = delivery(&node).await;
    assert_eq!(sent.state, DeliveryState::Delivered, "{sent:?}");
    assert!(site.names("core/in").contains(&sent.name));
    let moves: Vec<_> = node.ledger.journal(&format!("delivery:{}", sent.id)).await.unwrap();
    assert!(moves.iter().any(|row| row.entry.contains("\"Fail\"")), "{moves:?}");
    assert_eq!(node.ledger.verify(None).await.unwrap().broken, None);
    node.stop().await;
}

/// Looks once, as the node does it; how many were taken.
async fn look(watch: &mut Watch, cx: &Deliveries) -> usize {
    let untaken = watch.untaken(cx).await.unwrap();
    watch.observe(cx, untaken, &BTreeMap::new()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_that_vanish_at_once_are_not_believed_at_once() {
    let site = Site::make(&sample_route("pmtrd"));
    let node = start(&site, Options::default()).await;
    for batch in 1..=21 {
        let file = core_file(batch, 1, Dropped::Good);
        site.drop_file(&file.name, &file.bytes, Some(""), NOW_MS);
    }
    settled(&node, 21).await.unwrap();
    let vault = site.root.join("other");
    let now_ms = Arc::new(AtomicI64::new(NOW_MS + 120_000));
    let folder = LocalFolder::open(site.root.join("core/in")).unwrap();
    let cx = Deliveries {
        ledger: node.ledger.clone(),
        vault: Arc::new(DiskVault::open(&vault, "other").unwrap()),
        folders: [("core-in".to_owned(), Arc::new(Plain::over(Arc::new(folder))) as Arc<dyn Folder>)].into(),
        commands: Default::default(),
        receipts: Default::default(),
        clock: Clock::Fixed(now_ms.clone()),
        replaceable: false,
        reached: Default::default(),
        node: "other".into(),
    };
    // Of a spool that a node does not reach it cannot tell what is lost, and says so before it changes anything.
    let elsewhere = Meant { spool: "services".into(), since_ms: 0, by: "wang: lost".into() };
    assert_eq!(Lost::begin(&cx, elsewhere, Verb::Release).err().unwrap().code, Code::REFUSED);
    // What the node's own watch sees is another folder, so it takes nothing.
    let (here, aside) = (site.root.join("core/in"), site.root.join("core/aside"));
    let mut watch = Watch::default();
    assert_eq!(look(&mut watch, &cx).await, 0);
    fs::rename(&here, &aside).unwrap();
    fs::create_dir(&here).unwrap();
    assert_eq!(look(&mut watch, &cx).await, 0);
    let open = |n: &Notice| n.notice.topic == "vanished" && n.acknowledged.is_none();
    assert_eq!(notice(&node, false, open).await.notice.code, 4008);
    now_ms.fetch_add(590_000, SeqCst);
    assert_eq!(look(&mut watch, &cx).await, 0);
    // It was a mount that was gone for some minutes.
    fs::remove_dir(&here).unwrap();
    fs::rename(&aside, &here).unwrap();
    assert_eq!(look(&mut watch, &cx).await, 0);
    assert!(!node.ledger.notices(false, 100).await.unwrap().iter().any(open));
    fs::rename(&here, &aside).unwrap();
    fs::create_dir(&here).unwrap();
    assert_eq!(look(&mut watch, &cx).await, 0);
    now_ms.fetch_add(600_000, SeqCst);
    assert_eq!(look(&mut watch, &cx).await, 21, "they are gone for so long that they count as taken");
    assert!(!node.ledger.notices(false, 100).await.unwrap().iter().any(open));
    node.stop().await;
}
