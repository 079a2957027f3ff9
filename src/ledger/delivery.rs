//! A delivery: one file to be published in a partner's spool, its states and legal moves.

use super::transfer::TransferId;
use fpp_codecs::Code;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A delivery's id, a ULID.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeliveryId(pub String);

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// The answer file (回盘).
    Answer,
    /// Events as JSON lines, for a `file` outlet.
    Events,
    /// The header-only answer to a file that is held for long.
    Interim,
    /// No file: a command that the partner runs after a file was delivered. Its name is `<command>/<file>`, its size and
    /// digest are the file's. Planned: not asked for. Proven: asked for, and its end not known. Taken: done.
    Command,
    /// No file: a transfer's events on their way into an outlet that events are pushed to. Its spool is the outlet's
    /// name, its name is `<route>/<transfer>`, size and digest are the received file's. Planned: nothing is confirmed.
    /// Proven: some of it is. Taken: all of it.
    Posting,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DeliveryState {
    /// Its bytes are in the vault; nothing is sent yet, or what was sent is not proven.
    Planned,
    /// The temporary file was read back and equals the vault; recorded before the rename (D15).
    Proven,
    /// It stands under its final name, with its checksum and marker.
    Delivered,
    /// The partner removed it or dropped a receipt.
    Taken,
    /// A person must decide: the target exists with other content, or the host key changed.
    Held,
}

/// What may happen to a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeliveryEvent {
    /// Read back and equal.
    Prove,
    /// Under its final name.
    Deliver,
    /// Taken by the partner.
    Take,
    /// A person must decide.
    Hold,
    /// An operator lets it try again now: from the beginning where it is held, else from where it stands.
    Retry,
    /// An operator sends it once more after the partner took it.
    Resend,
    /// A command that was asked for is known to have failed; a file that was proven is known not to have got its name.
    Fail,
    /// A person says that a held command ran, gives a held posting up, or says that a delivered file that nobody can find
    /// was taken.
    Vouch,
    /// A person lets its transfer go on without it. It stays due, and is a debt until it is delivered (D12).
    Defer,
}

impl DeliveryState {
    /// The state after an event, or nothing if the move is illegal.
    pub fn next(self, event: DeliveryEvent) -> Option<DeliveryState> {
        use {DeliveryEvent as E, DeliveryState as S};
        match (self, event) {
            (S::Planned | S::Proven, E::Prove) => Some(S::Proven),
            (S::Proven, E::Deliver) => Some(S::Delivered),
            (S::Delivered, E::Take) => Some(S::Taken),
            (S::Planned | S::Proven, E::Hold) => Some(S::Held),
            (S::Proven, E::Fail) => Some(S::Planned),
            (S::Held | S::Delivered, E::Vouch) => Some(S::Taken),
            (S::Held, E::Retry) | (S::Taken, E::Resend) => Some(S::Planned),
            (from @ (S::Planned | S::Proven), E::Retry) => Some(from),
            (from @ (S::Planned | S::Proven | S::Held), E::Defer) => Some(from),
            _ => None,
        }
    }
}

/// One delivery as the ledger knows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// Id.
    pub id: DeliveryId,
    /// The transfer it belongs to.
    pub transfer: TransferId,
    /// What it carries.
    pub purpose: Purpose,
    /// Required deliveries gate the transfer's next state.
    pub required: bool,
    /// Spool it goes to.
    pub spool: String,
    /// Final name; unique, because it ends in the answer number (D14).
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the content in the vault, hex.
    pub sha256: String,
    /// Checksum files to publish beside it: `sha256`, `sm3`.
    pub checksums: Vec<String>,
    /// SM3 of the content, hex, when a `.sm3` is asked for.
    pub sm3: Option<String>,
    /// Name and content of the marker, if there is one.
    pub marker: Option<(String, Vec<u8>)>,
    /// State.
    pub state: DeliveryState,
    /// Failed attempts.
    pub attempts: u32,
    /// Not before this time.
    pub next_attempt_ms: i64,
    /// Why the last attempt failed; empty when it did not.
    pub last_error: String,
    /// When it was planned.
    pub planned_ms: i64,
    /// When it last moved.
    pub updated_ms: i64,
    /// When it was delivered.
    pub delivered_ms: Option<i64>,
    /// Of a posting: the last record that its outlet confirmed; `u64::MAX` after the end of the file. Not journalled.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub confirmed: u64,
    /// Of a posting: how often it was sent again from its beginning.
    #[serde(default, skip_serializing_if = "is_first")]
    pub round: u32,
    /// A person let its transfer go on without it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deferred: bool,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn is_first(round: &u32) -> bool {
    *round == 0
}

impl Delivery {
    /// Whether it stands, or stood, where it should be.
    pub fn is_there(&self) -> bool {
        matches!(self.state, DeliveryState::Delivered | DeliveryState::Taken)
    }

    /// Whether the next state of its transfer waits for it: what was there once, or was deferred, is not waited for.
    pub fn gates(&self) -> bool {
        self.required && !self.is_there() && !self.deferred && self.round == 0
    }

    /// Whether it is held and nobody but a person who means just this one lets it go on: a person held it, or it may be at
    /// the partner already. Only fpp's own faults begin with a code.
    pub fn asks_for_its_own_word(&self) -> bool {
        let error = &self.last_error;
        let unsure = [Code::UNSURE, Code::COMMAND_UNSURE].map(|code| code.to_string());
        let is_own = !error.starts_with("FPP") || unsure.iter().any(|code| error.starts_with(code));
        self.state == DeliveryState::Held && is_own
    }

    /// Whether a person let its transfer go on without it, and it is still due.
    pub fn is_debt(&self) -> bool {
        self.deferred && !self.is_there()
    }
}

/// An event that an outlet did not take: it refused it for good, or has its id with other data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The posting.
    pub delivery: DeliveryId,
    /// Its outlet.
    pub outlet: String,
    /// Its transfer.
    pub transfer: TransferId,
    /// The transfer's route.
    pub route: String,
    /// The record; `u64::MAX` for the end of the file.
    pub record: u64,
    /// The event's id.
    pub id: String,
    /// The outlet has this id with other data (D9); else it refused the event.
    pub conflict: bool,
    /// Why, in words, without field content.
    pub why: String,
    /// When.
    pub at_ms: i64,
    /// A person had it pushed once more, which is not done yet.
    pub due: bool,
}

#[cfg(test)]
mod tests {
    use super::{DeliveryEvent as E, DeliveryState as S};

    #[test]
    fn nothing_is_delivered_before_it_is_read_back() {
        assert_eq!(S::Planned.next(E::Deliver), None);
        assert_eq!(S::Planned.next(E::Prove), Some(S::Proven));
        assert_eq!(S::Proven.next(E::Deliver), Some(S::Delivered));
    }

    #[test]
    fn what_is_deferred_stays_where_it_is() {
        for state in [S::Planned, S::Proven, S::Held] {
            assert_eq!(state.next(E::Defer), Some(state));
        }
    }

    #[test]
    fn a_delivered_file_is_never_sent_again() {
        for event in [E::Prove, E::Deliver, E::Hold, E::Retry, E::Defer] {
            assert_eq!(S::Delivered.next(event), None);
            assert_eq!(S::Taken.next(event), None);
        }
        assert_eq!(S::Delivered.next(E::Resend), None, "it still stands there");
        assert_eq!(S::Taken.next(E::Resend), Some(S::Planned), "only a person says so");
    }
}
