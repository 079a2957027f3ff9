//! What every step works with, and how a step ends.

use super::intake::Intake;
use super::route::Route;
use crate::bell::Bell;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::ledger::Ledger;
use crate::ledger::change::{Change, Fence};
use crate::ledger::transfer::{Facts, FileEvent, Transfer};
use crate::outlets::Books;
use crate::vault::Vault;
use crate::vault::plans::{Frozen, Plans};
use fpp_codecs::Code;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// The engines and routes of this node.
pub struct Inbound {
    /// The books.
    pub ledger: Arc<dyn Ledger>,
    /// Contents.
    pub vault: Arc<dyn Vault>,
    /// Routes by name.
    pub routes: BTreeMap<String, Arc<Route>>,
    /// Compiled plans by digest.
    pub plans: Arc<Plans>,
    /// Plans that this node has put into the vault.
    pub frozen: Arc<Frozen>,
    /// The time.
    pub clock: Clock,
    /// Rung after every change.
    pub bell: Bell,
    /// Folder for temporary files of bounded sorts; emptied at start.
    pub scratch: PathBuf,
    /// Bytes that stay free on the vault's disk, whatever comes.
    pub keep_free_bytes: u64,
    /// What is being taken in.
    pub intake: Intake,
    /// Threads that prove one large file.
    pub prove_threads: usize,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The state moved: go on.
    Moved,
    /// The transfer is parked: somebody else will wake it.
    Parked,
}

impl Inbound {
    /// What events and answers are read from.
    pub fn books(&self) -> Books {
        Books { ledger: self.ledger.clone(), vault: self.vault.clone(), plans: self.plans.clone() }
    }

    /// The route of a transfer. A route that was taken out of the configuration holds its files.
    pub fn route(&self, transfer: &Transfer) -> Result<Arc<Route>> {
        self.routes.get(&transfer.route).cloned().ok_or_else(|| {
            Error::halt(Code::PLAN, format!("route `{}` is not configured on this node", transfer.route))
                .hint("Put the route back into the configuration, restart the node, then release the file.")
        })
    }

    /// One move with what became known, under the lease.
    pub async fn advance(&self, fence: &Fence, transfer: &Transfer, event: FileEvent, facts: Facts) -> Result<Next> {
        self.apply(fence, vec![Change::Move { id: transfer.id.clone(), event, facts: Box::new(facts), by: None }]).await
    }

    /// Several changes, all or nothing, under the lease.
    pub async fn apply(&self, fence: &Fence, changes: Vec<Change>) -> Result<Next> {
        self.ledger.apply(Some(fence), self.clock.now_ms(), &changes).await?;
        self.bell.ring();
        Ok(Next::Moved)
    }
}
