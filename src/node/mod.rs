//! A node: one running daemon, and the only composer. It opens the engines, introduces the rooms to each other, starts
//! the services and drains them.
//!
//! Invariant: nothing here decides about a file. A service that ends unexpectedly ends the node with an error, so that
//! whoever supervises it notices.

mod again;
pub(crate) mod books;
mod claimer;
mod compose;
mod day_flags;
mod days_ahead;
mod deadlines;
pub mod doctor;
mod ended;
mod engines;
mod faulty;
mod hearing;
mod interim;
mod keeping;
mod leased;
mod lock;
mod notify;
mod orphans;
mod outage;
pub(crate) mod outlets;
mod overdue;
mod places;
mod presence;
mod promises;
mod pushing;
mod rooms;
pub(crate) mod rows;
mod sealing;
mod secret;
mod space;
mod status;
mod sweeping;
mod telling;
pub(crate) mod vaults;
mod watch;
mod workers;

use crate::api;
use crate::bell::Bell;
use crate::error::{Error, Result};
use crate::ledger::Ledger;
use crate::settings::Settings;
pub use compose::routes;
pub(crate) use deadlines::SINCE;
use fpp_codecs::Code;
use rooms::Rooms;
pub use rooms::{Options, WrapFolder, WrapLedger, WrapOutlet, WrapVault};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch as signal};
use tokio::task::JoinSet;

/// A running node.
pub struct Node {
    /// Where HTTP listens.
    pub address: SocketAddr,
    /// The books, for whoever runs the node inside his own process.
    pub ledger: Arc<dyn Ledger>,
    /// Rung after every change of the books.
    pub bell: Bell,
    stop: signal::Sender<bool>,
    services: JoinSet<Result<()>>,
    drain: Duration,
    rooms: Arc<Rooms>,
    presence: presence::Presence,
    _lock: lock::DataLock,
}

impl Node {
    /// Opens everything and starts the services.
    pub async fn start(settings: Settings, options: Options) -> Result<Node> {
        let lock = lock::DataLock::take(&settings.data_dir)?;
        let drain = Duration::from_millis(settings.work.drain_ms);
        let rooms = Arc::new(compose::open(settings, options).await?);
        let presence = presence::Presence::enter(&rooms).await?;
        let _ = rooms.life.set(presence.fence());
        let (stop, stopped) = signal::channel(false);
        let mut services = JoinSet::new();
        let address = api::serve::start(&mut services, api_of(&rooms, &stopped)?, stopped.clone()).await?;
        rooms.status.listening(address);
        watch::start(&mut services, &rooms, &stopped)?;
        space::start(&mut services, &rooms, &stopped).await;
        workers::start(&mut services, &rooms, &stopped);
        pushing::start(&mut services, &rooms, &stopped);
        orphans::start(&mut services, &rooms, &stopped);
        interim::start(&mut services, &rooms, &stopped);
        sweeping::start(&mut services, &rooms, &stopped);
        keeping::start(&mut services, &rooms, &stopped);
        again::start(&mut services, &rooms, &stopped);
        days_ahead::start(&mut services, &rooms, &stopped);
        sealing::start(&mut services, &rooms, &stopped)?;
        presence.start(&mut services, &rooms, &stopped);
        deadlines::start(&mut services, &rooms, &stopped);
        ended::start(&mut services, &rooms, &stopped);
        notify::start(&mut services, &rooms, &stopped);
        tracing::info!(node = rooms.settings.node, http = %address, routes = rooms.settings.routes.len(),
            spools = rooms.settings.spools.len(), "started");
        let (ledger, bell) = (rooms.ledger.clone(), rooms.bell.clone());
        Ok(Node { address, ledger, bell, stop, services, drain, rooms, presence, _lock: lock })
    }

    /// Waits until a service ends unexpectedly.
    pub async fn failed(&mut self) -> Error {
        match self.services.join_next().await {
            Some(Ok(Err(error))) => error,
            Some(Err(join)) => Error::internal(format!("a service stopped unexpectedly: {join}")),
            Some(Ok(Ok(()))) | None => Error::internal("a service ended although nobody stopped it"),
        }
    }

    /// Drains: no new work is taken, running steps finish or are given up after `drain_ms`, then everything closes. What
    /// is not at its end, given up or not, goes on from the books, at another node or at the next start. Says why where another
    /// node took its place meanwhile: then nothing is waited for any more.
    pub async fn stop(mut self) -> Option<Error> {
        self.stop.send_replace(true);
        let drained = tokio::time::timeout(self.drain, async {
            while let Some(ended) = self.services.join_next().await {
                if let Ok(Err(error)) = ended
                    && error.code == Code::STALE_EPOCH
                {
                    return Some(error);
                }
            }
            None
        });
        // A drain may take minutes: others are to see that it lasts, and on what.
        let (in_time, lost) = tokio::select! {
            drained = drained => drained.map_or((false, None), |lost| (lost.is_none(), lost)),
            lost = self.presence.drains(&self.rooms) => (false, Some(lost)),
        };
        self.services.shutdown().await;
        for work in self.rooms.claimer.abandon().await {
            tracing::warn!(work, "given up in the middle of a step; it goes on from the books");
        }
        for outlet in self.rooms.postings.outlets.values() {
            outlet.engine.close().await;
        }
        self.presence.leave(&self.rooms).await;
        tracing::info!(in_time, "stopped");
        lost
    }
}

/// Runs a node until it is told to stop by SIGTERM or Ctrl-C, or until a service fails.
pub async fn run(settings: Settings) -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let on_signal = |kind| signal(kind).map_err(|e| Error::internal("signals cannot be received").caused_by(e));
    let (mut terminate, mut interrupt) = (on_signal(SignalKind::terminate())?, on_signal(SignalKind::interrupt())?);
    let mut node = Node::start(settings, Options::default()).await?;
    let failed = tokio::select! {
        error = node.failed() => Some(error),
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
    };
    let lost = node.stop().await;
    failed.or(lost).map_or(Ok(()), Err)
}

fn api_of(rooms: &Rooms, stopped: &signal::Receiver<bool>) -> Result<api::Doors> {
    let settings = &rooms.settings;
    let tokens = match &settings.http.token_file {
        Some(file) => Some(api::tokens::Tokens::read(file)?),
        None => None,
    };
    Ok(api::Doors {
        listen: settings.http.listen,
        socket: settings.control_socket.clone(),
        group: settings.control_group.clone(),
        second_person: settings.second_person.clone(),
        tokens,
        inbound: rooms.inbound.clone(),
        deliveries: rooms.deliveries.clone(),
        postings: rooms.postings.clone(),
        keeps_content_for_ever: settings.keeping.keep_days.is_none(),
        installation: settings.installation.clone(),
        node: settings.node.clone(),
        bell: rooms.bell.clone(),
        stopped: stopped.clone(),
        pages: Semaphore::new(api::PAGES_AT_ONCE),
        kept: Arc::default(),
        live: Arc::default(),
        under_way: Arc::default(),
    })
}
