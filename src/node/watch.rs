//! Watches the spools that routes read: a listing at every notification and every `rescan_ms`, whatever the watch says.
//! Of several nodes that reach a spool one lists it at a time; when it cannot, or stands still, another one does.
//!
//! A missed or overflowed notification, a network folder or a partner's folder costs time, never a file. What is waiting
//! or ignored, and why, goes into the status file (I12).

use super::claimer::Held;
use super::overdue::Told;
use super::rooms::Rooms;
use crate::backoff;
use crate::blocking::blocking;
use crate::error::{Class, Error, Result};
use crate::inbound::flag::DayFlag;
use crate::inbound::{arrival, flag};
use crate::ledger::change::{Change, NewNotice};
use crate::ledger::desk::{SwitchKind, is_paused};
use crate::ledger::lease::LeaseKey;
use crate::settings::{Spool, SpoolKind};
use fpp_codecs::Code;
use fpp_spool::{Folder, Scan, Scanner, Watch};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch as signal};
use tokio::task::JoinSet;

/// Starts one watch for each spool that a route reads.
pub(super) fn start(
    services: &mut JoinSet<Result<()>>,
    rooms: &Arc<Rooms>,
    stopped: &signal::Receiver<bool>,
) -> Result<()> {
    for spool in &rooms.settings.spools {
        let rules = super::compose::scan_rules(rooms, spool)?;
        let folder = rooms.deliveries.folders.get(&spool.name).cloned();
        if let (Some(rules), Some(folder)) = (rules, folder) {
            let watcher = Watcher {
                rooms: rooms.clone(),
                spool: spool.clone(),
                folder,
                scanner: Some(Scanner::new(rules)),
                flags: super::compose::day_flags(spool)?,
                booked: HashSet::new(),
                raised: BTreeMap::new(),
                overdue: Told::default(),
                failures: 0,
                told: false,
                cut: None,
                held: None,
            };
            services.spawn(watcher.run(stopped.clone()));
        }
    }
    Ok(())
}

struct Watcher {
    rooms: Arc<Rooms>,
    spool: Spool,
    folder: Arc<dyn Folder>,
    scanner: Option<Scanner>,
    /// The core's flags, by what the scanner calls them.
    flags: BTreeMap<String, DayFlag>,
    /// Keys of the last listing that are in the books, so that a file left in place is not booked at every look.
    booked: HashSet<String>,
    /// Keys of the last listing's flags, and whether nothing is left to do about them.
    raised: BTreeMap<String, bool>,
    /// What waits too long and was told.
    overdue: Told,
    /// Looks that failed since the last good one.
    failures: u32,
    /// A notice about them is raised.
    told: bool,
    /// Whether the last listing was cut at `list_max`; nothing before the first look.
    cut: Option<bool>,
    /// The lease of the watch, where other nodes could have it.
    held: Option<Held>,
}

impl Watcher {
    async fn run(mut self, mut stopped: signal::Receiver<bool>) -> Result<()> {
        let woken = Arc::new(Notify::new());
        let mut watch = self.notifications(&woken);
        let rescan = Duration::from_millis(self.rooms.settings.work.rescan_ms.max(50));
        loop {
            let settling = match self.look_if_ours().await {
                Ok(waiting) => waiting,
                Err(error) => {
                    self.failed(&error).await;
                    // Another node may see more.
                    self.give_back().await;
                    false
                }
            };
            // The folder was removed or renamed and may have come back: the old watch would stay silent for ever.
            if watch.as_ref().is_some_and(Watch::ended) {
                watch = self.notifications(&woken);
            }
            // A file or marker that is settling is looked at again soon, so that its quiet time is not rounded up; a spool that
            // cannot be read is left in peace for longer and longer.
            let pause = match self.failures {
                0 if settling => rescan.min(Duration::from_millis(250)),
                0 => rescan,
                n => rescan.max(Duration::from_millis(backoff::pause_ms(n - 1).unsigned_abs())),
            };
            tokio::select! {
                _ = stopped.wait_for(|s| *s) => break,
                () = woken.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        drop(watch);
        self.give_back().await;
        Ok(())
    }

    async fn give_back(&mut self) {
        if let Some(held) = self.held.take() {
            held.release().await;
        }
    }

    /// Looks, unless another node does.
    async fn look_if_ours(&mut self) -> Result<bool> {
        if self.rooms.settings.several() && self.held.as_ref().is_none_or(|held| !held.beats()) {
            let key = LeaseKey(format!("watch:{}", self.spool.name));
            self.held = self.rooms.claimer.claim(&key).await?;
            if self.held.is_none() {
                let holder = self.rooms.ledger.lease(&key).await?.map(|lease| lease.holder).unwrap_or_default();
                self.rooms.status.watched_by(&self.spool.name, self.folder.describe(), holder);
                return Ok(false);
            }
        }
        self.look().await
    }

    /// Operating-system notifications for a local folder; without them the rescan finds everything.
    fn notifications(&self, woken: &Arc<Notify>) -> Option<Watch> {
        let SpoolKind::Local { path } = &self.spool.kind else { return None };
        let bell = woken.clone();
        match Watch::start(path, move || bell.notify_one()) {
            Ok(watch) => Some(watch),
            Err(error) => {
                tracing::warn!(spool = self.spool.name, "no notifications, only rescans: {error}");
                None
            }
        }
    }

    /// One look; true when something waits for nothing but to be seen unchanged for long enough. One that waits for its
    /// marker may wait for days: looking more often does not help it.
    async fn look(&mut self) -> Result<bool> {
        if is_paused(&self.rooms.ledger.pauses().await?, SwitchKind::Partner, &self.spool.name) {
            return Ok(false);
        }
        let Some(mut scanner) = self.scanner.take() else {
            return Err(Error::internal("a look at a spool did not end"));
        };
        let (folder, limit) = (self.folder.clone(), self.spool.list_max);
        let (scanner, scan) = blocking(move || {
            let scan = folder.list(limit).map(|entries| scanner.scan(&*folder, &entries, Instant::now()));
            Ok((scanner, scan))
        })
        .await?;
        let scanner = self.scanner.insert(scanner);
        let scan = scan?;
        let told = self.overdue.tell(&self.rooms, &self.spool, &scan, scanner).await;
        self.tell_cut(scan.truncated).await?;
        self.raise_flags(&scan).await;
        self.book(&scan).await?;
        told?;
        self.rooms.status.looked(&self.spool.name, self.folder.describe(), Ok(&scan));
        self.failures = 0;
        self.told = false;
        Ok(scan.waiting.iter().any(|(_, waiting)| waiting.settling))
    }

    /// A folder with more names than are looked at: files may stand there that nobody sees. Told when it begins to be so, and
    /// its notice is closed when it ends, also one of a former life of the node.
    async fn tell_cut(&mut self, cut: bool) -> Result<()> {
        if self.cut == Some(cut) {
            return Ok(());
        }
        let (name, most) = (&self.spool.name, self.spool.list_max);
        let change = if cut {
            tracing::error!(spool = name, list_max = most, "more names than list_max: not all are looked at");
            Change::Raise(NewNotice {
                severity: "error".into(),
                topic: "listing".into(),
                subject: name.clone(),
                code: Code::FOLDER.0,
                text: format!(
                    "spool {name} has {most} names or more, and is not read further: files may stand there that are not seen. \
                     Move old files away (`source = \"move\"`, or by hand), or raise `list_max` and restart."
                ),
            })
        } else {
            let by = "fpp: it is read to its end".to_owned();
            Change::CloseNotice { topic: "listing".into(), subject: name.clone(), by }
        };
        self.rooms.ledger.apply(None, self.rooms.clock.now_ms(), &[change]).await?;
        self.cut = Some(cut);
        Ok(())
    }

    /// A person hears once of an outage: at once of what no other attempt mends, else when it lasts.
    async fn failed(&mut self, error: &Error) {
        self.failures += 1;
        let name = &self.spool.name;
        // It says nothing about the spool.
        if self.rooms.outage.tells(name, error) {
            return;
        }
        tracing::warn!(spool = name, attempt = self.failures, "cannot be read: {error}");
        self.rooms.status.looked(name, self.folder.describe(), Err(error.to_string()));
        let halt = error.class == Class::Halt || error.is_refusal();
        if self.told || !(halt || self.failures >= backoff::QUIET_ATTEMPTS) {
            return;
        }
        let notice = Change::Raise(NewNotice {
            severity: if halt { "error".into() } else { "warn".into() },
            topic: "spool".into(),
            subject: name.clone(),
            code: error.code.0,
            text: format!("spool {name} cannot be read: {error}"),
        });
        match self.rooms.ledger.apply(None, self.rooms.clock.now_ms(), &[notice]).await {
            Ok(_) => self.told = true,
            Err(error) => tracing::error!(spool = name, "no notice can be raised: {error}"),
        }
    }

    /// The core's flags: those that open come first, so that a day whose flags are seen together is closed in the end. One
    /// that could not be dealt with is tried again at the next look, and a person hears of it once.
    async fn raise_flags(&mut self, scan: &Scan) {
        let flags = |open: bool| {
            let of = scan.arrivals.iter().filter_map(|seen| Some((seen, self.flags.get(&seen.route)?)));
            of.filter(move |(_, flag)| flag.open == open)
        };
        let mut raised = BTreeMap::new();
        for (seen, flag) in flags(true).chain(flags(false)) {
            let done = match self.raised.get(&seen.key) {
                Some(true) => true,
                before => {
                    let acted = flag::act(&self.rooms.inbound, &self.spool.name, self.folder.clone(), flag, seen).await;
                    match acted {
                        Ok(()) => {
                            self.flag_is_done(&seen.entry.name).await;
                            true
                        }
                        Err(error) => {
                            tracing::warn!(spool = self.spool.name, file = seen.entry.name, "a flag waits: {error}");
                            if before.is_none() {
                                self.flag_waits(&seen.entry.name, &error).await;
                            }
                            false
                        }
                    }
                }
            };
            raised.insert(seen.key.clone(), done);
        }
        self.raised = raised;
    }

    /// Also where it waited in a former life of the node.
    async fn flag_is_done(&self, name: &str) {
        let (subject, by) = (format!("{}/{name}", self.spool.name), "fpp: it is dealt with".to_owned());
        let closed = Change::CloseNotice { topic: "flag".into(), subject, by };
        if let Err(error) = self.rooms.ledger.apply(None, self.rooms.clock.now_ms(), &[closed]).await {
            tracing::warn!(spool = self.spool.name, "the notice of a flag cannot be closed: {error}");
        }
    }

    async fn flag_waits(&self, name: &str, error: &Error) {
        let notice = Change::Raise(NewNotice {
            severity: "warn".into(),
            topic: "flag".into(),
            subject: format!("{}/{name}", self.spool.name),
            code: error.code.0,
            text: format!("the flag {name} in spool {} is not dealt with yet: {error}", self.spool.name),
        });
        if let Err(error) = self.rooms.ledger.apply(None, self.rooms.clock.now_ms(), &[notice]).await {
            tracing::error!(spool = self.spool.name, "no notice can be raised: {error}");
        }
    }

    async fn book(&mut self, scan: &Scan) -> Result<()> {
        let mut booked = HashSet::with_capacity(scan.arrivals.len());
        let mut new = false;
        for ready in scan.arrivals.iter().filter(|a| !self.flags.contains_key(&a.route)) {
            if !self.booked.contains(&ready.key) && arrival::book(&self.rooms.inbound, &self.spool.name, ready).await? {
                tracing::info!(
                    spool = self.spool.name,
                    file = ready.entry.name,
                    route = ready.route,
                    bytes = ready.entry.size,
                    "arrived"
                );
                new = true;
            }
            booked.insert(ready.key.clone());
        }
        self.booked = booked;
        if new {
            self.rooms.bell.ring();
        }
        Ok(())
    }
}
