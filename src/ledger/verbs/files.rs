//! The table of files: every verb on every standing.

use super::words::{Effect, Next, Verb};
use crate::ledger::standing::{FileState, Standing, Verdict};
use fpp_codecs::Code;

/// Which standings a row of the table speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// Any state.
    Any,
    /// Closed by an operator.
    Closed,
    /// This state, not closed.
    Is(FileState),
}

/// Which verdicts a row of the table speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// Any, and none.
    Any,
    /// None.
    No,
    /// This one.
    As(Verdict),
}

/// One row: the first that fits counts.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The verb; any of them without one.
    pub verb: Option<Verb>,
    /// The state.
    pub at: At,
    /// The state it was held at; any without one.
    pub held_at: Option<FileState>,
    /// The code that it is held for; any without one.
    pub code: Option<Code>,
    /// The verdict.
    pub judged: Judged,
    /// What happens.
    pub effect: Effect,
    /// The state after it.
    pub next: Next,
    /// What the core sees.
    pub core: &'static str,
    /// What the operator is told: what happened, or why not.
    pub said: &'static str,
}

const fn row(
    verb: Verb,
    at: At,
    judged: Judged,
    effect: Effect,
    next: Next,
    core: &'static str,
    said: &'static str,
) -> Row {
    Row { verb: Some(verb), at, held_at: None, code: None, judged, effect, next, core, said }
}

const fn held_at(state: FileState, row: Row) -> Row {
    Row { held_at: Some(state), ..row }
}

const fn for_code(code: Code, row: Row) -> Row {
    Row { code: Some(code), ..row }
}

/// Files. Whatever fits no row does not exist: the last row of each verb takes any state.
pub static FILES: &[Row] = {
    use Effect as E;
    use Next as N;
    use Verb as V;
    use {At as A, FileState as S, Judged as J};
    const HELD: At = At::Is(FileState::Held);
    const NOTHING: &str = "nothing";
    const REMAPPED: &str = "its events are published again, as its route maps them now";
    &[
        Row {
            verb: None,
            at: A::Closed,
            held_at: None,
            code: None,
            judged: J::Any,
            effect: E::Refused,
            next: N::Same,
            core: "nothing: it has ended",
            said: "the transfer was closed by an operator; have the file sent again",
        },
        row(V::Hold, HELD, J::Any, E::Refused, N::Same, NOTHING, "it is held already"),
        row(V::Hold, A::Is(S::Archived), J::Any, E::Refused, N::Same, NOTHING, "it is finished"),
        row(
            V::Hold,
            A::Is(S::Acknowledged),
            J::Any,
            E::Stop,
            N::Held,
            "nothing more: it has its answer, its file stays where it is",
            "held; its source is not touched",
        ),
        row(
            V::Hold,
            A::Any,
            J::Any,
            E::Stop,
            N::Held,
            "no answer yet, or the interim one",
            "held; nothing of it goes on or out",
        ),
        row(
            V::Release,
            HELD,
            J::No,
            E::GoOn,
            N::WhereHeld,
            "what the file deserves: the check that held it is not made again",
            "released; it goes on past the check that held it",
        ),
        // It goes past the batches that it waits for (D7).
        for_code(
            Code::GAP,
            row(
                V::Release,
                HELD,
                J::Any,
                E::GoOn,
                N::WhereHeld,
                "what was decided before",
                "released; it is posted without the batches before it",
            ),
        ),
        row(
            V::Release,
            HELD,
            J::Any,
            E::CheckAgain,
            N::WhereHeld,
            "what was decided before",
            "it goes on; its checks are made again",
        ),
        // It is not held yet: while it waits a person may know already that they never come.
        row(
            V::Release,
            A::Is(S::Proven),
            J::Any,
            E::Skip,
            N::AtOnce,
            "what was decided before, sooner",
            "released; it is posted without the batches before it",
        ),
        row(
            V::Release,
            A::Any,
            J::Any,
            E::Refused,
            N::Same,
            NOTHING,
            "only a held file, or a batch that waits, is released",
        ),
        // No answer could name it (D15).
        for_code(Code::TOO_LONG, row(V::Reject, HELD, J::No, E::Close, N::Closed, "no answer from fpp", CLOSED)),
        held_at(
            S::Staged,
            row(
                V::Reject,
                HELD,
                J::No,
                E::Refuse,
                N::ThenRejected,
                "a rejecting answer, row by row where records can be told apart",
                "it is judged as rejected; the core gets a rejecting answer",
            ),
        ),
        held_at(
            S::Claimed,
            row(
                V::Reject,
                HELD,
                J::No,
                E::RefuseUnread,
                N::Rejected,
                "the header of a rejecting answer",
                "rejected; the core gets a rejecting answer",
            ),
        ),
        row(V::Reject, HELD, J::No, E::Close, N::Closed, "no answer from fpp", CLOSED),
        row(V::Reject, HELD, J::As(Verdict::Rejected), E::Close, N::Closed, "no answer from fpp", CLOSED),
        row(V::Reject, HELD, J::As(Verdict::Duplicate), E::Close, N::Closed, "no answer from fpp", CLOSED),
        row(
            V::Reject,
            HELD,
            J::Any,
            E::Refused,
            N::Same,
            "nothing: it is proven, retry it instead",
            "it is proven, and nothing is rejected after that; retry it instead",
        ),
        row(V::Reject, A::Any, J::Any, E::Refused, N::Same, NOTHING, "only a held file can be rejected"),
        row(
            V::Retry,
            HELD,
            J::Any,
            E::CheckAgain,
            N::WhereHeld,
            "what the file deserves",
            "it goes on; its checks are made again",
        ),
        row(V::Retry, A::Is(S::Acknowledged), J::As(Verdict::Rejected), E::Anew, N::NewTransfer, SECOND, ANEW),
        row(V::Retry, A::Is(S::Archived), J::As(Verdict::Rejected), E::Anew, N::NewTransfer, SECOND, ANEW),
        row(
            V::Retry,
            A::Is(S::Archived),
            J::Any,
            E::Refused,
            N::Same,
            "nothing: it is finished",
            "it is finished; nothing is left to try again",
        ),
        row(
            V::Retry,
            A::Any,
            J::Any,
            E::Hurry,
            N::AtOnce,
            "nothing new",
            "the next attempt is made now, also of its deliveries",
        ),
        row(V::Resend, HELD, J::Any, E::Refused, N::Same, NOTHING, "it is held; release or retry it first"),
        row(
            V::Resend,
            A::Any,
            J::Any,
            E::SendAgain,
            N::Same,
            "the files it took, answers too, again: same bytes, same names",
            "what its partners took is sent again",
        ),
        row(V::Pause, A::Any, J::Any, E::Refused, N::Same, NOTHING, "a route, partner or outlet is paused, not a file"),
        row(
            V::Resume,
            A::Any,
            J::Any,
            E::Refused,
            N::Same,
            NOTHING,
            "a route, partner or outlet is resumed, not a file",
        ),
        row(V::Void, A::Any, J::Any, E::Refused, N::Same, NOTHING, "an event is voided, not a file"),
        row(V::Correct, A::Any, J::Any, E::Refused, N::Same, NOTHING, "an event is corrected, not a file"),
        row(V::Remap, A::Is(S::Posted), J::As(Verdict::Accepted), E::MapAnew, N::NewTransfer, NOTHING, REMAPPED),
        row(V::Remap, A::Is(S::Posted), J::As(Verdict::Partly), E::MapAnew, N::NewTransfer, NOTHING, REMAPPED),
        row(V::Remap, A::Is(S::Acknowledged), J::As(Verdict::Accepted), E::MapAnew, N::NewTransfer, NOTHING, REMAPPED),
        row(V::Remap, A::Is(S::Acknowledged), J::As(Verdict::Partly), E::MapAnew, N::NewTransfer, NOTHING, REMAPPED),
        row(V::Remap, A::Is(S::Archived), J::As(Verdict::Accepted), E::MapAnew, N::NewTransfer, NOTHING, REMAPPED),
        row(V::Remap, A::Is(S::Archived), J::As(Verdict::Partly), E::MapAnew, N::NewTransfer, NOTHING, REMAPPED),
        row(V::Remap, A::Any, J::Any, E::Refused, N::Same, NOTHING, "only what was posted is remapped"),
        row(
            V::Defer,
            A::Is(S::Proven),
            J::Any,
            E::Defer,
            N::AtOnce,
            "what was decided, before these outlets have its events",
            DEFERRED,
        ),
        row(
            V::Defer,
            A::Is(S::Claimed),
            J::As(Verdict::Rejected),
            E::Defer,
            N::AtOnce,
            "its rejection, before these outlets have it",
            DEFERRED,
        ),
        row(
            V::Defer,
            A::Is(S::Staged),
            J::As(Verdict::Rejected),
            E::Defer,
            N::AtOnce,
            "its rejection, before these outlets have it",
            DEFERRED,
        ),
        row(V::Defer, A::Any, J::Any, E::Refused, N::Same, NOTHING, "its answer waits for no outlet"),
        row(V::Replay, A::Any, J::Any, E::Refused, N::Same, NOTHING, OF_OUTLETS),
        row(V::Redrive, A::Any, J::Any, E::Refused, N::Same, NOTHING, OF_OUTLETS),
    ]
};

const DEFERRED: &str = "deferred; its answer goes without it, and it is a debt until it is there";
const OF_OUTLETS: &str = "that is said of an outlet: `fpp outlets replay`, `fpp outlets redrive`";

const CLOSED: &str = "closed; the core gets no answer from here";
const SECOND: &str = "a second answer under the next number";
const ANEW: &str = "its bytes are judged again as a new transfer";

/// The row of a verb for a file that stands so, held for this code.
pub fn of_file(verb: Verb, standing: Standing, code: Option<Code>) -> &'static Row {
    let fits = |row: &&Row| {
        let state = match row.at {
            At::Any => true,
            At::Closed => standing.closed,
            At::Is(state) => standing.state == state,
        };
        let judged = match row.judged {
            Judged::Any => true,
            Judged::No => standing.verdict.is_none(),
            Judged::As(verdict) => standing.verdict == Some(verdict),
        };
        state
            && judged
            && row.verb.is_none_or(|of| of == verb)
            && row.held_at.is_none_or(|at| standing.held_from == Some(at))
            && row.code.is_none_or(|of| code == Some(of))
    };
    FILES.iter().find(fits).unwrap_or(&NEVER)
}

static NEVER: Row = row(
    Verb::Hold,
    At::Any,
    Judged::Any,
    Effect::Refused,
    Next::Same,
    "nothing",
    "the table of verbs has no row for it",
);
