//! Everything that can be seen of nodes from outside and in their books, gathered at one moment.
//!
//! A look reads rows, names and bytes. A whole look reads every journal besides, has the ledger prove itself, and has the
//! vault check each content that the books name.

use crate::support::core::CoreFile;
use crate::support::settled::transfers;
use fpp::delivery::outlet::lane;
use fpp::ledger::Ledger;
use fpp::ledger::change::JournalRow;
use fpp::ledger::delivery::{Delivery, Purpose};
use fpp::ledger::lease::LeaseKey;
use fpp::ledger::transfer::Transfer;
use fpp::telemetry::report::NodeReport;
use fpp::vault::Vault;
use fpp_spool::{Algorithm, Digest};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the outside is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    /// The folder that the core drops into; `done` below it takes what is put away.
    pub(crate) source: PathBuf,
    /// The folders that deliveries go to, by spool.
    pub(crate) spools: BTreeMap<String, PathBuf>,
    /// Where a partner keeps what it took, if it keeps that in a folder.
    pub(crate) taken: Option<PathBuf>,
    /// Folders of vaults, in which nothing but what is finished may stay.
    pub(crate) rooms: Vec<PathBuf>,
    /// Folders in which nothing may stay.
    pub(crate) scratch: Vec<PathBuf>,
    /// What the nodes say of themselves.
    pub(crate) statuses: Vec<PathBuf>,
    /// The key of the ledger's seals, where it has any.
    pub(crate) seal_key: Option<Vec<u8>>,
}

impl Places {
    /// The sample's folders below a root; vault and statuses are the caller's to add.
    pub(crate) fn below(root: &Path) -> Places {
        let spools = [("core-in", "core/in"), ("services", "services")];
        Places {
            source: root.join("core/out"),
            spools: spools.map(|(spool, path)| (spool.to_owned(), root.join(path))).into(),
            ..Places::default()
        }
    }

    /// Temporary files, by path.
    pub(crate) fn temporaries(&self) -> Vec<String> {
        let mut left: BTreeSet<String> = BTreeSet::new();
        for folder in self.spools.values().chain([&self.source]).chain(&self.rooms) {
            let is_temporary = |path: &PathBuf| {
                let below = path.strip_prefix(folder).unwrap();
                let name = name_of(path);
                name.starts_with('.') || name.ends_with(".part") || below.iter().any(|part| part == "tmp")
            };
            left.extend(all_files(folder).into_iter().filter(is_temporary).map(|path| path.display().to_string()));
        }
        let scratch = self.scratch.iter().flat_map(|folder| all_files(folder));
        left.extend(scratch.map(|path| path.display().to_string()));
        left.into_iter().collect()
    }
}

/// A file that a partner took.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) name: String,
    pub(crate) bytes: Arc<Vec<u8>>,
    pub(crate) sha256: String,
    /// Its checksum file stood beside it and agreed.
    pub(crate) proven: bool,
}

impl Taken {
    /// With what its checksum file said.
    pub(crate) fn new(name: &str, bytes: Vec<u8>, checksum: &str) -> Taken {
        let sha256 = Digest::of(Algorithm::Sha256, &bytes).to_string();
        let proven = checksum.split_whitespace().next() == Some(&sha256);
        Taken { name: name.to_owned(), bytes: Arc::new(bytes), sha256, proven }
    }
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evidence {
    /// What the core dropped, and what must come of it.
    pub(crate) dropped: Vec<CoreFile>,
    /// Outlets of files that each transfer goes to.
    pub(crate) outlets: usize,
    /// Partners take what is delivered.
    pub(crate) partners_take: bool,
    pub(crate) transfers: Vec<Transfer>,
    pub(crate) deliveries: Vec<Delivery>,
    /// The ledger's last publication number.
    pub(crate) publication: u64,
    /// Names in the source's folder.
    pub(crate) source: BTreeSet<String>,
    /// Files that are put away.
    pub(crate) done: BTreeMap<String, Vec<u8>>,
    /// Files in each spool that deliveries go to.
    pub(crate) spools: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
    /// What partners took, each time they did.
    pub(crate) taken: Vec<Taken>,
    /// What the vault says of each content that the books name: nothing when it is well.
    pub(crate) vault: BTreeMap<String, Option<String>>,
    /// What each consumer received, in its order.
    pub(crate) received: Vec<(String, Vec<String>)>,
    /// What outlets took that events are pushed to, each in its order: transfer, and the event's JSON.
    pub(crate) targets: BTreeMap<String, Vec<(String, String)>>,
    /// Temporary files, by path.
    pub(crate) temporaries: Vec<String>,
    /// Those that a status names.
    pub(crate) named: BTreeSet<String>,
    /// Names in the source's folder that a status gives a reason for, and counts of more.
    pub(crate) ignored: BTreeSet<String>,
    pub(crate) ignored_count: u64,
    /// Most bytes of memory that each process had.
    pub(crate) memory: Vec<(String, u64)>,
    /// All journals were read and proven.
    pub(crate) is_whole: bool,
    pub(crate) journals: BTreeMap<String, Vec<JournalRow>>,
    /// The epoch of each lease on a transfer or delivery.
    pub(crate) epochs: BTreeMap<String, u64>,
    /// Rejects of each transfer.
    pub(crate) rejects: BTreeMap<String, u64>,
    /// What the ledger's own proof found.
    pub(crate) broken: Option<String>,
}

impl Evidence {
    /// A look.
    pub(crate) async fn of(places: &Places, ledger: &dyn Ledger, vault: &dyn Vault, dropped: &[CoreFile]) -> Evidence {
        // Folders first: what is seen outside must be in books that are read later.
        let mut evidence = Evidence { dropped: dropped.to_vec(), ..Evidence::default() };
        evidence.look_outside(places);
        evidence.publication = ledger.last_publication().await.unwrap();
        evidence.transfers = transfers(ledger).await;
        evidence.deliveries = ledger.deliveries(None, 1_000).await.unwrap();
        let numbers = evidence.transfers.iter().filter_map(|t| t.publication);
        evidence.publication = evidence.publication.max(numbers.max().unwrap_or(0));
        let named = evidence.transfers.iter().flat_map(|t| [t.facts.sha256.clone(), t.facts.ids.clone()]);
        for sha256 in named.flatten() {
            let said = match vault.holds(&sha256) {
                Ok(true) => None,
                Ok(false) => Some("it is not there".to_owned()),
                Err(error) => Some(error.to_string()),
            };
            evidence.vault.insert(sha256, said);
        }
        evidence
    }

    /// A whole look.
    pub(crate) async fn whole(
        places: &Places,
        ledger: &dyn Ledger,
        vault: &dyn Vault,
        dropped: &[CoreFile],
    ) -> Evidence {
        let mut evidence = Evidence::of(places, ledger, vault, dropped).await;
        evidence.look_closer(places);
        let of_transfers = evidence.transfers.iter().map(|t| format!("transfer:{}", t.id));
        let of_deliveries = evidence.deliveries.iter().map(|d| format!("delivery:{}", d.id));
        for subject in of_transfers.chain(of_deliveries).collect::<Vec<_>>() {
            // Postings are worked on under the lease of their lane.
            let posting = evidence
                .deliveries
                .iter()
                .find(|d| d.purpose == Purpose::Posting && subject == format!("delivery:{}", d.id));
            let lane = posting.map(|d| lane(&d.spool, d.name.split('/').next().unwrap_or_default()));
            let lease = ledger.lease(&LeaseKey(lane.unwrap_or_else(|| subject.clone()))).await.unwrap();
            evidence.epochs.insert(subject.clone(), lease.map_or(0, |lease| lease.epoch));
            let rows = ledger.journal(&subject).await.unwrap();
            evidence.journals.insert(subject, rows);
        }
        for transfer in &evidence.transfers {
            let rejects = ledger.rejects(&transfer.id, 0, 100_000).await.unwrap().len() as u64;
            evidence.rejects.insert(transfer.id.0.clone(), rejects);
        }
        evidence.broken = ledger.verify(places.seal_key.as_deref()).await.unwrap().broken;
        let sent = evidence.deliveries.iter().map(|d| d.sha256.clone());
        for sha256 in evidence.vault.keys().cloned().chain(sent).collect::<Vec<_>>() {
            let said = vault.open(&sha256).and_then(|content| content.check()).err().map(|e| e.to_string());
            evidence.vault.insert(sha256, said);
        }
        evidence.is_whole = true;
        evidence
    }

    fn look_outside(&mut self, places: &Places) {
        self.source = files(&places.source).into_iter().map(|path| name_of(&path)).collect();
        for (spool, folder) in &places.spools {
            self.spools.insert(spool.clone(), contents(folder));
        }
        if let Some(folder) = &places.taken {
            self.look_at_taken(&contents(folder));
        }
    }

    /// What takes longer: what is put away, what is left anywhere, what the statuses say.
    fn look_closer(&mut self, places: &Places) {
        self.done = contents(&places.source.join("done"));
        self.temporaries = places.temporaries();
        for report in places.statuses.iter().filter_map(|file| NodeReport::read(file)) {
            for spool in report.spools.into_values() {
                self.named.extend(spool.temporaries);
                self.ignored.extend(spool.waiting.into_iter().map(|waiting| waiting.name));
                for ignored in spool.ignored.into_values() {
                    self.ignored_count += ignored.count;
                    self.ignored.extend(ignored.examples);
                }
            }
        }
    }

    /// What a partner keeps: data files with their checksum files.
    fn look_at_taken(&mut self, found: &BTreeMap<String, Vec<u8>>) {
        for (name, bytes) in found.iter().filter(|(name, _)| !name.ends_with(".sha256") && !name.ends_with(".OK")) {
            let checksum = found.get(&format!("{name}.sha256")).map(|line| String::from_utf8_lossy(line));
            self.taken.push(Taken::new(name, bytes.clone(), &checksum.unwrap_or_default()));
        }
    }

    /// What a consumer received.
    pub(crate) fn with_received(mut self, who: &str, lines: Vec<String>) -> Evidence {
        self.received.push((who.to_owned(), lines));
        self
    }

    /// What an outlet has that events are pushed to.
    pub(crate) fn with_target(mut self, outlet: &str, took: Vec<(String, String)>) -> Evidence {
        self.targets.insert(outlet.to_owned(), took);
        self
    }

    /// What partners took.
    pub(crate) fn with_taken(mut self, taken: &[Taken]) -> Evidence {
        self.taken.extend(taken.iter().cloned());
        self.partners_take = true;
        self
    }

    /// The transfers of a file.
    pub(super) fn of_file(&self, name: &str) -> Vec<&Transfer> {
        self.transfers.iter().filter(|t| t.name == name).collect()
    }

    /// The bytes of a delivery wherever they are: in its folder, or with the partner.
    pub(super) fn bytes_of(&self, delivery: &Delivery) -> Vec<&[u8]> {
        let there = self.spools.get(&delivery.spool).and_then(|names| names.get(&delivery.name));
        let taken = self.taken.iter().filter(|taken| taken.name == delivery.name).map(|taken| &*taken.bytes);
        there.into_iter().chain(taken).map(Vec::as_slice).collect()
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Files of a folder; what goes while it is looked at is not there.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(|e| e.file_type().is_ok_and(|kind| kind.is_file())).map(|e| e.path()).collect()
}

fn all_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = files(folder);
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for inner in entries.filter(|e| e.file_type().is_ok_and(|kind| kind.is_dir())) {
        found.extend(all_files(&inner.path()));
    }
    found
}

fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let read = |path: PathBuf| Some((name_of(&path), fs::read(&path).ok()?));
    files(folder).into_iter().filter_map(read).collect()
}
