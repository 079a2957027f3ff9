//! How the watch of a spool hears of changes: for a local folder by the system's notifications.
//!
//! Notifications are of the folder that stood under the path when they were asked for. It may be renamed away and back, be
//! mounted over or mounted anew, with the folder above it too, and the system tells of the least of that. So it is looked
//! every second which folder stands there. They are asked for before a look: what comes after that look began is heard of.

use crate::blocking::blocking;
use crate::error::Result;
use crate::settings::{Spool, SpoolKind};
use crate::telemetry::report::HearingReport;
use fpp_spool::{Place, Watch, is_network_fs};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// So often it is looked which folder stands under the path.
const PLACED: Duration = Duration::from_secs(1);

pub(super) struct Hearing {
    spool: String,
    /// Nothing for a folder that no notification is of.
    path: Option<PathBuf>,
    woken: Arc<Notify>,
    watch: Option<Watch>,
    /// What stood there when notifications were last asked for.
    place: Option<Place>,
    /// Lost by watches that ended.
    lost: u64,
    report: HearingReport,
}

impl Hearing {
    pub(super) fn of(spool: &Spool, rescan: Duration) -> Hearing {
        let path = match &spool.kind {
            SpoolKind::Local { path } => Some(path.clone()),
            _ => None,
        };
        let rescan_ms = u64::try_from(rescan.as_millis()).unwrap_or(u64::MAX);
        let report = HearingReport { rescan_ms, ..HearingReport::default() };
        let (spool, woken) = (spool.name.clone(), Arc::default());
        Hearing { spool, path, woken, watch: None, place: None, lost: 0, report }
    }

    /// For the status; nothing for a folder that is not local.
    pub(super) fn report(&self) -> Option<&HearingReport> {
        self.path.as_ref().map(|_| &self.report)
    }

    /// A look that nobody asked for begins.
    pub(super) fn rescanned(&mut self) {
        self.report.rescans += 1;
    }

    /// Before each look: notifications are asked for where there are none, or none of what stands there now. Without them
    /// the looks at intervals find everything.
    pub(super) async fn begin(&mut self) -> Result<()> {
        let Some(path) = self.path.clone() else { return Ok(()) };
        let place = place(&path).await?;
        let heard = self.watch.as_ref().map_or(0, Watch::lost);
        self.report.lost = self.lost + heard;
        if place == self.place && self.watch.as_ref().is_some_and(|watch| !watch.ended()) {
            return Ok(());
        }
        self.lost = self.report.lost;
        // In this order: what is exchanged in between is seen to be another one.
        self.place = place;
        let (bell, before) = (self.woken.clone(), self.watch.take());
        let (watch, deaf) = blocking(move || {
            drop(before);
            Ok(match Watch::start(&path, move || bell.notify_one()) {
                Ok(watch) => {
                    let far = is_network_fs(&path).ok().flatten();
                    (Some(watch), far.map(|kind| format!("it is on {kind}")).unwrap_or_default())
                }
                Err(error) => (None, error.to_string()),
            })
        })
        .await?;
        if watch.is_none() && deaf != self.report.deaf {
            tracing::warn!(spool = self.spool, "no notifications, only rescans: {deaf}");
        }
        (self.watch, self.report.deaf) = (watch, deaf);
        Ok(())
    }

    /// Waits for a change, or until another folder stands there, or one again.
    pub(super) async fn change(&self) {
        tokio::select! {
            () = self.woken.notified() => {}
            () = self.exchange() => {}
        }
    }

    async fn exchange(&self) {
        let Some(path) = &self.path else { return std::future::pending().await };
        loop {
            tokio::time::sleep(PLACED).await;
            if place(path).await.is_ok_and(|place| place != self.place) {
                return;
            }
        }
    }
}

async fn place(path: &Path) -> Result<Option<Place>> {
    let path = path.to_owned();
    blocking(move || Ok(Place::of(&path))).await
}
