//! The facts that an answer may tell, and their words in the mapping.

use crate::ledger::transfer::{Identity, Verdict};
use crate::trade::proof::outcome::Amounts;
use fpp_codecs::Code;

/// What is known about the file that is answered.
#[derive(Clone, Copy, Debug)]
pub struct AnswerFacts<'a> {
    /// Name of the file that is answered.
    pub file: &'a str,
    /// Its digest in hex, of the kind the rules ask for.
    pub digest: &'a str,
    /// Its identity, if it could be read.
    pub identity: Option<&'a Identity>,
    /// The verdict whose rows are told: for a duplicate, that of the first file.
    pub verdict: Verdict,
    /// The file repeats an accepted one: status D, FPP1007, the first answer's rows.
    pub duplicate: bool,
    /// The file is held and undecided: status H, the code of its hold, no rows.
    pub held: bool,
    /// Code of the file; FPP0000 when accepted or partly accepted.
    pub code: Code,
    /// Framing and header held: records are answered one by one.
    pub framed: bool,
    /// Detail records read.
    pub records: u64,
    /// Detail records posted.
    pub accepted: u64,
    /// Sums of the answered amount.
    pub amounts: Amounts,
    /// Time of the commit that decided this answer (ACKTS).
    pub acknowledged_ms: i64,
    /// Time of the commit that decided the rows (every PRCTS): for a duplicate, that of the first file.
    pub processed_ms: i64,
}

/// A fact of the whole file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileFact {
    Name,
    Digest,
    Status,
    Code,
    Message,
    English,
    Time,
    Date,
    Batch,
    Run,
    Total,
    Ok,
    Bad,
    OkAmount,
    BadAmount,
}

/// Words for the header and the trailer of an answer.
pub(super) const FILE_WORDS: &[(&str, FileFact)] = &[
    ("file.name", FileFact::Name),
    ("file.digest", FileFact::Digest),
    ("file.status", FileFact::Status),
    ("file.code", FileFact::Code),
    ("file.message", FileFact::Message),
    ("file.message_english", FileFact::English),
    ("file.acknowledged", FileFact::Time),
    ("identity.date", FileFact::Date),
    ("identity.batch", FileFact::Batch),
    ("identity.run", FileFact::Run),
    ("count.total", FileFact::Total),
    ("count.ok", FileFact::Ok),
    ("count.bad", FileFact::Bad),
    ("amount.ok", FileFact::OkAmount),
    ("amount.bad", FileFact::BadAmount),
];

/// A fact of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecordFact {
    Sequence,
    Status,
    Code,
    Message,
    English,
    ErrorField,
    ErrorAt,
    EventId,
    Time,
    Amount,
    Key,
}

/// Words for the rows of an answer.
pub(super) const RECORD_WORDS: &[(&str, RecordFact)] = &[
    ("record.seq", RecordFact::Sequence),
    ("record.key", RecordFact::Key),
    ("record.status", RecordFact::Status),
    ("record.code", RecordFact::Code),
    ("record.message", RecordFact::Message),
    ("record.message_english", RecordFact::English),
    ("record.error_field", RecordFact::ErrorField),
    ("record.error_at", RecordFact::ErrorAt),
    ("record.event_id", RecordFact::EventId),
    ("record.processed", RecordFact::Time),
    ("record.amount", RecordFact::Amount),
];

impl AnswerFacts<'_> {
    /// A all, P partly, R rejected, D duplicate, H held.
    pub(super) fn status(&self) -> &'static str {
        match self.verdict {
            _ if self.held => "H",
            _ if self.duplicate => "D",
            Verdict::Accepted => "A",
            Verdict::Partly => "P",
            Verdict::Rejected => "R",
            Verdict::Duplicate => "D",
        }
    }

    /// The code of the file as the answer tells it.
    pub(super) fn told(&self) -> Code {
        if self.status() == "D" { Code::DUPLICATE } else { self.code }
    }
}
