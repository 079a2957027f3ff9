//! The changes that refuse or hold a transfer, with the notice a person should hear.

use crate::error::Error;
use crate::ledger::change::{Change, NewNotice};
use crate::ledger::transfer::{Facts, FileEvent, Halted, Transfer, Verdict};

/// Refuses a file that is not proven: the core gets an answer without rows.
pub fn reject(transfer: &Transfer, error: &Error, now_ms: i64) -> Vec<Change> {
    tracing::warn!(transfer = %transfer.id, file = transfer.name, "rejected: {error}");
    let facts = Facts { decided_ms: Some(now_ms), ..facts_of(error) };
    vec![moved(transfer, FileEvent::Judge(Verdict::Rejected), facts), notice("error", "rejected", transfer, error)]
}

/// Holds a file for a person, with what is known about it so far.
pub fn hold(transfer: &Transfer, error: &Error, known: Facts) -> Vec<Change> {
    tracing::error!(transfer = %transfer.id, file = transfer.name, "held: {error}");
    let mut facts = known;
    let told = facts_of(error);
    match transfer.verdict {
        None => facts.merge(&told),
        Some(_) => {
            facts.halted = Some(Halted {
                code: error.code.0,
                reason: told.reason.unwrap_or_default(),
                hint: told.hint.unwrap_or_default(),
            });
        }
    }
    facts.difference = error.difference.as_ref().map(|d| (**d).clone());
    vec![moved(transfer, FileEvent::Hold, facts), notice("error", "held", transfer, error)]
}

fn moved(transfer: &Transfer, event: FileEvent, facts: Facts) -> Change {
    Change::Move { id: transfer.id.clone(), event, facts: Box::new(facts), by: None }
}

fn facts_of(error: &Error) -> Facts {
    let reason = match &error.source {
        Some(source) if !error.what.contains(&source.to_string()) => format!("{}: {source}", error.what),
        _ => error.what.clone(),
    };
    Facts { code: Some(error.code.0), reason: Some(reason), hint: Some(error.hint.clone()), ..Facts::default() }
}

/// A notice about a transfer.
pub fn notice(severity: &str, topic: &str, transfer: &Transfer, error: &Error) -> Change {
    Change::Raise(NewNotice {
        severity: severity.to_owned(),
        topic: topic.to_owned(),
        subject: transfer.id.to_string(),
        code: error.code.0,
        text: format!("{} ({}): {error}", transfer.name, transfer.route),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::transfer::{FileState, TransferId};
    use fpp_codecs::Code;

    fn transfer(state: FileState, verdict: Option<Verdict>) -> Transfer {
        Transfer {
            id: TransferId("01".into()),
            route: "pmtrd".into(),
            spool: "core-out".into(),
            name: "PMTRD.TXT".into(),
            arrival_key: "k".into(),
            state,
            verdict,
            held_from: None,
            closed: false,
            facts: Facts { code: Some(0), reason: Some("2 bad records".into()), ..Facts::default() },
            attempts: 0,
            next_attempt_ms: 0,
            waiting_for: String::new(),
            arrived_ms: 0,
            updated_ms: 0,
            publication: None,
        }
    }

    fn held(transfer: &Transfer) -> Facts {
        let error = Error::halt(Code::PLAN, "the route is not configured").hint("put it back");
        let mut facts = transfer.facts.clone();
        for change in hold(transfer, &error, Facts::default()) {
            if let Change::Move { facts: told, .. } = change {
                facts.merge(&told);
            }
        }
        facts
    }

    #[test]
    fn a_hold_after_the_verdict_leaves_the_verdicts_words_alone() {
        let proven = transfer(FileState::Proven, Some(Verdict::Partly));
        let facts = held(&proven);
        assert_eq!((facts.code, facts.reason.as_deref()), (Some(0), Some("2 bad records")), "answer and events");
        assert_eq!(facts.hold(proven.verdict), (Some(Code::PLAN.0), "the route is not configured", "put it back"));
    }

    #[test]
    fn a_hold_before_the_verdict_says_why_in_the_files_own_words() {
        let staged = transfer(FileState::Staged, None);
        let facts = held(&staged);
        assert_eq!(facts.code, Some(Code::PLAN.0));
        assert_eq!(facts.hold(None).1, "the route is not configured");
    }
}
