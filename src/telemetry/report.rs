//! What a running node last saw, as it writes it to `status.json` for `fpp status`: the books tell what happened to
//! files, this tells what is not in the books.
//!
//! Every name that is not worked on has a reason and a count (I12); of what waits and of temporary files (I9) the first are
//! named, and the others counted.

use crate::error::Error;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

/// A node's last look around.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NodeReport {
    /// Node.
    pub node: String,
    /// Its present run.
    pub incarnation: String,
    /// Process.
    pub pid: u32,
    /// When it started.
    pub started_ms: i64,
    /// When this was written.
    pub written_ms: i64,
    /// HTTP address it listens on.
    pub listen: String,
    /// Transfers and deliveries being worked on.
    pub working: Vec<String>,
    /// New files wait because there is too little space for them.
    #[serde(default)]
    pub no_space: bool,
    /// The last sweep of the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vault: Option<VaultReport>,
    /// Spools by name.
    pub spools: BTreeMap<String, SpoolReport>,
    /// Outlets that events are pushed to, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outlets: BTreeMap<String, OutletReport>,
}

/// How an outlet is, as this node sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutletReport {
    /// Its kind.
    pub kind: String,
    /// Since when it does not answer, and is left alone; nothing while it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down_since_ms: Option<i64>,
    /// What it said last; empty while it answers.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub error: String,
}

/// Names that are listed of one kind; of the rest there is a count, so that a folder with a million names costs no more.
pub const LISTED_MAX: usize = 100;

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl SpoolReport {
    /// Files that wait, all of them.
    pub fn waiting_total(&self) -> u64 {
        self.waiting_of.values().sum()
    }
}

/// What a sweep of the vault did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VaultReport {
    /// When.
    pub swept_ms: i64,
    /// Contents that went, because nothing needs them and their time is over.
    pub removed: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Contents that stay.
    pub kept: u64,
}

/// The last scan of one spool.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SpoolReport {
    /// Where it is, for people.
    pub place: String,
    /// The node, and its run, that looks into it; empty when it is this one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub watched_by: String,
    /// When it was scanned.
    pub scanned_ms: i64,
    /// Why the last scan failed; empty when it did not.
    pub error: String,
    /// Names seen.
    pub entries: u64,
    /// Names that routes want, where they are too many for one look: the folder is looked at in parts, and what waits is told
    /// of the last one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub in_parts: u64,
    /// Files that are not ready yet, and what they wait for: the first ones.
    pub waiting: Vec<Waiting>,
    /// How many wait, by route.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub waiting_of: BTreeMap<String, u64>,
    /// Names that are not worked on, by reason.
    pub ignored: BTreeMap<String, Ignored>,
    /// Temporary files of this installation that are still there: the first ones.
    pub temporaries: Vec<String>,
    /// How many more there are.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub temporaries_more: u64,
    /// How changes are heard of, for a local folder that a route reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hearing: Option<HearingReport>,
    /// How the partner is, for a folder over SFTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<PartnerReport>,
}

/// How changes of a local folder are heard of: the system's notifications, and looks at intervals whatever they say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HearingReport {
    /// How often notifications were lost since the start, by an overflow of the system's queue or an error.
    pub lost: u64,
    /// Looks since the start that no notification asked for.
    pub rescans: u64,
    /// The interval of those.
    pub rescan_ms: u64,
    /// Why what changes is not heard of, or not all of it; empty when it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub deaf: String,
}

/// How a partner over SFTP is, and what was agreed on at the last login; empty words before the first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerReport {
    /// The address that let us in.
    pub address: String,
    /// What the server calls itself.
    pub server: String,
    /// Key exchange.
    pub exchange: String,
    /// Kind of host key.
    pub host_key: String,
    /// Cipher, to the partner and from it.
    pub ciphers: Vec<String>,
    /// Message code, to the partner and from it; empty where the cipher has its own.
    #[serde(default)]
    pub macs: Vec<String>,
    /// Whether files can be made durable there; nothing before the first was written.
    pub fsync: Option<bool>,
    /// Logins since the start.
    pub logins: u64,
    /// Sessions that broke.
    pub broken: u64,
    /// Why it is left alone for a while; empty when it is not.
    pub left_alone: String,
}

/// A file that is not ready.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// File.
    pub name: String,
    /// Route, when one wants it.
    pub route: String,
    /// What it waits for.
    pub reason: String,
}

/// Names passed over for one reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ignored {
    /// How many.
    pub count: u64,
    /// A few of them.
    pub examples: Vec<String>,
}

impl NodeReport {
    /// Writes it beside its place and renames it, so that a reader never sees half of it.
    pub fn write(&self, file: &Path) -> Result<(), Error> {
        let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let fault = |error: std::io::Error| {
            Error::internal(format!("the status cannot be written to {}", file.display())).caused_by(error)
        };
        let bytes = serde_json::to_vec_pretty(self)
            .map_err(|error| Error::internal("the status is no JSON").caused_by(error))?;
        let mut temporary = tempfile::NamedTempFile::new_in(folder).map_err(fault)?;
        temporary.write_all(&bytes).map_err(fault)?;
        temporary.persist(file).map_err(|error| fault(error.error))?;
        Ok(())
    }

    /// Reads it; nothing when no node has written one.
    pub fn read(file: &Path) -> Option<NodeReport> {
        let bytes = std::fs::read(file).ok()?;
        serde_json::from_slice(&bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("status.json");
        assert_eq!(NodeReport::read(&file), None);
        let mut report = NodeReport { node: "a".into(), ..NodeReport::default() };
        let ignored = Ignored { count: 7, examples: vec!["x.tmp".into()] };
        let spool = SpoolReport { ignored: [("no route".to_owned(), ignored)].into(), ..SpoolReport::default() };
        report.spools.insert("core-out".into(), spool);
        report.write(&file).unwrap();
        assert_eq!(NodeReport::read(&file), Some(report));
    }
}
