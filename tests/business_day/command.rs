//! The command of a notice: run once for each, bounded, with what is listed of the environment, and no reason to stop.

use crate::place::{Place, SERIES};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

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
