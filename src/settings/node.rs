//! The node's own settings: who it is, where it keeps its things, what it listens on.

use super::ledger::LedgerPlace;
use super::notify::Notify;
use super::outlet::OutletPlace;
use super::route::Route;
use super::spool::Spool;
use super::vault::{Keeping, VaultPlace};
use crate::ledger::verbs::Verb;
use crate::trade::calendar::Calendar;
use fpp_codecs::source::SourceFault;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// Everything a node is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The configuration file.
    pub file: PathBuf,
    /// Name of this node; part of lease holders and of temporary file names.
    pub node: String,
    /// Name of the installation; part of every event's `source` (D9).
    pub installation: String,
    /// How many nodes may work at once.
    pub nodes: u32,
    /// Folder of ledger, vault, control socket and status.
    pub data_dir: PathBuf,
    /// IANA name of the time zone of business dates and windows, never the host's (D26).
    pub timezone: String,
    /// HTTP.
    pub http: Http,
    /// Where the running node takes operators' commands (D25).
    pub control_socket: PathBuf,
    /// Group of the operating system whose members are operators; without one, the node's own user alone.
    pub control_group: Option<String>,
    /// Verbs that a second person must confirm (双人复核).
    pub second_person: BTreeSet<Verb>,
    /// Where the ledger is.
    pub ledger: LedgerPlace,
    /// Where the vault is.
    pub vault: VaultPlace,
    /// What the vault keeps, and for how long.
    pub keeping: Keeping,
    /// Sealing of the journals (D22).
    pub seal: Seal,
    /// How the node works.
    pub work: Work,
    /// What is run for each new notice.
    pub notify: Option<Notify>,
    /// Business days, by name.
    pub calendars: Vec<Arc<Calendar>>,
    /// Folders used as queues.
    pub spools: Vec<Spool>,
    /// Outlets that events are pushed to.
    pub outlets: Vec<OutletPlace>,
    /// What to do with the files of each series.
    pub routes: Vec<Route>,
    /// What is odd but legal, found while loading.
    pub warnings: Vec<SourceFault>,
}

/// HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    /// Address; anything but loopback needs a token file (D27).
    pub listen: SocketAddr,
    /// File of tokens.
    pub token_file: Option<PathBuf>,
}

/// Sealing of the journals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Key of the seals' HMAC; without one nothing is sealed, and `ledger verify` says so.
    pub key_file: Option<PathBuf>,
    /// How often new chain heads are sealed.
    pub every_ms: u64,
}

/// How the node works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// Transfers worked on at once.
    pub workers: usize,
    /// Threads that prove one large file; as many as the machine has cores, eight at most, where nothing is said.
    pub prove_threads: Option<usize>,
    /// A foreign lease that does not move for this long may be taken over (D23).
    pub lease_ms: u64,
    /// How often every spool is listed, whatever the watch says.
    pub rescan_ms: u64,
    /// How often the ledger is asked for due work when nothing wakes the node.
    pub poll_ms: u64,
    /// How long a stopping node lets running steps finish.
    pub drain_ms: u64,
}

impl Settings {
    /// The ledger's file, where it is one.
    pub fn ledger_file(&self) -> PathBuf {
        self.data_dir.join("ledger.sqlite")
    }

    /// The vault's folder, where it is in one.
    pub fn vault_dir(&self) -> PathBuf {
        match &self.vault {
            VaultPlace::Own | VaultPlace::Bucket(_) => self.data_dir.join("vault"),
            VaultPlace::Folder(path) => path.clone(),
        }
    }

    /// Where the running node writes what it last saw in its spools.
    pub fn status_file(&self) -> PathBuf {
        self.data_dir.join("status.json")
    }

    /// The time zone of business dates and windows.
    pub fn zone(&self) -> jiff::tz::TimeZone {
        // Checked when the settings were read.
        jiff::tz::TimeZone::get(&self.timezone).unwrap_or(jiff::tz::TimeZone::UTC)
    }

    /// A route by name.
    pub fn route(&self, name: &str) -> Option<&Route> {
        self.routes.iter().find(|r| r.name == name)
    }

    /// Whether nodes work beside each other: on one ledger and one vault that all of them share (D24).
    pub fn several(&self) -> bool {
        self.nodes > 1
    }

    /// Whether another process may take over what this one is in the middle of: another node, or a standby that waits for
    /// this one's lease. Only the lock of the data folder, with the ledger in it, excludes that.
    pub fn may_be_replaced(&self) -> bool {
        self.several() || !self.owns_ledger()
    }

    /// Whether the ledger is in the data folder, which belongs to one process.
    pub fn owns_ledger(&self) -> bool {
        self.ledger == LedgerPlace::File
    }

    /// Whether this node reaches a spool: only such nodes fetch from it, publish into it and put its files away (D24).
    pub fn reaches(&self, spool: &str) -> bool {
        self.spool(spool).is_some_and(|s| s.reached_by.is_empty() || s.reached_by.contains(&self.node))
    }

    /// A spool by name.
    pub fn spool(&self, name: &str) -> Option<&Spool> {
        self.spools.iter().find(|s| s.name == name)
    }
}
