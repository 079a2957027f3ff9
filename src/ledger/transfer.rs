//! A transfer: the life of one arrival, and what is known about it.
//!
//! Facts only grow: the row equals the fold of its journal. States and legal moves are in `standing.rs`.

pub use super::standing::{FileEvent, FileState, IllegalMove, Standing, Verdict};
use fpp_codecs::Code;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A transfer's id, a ULID.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TransferId(pub String);

impl fmt::Display for TransferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who a file is within its series (D1): names are not identity.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// Route.
    pub route: String,
    /// Business date, `yyyy-mm-dd`.
    pub business_date: String,
    /// Batch of the day.
    pub batch: u32,
    /// Run of the batch: 0, and one more for each resend.
    pub run: u32,
}

/// One transfer as the ledger knows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transfer {
    /// Id.
    pub id: TransferId,
    /// Route.
    pub route: String,
    /// Spool it arrived in.
    pub spool: String,
    /// File name.
    pub name: String,
    /// What made this arrival one of its kind in its spool: name, size, time, file id.
    pub arrival_key: String,
    /// State.
    pub state: FileState,
    /// Verdict, once decided.
    pub verdict: Option<Verdict>,
    /// Where it was held.
    pub held_from: Option<FileState>,
    /// Closed by an operator while held.
    pub closed: bool,
    /// What the file is known by: grows with the steps.
    pub facts: Facts,
    /// Failed attempts of the present step.
    pub attempts: u32,
    /// Not before this time; `i64::MAX` while it waits for its deliveries.
    pub next_attempt_ms: i64,
    /// Why the last attempt failed or what it waits for; empty when it did not fail.
    pub waiting_for: String,
    /// When it was booked.
    pub arrived_ms: i64,
    /// When it last moved.
    pub updated_ms: i64,
    /// Publication number (D11): set by the posting commit, or by the commit of a rejection.
    pub publication: Option<u64>,
}

impl Transfer {
    /// Its standing.
    pub fn standing(&self) -> Standing {
        Standing { state: self.state, verdict: self.verdict, held_from: self.held_from, closed: self.closed }
    }

    /// Whether it has not come to where the answer waits for its outlets no more.
    pub fn waits_for_outlets(&self) -> bool {
        use FileState as S;
        let at = self.held_from.unwrap_or(self.state);
        !self.closed && matches!(at, S::Arrived | S::Claimed | S::Staged | S::Proven)
    }
}

/// Facts about a file. Every field is written once or overwritten by a later event, never removed; a field that is
/// `None` in a change leaves the ledger's value as it is. The row equals the fold of its journal, which `verify` checks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// SHA-256 of the bytes, hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// SM3 of the bytes, hex, where the route asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sm3: Option<String>,
    /// Identity, once read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// SHA-256 of the frozen plan's bytes in the vault (D6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// Why the file was rejected or held; FPP0000 when accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// The same in words, with the place; no field content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the operator should do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Why the file is held although its verdict stands. The verdict's own words are never touched again: answer and
    /// events are made of them (D3, D14).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub halted: Option<Halted>,
    /// What differs, for a held file: JSON for `transfers show`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<serde_json::Value>,
    /// Detail records read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<u64>,
    /// Detail records posted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<u64>,
    /// Detail records refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejected: Option<u64>,
    /// Sum of the answered amount over posted records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ok_amount: Option<String>,
    /// The same over all other records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ng_amount: Option<String>,
    /// Control totals: name, promised, found, unproven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub totals: Option<Vec<Total>>,
    /// Diagnostics that are no fault: trailing 1A, NULs, a byte-order mark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remarks: Option<Vec<String>>,
    /// The deciding commit's time: ACKTS and every PRCTS (D14).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_ms: Option<i64>,
    /// The accepted file that this one repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<TransferId>,
    /// The file as it was seen when it was ready, so that it is never mistaken for one that replaced it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceFile>,
    /// What the marker promised about the bytes, when it named size or digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promised: Option<Promised>,
    /// How far the framing held: records can be answered one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub framed: Option<bool>,
    /// An operator refused the held file; it is judged with this word, and answered row by row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Codes of holds that an operator released: these checks are not made again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub released: Option<Vec<u16>>,
    /// It resends a batch that was posted: what of it was posted then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resend: Option<Resend>,
    /// It is no file of its own: it takes back or puts right one event of another one, or tells all of them anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correction: Option<Correction>,
    /// SHA-256 of the list of its events' ids, in the vault: by it an id that comes again is found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<String>,
}

/// What an operator says about events that stand (更正): nothing is edited, other events refer to them. The bytes are those
/// of the file whose events they are; so is the plan, but where they are mapped anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// Taken back, put right, or mapped anew.
    pub act: Act,
    /// The transfer that published the event.
    pub of: String,
    /// Its record in the file; 0 where it is about the whole file.
    pub record: u64,
    /// CloudEvents `id` of the event; empty where it is about the whole file.
    pub event: String,
    /// The file's name.
    pub file: String,
    /// The file's identity, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// SHA-256 of the record as it should have been, in the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// The fields in which it differs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// Records that give no event of a file that is mapped anew, from first to last: they gave none, or it was taken back
    /// or put right since.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<(u64, u64)>,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// What a correction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Act {
    /// The event should not have been.
    Voided,
    /// The event should have said something else.
    Corrected,
    /// The events of a file are told again as another mapping has them.
    Remapped,
}

impl Correction {
    /// Whether it is about one event, and not about all of a file.
    pub fn is_of_one(&self) -> bool {
        self.act != Act::Remapped
    }

    /// Whether this record gives no event where a file is mapped anew.
    pub fn leaves_out(&self, record: u64) -> bool {
        let at = self.left_out.partition_point(|(_, last)| *last < record);
        self.left_out.get(at).is_some_and(|(first, _)| *first <= record)
    }
}

impl Act {
    /// As it is written in types and ids.
    pub fn word(self) -> &'static str {
        match self {
            Act::Voided => "voided",
            Act::Corrected => "corrected",
            Act::Remapped => "remapped",
        }
    }
}

/// A resend of a posted batch (D8).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resend {
    /// The transfer of the run before.
    pub of: String,
    /// Ordinals of the detail records that were posted by former runs, from first to last: equal here, not posted again.
    pub posted: Vec<(u64, u64)>,
}

impl Resend {
    /// Whether a detail record was posted by a former run.
    pub fn has_posted(&self, ordinal: u64) -> bool {
        let at = self.posted.partition_point(|(_, last)| *last < ordinal);
        self.posted.get(at).is_some_and(|(first, _)| *first <= ordinal)
    }
}

/// Why a file with a verdict is held.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Halted {
    /// Code.
    pub code: u16,
    /// In words.
    pub reason: String,
    /// What the operator should do.
    pub hint: String,
}

/// One file of a spool, as it was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// Name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Modification time by the spool's clock.
    pub mtime_ms: i64,
    /// Inode, or 0 where the spool has none.
    pub file_id: u64,
}

/// What a marker says about its data file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promised {
    /// The marker itself; it shares the fate of its data file.
    pub marker: SourceFile,
    /// Bytes.
    pub size: Option<u64>,
    /// Digest of the bytes, hex: SHA-256 or SM3, as the route says.
    pub digest: Option<String>,
    /// Detail records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Sum of their amounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// It is an index, which speaks of other files besides.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shared: bool,
}

/// One control total.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    /// Trailer field.
    pub name: String,
    /// What the trailer says.
    pub promised: String,
    /// What the records add up to.
    pub found: String,
    /// Records whose summed field did not decode: the total cannot be proven (D5).
    pub unreadable: u64,
}

impl Facts {
    /// Overlays what a change brings.
    pub fn merge(&mut self, change: &Facts) {
        // Taken apart without `..`, so that a new fact cannot be forgotten here.
        macro_rules! overlay {
            ($($field:ident),* $(,)?) => {
                let Facts { $($field),* } = change;
                $(if $field.is_some() { self.$field.clone_from($field); })*
            };
        }
        overlay!(
            size,
            sha256,
            sm3,
            identity,
            plan,
            code,
            reason,
            hint,
            halted,
            difference,
            records,
            accepted,
            rejected,
            ok_amount,
            ng_amount,
            totals,
            remarks,
            decided_ms,
            duplicate_of,
            source,
            promised,
            framed,
            refused,
            released,
            resend,
            correction,
            ids,
        );
    }

    /// Why a held file is held: code, reason and hint.
    pub fn hold(&self, verdict: Option<Verdict>) -> (Option<u16>, &str, &str) {
        match (&self.halted, verdict) {
            (Some(halted), Some(_)) => (Some(halted.code), &halted.reason, &halted.hint),
            _ => (self.code, self.reason.as_deref().unwrap_or_default(), self.hint.as_deref().unwrap_or_default()),
        }
    }

    /// The identity of the file whose events they are: its own, or that of the file that a correction is about.
    pub fn of_file(&self) -> Option<&Identity> {
        let corrected = self.correction.as_ref().and_then(|correction| correction.identity.as_ref());
        self.identity.as_ref().or(corrected)
    }

    /// The code, if one is set.
    pub fn code(&self) -> Option<Code> {
        self.code.map(Code)
    }
}

/// Which transfers to list.
#[derive(Clone, Debug, Default)]
pub struct TransferQuery {
    /// Only this route.
    pub route: Option<String>,
    /// Only this state.
    pub state: Option<FileState>,
    /// Only this business date.
    pub business_date: Option<String>,
    /// Only files with these bytes.
    pub sha256: Option<String>,
    /// Only ids below this one (the last of the page before).
    pub before: Option<TransferId>,
    /// How many.
    pub limit: u32,
}
