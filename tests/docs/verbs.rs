//! The operators' table of docs/operate.md: every verb on every standing does what the table says.

use super::{page, rows};
use fpp::inbound::verbs::{Effect, Verb, effect};
use fpp::ledger::transfer::{Facts, FileEvent, FileState, Standing, Transfer, TransferId, Verdict};

const VERBS: [(&str, Verb); 3] = [("release", Verb::Release), ("reject", Verb::Reject), ("retry", Verb::Retry)];

/// How the page calls an effect, what it does to the standing, and the state it tells.
const WORDS: [(Effect, &str, Option<FileEvent>, &str); 7] = [
    (Effect::GoOn, "goes on", Some(FileEvent::Release), "where it was held"),
    (Effect::CheckAgain, "checked again", Some(FileEvent::Release), "where it was held"),
    (Effect::Refuse, "rejected", Some(FileEvent::Release), "Staged, then Acknowledged"),
    (Effect::RefuseUnread, "rejected unread", Some(FileEvent::Judge(Verdict::Rejected)), "Claimed, then Acknowledged"),
    (Effect::Close, "closed", Some(FileEvent::Close), "Held, closed"),
    (Effect::Hurry, "tried now", None, "the same, at once"),
    (Effect::Anew, "judged anew", None, "a new transfer, Arrived"),
];

#[test]
fn the_table_of_verbs_is_the_code() {
    let text = page("docs/operate.md");
    let table: Vec<_> = rows(&text).into_iter().filter(|row| VERBS.iter().any(|(word, _)| row[0] == *word)).collect();
    let mut used = vec![false; table.len()];
    for standing in reachable() {
        for (word, verb) in VERBS {
            let fits = |row: &Vec<String>| {
                let of = |cell: &str, value: Option<String>| {
                    cell == "any"
                        || value.is_some_and(|v| v.eq_ignore_ascii_case(cell))
                        || (cell == "none" && standing.verdict.is_none())
                };
                row[0] == word
                    && of(&row[1], Some(format!("{:?}", standing.state)))
                    && (row[2] == "any" || standing.held_from.is_some_and(|s| format!("{s:?}") == row[2]))
                    && of(&row[3], standing.verdict.map(|v| format!("{v:?}")))
            };
            let at = table.iter().position(fits).unwrap_or_else(|| panic!("no line for {word} of {standing:?}"));
            used[at] = true;
            let row = &table[at];
            match effect(verb, &transfer(standing)) {
                Err(_) => assert_eq!(row[4..6], ["refused", "the same"], "{word} of {standing:?}"),
                Ok(done) => {
                    let (_, name, event, next) = WORDS.iter().find(|(e, ..)| *e == done).unwrap();
                    assert_eq!(row[4..6], [*name, *next], "{word} of {standing:?}");
                    assert!(event.is_none_or(|event| standing.next(event).is_ok()), "{word} of {standing:?}");
                }
            }
        }
    }
    let idle: Vec<_> = table.iter().zip(&used).filter(|(_, used)| !**used).collect();
    assert!(idle.is_empty(), "lines that never count: {idle:?}");
}

/// Every standing that legal moves lead to, closed ones left out: the page says that they allow nothing.
fn reachable() -> Vec<Standing> {
    let verdicts = [Verdict::Accepted, Verdict::Partly, Verdict::Rejected, Verdict::Duplicate];
    let mut events = vec![
        FileEvent::Claim,
        FileEvent::Stage,
        FileEvent::Post,
        FileEvent::Acknowledge,
        FileEvent::Archive,
        FileEvent::Hold,
        FileEvent::Release,
    ];
    events.extend(verdicts.map(FileEvent::Judge));
    let mut found = vec![Standing::ARRIVED];
    let mut at = 0;
    while let Some(standing) = found.get(at).copied() {
        for next in events.iter().filter_map(|event| standing.next(*event).ok()) {
            if !found.contains(&next) {
                found.push(next);
            }
        }
        at += 1;
    }
    assert!(found.len() > 20, "{}", found.len());
    let closed = Standing { closed: true, state: FileState::Held, held_from: Some(FileState::Staged), verdict: None };
    assert!(VERBS.iter().all(|(_, verb)| effect(*verb, &transfer(closed)).is_err()));
    found
}

fn transfer(standing: Standing) -> Transfer {
    Transfer {
        id: TransferId("01".into()),
        route: "pmtrd".into(),
        spool: "core-out".into(),
        name: "A.TXT".into(),
        arrival_key: String::new(),
        state: standing.state,
        verdict: standing.verdict,
        held_from: standing.held_from,
        closed: standing.closed,
        facts: Facts::default(),
        attempts: 0,
        next_attempt_ms: 0,
        waiting_for: String::new(),
        arrived_ms: 0,
        updated_ms: 0,
        publication: None,
    }
}
