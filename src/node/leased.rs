//! Work under a lease, and what a dispatcher knows of what it began: nothing is started twice, and what another node works on
//! is left alone for a while.

use super::claimer::Held;
use super::rooms::Rooms;
use crate::error::Result;
use crate::ledger::lease::LeaseKey;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Pause after work whose end could not be written into the books.
const BOOKS_PAUSE: Duration = Duration::from_secs(1);

/// What of a dispatcher's work is under way: by this process, or by another node when it last asked.
#[derive(Clone, Default)]
pub(super) struct UnderWay(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    running: HashSet<String>,
    /// Not asked for again before then.
    elsewhere: HashMap<String, Instant>,
}

impl UnderWay {
    /// What was elsewhere for long enough may be asked for again.
    pub(super) fn look_again(&self) {
        self.lock().elsewhere.retain(|_, until| *until > Instant::now());
    }

    pub(super) fn has(&self, id: &str) -> bool {
        let known = self.lock();
        known.running.contains(id) || known.elsewhere.contains_key(id)
    }

    pub(super) fn begins(&self, id: &str) {
        self.lock().running.insert(id.to_owned());
    }

    /// It ended here, or is another node's for so long.
    pub(super) fn ended(&self, id: &str, ours: bool, look_again: Duration) {
        let mut known = self.lock();
        if !ours {
            known.elsewhere.insert(id.to_owned(), Instant::now() + look_again);
        }
        known.running.remove(id);
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a lease to work under; nothing where another node has it.
pub(super) async fn take(rooms: &Rooms, key: &LeaseKey) -> Option<Held> {
    match rooms.claimer.claim(key).await {
        Ok(held) => {
            if held.is_some() {
                rooms.status.working(&key.0, true);
            }
            held
        }
        Err(error) => {
            if !rooms.outage.tells(&key.0, &error) {
                tracing::error!(lease = key.0, "cannot be claimed: {error}");
            }
            None
        }
    }
}

/// Tells what became of the work, and gives the lease back.
pub(super) async fn give_back(rooms: &Rooms, key: &LeaseKey, held: Held, worked: Result<()>) {
    if let Err(error) = worked {
        if !rooms.outage.tells(&key.0, &error) {
            tracing::error!(lease = key.0, "{error}");
        }
        // The books could not even be told to wait: without this pause the same work would be due at once.
        tokio::time::sleep(BOOKS_PAUSE).await;
    }
    held.release().await;
    rooms.status.working(&key.0, false);
}
