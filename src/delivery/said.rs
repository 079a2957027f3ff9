//! What an engine said of a batch: how far its events are settled, which of them are dead letters, and what a person should
//! hear of those.
//!
//! Invariant: what is settled is a beginning of the batch. Where the posting is required nothing behind an event that was
//! refused is settled, because that event comes again (D12).

use super::outlet::Outlet;
use crate::error::Error;
use crate::ledger::change::{Change, NewNotice};
use crate::ledger::delivery::{DeadLetter, Delivery};
use crate::ledger::transfer::Transfer;
use crate::outlets::push::{Batch, Broken, Outcome, Refused};
use fpp_codecs::Code;

/// What became of a batch.
pub(super) struct Said {
    /// The last settled record; nothing where none is.
    pub(super) up_to: Option<u64>,
    /// The settled events that were not taken.
    pub(super) outcome: Outcome,
    /// Why it is not all of the batch.
    pub(super) error: Option<Error>,
}

/// Judges what an engine said; `name` is the file's.
pub(super) fn judge(batch: &Batch, required: bool, name: &str, pushed: Result<Outcome, Broken>) -> Said {
    let (mut outcome, up_to, error) = match pushed {
        Ok(outcome) => (outcome, batch.last(), None),
        Err(Broken { error, up_to, outcome }) => (outcome, up_to, Some(error)),
    };
    let Some(first) = outcome.refused.first().filter(|_| required).cloned() else {
        return Said { up_to, outcome, error };
    };
    let what = format!("record {} of {name} ({}): {}", place(&first), first.id, first.why);
    let error = Error::retry(Code::EVENT_REFUSED, what).hint(
        "The outlet is required, so it is tried again. Mend the target; or let the answer go without it (`fpp outlets \
         defer`), and where other files wait behind it, set it aside (`fpp hold` with the posting's id).",
    );
    outcome.refused.clear();
    outcome.conflicts.retain(|conflict| conflict.record < first.record);
    let before = batch.events.iter().map(|event| event.record).take_while(|record| *record < first.record).last();
    Said { up_to: before, outcome, error: Some(error) }
}

fn place(refused: &Refused) -> String {
    if refused.record == u64::MAX { "end".to_owned() } else { refused.record.to_string() }
}

/// What was not taken, for the books.
pub(super) fn letters(outlet: &Outlet, delivery: &Delivery, transfer: &Transfer, outcome: Outcome) -> Vec<DeadLetter> {
    let letter = |refused: Refused, conflict| DeadLetter {
        delivery: delivery.id.clone(),
        outlet: outlet.name.clone(),
        transfer: transfer.id.clone(),
        route: transfer.route.clone(),
        record: refused.record,
        id: refused.id,
        conflict,
        why: refused.why,
        at_ms: 0,
        due: false,
    };
    let refused = outcome.refused.into_iter().map(|refused| letter(refused, false));
    refused.chain(outcome.conflicts.into_iter().map(|refused| letter(refused, true))).collect()
}

/// What a person should hear of events that were not taken: one notice an outlet for each kind.
pub(super) fn notices(outlet: &Outlet, delivery: &Delivery, letters: &[DeadLetter]) -> Vec<Change> {
    let of = |conflict: bool, topic: &str, code: Code, what: &str| {
        let of: Vec<&DeadLetter> = letters.iter().filter(|letter| letter.conflict == conflict).collect();
        let first = of.first()?;
        let more = if of.len() > 1 { format!(" and {} more", of.len() - 1) } else { String::new() };
        let text = format!(
            "outlet {} {what} of {}: {}{more}: {}. See `fpp outlets dead --outlet {}`.",
            outlet.name, delivery.name, first.id, first.why, outlet.name
        );
        Some(Change::Raise(NewNotice {
            severity: "error".to_owned(),
            topic: topic.to_owned(),
            subject: outlet.name.clone(),
            code: code.0,
            text,
        }))
    };
    let conflicts = of(true, "event-conflict", Code::EVENT_CONFLICT, "has ids with other data");
    let refused = of(false, "dead-letter", Code::EVENT_REFUSED, "refuses events");
    conflicts.into_iter().chain(refused).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outlets::push::Pushed;

    fn batch(records: &[u64]) -> Batch {
        let event = |record: &u64| Pushed {
            record: *record,
            id: format!("T{record}"),
            source: String::new(),
            kind: String::new(),
            subject: String::new(),
            time: String::new(),
            datahash: [0; 32],
            json: 0..0,
        };
        Batch { json: Vec::new(), events: records.iter().map(event).collect() }
    }

    fn not_taken(records: &[u64]) -> Vec<Refused> {
        records.iter().map(|n| Refused { record: *n, id: format!("T{n}"), why: "no".to_owned() }).collect()
    }

    #[test]
    fn a_required_posting_is_settled_up_to_the_first_event_that_was_refused() {
        let outcome = Outcome { refused: not_taken(&[7, 9]), conflicts: not_taken(&[3, 8]) };
        let said = judge(&batch(&[2, 3, 5, 7, 8, 9]), true, "f", Ok(outcome.clone()));
        assert_eq!((said.up_to, said.error.map(|e| e.code)), (Some(5), Some(Code::EVENT_REFUSED)));
        assert_eq!(said.outcome, Outcome { refused: Vec::new(), conflicts: not_taken(&[3]) });
        let first = Outcome { refused: not_taken(&[7, 9]), conflicts: not_taken(&[8]) };
        let said = judge(&batch(&[7, 8, 9]), true, "f", Ok(first));
        assert_eq!((said.up_to, said.outcome), (None, Outcome::default()), "it is the first of its batch");
        let said = judge(&batch(&[2, 3, 5, 7, 8, 9]), false, "f", Ok(outcome.clone()));
        assert_eq!((said.up_to, said.outcome, said.error.is_none()), (Some(9), outcome, true));
    }

    #[test]
    fn a_batch_that_broke_is_settled_as_far_as_the_engine_says() {
        let broken = |refused: &[u64]| {
            let outcome = Outcome { refused: not_taken(refused), ..Outcome::default() };
            Broken { error: Error::retry(Code::OUTLET, "429"), up_to: Some(5), outcome }
        };
        let said = judge(&batch(&[2, 3, 5, 7]), false, "f", Err(broken(&[3])));
        assert_eq!((said.up_to, said.error.map(|e| e.code)), (Some(5), Some(Code::OUTLET)));
        assert_eq!(said.outcome.refused, not_taken(&[3]));
        let said = judge(&batch(&[2, 3, 5, 7]), true, "f", Err(broken(&[3])));
        assert_eq!((said.up_to, said.error.map(|e| e.code)), (Some(2), Some(Code::EVENT_REFUSED)));
    }
}
