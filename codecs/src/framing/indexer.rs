//! Places of every so-many-th record, noted while a file goes by in pieces of any size.
//!
//! For good files a [`super::cutter::Cutter`] that starts at a place gives the record that one from the beginning gives
//! there. Where a record is not framed as it should be the index ends: nobody reads a broken file from its middle.
//! Memory is one piece and one record.

use super::gauge::Gauge;
use super::kind::Framing;
use super::opening::Opening;
use super::step::Step;
use crate::format::Format;

/// Where cutting may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Number of the record, from 1.
    pub n: u64,
    /// First byte of what frames it, from 0.
    pub offset: u64,
    /// Bytes left of its block, where records stand in blocks.
    pub left: usize,
}

impl Place {
    /// The beginning of a file.
    pub const START: Place = Place { n: 1, offset: 0, left: 0 };

    /// The same in a file that may have a mark at its beginning, where the place was told by arithmetic. `head` gives the
    /// first bytes, three at most, and is asked only where they matter.
    pub fn behind_mark<E>(self, format: &Format, head: impl FnOnce() -> Result<Vec<u8>, E>) -> Result<Place, E> {
        let by_length = self.offset > 0 && matches!(format.framing, Framing::Fixed { .. });
        let Some(mark) = Opening::of(format).mark().filter(|_| by_length) else { return Ok(self) };
        let bytes = if head()?.starts_with(mark) { mark.len() as u64 } else { 0 };
        Ok(Place { offset: self.offset + bytes, ..self })
    }
}

impl Framing {
    /// The last place known at which to begin cutting so that record `n` comes: by arithmetic where records have one
    /// length, else from an index of every `every`-th record, else the beginning.
    pub fn place(&self, index: &[u64], every: u32, n: u64) -> Place {
        let before = n.saturating_sub(1);
        if let Framing::Fixed { length } = self {
            return Place { n: n.max(1), offset: before.saturating_mul((*length).max(1) as u64), left: 0 };
        }
        let words = self.index_words();
        let every = u64::from(every.max(1));
        let entries = index.len() / words;
        let Some(last) = entries.checked_sub(1) else { return Place::START };
        let entry = usize::try_from(before / every).unwrap_or(last).min(last);
        let entry_words = index.get(entry * words..).unwrap_or_default();
        let left = if words > 1 { entry_words.get(1).copied().unwrap_or(0) } else { 0 };
        match (entry_words.first(), usize::try_from(left)) {
            (Some(offset), Ok(left)) => Place { n: entry as u64 * every + 1, offset: *offset, left },
            _ => Place::START,
        }
    }

    /// Numbers that an index holds for each place: its offset, and in blocks also what is left of the block.
    fn index_words(&self) -> usize {
        if matches!(self.records(), Framing::Blocks(_)) { 2 } else { 1 }
    }
}

/// Watches a file go by and notes where records begin.
#[derive(Clone, Debug)]
pub struct Indexer {
    gauge: Gauge,
    every: u64,
    words: usize,
    /// Bytes of the file header still to come, and of the trailer that is never shown.
    header: usize,
    trailer: usize,
    /// Records complete.
    records: u64,
    /// First byte within the file of what waits.
    offset: u64,
    /// What was seen and belongs to a record that is not complete.
    waiting: Vec<u8>,
    /// Bytes without which there is no use in looking.
    need: usize,
    /// Where a record in segments began.
    began: Option<(u64, usize)>,
    over: bool,
    index: Vec<u64>,
}

impl Indexer {
    /// Notes record 1, 1 + `every`, 1 + 2 `every`, ... of a file of this format.
    pub fn of(format: &Format, every: u32) -> Indexer {
        Indexer { gauge: Gauge::of(format), ..Indexer::new(&format.framing, every) }
    }

    /// The same where the framing alone is known: see [`super::Cutter::new`].
    pub fn new(framing: &Framing, every: u32) -> Indexer {
        let (header, trailer) = match framing {
            Framing::Edged(edged) => (edged.header.length, edged.trailer.length),
            _ => (0, 0),
        };
        Indexer {
            gauge: Gauge::new(framing),
            every: u64::from(every.max(1)),
            words: framing.index_words(),
            header,
            trailer,
            records: 0,
            offset: 0,
            waiting: Vec::new(),
            need: 0,
            began: None,
            over: false,
            index: Vec::new(),
        }
    }

    /// The next bytes of the file.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.over {
            return;
        }
        let header = self.header.min(bytes.len());
        self.header -= header;
        self.offset += header as u64;
        let bytes = bytes.get(header..).unwrap_or_default();
        if self.waiting.is_empty() {
            let done = self.walk(bytes, false);
            self.waiting.extend_from_slice(bytes.get(done..).unwrap_or_default());
            return;
        }
        self.waiting.extend_from_slice(bytes);
        self.walk_waiting(false);
    }

    /// The index: what [`Framing::place`] looks up. Each place is its offset; in blocks what is left of the block follows.
    pub fn finish(mut self) -> Vec<u64> {
        if !self.over {
            self.walk_waiting(true);
        }
        self.index
    }

    fn walk_waiting(&mut self, at_end: bool) {
        let waiting = std::mem::take(&mut self.waiting);
        let done = self.walk(&waiting, at_end);
        self.waiting = waiting;
        self.waiting.drain(..done.min(self.waiting.len()));
    }

    /// Walks over whole records; gives the bytes that it is done with.
    fn walk(&mut self, bytes: &[u8], at_end: bool) -> usize {
        let Some(records) = bytes.len().checked_sub(self.trailer) else { return 0 };
        let mut rest = bytes.get(..records).unwrap_or_default();
        while !self.over && (at_end || rest.len() >= self.need) {
            let left = self.gauge.left;
            let taken = match self.gauge.step(rest, at_end) {
                Step::More(need) if !at_end => {
                    self.need = need;
                    break;
                }
                Step::Skip(count) => count,
                Step::Segment(frame) => {
                    self.began = self.began.or(Some((self.offset, left)));
                    frame.front + frame.length + frame.back
                }
                Step::Record(frame) => {
                    self.note(left);
                    frame.front + frame.length + frame.back
                }
                Step::More(_) | Step::End | Step::Fault(_) => {
                    self.over = true;
                    break;
                }
            };
            self.need = 0;
            self.offset += taken as u64;
            rest = rest.get(taken..).unwrap_or_default();
        }
        if self.over { bytes.len() } else { records - rest.len() }
    }

    fn note(&mut self, left: usize) {
        let (offset, left) = self.began.take().unwrap_or((self.offset, left));
        if self.records.is_multiple_of(self.every) {
            self.index.push(offset);
            if self.words > 1 {
                self.index.push(left as u64);
            }
        }
        self.records += 1;
    }
}
