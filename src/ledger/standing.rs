//! Where a file stands: states, verdicts and legal moves.
//!
//! State and verdict are two things (D3). The verdict is set once, by the event that decides it. One pure function knows
//! every legal move; whatever it does not know is illegal.

use serde::{Deserialize, Serialize};
use std::fmt;

/// No pause is longer: what is parked for later than this was parked by a node whose clock is far ahead.
pub const WAIT_MAX_MS: i64 = 600_000;

/// Whether what is parked until a time is due now. What sleeps until something wakes it (`i64::MAX`) is not; what a wrong
/// clock has parked for hours is, or it would wait for all of them when the clock is right again.
pub fn is_due(until_ms: i64, now_ms: i64) -> bool {
    until_ms <= now_ms || (until_ms < i64::MAX && until_ms > now_ms.saturating_add(WAIT_MAX_MS))
}

/// Where a file stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FileState {
    /// Ready in its spool and booked.
    Arrived,
    /// A node works on it.
    Claimed,
    /// Its bytes are in the vault.
    Staged,
    /// The whole file is proven and its plan frozen; nothing of it will be rejected any more.
    Proven,
    /// Its events are durable in every required outlet.
    Posted,
    /// The answer is delivered (or the route sends none).
    Acknowledged,
    /// The source is dealt with. The end.
    Archived,
    /// A person must decide.
    Held,
}

/// What was decided about the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Every record posted.
    Accepted,
    /// Bad records refused, good ones posted.
    Partly,
    /// Nothing posted.
    Rejected,
    /// Same identity and bytes as an accepted file.
    Duplicate,
}

/// What may happen to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileEvent {
    /// A lease was taken and work begins.
    Claim,
    /// The bytes are in the vault.
    Stage,
    /// The proof is complete.
    Judge(Verdict),
    /// Events are durable in every required outlet.
    Post,
    /// The answer is delivered.
    Acknowledge,
    /// The source is moved, removed or left, as the route says.
    Archive,
    /// A person must decide.
    Hold,
    /// An operator lets a held file go on from where it was held.
    Release,
    /// An operator closes a held file: it ends here, without an answer.
    Close,
}

/// A move that the rules do not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IllegalMove {
    /// Where the file stood.
    pub state: FileState,
    /// What should have happened.
    pub event: FileEvent,
}

impl fmt::Display for IllegalMove {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a file that is {:?} cannot take {:?}", self.state, self.event)
    }
}

/// Where a file stands, with what decides its next move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The state.
    pub state: FileState,
    /// The verdict, once set.
    pub verdict: Option<Verdict>,
    /// The state it was held in, while it is held.
    pub held_from: Option<FileState>,
    /// Closed by an operator while held: terminal.
    pub closed: bool,
}

impl Standing {
    /// A new arrival.
    pub const ARRIVED: Standing = Standing { state: FileState::Arrived, verdict: None, held_from: None, closed: false };

    /// The standing after an event: one pure function, all else is illegal.
    pub fn next(self, event: FileEvent) -> Result<Standing, IllegalMove> {
        use {FileEvent as E, FileState as S, Verdict as V};
        let illegal = Err(IllegalMove { state: self.state, event });
        if self.closed {
            return illegal;
        }
        let to = |state| Ok(Standing { state, ..self });
        match (self.state, event) {
            (S::Arrived, E::Claim) => to(S::Claimed),
            (S::Claimed, E::Stage) => to(S::Staged),
            // A file can be refused before it is staged: a link, a device, a marker that names another digest.
            (S::Claimed | S::Staged, E::Judge(V::Rejected)) | (S::Staged, E::Judge(V::Duplicate))
                if self.verdict.is_none() =>
            {
                let verdict = if event == E::Judge(V::Rejected) { V::Rejected } else { V::Duplicate };
                Ok(Standing { verdict: Some(verdict), ..self })
            }
            (S::Staged, E::Judge(verdict @ (V::Accepted | V::Partly))) if self.verdict.is_none() => {
                Ok(Standing { state: S::Proven, verdict: Some(verdict), ..self })
            }
            (S::Proven, E::Post) => to(S::Posted),
            (S::Posted, E::Acknowledge) => to(S::Acknowledged),
            (S::Claimed | S::Staged, E::Acknowledge) if matches!(self.verdict, Some(V::Rejected | V::Duplicate)) => {
                to(S::Acknowledged)
            }
            (S::Acknowledged, E::Archive) => to(S::Archived),
            (S::Archived | S::Held, E::Hold) => illegal,
            (from, E::Hold) => Ok(Standing { state: S::Held, held_from: Some(from), ..self }),
            (S::Held, E::Release) => match self.held_from {
                Some(from) => Ok(Standing { state: from, held_from: None, ..self }),
                None => illegal,
            },
            (S::Held, E::Judge(V::Rejected)) if self.verdict.is_none() => match self.held_from {
                Some(from @ (S::Claimed | S::Staged)) => {
                    Ok(Standing { state: from, verdict: Some(V::Rejected), held_from: None, ..self })
                }
                _ => illegal,
            },
            (S::Held, E::Close) => Ok(Standing { closed: true, ..self }),
            _ => illegal,
        }
    }

    /// Nothing will ever happen to it again.
    pub fn is_terminal(self) -> bool {
        self.state == FileState::Archived || self.closed
    }
}

#[cfg(test)]
mod tests {
    use super::{FileEvent as E, FileState as S, Verdict as V, *};

    fn walk(events: &[FileEvent]) -> Result<Standing, IllegalMove> {
        events.iter().try_fold(Standing::ARRIVED, |s, e| s.next(*e))
    }

    #[test]
    fn an_accepted_file_walks_to_the_archive() {
        let end = walk(&[E::Claim, E::Stage, E::Judge(V::Accepted), E::Post, E::Acknowledge, E::Archive]).unwrap();
        assert_eq!((end.state, end.verdict, end.is_terminal()), (S::Archived, Some(V::Accepted), true));
    }

    #[test]
    fn a_rejected_or_duplicate_file_is_answered_without_posting() {
        for verdict in [V::Rejected, V::Duplicate] {
            let end = walk(&[E::Claim, E::Stage, E::Judge(verdict), E::Acknowledge, E::Archive]).unwrap();
            assert_eq!((end.state, end.verdict), (S::Archived, Some(verdict)));
            assert!(walk(&[E::Claim, E::Stage, E::Judge(verdict), E::Post]).is_err());
        }
    }

    #[test]
    fn after_proven_nothing_is_rejected_and_no_verdict_changes() {
        for verdict in [V::Accepted, V::Partly, V::Rejected, V::Duplicate] {
            assert!(walk(&[E::Claim, E::Stage, E::Judge(V::Accepted), E::Judge(verdict)]).is_err());
            assert!(walk(&[E::Claim, E::Stage, E::Judge(V::Rejected), E::Judge(verdict)]).is_err());
            let held = walk(&[E::Claim, E::Stage, E::Judge(V::Accepted), E::Hold]).unwrap();
            assert!(held.next(E::Judge(verdict)).is_err());
        }
    }

    #[test]
    fn a_held_file_goes_on_where_it_was_or_ends() {
        let held = walk(&[E::Claim, E::Stage, E::Hold]).unwrap();
        assert_eq!(held.next(E::Release).unwrap().state, S::Staged);
        let rejected = held.next(E::Judge(V::Rejected)).unwrap();
        assert_eq!((rejected.state, rejected.verdict), (S::Staged, Some(V::Rejected)));
        let closed = held.next(E::Close).unwrap();
        assert!(closed.is_terminal());
        assert!(closed.next(E::Release).is_err());
    }

    #[test]
    fn nothing_is_posted_before_it_is_proven() {
        for events in [&[E::Post][..], &[E::Claim, E::Post], &[E::Claim, E::Stage, E::Post]] {
            assert!(walk(events).is_err());
        }
    }
}
