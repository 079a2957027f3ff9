//! What a journal entry says, as text and back.

use crate::error::{Error, Result};
use crate::ledger::chain::RejectsDigest;
use crate::ledger::change::{Fence, NewTransfer};
use crate::ledger::delivery::{Delivery, DeliveryEvent};
use crate::ledger::desk::{Ask, Switch};
use crate::ledger::transfer::{Facts, FileEvent};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One journal entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// What happened.
    #[serde(flatten)]
    pub what: What,
    /// Under which lease: holder and epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fence: Option<Under>,
}

/// The lease under which an entry was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Under {
    /// Its holder.
    pub holder: String,
    /// Its epoch.
    pub epoch: u64,
}

impl From<&Fence> for Under {
    fn from(fence: &Fence) -> Under {
        Under { holder: fence.holder.clone(), epoch: fence.epoch }
    }
}

/// What happened to a subject.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum What {
    /// An arrival was booked: the first entry of a transfer.
    Arrive {
        /// As it was booked.
        transfer: Box<NewTransfer>,
    },
    /// A transfer moved.
    Move {
        /// How.
        event: FileEvent,
        /// What became known.
        facts: Box<Facts>,
        /// Who and why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        /// The publication number it took.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        publication: Option<u64>,
        /// The rejects it wrote.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rejects: Option<RejectsDigest>,
    },
    /// A delivery was planned: the first entry of a delivery.
    Plan {
        /// As it was planned.
        delivery: Box<Delivery>,
    },
    /// A delivery moved.
    Deliver {
        /// How.
        event: DeliveryEvent,
        /// Who and why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        /// Of a proof: which folder the temporary lies in, where the folder can tell.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        folder: Option<String>,
        /// Of a file's delivery: whether the folder made it durable, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fsynced: Option<bool>,
    },
    /// The outlet of a posting did not take events: its dead letters.
    Bury {
        /// Their records.
        records: Vec<u64>,
    },
    /// Dead letters of a posting were taken after all.
    Unbury {
        /// Their records.
        records: Vec<u64>,
    },
    /// A person had the dead letters of a posting pushed once more.
    Redrive {
        /// Who and why.
        by: String,
    },
    /// A business date was opened or closed.
    Day {
        /// `yyyy-mm-dd`.
        business_date: String,
        /// Open or closed.
        open: bool,
        /// Who.
        by: String,
    },
    /// An operator had a waiting transfer tried at once.
    Hurry {
        /// Who and why.
        by: String,
    },
    /// A route, partner or outlet was paused, or goes on.
    Pause {
        /// What.
        switch: Switch,
        /// Paused or not.
        paused: bool,
        /// Who and why.
        by: String,
    },
    /// A person asked for what another one must confirm: the first entry of a request.
    Ask {
        /// As it was asked.
        ask: Box<Ask>,
    },
    /// A request was closed.
    Settle {
        /// Confirmed, or declined.
        confirmed: bool,
        /// Who and why.
        by: String,
    },
    /// A person takes rows out of an outlet's database; what is there is no part of the fold.
    Rows {
        /// The first day; the oldest there is without one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// The first day that stays.
        before: String,
        /// Who and why.
        by: String,
        /// Rows that went, by table; nothing before they do.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gone: Option<BTreeMap<String, u64>>,
    },
    /// A batch of finished transfers was purged.
    Purge {
        /// Business dates before this one.
        before: String,
        /// How many transfers.
        transfers: u64,
        /// The newest publication number that went.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        publication: Option<u64>,
        /// Digest of the last heads of the chains that went (`chain::heads_digest`).
        heads: String,
        /// Who and why.
        by: String,
    },
}

impl Entry {
    /// As text for the journal.
    pub fn write(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|e| Error::internal("a journal entry cannot be written").caused_by(e))
    }

    /// From the journal's text.
    pub fn read(text: &str) -> Result<Entry, String> {
        serde_json::from_str(text).map_err(|e| format!("the entry cannot be read: {e}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::transfer::Verdict;

    #[test]
    fn an_entry_reads_back_as_it_was_written() {
        let facts = Facts { size: Some(u64::MAX), reason: Some("a \"b\" 回盘".into()), ..Facts::default() };
        let entry = Entry {
            what: What::Move {
                event: FileEvent::Judge(Verdict::Partly),
                facts: Box::new(facts),
                by: None,
                publication: Some(7),
                rejects: Some(RejectsDigest { count: 2, sha256: "ab".into() }),
            },
            fence: Some(Under { holder: "n/1".into(), epoch: 3 }),
        };
        let text = entry.write().unwrap();
        assert_eq!(Entry::read(&text).unwrap(), entry);
        assert!(text.starts_with(r#"{"kind":"move","event":{"Judge":"partly"},"facts":{"size":"#), "{text}");
    }
}
