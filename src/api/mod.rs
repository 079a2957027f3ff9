//! HTTP: the stream for services, health for supervisors, and the control socket for operators.
//!
//! The TCP listener stands on loopback unless a token file is set (D27). Operators' commands come through a socket of the
//! local machine, which the operating system's file permissions guard, or over HTTP with a token that allows them (D25). Nothing here decides about a file:
//! verbs are carried out by the inbound room, reads go to ledger and vault.

mod asked;
mod bearer;
pub mod client;
mod connections;
mod consumers;
mod control;
mod desk;
mod events;
mod extract;
mod health;
pub mod kept;
mod live;
mod operate;
mod outlets;
mod pages;
pub mod person;
mod problem;
pub mod readers;
mod said;
mod schemas;
pub mod serve;
pub mod tokens;
pub mod under_way;
mod whole;

use crate::bell::Bell;
use crate::delivery::Deliveries;
use crate::delivery::outlet::Postings;
use crate::inbound::work::Inbound;
use crate::ledger::verbs::Verb;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokens::Tokens;
use tokio::sync::{Semaphore, watch};

/// What the doors open to.
pub struct Doors {
    /// Where HTTP listens.
    pub listen: SocketAddr,
    /// Where operators' commands are taken.
    pub socket: PathBuf,
    /// The group whose members are operators; without one, only the node's own user is.
    pub group: Option<String>,
    /// Verbs that a second person must confirm on every route.
    pub second_person: BTreeSet<Verb>,
    /// Tokens; without them every reader on this machine sees everything in clear.
    pub tokens: Option<Tokens>,
    /// Books, vault, plans.
    pub inbound: Arc<Inbound>,
    /// The partners' folders that this node reaches.
    pub deliveries: Arc<Deliveries>,
    /// The node's outlets.
    pub postings: Arc<Postings>,
    /// The vault keeps everything: what is not there is lost.
    pub keeps_content_for_ever: bool,
    /// Installation name.
    pub installation: String,
    /// Node name.
    pub node: String,
    /// Rung after every change of the books.
    pub bell: Bell,
    /// The node stops: whoever waits is answered at once.
    pub stopped: watch::Receiver<bool>,
    /// Pages made at once. A page takes some MiB, so their number bounds the memory, however many read (I10).
    pub pages: Semaphore,
    /// Pages made and not yet taken.
    pub kept: Arc<kept::Kept>,
    /// What takes as long as it takes, whoever asked for it.
    pub under_way: Arc<under_way::UnderWay>,
    /// Readers that hold the stream open.
    pub live: Arc<readers::Readers>,
}

/// Pages of the stream that are made at once; further readers wait their turn.
pub const PAGES_AT_ONCE: usize = 4;
