//! Deliveries: one file each, published in a partner's spool, atomically, with its checksum and marker.
//!
//! A delivery is planned by a flow and carried out here, by whichever node holds its lease and reaches the spool. That
//! the temporary file was read back and equals the vault is in the books before the rename (D15), so a crash at any
//! point continues where it stood and never uploads blindly again.
//!
//! A [`posting`] is a delivery too, of events into an [`outlet`], batch by batch.

pub mod allowed;
mod breaker;
pub mod command;
pub mod file_outlets;
mod fill;
pub mod outlet;
pub mod overview;
pub mod posting;
mod proof;
pub mod publish;
pub mod reached;
pub mod receipts;
pub mod redrive;
mod redrives;
pub mod replay;
mod said;
mod settle;
pub mod sweep;
pub mod taken;
pub mod verbs;
pub mod whole;

use crate::clock::Clock;
use crate::ledger::Ledger;
use crate::vault::Vault;
use fpp_spool::Folder;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The engines and folders of this node.
pub struct Deliveries {
    /// The books.
    pub ledger: Arc<dyn Ledger>,
    /// Contents.
    pub vault: Arc<dyn Vault>,
    /// Folders by spool name, those that this node reaches (D24).
    pub folders: BTreeMap<String, Arc<dyn Folder>>,
    /// What may be run at partners, and what it follows.
    pub commands: allowed::Commands,
    /// What partners drop beside a file that they have.
    pub receipts: receipts::Receipts,
    /// The time.
    pub clock: Clock,
    /// Another process may take over what this one is in the middle of.
    pub replaceable: bool,
    /// This node's name, part of every temporary name.
    pub node: String,
    /// When something last went through.
    pub reached: reached::Reached,
}
