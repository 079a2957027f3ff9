//! Takes content in: reads it once, hashes it on the way, and hands it to where an engine keeps it meanwhile.

use super::Stored;
use super::blocks::{BlockHasher, Blocks};
use super::faults::{hex, too_large, unreadable};
use crate::error::{Error, Result};
use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};

/// Bytes read from the input at once.
const PIECE_BYTES: usize = 256 * 1024;

/// Reads `input` to its end into `place`; an error of the place is told by `failed`.
pub(super) fn take_in(
    input: &mut dyn Read,
    observe: &mut dyn FnMut(&[u8]),
    max_bytes: u64,
    place: &mut dyn Write,
    failed: &dyn Fn(io::Error) -> Error,
) -> Result<(Stored, Blocks)> {
    let (mut sha256, mut blocks) = (Sha256::new(), BlockHasher::default());
    let mut piece = vec![0; PIECE_BYTES];
    let mut size = 0u64;
    loop {
        let length = match input.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => length,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(unreadable(e)),
        };
        let bytes = piece.get(..length).unwrap_or_default();
        size += length as u64;
        if size > max_bytes {
            return Err(too_large(max_bytes));
        }
        place.write_all(bytes).map_err(failed)?;
        sha256.update(bytes);
        blocks.add(bytes);
        observe(bytes);
    }
    Ok((Stored { sha256: hex(&sha256.finalize()), size }, blocks.finish()))
}
