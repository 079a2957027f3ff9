//! A run of whole records, apart from the file they came from: what a decoder on another thread works on.
//!
//! The cutter fills it in file order; it is handed over, read and given back to be filled again, so that nothing is
//! shared and nothing is allocated once its buffers have grown. Records stay where they were read: the file's bytes go
//! into the batch's own block, and only a record that does not lie there in one piece is copied.

use super::cut::Cut;
use super::kind::Framing;

/// Whole records, in the block they were read into.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    first_n: u64,
    first_offset: u64,
    /// What was read, with what frames the records and what comes behind them.
    pub(super) block: Vec<u8>,
    /// Records that do not lie in the block in one piece, one after the other.
    pieced: Vec<u8>,
    /// Bytes of each record, where all are alike and nothing stands between them.
    stride: Option<usize>,
    /// Where the first record begins in the block.
    start: usize,
    count: usize,
    /// Without a stride.
    records: Vec<Lies>,
}

/// Where a record lies.
#[derive(Clone, Copy, Debug)]
struct Lies {
    offset: u64,
    from: usize,
    length: usize,
    pieced: bool,
}

impl Batch {
    /// Bytes that are read for a batch, if the file has so many.
    pub const TARGET: usize = 1 << 18;

    /// Number of the first record, from 1.
    pub fn first_n(&self) -> u64 {
        self.first_n
    }

    /// First byte of the first record within the file, from 0.
    pub fn first_offset(&self) -> u64 {
        self.first_offset
    }

    /// How many records.
    #[inline]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The records in file order.
    pub fn iter(&self) -> impl Iterator<Item = Cut<'_>> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// A record by its place in the batch, from 0.
    #[inline]
    pub fn get(&self, index: usize) -> Option<Cut<'_>> {
        let n = self.first_n + index as u64;
        match self.stride {
            Some(stride) if index < self.count => {
                let from = index * stride;
                let bytes = self.block.get(self.start + from..self.start + from + stride)?;
                Some(Cut { n, offset: self.first_offset + from as u64, bytes })
            }
            Some(_) => None,
            None => {
                let lies = self.records.get(index)?;
                let bytes = if lies.pieced { &self.pieced } else { &self.block };
                Some(Cut { n, offset: lies.offset, bytes: bytes.get(lies.from..lies.from + lies.length)? })
            }
        }
    }

    /// Whether it takes no more, though its block may have more: records without bytes count too.
    pub(super) fn is_full(&self) -> bool {
        self.pieced.len() >= Batch::TARGET || self.records.len() >= Batch::TARGET / 16
    }

    /// Forgets its records, but not its buffers.
    pub(super) fn clear(&mut self, first_n: u64, stride: Option<usize>) {
        self.pieced.clear();
        self.records.clear();
        (self.first_n, self.first_offset, self.stride, self.count) = (first_n, 0, stride, 0);
    }

    /// A record that lies in the block.
    #[inline]
    pub(super) fn push(&mut self, offset: u64, from: usize, length: usize) {
        if self.count == 0 {
            (self.first_offset, self.start) = (offset, from);
        }
        self.count += 1;
        if self.stride.is_none() {
            self.records.push(Lies { offset, from, length, pieced: false });
        }
    }

    /// A record that does not.
    pub(super) fn push_pieced(&mut self, offset: u64, record: &[u8]) {
        if self.count == 0 {
            self.first_offset = offset;
        }
        self.count += 1;
        self.records.push(Lies { offset, from: self.pieced.len(), length: record.len(), pieced: true });
        self.pieced.extend_from_slice(record);
    }
}

/// Bytes of every record of a batch, where the framing leaves nothing between records.
pub(super) fn stride(framing: &Framing) -> Option<usize> {
    match framing.records() {
        Framing::Fixed { length } => Some((*length).max(1)),
        _ => None,
    }
}
