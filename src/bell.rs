//! Wakes whoever waits for the books to change: workers, deliveries, readers of the stream.
//!
//! Only a hint: everyone who waits also looks by himself from time to time, because other nodes ring other bells.

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// A bell, shared by cloning.
#[derive(Clone, Debug)]
pub struct Bell {
    rings: Arc<watch::Sender<u64>>,
}

/// One who listens.
#[derive(Debug)]
pub struct Listener {
    rings: watch::Receiver<u64>,
}

impl Default for Bell {
    fn default() -> Bell {
        Bell { rings: Arc::new(watch::Sender::new(0)) }
    }
}

impl Bell {
    /// Something changed.
    pub fn ring(&self) {
        self.rings.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Listens from now on: a ring between this call and [`Listener::wait`] is not lost.
    pub fn listen(&self) -> Listener {
        let mut rings = self.rings.subscribe();
        rings.mark_unchanged();
        Listener { rings }
    }
}

impl Listener {
    /// Returns at the next ring, or after `patience`.
    pub async fn wait(&mut self, patience: Duration) {
        // A closed bell means that the node stops; whoever waits is told so by other means.
        let _ = tokio::time::timeout(patience, self.rings.changed()).await;
    }
}
