//! The cases: the events of a golden case, pushed in pieces, again, late, with other data, one that is refused, and one of a
//! huge size.

use crate::Target;
use crate::events::{golden, posting};
use fpp::outlets::push::{Batch, Outcome, Posting, Pushed};
use fpp_codecs::Code;
use std::collections::BTreeSet;

/// More than a broker's message, a server's body or a database's packet usually may have.
const HUGE_BYTES: usize = 3 << 20;

fn file() -> Batch {
    let batch = golden("happy-1388", "events.ndjson");
    assert!(batch.events.len() > 4, "trades and the end of the file");
    batch
}

fn part(of: &Batch, events: &[Pushed]) -> Batch {
    Batch { json: of.json.clone(), events: events.to_vec() }
}

fn ids(batch: &Batch) -> Vec<String> {
    batch.events.iter().map(|event| event.id.clone()).collect()
}

pub(crate) async fn every_event_is_there_in_its_order(target: &dyn Target) {
    let (engine, file, posting) = (target.engine(), file(), posting("01T", 1));
    for piece in file.events.chunks(3) {
        assert_eq!(engine.push(&posting, &part(&file, piece)).await.unwrap(), Outcome::default());
    }
    assert_eq!(target.ids().await, ids(&file));
    engine.close().await;
}

pub(crate) async fn what_comes_again_after_a_break_is_there(target: &dyn Target) {
    let (file, half) = (file(), file().events.len() / 2);
    let engine = target.engine();
    engine.push(&posting("01T", 1), &part(&file, &file.events[..half])).await.unwrap();
    engine.close().await;
    // Another life of the node, or another node, goes on from an earlier cursor.
    let engine = target.engine();
    let outcome = engine.push(&posting("01T", 2), &part(&file, &file.events[1..])).await.unwrap();
    assert_eq!(outcome, Outcome::default(), "the same content of an id is no conflict");
    let there = target.ids().await;
    let once: BTreeSet<_> = there.iter().cloned().collect();
    assert_eq!(once, ids(&file).into_iter().collect(), "exactly the file's");
    assert_eq!(there.len() - once.len(), if target.is_exact() { 0 } else { half - 1 });
}

pub(crate) async fn each_life_goes_on_behind_the_cursor(target: &dyn Target) {
    let (file, mut confirmed) = (file(), 0);
    for epoch in 1.. {
        let engine = target.engine();
        let cursor = engine.cursor(&posting("01T", epoch)).await.unwrap();
        let from = match cursor {
            Some(record) => file.events.iter().take_while(|event| event.record <= record).count(),
            // The ledger's, which may be behind.
            None => confirmed.max(1) - 1,
        };
        let events = &file.events[from..file.events.len().min(from + 3)];
        assert_eq!(engine.push(&posting("01T", epoch), &part(&file, events)).await.unwrap(), Outcome::default());
        engine.close().await;
        confirmed = from + events.len();
        if confirmed == file.events.len() {
            break;
        }
    }
    let there = target.ids().await;
    let once: BTreeSet<_> = there.iter().cloned().collect();
    assert_eq!(once, ids(&file).into_iter().collect());
    assert!(!target.is_exact() || there == ids(&file), "{there:?}");
}

pub(crate) async fn nothing_is_a_batch_too(target: &dyn Target) {
    let (engine, file, posting) = (target.engine(), file(), posting("01T", 1));
    engine.push(&posting, &part(&file, &file.events[..2])).await.unwrap();
    let cursor = engine.cursor(&posting).await.unwrap();
    assert_eq!(engine.push(&posting, &Batch::default()).await.unwrap(), Outcome::default());
    assert_eq!(engine.cursor(&posting).await.unwrap(), cursor);
    assert_eq!(target.ids().await, ids(&file)[..2]);
}

pub(crate) async fn a_huge_event_is_taken_or_refused_by_itself(target: &dyn Target) {
    let (engine, file) = (target.engine(), file());
    // Of a required posting nothing behind a refused event would count.
    let posting = Posting { required: false, ..posting("01T", 1) };
    let mut huge = Batch::default();
    for (at, event) in file.events.iter().enumerate() {
        let text = std::str::from_utf8(file.json_of(event)).unwrap();
        let padding = format!("\"data\":{{\"note\":\"{}\",", "x".repeat(if at == 1 { HUGE_BYTES } else { 1 }));
        let start = huge.json.len();
        huge.json.extend_from_slice(text.replacen("\"data\":{", &padding, 1).as_bytes());
        huge.events.push(Pushed { json: start..huge.json.len(), ..event.clone() });
    }
    let outcome = engine.push(&posting, &huge).await.unwrap();
    let refused: Vec<_> = outcome.refused.iter().map(|refused| refused.id.clone()).collect();
    assert!(refused.is_empty() || refused == [file.events[1].id.clone()], "{outcome:?}");
    assert!(outcome.refused.iter().all(|refused| !refused.why.is_empty() && !refused.why.contains("xxxx")));
    let there: BTreeSet<_> = target.ids().await.into_iter().collect();
    assert_eq!(there, ids(&file).into_iter().filter(|id| !refused.contains(id)).collect());
    engine.close().await;
}

pub(crate) async fn behind_what_a_required_posting_is_refused_nothing_is_there(target: &dyn Target) {
    let (engine, file, posting) = (target.engine(), file(), posting("01T", 1));
    let at = file.events.len() / 2;
    let Some(spoiled) = target.spoiled(std::str::from_utf8(file.json_of(&file.events[at])).unwrap()) else { return };
    let mut bad = file.clone();
    let start = bad.json.len();
    bad.json.extend_from_slice(spoiled.as_bytes());
    bad.events[at].json = start..bad.json.len();
    let refused = async |from: usize| {
        let outcome = engine.push(&posting, &part(&bad, &bad.events[from..])).await.unwrap();
        let first = &outcome.refused[0];
        assert_eq!((first.record, &first.id), (file.events[at].record, &file.events[at].id), "{outcome:?}");
        assert_eq!(target.ids().await, ids(&file)[..at], "nothing behind it, and no end of a file that is not whole");
    };
    refused(0).await;
    // As whoever pushes does: it comes again, with what is behind it.
    for _ in 0..2 {
        refused(at).await;
    }
    let due = target.is_exact().then(|| file.events[at - 1].record);
    assert_eq!(engine.cursor(&posting).await.unwrap(), due);
    // It is mended.
    let outcome = engine.push(&posting, &part(&file, &file.events[at..])).await.unwrap();
    assert_eq!(outcome, Outcome::default());
    assert_eq!(target.ids().await, ids(&file), "each once, in the order of the file, its end last");
    engine.close().await;
}

pub(crate) async fn another_content_of_an_id_is_told_and_not_written(target: &dyn Target) {
    let (engine, file) = (target.engine(), file());
    engine.push(&posting("01T", 1), &file).await.unwrap();
    let mut other = part(&file, &file.events[1..3]);
    other.events[0].datahash = [7; 32];
    let outcome = engine.push(&posting("01U", 1), &other).await.unwrap();
    let told: Vec<_> = outcome.conflicts.iter().map(|refused| (refused.record, refused.id.as_str())).collect();
    if target.notices() {
        assert_eq!(told, [(file.events[1].record, file.events[1].id.as_str())]);
        assert_eq!(target.ids().await.len(), file.events.len(), "the first content stays");
    } else {
        assert_eq!(told, [], "a target that keeps no ids leaves it to its consumer, by `datahash`");
    }
    assert_eq!(outcome.refused, []);
}

pub(crate) async fn a_stale_epoch_is_refused(target: &dyn Target) {
    if !target.is_exact() {
        return;
    }
    let (engine, file) = (target.engine(), file());
    engine.push(&posting("01T", 5), &part(&file, &file.events[..2])).await.unwrap();
    let late = engine.push(&posting("01T", 4), &part(&file, &file.events[2..])).await.unwrap_err();
    assert_eq!(late.error.code, Code::STALE_EPOCH, "{late:?}");
    assert_eq!(target.ids().await, ids(&file)[..2]);
    // Another transfer's epochs are its own.
    engine.push(&posting("01U", 1), &part(&file, &file.events[..2])).await.unwrap();
    engine.push(&posting("01T", 6), &part(&file, &file.events[2..])).await.unwrap();
    assert_eq!(target.ids().await, ids(&file));
}

pub(crate) async fn what_is_settled_beside_an_error_is_there(target: &dyn Target) {
    let (engine, file, posting) = (target.engine(), file(), posting("01T", 1));
    engine.push(&posting, &part(&file, &file.events[..1])).await.unwrap();
    target.breaks_after(Some(6)).await;
    let broken = engine.push(&posting, &part(&file, &file.events[1..])).await.unwrap_err();
    assert_eq!(broken.outcome, Outcome::default(), "nothing was refused: {broken:?}");
    assert_eq!(broken.up_to.is_some(), target.tells_how_far(), "{broken:?}");
    target.breaks_after(None).await;
    let there = target.ids().await;
    let settled = broken.up_to.map_or(1, |up_to| file.events.iter().take_while(|e| e.record <= up_to).count());
    assert!(there.len() >= settled && ids(&file)[..settled] == there[..settled], "{settled}: {there:?}");
    // It comes again from there on.
    let again = async || {
        let mut from = settled;
        for _ in 0..50 {
            match engine.push(&posting, &part(&file, &file.events[from..])).await {
                Ok(outcome) => return assert_eq!(outcome, Outcome::default()),
                Err(broken) => {
                    let up_to = broken.up_to.unwrap_or(0);
                    from = from.max(file.events.iter().take_while(|e| e.record <= up_to).count());
                }
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("it never worked again");
    };
    again().await;
    let once: BTreeSet<_> = target.ids().await.into_iter().collect();
    assert_eq!(once, ids(&file).into_iter().collect());
    engine.close().await;
}

pub(crate) async fn the_cursor_is_that_of_the_posting(target: &dyn Target) {
    let (engine, file) = (target.engine(), file());
    let before = engine.cursor(&posting("01T", 1)).await.unwrap();
    assert!(matches!(before, None | Some(0)), "{before:?}");
    engine.push(&posting("01T", 1), &part(&file, &file.events[..2])).await.unwrap();
    let due = target.is_exact().then(|| file.events[1].record);
    assert_eq!(engine.cursor(&posting("01T", 2)).await.unwrap(), due);
    let other = engine.cursor(&posting("01U", 1)).await.unwrap();
    assert!(matches!(other, None | Some(0)), "{other:?}");
    engine.push(&posting("01T", 2), &part(&file, &file.events[2..])).await.unwrap();
    let due = target.is_exact().then_some(u64::MAX);
    assert_eq!(target.engine().cursor(&posting("01T", 3)).await.unwrap(), due, "after the end of the file");
}

pub(crate) async fn a_look_says_something(target: &dyn Target) {
    assert!(!target.engine().look().await.unwrap().is_empty());
}
