//! Sessions to one partner, kept and used again.
//!
//! A session serves one call, one reader or one writer at a time. The last used one is taken first, so that under a
//! small load the others grow old and are closed. A broken session is never put back. Nothing here repeats a call that
//! changes something: whether it had its effect is for the caller to find out.

use super::faults;
use super::refusal::Refusal;
use super::session::Conn;
use super::settings::SftpSettings;
use super::watchdog::Watchdog;
use crate::error::{Error, ErrorKind, Result};
use ssh2::Sftp;
use std::fmt::Display;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a caller waits for a session while all are busy.
const WAIT: Duration = Duration::from_secs(60);
/// After this long idle, a session is asked whether it lives before it is used.
const ASK_AFTER: Duration = Duration::from_secs(15);
/// After this long idle, a session is closed.
const CLOSE_AFTER: Duration = Duration::from_secs(300);

/// Sessions to one partner.
pub struct SftpPool {
    settings: SftpSettings,
    watchdog: Watchdog,
    refusal: Refusal,
    sessions: Mutex<Sessions>,
    freed: Condvar,
    connected: AtomicU64,
    broken: AtomicU64,
}

#[derive(Default)]
struct Sessions {
    idle: Vec<Conn>,
    /// Idle, lent, and being opened.
    open: usize,
}

/// Numbers for the metrics.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PoolStatus {
    /// Sessions that wait for work.
    pub idle: usize,
    /// All sessions.
    pub open: usize,
    /// Logins since the start.
    pub connected: u64,
    /// Sessions that were thrown away because they broke.
    pub broken: u64,
}

impl SftpPool {
    /// A pool; it connects when first used.
    pub fn new(settings: SftpSettings) -> Arc<SftpPool> {
        Arc::new(SftpPool {
            settings,
            watchdog: Watchdog::new(),
            refusal: Refusal::default(),
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

    /// Numbers for the metrics.
    pub fn status(&self) -> PoolStatus {
        let sessions = self.lock();
        PoolStatus {
            idle: sessions.idle.len(),
            open: sessions.open,
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

    /// Lends a session, opening one if need be.
    pub(super) fn lend(self: &Arc<Self>) -> Result<Lease> {
        let until = Instant::now() + WAIT;
        let mut sessions = self.lock();
        loop {
            if let Some(conn) = sessions.idle.pop() {
                let idle = conn.used.elapsed();
                drop(sessions);
                let mut lease = Lease { pool: Arc::clone(self), conn: Some(conn), reused: true };
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
                let mut lease = Lease { pool: Arc::clone(self), conn: None, reused: false };
                lease.conn = Some(self.open()?);
                return Ok(lease);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let what = format!("all {} sessions to {} are busy", sessions.open, self.settings.describe());
                return Err(Error::new(ErrorKind::Unreachable, what).hint("raise sessions_max, or wait"));
            }
            sessions = self.freed.wait_timeout(sessions, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn open(&self) -> Result<Conn> {
        if let Some(refusal) = self.refusal.stands(Instant::now()) {
            return Err(refusal);
        }
        let opened = Conn::open(&self.settings, &self.watchdog);
        self.refusal.asked(opened.as_ref().err(), Instant::now());
        if opened.is_ok() {
            self.connected.fetch_add(1, Ordering::Relaxed);
        }
        opened
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
    fn lend_new(self: &Arc<Self>) -> Result<Lease> {
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
        if result.as_ref().is_err_and(|e| faults::status(e).is_none() && !ended(e)) {
            conn.shut();
        }
        result
    }

    /// True when the partner's rename is known to refuse an existing target.
    pub(super) fn rename_refuses(&self) -> bool {
        self.conn.as_ref().is_some_and(Conn::rename_refuses)
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
