//! Places for readers that hold the stream open: so many in all, and so many for one token, so that no token can shut out the
//! others. Each place costs one small page of memory (I10).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Readers that may hold the stream open.
const ALL_MAX: usize = 256;
/// Of one token.
const TOKEN_MAX: usize = 64;

/// Who holds the stream open.
#[derive(Debug, Default)]
pub struct Readers {
    by_token: Mutex<BTreeMap<String, usize>>,
}

/// A place; given back when it is dropped.
pub(super) struct Place {
    readers: Arc<Readers>,
    token: String,
}

impl Readers {
    /// A place, or how many there are where none is free. Where nobody needs a token all readers are one.
    pub(super) fn take(self: &Arc<Readers>, token: &str, tokens: bool) -> Result<Place, usize> {
        let mut by_token = self.lock();
        let of_token = by_token.get(token).copied().unwrap_or(0);
        if tokens && of_token >= TOKEN_MAX {
            return Err(TOKEN_MAX);
        }
        if by_token.values().sum::<usize>() >= ALL_MAX {
            return Err(ALL_MAX);
        }
        by_token.insert(token.to_owned(), of_token + 1);
        Ok(Place { readers: self.clone(), token: token.to_owned() })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        self.by_token.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut by_token = self.readers.lock();
        if let Some(count) = by_token.get_mut(&self.token) {
            *count = count.saturating_sub(1);
        }
        by_token.retain(|_, count| *count > 0);
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL_MAX, Place, Readers, TOKEN_MAX};
    use std::sync::Arc;

    #[test]
    fn no_token_takes_the_places_of_all() {
        let readers = Arc::new(Readers::default());
        let many = |token: &str, count: usize| -> Vec<Place> {
            (0..count).map(|_| readers.take(token, true).ok().unwrap()).collect()
        };
        let first = many("a", TOKEN_MAX);
        assert_eq!(readers.take("a", true).err(), Some(TOKEN_MAX));
        let others: Vec<_> = ["b", "c", "d"].iter().flat_map(|token| many(token, TOKEN_MAX)).collect();
        assert_eq!(readers.take("e", true).err(), Some(ALL_MAX));
        drop(first);
        assert!(readers.take("e", true).is_ok() && readers.take("a", true).is_ok());
        drop(others);
        assert!(readers.lock().is_empty());
        assert_eq!((0..ALL_MAX).filter_map(|_| readers.take("local", false).ok()).collect::<Vec<_>>().len(), ALL_MAX);
    }
}
