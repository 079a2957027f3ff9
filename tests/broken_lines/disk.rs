//! Disks that are full: for everything the node keeps, or for its temporary files alone. They are real ones, small, in memory,
//! and only the node sees them.

use crate::apart::Apart;
use crate::support::checker::at_the_end;
use crate::support::checker::evidence::{Evidence, Places};
use crate::support::core::{Dropped, core_file};
use crate::support::settled::at_rest;
use crate::support::site::{Site, sample_route};
use crate::support::told::read_stream;
use fpp::ledger::Ledger;
use fpp::ledger::sqlite::SqliteLedger;
use fpp::telemetry::report::NodeReport;
use fpp::vault::disk::DiskVault;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Not saved by its watermark: the disk is really full.
const REALLY_FULL: &str = "pause_below_free_bytes = 0\n";

/// A node whose data are on a disk of 8 MiB, with keys of its vault.
fn on_a_small_disk(vault: &str) -> Option<Apart> {
    let site = Site::make_with(&sample_route("pmtrd"), "");
    site.configure(&format!("[vault]\n{vault}"));
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
    let Some(mut disk) = on_a_small_disk(REALLY_FULL) else { return };
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

/// What is still free, so that the books go on, and less than the list of ids of one file needs.
const LEFT: u64 = 384 << 10;
const TRADES: u64 = 30_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_for_temporary_files_alone_is_told_as_that_and_waited_for() {
    let Some(mut disk) = on_a_small_disk(&format!("{REALLY_FULL}path = \"../vault\"\n")) else { return };
    let file = core_file(1, TRADES, Dropped::Good);
    disk.until("it runs", async |disk| NodeReport::read(&disk.seen("data/status.json")).is_some()).await;
    let ballast = disk.seen("data/ballast");
    fill(&ballast);
    let full = fs::metadata(&ballast).unwrap().len();
    fs::File::options().write(true).open(&ballast).unwrap().set_len(full - LEFT).unwrap();
    disk.site.drop_file(&file.name, &file.bytes, Some(""), 1_750_407_000_000);
    disk.until("a word that the disk is full", async |disk| disk.log().contains("FPP4007")).await;
    let log = disk.log();
    let told = log.lines().find(|line| line.contains("FPP4007")).unwrap();
    assert!(told.contains("/data/scratch: ") && told.contains("`data_dir`"), "{told}");
    assert!(!log.contains("the vault"), "another disk would be tidied up: {log}");
    assert!(!put_away(&disk, 1), "it was not full");
    fs::remove_file(&ballast).unwrap();
    disk.until("the end of the file", async |disk| put_away(disk, 1)).await;
}

/// With a vault elsewhere, the disk of the node's own data is the one that is short.
#[tokio::test(flavor = "multi_thread")]
async fn intake_pauses_before_the_disk_of_the_node_s_data_is_full() {
    let Some(mut disk) = on_a_small_disk("path = \"../vault\"\npause_below_free_bytes = 33554432\n") else { return };
    disk.until("a word of the pause", async |disk| disk.log().contains("intake pauses")).await;
    let file = core_file(1, 10, Dropped::Good);
    disk.site.drop_file(&file.name, &file.bytes, Some(""), 1_750_407_000_000);
    disk.until("it is told", async |disk| {
        let open = copy(disk).await.0.notices(false, 10).await.unwrap();
        let of_data = format!("bytes are free for the node's data ({}/", disk.site.root.display());
        open.iter().any(|n| n.notice.topic == "space" && n.notice.text.contains(&of_data))
    })
    .await;
    assert!(!put_away(&disk, 1), "it waits where it is");
}
