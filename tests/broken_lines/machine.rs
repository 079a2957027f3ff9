//! Faults of the machine that a node runs on: a clock that jumps, a queue of notifications that overflows. Full disks are in
//! `disk.rs`.
//!
//! The clock is jumped at its seam, in nodes inside this process: a clock of its own for one process would need a
//! preloaded library. The overflow is a real one.

use crate::databases::{Kind, running};
use crate::fleet_support::Fleet;
use crate::support::settled::PATIENCE;
use fpp::clock::Clock;
use fpp::ledger::Ledger;
use fpp::node::{Node, Options};
use fpp::settings::Settings;
use fpp::telemetry::report::NodeReport;
use fpp::vault::disk::DiskVault;
use rustix::process::Signal;
use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::time::{Duration, Instant};

const HOURS_MS: i64 = 5 * 3_600_000;

/// A clock that goes, and is wrong by so much.
fn wrong_clock(wrong_ms: Arc<AtomicI64>) -> Clock {
    let shown = Arc::new(AtomicI64::new(Clock::System.now_ms()));
    let hand = Arc::downgrade(&shown);
    std::thread::spawn(move || {
        while let Some(shown) = hand.upgrade() {
            shown.store(Clock::System.now_ms() + wrong_ms.load(SeqCst), SeqCst);
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    Clock::Fixed(shown)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_by_hours_and_back_holds_nothing_up_for_hours() {
    let Some(server) = running(Kind::MariaDb) else { return };
    let mut fleet = Fleet::of(server, 2, "").await;
    let wrong_ms = [0, 1].map(|_| Arc::new(AtomicI64::new(0)));
    let mut nodes = Vec::new();
    for (n, wrong_ms) in wrong_ms.iter().enumerate() {
        let options = Options { clock: wrong_clock(wrong_ms.clone()), ..Options::default() };
        nodes.push(Node::start(Settings::load(&fleet.config(n)).unwrap(), options).await.unwrap());
    }
    wrong_ms[0].store(HOURS_MS, SeqCst);
    let (inn, aside) = (fleet.site.root.join("core/in"), fleet.site.root.join("core/aside"));
    fs::rename(&inn, &aside).unwrap();
    (1..=12).for_each(|batch| fleet.drop_batch(batch));
    // The folder for answers is gone, so that they are tried again, by both: for one of them in five hours.
    let far = Clock::System.now_ms() + HOURS_MS - 600_000;
    let parked = async |ledger: &dyn Ledger| {
        ledger.deliveries(None, 100).await.unwrap().iter().any(|d| d.attempts > 0 && d.next_attempt_ms > far)
    };
    fleet.until("an answer that waits by the wrong clock", async |ledger| parked(ledger).await).await;
    wrong_ms[0].store(-HOURS_MS, SeqCst);
    fs::rename(&aside, &inn).unwrap();
    (13..=20).for_each(|batch| fleet.drop_batch(batch));
    fleet.all_rest().await;
    let vault = DiskVault::open_read_only(&fleet.site.root.join("vault"));
    fleet.is_sound(&fleet.places(), &vault, 0).await;
    for node in nodes {
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn notifications_that_overflow_cost_no_file() {
    let Some(server) = running(Kind::MariaDb) else { return };
    let queue: u64 = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events")
        .map_or(u64::MAX, |text| text.trim().parse().unwrap_or(u64::MAX));
    if queue > 50_000 {
        let long = format!("a queue of {queue} notifications is too long to fill (fs.inotify.max_queued_events)");
        assert!(std::env::var_os("FPP_REAL_PARTS").is_none(), "{long}");
        println!("skipped: {long}");
        return;
    }
    let mut fleet = Fleet::of(server, 1, "").await;
    // Nothing but a notification makes it look.
    fleet.rewrite(0, "rescan_ms = 100", "rescan_ms = 600000");
    fleet.start(0);
    fleet.drop_batch(1);
    fleet.all_rest().await;
    fleet.signal(0, Signal::STOP);
    let out = fleet.site.root.join("core/out");
    // Each is made and closed, two notifications at least. They stay, and no route wants them.
    for n in 0..queue / 2 + 100 {
        fs::write(out.join(format!("NOBODYS.{n}")), "").unwrap();
    }
    fleet.drop_batch(2);
    fleet.signal(0, Signal::CONT);
    fleet.all_rest().await;
    // What was lost is told, and what is done about it.
    let report = Settings::load(&fleet.config(0)).unwrap().status_file();
    let until = Instant::now() + PATIENCE;
    while !NodeReport::read(&report)
        .and_then(|report| report.spools["core-out"].hearing.clone())
        .is_some_and(|hearing| hearing.lost > 0 && hearing.rescans == 0)
    {
        assert!(Instant::now() < until, "{:?}", NodeReport::read(&report));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut status = Command::new(env!("CARGO_BIN_EXE_fpp"));
    status.args(["status", "--config"]).arg(fleet.config(0));
    let said = tokio::task::spawn_blocking(move || status.output().unwrap()).await.unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.contains("notifications lost: ") && said.contains("looked at every 600 s"), "{said}");
    let vault = DiskVault::open_read_only(&fleet.site.root.join("vault"));
    fleet.is_sound(&fleet.places(), &vault, 0).await;
}
