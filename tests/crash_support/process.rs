//! The program itself, killed with SIGKILL when its books show a certain state.

use super::bench::{drop_file, site};
use super::invariants;
use crate::support::checker::evidence::Evidence;
use crate::support::core::{CoreFile, Dropped};
use crate::support::settled::{PATIENCE, at_rest, transfers};
use crate::support::site::Site;
use crate::support::told::{Files, read_stream, told};
use fpp::ledger::Ledger;
use fpp::ledger::delivery::{DeliveryState, Purpose};
use fpp::ledger::sqlite::SqliteLedger;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// When the process is killed: as soon as this is in the books, or anything later.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Point {
    /// So many rows in the transfer's journal.
    Journal(usize),
    /// The outlet's or the answer's delivery has come so far.
    Delivery(Purpose, DeliveryState),
}

struct Daemon(Child);

impl Daemon {
    fn start(site: &Site) -> Daemon {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fpp"));
        command.arg("run").arg("--config").arg(site.settings_file());
        Daemon(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // SIGKILL on Unix.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Drops the file, kills the process at the point, starts another one, and gives what came out of both lives.
pub(crate) async fn killed_at(point: Point) -> Files {
    let site = Arc::new(site());
    let first = Daemon::start(&site);
    let file = drop_file(&site, Dropped::Partly);
    wait_for(&site, "the point", async |ledger| reached(ledger, point).await).await;
    drop(first);
    let before = look(&site, &file, None, Vec::new(), point).await;
    std::fs::remove_file(site.root.join("data/status.json")).unwrap();
    let _second = Daemon::start(&site);
    wait_for(&site, "the end", async |ledger| at_rest(ledger, 1).await.is_ok()).await;
    let ledger = open(&site).await.unwrap();
    let address = address(&site).await;
    let files = told(&site, &site.settings(), &ledger, address).await;
    // What an earlier life left is swept beside the walk, perhaps after it.
    wait_for(&site, "the sweep", async |_| invariants::places(&site).temporaries().is_empty()).await;
    look(&site, &file, Some(before), read_stream(address).await, point).await;
    files
}

/// What is there now; the checker has nothing to say.
async fn look(
    site: &Arc<Site>,
    file: &CoreFile,
    before: Option<Evidence>,
    received: Vec<String>,
    point: Point,
) -> Evidence {
    let (site, file) = (site.clone(), file.clone());
    let looked = tokio::task::spawn_blocking(move || {
        let mut now = invariants::evidence(&site, &file);
        if !received.is_empty() {
            now = now.with_received("a consumer", received);
        }
        (invariants::broken(before.as_ref(), &now), now)
    });
    let (broken, now) = looked.await.unwrap();
    assert!(broken.is_empty(), "killed at {point:?}:\n  {}", broken.join("\n  "));
    now
}

async fn open(site: &Site) -> Option<SqliteLedger> {
    SqliteLedger::open_read_only(&site.settings().ledger_file()).await.ok()
}

async fn wait_for(site: &Site, what: &str, holds: impl AsyncFn(&dyn Ledger) -> bool) {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(ledger) = open(site).await {
            while Instant::now() < until {
                if holds(&ledger).await {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        assert!(Instant::now() < until, "{what} was not reached");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn reached(ledger: &dyn Ledger, point: Point) -> bool {
    let all = transfers(ledger).await;
    let Some(transfer) = all.first() else { return false };
    match point {
        Point::Journal(rows) => ledger.journal(&format!("transfer:{}", transfer.id)).await.unwrap().len() >= rows,
        Point::Delivery(purpose, state) => {
            let sent = ledger.deliveries(Some(&transfer.id), 10).await.unwrap();
            sent.iter().any(|d| d.purpose == purpose && rank(d.state) >= rank(state))
        }
    }
}

fn rank(state: DeliveryState) -> u8 {
    match state {
        DeliveryState::Planned => 0,
        DeliveryState::Proven => 1,
        _ => 2,
    }
}

/// Where the running process listens, as it says itself.
async fn address(site: &Site) -> std::net::SocketAddr {
    let until = Instant::now() + PATIENCE;
    loop {
        let text = std::fs::read_to_string(site.root.join("data/status.json")).unwrap_or_default();
        let status: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        if let Some(address) = status["listen"].as_str().and_then(|a| a.parse().ok()) {
            return address;
        }
        assert!(Instant::now() < until, "the process does not say where it listens: {text}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
