//! Places for connections: so many in all, and so many for one address, so that a client that leaks connections leaves others
//! theirs (I10). 127.0.0.1 is no one's own: a proxy of this machine may stand there for all.
//!
//! Invariant: a shortage is told once, until an eighth of its places is free again.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// All places.
pub(super) struct Places {
    free: Arc<Semaphore>,
    all: usize,
    of_one: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    told: Told,
    open: HashMap<IpAddr, Client>,
}

/// Who comes from one address.
#[derive(Default)]
struct Client {
    open: usize,
    told: Told,
}

/// Whether a shortage was told.
#[derive(Default)]
struct Told(bool);

/// The place of one connection; given back when it is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    address: IpAddr,
    _one: OwnedSemaphorePermit,
}

impl Places {
    /// So many in all, and so many for one address.
    pub(super) fn new(all: usize, of_one: usize) -> Arc<Places> {
        Arc::new(Places { free: Arc::new(Semaphore::new(all)), all, of_one, state: Mutex::default() })
    }

    /// Waits until one of all is free.
    pub(super) async fn any(&self) -> Result<OwnedSemaphorePermit, AcquireError> {
        if self.lock().told.now(self.free.available_permits(), self.all) {
            tracing::warn!(
                connections = self.all,
                "all connections of HTTP are taken: the next ones wait until one ends"
            );
        }
        self.free.clone().acquire_owned().await
    }

    /// The place for a client of this address; nothing where it has as many as one may have.
    pub(super) fn of(self: &Arc<Places>, one: OwnedSemaphorePermit, address: IpAddr) -> Option<Place> {
        let address = address.to_canonical();
        let mut state = self.lock();
        let client = state.open.entry(address).or_default();
        if client.open >= self.of_one && !is_shared(address) {
            if client.told.now(0, self.of_one) {
                tracing::warn!(%address, connections = client.open,
                    "a client has as many connections of HTTP as one address may have: more of it are closed at once");
            }
            return None;
        }
        client.open += 1;
        Some(Place { places: self.clone(), address, _one: one })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.places.lock();
        let Some(client) = state.open.get_mut(&self.address) else { return };
        client.open -= 1;
        client.told.now(self.places.of_one.saturating_sub(client.open), self.places.of_one);
        if client.open == 0 {
            state.open.remove(&self.address);
        }
    }
}

/// The address from which whatever runs on this machine comes by default.
fn is_shared(address: IpAddr) -> bool {
    [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)].contains(&address)
}

impl Told {
    /// Whether it is to be told now that so many of so many are free.
    fn now(&mut self, free: usize, all: usize) -> bool {
        if free > all / 8 {
            self.0 = false;
        }
        free == 0 && !std::mem::replace(&mut self.0, true)
    }
}

#[cfg(test)]
mod tests {
    use super::{Places, Told};
    use std::net::{IpAddr, Ipv4Addr};

    #[test]
    fn a_shortage_is_told_once_until_it_is_over() {
        let mut told = Told::default();
        let seen =
            [(5, false), (0, true), (0, false), (1, false), (0, false), (2, false), (0, false), (3, false), (0, true)];
        for (n, (free, due)) in seen.into_iter().enumerate() {
            assert_eq!(told.now(free, 16), due, "{n}");
        }
    }

    #[tokio::test]
    async fn an_address_is_one_client_however_it_is_written_and_is_forgotten_with_its_last_connection() {
        let places = Places::new(8, 2);
        let [four, mapped, other] = ["10.1.2.3", "::ffff:10.1.2.3", "10.1.2.4"].map(|a| a.parse::<IpAddr>().unwrap());
        let one = places.of(places.any().await.unwrap(), four);
        let two = places.of(places.any().await.unwrap(), mapped);
        assert!(one.is_some() && two.is_some());
        assert!(places.of(places.any().await.unwrap(), four).is_none());
        assert!(places.of(places.any().await.unwrap(), other).is_some(), "and gave it back at once");
        assert_eq!((places.lock().open.len(), places.free.available_permits()), (1, 6));
        assert!(places.lock().open[&four].told.0);
        drop(two);
        assert!(!places.lock().open[&four].told.0 && places.of(places.any().await.unwrap(), mapped).is_some());
        drop(one);
        assert!(places.lock().open.is_empty() && places.free.available_permits() == 8);
        let here = IpAddr::from(Ipv4Addr::LOCALHOST);
        let mut all = Vec::new();
        for _ in 0..8 {
            all.push(places.of(places.any().await.unwrap(), here).expect("a proxy stands there for all"));
        }
        drop(all);
        assert!(places.lock().open.is_empty());
    }
}
