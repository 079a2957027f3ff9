//! The checker: looks at everything that nodes left behind, inside and outside, and names each invariant that does not
//! hold by its number (ARCHITECTURE.md). The simulator, the fleet of processes, the crash loops and the tests of partners
//! that misbehave all ask this one.
//!
//! [`at_any_moment`] says what must hold whenever somebody looks, between two commits too; [`at_the_end`] says what must
//! hold besides when faults have stopped and all is settled. What a test knows of its own files it says in
//! [`Evidence::dropped`]; nothing is guessed from the books.
//!
//! It changes nothing and repairs nothing. That each invariant can be found broken is shown by `tests/checker.rs`.

mod books;
pub(crate) mod evidence;
mod outside;
mod pushed;
mod received;

use evidence::Evidence;

/// A violated invariant, in words.
fn violated(invariant: &str, what: impl std::fmt::Display) -> String {
    format!("{invariant} violated: {what}")
}

/// What the outside may see at any moment: never more than the books know.
pub(crate) fn at_any_moment(evidence: &Evidence) -> Vec<String> {
    let mut told = Vec::new();
    books::one_transfer_each(evidence, &mut told);
    books::publications(evidence, &mut told);
    outside::answers_after_events(evidence, &mut told);
    pushed::before_the_answer(evidence, &mut told);
    outside::final_names(evidence, &mut told);
    outside::sources_that_are_gone(evidence, &mut told);
    told
}

/// The same, and that everything came out once and nothing is left. The evidence must be whole.
pub(crate) fn at_the_end(evidence: &Evidence) -> Vec<String> {
    assert!(evidence.is_whole, "the end is judged by the whole evidence");
    let mut told = at_any_moment(evidence);
    books::verdicts(evidence, &mut told);
    books::epochs(evidence, &mut told);
    books::totals(evidence, &mut told);
    books::chains(evidence, &mut told);
    books::settled(evidence, &mut told);
    received::events(evidence, &mut told);
    pushed::everything(evidence, &mut told);
    outside::came_out_once(evidence, &mut told);
    outside::put_away(evidence, &mut told);
    outside::vault(evidence, &mut told);
    outside::temporaries(evidence, &mut told);
    outside::memory(evidence, &mut told);
    outside::ignored(evidence, &mut told);
    told
}

/// What was committed stays: each journal of before is the beginning of the one of now (I7). Both must be whole.
pub(crate) fn nothing_was_undone(before: &Evidence, now: &Evidence) -> Vec<String> {
    let mut told = Vec::new();
    for (subject, rows) in &before.journals {
        let kept = now.journals.get(subject).is_some_and(|now| now.starts_with(rows));
        if !kept {
            told.push(violated("I7", format_args!("rows of {subject} that were committed are gone or others")));
        }
    }
    told
}
