//! Takes leases, keeps them beating, gives them back (D23).

use super::outage::Outage;
use crate::error::Result;
use crate::ledger::Ledger;
use crate::ledger::change::Fence;
use crate::ledger::lease::{Lease, LeaseKey, Observer};
use crate::settings::Settings;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// Takes leases in this node's name.
pub(crate) struct Claimer {
    ledger: Arc<dyn Ledger>,
    node: String,
    holder: String,
    lease_ms: u64,
    /// The books are in the data folder, which belongs to this process alone.
    owns_books: bool,
    observer: Mutex<Observer>,
    /// Leases of work that was given up in the middle.
    given_up: GivenUp,
    outage: Arc<Outage>,
}

type GivenUp = Arc<Mutex<Vec<Lease>>>;

/// A lease that is held and beats until it is released or dropped.
pub(crate) struct Held {
    /// For every write under it.
    pub(crate) fence: Fence,
    ledger: Arc<dyn Ledger>,
    lease: Option<Lease>,
    beating: JoinHandle<()>,
    given_up: GivenUp,
}

impl Claimer {
    /// A claimer with a fresh incarnation: a restarted node never mistakes its former leases for its own.
    pub(crate) fn new(ledger: Arc<dyn Ledger>, settings: &Settings, outage: Arc<Outage>) -> Claimer {
        let (node, lease_ms) = (settings.node.clone(), settings.work.lease_ms);
        let holder = format!("{node}/{}", ulid::Ulid::generate());
        let owns_books = settings.owns_ledger();
        let (observer, given_up) = (Mutex::default(), GivenUp::default());
        Claimer { ledger, node, holder, lease_ms, owns_books, observer, given_up, outage }
    }

    /// This incarnation's name.
    pub(crate) fn holder(&self) -> &str {
        &self.holder
    }

    /// When a lease that another node holds is worth another look: often enough to see that it stands still.
    pub(crate) fn look_again(&self) -> Duration {
        Duration::from_millis((self.lease_ms / 4).max(10))
    }

    /// Takes a lease if it is free. Nothing when somebody else holds it.
    pub(crate) async fn claim(&self, key: &LeaseKey) -> Result<Option<Held>> {
        let seen = self.ledger.lease(key).await?;
        if seen.as_ref().is_some_and(|lease| !self.is_free(lease)) {
            return Ok(None);
        }
        let Some(lease) = self.ledger.take_lease(key, &self.holder, seen.as_ref()).await? else { return Ok(None) };
        lock(&self.observer).forget(key);
        let fence = Fence { key: key.clone(), epoch: lease.epoch, holder: self.holder.clone() };
        let beating = tokio::spawn(beat(self.ledger.clone(), lease.clone(), self.lease_ms, self.outage.clone()));
        let (ledger, given_up) = (self.ledger.clone(), self.given_up.clone());
        Ok(Some(Held { fence, ledger, lease: Some(lease), beating, given_up }))
    }

    /// Gives back what was given up in the middle, so that others need not wait for it; returns what that was. Whatever
    /// of it still runs writes under an epoch that the ledger refuses.
    pub(crate) async fn abandon(&self) -> Vec<String> {
        let leases = std::mem::take(&mut *lock(&self.given_up));
        for lease in &leases {
            give_back(&*self.ledger, lease).await;
        }
        leases.into_iter().map(|lease| lease.key.0).collect()
    }

    /// A lease of an earlier life of this very node is free at once where the books are in the data folder, whose lock
    /// proves that the process that held it is gone. On a server, a node of the same name may live on another machine.
    fn is_free(&self, lease: &Lease) -> bool {
        let own_former = self.owns_books
            && lease.holder != self.holder
            && lease.holder.split('/').next() == Some(self.node.as_str());
        own_former || lock(&self.observer).is_free(lease, self.lease_ms, Instant::now())
    }
}

impl Held {
    /// Gives the lease back. Failing to is harmless: it is taken over after `lease_ms`.
    pub(crate) async fn release(mut self) {
        self.beating.abort();
        if let Some(lease) = self.lease.take() {
            give_back(&*self.ledger, &lease).await;
        }
    }

    /// Whether no beat was refused yet. The ledger has the last word at each write.
    pub(crate) fn beats(&self) -> bool {
        !self.beating.is_finished()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.beating.abort();
        lock(&self.given_up).extend(self.lease.take());
    }
}

async fn give_back(ledger: &dyn Ledger, lease: &Lease) {
    if let Err(error) = ledger.release_lease(lease).await {
        tracing::debug!(lease = lease.key.0, "not given back: {error}");
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Beats four times in each lease period. A refused beat ends it: the ledger will refuse the writes as well.
async fn beat(ledger: Arc<dyn Ledger>, mut lease: Lease, lease_ms: u64, outage: Arc<Outage>) {
    let period = Duration::from_millis((lease_ms / 4).max(10));
    loop {
        tokio::time::sleep(period).await;
        match ledger.beat(&lease).await {
            Ok(newer) => lease = newer,
            Err(error) if error.code == fpp_codecs::Code::STALE_EPOCH => {
                tracing::warn!(lease = lease.key.0, "lost to another holder");
                return;
            }
            Err(error) if outage.tells(&lease.key.0, &error) => {}
            Err(error) => tracing::warn!(lease = lease.key.0, "no beat: {error}"),
        }
    }
}
