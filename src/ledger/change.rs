//! What can be written: one atomic set of changes, and the rows that come with them.

use super::consumer::Consumer;
use super::delivery::{DeadLetter, Delivery, DeliveryEvent, DeliveryId};
use super::desk::{Ask, AskId, Switch};
use super::lease::LeaseKey;
use super::transfer::{Facts, FileEvent, TransferId};
use fpp_codecs::Code;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A write is refused unless this lease still has this epoch and holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    /// The lease.
    pub key: LeaseKey,
    /// Its epoch.
    pub epoch: u64,
    /// Its holder.
    pub holder: String,
}

/// A ready file that is not in the books yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewTransfer {
    /// Id.
    pub id: TransferId,
    /// Route.
    pub route: String,
    /// Spool.
    pub spool: String,
    /// File name.
    pub name: String,
    /// Unique in the ledger: booking the same arrival twice does nothing.
    pub arrival_key: String,
    /// First facts: size, the identity that the name gives.
    pub facts: Facts,
}

/// One change. Transfers and deliveries change only by events that their `next()` allows.
#[derive(Clone, Debug, PartialEq)]
// A handful of changes lives at a time, for the length of one `apply`: their size costs nothing.
#[allow(clippy::large_enum_variant)]
pub enum Change {
    /// Books an arrival; does nothing when its `arrival_key` is known.
    Arrive(NewTransfer),
    /// Moves a transfer. Clears attempts and makes it due at once. Under a fence and without a person's word, a held one
    /// is not moved (FPP9003): somebody held it meanwhile. `Post` and `Judge(Rejected)` take the next
    /// publication number in the same transaction (D11). `Judge(Accepted | Partly)` is refused (FPP1011) when another
    /// transfer was accepted under the same identity, unless `facts.released` names 1011.
    Move {
        /// Which.
        id: TransferId,
        /// What happened.
        event: FileEvent,
        /// What became known.
        facts: Box<Facts>,
        /// Who and why, for operators' verbs.
        by: Option<String>,
    },
    /// Says when to look at a transfer again and why it waits; not journalled. `failed` counts an attempt.
    Park {
        /// Which.
        id: TransferId,
        /// Not before; `i64::MAX` until a delivery wakes it. A transfer whose required deliveries (it has some) were all
        /// delivered or deferred is not put to sleep: it is due at once.
        until_ms: i64,
        /// Why.
        waiting_for: String,
        /// A failed attempt.
        failed: bool,
    },
    /// An operator has a waiting transfer tried at once; journalled.
    Hurry {
        /// Which.
        id: TransferId,
        /// Who and why.
        by: String,
    },
    /// Adds rejects; refused without a `Judge` of the same transfer in the same `apply`, whose journal entry carries
    /// their digest.
    Reject {
        /// Which.
        id: TransferId,
        /// In record order.
        rejects: Vec<Reject>,
    },
    /// Plans a delivery; does nothing when its (spool, name) is already planned for this transfer with the same digest.
    /// Refused (FPP4004) when a delivery that was not taken yet has that name for something else. State, attempts and
    /// times begin anew, whatever is filled in, except `next_attempt_ms`.
    Plan(Box<Delivery>),
    /// Moves a delivery. `Deliver`, `Defer` and `Vouch` make its transfer due at once.
    MoveDelivery {
        /// Which.
        id: DeliveryId,
        /// What happened.
        event: DeliveryEvent,
        /// Who and why, for operators' verbs.
        by: Option<String>,
    },
    /// The event `Prove`, with what the folder says of itself where the temporary lies.
    Prove {
        /// Which.
        id: DeliveryId,
        /// The folder's identity, where it has one.
        folder: Option<String>,
    },
    /// The event `Deliver` for a file.
    Deliver {
        /// Which.
        id: DeliveryId,
        /// Whether the folder made it durable; not known of one that was collected before anybody could ask.
        fsynced: Option<bool>,
    },
    /// The event `Take` for a file that was seen to be gone; does nothing when that delivery was moved or sent again since.
    Take {
        /// Which.
        id: DeliveryId,
        /// When what was looked for had been delivered.
        delivered_ms: Option<i64>,
    },
    /// Says when to try a delivery again, and why the last attempt failed.
    ParkDelivery {
        /// Which.
        id: DeliveryId,
        /// Not before.
        until_ms: i64,
        /// Why.
        error: String,
        /// It counts as an attempt: the delivery's own, not one at a partner who lets nobody in.
        failed: bool,
    },
    /// An outlet confirmed a posting up to a record; forgets failed attempts. Not journalled.
    Confirm {
        /// Which.
        id: DeliveryId,
        /// The last record of it; `u64::MAX` for the end of the file.
        record: u64,
    },
    /// Events that the outlet of a posting did not take; one that is known is written anew. The journal has their records.
    Bury {
        /// The posting.
        id: DeliveryId,
        /// The events.
        letters: Vec<DeadLetter>,
    },
    /// Events that were dead letters and were taken after all.
    Unbury {
        /// The posting.
        id: DeliveryId,
        /// Their records.
        records: Vec<u64>,
    },
    /// A person has the dead letters of a posting pushed once more; journalled. Does nothing where there are none.
    Redrive {
        /// The posting.
        id: DeliveryId,
        /// Who and why.
        by: String,
    },
    /// A named consumer of the stream is made; one that is there stays as it is.
    Keep(Consumer),
    /// Where a named consumer stands is written.
    Stand {
        /// Its name.
        consumer: String,
        /// It has read up to this publication ...
        publication: u64,
        /// ... and this record of it.
        record: u64,
        /// Also before where it stands, which otherwise is refused (FPP9008).
        back: bool,
    },
    /// A named consumer is forgotten.
    Forget {
        /// Its name.
        consumer: String,
    },
    /// Raises a notice; one that is open with the same topic and subject is counted up instead. A notice of topic
    /// [`RECOVERED`] is always a new one, and takes the place of the one before; new trouble of its subject closes it.
    Raise(NewNotice),
    /// A person has read a notice.
    AcknowledgeNotice {
        /// Which.
        id: i64,
        /// Who.
        by: String,
    },
    /// Says a thing once, however often and by however many nodes it is said: where the key is new, it is kept as open,
    /// and the notice is raised. Counted in `applied.told`.
    Tell {
        /// What is said once: ASCII without blanks, at most 200 characters.
        key: String,
        /// What a person should hear; nothing for a mark alone.
        notice: Option<NewNotice>,
    },
    /// What was told under a key is over, e.g. what was missing came after all: where it is open, it is closed, and the
    /// notice is raised. Counted in `applied.told`.
    Over {
        /// The key.
        key: String,
        /// What a person should hear.
        notice: Option<NewNotice>,
    },
    /// Closes the open notice of a topic and subject, because its trouble is over or told in other words; nothing where
    /// none is open.
    CloseNotice {
        /// Topic.
        topic: String,
        /// Subject.
        subject: String,
        /// Who, and why.
        by: String,
    },
    /// Closes a notice whose trouble is over, unless it was raised again since it was looked at; where it closed it, another
    /// one is raised. Counted in `applied.told`.
    EndNotice {
        /// Its number.
        id: i64,
        /// How often it had been raised.
        count: u64,
        /// Who, and why.
        by: String,
        /// What a person should hear.
        notice: Option<NewNotice>,
    },
    /// The core's act (日切): a business date of a route is opened or closed. Saying again what is so does nothing.
    Day {
        /// Route.
        route: String,
        /// `yyyy-mm-dd`.
        business_date: String,
        /// Open or closed.
        open: bool,
        /// Who.
        by: String,
    },
    /// Pauses a route, partner or outlet, or lets it go on. Saying again what is so does nothing.
    Pause {
        /// What.
        switch: Switch,
        /// Paused or not.
        paused: bool,
        /// Who and why.
        by: String,
    },
    /// One person asks for what another one must confirm; it is open, whatever is filled in.
    Ask(Box<Ask>),
    /// Closes a request; refused when it is closed already, so that nothing is carried out twice.
    Settle {
        /// Which.
        id: AskId,
        /// Confirmed, or declined.
        confirmed: bool,
        /// Who and why.
        by: String,
    },
    /// A person takes rows of some days out of an outlet's database; journalled, and nothing else: they are no rows of these
    /// books.
    TakeRows {
        /// The outlet.
        outlet: String,
        /// The first day, `yyyy-mm-dd`; the oldest there is without one.
        from: Option<String>,
        /// The first day that stays.
        before: String,
        /// Who and why.
        by: String,
        /// Rows that went, by table; nothing before they do.
        gone: Option<BTreeMap<String, u64>>,
    },
    /// Removes a batch of finished transfers of past business dates, with everything that is theirs; identities, arrival
    /// keys, seals and the last heads of their chains stay. Apply it until it removes nothing.
    Purge {
        /// Business dates before this one, `yyyy-mm-dd`.
        before: String,
        /// Transfers without a business date: those that arrived before this time.
        before_ms: i64,
        /// Who and why.
        by: String,
    },
}

/// One refused record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// Physical record number in the file, from 1.
    pub record: u64,
    /// Ordinal among the detail records, from 1.
    pub ordinal: u64,
    /// First byte of the record in the file, from 0.
    pub offset: u64,
    /// First bad field.
    pub field: String,
    /// First bad byte within the record, from 1 (ERROFF).
    pub at: u32,
    /// Code.
    pub code: u16,
    /// In words, without the content.
    pub detail: String,
    /// The field's bytes in hex; sensitive fields masked (D21).
    pub hex: String,
}

impl Reject {
    /// The code.
    pub fn code(&self) -> Code {
        Code(self.code)
    }
}

/// Something a person should hear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewNotice {
    /// `warn` or `error`.
    pub severity: String,
    /// What kind of thing, e.g. `held`, `host-key`, `seal`.
    pub topic: String,
    /// What it is about: a transfer, delivery, partner or route.
    pub subject: String,
    /// Code.
    pub code: u16,
    /// What happened and what to do.
    pub text: String,
}

/// Topic of what is over.
pub const RECOVERED: &str = "recovered";

impl NewNotice {
    /// Says that trouble is over.
    pub fn recovered(subject: &str, text: String) -> NewNotice {
        NewNotice { severity: "info".into(), topic: RECOVERED.into(), subject: subject.into(), code: Code::OK.0, text }
    }
}

/// A notice in the books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Number.
    pub id: i64,
    /// First raised.
    pub raised_ms: i64,
    /// Last raised.
    pub last_ms: i64,
    /// How often.
    pub count: u64,
    /// What.
    #[serde(flatten)]
    pub notice: NewNotice,
    /// Who read it, when.
    pub acknowledged: Option<(String, i64)>,
}

/// Something that was told once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Its key.
    pub key: String,
    /// When it was told.
    pub at_ms: i64,
    /// It is not over.
    pub open: bool,
}

/// What an `apply` gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Publication number taken, if one was.
    pub publication: Option<u64>,
    /// Arrivals that were new.
    pub arrived: Vec<TransferId>,
    /// Transfers that were purged.
    pub purged: u64,
    /// Things that were said for the first time, or ended.
    pub told: u64,
}

/// One row of a subject's hash chain (D22).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalRow {
    /// `transfer:<id>`, `delivery:<id>`, `day:<route>`, `ask:<id>`, `outlet:<name>`, `pauses` or `purges`.
    pub subject: String,
    /// From 1.
    pub n: u64,
    /// When.
    pub at_ms: i64,
    /// What happened: JSON of event, facts, fence, by.
    pub entry: String,
    /// Hash of the row before, hex; empty for the first.
    pub previous: String,
    /// SHA-256 over subject, n, at_ms, entry and previous, spelled out in `chain.rs`.
    pub hash: String,
}

/// One seal of the installation's seal chain (D22). Kept outside the machine, it shows later that nobody put an older or
/// a rewritten ledger in the place of this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// From 1.
    pub n: u64,
    /// When.
    pub at_ms: i64,
    /// Chain heads it holds.
    pub heads: u64,
    /// Code of the seal before, hex; empty for the first.
    pub previous: String,
    /// HMAC-SHA256 over number, time, heads and the code before, hex.
    pub code: String,
}

/// For how many days ahead a ledger with partitions has some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaysAhead {
    /// Days after today.
    pub days: i64,
    /// Why there are no more, when they could not be made.
    pub fault: Option<String>,
}

/// What `verify` found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyReport {
    /// Chains walked.
    pub chains: u64,
    /// Rows walked.
    pub rows: u64,
    /// Seals walked.
    pub seals: u64,
    /// Rows after the last seal.
    pub unsealed: u64,
    /// The seals could not be checked, because no key was given.
    pub seals_unchecked: bool,
    /// The first row that does not fit, and why; nothing when all fit.
    pub broken: Option<String>,
}
