//! What this node remembers of ids that went out: tables on its own disk, merged as they become many.
//!
//! Invariants: all of it is made of ledger and vault, and can be made again; the list of tables is replaced as a whole once
//! they are durable, so after a crash the shelf is as it was at some commit, and what came after is looked at again. Of an id
//! the newest event counts. Tables are merged while they are of like size, whatever the number of files: of two neighbours of
//! one source the older is more than twice as large, or both together are more than a full one. So of each source there are
//! a few, and one more for every eight million ids that are kept. A table goes when the newest of its files is older than
//! the vault keeps. Memory is bounded: ids of small files wait in it for the next commit, those of large ones go from list
//! to table.

use super::table::{Card, Entries, Entry, Search, Writer, path};
use crate::trade::proof::ids::{Line, Reader};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BinaryHeap};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Entries in memory, and of a file whose ids go through it.
const FRESH_MAX: usize = 32_768;
/// Lines read at once.
const LINES: usize = 4_096;
/// Entries of a full table: half a gigabyte.
const FULL: u64 = 16 << 20;
/// Pairs that are given by name, to be compared; the others are counted.
pub(super) const NAMED_MAX: usize = 1_000;
const LIST: &str = "tables.json";
const EDITION: u32 = 1;

/// The list of tables.
#[derive(Debug, Default, Serialize, Deserialize)]
struct List {
    edition: u32,
    /// Publications up to this one were looked at.
    position: u64,
    /// Whose the last of them was.
    #[serde(default)]
    last: String,
    next: u64,
    /// Oldest first.
    tables: Vec<Card>,
}

/// An event whose id went out before with what looks like other data. The order is that of the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pair {
    /// Its record.
    pub(super) record: u64,
    /// Publication of the newest event before.
    pub(super) publication: u64,
    /// Its record.
    pub(super) of_record: u64,
}

/// What was found of one file.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Events that look different.
    pub(super) count: u64,
    /// The first of them, in record order.
    pub(super) pairs: Vec<Pair>,
}

/// The tables of one node.
pub(super) struct Shelf {
    folder: PathBuf,
    list: List,
    /// By source and key.
    fresh: BTreeMap<(u64, u64), (Entry, i64)>,
    /// Files of tables that are listed no more.
    gone: Vec<PathBuf>,
}

impl Shelf {
    /// Opens it as it was at its last commit; begins anew where that cannot be read.
    pub(super) fn open(folder: &Path) -> io::Result<Shelf> {
        fs::create_dir_all(folder)?;
        let list = sound(folder)?;
        let anew = list.is_none();
        let mut shelf = Shelf {
            folder: folder.to_owned(),
            list: list.unwrap_or_default(),
            fresh: BTreeMap::new(),
            gone: Vec::new(),
        };
        if anew && fs::read_dir(folder)?.next().is_some() {
            tracing::warn!(folder = %folder.display(), "the tables of ids cannot be used; they are made again");
        }
        let listed: Vec<PathBuf> = shelf.list.tables.iter().map(|card| card.path(folder)).collect();
        for file in fs::read_dir(folder)? {
            let file = file?.path();
            if !listed.contains(&file) && (anew || file.file_name().is_none_or(|name| name != LIST)) {
                fs::remove_file(&file)?;
            }
        }
        shelf.list.edition = EDITION;
        Ok(shelf)
    }

    /// Publications up to this one were looked at.
    pub(super) fn position(&self) -> u64 {
        self.list.position
    }

    /// Whose the publication at the position was; empty at the beginning.
    pub(super) fn last(&self) -> &str {
        &self.list.last
    }

    /// A publication of this transfer was looked at.
    pub(super) fn pass(&mut self, publication: u64, transfer: &str) {
        if publication >= self.list.position {
            self.list.position = publication;
            transfer.clone_into(&mut self.list.last);
        }
    }

    /// Forgets everything: the publications are another ledger's.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        self.fresh.clear();
        let cards = std::mem::take(&mut self.list.tables);
        self.gone.extend(cards.iter().map(|card| card.path(&self.folder)));
        self.list.position = 0;
        self.list.last.clear();
        self.commit(i64::MIN)
    }

    /// Takes the ids of a publication, and tells those that went out before with other data.
    pub(super) fn take<R: Read>(&mut self, publication: u64, posted_ms: i64, ids: &mut Reader<R>) -> io::Result<Found> {
        let (source, large) = (ids.source, ids.count > FRESH_MAX as u64);
        let mut searches = self.searches(source, ids.count)?;
        let number = self.list.next;
        let mut writer = if large { Some(Writer::begin(&path(&self.folder, number), ids.count)?) } else { None };
        let (mut lines, mut small) = (Vec::new(), Vec::new());
        let (mut count, mut first) = (0, BinaryHeap::new());
        loop {
            ids.next(&mut lines, LINES)?;
            if lines.is_empty() {
                break;
            }
            for Line { key, content, record } in lines.iter().copied() {
                let before = match self.fresh.get(&(source, key)) {
                    Some((entry, _)) => Some(*entry),
                    None => newest(&mut searches, key)?,
                };
                if let Some(before) = before.filter(|entry| entry.content != content) {
                    count += 1;
                    first.push(Pair { record, publication: before.publication, of_record: before.record });
                    if first.len() > NAMED_MAX {
                        first.pop();
                    }
                }
                let entry = Entry { key, content, publication, record };
                match &mut writer {
                    Some(writer) => writer.push(entry)?,
                    None => small.push(entry),
                }
            }
        }
        // What is in memory is older than this file.
        if large || self.fresh.len() + small.len() > FRESH_MAX {
            self.settle(if large { number + 1 } else { number })?;
        }
        match writer {
            Some(writer) => {
                let (entries, blocks) = writer.end()?;
                self.list.tables.push(Card { number, source, entries, blocks, newest_ms: posted_ms });
                self.list.next = self.list.next.max(number + 1);
            }
            None => self.fresh.extend(small.into_iter().map(|entry| ((source, entry.key), (entry, posted_ms)))),
        }
        Ok(Found { count, pairs: first.into_sorted_vec() })
    }

    /// Makes durable what was taken, and drops tables whose newest file was posted before a time.
    pub(super) fn commit(&mut self, keep_from_ms: i64) -> io::Result<()> {
        self.settle(self.list.next)?;
        let (kept, over): (Vec<Card>, Vec<Card>) =
            std::mem::take(&mut self.list.tables).into_iter().partition(|card| card.newest_ms >= keep_from_ms);
        self.list.tables = kept;
        self.gone.extend(over.iter().map(|card| card.path(&self.folder)));
        while let Some((older, newer)) = alike(&self.list.tables) {
            self.merge(older, newer)?;
        }
        let new = self.folder.join("tables.new");
        let mut file = File::create(&new)?;
        file.write_all(&serde_json::to_vec(&self.list).map_err(io::Error::other)?)?;
        file.sync_all()?;
        fs::rename(&new, self.folder.join(LIST))?;
        File::open(&self.folder)?.sync_all()?;
        // One that cannot be removed now goes at the next start.
        for file in std::mem::take(&mut self.gone) {
            if let Err(error) = fs::remove_file(&file) {
                tracing::debug!(file = %file.display(), "not removed: {error}");
            }
        }
        Ok(())
    }

    /// Tables of a source, newest first.
    fn searches(&self, source: u64, questions: u64) -> io::Result<Vec<Search>> {
        let cards = self.list.tables.iter().rev().filter(|card| card.source == source);
        cards.map(|card| Search::open(&self.folder, card, questions)).collect()
    }

    /// Writes what is in memory into tables, which have numbers from this one on.
    fn settle(&mut self, number: u64) -> io::Result<()> {
        self.list.next = self.list.next.max(number);
        let mut rest = self.fresh.iter().peekable();
        let mut cards = Vec::new();
        while let Some(&(&(source, _), _)) = rest.peek() {
            let number = self.list.next + cards.len() as u64;
            let mut writer = Writer::begin(&path(&self.folder, number), self.fresh.len() as u64)?;
            let mut newest_ms = i64::MIN;
            while let Some((_, (entry, posted_ms))) = rest.next_if(|((of, _), _)| *of == source) {
                writer.push(*entry)?;
                newest_ms = newest_ms.max(*posted_ms);
            }
            let (entries, blocks) = writer.end()?;
            cards.push(Card { number, source, entries, blocks, newest_ms });
        }
        self.list.next += cards.len() as u64;
        self.list.tables.extend(cards);
        self.fresh.clear();
        Ok(())
    }

    /// Puts one table in the place of two.
    fn merge(&mut self, older: usize, newer: usize) -> io::Result<()> {
        let (Some(old), Some(new)) = (self.list.tables.get(older).cloned(), self.list.tables.get(newer).cloned())
        else {
            return Ok(());
        };
        let number = self.list.next;
        let mut writer = Writer::begin(&path(&self.folder, number), old.entries + new.entries)?;
        let (mut before, mut after) = (Entries::open(&self.folder, &old)?, Entries::open(&self.folder, &new)?);
        let (mut left, mut right) = (before.next()?, after.next()?);
        loop {
            let older_first = match (left, right) {
                (None, None) => break,
                // The newer one of an id stays.
                (Some(old), Some(new)) if old.key == new.key => {
                    left = before.next()?;
                    continue;
                }
                (Some(old), Some(new)) => old.key < new.key,
                (old, _) => old.is_some(),
            };
            let (next, from) = if older_first { (&mut left, &mut before) } else { (&mut right, &mut after) };
            if let Some(entry) = next {
                writer.push(*entry)?;
            }
            *next = from.next()?;
        }
        let (entries, blocks) = writer.end()?;
        self.list.next = number + 1;
        let newest_ms = old.newest_ms.max(new.newest_ms);
        let merged = Card { number, source: new.source, entries, blocks, newest_ms };
        if let Some(place) = self.list.tables.get_mut(newer) {
            *place = merged;
        }
        self.list.tables.remove(older);
        self.gone.extend([old.path(&self.folder), new.path(&self.folder)]);
        Ok(())
    }
}

/// The list, if it and its tables are as they were written.
fn sound(folder: &Path) -> io::Result<Option<List>> {
    let bytes = match fs::read(folder.join(LIST)) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    let list: Option<List> = serde_json::from_slice(&bytes).ok();
    let stands = |card: &Card| fs::metadata(card.path(folder)).is_ok_and(|file| file.len() == card.bytes());
    Ok(list.filter(|list| list.edition == EDITION && list.tables.iter().all(stands)))
}

fn newest(searches: &mut [Search], key: u64) -> io::Result<Option<Entry>> {
    for search in searches {
        if let Some(entry) = search.find(key)? {
            return Ok(Some(entry));
        }
    }
    Ok(None)
}

/// Two neighbours of one source of which the older is not much larger, and which are not full together.
fn alike(tables: &[Card]) -> Option<(usize, usize)> {
    for (newer, new) in tables.iter().enumerate().rev() {
        let older = tables.iter().take(newer).rposition(|card| card.source == new.source);
        let Some((older, old)) = older.and_then(|at| Some((at, tables.get(at)?))) else { continue };
        if old.entries <= new.entries.saturating_mul(2) && old.entries + new.entries <= FULL {
            return Some((older, newer));
        }
    }
    None
}

#[cfg(test)]
#[path = "shelf_tests.rs"]
mod tests;
