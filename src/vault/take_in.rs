//! Takes content in: reads it once, hashes it on the way, and hands it to where an engine keeps it meanwhile.

use super::Stored;
use super::blocks::{BlockHasher, Blocks};
use super::faults::{hex, too_large, unreadable};
use crate::error::{Error, Result};
use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};

/// Bytes read from the input at once.
const PIECE_BYTES: usize = 256 * 1024;

/// Content on its way in.
pub(super) struct TakeIn<'a> {
    sha256: Sha256,
    blocks: BlockHasher,
    size: u64,
    observe: &'a mut dyn FnMut(&[u8]),
    max_bytes: u64,
}

impl<'a> TakeIn<'a> {
    /// Nothing has come yet.
    pub(super) fn new(observe: &'a mut dyn FnMut(&[u8]), max_bytes: u64) -> TakeIn<'a> {
        TakeIn { sha256: Sha256::new(), blocks: BlockHasher::default(), size: 0, observe, max_bytes }
    }

    /// Reads `input` to its end into `place`; an error of the place is told by `failed`.
    pub(super) fn read(
        &mut self,
        input: &mut (impl Read + ?Sized),
        place: &mut dyn Write,
        failed: &dyn Fn(io::Error) -> Error,
    ) -> Result<()> {
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let length = match input.read(&mut piece) {
                Ok(0) => return Ok(()),
                Ok(length) => length,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(unreadable(e)),
            };
            let bytes = piece.get(..length).unwrap_or_default();
            self.size += length as u64;
            if self.size > self.max_bytes {
                return Err(too_large(self.max_bytes));
            }
            place.write_all(bytes).map_err(failed)?;
            self.sha256.update(bytes);
            self.blocks.add(bytes);
            (self.observe)(bytes);
        }
    }

    /// What has come.
    pub(super) fn finish(self) -> (Stored, Blocks) {
        (Stored { sha256: hex(&self.sha256.finalize()), size: self.size }, self.blocks.finish())
    }
}
