//! What all sessions to one partner share: who is idle, how the partner is, where it answered last.

use super::breaker::Breaker;
use super::session::{Conn, Negotiated};
use super::settings::SftpSettings;
use super::watchdog::Watchdog;
use crate::error::Error;
use std::sync::atomic::AtomicU64;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// What a pool and its leases work on.
pub(super) struct Shared {
    pub(super) settings: SftpSettings,
    pub(super) watchdog: Watchdog,
    pub(super) breaker: Breaker,
    place: Mutex<Place>,
    sessions: Mutex<Sessions>,
    pub(super) freed: Condvar,
    pub(super) broken: AtomicU64,
}

/// Where the partner answered last.
#[derive(Default)]
pub(super) struct Place {
    pub(super) address: usize,
    pub(super) since: Option<Instant>,
    pub(super) negotiated: Option<Negotiated>,
}

/// The sessions that are there.
#[derive(Default)]
pub(super) struct Sessions {
    pub(super) idle: Vec<Conn>,
    /// Idle, lent, and being opened.
    pub(super) open: usize,
}

impl Shared {
    /// No session yet.
    pub(super) fn new(settings: SftpSettings) -> Shared {
        Shared {
            settings,
            watchdog: Watchdog::new(),
            breaker: Breaker::default(),
            place: Mutex::default(),
            sessions: Mutex::default(),
            freed: Condvar::new(),
            broken: AtomicU64::new(0),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A session broke, or there was none to be had.
    pub(super) fn failed(&self, error: &Error) {
        if self.breaker.failed(error, Instant::now()) {
            tracing::warn!(partner = self.settings.describe(), "left alone for a while: {}", error.what);
            self.freed.notify_all();
        }
    }

    /// Whether files can be made durable at the partner, as one of them showed.
    pub(super) fn learn_fsync(&self, can: bool) {
        if let Some(negotiated) = &mut self.place().negotiated {
            negotiated.fsync = Some(can);
        }
    }
}
