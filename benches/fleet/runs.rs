//! The two runs.

use crate::databases::Running;
use crate::fleet_support::{Fleet, LEASE_MS};
use fpp::demo::generate::{Series, Spec, generate};
use fpp::ledger::Ledger;
use fpp::ledger::fold::{Entry, What, transfer_subject};
use fpp::ledger::lease::{Lease, LeaseKey};
use fpp::ledger::transfer::{FileState, TransferQuery};
use fpp_codecs::date::Date;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

const LOOK: Duration = Duration::from_millis(200);
/// Batches of one business date; a batch has four digits.
const BATCHES: u32 = 5_000;
/// Trades of a small file, and of the one in whose middle a node dies.
const SMALL: u64 = 10;
const LARGE: u64 = 100_000;
/// Files whose journals are looked at.
const SAMPLE: u32 = 200;
const SETTLED_MAX: Duration = Duration::from_secs(3_600);

/// A file beside the spool, under the name that it will have.
fn make(folder: &Path, n: u32, trades: u64) -> String {
    let date = Date { year: 2025, month: 6, day: 10 + u8::try_from(n / BATCHES).unwrap() };
    let batch = u16::try_from(n % BATCHES + 1).unwrap();
    let spec = Spec { trades, ..Spec::new(Series::Ebcdic, date, batch) };
    let mut file = std::io::BufWriter::new(fs::File::create(folder.join(spec.file_name())).unwrap());
    generate(&spec, &mut file).unwrap();
    spec.file_name()
}

/// Drops a file that was made: a copy, because a file that has other names is not taken, then its marker.
fn drop_made(fleet: &Fleet, made: &Path, name: &str) {
    let out = fleet.site.root.join("core/out");
    fs::copy(made.join(name), out.join(name)).unwrap();
    fs::write(out.join(format!("{name}.OK")), "").unwrap();
}

async fn listening(fleet: &Fleet, nodes: usize) {
    for n in 0..nodes {
        fleet.until("a node that listens", async |_| fleet.row(n).await.is_some_and(|r| !r.listen.is_empty())).await;
    }
}

/// How many transfers are archived; panics at one that is not as it should be.
async fn archived(fleet: &Fleet) -> u64 {
    let mut archived = 0;
    for (route, state, verdict, count) in fleet.ledger.counts().await.unwrap() {
        assert!(state != "Held", "{count} files of {route} are held");
        if state == "Archived" {
            assert_eq!(verdict.as_deref(), Some("accepted"), "{route}");
            archived += count;
        }
    }
    archived
}

/// Small files through the whole walk.
pub(crate) async fn files_a_second(server: &'static Running, files: u32, nodes: usize, workers: usize) {
    let mut fleet = Fleet::of(server, nodes, "").await;
    for n in 0..nodes {
        let text = fs::read_to_string(fleet.config(n)).unwrap();
        fs::write(fleet.config(n), text.replace("[work]\n", &format!("[work]\nworkers = {workers}\n"))).unwrap();
    }
    let made = fleet.site.root.join("made");
    fs::create_dir(&made).unwrap();
    let names: Vec<String> = (0..files).map(|n| make(&made, n, SMALL)).collect();
    (0..nodes).for_each(|n| fleet.start(n));
    listening(&fleet, nodes).await;
    let begun = Instant::now();
    names.iter().for_each(|name| drop_made(&fleet, &made, name));
    let dropped = begun.elapsed();
    while archived(&fleet).await < u64::from(files) {
        assert!(begun.elapsed() < SETTLED_MAX, "{} of {files} files came to their end", archived(&fleet).await);
        tokio::time::sleep(LOOK).await;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let answers = fleet.site.names("core/in").into_iter().filter(|name| name.ends_with(".TXT")).count();
    assert_eq!(answers, files as usize, "an answer for each file");
    println!(
        "{files} files of {SMALL} records, {nodes} nodes with {workers} workers each: {seconds:.1} s (dropped in {:.1} s), \
         {:.0} files a second",
        dropped.as_secs_f64(),
        f64::from(files) / seconds
    );
    steps(&fleet).await;
    for n in 0..nodes {
        fleet.stop(n);
    }
}

/// How long the steps of some files took, waiting for their turn included: medians between two rows of the journals.
async fn steps(fleet: &Fleet) {
    let query = TransferQuery { limit: SAMPLE, ..TransferQuery::default() };
    let mut took: BTreeMap<(usize, String), Vec<i64>> = BTreeMap::new();
    for transfer in fleet.ledger.transfers(&query).await.unwrap() {
        let rows = fleet.ledger.journal(&transfer_subject(&transfer.id)).await.unwrap();
        for (at, pair) in rows.windows(2).enumerate() {
            let What::Move { event, .. } = Entry::read(&pair[1].entry).unwrap().what else { continue };
            took.entry((at, format!("{event:?}"))).or_default().push(pair[1].at_ms - pair[0].at_ms);
        }
    }
    let told = took.into_iter().map(|((_, event), mut times)| {
        times.sort_unstable();
        format!("{event} {} ms", times[times.len() / 2])
    });
    println!("  the last {SAMPLE} files, medians with their waiting: {}", told.collect::<Vec<_>>().join(", "));
}

/// The lease on a transfer, once somebody has it who is not `but`.
async fn held(fleet: &Fleet, id: &str, but: &str) -> Lease {
    let key = LeaseKey(format!("transfer:{id}"));
    let until = Instant::now() + SETTLED_MAX;
    loop {
        let lease = fleet.ledger.lease(&key).await.unwrap();
        if let Some(lease) = lease.filter(|lease| !lease.holder.is_empty() && lease.holder != but) {
            return lease;
        }
        assert!(Instant::now() < until, "nobody takes transfer {id}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A node is killed in the middle of a file, again and again; the other one goes on.
pub(crate) async fn takeover(server: &'static Running, kills: usize) {
    let mut fleet = Fleet::of(server, 2, "").await;
    let made = fleet.site.root.join("made");
    fs::create_dir(&made).unwrap();
    let (mut taken, mut ended) = (Vec::new(), Vec::new());
    for round in 0..kills {
        (0..2).for_each(|n| fleet.start(n));
        listening(&fleet, 2).await;
        let name = make(&made, u32::try_from(round).unwrap(), LARGE);
        drop_made(&fleet, &made, &name);
        let query = TransferQuery { limit: 1, ..TransferQuery::default() };
        let id = loop {
            let newest = fleet.ledger.transfers(&query).await.unwrap().pop();
            if let Some(transfer) =
                newest.filter(|transfer| transfer.name == name && transfer.state != FileState::Arrived)
            {
                break transfer.id.0;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        };
        let dead = held(&fleet, &id, "").await.holder;
        let node = usize::from(dead.starts_with("n1/"));
        fleet.kill(node);
        let begun = Instant::now();
        held(&fleet, &id, &dead).await;
        taken.push(begun.elapsed());
        while archived(&fleet).await <= round as u64 {
            assert!(begun.elapsed() < SETTLED_MAX, "the file does not come to its end");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        ended.push(begun.elapsed());
    }
    let answers = fleet.site.names("core/in").into_iter().filter(|name| name.ends_with(".TXT")).count();
    assert_eq!(answers, kills, "an answer for each file");
    let told = |mut times: Vec<Duration>| {
        times.sort();
        format!("{:?} ({:?} to {:?})", times[times.len() / 2], times[0], times[times.len() - 1])
    };
    println!(
        "{kills} nodes killed with a file of {LARGE} records in their hands, lease_ms = {LEASE_MS}: taken over after {}, at \
         its end after {}",
        told(taken),
        told(ended)
    );
}
