//! A replay into an outlet of files: the same bytes once more under a free name, with checksum and marker; also into an
//! outlet that was not there when the file was posted, and after the partner took the first.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests may panic as tests do")]

mod support;

use fpp::ledger::delivery::{Delivery, DeliveryState, Purpose};
use fpp::node::{Node, Options};
use std::process::Command;
use std::time::{Duration, Instant};
use support::settled::{PATIENCE, settled};
use support::site::{Site, route_with_an_outlet_of_files};

async fn replay(site: &Site, outlet: &str) -> String {
    let words = ["outlets", "replay", "pmtrd", "--from", "2025-06-20", "--outlet", outlet, "--reason", "folder lost"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_fpp"));
    command.arg("--config").arg(site.settings_file()).args(words);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

/// Names of a folder that end so, without it.
fn names(site: &Site, folder: &str, end: &str) -> Vec<String> {
    site.names(folder).iter().filter_map(|name| name.strip_suffix(end).map(str::to_owned)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_made_again_under_free_names_also_for_an_outlet_that_is_new() {
    let mut route = route_with_an_outlet_of_files();
    let site = Site::make(&route);
    let node = Node::start(site.settings(), Options::default()).await.unwrap();
    for batch in 1..=2 {
        site.drop_batch(batch, 3);
        settled(&node, usize::from(batch)).await.unwrap();
    }
    let before = names(&site, "services", ".jsonl");
    assert_eq!(before, ["PMTRD_20250620_0001_00", "PMTRD_20250620_0002_00"]);
    let said = replay(&site, "services").await;
    assert!(said.starts_with("2 files of pmtrd from 2025-06-20 on are delivered into services again"), "{said}");
    let all = settled(&node, 2).await.unwrap();
    let after = names(&site, "services", ".jsonl");
    let new: Vec<&String> = after.iter().filter(|name| !before.contains(name)).collect();
    assert_eq!((after.len(), new.len()), (4, 2), "{after:?}");
    for (old, new) in before.iter().zip(new) {
        assert!(new.starts_with(old.as_str()), "{new}");
        let bytes = |name: &str| site.read(&format!("services/{name}.jsonl"));
        assert_eq!(bytes(old), bytes(new), "the same events");
        for side in [".jsonl.sha256", ".jsonl.OK"] {
            assert!(site.names("services").contains(&format!("{new}{side}")), "{new}{side}");
        }
    }
    let sent = node.ledger.deliveries(Some(&all[0].id), 100).await.unwrap();
    let events: Vec<_> = sent.iter().filter(|d| d.purpose == Purpose::Events).collect();
    assert_eq!(events.iter().map(|d| d.required).collect::<Vec<_>>(), [true, false], "it gates nothing");
    let journal = node.ledger.journal(&format!("delivery:{}", events[1].id)).await.unwrap();
    assert!(journal.iter().any(|row| row.entry.contains("folder lost")), "{journal:?}");
    // Their names are taken now, and each has no other one.
    let said = replay(&site, "services").await;
    assert!(said.starts_with("0 files") && said.contains("; 2 are on their way"), "{said}");
    assert!(replay(&site, "core-in").await.contains("It names: services."));
    node.stop().await;

    let table = r#"
        kind = "file"
        spool = "core-in"
        name = "TABLE_{date}_{batch:4}_{answer}.csv"
        form = "csv"
        sensitive = "clear"
        required = false
    "#;
    route["outlet"].as_array_mut().unwrap().push(table.parse::<toml::Table>().unwrap().into());
    std::fs::write(site.root.join("conf/routes/route.toml"), route.to_string()).unwrap();
    let sha256 = all[0].facts.sha256.clone().unwrap();
    let node = Node::start(site.settings(), Options::default()).await.unwrap();
    let (vault, away) = (site.root.join("data/vault").join(&sha256[..2]).join(&sha256[2..4]), site.root.join("away"));
    std::fs::rename(vault.join(&sha256), &away).unwrap();
    let said = replay(&site, "core-in").await;
    assert!(said.starts_with("1 files") && said.contains("; 1 are no longer in the vault"), "{said}");
    settled(&node, 2).await.unwrap();
    std::fs::rename(&away, vault.join(&sha256)).unwrap();
    assert!(replay(&site, "core-in").await.starts_with("2 files"));
    settled(&node, 2).await.unwrap();
    let tables = names(&site, "core/in", ".csv");
    assert_eq!(tables, ["TABLE_20250620_0001_01", "TABLE_20250620_0002_01", "TABLE_20250620_0002_02"]);
    node.stop().await;
}

/// Waits until the first file of events of each transfer stands so.
async fn until(node: &Node, what: &str, is: impl Fn(&[Delivery]) -> bool) {
    let end = Instant::now() + PATIENCE;
    let mut bell = node.bell.listen();
    loop {
        let mut events = node.ledger.deliveries(None, 100).await.unwrap();
        events.retain(|delivery| delivery.purpose == Purpose::Events);
        events.reverse();
        if is(&events) {
            return;
        }
        assert!(Instant::now() < end, "{what}: {events:#?}");
        bell.wait(Duration::from_millis(50)).await;
    }
}

/// The partner takes a file, with what stands beside it; the node sees it.
async fn take(node: &Node, site: &Site, batch: usize) {
    let name = format!("PMTRD_20250620_{batch:04}_00.jsonl");
    for side in ["", ".sha256", ".OK"] {
        std::fs::remove_file(site.root.join("services").join(format!("{name}{side}"))).unwrap();
    }
    until(node, "it is taken", |events| events[batch - 1].state == DeliveryState::Taken).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_partner_took_goes_once_more_under_its_name_and_a_fault_of_one_file_stops_no_other() {
    let site = Site::make(&route_with_an_outlet_of_files());
    let node = Node::start(site.settings(), Options::default()).await.unwrap();
    for batch in 1..=3 {
        site.drop_batch(batch, 3);
        settled(&node, usize::from(batch)).await.unwrap();
    }
    let before = site.names("services");
    let bytes = |batch: u16| site.read(&format!("services/PMTRD_20250620_{batch:04}_00.jsonl"));
    let was = [bytes(1), bytes(2), bytes(3)];
    for batch in 1..=3 {
        take(&node, &site, batch).await;
    }
    // What is kept of the second is no longer what came.
    let all = settled(&node, 3).await.unwrap();
    let sha256 = all[1].facts.sha256.clone().unwrap();
    let kept = site.root.join("data/vault").join(&sha256[..2]).join(&sha256[2..4]).join(&sha256);
    let good = std::fs::read(&kept).unwrap();
    std::fs::remove_file(&kept).unwrap();
    std::fs::write(&kept, vec![0x40; good.len()]).unwrap();
    let said = replay(&site, "services").await;
    let line = said.lines().find(|line| line.starts_with(&all[1].id.0)).unwrap_or_else(|| panic!("{said}"));
    assert!(line.contains(&all[1].name) && line.contains("FPP"), "{line}");
    assert!(said.contains("\n2 files of pmtrd") && said.contains("again; 1 could not be made\n"), "{said}");
    let out = |events: &[Delivery]| [0, 2].iter().all(|n| events[*n].state == DeliveryState::Delivered);
    until(&node, "the others stand there again", out).await;
    std::fs::write(&kept, &good).unwrap();
    take(&node, &site, 1).await;
    take(&node, &site, 3).await;
    let said = replay(&site, "services").await;
    assert_eq!(said, "3 files of pmtrd from 2025-06-20 on are delivered into services again\n");
    until(&node, "all stand there", |events| events.iter().all(|d| d.state == DeliveryState::Delivered)).await;
    assert_eq!(site.names("services"), before, "the same names, checksums and markers, and no others");
    assert_eq!([bytes(1), bytes(2), bytes(3)], was);
    let sent = node.ledger.deliveries(Some(&all[0].id), 100).await.unwrap();
    let events = sent.iter().find(|d| d.purpose == Purpose::Events).unwrap();
    let journal = node.ledger.journal(&format!("delivery:{}", events.id)).await.unwrap();
    assert!(journal.iter().any(|row| row.entry.contains("folder lost")), "{journal:?}");

    // Another's file has the name: it is held, and the next replay says so.
    take(&node, &site, 1).await;
    std::fs::write(site.root.join("services/PMTRD_20250620_0001_00.jsonl"), "not ours").unwrap();
    let said = replay(&site, "services").await;
    assert!(said.starts_with("3 files"), "what still stands there has another name besides: {said}");
    until(&node, "it is held", |events| events[0].state == DeliveryState::Held).await;
    let said = replay(&site, "services").await;
    assert!(said.starts_with("0 files") && said.contains("; 2 are on their way there already"), "{said}");
    assert!(said.contains("; 1 are held on their way there: "), "{said}");
    node.stop().await;
    let words = ["--config", site.settings_file().to_str().unwrap(), "ledger", "verify"].map(str::to_owned);
    let verified = Command::new(env!("CARGO_BIN_EXE_fpp")).args(words).output().unwrap();
    assert!(String::from_utf8_lossy(&verified.stdout).contains("all fit"), "{verified:?}");
}
