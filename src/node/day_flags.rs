//! The core's flags in a spool that is watched, which open and close business dates.
//!
//! Invariant: a flag is dealt with once, under the lease of the watch; one that cannot be is tried again at every look, and a
//! person hears of it once. What a flag means is decided in `inbound`.

use super::rooms::Rooms;
use crate::error::{Error, Result};
use crate::inbound::flag::{self, DayFlag};
use crate::ledger::change::{Change, Fence, NewNotice};
use fpp_codecs::Code;
use fpp_spool::{Folder, Scan, Scanner, SourceAction};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

const TOPIC: &str = "flag";

/// The flags of one spool.
pub(super) struct Flags {
    /// By what the scanner calls them.
    kinds: BTreeMap<String, DayFlag>,
    /// Keys of those that could not be dealt with, and were told.
    waiting: HashSet<String>,
}

/// The watch that saw them.
pub(super) struct Watched<'a> {
    pub(super) rooms: &'a Rooms,
    pub(super) spool: &'a str,
    pub(super) folder: &'a Arc<dyn Folder>,
    pub(super) fence: Option<&'a Fence>,
}

impl Watched<'_> {
    async fn write(&self, change: Change) -> Result<()> {
        self.rooms.ledger.apply(self.fence, self.rooms.clock.now_ms(), &[change]).await.map(drop)
    }

    /// Also where it waited in a former life of the node.
    async fn is_done(&self, name: &str) {
        let (subject, by) = (format!("{}/{name}", self.spool), "fpp: it is dealt with".to_owned());
        if let Err(error) = self.write(Change::CloseNotice { topic: TOPIC.into(), subject, by }).await {
            tracing::warn!(spool = self.spool, "the notice of a flag cannot be closed: {error}");
        }
    }

    async fn waits(&self, name: &str, error: &Error) {
        let notice = Change::Raise(NewNotice {
            severity: "warn".into(),
            topic: TOPIC.into(),
            subject: format!("{}/{name}", self.spool),
            code: error.code.0,
            text: format!("the flag {name} in spool {} is not dealt with yet: {error}", self.spool),
        });
        if let Err(error) = self.write(notice).await {
            tracing::error!(spool = self.spool, "no notice can be raised: {error}");
        }
    }
}

impl Flags {
    pub(super) fn new(kinds: BTreeMap<String, DayFlag>) -> Flags {
        Flags { kinds, waiting: HashSet::new() }
    }

    /// Whether that is what the scanner calls one of them.
    pub(super) fn knows(&self, kind: &str) -> bool {
        self.kinds.contains_key(kind)
    }

    /// Whether any is moved or removed once it is dealt with.
    pub(super) fn move_away(&self) -> bool {
        self.kinds.values().any(|flag| flag.source != SourceAction::Leave)
    }

    /// Deals with those that a look saw. Those that open come first, so that a day whose flags are seen together is closed in
    /// the end. A stale watch ends.
    pub(super) async fn raise(&mut self, watch: &Watched<'_>, scan: &Scan, scanner: &mut Scanner) -> Result<()> {
        let seen = scan.arrivals.iter().filter_map(|seen| Some((seen, self.kinds.get(&seen.route)?)));
        let (opening, closing): (Vec<_>, Vec<_>) = seen.partition(|(_, flag)| flag.open);
        let mut waiting = HashSet::new();
        for (seen, flag) in opening.into_iter().chain(closing) {
            let (name, place) = (&seen.entry.name, (watch.spool, watch.folder.clone()));
            match flag::act(&watch.rooms.inbound, place, flag, seen, watch.fence).await {
                Ok(()) => {
                    scanner.done(seen);
                    watch.is_done(name).await;
                }
                Err(error) if error.code == Code::STALE_EPOCH => return Err(error),
                Err(error) => {
                    tracing::warn!(spool = watch.spool, file = name, "a flag waits: {error}");
                    if !self.waiting.contains(&seen.key) {
                        watch.waits(name, &error).await;
                    }
                    waiting.insert(seen.key.clone());
                }
            }
        }
        // What waits in another part is not told again when its turn comes.
        if scan.part.is_none() {
            self.waiting.clear();
        }
        self.waiting.extend(waiting);
        Ok(())
    }
}
