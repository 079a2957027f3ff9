//! The last resort against a partner that keeps a call busy without ending it.
//!
//! The library has its own deadline, but it looks at the clock only when there is nothing to read. A partner that
//! trickles packets could keep a call going. The watchdog shuts the socket of a call that is far over its deadline,
//! which ends the call with an error. One thread for a pool, asleep unless calls are running.

use std::collections::HashMap;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// How often running calls are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Watches the running calls of one pool.
pub(super) struct Watchdog {
    shared: Arc<Shared>,
}

struct Shared {
    calls: Mutex<Calls>,
    changed: Condvar,
}

#[derive(Default)]
struct Calls {
    next: u64,
    running: HashMap<u64, (Instant, Arc<TcpStream>)>,
    thread: bool,
    /// The thread waits to be woken, however long that takes.
    asleep: bool,
    ended: bool,
}

/// A call that is being watched, until this is dropped.
pub(super) struct Watched {
    shared: Weak<Shared>,
    id: u64,
}

impl Watchdog {
    pub(super) fn new() -> Watchdog {
        Watchdog { shared: Arc::new(Shared { calls: Mutex::default(), changed: Condvar::new() }) }
    }

    /// Shuts the socket if the call is still running after `limit`.
    pub(super) fn watch(&self, socket: &Arc<TcpStream>, limit: Duration) -> Watched {
        let mut calls = self.shared.lock();
        let id = calls.next;
        calls.next += 1;
        calls.running.insert(id, (Instant::now() + limit, Arc::clone(socket)));
        if !calls.thread {
            let shared = Arc::clone(&self.shared);
            calls.thread = std::thread::Builder::new().name("sftp-watchdog".into()).spawn(move || shared.run()).is_ok();
        } else if calls.asleep {
            calls.asleep = false;
            self.shared.changed.notify_one();
        }
        Watched { shared: Arc::downgrade(&self.shared), id }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.changed.notify_one();
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.upgrade() {
            shared.lock().running.remove(&self.id);
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut calls = self.lock();
        while !calls.ended {
            let now = Instant::now();
            calls.running.retain(|_, (deadline, socket)| {
                let over = *deadline <= now;
                if over {
                    let _ = socket.shutdown(Shutdown::Both);
                }
                !over
            });
            // Calls come and go much faster than deadlines pass: looking twice a second keeps their own cost at a lock. For
            // the same reason the thread falls asleep only after half a second in which there was none.
            let begun = calls.next;
            calls = self.changed.wait_timeout(calls, LOOK_EVERY).unwrap_or_else(PoisonError::into_inner).0;
            if calls.running.is_empty() && calls.next == begun && !calls.ended {
                calls.asleep = true;
                calls = self
                    .changed
                    .wait_while(calls, |calls| calls.asleep && !calls.ended)
                    .unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::net::TcpListener;

    #[test]
    fn ends_a_call_that_never_ends() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = Arc::new(TcpStream::connect(listener.local_addr().unwrap()).unwrap());
        let _silent = listener.accept().unwrap();
        let watchdog = Watchdog::new();
        drop(watchdog.watch(&socket, Duration::ZERO));
        let watched = watchdog.watch(&socket, Duration::from_millis(10));
        assert_eq!((&*socket).read(&mut [0]).unwrap(), 0, "the socket was shut");
        drop(watched);
    }
}
