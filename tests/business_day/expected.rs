//! What is expected and late: warned of, told as missing, told when it came; each once, whatever the node's lives.

use crate::place::{Place, SERIES};
use fpp::ledger::transfer::FileState;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_late_is_warned_of_then_missing_then_there() {
    let mut place = Place::start(SERIES, "", "16:10").await;
    place.drop_batch(1);
    place.batch("0001 is posted", 1, |t| t.state == FileState::Archived).await;
    place.set("18:10");
    let warned = place.heard("expected").await;
    assert!(warned.notice.text.contains("batch 0002-0003 is not there yet; expected by 18:30"), "{warned:?}");
    assert_eq!(warned.notice.severity, "warn");
    place.restart().await;
    place.set("18:30");
    let missing = place.heard("missing").await;
    assert_eq!((missing.notice.severity.as_str(), missing.count), ("error", 1));
    assert_eq!(place.count("expected").await, 1, "once, although the node was started anew");
    let open: Vec<_> = place.notices(false).await.into_iter().map(|n| n.notice.topic).collect();
    assert_eq!(open, ["missing"], "the warning is closed by the worse news");
    place.restart().await;
    place.set("18:45");
    place.drop_batch(2);
    place.drop_batch(3);
    let recovered = place.heard("recovered").await;
    assert!(recovered.notice.text.contains("batch 0001-0003 is there, seen at 18:45"), "{recovered:?}");
    place.restart().await;
    place.set("19:30");
    place.batch("0003 is posted", 3, |t| t.state == FileState::Archived).await;
    for topic in ["expected", "missing", "recovered"] {
        assert_eq!(place.count(topic).await, 1, "{topic}");
    }
    let open: Vec<_> = place.notices(false).await.into_iter().map(|n| n.notice.topic).collect();
    assert_eq!(open, ["recovered"], "what is over is closed");
    place.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_and_purged_is_missing_nowhere() {
    let mut place = Place::start(SERIES, "", "16:10").await;
    place.drop_batch(1);
    place.batch("0001 is posted", 1, |t| t.state == FileState::Archived).await;
    place.set("2025-06-21 12:00");
    assert!(place.heard("missing").await.notice.text.contains("batch 0002-0003 did not come"));
    let purged = place.fpp(&["ledger", "purge", "--before", "2025-06-21", "--reason", "kept on tape"]).await;
    assert!(purged.contains("1 transfers purged"), "{purged}");
    place.restart().await;
    let shown = place.fpp(&["day", "show", "pmtrd", "2025-06-20"]).await;
    let line = |batch: &str| shown.lines().find(|line| line.starts_with(batch)).unwrap().to_owned();
    assert!(line("0001").contains("purged") && !line("0001").contains("LATE"), "{shown}");
    assert!(line("0002").contains("missing, LATE"), "{shown}");
    assert!(shown.contains("0002-0003 LATE"), "{shown}");
    // They wait for it no more than for one that is there, and with them all are there.
    place.drop_batch(2);
    place.drop_batch(3);
    place.batch("0003 is posted", 3, |t| t.state == FileState::Archived).await;
    let recovered = place.heard("recovered").await;
    assert!(recovered.notice.text.contains("batch 0001-0003 is there"), "{recovered:?}");
    let day = place.day("2025-06-20").await;
    let count = |word: &str| day[word].as_u64().unwrap();
    assert_eq!([count("expected"), count("arrived"), count("posted"), count("purged")], [3, 3, 3, 1], "{day}");
    assert_eq!(day["waiting_for"], serde_json::json!([]));
    place.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_starts_late_tells_of_nothing_before_it() {
    let place = Place::start(SERIES, "", "18:31").await;
    place.set("2025-06-23 18:15");
    let warned = place.heard("expected").await;
    assert_eq!(warned.notice.subject, "pmtrd/2025-06-23/0001-0003", "Friday was over, the weekend has no batches");
    place.set("2025-06-23 18:30");
    assert_eq!(place.heard("missing").await.notice.subject, "pmtrd/2025-06-23/0001-0003");
    assert_eq!((place.count("expected").await, place.count("missing").await), (1, 1));
    place.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_nobody_takes_is_told_once_and_ends() {
    let place = Place::start("[series]\ntaken_within_ms = 600000\nanswer_within_ms = 60000", "", "16:10").await;
    place.drop_batch(1);
    place.batch("0001 is answered", 1, |t| t.state == FileState::Archived).await;
    place.set("16:20");
    let untaken = place.heard("untaken").await;
    assert!(untaken.notice.text.contains("stands in spool core-in for 10 min"), "{untaken:?}");
    for name in place.site.names("core/in") {
        std::fs::remove_file(place.site.root.join("core/in").join(name)).unwrap();
    }
    let recovered = place.heard("recovered").await;
    assert!(recovered.notice.text.contains("is taken from spool core-in"), "{recovered:?}");
    assert_eq!((place.count("untaken").await, place.count("unanswered").await), (1, 0));
    place.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_without_its_answer_is_told_once_and_ends() {
    let route = "day_control = \"ledger\"\n[series]\nanswer_within_ms = 60000";
    let place = Place::start(route, "", "16:10").await;
    place.drop_batch(1);
    let held = place.batch("0001 is held", 1, |t| t.state == FileState::Held).await;
    place.set("16:11");
    let unanswered = place.heard("unanswered").await;
    assert_eq!(unanswered.notice.subject, held.id.0);
    assert!(unanswered.notice.text.contains("has no answer after 1 min; it is Held: "), "{unanswered:?}");
    place.fpp(&["day", "open", "pmtrd", "2025-06-20", "--reason", "core opened it"]).await;
    let recovered = place.heard("recovered").await;
    assert!(recovered.notice.text.contains("is answered"), "{recovered:?}");
    assert_eq!(place.count("unanswered").await, 1);
    place.end().await;
}
