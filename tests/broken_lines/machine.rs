//! Faults of the machine that a node runs on: a clock that jumps, a queue of notifications that overflows, a disk that is
//! full for everything the node keeps.
//!
//! The clock is jumped at its seam, in nodes inside this process: a clock of its own for one process would need a
//! preloaded library. The overflow and the disk are real ones.

use crate::apart::Apart;
use crate::databases::{Kind, running};
use crate::fleet_support::Fleet;
use crate::support::checker::at_the_end;
use crate::support::checker::evidence::{Evidence, Places};
use crate::support::core::{Dropped, core_file};
use crate::support::settled::{PATIENCE, at_rest};
use crate::support::site::{Site, sample_route};
use crate::support::told::read_stream;
use fpp::clock::Clock;
use fpp::ledger::Ledger;
use fpp::ledger::sqlite::SqliteLedger;
use fpp::node::{Node, Options};
use fpp::settings::Settings;
use fpp::telemetry::report::NodeReport;
use fpp::vault::disk::DiskVault;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
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

/// A node whose data, ledger and vault are on a disk of 8 MiB.
fn on_a_small_disk() -> Option<Apart> {
    let site = Site::make_with(&sample_route("pmtrd"), "");
    // Not saved by its watermark: the disk is really full.
    site.configure("[vault]\npause_below_free_bytes = 0\n");
    Apart::start(site, "data", "8m")
}

/// Whether so many files are put away.
fn put_away(disk: &Apart, count: usize) -> bool {
    disk.site.names("core/out/done").len() == 2 * count
}

/// What is on its disk, as it stands between two steps of the process. SQLite follows every link on its way, which
/// leads out of the process's own view, so it is looked at in a copy.
async fn copy(disk: &Apart) -> (SqliteLedger, DiskVault) {
    let pid = Pid::from_child(&disk.node);
    kill_process(pid, Signal::STOP).unwrap();
    let copy = disk.site.root.join("copy");
    let _ = fs::remove_dir_all(&copy);
    copy_folder(&disk.seen("data"), &copy);
    kill_process(pid, Signal::CONT).unwrap();
    let ledger = SqliteLedger::open_read_only(&copy.join("ledger.sqlite")).await.unwrap();
    (ledger, DiskVault::open_read_only(&copy.join("vault")))
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
        let (kind, to) = (entry.file_type().unwrap(), to.join(entry.file_name()));
        if kind.is_dir() {
            copy_folder(&entry.path(), &to);
        } else if kind.is_file() {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Takes all space of the disk.
fn fill(path: &PathBuf) {
    let mut ballast = fs::File::create(path).unwrap();
    for piece in [64 * 1024, 4096, 256, 1] {
        while ballast.write_all(&vec![0; piece]).is_ok() {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_under_ledger_and_vault_is_waited_for() {
    let Some(mut disk) = on_a_small_disk() else { return };
    let files: Vec<_> = (1..=8).map(|batch| core_file(batch, 10, Dropped::Good)).collect();
    let drop_some = |disk: &Apart, some: std::ops::Range<usize>| {
        for file in &files[some] {
            disk.site.drop_file(&file.name, &file.bytes, Some(""), 1_750_407_000_000);
        }
    };
    drop_some(&disk, 0..2);
    disk.until("the first files", async |disk| put_away(disk, 2)).await;
    let ballast = disk.seen("data/ballast");
    fill(&ballast);
    drop_some(&disk, 2..8);
    disk.until("a word that the disk is full", async |disk| disk.log().contains("full")).await;
    assert!(!put_away(&disk, 8), "it was not full");
    fs::remove_file(&ballast).unwrap();
    disk.until("the end of all files", async |disk| put_away(disk, 8)).await;
    disk.until("rest", async |disk| at_rest(&copy(disk).await.0, 8).await.is_ok()).await;
    let status = disk.seen("data/status.json");
    let address = NodeReport::read(&status).unwrap().listen.parse().unwrap();
    let received = read_stream(address).await;
    let (ledger, vault) = copy(&disk).await;
    let places = Places {
        rooms: vec![disk.seen("data/vault")],
        scratch: vec![disk.seen("data/scratch")],
        statuses: vec![status],
        ..Places::below(&disk.site.root)
    };
    let evidence = Evidence::whole(&places, &ledger, &vault, &files).await;
    let told = at_the_end(&evidence.with_received("a service", received));
    assert!(told.is_empty(), "{}\n{}", told.join("\n"), disk.log());
    let loud: Vec<_> = disk.log().lines().filter(|line| line.contains("full")).map(str::to_owned).collect();
    println!("{} lines, the first: {}", loud.len(), loud[0]);
    assert!(loud.len() <= 30, "{} lines:\n{}", loud.len(), loud.join("\n"));
}
