//! What the services of a node share, and how a node is started beyond its configuration.

use super::claimer::Claimer;
use super::outage::Outage;
use super::status::Status;
use crate::bell::Bell;
use crate::clock::Clock;
use crate::delivery::Deliveries;
use crate::delivery::outlet::Postings;
use crate::error::Result;
use crate::inbound::work::Inbound;
use crate::ledger::Ledger;
use crate::ledger::change::{Applied, Change, Fence};
use crate::outlets::push::Engine;
use crate::settings::Settings;
use crate::vault::Vault;
use fpp_spool::{Folder, SftpPool};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

/// Wraps the ledger engine; tests put faults between the flows and their books here.
pub type WrapLedger = Box<dyn FnOnce(Arc<dyn Ledger>) -> Arc<dyn Ledger> + Send>;

/// Wraps the vault engine in the same way.
pub type WrapVault = Box<dyn FnOnce(Arc<dyn Vault>) -> Arc<dyn Vault> + Send>;

/// Wraps the folder of a spool, whose name it is told, in the same way.
pub type WrapFolder = Box<dyn Fn(&str, Arc<dyn Folder>) -> Arc<dyn Folder> + Send>;

/// Wraps the engine of an outlet, whose name it is told, in the same way.
pub type WrapOutlet = Box<dyn Fn(&str, Arc<dyn Engine>) -> Arc<dyn Engine> + Send>;

/// How a node is started, beyond its configuration.
#[derive(Default)]
pub struct Options {
    /// The time.
    pub clock: Clock,
    /// A decorator for the ledger.
    pub wrap_ledger: Option<WrapLedger>,
    /// A decorator for the vault.
    pub wrap_vault: Option<WrapVault>,
    /// A decorator for the folders of spools.
    pub wrap_folder: Option<WrapFolder>,
    /// A decorator for the engines of outlets.
    pub wrap_outlet: Option<WrapOutlet>,
}

/// Sessions to partners, by the name of the spool.
pub(crate) type Partners = BTreeMap<String, Arc<SftpPool>>;

/// What the services share.
pub(crate) struct Rooms {
    pub(crate) settings: Settings,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) inbound: Arc<Inbound>,
    pub(crate) deliveries: Arc<Deliveries>,
    pub(crate) postings: Arc<Postings>,
    pub(crate) partners: Partners,
    pub(crate) claimer: Claimer,
    pub(crate) status: Status,
    pub(crate) clock: Clock,
    pub(crate) bell: Bell,
    /// The lease of this life of the node, once it has it.
    pub(crate) life: OnceLock<Fence>,
    /// Whether the ledger answers.
    pub(crate) outage: Arc<Outage>,
    /// New files wait because there is too little space for them.
    pub(crate) no_space: AtomicBool,
}

impl Rooms {
    /// Writes what is under no lease of its own, such as a notice, under that of the node's life: one whose place another node
    /// took writes nothing.
    pub(crate) async fn apply(&self, changes: &[Change]) -> Result<Applied> {
        self.ledger.apply(self.life.get(), self.clock.now_ms(), changes).await
    }
}
