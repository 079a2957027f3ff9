//! A node's presence: the lease of its name, and what it says of itself in the books.
//!
//! Invariants: one process works under a name, so that a temporary file or a lease tells whose it is; a node that lost a
//! lease of its life, because it stood still for too long, ends instead of working beside its successor, also where it drains.
//! What it says of itself decides nothing (`ledger/node.rs`).

use super::claimer::Held;
use super::rooms::Rooms;
use crate::error::{Error, Result};
use crate::ledger::change::Fence;
use crate::ledger::lease::LeaseKey;
use crate::ledger::node::{NodeRow, NodeState, lease_of};
use fpp_codecs::Code;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch as signal;
use tokio::task::JoinSet;

/// How often a lease that is in other hands is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often a node says that it is there.
const SAY_EVERY: Duration = Duration::from_secs(5);

/// The leases that a node holds while it lives.
pub(super) struct Presence {
    name: Held,
    /// Where only one node may work at a time.
    alone: Option<Held>,
}

impl Presence {
    /// Takes the leases; says no when another node has one of them and lives.
    pub(super) async fn enter(rooms: &Rooms) -> Result<Presence> {
        let settings = &rooms.settings;
        let by_name = LeaseKey(lease_of(&settings.node));
        if settings.several() || settings.owns_ledger() {
            let name = wait_for(rooms, &by_name).await?.ok_or_else(|| name_is_taken(&settings.node))?;
            return Ok(Presence { name, alone: None });
        }
        // Another node would take up files whose bytes it does not have. A standby that starts meanwhile waits for a
        // lease period and then says no, so a supervisor can keep it trying. Both leases are waited for at once.
        let alone = LeaseKey("installation".into());
        let (name, alone) = tokio::join!(wait_for(rooms, &by_name), wait_for(rooms, &alone));
        match (name?, alone?) {
            (Some(name), Some(alone)) => Ok(Presence { name, alone: Some(alone) }),
            (name, alone) => {
                let refused = if name.is_some() { another_works(rooms).await? } else { name_is_taken(&settings.node) };
                for held in [name, alone].into_iter().flatten() {
                    held.release().await;
                }
                Err(refused)
            }
        }
    }

    /// Says from time to time what the node does.
    pub(super) fn start(
        &self,
        services: &mut JoinSet<Result<()>>,
        rooms: &Arc<Rooms>,
        stopped: &signal::Receiver<bool>,
    ) {
        let (fences, rooms, mut stopped) = (self.fences(), rooms.clone(), stopped.clone());
        services.spawn(async move {
            loop {
                let state = if *stopped.borrow() { NodeState::Draining } else { NodeState::Working };
                say(&rooms, &fences, state).await?;
                if state == NodeState::Draining {
                    return Ok(());
                }
                tokio::select! {
                    _ = stopped.wait_for(|s| *s) => {}
                    () = tokio::time::sleep(SAY_EVERY) => {}
                }
            }
        });
    }

    /// Goes on to say that the node drains, for as long as that takes; it ends when the node lost a lease of its life.
    pub(super) async fn drains(&self, rooms: &Rooms) -> Error {
        let fences = self.fences();
        loop {
            tokio::time::sleep(SAY_EVERY).await;
            if let Err(lost) = say(rooms, &fences, NodeState::Draining).await {
                return lost;
            }
        }
    }

    /// The lease without which no other write of this life counts.
    pub(super) fn fence(&self) -> Fence {
        self.alone.as_ref().unwrap_or(&self.name).fence.clone()
    }

    fn fences(&self) -> Vec<Fence> {
        [Some(&self.name), self.alone.as_ref()].into_iter().flatten().map(|held| held.fence.clone()).collect()
    }

    /// Says goodbye and gives the leases back.
    pub(super) async fn leave(self, rooms: &Rooms) {
        if let Err(error) = rooms.ledger.report_node(&self.name.fence, &said(rooms, NodeState::Stopped)).await {
            tracing::warn!("the ledger cannot be told that this node has stopped: {error}");
        }
        if let Some(alone) = self.alone {
            alone.release().await;
        }
        self.name.release().await;
    }
}

/// Says under each of its leases what the node does; an error when it lost one of them.
async fn say(rooms: &Rooms, fences: &[Fence], state: NodeState) -> Result<()> {
    for fence in fences {
        match rooms.ledger.report_node(fence, &said(rooms, state)).await {
            Err(error) if error.code == Code::STALE_EPOCH => return Err(lost(rooms, error)),
            Err(error) if rooms.outage.tells("the node's own row", &error) => {}
            Err(error) => tracing::warn!("the ledger cannot be told that this node is there: {error}"),
            Ok(()) => {}
        }
    }
    Ok(())
}

fn name_is_taken(name: &str) -> Error {
    Error::halt(Code::LEDGER, format!("a node named {name} works on this ledger already"))
        .hint("Every node has a name of its own: `node` in its configuration.")
}

async fn another_works(rooms: &Rooms) -> Result<Error> {
    let lease = rooms.ledger.lease(&LeaseKey("installation".into())).await?;
    let holder = lease.map(|lease| lease.holder).unwrap_or_default();
    Ok(Error::halt(Code::LEDGER, format!("another node works on this ledger: {holder}")).hint(
        "One node works at a time unless all share a vault and `nodes` says how many they are. Stop it, or start this \
         one again later.",
    ))
}

/// Takes a lease, waiting as long as the lease of a node that was killed stands still before it may be taken.
async fn wait_for(rooms: &Rooms, key: &LeaseKey) -> Result<Option<Held>> {
    let patience = Duration::from_millis(rooms.settings.work.lease_ms) + Duration::from_secs(5);
    let begun = Instant::now();
    loop {
        if let Some(held) = rooms.claimer.claim(key).await? {
            return Ok(Some(held));
        }
        if begun.elapsed() > patience {
            return Ok(None);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn said(rooms: &Rooms, state: NodeState) -> NodeRow {
    let report = rooms.status.report();
    NodeRow {
        name: report.node,
        incarnation: report.incarnation,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        state,
        host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        pid: report.pid,
        listen: report.listen,
        started_ms: report.started_ms,
        heard_ms: rooms.clock.now_ms(),
        reach: rooms.deliveries.folders.keys().cloned().collect(),
        working: report.working,
    }
}

fn lost(rooms: &Rooms, error: Error) -> Error {
    let name = &rooms.settings.node;
    Error::halt(Code::STALE_EPOCH, format!("node {name} stood still for so long that another one took its place"))
        .hint("Start it again; what it was doing goes on elsewhere.")
        .caused_by(error)
}
