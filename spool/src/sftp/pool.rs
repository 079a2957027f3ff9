//! Sessions to one partner, kept and used again.
//!
//! A session serves one call, one reader or one writer at a time (see the module `lease`). The last used one is taken first,
//! so that under a small load the others grow old and are closed. A broken session is never put back. Nothing here repeats a
//! call that changes something: whether it had its effect is for the caller to find out. A partner in trouble is left alone:
//! see the module `breaker`.

use super::faults;
use super::lease::{Answer, Lease};
use super::session::{Conn, Negotiated};
use super::settings::SftpSettings;
use super::shared::Shared;
use crate::error::{Error, ErrorKind, Result};
use ssh2::Sftp;
use std::fmt::Display;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// How long a caller waits for a session while all are busy.
const WAIT: Duration = Duration::from_secs(60);
/// After this long at another address, the first one is tried again.
const BACK_AFTER: Duration = Duration::from_secs(300);
/// After this long idle, a session is closed.
const CLOSE_AFTER: Duration = Duration::from_secs(300);

/// Sessions to one partner.
pub struct SftpPool {
    shared: Arc<Shared>,
    addresses: Vec<SftpSettings>,
    connected: AtomicU64,
}

/// How the partner is, for status and metrics.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PoolStatus {
    /// Sessions that wait for work.
    pub idle: usize,
    /// All sessions.
    pub open: usize,
    /// Logins since the start.
    pub connected: u64,
    /// Sessions that were thrown away because they broke.
    pub broken: u64,
    /// Why it is not asked for a while; nothing while it is.
    pub left_alone: Option<String>,
    /// What was agreed on at the last login.
    pub negotiated: Option<Negotiated>,
}

impl SftpPool {
    /// A pool; it connects when first used.
    pub fn new(settings: SftpSettings) -> Arc<SftpPool> {
        let addresses = settings.addresses();
        Arc::new(SftpPool { shared: Arc::new(Shared::new(settings)), addresses, connected: AtomicU64::new(0) })
    }

    /// How it was configured.
    pub fn settings(&self) -> &SftpSettings {
        &self.shared.settings
    }

    /// How the partner is.
    pub fn status(&self) -> PoolStatus {
        let (idle, open) = {
            let sessions = self.shared.lock();
            (sessions.idle.len(), sessions.open)
        };
        PoolStatus {
            idle,
            open,
            left_alone: self.shared.breaker.stands(),
            negotiated: self.shared.place().negotiated.clone(),
            connected: self.connected.load(Ordering::Relaxed),
            broken: self.shared.broken.load(Ordering::Relaxed),
        }
    }

    /// Closes the sessions that wait for work.
    pub fn close_idle(&self) {
        let closed = {
            let mut sessions = self.shared.lock();
            let idle = std::mem::take(&mut sessions.idle);
            sessions.open -= idle.len();
            idle
        };
        drop(closed);
        self.shared.freed.notify_all();
    }

    /// Lends a session, opening one if need be.
    pub(super) fn lend(self: &Arc<Self>) -> Result<Lease> {
        let until = Instant::now() + WAIT;
        if let Some(error) = self.shared.breaker.line_refuses(Instant::now()) {
            return Err(error);
        }
        let mut sessions = self.shared.lock();
        loop {
            if let Some(conn) = sessions.idle.pop() {
                let idle = conn.used.elapsed();
                drop(sessions);
                let mut lease = Lease::of(&self.shared, Some(conn), true);
                if idle < CLOSE_AFTER && lease.lives(idle) {
                    return Ok(lease);
                }
                lease.discard();
                sessions = self.shared.lock();
                continue;
            }
            if sessions.open < self.shared.settings.sessions_max.max(1) {
                sessions.open += 1;
                drop(sessions);
                // The lease gives the place back if opening fails.
                let mut lease = Lease::of(&self.shared, None, false);
                lease.take(self.open()?);
                return Ok(lease);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let what = format!("all {} sessions to {} are busy", sessions.open, self.shared.settings.describe());
                return Err(Error::new(ErrorKind::Unreachable, what).hint("raise sessions_max, or wait"));
            }
            sessions = self.shared.freed.wait_timeout(sessions, left).unwrap_or_else(PoisonError::into_inner).0;
            // Those who wait for a session hear of it when the others found that there will be none.
            if let Some(what) = self.shared.breaker.line().filter(|_| sessions.idle.is_empty()) {
                return Err(Error::new(ErrorKind::Unreachable, what));
            }
        }
    }

    fn open(&self) -> Result<Conn> {
        if let Some(refusal) = self.shared.breaker.login_refuses(Instant::now()) {
            return Err(refusal);
        }
        match self.open_somewhere() {
            Ok(conn) => {
                self.connected.fetch_add(1, Ordering::Relaxed);
                self.shared.breaker.let_in();
                self.agreed((*conn.negotiated).clone());
                Ok(conn)
            }
            Err(error) => {
                self.shared.failed(&error);
                Err(Error { retry_after: self.shared.breaker.pause(Instant::now()), ..error })
            }
        }
    }

    /// At the address that answered last, or at the next one that does. A wrong host key or a refused login is told, not
    /// worked around.
    fn open_somewhere(&self) -> Result<Conn> {
        let first = {
            let mut place = self.shared.place();
            if place.since.is_some_and(|since| since.elapsed() > BACK_AFTER) {
                (place.address, place.since) = (0, None);
            }
            place.address
        };
        let count = self.addresses.len();
        let mut failures = Vec::new();
        for step in 0..count {
            let address = (first + step) % count;
            match Conn::open(&self.addresses[address], &self.shared.watchdog) {
                Ok(conn) => {
                    if step > 0 {
                        self.moved_to(address);
                    }
                    return Ok(conn);
                }
                Err(error) if error.kind == ErrorKind::Unreachable => failures.push(error.what),
                Err(error) => return Err(error),
            }
        }
        Err(Error::new(ErrorKind::Unreachable, failures.join("; ")))
    }

    /// Sessions at the former address are not mixed with those at the new one.
    fn moved_to(&self, address: usize) {
        tracing::warn!(
            partner = self.shared.settings.describe(),
            now = self.addresses[address].describe(),
            "another address"
        );
        let mut place = self.shared.place();
        (place.address, place.since) = (address, (address > 0).then(Instant::now));
        drop(place);
        self.close_idle();
    }

    /// What was agreed on is told when it is the first time, or other than at the login before.
    fn agreed(&self, now: Negotiated) {
        let mut place = self.shared.place();
        let fsync = place.negotiated.as_ref().and_then(|before| before.fsync);
        let before = place.negotiated.replace(Negotiated { fsync, ..now.clone() });
        drop(place);
        let partner = self.shared.settings.describe();
        if before.is_some_and(|before| Negotiated { fsync: None, ..before } == now) {
            tracing::debug!(partner, "one more session");
            return;
        }
        tracing::info!(partner, address = now.address, server = now.server, exchange = now.exchange,
            host_key = now.host_key, ciphers = ?now.ciphers, macs = ?now.macs, "agreed");
    }

    /// Makes one call that changes nothing; a session that turns out to have died while idle is replaced once.
    pub(super) fn ask<T>(
        self: &Arc<Self>,
        doing: impl Display,
        call: impl Fn(&Sftp) -> std::result::Result<T, ssh2::Error>,
    ) -> Result<Answer<T>> {
        let mut lease = self.lend()?;
        let first = lease.call(&call);
        let result = match first {
            Err(e) if faults::status(&e).is_none() && lease.was_idle() => {
                drop(lease);
                lease = self.lend_new()?;
                lease.call(&call)
            }
            other => other,
        };
        match result {
            Ok(value) => Ok(Answer::Value(value, lease)),
            Err(e) if faults::status(&e) == Some(faults::NO_SUCH_FILE) => Ok(Answer::NotThere),
            Err(e) => Err(faults::error(doing, e)),
        }
    }

    /// When one idle session has died, the others most likely have too.
    pub(super) fn lend_new(self: &Arc<Self>) -> Result<Lease> {
        self.close_idle();
        self.lend()
    }
}
