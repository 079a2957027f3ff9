//! Memory of pages on their way to their readers: what a slow reader has not taken stays in memory until he takes it or loses
//! his connection, so all of it together is bounded (I10).
//!
//! Nobody waits for another reader's page: while much is on its way, pages become smaller, and a reader asks once more.

use axum::body::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Of all pages together, beside small ones.
const ALL_MAX: usize = 64 << 20;
/// A page may always be as large, whatever is on its way.
const SMALL: usize = 64 << 10;
/// One page takes so much of what is left, so that several more find some.
const SHARE: usize = 4;

/// Bytes on their way.
#[derive(Debug, Default)]
pub struct Kept {
    bytes: AtomicUsize,
}

/// Some of them; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Held {
    kept: Arc<Kept>,
    bytes: usize,
}

/// A page in the hands of its connection.
struct Sent {
    page: Vec<u8>,
    _held: Held,
}

impl Kept {
    /// How large a page may become of which so much is wanted.
    pub(super) fn room(&self, wanted: usize) -> usize {
        let left = ALL_MAX.saturating_sub(self.bytes.load(Ordering::Relaxed));
        (left / SHARE).max(SMALL).min(wanted)
    }

    pub(super) fn hold(self: &Arc<Kept>, bytes: usize) -> Held {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        Held { kept: self.clone(), bytes }
    }
}

impl Held {
    /// The body that it was held for: given back when the connection has nothing of it any more.
    pub(super) fn until_sent(self, page: Vec<u8>) -> Bytes {
        Bytes::from_owner(Sent { page, _held: self })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.kept.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl AsRef<[u8]> for Sent {
    fn as_ref(&self) -> &[u8] {
        &self.page
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL_MAX, Kept, SMALL};
    use std::sync::Arc;

    #[test]
    fn pages_that_nobody_takes_make_the_next_ones_smaller_and_hold_up_none() {
        const WANTED: usize = 8 << 20;
        let kept = Arc::new(Kept::default());
        assert_eq!((kept.room(WANTED), kept.room(1)), (WANTED, 1));
        let mut held = Vec::new();
        while kept.room(WANTED) > SMALL && held.len() < 100 {
            held.push(kept.hold(kept.room(WANTED)));
        }
        let all: usize = held.iter().map(|held| held.bytes).sum();
        assert!(held.len() > 8 && all > ALL_MAX - SHARE_LEFT && all <= ALL_MAX, "{} of {all}", held.len());
        // A page is counted until the last piece of it is gone.
        let page = held.remove(0).until_sent(vec![7; 100]);
        let piece = page.slice(90..);
        drop((page, held));
        assert_eq!((kept.room(ALL_MAX), &piece[..]), ((ALL_MAX - WANTED) / 4, &[7; 10][..]));
        drop(piece);
        assert_eq!(kept.room(WANTED), WANTED);
    }

    const SHARE_LEFT: usize = 4 * SMALL + 4;
}
