//! A node whose ledger is a database of a server: a file walks to its end, commands read the same books, and a second
//! node is kept out.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

#[path = "support/databases.rs"]
mod databases;
#[path = "crash_support/mortal.rs"]
#[allow(dead_code, reason = "only its decorator is used")]
mod mortal;
mod support;

use databases::{Kind, Running, running};
use fpp::demo::generate::{self, Series, Spec};
use fpp::ledger::Ledger;
use fpp::ledger::change::Change;
use fpp::ledger::lease::LeaseKey;
use fpp::ledger::mysql::MysqlLedger;
use fpp::ledger::transfer::FileState;
use fpp::node::{Node, Options};
use fpp_codecs::date::Date;
use mortal::{Life, Mortal};
use sqlx::AssertSqlSafe;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use support::settled::{PATIENCE, settled};
use support::site::{Site, sample_route};

/// A password with everything that a URL or a shell would trip over.
const PASSWORD: &str = "s3cret @:/%'";

/// A site whose ledger is an empty database, for a user with a password.
async fn site(server: &Running) -> (Site, String) {
    let name = server.lend().await;
    let mut root = server.root("").await;
    for statement in [
        format!("CREATE USER IF NOT EXISTS 'fpp'@'%' IDENTIFIED BY '{}'", PASSWORD.replace('\'', "''")),
        format!("GRANT ALL ON {name}.* TO 'fpp'@'%'"),
    ] {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut root).await.unwrap();
    }
    let site = Site::make(&sample_route("pmtrd"));
    configure(&site, server, &name, PASSWORD);
    (site, name)
}

fn configure(site: &Site, server: &Running, database: &str, password: &str) {
    let socket = server.server(database).socket.unwrap();
    let secret = site.root.join("conf/ledger.password");
    std::fs::write(&secret, format!("{password}\n")).unwrap();
    let text = std::fs::read_to_string(site.settings_file()).unwrap();
    let ledger = format!(
        "[ledger]\nurl = \"mysql://fpp@localhost/{database}?socket={}\"\npassword_file = \"ledger.password\"\n",
        socket.display()
    );
    let node =
        text.split("[ledger]").next().unwrap().replace("drain_ms = 2000\n\n", "drain_ms = 2000\nlease_ms = 1000\n\n");
    std::fs::write(site.settings_file(), node + &ledger).unwrap();
}

/// Runs a command of the built program: exit code, and everything it said.
fn run(config: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fpp"));
    let output = command.args(arguments).arg("--config").arg(config).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_walks_on_mariadb() {
    a_file_walks(Kind::MariaDb).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_walks_on_oceanbase_s_engine() {
    a_file_walks(Kind::SeekDb).await;
}

async fn a_file_walks(kind: Kind) {
    let Some(server) = running(kind) else { return };
    let (site, database) = site(server).await;
    let config = site.settings_file();
    let (code, said) = run(&config, &["check"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains(&format!("/{database}: reached; the first node makes its tables")), "{said}");
    let (code, said) = run(&config, &["transfers"]);
    assert!(code != 0 && said.contains("there is no ledger"), "{said}");

    let node = Node::start(site.settings(), Options::default()).await.unwrap();
    let date = Date { year: 2025, month: 6, day: 20 };
    let spec = Spec { trades: 7, ..Spec::new(Series::Ebcdic, date, 1) };
    let mut bytes = Vec::new();
    generate::generate(&spec, &mut bytes).unwrap();
    site.drop_file(&spec.file_name(), &bytes, Some(""), 1_750_000_000_000);
    let all = settled(&node, 1).await.unwrap();
    assert_eq!((all[0].state, all[0].publication), (FileState::Archived, Some(1)));

    for (arguments, part) in [
        (&["check"][..], "reached, schema version 9"),
        (&["transfers"], &spec.file_name()),
        (&["status"], "pmtrd"),
        (&["ledger", "verify"], "all fit"),
    ] {
        let (code, said) = run(&config, arguments);
        assert!(code == 0 && said.to_lowercase().contains(&part.to_lowercase()), "{arguments:?}: {code} {said}");
        assert!(!said.contains("s3cret"), "{arguments:?}: {said}");
    }
    a_second_node_is_kept_out(server, &database).await;
    let kept = site.root.join("ledger.sqlite");
    backed_up(&config, &kept);
    purged(&config);
    node.stop().await;
    restored(&kept, &spec.file_name());

    // What the first one gave back, the next one takes at once.
    let again = Node::start(site.settings(), Options::default()).await.unwrap();
    again.stop().await;
    configure(&site, server, &database, "wrong");
    let (code, said) = run(&config, &["check"]);
    assert!(code == 1 && said.contains("refuses the user") && !said.contains("wrong"), "{code} {said}");
}

/// Beside the running node.
fn backed_up(config: &Path, file: &Path) {
    let file = file.to_str().unwrap();
    let (code, said) = run(config, &["ledger", "backup", file]);
    assert!(code == 0 && said.contains("all fit"), "{code} {said}");
    let (code, said) = run(config, &["ledger", "backup", file]);
    assert!(code == 1 && said.contains("is there already"), "{code} {said}");
}

/// Into a file, as the ledger of another site.
fn restored(kept: &Path, name: &str) {
    let elsewhere = Site::make(&sample_route("pmtrd"));
    let config = elsewhere.settings_file();
    let restore = || run(&config, &["ledger", "restore", kept.to_str().unwrap()]);
    let (code, said) = restore();
    assert!(code == 0 && said.contains("all fit"), "{code} {said}");
    let (code, said) = run(&config, &["transfers"]);
    assert!(code == 0 && said.contains(name), "{code} {said}");
    let (code, said) = restore();
    assert!(code == 1 && said.contains("is there already"), "{code} {said}");
    assert!(said.contains("move the ledger that stands there away") && !said.contains("Name another"), "{said}");
    assert_eq!(said.matches("ledger.sqlite").count(), 1, "its place, once: {said}");
}

fn purged(config: &Path) {
    let purge = |before| run(config, &["ledger", "purge", "--before", before, "--reason", "on tape"]);
    for (before, code, part) in [
        ("2999-01-01", 2, "is in the future"),
        ("2025-06-20", 0, "0 transfers purged"),
        ("2025-06-21", 0, "1 transfers purged"),
    ] {
        let (ended, said) = purge(before);
        assert!(ended == code && said.contains(part), "{before}: {ended} {said}");
    }
    let (code, said) = run(config, &["ledger", "verify"]);
    assert!(code == 0 && said.contains("all fit") && said.contains("1 chains, 1 rows"), "{code} {said}");
}

async fn a_second_node_is_kept_out(server: &Running, database: &str) {
    let elsewhere = Site::make(&sample_route("pmtrd"));
    configure(&elsewhere, server, database, PASSWORD);
    let refused = async |said: &str| {
        let second = Node::start(elsewhere.settings(), Options::default()).await.err().unwrap();
        assert!(second.to_string().contains(said), "{second}");
    };
    refused("a node named golden works on this ledger already").await;
    let text = std::fs::read_to_string(elsewhere.settings_file()).unwrap();
    std::fs::write(elsewhere.settings_file(), text.replace("node = \"golden\"", "node = \"other\"")).unwrap();
    refused("another node works on this ledger: golden/").await;
}

/// A single node may have a supervised standby: `nodes` is 1, and yet it is another process that may hold the lease when
/// this one wakes. It puts no marker then, not even beside a file whose proof it had written itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_single_node_that_its_standby_replaced_puts_no_marker() {
    let Some(server) = running(Kind::MariaDb) else { return };
    let (site, database) = site(server).await;
    let text = std::fs::read_to_string(site.settings_file()).unwrap();
    std::fs::write(site.settings_file(), text.replace("lease_ms = 1000", "lease_ms = 60000")).unwrap();
    // The standby, with a runtime and a line of its own: it takes what it is told to, while this node stands still.
    let (take, taken) = (mpsc::channel::<LeaseKey>(), mpsc::channel::<()>());
    let place = server.server(&database);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let books = MysqlLedger::open(place).await.unwrap();
            while let Ok(key) = take.1.recv() {
                let seen = books.lease(&key).await.unwrap();
                books.take_lease(&key, "standby/1", seen.as_ref()).await.unwrap().unwrap();
                taken.0.send(()).unwrap();
            }
        });
    });
    let (ask, told, done) =
        (std::sync::Mutex::new(take.0), std::sync::Mutex::new(taken.1), Arc::new(AtomicBool::new(false)));
    let is_done = done.clone();
    let after = move |changes: &[Change]| {
        let proof = changes.iter().find_map(|change| match change {
            Change::Prove { id, .. } => Some(id),
            _ => None,
        });
        if let Some(id) = proof.filter(|_| !is_done.load(SeqCst)) {
            ask.lock().unwrap().send(LeaseKey(format!("delivery:{id}"))).unwrap();
            told.lock().unwrap().recv_timeout(PATIENCE).unwrap();
            is_done.store(true, SeqCst);
        }
    };
    let life = Life::watched(Box::new(after));
    let wrap = move |inner: Arc<dyn Ledger>| -> Arc<dyn Ledger> { Arc::new(Mortal { inner, life }) };
    let options = Options { wrap_ledger: Some(Box::new(wrap)), ..Options::default() };
    let node = Node::start(site.settings(), options).await.unwrap();
    site.drop_batch(1, 3);
    let end = Instant::now() + PATIENCE;
    while !done.load(SeqCst) {
        assert!(Instant::now() < end, "nothing was proven");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // Another file goes its whole way meanwhile, so this node had its time.
    site.drop_batch(2, 3);
    let archived = async |batch: &str| {
        let all = support::settled::transfers(&*node.ledger).await;
        all.iter().any(|t| t.name.contains(batch) && t.state == FileState::Archived)
    };
    while !archived("_0002_").await {
        assert!(Instant::now() < end, "{:?}", node.ledger.deliveries(None, 10).await);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let shown: Vec<_> = site.names("core/in").into_iter().filter(|name| !name.starts_with('.')).collect();
    assert!(shown.iter().any(|name| name.contains("_0002_") && name.ends_with(".OK")), "{shown:?}");
    // Its rename had been under way when it stood still; what makes the partner take the file does not follow it.
    let first: Vec<_> = shown.iter().filter(|name| name.contains("_0001_") && !name.ends_with(".TXT")).collect();
    assert_eq!(first, [""; 0], "{shown:?}");
    node.stop().await;
}
