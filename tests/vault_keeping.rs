//! What the vault keeps, and when nothing new comes in: retention as D12 has it, and the pause before the disk is full.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../spool/tests/faults_support/mod.rs"]
#[allow(dead_code)] // the manners of failing are the spool's; its folder is not used here
mod faults_support;
mod support;
#[allow(dead_code)]
mod vault_support;

use fpp::clock::Clock;
use fpp::demo::generate::{self, Series, Spec};
use fpp::inbound::retention::{Swept, sweep};
use fpp::ledger::change::Notice;
use fpp::ledger::delivery::{Delivery, DeliveryState, Purpose};
use fpp::ledger::transfer::{FileState, Transfer};
use fpp::node::{Node, Options};
use fpp::vault::Vault;
use fpp::vault::disk::DiskVault;
use fpp_codecs::date::Date;
use fpp_spool::Folder;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};
use support::folders::Plain;
use support::settled::{PATIENCE, settled, transfers};
use support::site::{Site, route_with_an_outlet_of_files, sample_route};
use vault_support::FaultyIo;

const DAY_MS: i64 = 86_400_000;

fn with_vault(site: &Site, keys: &str) {
    let text = std::fs::read_to_string(site.settings_file()).unwrap();
    std::fs::write(site.settings_file(), format!("{text}\n[vault]\n{keys}")).unwrap();
}

fn digests(transfer: &Transfer) -> [&String; 2] {
    [transfer.facts.sha256.as_ref().unwrap(), transfer.facts.plan.as_ref().unwrap()]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn content_goes_when_nothing_needs_it_and_its_time_is_over() {
    let site = Site::make(&sample_route("pmtrd"));
    let node = Node::start(site.settings(), Options::default()).await.unwrap();
    site.drop_batch(1, 20);
    settled(&node, 1).await.unwrap();
    site.drop_batch(2, 20);
    let all = settled(&node, 2).await.unwrap();
    assert!(all.iter().all(|t| t.state == FileState::Archived));
    let answers = node.ledger.deliveries(None, 10).await.unwrap();
    assert_eq!(answers.len(), 2);
    let vault: Arc<dyn Vault> = Arc::new(DiskVault::open(&site.settings().vault_dir(), "other.A").unwrap());
    let stray = vault.put_bytes(b"of a file that nobody booked").unwrap().sha256;
    let now_ms = Clock::System.now_ms();

    // Nothing is old enough.
    let swept = sweep(&*node.ledger, vault.clone(), now_ms, 30).await.unwrap();
    assert_eq!((swept.removed, swept.bytes, swept.kept), (0, 0, 6), "two files, two answers, a plan, a stray");
    // A month later all is finished for long, and the plan stays for late duplicates.
    let swept = sweep(&*node.ledger, vault.clone(), now_ms + 31 * DAY_MS, 30).await.unwrap();
    assert_eq!((swept.removed, swept.kept), (5, 1), "{swept:?}");
    assert!(swept.bytes > 0 && !vault.holds(&stray).unwrap());
    for transfer in &all {
        let [bytes, plan] = digests(transfer);
        assert!(!vault.holds(bytes).unwrap() && vault.holds(plan).unwrap());
    }
    assert_eq!(
        sweep(&*node.ledger, vault.clone(), now_ms + 31 * DAY_MS, 30).await.unwrap(),
        Swept { kept: 1, ..Swept::default() }
    );
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_and_an_answer_that_is_not_delivered_keep_their_content() {
    let site = Site::make(&sample_route("pmtrd"));
    let node = Node::start(site.settings(), Options::default()).await.unwrap();
    site.drop_batch(1, 20);
    settled(&node, 1).await.unwrap();
    // The same batch with other bytes is held.
    let spec = Spec { trades: 21, ..Spec::new(Series::Ebcdic, Date::new(2025, 6, 20).unwrap(), 1) };
    let mut bytes = Vec::new();
    generate::generate(&spec, &mut bytes).unwrap();
    site.drop_file(&spec.file_name(), &bytes, Some(""), 1_750_000_100_000);
    let all = settled(&node, 2).await.unwrap();
    assert_eq!(all[1].state, FileState::Held);
    // The name of the next answer is taken by something else.
    let delivered = node.ledger.deliveries(None, 10).await.unwrap().pop().unwrap();
    let name = delivered.name.replace("_0001_", "_0002_");
    std::fs::write(site.root.join("core/in").join(&name), "not ours").unwrap();
    site.drop_batch(2, 20);
    let until = Instant::now() + PATIENCE;
    let owed = loop {
        let all = node.ledger.deliveries(None, 10).await.unwrap();
        if let Some(held) = all.into_iter().find(|d| d.state == DeliveryState::Held) {
            break held;
        }
        assert!(Instant::now() < until, "the answer is not held");
        node.bell.listen().wait(Duration::from_millis(20)).await;
    };
    let vault: Arc<dyn Vault> = Arc::new(DiskVault::open(&site.settings().vault_dir(), "other.A").unwrap());
    sweep(&*node.ledger, vault.clone(), Clock::System.now_ms() + 400 * DAY_MS, 30).await.unwrap();
    assert!(!vault.holds(digests(&all[0])[0]).unwrap());
    assert!(!vault.holds(&delivered.sha256).unwrap());
    for kept in [digests(&all[1])[0], &owed.sha256] {
        vault.open(kept).unwrap().check().unwrap();
    }
    node.stop().await;
}

/// A required outlet that was deferred gates no answer any more, and still is owed its file, however long it takes (D12).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_required_outlet_that_is_down_and_deferred_keeps_its_content() {
    let site = Site::make(&route_with_an_outlet_of_files());
    let (folder, aside) = (site.root.join("services"), site.root.join("away"));
    let node = Node::start(site.settings(), Options::default()).await.unwrap();
    std::fs::rename(&folder, &aside).unwrap();
    site.drop_batch(1, 20);
    let owed = delivery(&node, "it cannot be put", |d| d.purpose == Purpose::Events && !d.last_error.is_empty()).await;
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_fpp"));
    command.args(["outlets", "defer", "--outlet", "services", "--reason", "answer due 18:30", "--transfer"]);
    command.arg(&owed.transfer.0).arg("--config").arg(site.settings_file());
    let said = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let answer = delivery(&node, "it is answered", |d| d.purpose == Purpose::Answer && d.is_there()).await;
    let until = Instant::now() + PATIENCE;
    while !transfers(&*node.ledger).await.iter().all(|t| t.state == FileState::Archived) {
        assert!(Instant::now() < until, "it is not archived");
        node.bell.listen().wait(Duration::from_millis(20)).await;
    }
    let vault: Arc<dyn Vault> = Arc::new(DiskVault::open(&site.settings().vault_dir(), "other.A").unwrap());
    sweep(&*node.ledger, vault.clone(), Clock::System.now_ms() + 400 * DAY_MS, 30).await.unwrap();
    assert!(!vault.holds(&answer.sha256).unwrap(), "what is delivered goes");
    vault.open(&owed.sha256).unwrap().check().unwrap();
    // The service is back: it gets what it is owed.
    std::fs::rename(&aside, &folder).unwrap();
    delivery(&node, "it gets its file", |d| d.id == owed.id && d.is_there()).await;
    assert!(site.names("services").contains(&owed.name));
    node.stop().await;
}

async fn delivery(node: &Node, what: &str, is: impl Fn(&Delivery) -> bool) -> Delivery {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = node.ledger.deliveries(None, 10).await.unwrap().into_iter().find(&is) {
            return found;
        }
        assert!(Instant::now() < until, "{what}");
        node.bell.listen().wait(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn intake_pauses_before_the_disk_is_full_and_goes_on_when_there_is_room() {
    let site = Site::make(&sample_route("pmtrd"));
    with_vault(&site, "pause_below_free_bytes = 1000\nresume_above_free_bytes = 2000\n");
    let io = FaultyIo::sound();
    io.set_free_bytes(999);
    let (seam, folder) = (io.clone(), site.settings().vault_dir());
    let wrap = move |_: Arc<dyn Vault>| -> Arc<dyn Vault> {
        Arc::new(DiskVault::open_on(Arc::new(seam), &folder, "golden.B").unwrap())
    };
    let options = Options { wrap_vault: Some(Box::new(wrap)), ..Options::default() };
    let node = Node::start(site.settings(), options).await.unwrap();
    site.drop_batch(1, 20);
    let waiting = booked(&node).await;
    assert_eq!(waiting.state, FileState::Arrived, "it is known, and waits where it is");
    let told = notices(&node).await;
    assert!(told.len() == 1 && told[0].contains("Intake pauses: 999 bytes"), "{told:?}");
    // Between the marks nothing changes.
    io.set_free_bytes(1_500);
    let (asked, until) = (io.asked(), Instant::now() + PATIENCE);
    while io.asked() < asked + 2 {
        assert!(Instant::now() < until, "the free space is not looked at");
        node.bell.listen().wait(Duration::from_millis(50)).await;
    }
    assert_eq!(booked(&node).await.state, FileState::Arrived);
    // Beyond the mark, and enough for the file itself.
    io.set_free_bytes(20_000);
    let all = settled(&node, 1).await.unwrap();
    assert_eq!(all[0].state, FileState::Archived);
    let until = Instant::now() + PATIENCE;
    let over = |n: &Notice| n.notice.topic == "recovered" && n.notice.text.contains("Intake goes on");
    while !node.ledger.notices(false, 100).await.unwrap().iter().all(over) || notices(&node).await.len() != 1 {
        assert!(Instant::now() < until, "the end is not told");
        node.bell.listen().wait(Duration::from_millis(50)).await;
    }
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_files_of_which_only_one_fits_the_second_waits_for_the_first() {
    let site = Site::make(&sample_route("pmtrd"));
    with_vault(&site, "pause_below_free_bytes = 1000\nresume_above_free_bytes = 2000\n");
    let io = FaultyIo::sound();
    // Room for one file of 22 records of 480 bytes, not for two.
    io.set_free_bytes(20_000);
    let (seam, folder) = (io.clone(), site.settings().vault_dir());
    let wrap_vault = move |_: Arc<dyn Vault>| -> Arc<dyn Vault> {
        Arc::new(DiskVault::open_on(Arc::new(seam), &folder, "golden.B").unwrap())
    };
    let gate = Arc::new((Mutex::new(false), Condvar::new()));
    let shut = gate.clone();
    let wrap_folder = move |spool: &str, folder: Arc<dyn Folder>| -> Arc<dyn Folder> {
        let shut: Arc<(Mutex<bool>, Condvar)> = shut.clone();
        let wait = move || drop(shut.1.wait_while(shut.0.lock().unwrap(), |open| !*open).unwrap());
        if spool == "core-out" { Arc::new(Plain::waiting(folder, wait)) } else { folder }
    };
    let (wrap_vault, wrap_folder) = (Some(Box::new(wrap_vault) as _), Some(Box::new(wrap_folder) as _));
    let options = Options { wrap_vault, wrap_folder, ..Options::default() };
    let node = Node::start(site.settings(), options).await.unwrap();
    site.drop_batch(1, 20);
    site.drop_batch(2, 20);
    let until = Instant::now() + PATIENCE;
    let waits = |t: &&Transfer| t.waiting_for == "room beside files that are being taken in";
    while transfers(&*node.ledger).await.iter().filter(waits).count() == 0 {
        assert!(Instant::now() < until, "{:?}", transfers(&*node.ledger).await);
        node.bell.listen().wait(Duration::from_millis(20)).await;
    }
    *gate.0.lock().unwrap() = true;
    gate.1.notify_all();
    let all = settled(&node, 2).await.unwrap();
    assert!(all.iter().all(|t| t.state == FileState::Archived && t.waiting_for.is_empty()), "{all:?}");
    assert!(node.ledger.notices(true, 100).await.unwrap().is_empty(), "nobody needs to hear of it");
    node.stop().await;
}

async fn booked(node: &Node) -> Transfer {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(transfer) = transfers(&*node.ledger).await.pop() {
            return transfer;
        }
        assert!(Instant::now() < until, "it is not booked");
        node.bell.listen().wait(Duration::from_millis(20)).await;
    }
}

async fn notices(node: &Node) -> Vec<String> {
    let all = node.ledger.notices(true, 100).await.unwrap();
    all.into_iter().map(|n| n.notice).filter(|n| n.topic == "space").map(|n| n.text).collect()
}
