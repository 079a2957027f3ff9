//! Offsets of every so-many-th record.

use super::Framing;

/// Watches a file go by and notes where records begin.
#[derive(Clone, Debug)]
pub struct Indexer {
    offsets: Vec<u64>,
}

impl Indexer {
    /// Notes record 1, 1 + `every`, 1 + 2 `every`, ...
    pub fn new(_framing: &Framing, _every: u32) -> Indexer {
        Indexer { offsets: Vec::new() }
    }

    /// The next bytes of the file.
    pub fn feed(&mut self, _bytes: &[u8]) {}

    /// The offsets.
    pub fn finish(self) -> Vec<u64> {
        self.offsets
    }
}
