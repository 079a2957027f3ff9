//! Places for work: so many for each local folder, and so many for each partner.
//!
//! Every partner is a bulkhead: one that hangs, or has ten thousand files waiting, fills its own places and no others. A
//! partner is host, port and user; its spools share its places as they share its sessions. A local folder may be mounted
//! from another machine and hang as well, so each has places of its own.

use crate::settings::{Settings, Sftp, SpoolKind};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places for one kind of work.
pub(super) struct Places {
    /// By spool.
    places: BTreeMap<String, Arc<Semaphore>>,
    /// For spools that the configuration does not have any more.
    others: Arc<Semaphore>,
}

impl Places {
    /// So many for each local folder, and as many as `of_partner` says for each partner.
    pub(super) fn new(settings: &Settings, own: usize, of_partner: impl Fn(&Sftp) -> usize) -> Places {
        let mut known: BTreeMap<(&str, u16, &str), Arc<Semaphore>> = BTreeMap::new();
        let mut places = BTreeMap::new();
        for spool in &settings.spools {
            let of_spool = match &spool.kind {
                SpoolKind::Local { .. } => Arc::new(Semaphore::new(own.max(1))),
                SpoolKind::Sftp(sftp) => {
                    let partner = (sftp.host.as_str(), sftp.port, sftp.user.as_str());
                    let of = || Arc::new(Semaphore::new(of_partner(sftp).max(1)));
                    known.entry(partner).or_insert_with(of).clone()
                }
            };
            places.insert(spool.name.clone(), of_spool);
        }
        Places { places, others: Arc::new(Semaphore::new(own.max(1))) }
    }

    /// Spools whose places are all taken.
    pub(super) fn taken(&self) -> Vec<String> {
        let full = self.places.iter().filter(|(_, places)| places.available_permits() == 0);
        full.map(|(spool, _)| spool.clone()).collect()
    }

    /// A place for work on files of a spool, if one is free.
    pub(super) fn take(&self, spool: &str) -> Option<OwnedSemaphorePermit> {
        self.places.get(spool).unwrap_or(&self.others).clone().try_acquire_owned().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn a_folder_that_hangs_takes_no_place_of_another() {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/fpp.toml");
        let settings = Settings::load(&sample).unwrap();
        let places = Places::new(&settings, 2, |_| 2);
        let held: Vec<_> = (0..3).map(|_| places.take("core-out")).collect();
        assert_eq!(held.iter().filter(|place| place.is_some()).count(), 2);
        assert_eq!(places.taken(), ["core-out"]);
        assert!(places.take("core-in").is_some(), "its places are its own");
        drop(held);
        assert!(places.take("core-out").is_some());
    }
}
