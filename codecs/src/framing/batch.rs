//! A run of whole records, apart from the file they came from: what a decoder on another thread works on.
//!
//! The cutter fills it in file order; it is handed over, read and given back to be filled again, so that nothing is
//! shared and nothing is allocated once its buffers have grown.

use super::cut::Cut;
use super::kind::Framing;

/// Whole records, copied out of their block one after the other.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    first_n: u64,
    first_offset: u64,
    bytes: Vec<u8>,
    /// Bytes of each record, where all are alike and nothing stands between them.
    stride: Option<usize>,
    records: Vec<Lies>,
}

/// Where a record lies.
#[derive(Clone, Copy, Debug)]
struct Lies {
    offset: u64,
    from: usize,
    length: usize,
}

impl Batch {
    /// Bytes after which a batch takes no more records.
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
    pub fn len(&self) -> usize {
        match self.stride {
            Some(stride) => self.bytes.len() / stride.max(1),
            None => self.records.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All records' bytes, one after the other.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
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
            Some(stride) => {
                let from = index.checked_mul(stride)?;
                let bytes = self.bytes.get(from..from.checked_add(stride)?)?;
                Some(Cut { n, offset: self.first_offset + from as u64, bytes })
            }
            None => {
                let lies = self.records.get(index)?;
                Some(Cut { n, offset: lies.offset, bytes: self.bytes.get(lies.from..lies.from + lies.length)? })
            }
        }
    }

    /// Whether it takes no more: records without bytes count too.
    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() >= Batch::TARGET || self.records.len() >= Batch::TARGET / 16
    }

    /// Forgets its records, but not its buffers.
    pub(super) fn clear(&mut self, first_n: u64, stride: Option<usize>) {
        self.bytes.clear();
        self.records.clear();
        (self.first_n, self.first_offset, self.stride) = (first_n, 0, stride);
    }

    /// One record.
    #[inline]
    pub(super) fn push(&mut self, offset: u64, record: &[u8]) {
        if self.is_empty() {
            self.first_offset = offset;
        }
        if self.stride.is_none() {
            self.records.push(Lies { offset, from: self.bytes.len(), length: record.len() });
        }
        self.bytes.extend_from_slice(record);
    }
}

/// Bytes of every record of a batch, where the framing leaves nothing between records.
pub(super) fn stride(framing: &Framing) -> Option<usize> {
    match framing.records() {
        Framing::Fixed { length } => Some((*length).max(1)),
        _ => None,
    }
}
