//! The command of a notice: run once for each, bounded, with what is listed of the environment, and no reason to stop.

use crate::place::{Place, SERIES};
use crate::support::settled::PATIENCE;
use fpp::ledger::Ledger;
use fpp::ledger::change::{Change, NewNotice};
use fpp::ledger::lease::LeaseKey;
use fpp::ledger::node::{NodeState, lease_of};
use fpp_codecs::Code;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn script(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("page.sh");
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    path
}

fn notify(program: &Path, folder: &Path, more: &str) -> String {
    format!(
        "[notify]\ncommand = [\"{}\", \"{}\"]\nenvironment = [\"PATH\"]\n{more}\n",
        program.display(),
        folder.display()
    )
}

async fn lines(place: &Place, file: &Path, count: usize) -> Vec<String> {
    let read = || async {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let lines: Vec<_> = text.lines().map(str::to_owned).collect();
        (lines.len() >= count).then_some(lines)
    };
    place.until("the command is run", read).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_notice_is_told_by_the_command_once() {
    let folder = tempfile::tempdir().unwrap();
    let text = r#"echo "$FPP_TOPIC|$FPP_SEVERITY|$FPP_SUBJECT|$FPP_CODE|${HOME:-none}|$FPP_NODE" >> "$1/told"
echo some output; exit 3"#;
    let program = script(folder.path(), text);
    let mut place = Place::start(SERIES, &notify(&program, folder.path(), ""), "16:10").await;
    place.set("18:10");
    let told = folder.path().join("told");
    let subject = "pmtrd/2025-06-20/0001-0003|FPP1023|none|golden";
    assert_eq!(lines(&place, &told, 1).await, [format!("expected|warn|{subject}")]);
    place.restart().await;
    place.set("18:30");
    let both = lines(&place, &told, 2).await;
    assert_eq!(both[1..], [format!("missing|error|{subject}")], "it failed, and is not run again");
    place.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_hangs_is_killed_with_its_children_and_others_have_their_turn() {
    let folder = tempfile::tempdir().unwrap();
    // A pipe that nobody writes to: the child would wait for ever.
    let text = r#"echo "$FPP_TOPIC $$" >> "$1/told"
mkfifo "$1/never.$$"
cat "$1/never.$$" &
wait"#;
    let program = script(folder.path(), text);
    let more = "timeout_ms = 300\nat_once = 1\nseverity = \"error\"";
    let place = Place::start(SERIES, &notify(&program, folder.path(), more), "18:09").await;
    place.set("18:10");
    place.heard("expected").await;
    place.set("18:30");
    place.heard("missing").await;
    // One after the other: a batch that is proven before the one ahead of it is here would be held, which is told too.
    for batch in 1..=3 {
        place.drop_batch(batch);
        place.batch("its events are out", batch, |t| t.publication.is_some()).await;
    }
    place.heard("recovered").await;
    let told = lines(&place, &folder.path().join("told"), 2).await;
    let topics: Vec<_> = told.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(topics, ["missing", "recovered"], "errors, and that they are over");
    let group = told[0].split(' ').nth(1).unwrap().to_owned();
    let gone = || async { (!in_group(&group)).then_some(()) };
    place.until("the first one's processes are gone", gone).await;
    place.end().await;
}

/// More than are read at once, and of each look a command or two: the oldest come first, and none waits for the next look.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_open_notices_every_one_is_told_the_oldest_first() {
    let folder = tempfile::tempdir().unwrap();
    let program = script(folder.path(), r#"echo "$FPP_SUBJECT" >> "$1/told""#);
    let mut place = Place::start("", &notify(&program, folder.path(), "at_once = 1"), "16:10").await;
    let begun = || async { place.node().ledger.told("command-since", false, 1).await.unwrap().pop() };
    place.until("it looks", begun).await;
    let raise = |n: u32| {
        Change::Raise(NewNotice {
            severity: "warn".into(),
            topic: "made-up".into(),
            subject: format!("file {n}"),
            code: 1011,
            text: "made up".into(),
        })
    };
    let all: Vec<_> = (0..620).map(raise).collect();
    place.stop().await;
    place.site.set("rescan_ms", 600_000);
    let ledger = fpp::ledger::sqlite::SqliteLedger::open(&place.site.root.join("data/ledger.sqlite")).await.unwrap();
    ledger.apply(None, place.now_ms(), &all).await.unwrap();
    ledger.close().await;
    place.run().await;
    let told = lines(&place, &folder.path().join("told"), 620).await;
    let due: Vec<_> = (0..620).map(|n| format!("file {n}")).collect();
    assert_eq!(told, due, "each once, the oldest first");
    place.end().await;
}

/// A node with minutes to drain, whose command ends when it is told to by `go` in the folder.
async fn in_a_long_command() -> (Place, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let text = r#"mkfifo "$1/go"; echo "$FPP_TOPIC" >> "$1/told"; read line < "$1/go""#;
    let program = script(folder.path(), text);
    let mut place = Place::start(SERIES, &notify(&program, folder.path(), "timeout_ms = 600000"), "18:09").await;
    place.stop().await;
    place.site.set("drain_ms", 600_000);
    place.run().await;
    place.set("18:10");
    lines(&place, &folder.path().join("told"), 1).await;
    (place, folder)
}

/// A drain that lasts is said again and again, or the node would be taken for dead.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_drains_for_long_goes_on_to_say_so() {
    let (mut place, folder) = in_a_long_command().await;
    let node = place.take();
    let ledger = node.ledger.clone();
    let stops = tokio::spawn(node.stop());
    let says = async |at_ms: i64| {
        let until = Instant::now() + PATIENCE;
        loop {
            let row = ledger.nodes().await.unwrap().remove(0);
            if row.state == NodeState::Draining && row.heard_ms == at_ms {
                return;
            }
            assert!(Instant::now() < until && !stops.is_finished(), "{row:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    says(place.now_ms()).await;
    for at in ["18:11", "18:12"] {
        place.set(at);
        says(place.now_ms()).await;
    }
    std::fs::write(folder.path().join("go"), "on\n").unwrap();
    stops.await.unwrap();
    assert_eq!(ledger.nodes().await.unwrap()[0].state, NodeState::Stopped);
}

/// Whoever has its name by now works: the drain is not waited for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_loses_its_name_while_it_drains_ends() {
    let (mut place, _folder) = in_a_long_command().await;
    let node = place.take();
    let ledger = node.ledger.clone();
    let stops = tokio::spawn(node.stop());
    let key = LeaseKey(lease_of("golden"));
    // A beat may come between the look and the taking.
    let until = Instant::now() + PATIENCE;
    while {
        let seen = ledger.lease(&key).await.unwrap();
        ledger.take_lease(&key, "golden/other", seen.as_ref()).await.unwrap().is_none()
    } {
        assert!(Instant::now() < until, "nobody gets its name");
    }
    let lost = tokio::time::timeout(PATIENCE, stops).await.expect("it ends").unwrap().expect("and says why");
    assert_eq!(lost.code, Code::STALE_EPOCH, "{lost}");
    assert!(lost.to_string().contains("another one took its place"), "{lost}");
    assert_eq!(ledger.lease(&key).await.unwrap().unwrap().holder, "golden/other", "and takes nothing away from it");
}

/// Whether a live process is in a group.
fn in_group(group: &str) -> bool {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries.into_iter().any(|entry| {
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // After the name in brackets: state, parent, group.
        let mut rest = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let state = rest.next();
        rest.nth(1) == Some(group) && state.is_some_and(|state| state != "Z")
    })
}
