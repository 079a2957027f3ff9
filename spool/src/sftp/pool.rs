//! Sessions to one partner, kept and used again.
//!
//! A session serves one call, one reader or one writer at a time. The last used one is taken first, so that under a
//! small load the others grow old and are closed. A broken session is never put back. Nothing here repeats a call that
//! changes something: whether it had its effect is for the caller to find out. A partner in trouble is left alone: see the
//! module `breaker`.

use super::breaker::Breaker;
use super::faults;
use super::session::{Conn, GRACE, Negotiated, millis};
use super::settings::SftpSettings;
use super::watchdog::Watchdog;
use crate::error::{Error, ErrorKind, Result};
use ssh2::{Channel, Sftp};
use std::fmt::Display;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a caller waits for a session while all are busy.
const WAIT: Duration = Duration::from_secs(60);
/// After this long idle, a session is asked whether it lives before it is used.
const ASK_AFTER: Duration = Duration::from_secs(15);
/// After this long at another address, the first one is tried again.
const BACK_AFTER: Duration = Duration::from_secs(300);
/// After this long idle, a session is closed.
const CLOSE_AFTER: Duration = Duration::from_secs(300);

/// Sessions to one partner.
pub struct SftpPool {
    settings: SftpSettings,
    addresses: Vec<SftpSettings>,
    watchdog: Watchdog,
    breaker: Breaker,
    place: Mutex<Place>,
    sessions: Mutex<Sessions>,
    freed: Condvar,
    connected: AtomicU64,
    broken: AtomicU64,
}

/// Where the partner answered last.
#[derive(Default)]
struct Place {
    address: usize,
    since: Option<Instant>,
    negotiated: Option<Negotiated>,
}

#[derive(Default)]
struct Sessions {
    idle: Vec<Conn>,
    /// Idle, lent, and being opened.
    open: usize,
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
        Arc::new(SftpPool {
            addresses: settings.addresses(),
            settings,
            watchdog: Watchdog::new(),
            breaker: Breaker::default(),
            place: Mutex::default(),
            sessions: Mutex::default(),
            freed: Condvar::new(),
            connected: AtomicU64::new(0),
            broken: AtomicU64::new(0),
        })
    }

    /// How it was configured.
    pub fn settings(&self) -> &SftpSettings {
        &self.settings
    }

    /// How the partner is.
    pub fn status(&self) -> PoolStatus {
        let (idle, open) = {
            let sessions = self.lock();
            (sessions.idle.len(), sessions.open)
        };
        PoolStatus {
            idle,
            open,
            left_alone: self.breaker.stands(),
            negotiated: self.place().negotiated.clone(),
            connected: self.connected.load(Ordering::Relaxed),
            broken: self.broken.load(Ordering::Relaxed),
        }
    }

    /// Closes the sessions that wait for work.
    pub fn close_idle(&self) {
        let closed = {
            let mut sessions = self.lock();
            let idle = std::mem::take(&mut sessions.idle);
            sessions.open -= idle.len();
            idle
        };
        drop(closed);
        self.freed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lends a session, opening one if need be.
    pub(super) fn lend(self: &Arc<Self>) -> Result<Lease> {
        let until = Instant::now() + WAIT;
        if let Some(error) = self.breaker.line_refuses(Instant::now()) {
            return Err(error);
        }
        let mut sessions = self.lock();
        loop {
            if let Some(conn) = sessions.idle.pop() {
                let idle = conn.used.elapsed();
                drop(sessions);
                let mut lease = Lease { pool: Arc::clone(self), conn: Some(conn), reused: true, failed: None };
                if idle < CLOSE_AFTER && lease.lives(idle) {
                    return Ok(lease);
                }
                lease.discard();
                sessions = self.lock();
                continue;
            }
            if sessions.open < self.settings.sessions_max.max(1) {
                sessions.open += 1;
                drop(sessions);
                // The lease gives the place back if opening fails.
                let mut lease = Lease { pool: Arc::clone(self), conn: None, reused: false, failed: None };
                lease.conn = Some(self.open()?);
                return Ok(lease);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let what = format!("all {} sessions to {} are busy", sessions.open, self.settings.describe());
                return Err(Error::new(ErrorKind::Unreachable, what).hint("raise sessions_max, or wait"));
            }
            sessions = self.freed.wait_timeout(sessions, left).unwrap_or_else(PoisonError::into_inner).0;
            // Those who wait for a session hear of it when the others found that there will be none.
            if let Some(what) = self.breaker.line().filter(|_| sessions.idle.is_empty()) {
                return Err(Error::new(ErrorKind::Unreachable, what));
            }
        }
    }

    fn open(&self) -> Result<Conn> {
        if let Some(refusal) = self.breaker.login_refuses(Instant::now()) {
            return Err(refusal);
        }
        match self.open_somewhere() {
            Ok(conn) => {
                self.connected.fetch_add(1, Ordering::Relaxed);
                self.breaker.let_in();
                self.agreed((*conn.negotiated).clone());
                Ok(conn)
            }
            Err(error) => {
                self.failed(&error);
                Err(Error { retry_after: self.breaker.pause(Instant::now()), ..error })
            }
        }
    }

    /// At the address that answered last, or at the next one that does. A wrong host key or a refused login is told, not
    /// worked around.
    fn open_somewhere(&self) -> Result<Conn> {
        let first = {
            let mut place = self.place();
            if place.since.is_some_and(|since| since.elapsed() > BACK_AFTER) {
                (place.address, place.since) = (0, None);
            }
            place.address
        };
        let count = self.addresses.len();
        let mut failures = Vec::new();
        for step in 0..count {
            let address = (first + step) % count;
            match Conn::open(&self.addresses[address], &self.watchdog) {
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
        tracing::warn!(partner = self.settings.describe(), now = self.addresses[address].describe(), "another address");
        let mut place = self.place();
        (place.address, place.since) = (address, (address > 0).then(Instant::now));
        drop(place);
        self.close_idle();
    }

    /// What was agreed on is told when it is the first time, or other than at the login before.
    fn agreed(&self, now: Negotiated) {
        let mut place = self.place();
        let fsync = place.negotiated.as_ref().and_then(|before| before.fsync);
        let before = place.negotiated.replace(Negotiated { fsync, ..now.clone() });
        drop(place);
        let partner = self.settings.describe();
        if before.is_some_and(|before| Negotiated { fsync: None, ..before } == now) {
            tracing::debug!(partner, "one more session");
            return;
        }
        tracing::info!(partner, address = now.address, server = now.server, exchange = now.exchange,
            host_key = now.host_key, ciphers = ?now.ciphers, macs = ?now.macs, "agreed");
    }

    fn failed(&self, error: &Error) {
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

    /// Makes one call that changes nothing; a session that turns out to have died while idle is replaced once.
    pub(super) fn ask<T>(
        self: &Arc<Self>,
        doing: impl Display,
        call: impl Fn(&Sftp) -> std::result::Result<T, ssh2::Error>,
    ) -> Result<Answer<T>> {
        let mut lease = self.lend()?;
        let first = lease.call(&call);
        let result = match first {
            Err(e) if faults::status(&e).is_none() && lease.reused => {
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

/// The answer of a call that may find nothing.
pub(super) enum Answer<T> {
    Value(T, Lease),
    NotThere,
}

/// A session that is being used; dropped, it goes back to the pool unless it is broken.
pub(super) struct Lease {
    pool: Arc<SftpPool>,
    conn: Option<Conn>,
    reused: bool,
    /// How the line broke, where it was not we who shut it.
    failed: Option<String>,
}

impl Lease {
    /// Makes one call. Anything but an answer of the partner breaks the session.
    pub(super) fn call<T>(
        &mut self,
        call: impl FnOnce(&Sftp) -> std::result::Result<T, ssh2::Error>,
    ) -> std::result::Result<T, ssh2::Error> {
        self.call_until(|_| false, call)
    }

    /// As [`Lease::call`], for a call with an error that only means the end.
    pub(super) fn call_until<T>(
        &mut self,
        ended: impl Fn(&ssh2::Error) -> bool,
        call: impl FnOnce(&Sftp) -> std::result::Result<T, ssh2::Error>,
    ) -> std::result::Result<T, ssh2::Error> {
        let Some(conn) = &mut self.conn else { return Err(ssh2::Error::unknown()) };
        let watched = self.pool.watchdog.watch(conn.socket(), conn.limit());
        let result = call(conn.sftp());
        drop(watched);
        match &result {
            Err(e) if faults::status(e).is_none() && !ended(e) => {
                conn.shut();
                self.failed = Some(e.message().to_owned());
            }
            _ => self.pool.breaker.answered(),
        }
        result
    }

    /// The line broke outside of [`Lease::call`].
    pub(super) fn broke(&mut self, how: &str) {
        self.shut();
        self.failed = Some(how.to_owned());
    }

    /// Whether the partner could make a file durable.
    pub(super) fn learn_fsync(&self, can: bool) {
        self.pool.learn_fsync(can);
    }

    /// True when the partner's rename is known to refuse an existing target.
    pub(super) fn rename_refuses(&self) -> bool {
        self.conn.as_ref().is_some_and(Conn::rename_refuses)
    }

    /// A channel beside SFTP, for a command.
    pub(super) fn channel(&mut self) -> std::result::Result<Channel, ssh2::Error> {
        let Some(conn) = &mut self.conn else { return Err(ssh2::Error::unknown()) };
        let watched = self.pool.watchdog.watch(conn.socket(), conn.limit());
        let opened = conn.session().channel_session();
        drop(watched);
        if let Err(e) = &opened
            && !faults::is_refusal(e)
        {
            conn.shut();
            self.failed = Some(e.message().to_owned());
        }
        opened
    }

    /// It waited for work in the pool before it was lent.
    pub(super) fn was_idle(&self) -> bool {
        self.reused
    }

    /// How long each call may take from now on.
    pub(super) fn limit_to(&self, ms: u32) {
        if let Some(conn) = &self.conn {
            conn.session().set_timeout(ms);
        }
    }

    /// Calls have their own time again.
    pub(super) fn limit_calls(&self) {
        if let Some(conn) = &self.conn {
            self.limit_to(millis(conn.call_limit()));
        }
    }

    /// Watches a piece of work that has a time of its own.
    pub(super) fn watched_for<T>(&self, limit: Duration, work: impl FnOnce(&Lease) -> T) -> T {
        let watched = |conn: &Conn| self.pool.watchdog.watch(conn.socket(), limit + GRACE);
        let _watched = self.conn.as_ref().map(watched);
        work(self)
    }

    /// Watches a piece of work that does not go through [`Lease::call`]: reading and writing open files.
    pub(super) fn watched<T>(&self, work: impl FnOnce() -> T) -> T {
        let _watched = self.conn.as_ref().map(|conn| self.pool.watchdog.watch(conn.socket(), conn.limit()));
        work()
    }

    /// Shuts the line at once: what still hangs on it fails instead of waiting.
    pub(super) fn shut(&mut self) {
        if let Some(conn) = &mut self.conn {
            conn.shut();
        }
    }

    fn discard(mut self) {
        self.shut();
    }

    fn lives(&mut self, idle: Duration) -> bool {
        let ask = idle >= ASK_AFTER || self.conn.as_ref().is_some_and(Conn::stirred);
        !ask || self.call(|sftp| sftp.realpath(Path::new("."))).is_ok()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let conn = self.conn.take();
        let broken = conn.as_ref().is_some_and(|conn| conn.broken);
        match self.failed.take() {
            Some(how) => {
                let what = format!("a session with {} broke: {how}", self.pool.settings.describe());
                self.pool.failed(&Error::new(ErrorKind::Unreachable, what));
            }
            None if conn.is_some() && !broken => self.pool.breaker.well(),
            None => {}
        }
        let mut sessions = self.pool.lock();
        match conn {
            Some(mut conn) if !broken => {
                conn.used = Instant::now();
                sessions.idle.push(conn);
                drop(sessions);
            }
            gone => {
                sessions.open -= 1;
                drop(sessions);
                if broken {
                    self.pool.broken.fetch_add(1, Ordering::Relaxed);
                }
                drop(gone);
            }
        }
        self.pool.freed.notify_one();
    }
}
