//! A process that is killed at one call below it: the test program runs itself once more as a node, which kills its own process
//! (SIGKILL) before that call of the vault's disk or of a folder, or after that commit. Nothing is drained, dropped or told.
//! The next life brings the file out as if nothing had been.

use super::crash_support::bench::{End, NOW_MS, differences, drop_file, live};
use super::crash_support::mortal::{Death, Life, Mortal};
use super::faults_support::{Fault, FaultyFolder, How};
use super::support::core::Dropped;
use super::support::settled::{PATIENCE, at_rest};
use super::support::site::{Site, route_with_an_outlet_of_files};
use super::support::told::Files;
use super::vault_support::FaultyIo;
use fpp::clock::Clock;
use fpp::ledger::Ledger;
use fpp::node::{Node, Options};
use fpp::settings::Settings;
use fpp::vault::Vault;
use fpp::vault::disk::DiskVault;
use fpp_spool::Folder;
use rustix::process::{Signal, getpid, kill_process};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

/// Place, call, and the node's file, for the process that is killed.
const STRUCK: &str = "FPP_STRUCK";
/// The test that is that process.
const CHILD: &str = "a_node_that_kills_its_own_process";

/// Where a process is killed: `vault`, `books`, or the name of a spool.
pub(crate) type Place = &'static str;

/// Kills a process at this call and has another life go on; false when it came to its end without that call.
pub(crate) fn at_call(place: Place, call: u64, due: &Files) -> bool {
    let site = Site::make_in_memory(&route_with_an_outlet_of_files());
    let file = drop_file(&site, Dropped::Partly);
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--ignored", "--exact", CHILD]).stdout(Stdio::null());
    let told = format!("{place} {call} {}", site.settings_file().display());
    let ended = child.env(STRUCK, told).status().unwrap();
    if ended.success() {
        return false;
    }
    assert_eq!(ended.signal(), Some(Signal::KILL.as_raw()), "{place}, call {call}: {ended}");
    let (end, _) = live(&site, &file, Death::Never, None).unwrap_or_else(|why| panic!("{place}, call {call}: {why}"));
    let End::Rest(files, _) = end else { panic!("nobody killed the second life") };
    let told = differences(due, &files);
    assert!(told.is_empty(), "killed at {place}, call {call}:\n  {}", told.join("\n  "));
    true
}

/// The process that is killed. Without a word in the environment it does nothing.
pub(crate) fn child() {
    let Ok(told) = std::env::var(STRUCK) else { return };
    let mut words = told.splitn(3, ' ');
    let mut next = || words.next().unwrap();
    let (place, call, file) = (next().to_owned(), next().parse().unwrap(), next());
    let settings = Settings::load(Path::new(file)).unwrap_or_else(|faults| panic!("{faults:?}"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let options = options(place, call, &settings);
        let node = Node::start(settings, options).await.unwrap();
        let until = Instant::now() + PATIENCE;
        while let Err(why) = at_rest(&*node.ledger, 1).await {
            assert!(Instant::now() < until, "{why}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        node.stop().await;
    });
}

fn options(place: String, call: u64, settings: &Settings) -> Options {
    let fault = Fault { at: call, how: How::Killed, dead: false };
    let mut options = Options { clock: Clock::fixed(NOW_MS), ..Options::default() };
    match place.as_str() {
        "vault" => {
            let (io, dir) = (FaultyIo::new(fault), settings.vault_dir());
            options.wrap_vault = Some(Box::new(move |_: Arc<dyn Vault>| -> Arc<dyn Vault> {
                Arc::new(DiskVault::open_on(Arc::new(io), &dir, "golden.B").unwrap())
            }));
        }
        "books" => {
            let commits = AtomicU64::new(0);
            let life = Life::watched(Box::new(move |_| {
                if commits.fetch_add(1, SeqCst) == call {
                    kill_process(getpid(), Signal::KILL).unwrap();
                }
            }));
            let wrap = move |inner: Arc<dyn Ledger>| -> Arc<dyn Ledger> { Arc::new(Mortal { inner, life }) };
            options.wrap_ledger = Some(Box::new(wrap));
        }
        _ => {
            options.wrap_folder = Some(Box::new(move |spool: &str, inner: Arc<dyn Folder>| -> Arc<dyn Folder> {
                if spool != place {
                    return inner;
                }
                let faulty = FaultyFolder::sound(inner);
                faulty.arm(fault);
                Arc::new(faulty)
            }));
        }
    }
    options
}
