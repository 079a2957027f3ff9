//! What all files of a folder share: the count of calls, what is late, and what the disk does not have.

use super::fault::{Fault, How, kill};
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

#[derive(Default)]
pub(super) struct Line {
    pub(super) calls: AtomicU64,
    pub(super) fault: Mutex<Fault>,
    pub(super) late: Mutex<Option<(u64, Act)>>,
    pub(super) disk: Mutex<Disk>,
}

/// What the disk does not have, by name.
#[derive(Default)]
pub(super) struct Disk {
    /// Bytes, or a place under that name, that no sync has confirmed.
    pub(super) unsynced: BTreeSet<String>,
    /// Bytes that a failed sync has lost: they are lost for good, though reading still shows them.
    pub(super) lost: BTreeSet<String>,
}

impl Disk {
    pub(super) fn create(&mut self, name: &str) {
        self.lost.remove(name);
        self.unsynced.insert(name.to_owned());
    }

    pub(super) fn rename(&mut self, from: &str, to: &str, answered: bool) {
        for (names, more) in [(&mut self.unsynced, !answered), (&mut self.lost, false)] {
            let had = names.remove(from);
            if had || more {
                names.insert(to.to_owned());
            } else {
                names.remove(to);
            }
        }
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.unsynced.remove(name);
        self.lost.remove(name);
    }
}

#[derive(Clone)]
pub(super) enum Act {
    Rename(String, String),
    Remove(String),
}

/// What one call may do.
pub(super) enum Turn {
    Go,
    /// Do this much of it, then fail.
    Fail {
        act: bool,
        bytes: usize,
    },
}

impl Line {
    pub(super) fn fault(&self) -> Fault {
        *self.fault.lock().unwrap()
    }

    pub(super) fn turn(&self, is_sync: bool) -> Turn {
        let fault = self.fault();
        if fault.how == How::LostSync && !is_sync {
            return Turn::Go;
        }
        let n = self.calls.fetch_add(1, SeqCst);
        if n == fault.at {
            kill(fault.how);
            let bytes = if let How::Torn(_, bytes) = fault.how { bytes } else { 0 };
            return Turn::Fail { act: fault.how == How::AnswerLost, bytes };
        }
        if fault.dead && n > fault.at { Turn::Fail { act: false, bytes: 0 } } else { Turn::Go }
    }
}
