//! The tables of deliveries, and of what can be paused.

use super::words::Verb;
use crate::ledger::delivery::{DeliveryState, Purpose};

/// A row of the table of deliveries.
#[derive(Clone, Copy, Debug)]
pub struct DeliveryRow {
    /// The verb.
    pub verb: Verb,
    /// The state; any without one.
    pub at: Option<DeliveryState>,
    /// The state after it; refused without one.
    pub next: Option<DeliveryState>,
    /// What the partner sees.
    pub partner: &'static str,
    /// What the operator is told: what happened, or why not.
    pub said: &'static str,
}

const fn delivery(
    verb: Verb,
    at: Option<DeliveryState>,
    next: Option<DeliveryState>,
    partner: &'static str,
    said: &'static str,
) -> DeliveryRow {
    DeliveryRow { verb, at, next, partner, said }
}

const OF_OUTLETS: &str = "that is said of an outlet: `fpp outlets replay`, `fpp outlets redrive`";
const LATER: &str = "the same, later than the answer";
const DEFERRED: &str = "deferred, where it is required and no answer: its file goes on without it";

/// Deliveries: answers and event files.
pub static DELIVERIES: &[DeliveryRow] = {
    use {DeliveryState as S, Verb as V};
    const NOTHING: &str = "nothing";
    const OUT: &str = "it stands in the partner's spool";
    const STOPPED: &str = "nothing; a rename under way may still show it";
    const HELD: &str = "held; nothing more is sent";
    const NOW: &str = "the next attempt is made now";
    const FILES_ONLY: &str =
        "that is said of files; of a delivery say hold, retry, resend, or, when it is out, release";
    &[
        delivery(V::Hold, Some(S::Planned), Some(S::Held), STOPPED, HELD),
        delivery(V::Hold, Some(S::Proven), Some(S::Held), STOPPED, HELD),
        delivery(V::Hold, Some(S::Held), None, NOTHING, "it is held already"),
        delivery(V::Hold, None, None, NOTHING, "it is out already"),
        delivery(
            V::Retry,
            Some(S::Held),
            Some(S::Planned),
            "the file, if it has it not; nothing is overwritten",
            "it is delivered from the beginning; nothing is overwritten",
        ),
        delivery(V::Retry, Some(S::Planned), Some(S::Planned), "the file, sooner", NOW),
        delivery(V::Retry, Some(S::Proven), Some(S::Proven), "the file, sooner", NOW),
        delivery(V::Retry, Some(S::Delivered), None, NOTHING, OUT),
        delivery(V::Retry, Some(S::Taken), None, NOTHING, "the partner has it; `fpp resend` sends it again"),
        delivery(
            V::Resend,
            Some(S::Taken),
            Some(S::Planned),
            "the same bytes under the same name again",
            "it is sent again, the same bytes under the same name",
        ),
        delivery(V::Resend, Some(S::Delivered), None, NOTHING, OUT),
        delivery(V::Resend, None, None, NOTHING, "it is not out yet; retry it"),
        delivery(
            V::Release,
            Some(S::Delivered),
            Some(S::Taken),
            NOTHING,
            "it counts as taken; `fpp resend` sends it again",
        ),
        delivery(
            V::Release,
            Some(S::Held),
            Some(S::Taken),
            NOTHING,
            "it counts as taken, where nobody knows whether it was collected (FPP4008); no command follows it",
        ),
        delivery(V::Release, None, None, NOTHING, FILES_ONLY),
        delivery(V::Reject, None, None, NOTHING, FILES_ONLY),
        delivery(V::Pause, None, None, NOTHING, FILES_ONLY),
        delivery(V::Resume, None, None, NOTHING, FILES_ONLY),
        delivery(V::Void, None, None, NOTHING, EVENTS_ONLY),
        delivery(V::Correct, None, None, NOTHING, EVENTS_ONLY),
        delivery(V::Remap, None, None, NOTHING, WHOLE_FILES),
        delivery(V::Defer, Some(S::Planned), Some(S::Planned), LATER, DEFERRED),
        delivery(V::Defer, Some(S::Proven), Some(S::Proven), LATER, DEFERRED),
        delivery(V::Defer, Some(S::Held), Some(S::Held), LATER, DEFERRED),
        delivery(V::Defer, None, None, NOTHING, "it is there"),
        delivery(V::Replay, None, None, NOTHING, OF_OUTLETS),
        delivery(V::Redrive, None, None, NOTHING, OF_OUTLETS),
    ]
};

/// What corrections are said of.
const EVENTS_ONLY: &str = "that is said of an event";
/// What is mapped anew.
const WHOLE_FILES: &str = "that is said of a file";

/// Commands that a partner runs after a delivery.
pub static COMMANDS: &[DeliveryRow] = {
    use {DeliveryState as S, Verb as V};
    const NOTHING: &str = "nothing";
    const FILES_ONLY: &str = "that is said of files; of a command say hold, release, retry or resend";
    const DONE: &str = "it ran; `fpp resend` has it run again";
    &[
        delivery(V::Hold, Some(S::Planned), Some(S::Held), NOTHING, "held; it is not asked for"),
        delivery(
            V::Hold,
            Some(S::Proven),
            Some(S::Held),
            "what was asked for already",
            "held; it is not asked for again",
        ),
        delivery(V::Hold, Some(S::Held), None, NOTHING, "it is held already"),
        delivery(V::Hold, None, None, NOTHING, "it ran already"),
        delivery(V::Release, Some(S::Held), Some(S::Taken), NOTHING, "it counts as run; it is not asked for again"),
        delivery(V::Release, None, None, NOTHING, "only a held command is released"),
        delivery(
            V::Retry,
            Some(S::Held),
            Some(S::Planned),
            "the command, perhaps a second time",
            "it is asked for again",
        ),
        delivery(V::Retry, Some(S::Planned), Some(S::Planned), "the command, sooner", "it is asked for now"),
        delivery(
            V::Retry,
            Some(S::Proven),
            Some(S::Proven),
            "what `when_unsure` says, sooner",
            "it is looked at now; whether it is asked for again is said by `when_unsure`",
        ),
        delivery(V::Retry, None, None, NOTHING, DONE),
        delivery(V::Resend, Some(S::Taken), Some(S::Planned), "the command again", "it is run again"),
        delivery(V::Resend, None, None, NOTHING, "it did not run yet; retry it"),
        delivery(V::Reject, None, None, NOTHING, FILES_ONLY),
        delivery(V::Pause, None, None, NOTHING, FILES_ONLY),
        delivery(V::Resume, None, None, NOTHING, FILES_ONLY),
        delivery(V::Void, None, None, NOTHING, EVENTS_ONLY),
        delivery(V::Correct, None, None, NOTHING, EVENTS_ONLY),
        delivery(V::Remap, None, None, NOTHING, WHOLE_FILES),
        delivery(V::Defer, None, None, NOTHING, "nothing waits for a command"),
        delivery(V::Replay, None, None, NOTHING, OF_OUTLETS),
        delivery(V::Redrive, None, None, NOTHING, OF_OUTLETS),
    ]
};

/// Postings: events on their way into an outlet.
pub static POSTINGS: &[DeliveryRow] = {
    use {DeliveryState as S, Verb as V};
    const NOTHING: &str = "nothing";
    const FILES_ONLY: &str = "that is said of files; of a posting say hold, release, retry or resend";
    const THERE: &str = "the outlet has it; `fpp resend` pushes it again";
    const HELD: &str = "held; nothing more of it is pushed";
    &[
        delivery(V::Hold, Some(S::Planned), Some(S::Held), NOTHING, HELD),
        delivery(V::Hold, Some(S::Proven), Some(S::Held), "what it confirmed already", HELD),
        delivery(V::Hold, Some(S::Held), None, NOTHING, "it is held already"),
        delivery(V::Hold, None, None, NOTHING, "the outlet has it already"),
        delivery(
            V::Release,
            Some(S::Held),
            Some(S::Taken),
            "nothing more of this file",
            "given up: it counts as done, and what the outlet has not is not pushed; only where it is optional or deferred",
        ),
        delivery(V::Release, None, None, NOTHING, "only a held posting is given up"),
        delivery(
            V::Retry,
            Some(S::Held),
            Some(S::Planned),
            "what comes behind the last event that it confirmed",
            "it goes on behind what the outlet confirmed",
        ),
        delivery(V::Retry, Some(S::Planned), Some(S::Planned), "the events, sooner", "the next attempt is made now"),
        delivery(V::Retry, Some(S::Proven), Some(S::Proven), "the events, sooner", "the next attempt is made now"),
        delivery(V::Retry, None, None, NOTHING, THERE),
        delivery(
            V::Resend,
            Some(S::Taken),
            Some(S::Planned),
            "all events of the file again, the same ids",
            "its events are pushed again from the first, with the same ids",
        ),
        delivery(V::Resend, None, None, NOTHING, "it is not there yet; retry it"),
        delivery(V::Reject, None, None, NOTHING, FILES_ONLY),
        delivery(V::Pause, None, None, NOTHING, FILES_ONLY),
        delivery(V::Resume, None, None, NOTHING, FILES_ONLY),
        delivery(V::Void, None, None, NOTHING, EVENTS_ONLY),
        delivery(V::Correct, None, None, NOTHING, EVENTS_ONLY),
        delivery(V::Remap, None, None, NOTHING, WHOLE_FILES),
        delivery(V::Defer, Some(S::Planned), Some(S::Planned), LATER, DEFERRED),
        delivery(V::Defer, Some(S::Proven), Some(S::Proven), LATER, DEFERRED),
        delivery(V::Defer, Some(S::Held), Some(S::Held), LATER, DEFERRED),
        delivery(V::Defer, None, None, NOTHING, "it is there"),
        delivery(V::Replay, None, None, NOTHING, OF_OUTLETS),
        delivery(V::Redrive, None, None, NOTHING, OF_OUTLETS),
    ]
};

/// What an outlet gets may come later than the answer; the answer itself may not be left out.
static NO_ANSWER: DeliveryRow =
    delivery(Verb::Defer, None, None, "nothing", "an answer is never deferred, only what it waits for");

/// The row of a verb for a delivery of this purpose and state.
pub fn of_delivery(verb: Verb, purpose: Purpose, state: DeliveryState) -> Option<&'static DeliveryRow> {
    if verb == Verb::Defer && matches!(purpose, Purpose::Answer | Purpose::Interim) {
        return Some(&NO_ANSWER);
    }
    let table = match purpose {
        Purpose::Command => COMMANDS,
        Purpose::Posting => POSTINGS,
        Purpose::Answer | Purpose::Events | Purpose::Interim => DELIVERIES,
    };
    table.iter().find(|row| row.verb == verb && row.at.is_none_or(|at| at == state))
}

/// A row of the table of switches.
#[derive(Clone, Copy, Debug)]
pub struct SwitchRow {
    /// The verb.
    pub verb: Verb,
    /// Whether it is paused before.
    pub paused: bool,
    /// Whether it is paused after; refused without.
    pub next: Option<bool>,
    /// What the core sees.
    pub core: &'static str,
    /// Why it is refused.
    pub said: &'static str,
}

/// Routes, partners and outlets.
pub static SWITCHES: &[SwitchRow] = &[
    SwitchRow {
        verb: Verb::Pause,
        paused: false,
        next: Some(true),
        core: "no new answers from there on; what is under way ends",
        said: "is paused; a step under way ends, nothing new begins",
    },
    SwitchRow { verb: Verb::Pause, paused: true, next: None, core: "nothing", said: "is paused already" },
    SwitchRow {
        verb: Verb::Resume,
        paused: true,
        next: Some(false),
        core: "what waited, in its order",
        said: "goes on",
    },
    SwitchRow { verb: Verb::Resume, paused: false, next: None, core: "nothing", said: "is not paused" },
];

/// The row of a verb for a switch; none where the verb is not said of switches.
pub fn of_switch(verb: Verb, paused: bool) -> Option<&'static SwitchRow> {
    SWITCHES.iter().find(|row| row.verb == verb && row.paused == paused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_has_a_row_for_every_state_of_a_delivery() {
        use DeliveryState as S;
        for verb in Verb::ALL {
            for state in [S::Planned, S::Proven, S::Delivered, S::Taken, S::Held] {
                for purpose in [Purpose::Answer, Purpose::Command, Purpose::Posting] {
                    assert!(of_delivery(verb, purpose, state).is_some(), "{verb:?} {purpose:?} {state:?}");
                }
            }
        }
    }
}
