//! What the node last saw, kept for `fpp status`: spools as they were listed, and what is being worked on.

use crate::clock::Clock;
use crate::settings::{Settings, SourceAction};
use crate::telemetry::report::{
    HearingReport, Ignored, LISTED_MAX, NodeReport, OutletReport, PartnerReport, SpoolReport, VaultReport, Waiting,
};
use fpp_spool::{PoolStatus, Reason, Scan};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The report and the file it is written to.
pub(crate) struct Status {
    report: Mutex<NodeReport>,
    file: PathBuf,
    clock: Clock,
    /// Folders in each spool that its routes and flags move files to.
    own_folders: BTreeMap<String, Vec<String>>,
}

fn own_folders(settings: &Settings) -> BTreeMap<String, Vec<String>> {
    let mut folders = BTreeMap::<String, Vec<String>>::new();
    let of_routes = settings.routes.iter().map(|route| (&route.spool, &route.source));
    let of_flags = settings.spools.iter().flat_map(|s| s.day_flags.iter().map(|flag| (&s.name, &flag.source)));
    for (spool, source) in of_routes.chain(of_flags) {
        if let SourceAction::Move { subfolder } = source {
            folders.entry(spool.clone()).or_default().push(subfolder.clone());
        }
    }
    folders
}

impl Status {
    /// An empty report.
    pub(crate) fn new(settings: &Settings, incarnation: &str, clock: Clock) -> Status {
        let report = NodeReport {
            node: settings.node.clone(),
            incarnation: incarnation.to_owned(),
            pid: std::process::id(),
            started_ms: clock.now_ms(),
            ..NodeReport::default()
        };
        Status { report: Mutex::new(report), file: settings.status_file(), clock, own_folders: own_folders(settings) }
    }

    /// Where HTTP listens.
    pub(crate) fn listening(&self, address: std::net::SocketAddr) {
        self.change(|report| report.listen = address.to_string());
    }

    /// A look at a spool.
    pub(crate) fn looked(
        &self,
        spool: &str,
        place: String,
        hearing: Option<&HearingReport>,
        looked: Result<&Scan, String>,
    ) {
        let scanned_ms = self.clock.now_ms();
        self.change(|report| {
            let entry = report.spools.entry(spool.to_owned()).or_default();
            entry.place = place;
            entry.scanned_ms = scanned_ms;
            entry.hearing = hearing.cloned();
            match looked {
                Ok(scan) => fill(entry, scan, self.own_folders.get(spool).map_or(&[], Vec::as_slice)),
                Err(error) => entry.error = error,
            }
        });
    }

    /// Another node looks into a spool.
    pub(crate) fn watched_by(&self, spool: &str, place: String, holder: String) {
        self.change(|report| {
            let entry = report.spools.entry(spool.to_owned()).or_default();
            (entry.place, entry.watched_by) = (place, holder);
            (entry.entries, entry.in_parts, entry.error) = (0, 0, String::new());
            entry.waiting.clear();
            entry.waiting_of.clear();
            entry.ignored.clear();
        });
    }

    /// A spool was swept: the temporary files that are left.
    pub(crate) fn swept(&self, spool: &str, place: String, left: Result<Vec<String>, String>) {
        let scanned_ms = self.clock.now_ms();
        self.change(|report| {
            let entry = report.spools.entry(spool.to_owned()).or_default();
            entry.place = place;
            entry.scanned_ms = scanned_ms;
            match left {
                Ok(left) => {
                    name_temporaries(entry, &left);
                    entry.error.clear();
                }
                Err(error) => entry.error = error,
            }
        });
    }

    /// How a partner is.
    pub(crate) fn partner(&self, spool: &str, status: PoolStatus) {
        let agreed = status.negotiated.unwrap_or_default();
        let partner = PartnerReport {
            address: agreed.address,
            server: agreed.server,
            exchange: agreed.exchange,
            host_key: agreed.host_key,
            ciphers: agreed.ciphers.into(),
            macs: agreed.macs.into(),
            fsync: agreed.fsync,
            logins: status.connected,
            broken: status.broken,
            left_alone: status.left_alone.unwrap_or_default(),
        };
        self.change(|report| {
            report.spools.entry(spool.to_owned()).or_default().partner = Some(partner);
        });
    }

    /// How an outlet is: since when it is down, and what it said, if it is.
    pub(crate) fn outlet(&self, name: &str, kind: &str, down: Option<(i64, &str)>) {
        let (down_since_ms, error) = (down.map(|(since, _)| since), down.map_or("", |(_, error)| error).to_owned());
        let now = OutletReport { kind: kind.to_owned(), down_since_ms, error };
        if self.lock().outlets.get(name) != Some(&now) {
            self.change(|report| drop(report.outlets.insert(name.to_owned(), now)));
        }
    }

    /// The vault was swept of what nothing needs.
    pub(crate) fn kept(&self, removed: u64, bytes: u64, kept: u64) {
        let swept_ms = self.clock.now_ms();
        self.change(|report| report.vault = Some(VaultReport { swept_ms, removed, bytes, kept }));
    }

    /// Intake pauses for want of space, or goes on.
    pub(crate) fn space(&self, wanting: bool) {
        self.change(|report| report.no_space = wanting);
    }

    /// Work begins or ends.
    pub(crate) fn working(&self, lease: &str, begins: bool) {
        self.change(|report| {
            report.working.retain(|w| w != lease);
            if begins {
                report.working.push(lease.to_owned());
            }
        });
    }

    /// As it stands.
    pub(crate) fn report(&self) -> NodeReport {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, NodeReport> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut NodeReport)) {
        let mut report = self.lock();
        let before = report.clone();
        change(&mut report);
        if *report == before {
            return;
        }
        report.written_ms = self.clock.now_ms();
        if let Err(error) = report.write(&self.file) {
            tracing::warn!("{error}");
        }
    }
}

/// `own` are folders that routes move their files to: of these nobody needs to hear.
fn fill(report: &mut SpoolReport, scan: &Scan, own: &[String]) {
    report.watched_by.clear();
    report.error.clear();
    report.entries = scan.names;
    report.in_parts = scan.part.map_or(0, |part| part.wanted);
    report.waiting_of.clear();
    for (_, waiting) in &scan.waiting {
        *report.waiting_of.entry(waiting.route.clone()).or_default() += 1;
    }
    report.waiting = scan
        .waiting
        .iter()
        .take(LISTED_MAX)
        .map(|(name, w)| Waiting { name: name.clone(), route: w.route.clone(), reason: w.why.clone() })
        .collect();
    let ignored = scan.ignored.iter().filter_map(|(reason, (count, examples))| {
        let is_own = |name: &&String| *reason == Reason::Folder && own.contains(name);
        let (known, examples): (Vec<_>, Vec<_>) = examples.iter().partition(is_own);
        let count = count.saturating_sub(known.len() as u64);
        let examples = examples.into_iter().cloned().collect();
        (count > 0).then(|| (reason.to_string(), Ignored { count, examples }))
    });
    report.ignored = ignored.collect();
    name_temporaries(report, &scan.temporaries);
}

fn name_temporaries(report: &mut SpoolReport, left: &[String]) {
    report.temporaries = left.iter().take(LISTED_MAX).cloned().collect();
    report.temporaries_more = (left.len() - report.temporaries.len()) as u64;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_in_which_everything_waits_is_counted_and_not_listed() {
        let waiting = |n: usize| {
            let why = format!("its marker PM{n:06}.OK is not there");
            let route = if n.is_multiple_of(4) { "gold" } else { "silver" };
            let (waited, settling) = (std::time::Duration::ZERO, false);
            (format!("PM{n:06}"), fpp_spool::Waiting { route: route.into(), why, waited, settling })
        };
        let temporaries = (0..2_000).map(|n| format!(".A{n}.n1.1.part")).collect();
        let part = Some(fpp_spool::Part { wanted: 250_000, ends: false });
        let scan = Scan { waiting: (0..100_000).map(waiting).collect(), temporaries, part, ..Scan::default() };
        let mut report = SpoolReport::default();
        fill(&mut report, &scan, &[]);
        assert_eq!((report.waiting.len(), report.waiting_total(), report.in_parts), (LISTED_MAX, 100_000, 250_000));
        assert_eq!((report.waiting_of["gold"], report.waiting_of["silver"]), (25_000, 75_000));
        assert_eq!((report.temporaries.len(), report.temporaries_more), (LISTED_MAX, 1_900));
        fill(&mut report, &Scan::default(), &[]);
        assert_eq!(report, SpoolReport::default());
    }

    #[test]
    fn folders_that_routes_move_files_to_are_not_told_as_ignored() {
        let scan = |folders: &[&str]| Scan {
            ignored: [(Reason::Folder, (folders.len() as u64, folders.iter().map(|f| (*f).to_owned()).collect()))]
                .into(),
            ..Scan::default()
        };
        let (mut report, own) = (SpoolReport::default(), ["done".to_owned()]);
        fill(&mut report, &scan(&["done"]), &own);
        assert!(report.ignored.is_empty());
        fill(&mut report, &scan(&["done", "old"]), &own);
        assert_eq!(report.ignored["folder"], Ignored { count: 1, examples: vec!["old".to_owned()] });
    }
}
