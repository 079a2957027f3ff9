//! The operators' tables of docs/operate.md are those of the code, word by word. `UPDATE_GOLDEN=1` (`./dev golden`) prints
//! them anew. That the code's tables say what the ledger does is tried in `tests/conformance_ledger/verbs.rs`.

use super::{page, root};
use fpp::ledger::verbs::{
    At, COMMANDS, DELIVERIES, DeliveryRow, Effect, FILES, Judged, PARTNERS, POSTINGS, Row, SWITCHES, Verb,
};

#[test]
fn the_tables_of_verbs_are_printed() {
    let mut text = page("docs/operate.md");
    let sent = [("delivery", DELIVERIES), ("command", COMMANDS), ("posting", POSTINGS)];
    let sent = sent.map(|(what, rows)| deliveries(what, rows));
    for table in [files(), switches(), partners()].into_iter().chain(sent) {
        text = with_table(&text, &table);
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return std::fs::write(root().join("docs/operate.md"), text).unwrap();
    }
    let due: Vec<_> = text.lines().collect();
    for (line, due) in page("docs/operate.md").lines().zip(due) {
        assert_eq!(line, due, "./dev golden prints the table anew");
    }
}

/// Every verb may need a second person; the list of them is that of the code.
#[test]
fn what_a_second_person_may_be_asked_for_is_told() {
    let verbs: Vec<_> = Verb::ALL.iter().map(|verb| format!("`{}`", verb.word())).collect();
    let due = format!("([four eyes](operate.md#four-eyes-双人复核)): {}. |", verbs.join(", "));
    assert!(page("docs/routes.md").contains(&due), "no list of second_person says: {due}");
}

/// The page with the lines of the table that has this head replaced.
fn with_table(page: &str, table: &[String]) -> String {
    let lines: Vec<_> = page.lines().collect();
    let begins = lines.iter().position(|line| *line == table[0]).unwrap_or_else(|| panic!("no table {}", table[0]));
    let ends = begins + lines[begins..].iter().take_while(|line| line.starts_with('|')).count();
    let new = table.iter().map(String::as_str);
    let lines = lines[..begins].iter().copied().chain(new).chain(lines[ends..].iter().copied());
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Vec<String> {
    let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
    let head: Vec<String> = head.iter().map(ToString::to_string).collect();
    let mut lines = vec![line(&head), format!("|{}", "---|".repeat(head.len()))];
    lines.extend(rows.map(|cells| line(&cells)));
    lines
}

fn files() -> Vec<String> {
    let head = ["verb", "state", "held at", "verdict", "what happens", "next state", "the core sees"];
    let row = |row: &Row| {
        let state = match row.at {
            At::Any => "any".to_owned(),
            At::Closed => "Held, closed".to_owned(),
            At::Is(state) => format!("{state:?}"),
        };
        let held = match (row.held_at, row.code) {
            (Some(state), _) => format!("{state:?}"),
            (None, Some(code)) => format!("any, for {code}"),
            (None, None) => "any".to_owned(),
        };
        let verdict = match row.judged {
            Judged::Any => "any".to_owned(),
            Judged::No => "none".to_owned(),
            Judged::As(verdict) => format!("{verdict:?}").to_lowercase(),
        };
        let happens = match row.effect {
            Effect::Refused => format!("refused: {}", row.said),
            effect => effect.word().to_owned(),
        };
        let verb = row.verb.map_or("any", |verb| verb.word()).to_owned();
        vec![verb, state, held, verdict, happens, row.next.words().to_owned(), row.core.to_owned()]
    };
    table(&head, FILES.iter().map(row))
}

fn deliveries(what: &str, of: &[DeliveryRow]) -> Vec<String> {
    let head = ["verb", what, "next state", "what happens", "the partner sees"];
    let rows = of.iter().map(|row| {
        let state = row.at.map_or("any".to_owned(), |state| format!("{state:?}"));
        let (next, said) = match row.next {
            Some(next) => (format!("{next:?}"), row.said.to_owned()),
            None => ("the same".to_owned(), format!("refused: {}", row.said)),
        };
        vec![row.verb.word().to_owned(), state, next, said, row.partner.to_owned()]
    });
    table(&head, rows)
}

fn switches() -> Vec<String> {
    let head = ["verb", "route, partner or outlet", "next state", "what happens", "the core sees"];
    let word = |paused: bool| if paused { "paused" } else { "running" }.to_owned();
    let rows = SWITCHES.iter().map(|row| {
        let (next, said) = match row.next {
            Some(next) => (word(next), format!("it {}", row.said)),
            None => ("the same".to_owned(), format!("refused: it {}", row.said)),
        };
        vec![row.verb.word().to_owned(), word(row.paused), next, said, row.core.to_owned()]
    });
    table(&head, rows)
}

fn partners() -> Vec<String> {
    let head = ["verb", "of a partner", "what happens", "passed over", "the partner sees"];
    let rows = PARTNERS.iter().map(|row| {
        let lost = if row.lost { " --lost" } else { "" };
        let since = if row.dated { " --since TIME" } else { "" };
        let verb = format!("`{} --partner P{since}{lost}`", row.verb.word());
        vec![verb, row.meant.to_owned(), row.said.to_owned(), row.passed.to_owned(), row.partner.to_owned()]
    });
    table(&head, rows)
}
