//! Where events go. An event is never stored: it is decoded again from the vault with the plan its file froze, so every
//! outlet, every replay and every node gives the same bytes (D6, D9).
//!
//! - [`events`]: the events of one transfer, from any record on;
//! - [`stream`]: the built-in outlet, read over HTTP by position, all of it or what a [`filter`] takes;
//! - [`lines`]: JSON lines for a `file` outlet; [`forms`]: files of other forms for one;
//! - [`own`]: for whom the files are that outlets make;
//! - [`push`]: the contract of outlets that events are pushed to, and its engines: [`append`] for files of lines,
//!   [`database`] for rows of typed tables, [`webhook`], and `rocketmq` (behind its feature);
//! - [`trace`]: what calls and messages carry for the tracing of services.
//!
//! A reader holds its own position, or has the books keep it under a name ([`lag`] tells what it has not read). Neither holds
//! anything up.

pub mod append;
pub mod database;
pub mod events;
pub mod filter;
pub mod forms;
pub mod lag;
pub mod lines;
pub mod own;
pub mod place;
pub mod planned;
pub mod position;
pub mod push;
#[cfg(feature = "rocketmq")]
pub mod rocketmq;
pub mod stream;
pub mod trace;
pub mod webhook;

use crate::error::{Error, Result};
use crate::ledger::Ledger;
use crate::ledger::change::Reject;
use crate::ledger::transfer::Transfer;
use crate::vault::Vault;
use crate::vault::plans::Plans;
use fpp_codecs::Code;
use std::sync::Arc;

/// What events are read from.
#[derive(Clone)]
pub struct Books {
    /// Transfers and their rejects.
    pub ledger: Arc<dyn Ledger>,
    /// Their bytes.
    pub vault: Arc<dyn Vault>,
    /// Their plans.
    pub plans: Arc<Plans>,
}

/// Rejects asked for in one round.
const ROUND: u32 = 4_096;

impl Books {
    /// All rejects of a transfer, in record order. Their number is bounded by the route's `reject_max` (D21).
    pub async fn rejects(&self, transfer: &Transfer) -> Result<Vec<Reject>> {
        let mut rejects: Vec<Reject> = Vec::new();
        loop {
            let after = rejects.last().map_or(0, |r| r.record);
            let more = self.ledger.rejects(&transfer.id, after, ROUND).await?;
            if more.is_empty() {
                break;
            }
            rejects.extend(more);
        }
        // A purge takes a transfer with its rejects: then these are not all of them.
        match self.ledger.transfer(&transfer.id).await? {
            Some(_) => Ok(rejects),
            None => Err(Error::retry(Code::LEDGER, format!("transfer {} was purged while it was read", transfer.id))),
        }
    }
}
