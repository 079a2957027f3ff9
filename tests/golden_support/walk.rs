//! Walks a case through a real node on local spools, with the clock standing still.

use super::case::{Case, Step};
use crate::support::names::Names;
use crate::support::settled::{looked_at, settled, transfers};
use crate::support::site::Site;
use crate::support::told::{Files, told};
use fpp::clock::Clock;
use fpp::node::{Node, Options};
use fpp_spool::{Algorithm, Digest};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// 2025-06-20, 16:10 in Shanghai: the core has just closed its batch.
const START: &str = "2025-06-20T16:10:00+08:00";

/// Everything that came out of a case.
pub(crate) async fn walk(case: &Case) -> Files {
    let site = Site::make(&case.route);
    let settings = site.settings();
    let now = Arc::new(AtomicI64::new(millis(START)));
    let options = Options { clock: Clock::Fixed(now.clone()), ..Options::default() };
    let node = Node::start(settings.clone(), options).await.unwrap_or_else(|e| panic!("{}: {e}", case.name));
    let mut count = 0;
    for (i, step) in case.steps.iter().enumerate() {
        if let Some(at) = &step.at {
            now.store(millis(at), Ordering::Relaxed);
        }
        if let Some(file) = &step.drop {
            let bytes = std::fs::read(case.folder.join(file)).unwrap_or_else(|e| panic!("{}/{file}: {e}", case.name));
            let marker = (!step.no_marker).then(|| said(step.marker.as_deref().unwrap_or(""), &bytes));
            let name = step.name.as_deref().expect("a dropped file has a name");
            site.drop_file(name, &bytes, marker.as_deref(), now.load(Ordering::Relaxed) + 1_000 * i as i64);
            if step.waits {
                seen_waiting(&site, name).await;
            } else {
                count += 1;
            }
        }
        if let Some(arguments) = &step.fpp {
            let before = transfers(&*node.ledger).await;
            let names = Names::new(&before, &[], &site.root).with_digests(&before);
            let arguments = arguments.iter().map(|a| names.show(a)).collect();
            operate(&site, step, arguments).await;
            // A retry of an answered file becomes a transfer of its own.
            count = transfers(&*node.ledger).await.len();
        }
        if let Some(name) = &step.appears {
            appeared(&site, name).await;
        }
        settled(&node, count).await.unwrap_or_else(|e| panic!("{}, step {}: {e}", case.name, i + 1));
        looked_at(&node, &site.root).await;
    }
    let files = told(&site, &settings, &*node.ledger, node.address).await;
    node.stop().await;
    files
}

/// A marker may name the size and digest of its file.
fn said(marker: &str, bytes: &[u8]) -> String {
    let digest = Digest::of(Algorithm::Sha256, bytes).to_string();
    marker.replace("<size>", &bytes.len().to_string()).replace("<sha256>", &digest)
}

fn millis(at: &str) -> i64 {
    at.parse::<jiff::Timestamp>().unwrap_or_else(|e| panic!("{at}: {e}")).as_millisecond()
}

/// Runs the program itself against the running node.
async fn operate(site: &Site, step: &Step, arguments: Vec<String>) {
    let config = site.settings_file();
    let run = move || {
        std::process::Command::new(env!("CARGO_BIN_EXE_fpp")).arg("--config").arg(config).args(arguments).output()
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "fpp {:?}: {told}", step.fpp);
}

/// Waits until a file stands in the core's spool under its own name.
async fn appeared(site: &Site, name: &str) {
    let until = std::time::Instant::now() + crate::support::settled::PATIENCE;
    while !site.names("core/in").iter().any(|there| there == name) {
        assert!(std::time::Instant::now() < until, "{name} does not appear");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until the status file says that the name waits for something.
async fn seen_waiting(site: &Site, name: &str) {
    let until = std::time::Instant::now() + crate::support::settled::PATIENCE;
    let status = site.root.join("data/status.json");
    while !std::fs::read_to_string(&status).is_ok_and(|text| text.contains(name)) {
        assert!(std::time::Instant::now() < until, "{name} is not seen waiting");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
