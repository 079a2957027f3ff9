//! A record as it was cut out of its file.

/// One record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut<'a> {
    /// Record number, from 1.
    pub n: u64,
    /// First byte of the record itself within the file, from 0: behind a descriptor word; of a record in segments, the
    /// first byte of the first one.
    pub offset: u64,
    /// The record without what frames it.
    pub bytes: &'a [u8],
}
