//! Watches the spools that routes read: a listing at every notification and every `rescan_ms`, whatever the watch says.
//! Of several nodes that reach a spool one lists it at a time; when it cannot, or stands still, another one does.
//!
//! A missed or overflowed notification, a network folder or a partner's folder costs time, never a file. What is waiting
//! or ignored, and why, goes into the status file (I12).

use super::claimer::Held;
use super::day_flags::{Flags, Watched};
use super::hearing::Hearing;
use super::overdue::Told;
use super::rooms::Rooms;
use crate::backoff;
use crate::blocking::blocking;
use crate::error::{Class, Error, Result};
use crate::inbound::arrival;
use crate::ledger::change::{Change, Fence, NewNotice};
use crate::ledger::desk::{SwitchKind, is_paused};
use crate::ledger::lease::LeaseKey;
use crate::ledger::transfer::{TransferId, TransferQuery};
use crate::settings::{self, Spool};
use fpp_codecs::Code;
use fpp_spool::{Asides, Folder, Part, Scan, Scanner};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch as signal;
use tokio::task::JoinSet;

/// So often it is looked whether the books have what they had, besides after every error and when a watch is taken over.
const COMPARED: Duration = Duration::from_secs(60);
/// A source that was set aside for so long, and not dealt with, gets its name again.
const ASIDE: Duration = Duration::from_secs(600);
/// Arrivals that one commit books.
const BOOKED_AT_ONCE: usize = 50;

/// Starts one watch for each spool that a route reads.
pub(super) fn start(
    services: &mut JoinSet<Result<()>>,
    rooms: &Arc<Rooms>,
    stopped: &signal::Receiver<bool>,
) -> Result<()> {
    let rescan = Duration::from_millis(rooms.settings.work.rescan_ms.max(50));
    for spool in &rooms.settings.spools {
        let rules = super::compose::scan_rules(rooms, spool)?;
        let folder = rooms.deliveries.folders.get(&spool.name).cloned();
        if let (Some(rules), Some(folder)) = (rules, folder) {
            let watcher = Watcher {
                rooms: rooms.clone(),
                spool: spool.clone(),
                folder,
                scanner: Some(Scanner::new(rules)),
                flags: Flags::new(super::compose::day_flags(spool)?),
                stopped: stopped.clone(),
                asides: Asides::default(),
                overdue: Told::default(),
                failures: 0,
                told: false,
                in_parts: None,
                held: None,
                newest: None,
                compare_at: None,
                rescan,
                hearing: Hearing::of(spool, rescan),
            };
            services.spawn(watcher.run());
        }
    }
    Ok(())
}

struct Watcher {
    rooms: Arc<Rooms>,
    spool: Spool,
    folder: Arc<dyn Folder>,
    scanner: Option<Scanner>,
    /// The core's flags.
    flags: Flags,
    stopped: signal::Receiver<bool>,
    /// What is set aside here.
    asides: Asides,
    /// What waits too long and was told.
    overdue: Told,
    /// Looks that failed since the last good one.
    failures: u32,
    /// A notice about them is raised.
    told: bool,
    /// Whether the folder is looked at in parts; nothing before the first look.
    in_parts: Option<bool>,
    /// The lease of the watch, where other nodes could have it.
    held: Option<Held>,
    /// The newest file in the books when something was last dealt with here.
    newest: Option<TransferId>,
    /// When it is looked whether the books still have it; at once without a time.
    compare_at: Option<Instant>,
    /// How long nobody looks when nothing is heard.
    rescan: Duration,
    /// How changes are heard of.
    hearing: Hearing,
}

impl Watcher {
    async fn run(mut self) -> Result<()> {
        let (mut stopped, rescan) = (self.stopped.clone(), self.rescan);
        loop {
            let began = Instant::now();
            let looked = match self.hearing.begin().await {
                Ok(()) => self.look_if_ours().await,
                Err(error) => Err(error),
            };
            let settling = match looked {
                Ok(waiting) => waiting,
                // This node stood still for too long; nothing was written, and the new holder looks.
                Err(error) if error.code == Code::STALE_EPOCH => {
                    tracing::warn!(spool = self.spool.name, "another node watches it now: {error}");
                    self.give_back().await;
                    false
                }
                Err(error) => {
                    self.failed(&error).await;
                    // Whoever mends the books may have put older ones there.
                    self.compare_at = None;
                    // Another node may see more.
                    self.give_back().await;
                    false
                }
            };
            // A file or marker that is settling is looked at again soon, so that its quiet time is not rounded up; a spool that
            // cannot be read is left in peace for longer and longer.
            let pause = match self.failures {
                0 if settling => rescan.min(Duration::from_millis(250)),
                0 => rescan,
                n => rescan.max(Duration::from_millis(backoff::pause_ms(n - 1).unsigned_abs())),
            };
            // A look that takes long is not all that partner and disk have to do.
            let took = Some(began.elapsed()).filter(|took| *took > rescan);
            tokio::select! {
                _ = stopped.wait_for(|s| *s) => break,
                () = self.hearing.change(), if took.is_none() => {}
                () = tokio::time::sleep(took.unwrap_or_default().max(pause)) => self.hearing.rescanned(),
            }
        }
        self.give_back().await;
        Ok(())
    }

    /// For what the watch writes: its lease where other nodes could have it, else that of the node's life.
    fn fence(&self) -> Option<&Fence> {
        self.held.as_ref().map(|held| &held.fence).or(self.rooms.life.get())
    }

    async fn write(&self, change: Change) -> Result<()> {
        self.rooms.ledger.apply(self.fence(), self.rooms.clock.now_ms(), &[change]).await.map(drop)
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
            // Meanwhile others have booked what came.
            self.compare_at = None;
        }
        self.look().await
    }

    /// A look, for the status.
    fn looked(&self, looked: std::result::Result<&Scan, String>) {
        self.rooms.status.looked(&self.spool.name, self.folder.describe(), self.hearing.report(), looked);
    }

    /// Whether the books may be older than what this scanner calls done, because a backup was put in their place: the newest
    /// file that was known when something was last dealt with is not there any more.
    async fn went_back(&mut self) -> Result<bool> {
        if self.compare_at.is_some_and(|at| Instant::now() < at) {
            return Ok(false);
        }
        let gone = match &self.newest {
            Some(newest) => self.rooms.ledger.transfer(newest).await?.is_none(),
            None => false,
        };
        self.compare_at = Some(Instant::now() + COMPARED);
        if gone {
            self.newest = None;
            tracing::info!(
                spool = self.spool.name,
                "the newest file of this spool is not in the books any more, because it was purged or an older copy of them was \
                 put back: what lies there is looked up in them again"
            );
        }
        Ok(gone)
    }

    /// One look; true when something waits for nothing but to be seen unchanged for long enough. One that waits for its
    /// marker may wait for days: looking more often does not help it.
    async fn look(&mut self) -> Result<bool> {
        if is_paused(&self.rooms.ledger.pauses().await?, SwitchKind::Partner, &self.spool.name) {
            return Ok(false);
        }
        let went_back = self.went_back().await?;
        let Some(mut scanner) = self.scanner.take() else {
            return Err(Error::internal("a look at a spool did not end"));
        };
        if went_back {
            scanner.forget_done();
        }
        let (folder, stopped) = (self.folder.clone(), self.stopped.clone());
        let (mut scanner, scan) = blocking(move || {
            let scan = scanner.look(&*folder, &Instant::now, &|| !*stopped.borrow());
            Ok((scanner, scan))
        })
        .await?;
        let scan = match scan {
            Ok(Some(scan)) => scan,
            other => {
                self.scanner = Some(scanner);
                return Ok(other.map(|_| false)?);
            }
        };
        let fence = self.held.as_ref().map(|held| &held.fence).or(self.rooms.life.get());
        let told = self.overdue.tell(&self.rooms, (&self.spool, fence), &scan, &mut scanner).await;
        let place = Watched { rooms: &self.rooms, spool: &self.spool.name, folder: &self.folder, fence };
        let flags = self.flags.raise(&place, &scan, &mut scanner).await;
        let booked = self.book(&scan, &mut scanner).await;
        self.scanner = Some(scanner);
        flags.and(booked)?;
        self.put_back(&scan.asides).await?;
        self.tell_parts(scan.part).await?;
        told?;
        self.looked(Ok(&scan));
        self.failures = 0;
        self.told = false;
        Ok(scan.waiting.iter().any(|(_, waiting)| waiting.settling))
    }

    /// What a dead or late holder left under a hidden name is seen again.
    async fn put_back(&mut self, seen: &[String]) -> Result<()> {
        let mut here = self.rooms.settings.routes.iter().filter(|route| route.spool == self.spool.name);
        let moves = here.any(|route| route.source != settings::SourceAction::Leave) || self.flags.move_away();
        if seen.is_empty() || !moves {
            return Ok(());
        }
        let (folder, mut asides, seen) = (self.folder.clone(), std::mem::take(&mut self.asides), seen.to_vec());
        let (asides, back) = blocking(move || {
            let back = asides.put_back(&*folder, &seen, Instant::now(), ASIDE);
            Ok((asides, back))
        })
        .await?;
        self.asides = asides;
        match back {
            Ok(back) => back.iter().for_each(|file| {
                tracing::warn!(
                    spool = self.spool.name,
                    file,
                    "was set aside and not dealt with: it has its name again"
                );
            }),
            // It says nothing about what arrives.
            Err(error) => tracing::warn!(spool = self.spool.name, "what is set aside has no name: {error}"),
        }
        Ok(())
    }

    /// A folder in which routes want more names than one look takes: a new file is seen later than elsewhere. Told when it
    /// begins to be so, and its notice is closed when it ends, also one of a former life of the node.
    async fn tell_parts(&mut self, part: Option<Part>) -> Result<()> {
        if self.in_parts == Some(part.is_some()) {
            return Ok(());
        }
        let (name, most) = (&self.spool.name, self.spool.list_max);
        let change = if let Some(Part { wanted, .. }) = part {
            let looks = wanted.div_ceil(most as u64).max(2);
            tracing::warn!(spool = name, wanted, list_max = most, "more names than list_max: looked at in parts");
            Change::Raise(NewNotice {
                severity: "warn".into(),
                topic: "listing".into(),
                subject: name.clone(),
                code: Code::FOLDER.0,
                text: format!(
                    "spool {name} has {wanted} names that its routes want, more than list_max = {most}: it is looked at in \
                     {looks} parts, one after the other. Every file is taken, but later. Move old files away \
                     (`source = \"move\"`, or by hand), or raise `list_max` and restart."
                ),
            })
        } else {
            let by = "fpp: one look sees all of it".to_owned();
            Change::CloseNotice { topic: "listing".into(), subject: name.clone(), by }
        };
        self.write(change).await?;
        self.in_parts = Some(part.is_some());
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
        self.looked(Err(error.to_string()));
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
        match self.write(notice).await {
            Ok(()) => self.told = true,
            Err(error) => tracing::error!(spool = name, "no notice can be raised: {error}"),
        }
    }

    /// What is in the books already is done, too: a file that is left where it is has no look at the books any more.
    async fn book(&mut self, scan: &Scan, scanner: &mut Scanner) -> Result<()> {
        let ready: Vec<_> = scan.arrivals.iter().filter(|a| !self.flags.knows(&a.route)).collect();
        for some in ready.chunks(BOOKED_AT_ONCE) {
            let new = arrival::book(&self.rooms.inbound, &self.spool.name, some, self.fence()).await?;
            for (ready, _) in some.iter().zip(&new).filter(|(_, new)| new.is_some()) {
                let (file, route, bytes) = (&ready.entry.name, &ready.route, ready.entry.size);
                tracing::info!(spool = self.spool.name, file, route, bytes, "arrived");
            }
            some.iter().for_each(|ready| scanner.done(ready));
            if let Some(newest) = new.into_iter().flatten().next_back() {
                self.newest = Some(newest);
                self.rooms.bell.ring();
            }
        }
        if self.newest.is_none() && !ready.is_empty() {
            let newest = TransferQuery { limit: 1, ..TransferQuery::default() };
            self.newest = self.rooms.ledger.transfers(&newest).await?.pop().map(|transfer| transfer.id);
        }
        Ok(())
    }
}
