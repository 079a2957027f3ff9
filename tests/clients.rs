//! The consumers of `examples/`, each a program of its own beside a real node: killed in the middle and begun anew, they
//! book every event once.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod support;

use fpp::api::client;
use fpp::node::{Node, Options};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use support::core::sent_again;
use support::settled::settled;
use support::site::{Site, sample_route};

const TRADES: usize = 1_500;
const PATIENCE: Duration = Duration::from_secs(60);

/// What a client booked, torn lines left out.
fn booked(book: &Path) -> Vec<Value> {
    let text = fs::read_to_string(book).unwrap_or_default();
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    text[..whole].lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "{what} within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

async fn books_every_event_once(client: &dyn Fn() -> Command) {
    let site = Site::make(&sample_route("pmtrd"));
    let node = Node::start(site.settings(), Options::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let [book, position, errors] = ["book", "position", "errors"].map(|name| folder.path().join(name));
    let start = || {
        let mut command = client();
        command.arg(format!("http://{}", node.address)).arg(&book).arg(&position).stdin(Stdio::null());
        command.stderr(fs::OpenOptions::new().create(true).append(true).open(&errors).unwrap());
        Running(command.spawn().unwrap())
    };
    site.drop_batch(1, TRADES as u64);
    settled(&node, 1).await.unwrap();
    let running = start();
    until("something is booked", || !booked(&book).is_empty());
    drop(running);
    // What a power cut leaves: half a line.
    fs::OpenOptions::new().append(true).open(&book).unwrap().write_all(br#"{"specversion":"1.0","id":"2025"#).unwrap();
    site.drop_batch(2, TRADES as u64);
    settled(&node, 2).await.unwrap();
    let running = start();
    until("both files are booked", || booked(&book).len() >= 2 * (TRADES + 1));
    until("the position is kept", || position.exists());
    drop(running);
    // Without its position it sees everything again, and books nothing twice.
    let newest = fs::read_to_string(&position).unwrap();
    fs::remove_file(&position).unwrap();
    let running = start();
    until("everything was read again", || fs::read_to_string(&position).is_ok_and(|kept| kept == newest));
    // It waits for what comes.
    site.drop_batch(3, TRADES as u64);
    settled(&node, 3).await.unwrap();
    until("the third file is booked", || booked(&book).len() >= 3 * (TRADES + 1));
    // The trades of the first file once more, one of them with another order number: the end of the file alone is new.
    let (name, bytes) = sent_again(4, TRADES as u64, &[3], 0xC1);
    site.drop_file(&name, &bytes, Some(""), 1_750_000_000_000);
    settled(&node, 4).await.unwrap();
    until("the fourth file was read", || booked(&book).len() > 3 * (TRADES + 1));
    drop(running);
    let said = fs::read_to_string(&errors).unwrap();
    let told: Vec<&str> =
        said.lines().filter(|line| line.contains("the same id with other data, not booked")).collect();
    let first = booked(&book)[1]["id"].as_str().unwrap().to_owned();
    assert!(told.len() == 1 && told[0].contains(&first), "{first}: {said}");
    let (mut due, mut after) = (Vec::<Value>::new(), String::new());
    while due.len() < 4 * (TRADES + 1) {
        let page = client::events(node.address, &format!("/v1/events?limit=2000&after={after}"), None).await.unwrap();
        let lines = page.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        due.extend(lines.map(|line| serde_json::from_slice::<Value>(line).unwrap()));
        after = page.position;
    }
    due.drain(3 * (TRADES + 1)..4 * (TRADES + 1) - 1);
    let booked = booked(&book);
    assert_eq!(booked.len(), due.len());
    assert!(booked == due, "every event once, in the stream's order");
    // What waiting does not mend ends it: here a position that the books have not given.
    fs::write(&position, "999-end").unwrap();
    let mut ending = start();
    let begun = Instant::now();
    let ended = loop {
        if let Some(ended) = ending.0.try_wait().unwrap() {
            break ended;
        }
        assert!(begun.elapsed() < PATIENCE, "it ends within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(5));
    };
    assert!(!ended.success());
    node.stop().await;
}

/// A crate of its own, built as a reader of it would.
fn rust() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("examples");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--locked", "--manifest-path"]).arg(here.join("examples/rust/Cargo.toml"));
    let built = cargo.arg("--target-dir").arg(&target).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    target.join("debug/stream-consumer")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_consumer_in_rust_books_every_event_once() {
    let program = rust();
    books_every_event_once(&|| Command::new(&program)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_consumer_in_java_books_every_event_once() {
    let classes = tempfile::tempdir().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/java/StreamConsumer.java");
    let mut javac = Command::new("javac");
    javac.args(["--release", "8", "-Xlint:-options", "-d"]).arg(classes.path()).arg(source);
    let Ok(made) = javac.output() else {
        assert!(std::env::var_os("FPP_REAL_PARTS").is_none(), "no javac: `./dev test` installs it");
        println!("skipped: no javac; `./dev test` installs it");
        return;
    };
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let java = || {
        let mut java = Command::new("java");
        java.args(["-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp"]).arg(classes.path());
        java.arg("StreamConsumer");
        java
    };
    books_every_event_once(&java).await;
}
