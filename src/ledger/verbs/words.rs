//! The words of the tables: verbs, what they do, and the state after it.

/// What an operator can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verb {
    /// Stop a file or a delivery where it is, for a person.
    Hold,
    /// Let a held file go on past the check that held it.
    Release,
    /// Refuse a held file, or close one that can no longer be refused.
    Reject,
    /// Try again: at once where it waits, from its check where it is held, as a new transfer where it was rejected.
    Retry,
    /// Send the same bytes under the same name again, after the partner took them.
    Resend,
    /// Begin nothing more on a route, at a partner, or for an outlet.
    Pause,
    /// Go on with what is paused.
    Resume,
    /// Publish that an event should not have been.
    Void,
    /// Publish what an event should have said.
    Correct,
    /// Publish the events of a file again as its route maps them now.
    Remap,
    /// Let a file's answer go without an outlet, which gets the events later.
    Defer,
    /// Push the events of a route into an outlet again.
    Replay,
    /// Push once more what an outlet did not take.
    Redrive,
}

impl Verb {
    /// All of them.
    pub const ALL: [Verb; 13] = [
        Verb::Hold,
        Verb::Release,
        Verb::Reject,
        Verb::Retry,
        Verb::Resend,
        Verb::Pause,
        Verb::Resume,
        Verb::Void,
        Verb::Correct,
        Verb::Remap,
        Verb::Defer,
        Verb::Replay,
        Verb::Redrive,
    ];

    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Verb::Hold => "hold",
            Verb::Release => "release",
            Verb::Reject => "reject",
            Verb::Retry => "retry",
            Verb::Resend => "resend",
            Verb::Pause => "pause",
            Verb::Resume => "resume",
            Verb::Void => "void",
            Verb::Correct => "correct",
            Verb::Remap => "remap",
            Verb::Defer => "defer",
            Verb::Replay => "replay",
            Verb::Redrive => "redrive",
        }
    }

    /// The verb of a word.
    pub fn parse(word: &str) -> Option<Verb> {
        Verb::ALL.into_iter().find(|verb| verb.word() == word)
    }
}

/// What a verb does to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Stops where it stands, with its deliveries that are not delivered.
    Stop,
    /// Goes on where it was held; the check that held it is not made again.
    GoOn,
    /// Posted although batches before it did not come (D7).
    Skip,
    /// Goes on where it was held; every check is made again.
    CheckAgain,
    /// Rejected: the core gets a rejecting answer, row by row where the records can be told apart.
    Refuse,
    /// Rejected without having been read: the core gets the header of an answer.
    RefuseUnread,
    /// Ends here: the core gets no answer from fpp.
    Close,
    /// The next attempt is made at once.
    Hurry,
    /// The bytes in the vault become a new transfer, which is proven anew and answered under the next number.
    Anew,
    /// Its deliveries that were taken are sent again.
    SendAgain,
    /// Its events are published again by a new transfer, as the route maps them now.
    MapAnew,
    /// What it waits for is deferred: its answer goes without it.
    Defer,
    /// Nothing: the state does not allow it.
    Refused,
}

impl Effect {
    /// As the documentation calls it.
    pub fn word(self) -> &'static str {
        match self {
            Effect::Stop => "held",
            Effect::GoOn => "goes on",
            Effect::Skip => "goes past the gap",
            Effect::CheckAgain => "checked again",
            Effect::Refuse => "rejected",
            Effect::RefuseUnread => "rejected unread",
            Effect::Close => "closed",
            Effect::Hurry => "tried now",
            Effect::Anew => "judged anew",
            Effect::SendAgain => "sent again",
            Effect::MapAnew => "mapped anew",
            Effect::Defer => "deferred",
            Effect::Refused => "refused",
        }
    }
}

/// The state after an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Held, at the state it had.
    Held,
    /// The state it was held at.
    WhereHeld,
    /// The state it was held at; its proof then rejects it.
    ThenRejected,
    /// The state it was held at, with its verdict; it is answered next.
    Rejected,
    /// Held and closed: the end.
    Closed,
    /// Its own, and due at once.
    AtOnce,
    /// Its own; a new transfer arrives.
    NewTransfer,
    /// Its own.
    Same,
}

impl Next {
    /// As the documentation calls it.
    pub fn words(self) -> &'static str {
        match self {
            Next::Held => "Held",
            Next::WhereHeld => "where it was held",
            Next::ThenRejected => "Staged, then Acknowledged",
            Next::Rejected => "Claimed, then Acknowledged",
            Next::Closed => "Held, closed",
            Next::AtOnce => "the same, at once",
            Next::NewTransfer => "a new transfer, Arrived",
            Next::Same => "the same",
        }
    }
}
