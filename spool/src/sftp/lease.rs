//! A session of the pool in somebody's hands: one call after the other, each watched.
//!
//! Anything but an answer of the partner breaks it, and a broken one never goes back. What it met is told to the partner's
//! breaker when it is given back.

use super::faults;
use super::session::{Conn, GRACE, millis};
use super::shared::Shared;
use crate::error::{Error, ErrorKind};
use ssh2::{Channel, Sftp};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// After this long idle, a session is asked whether it lives before it is used.
const ASK_AFTER: Duration = Duration::from_secs(15);

/// The answer of a call that may find nothing.
pub(super) enum Answer<T> {
    Value(T, Lease),
    NotThere,
}

/// A session that is being used; dropped, it goes back to the pool unless it is broken.
pub(super) struct Lease {
    shared: Arc<Shared>,
    conn: Option<Conn>,
    reused: bool,
    /// How the line broke, where it was not we who shut it.
    failed: Option<String>,
}

impl Lease {
    /// A place in the pool, with its session where it has one already.
    pub(super) fn of(shared: &Arc<Shared>, conn: Option<Conn>, reused: bool) -> Lease {
        Lease { shared: Arc::clone(shared), conn, reused, failed: None }
    }

    /// The session that was opened for it.
    pub(super) fn take(&mut self, conn: Conn) {
        self.conn = Some(conn);
    }

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
        let watched = self.shared.watchdog.watch(conn.socket(), conn.limit());
        let result = call(conn.sftp());
        drop(watched);
        match &result {
            Err(e) if faults::status(e).is_none() && !ended(e) => {
                conn.shut();
                self.failed = Some(e.message().to_owned());
            }
            _ => self.shared.breaker.answered(),
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
        self.shared.learn_fsync(can);
    }

    /// True when the partner's rename is known to refuse an existing target.
    pub(super) fn rename_refuses(&self) -> bool {
        self.conn.as_ref().is_some_and(Conn::rename_refuses)
    }

    /// A channel beside SFTP, for a command.
    pub(super) fn channel(&mut self) -> std::result::Result<Channel, ssh2::Error> {
        let Some(conn) = &mut self.conn else { return Err(ssh2::Error::unknown()) };
        let watched = self.shared.watchdog.watch(conn.socket(), conn.limit());
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
        let watched = |conn: &Conn| self.shared.watchdog.watch(conn.socket(), limit + GRACE);
        let _watched = self.conn.as_ref().map(watched);
        work(self)
    }

    /// Watches a piece of work that does not go through [`Lease::call`]: reading and writing open files.
    pub(super) fn watched<T>(&self, work: impl FnOnce() -> T) -> T {
        let _watched = self.conn.as_ref().map(|conn| self.shared.watchdog.watch(conn.socket(), conn.limit()));
        work()
    }

    /// Shuts the line at once: what still hangs on it fails instead of waiting.
    pub(super) fn shut(&mut self) {
        if let Some(conn) = &mut self.conn {
            conn.shut();
        }
    }

    /// Not to be used again.
    pub(super) fn discard(mut self) {
        self.shut();
    }

    /// Whether a session that was idle for so long is still good.
    pub(super) fn lives(&mut self, idle: Duration) -> bool {
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
                let what = format!("a session with {} broke: {how}", self.shared.settings.describe());
                self.shared.failed(&Error::new(ErrorKind::Unreachable, what));
            }
            None if conn.is_some() && !broken => self.shared.breaker.well(),
            None => {}
        }
        let mut sessions = self.shared.lock();
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
                    self.shared.broken.fetch_add(1, Ordering::Relaxed);
                }
                drop(gone);
            }
        }
        self.shared.freed.notify_one();
    }
}
