//! A replay into an outlet of files: the same bytes once more under a free name, with checksum and marker; also into an
//! outlet that was not there when the file was posted.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests may panic as tests do")]

mod support;

use fpp::ledger::delivery::Purpose;
use fpp::node::{Node, Options};
use std::process::Command;
use support::settled::settled;
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
