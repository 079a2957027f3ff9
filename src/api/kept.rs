//! Memory of pages on their way to their readers: what a slow reader has not taken stays in memory until he takes it or loses
//! his connection, so all of it together is bounded (I10).
//!
//! Nobody waits for another reader's page: while much is on its way, pages become smaller, and a reader asks once more. What a
//! page may become is taken before it is made, and what it did not need is given back, so that pages that are made at once
//! do not count on the same room. Above [`ALL_MAX`] are so only small pages, and the last event of a page, which is written whole.

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
    /// Takes room for a page that is to be made, of which so much is wanted.
    pub(super) fn reserve(self: &Arc<Kept>, wanted: usize) -> Held {
        let before =
            self.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |kept| Some(kept + room(kept, wanted)));
        let (Ok(before) | Err(before)) = before;
        Held { kept: self.clone(), bytes: room(before, wanted) }
    }
}

/// How large a page may become beside what is kept.
fn room(kept: usize, wanted: usize) -> usize {
    (ALL_MAX.saturating_sub(kept) / SHARE).max(SMALL).min(wanted)
}

impl Held {
    /// How large the page may become.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The page is made, and has become so large.
    pub(super) fn has_become(&mut self, bytes: usize) {
        match bytes.checked_sub(self.bytes) {
            Some(more) => self.kept.bytes.fetch_add(more, Ordering::Relaxed),
            None => self.kept.bytes.fetch_sub(self.bytes - bytes, Ordering::Relaxed),
        };
        self.bytes = bytes;
    }

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
    use super::{ALL_MAX, Kept, SHARE, SMALL};
    use std::sync::Arc;

    #[test]
    fn pages_that_nobody_takes_make_the_next_ones_smaller_and_hold_up_none() {
        const WANTED: usize = 8 << 20;
        let kept = Arc::new(Kept::default());
        let room = |wanted| kept.reserve(wanted).bytes();
        assert_eq!((room(WANTED), room(1)), (WANTED, 1));
        let mut held = Vec::new();
        while room(WANTED) > SMALL && held.len() < 100 {
            held.push(kept.reserve(WANTED));
        }
        let all: usize = held.iter().map(|held| held.bytes).sum();
        assert!(held.len() > 8 && all > ALL_MAX - SHARE_LEFT && all <= ALL_MAX, "{} of {all}", held.len());
        // A page is counted until the last piece of it is gone.
        let page = held.remove(0).until_sent(vec![7; 100]);
        let piece = page.slice(90..);
        drop((page, held));
        assert_eq!((room(ALL_MAX), &piece[..]), ((ALL_MAX - WANTED) / 4, &[7; 10][..]));
        drop(piece);
        assert_eq!(room(WANTED), WANTED);
    }

    #[test]
    fn pages_that_are_made_at_once_do_not_count_on_the_same_room() {
        const WANTED: usize = 8 << 20;
        let kept = Arc::new(Kept::default());
        // Three are made slowly, while others are made, and taken by nobody.
        let mut slow = [(); 3].map(|()| kept.reserve(WANTED));
        let (mut held, mut all) = (Vec::new(), 0);
        while held.len() < 100 {
            let page = kept.reserve(WANTED);
            if page.bytes() == SMALL {
                break;
            }
            all += page.bytes();
            held.push(page);
        }
        assert!(all + 3 * WANTED <= ALL_MAX, "{all}");
        // What was not needed is there for the next ones, and what was needed beyond is missing.
        slow[0].has_become(0);
        let left = ALL_MAX - all - 2 * WANTED;
        assert_eq!(kept.reserve(WANTED).bytes(), left / SHARE);
        slow[1].has_become(WANTED + 400);
        assert_eq!(kept.reserve(WANTED).bytes(), (left - 400) / SHARE);
        drop((slow, held));
        assert_eq!(kept.reserve(ALL_MAX).bytes(), ALL_MAX / SHARE);
    }

    const SHARE_LEFT: usize = 4 * SMALL + 4;
}
