//! Room on the vault's disk for files that are being taken in at once.
//!
//! What is to stay free must stay free whatever comes. A file's size is known before its first byte, so what does not fit is
//! not begun, and what is being taken in by this node counts as if it were there whole, the part that is not there yet: of two files of which only one fits,
//! one comes after the other. Other nodes on the same disk are not counted.

use crate::error::{Error, Result};
use fpp_codecs::Code;
use fpp_spool::Entry;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What this node is taking in.
#[derive(Default)]
pub struct Intake {
    /// One looks at a time: what it finds free is not promised to another one.
    gate: tokio::sync::Mutex<()>,
    taken: Arc<AtomicU64>,
}

/// Room that a file has until it is dropped.
#[derive(Debug)]
pub struct Room {
    taken: Arc<AtomicU64>,
    left: Mutex<Left>,
}

#[derive(Debug)]
struct Left {
    /// Bytes of an earlier attempt, which are read first and were on the disk before.
    kept: u64,
    /// Bytes that are still to come.
    bytes: u64,
}

impl Room {
    /// So many bytes were read: they are on the disk, or soon, and its free space tells of them.
    pub fn filled(&self, bytes: u64) {
        let mut left = self.left();
        let new = bytes.saturating_sub(left.kept);
        left.kept = left.kept.saturating_sub(bytes);
        let less = new.min(left.bytes);
        left.bytes -= less;
        self.taken.fetch_sub(less, Ordering::SeqCst);
    }

    /// The whole file is read once more, beside what is there of it.
    pub fn once_more(&self, size: u64) {
        let mut left = self.left();
        self.taken.fetch_add(size.saturating_sub(left.bytes), Ordering::SeqCst);
        *left = Left { kept: 0, bytes: size.max(left.bytes) };
    }

    fn left(&self) -> MutexGuard<'_, Left> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let bytes = self.left().bytes;
        self.taken.fetch_sub(bytes, Ordering::SeqCst);
    }
}

/// What is free on the disk, where that is known, and how much of the file is there from an earlier attempt.
pub type Free = (Option<u64>, u64);

impl Intake {
    /// Room for a file beside what is to stay free; none while others are taken in beside which it does not fit; an error where
    /// it does not fit at all. `look` says what is free.
    pub async fn room(
        &self,
        source: &Entry,
        keep: u64,
        look: impl Future<Output = Result<Free>>,
    ) -> Result<Option<Room>> {
        let _one = self.gate.lock().await;
        // Before the look: who ends meanwhile is counted twice, and not left out.
        let taken = self.taken.load(Ordering::SeqCst);
        let (free, kept) = look.await?;
        let bytes = source.size.saturating_sub(kept);
        let (needed, free) = (bytes.saturating_add(keep), free.unwrap_or(u64::MAX));
        if needed > free {
            return Err(too_large(source, keep, free));
        }
        if needed > free.saturating_sub(taken) {
            return Ok(None);
        }
        self.taken.fetch_add(bytes, Ordering::SeqCst);
        Ok(Some(Room { taken: self.taken.clone(), left: Mutex::new(Left { kept, bytes }) }))
    }
}

fn too_large(source: &Entry, keep: u64, free: u64) -> Error {
    let (name, size) = (&source.name, source.size);
    let what = format!("{name} has {size} bytes, and {free} are free for the vault, of which {keep} stay free");
    Error::retry(Code::NO_SPACE, what).hint("Free space, and it goes on by itself; the file stays where it is.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Class;

    fn file(size: u64) -> Entry {
        Entry { name: "A".into(), size, mtime_ms: 0, file_id: 0, kind: fpp_spool::EntryKind::File, links: 1 }
    }

    async fn room(intake: &Intake, size: u64, free: u64, kept: u64) -> Result<Option<Room>> {
        intake.room(&file(size), 50, async { Ok((Some(free), kept)) }).await
    }

    #[tokio::test]
    async fn a_file_that_leaves_too_little_space_is_not_begun() {
        let intake = Intake::default();
        assert!(room(&intake, 100, 150, 0).await.unwrap().is_some());
        assert!(room(&intake, 100, 149, 1).await.unwrap().is_some(), "a part of it is there");
        assert!(intake.room(&file(u64::MAX), 0, async { Ok((None, 0)) }).await.unwrap().is_some(), "nobody knows");
        let error = room(&intake, 100, 149, 0).await.unwrap_err();
        assert_eq!((error.code, error.class), (Code::NO_SPACE, Class::Retry), "{error}");
        assert!(room(&intake, u64::MAX, u64::MAX - 1, 0).await.is_err());
    }

    #[tokio::test]
    async fn of_two_files_of_which_one_fits_the_second_comes_after_the_first() {
        let intake = Intake::default();
        let first = room(&intake, 100, 200, 0).await.unwrap().unwrap();
        assert!(room(&intake, 51, 200, 0).await.unwrap().is_none(), "not beside it");
        let small = room(&intake, 50, 200, 0).await.unwrap();
        assert!(small.is_some() && room(&intake, 1, 200, 0).await.unwrap().is_none());
        drop(first);
        assert!(room(&intake, 51, 200, 0).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn what_is_there_already_is_counted_once() {
        let intake = Intake::default();
        let large = room(&intake, 100, 200, 0).await.unwrap().unwrap();
        large.filled(80);
        // The disk tells of the 80 itself.
        assert!(room(&intake, 51, 120, 0).await.unwrap().is_none());
        let beside = room(&intake, 50, 120, 0).await.unwrap().unwrap();
        // It is read once more, from the beginning, and beside what is there.
        large.once_more(100);
        assert!(room(&intake, 1, 200, 0).await.unwrap().is_none());
        large.filled(100);
        large.filled(100);
        assert_eq!(intake.taken.load(Ordering::SeqCst), 50);
        drop((large, beside));
        assert_eq!(intake.taken.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn what_an_earlier_attempt_left_gives_no_room_back_when_it_is_read_again() {
        let intake = Intake::default();
        let rest = room(&intake, 100, 150, 60).await.unwrap().unwrap();
        rest.filled(50);
        assert_eq!(intake.taken.load(Ordering::SeqCst), 40, "it was there before");
        rest.filled(30);
        assert_eq!(intake.taken.load(Ordering::SeqCst), 20);
        drop(rest);
        assert_eq!(intake.taken.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn of_many_who_ask_at_once_only_as_many_begin_as_fit() {
        let intake = Intake::default();
        let source = file(100);
        let ask = || {
            intake.room(&source, 50, async {
                tokio::task::yield_now().await;
                Ok((Some(350), 0))
            })
        };
        let (a, b, c, d) = tokio::join!(ask(), ask(), ask(), ask());
        let rooms: Vec<_> = [a, b, c, d].into_iter().filter_map(Result::unwrap).collect();
        assert_eq!(rooms.len(), 3);
    }
}
