//! Several nodes on one ledger, one vault and the same spools: they share the work, stand in for each other, and whatever
//! happens to one of them, everything comes out once.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

#[path = "support/databases.rs"]
mod databases;
#[path = "../spool/tests/dice_support/mod.rs"]
mod dice_support;
mod fleet_support;
mod support;

use databases::{Kind, Running, SCHEMA_8, running};
use dice_support::Dice;
use fleet_support::{Fleet, LEASE_MS};
use fpp::ledger::Ledger;
use fpp::ledger::delivery::Purpose;
use fpp::ledger::fold::Entry;
use fpp::ledger::mysql::MysqlLedger;
use fpp::ledger::node::NodeState;
use fpp::vault::disk::DiskVault;
use rustix::process::Signal;
use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;
use support::settled::{at_rest, transfers};
use support::site::{overlay, sample_route};

/// The nodes that wrote into the journals of transfers.
async fn writers(fleet: &Fleet) -> BTreeSet<String> {
    let mut writers = BTreeSet::new();
    for transfer in transfers(&fleet.ledger).await {
        for row in fleet.ledger.journal(&format!("transfer:{}", transfer.id)).await.unwrap() {
            let under = Entry::read(&row.entry).unwrap().fence;
            writers.extend(under.and_then(|u| u.holder.split('/').next().map(str::to_owned)));
        }
    }
    writers
}

async fn is_sound(fleet: &Fleet, reader: usize) {
    let vault = DiskVault::open_read_only(&fleet.site.root.join("vault"));
    fleet.is_sound(&fleet.places(), &vault, reader).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_share_the_work_and_each_file_comes_out_once() {
    let Some(server) = running(Kind::MariaDb) else { return };
    let mut fleet = Fleet::of(server, 3, "").await;
    (0..3).for_each(|n| fleet.start(n));
    for n in 0..3 {
        fleet.address(n).await;
    }
    (1..=30).for_each(|batch| fleet.drop_batch(batch));
    fleet.all_rest().await;
    is_sound(&fleet, 0).await;
    let writers = writers(&fleet).await;
    assert!(writers.len() >= 2, "one node did all the work: {writers:?}");

    let listed = Command::new(env!("CARGO_BIN_EXE_fpp")).arg("nodes").arg("--config").arg(fleet.config(1)).output();
    let listed = String::from_utf8(listed.unwrap().stdout).unwrap();
    for part in ["n0", "n1", "n2", "working", "core-out core-in services"] {
        let part = if part.contains(' ') { "core-in core-out services" } else { part };
        assert!(listed.contains(part), "{part}: {listed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stops_hands_over_and_says_so() {
    let Some(server) = running(Kind::MariaDb) else { return };
    let mut fleet = Fleet::of(server, 2, "").await;
    fleet.start(0);
    fleet.address(0).await;
    (1..=40).for_each(|batch| fleet.drop_batch(batch));
    fleet.until("work under way", async |ledger| transfers(ledger).await.len() > 5).await;
    // What it works on is listed: here a step that cannot go on for a while, and is not a file's last.
    let mut session = server.root(&fleet.database).await;
    sqlx::raw_sql("LOCK TABLES identities WRITE").execute(&mut session).await.unwrap();
    let nodes = || Command::new(env!("CARGO_BIN_EXE_fpp")).arg("nodes").arg("--config").arg(fleet.config(0)).output();
    let works = || String::from_utf8(nodes().unwrap().stdout).unwrap().contains("\nn0 works on\n  ");
    fleet.until("its work is listed", async |_| works()).await;
    sqlx::raw_sql("UNLOCK TABLES").execute(&mut session).await.unwrap();
    assert_eq!(fleet.stop(0), Some(0));
    assert_eq!(fleet.row(0).await.unwrap().state, NodeState::Stopped);
    assert!(at_rest(&fleet.ledger, 40).await.is_err(), "there was nothing left to hand over");
    // It says which, by the file's name.
    let log = fleet.log(0);
    let handed: Vec<&str> = log.lines().filter(|line| line.contains("\"handed over\"")).collect();
    let named = |line: &&str| fleet.dropped.iter().any(|file| line.contains(&file.name));
    assert!(!handed.is_empty() && handed.iter().all(named), "{handed:?}\n{log}");
    fleet.start(1);
    fleet.all_rest().await;
    is_sound(&fleet, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_dies_or_freezes_is_replaced_and_never_writes_again() {
    let Some(server) = running(Kind::MariaDb) else { return };
    let mut fleet = Fleet::of(server, 3, "").await;
    (0..3).for_each(|n| fleet.start(n));
    for n in 0..3 {
        fleet.address(n).await;
    }
    for round in 0..3u16 {
        (1..=10).for_each(|batch| fleet.drop_batch(round * 10 + batch));
        let some = usize::from(round) * 10 + 3;
        fleet.until("work under way", async |ledger| transfers(ledger).await.len() >= some).await;
        let (killed, frozen) = if round % 2 == 0 { (1, 2) } else { (2, 1) };
        fleet.kill(killed);
        fleet.signal(frozen, Signal::STOP);
        // Longer than a lease stands still before it is taken over; no condition shows that a process does nothing.
        tokio::time::sleep(Duration::from_millis(LEASE_MS * 2)).await;
        fleet.signal(frozen, Signal::CONT);
        fleet.start(killed);
    }
    fleet.all_rest().await;
    is_sound(&fleet, 0).await;
}

/// Kills come at any moment, also while a node starts; `FPP_KILL_SEED` makes the same pauses again.
#[tokio::test(flavor = "multi_thread")]
async fn nodes_killed_at_random_moments_under_load_lose_and_repeat_nothing() {
    let Some(server) = running(Kind::MariaDb) else { return };
    let time = || std::time::UNIX_EPOCH.elapsed().unwrap().as_micros() as u64;
    let seed = std::env::var("FPP_KILL_SEED").map_or_else(|_| time(), |seed| seed.parse().unwrap());
    println!("FPP_KILL_SEED={seed}");
    let mut dice = Dice::new(seed);
    let mut fleet = Fleet::of(server, 2, "").await;
    (0..2).for_each(|n| fleet.start(n));
    for n in 0..2 {
        fleet.address(n).await;
    }
    let kills = 12;
    for round in 0..kills {
        (1..=4).for_each(|batch| fleet.drop_batch(round * 4 + batch));
        tokio::time::sleep(Duration::from_millis(dice.below(300))).await;
        let n = dice.place(2);
        fleet.kill(n);
        fleet.start(n);
    }
    fleet.all_rest().await;
    is_sound(&fleet, 0).await;
    println!("{kills} faults: SIGKILL of a node under load at a random moment");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spool_that_one_node_reaches_is_left_to_it() {
    let Some(server) = running(Kind::MariaDb) else { return };
    let mut fleet = Fleet::of(server, 2, "").await;
    for n in 0..2 {
        let text = std::fs::read_to_string(fleet.config(n)).unwrap();
        let near = "path = \"../core/out\"\nreached_by = [\"n0\"]\n";
        std::fs::write(fleet.config(n), text.replace("path = \"../core/out\"\n", near)).unwrap();
    }
    fleet.start(1);
    fleet.address(1).await;
    fleet.drop_batch(1);
    fleet.start(0);
    (2..=6).for_each(|batch| fleet.drop_batch(batch));
    fleet.all_rest().await;
    is_sound(&fleet, 1).await;
    assert_eq!(fleet.row(1).await.unwrap().reach, ["core-in", "services"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_of_one_name_do_not_work_beside_each_other() {
    let Some(server) = running(Kind::MariaDb) else { return };
    let mut fleet = Fleet::of(server, 2, "").await;
    let text = std::fs::read_to_string(fleet.config(1)).unwrap();
    std::fs::write(fleet.config(1), text.replace("node = \"n1\"", "node = \"n0\"")).unwrap();
    fleet.start(0);
    fleet.address(0).await;
    fleet.start(1);
    assert_ne!(fleet.wait(1), Some(0));
    assert!(fleet.log(1).contains("a node named n0 works on this ledger already"), "{}", fleet.log(1));
    // When the first stands still for long enough, the second takes its place, and the first ends when it wakes.
    fleet.signal(0, Signal::STOP);
    fleet.start(1);
    fleet
        .until("the second in its place", async |_| {
            fleet.row(0).await.is_some_and(|row| row.pid != 0 && fleet.log(1).contains("started"))
        })
        .await;
    fleet.signal(0, Signal::CONT);
    assert_ne!(fleet.wait(0), Some(0));
    assert!(fleet.log(0).contains("another one took its place"), "{}", fleet.log(0));
}

async fn run(server: &Running, fleet: &Fleet, statements: &[&str]) {
    let mut root = server.root(&fleet.database).await;
    for statement in statements {
        sqlx::raw_sql(sqlx::AssertSqlSafe((*statement).to_owned())).execute(&mut root).await.unwrap();
    }
}

/// What a node of the next version does to the tables when it starts, as long as it says that this one may go on.
const NEXT: &[&str] = &[
    "ALTER TABLE transfers ADD COLUMN of_the_next BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE journal ADD COLUMN of_the_next BIGINT NOT NULL DEFAULT 0",
    "CREATE TABLE of_the_next (name VARCHAR(40) NOT NULL PRIMARY KEY)",
    "UPDATE schema_version SET value = value + 1 WHERE name = 'ledger'",
];

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_the_next_version_changes_are_worked_on_with_files_in_flight() {
    let Some(server) = running(Kind::MariaDb) else { return };
    let mut fleet = Fleet::of(server, 2, "").await;
    (0..2).for_each(|n| fleet.start(n));
    (1..=15).for_each(|batch| fleet.drop_batch(batch));
    fleet.until("work under way", async |ledger| transfers(ledger).await.len() > 5).await;
    run(server, &fleet, NEXT).await;
    (16..=25).for_each(|batch| fleet.drop_batch(batch));
    // One goes on, one begins anew on the newer tables.
    fleet.kill(1);
    fleet.start(1);
    (26..=30).for_each(|batch| fleet.drop_batch(batch));
    fleet.all_rest().await;
    is_sound(&fleet, 0).await;
}

/// A real program of the version before (schema 8), named by the environment, began the ledger; one of this version comes
/// beside it, brings the tables up to date with files in flight, and both go on, whichever is killed.
#[tokio::test(flavor = "multi_thread")]
async fn a_program_of_the_version_before_works_beside_this_one() {
    let Some(before) = std::env::var_os("FPP_VERSION_BEFORE") else {
        println!("skipped: FPP_VERSION_BEFORE names no program of schema 8 (`./dev reliability versions` makes one)");
        return;
    };
    let Some(server) = running(Kind::MariaDb) else { return };
    let mut fleet = Fleet::of(server, 2, "").await;
    run(server, &fleet, SCHEMA_8).await;
    fleet.programs.insert(0, before.into());
    fleet.start(0);
    (1..=15).for_each(|batch| fleet.drop_batch(batch));
    fleet.until("work under way", async |ledger| transfers(ledger).await.len() > 5).await;
    fleet.start(1);
    fleet.address(1).await;
    for round in 0..4u16 {
        (1..=10).for_each(|batch| fleet.drop_batch(15 + round * 10 + batch));
        let some = 15 + usize::from(round) * 10 + 3;
        fleet.until("work under way", async |ledger| transfers(ledger).await.len() >= some).await;
        fleet.kill(usize::from(round % 2));
        fleet.start(usize::from(round % 2));
    }
    fleet.ledger = fpp::ledger::mysql::MysqlLedger::open(server.server(&fleet.database)).await.unwrap();
    fleet.all_rest().await;
    let both = writers(&fleet).await;
    assert_eq!(both.len(), 2, "both worked: {both:?}");
    is_sound(&fleet, 1).await;
}

/// Ids in the tables of a database outlet, and how often each stands there.
async fn rows_of(file: &std::path::Path) -> Vec<String> {
    use sqlx::{ConnectOptions, Row};
    let mut file = sqlx::sqlite::SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    let all = "SELECT id FROM trades UNION ALL SELECT id FROM files";
    sqlx::query(all).fetch_all(&mut file).await.unwrap().iter().map(|row| row.get("id")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outlet_gets_every_event_once_though_nodes_die_and_freeze() {
    let Some(server) = running(Kind::MariaDb) else { return };
    let outlets = "[outlet.books]\nkind = \"database\"\npath = \"../books.sqlite\"\nbatch_events = 4\n\
                   [outlet.log]\nkind = \"append\"\npath = \"../log\"\nbatch_events = 4\n";
    let mut fleet = Fleet::of(server, 2, outlets).await;
    let mut route = sample_route("pmtrd");
    let named = "[[outlet]]\nkind = \"database\"\nname = \"books\"\n\
                 [[outlet]]\nkind = \"append\"\nname = \"log\"\nrequired = false\n";
    overlay(&mut route, &named.parse().unwrap());
    std::fs::write(fleet.site.root.join("conf/routes/route.toml"), route.to_string()).unwrap();
    (0..2).for_each(|n| fleet.start(n));
    for n in 0..2 {
        fleet.address(n).await;
    }
    let pushed = async |ledger: &MysqlLedger| {
        let all = ledger.deliveries(None, 1_000).await.unwrap();
        all.iter().filter(|d| d.purpose == Purpose::Posting && d.is_there()).count()
    };
    for round in 0..2u16 {
        (1..=8).for_each(|batch| fleet.drop_batch(round * 8 + batch));
        let some = usize::from(round) * 16 + 3;
        fleet.until("postings under way", async |ledger| pushed(ledger).await >= some).await;
        let (killed, frozen) = if round == 0 { (0, 1) } else { (1, 0) };
        fleet.kill(killed);
        fleet.signal(frozen, Signal::STOP);
        fleet.start(killed);
        // Longer than a lease stands still before it is taken over; no condition shows that a process does nothing.
        tokio::time::sleep(Duration::from_millis(LEASE_MS * 2)).await;
        fleet.signal(frozen, Signal::CONT);
    }
    fleet.all_rest().await;
    is_sound(&fleet, 0).await;
    let due: u64 = fleet.dropped.iter().map(|file| file.events).sum();
    let there = rows_of(&fleet.site.root.join("books.sqlite")).await;
    let once: BTreeSet<&String> = there.iter().collect();
    assert_eq!((there.len() as u64, once.len() as u64), (due, due), "each event once");
    let lines: Vec<String> = fleet.site.names("log").iter().map(|name| format!("log/{name}")).collect();
    let lines: String = lines.iter().map(|name| String::from_utf8(fleet.site.read(name)).unwrap()).collect();
    let id = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
    let logged: BTreeSet<String> = lines.lines().map(id).collect();
    assert_eq!(logged.iter().collect::<BTreeSet<_>>(), once, "the same ids in both, some perhaps twice here");
}
