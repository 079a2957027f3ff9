//! Places for work: so many for the node's own folders together, and so many for each partner besides.
//!
//! Every partner is a bulkhead: one that hangs, or has ten thousand files waiting, fills its own places and no others. A
//! partner is host, port and user; its spools share its places as they share its sessions.

use crate::settings::{Settings, Sftp, SpoolKind};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places for one kind of work.
pub(super) struct Places {
    own: Arc<Semaphore>,
    /// By spool.
    partners: BTreeMap<String, Arc<Semaphore>>,
}

impl Places {
    /// So many for the node's own folders, and as many as `of_partner` says for each partner.
    pub(super) fn new(settings: &Settings, own: usize, of_partner: impl Fn(&Sftp) -> usize) -> Places {
        let mut known: BTreeMap<(&str, u16, &str), Arc<Semaphore>> = BTreeMap::new();
        let mut partners = BTreeMap::new();
        for spool in &settings.spools {
            if let SpoolKind::Sftp(sftp) = &spool.kind {
                let partner = (sftp.host.as_str(), sftp.port, sftp.user.as_str());
                let places = known.entry(partner).or_insert_with(|| Arc::new(Semaphore::new(of_partner(sftp).max(1))));
                partners.insert(spool.name.clone(), places.clone());
            }
        }
        Places { own: Arc::new(Semaphore::new(own.max(1))), partners }
    }

    /// A place for work on files of a spool, if one is free.
    pub(super) fn take(&self, spool: &str) -> Option<OwnedSemaphorePermit> {
        self.partners.get(spool).unwrap_or(&self.own).clone().try_acquire_owned().ok()
    }
}
