//! The bytes of an index: magic, the offsets, and a SHA-256 over all of it.

use super::faults::{check_name, damaged};
use crate::error::{Error, Result};
use sha2::{Digest, Sha256};

const MAGIC: &[u8; 8] = b"FPPIDX1\n";

/// The bytes.
pub(super) fn write(offsets: &[u64]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    offsets.iter().for_each(|offset| bytes.extend(offset.to_be_bytes()));
    bytes.extend(Sha256::digest(&bytes));
    bytes
}

/// The offsets; FPP9002 when the bytes are not what was written.
pub(super) fn read(bytes: &[u8], sha256: &str, kind: &str) -> Result<Vec<u64>> {
    bytes
        .split_last_chunk::<32>()
        .filter(|(body, check)| Sha256::digest(body).as_slice() == *check)
        .and_then(|(body, _)| body.strip_prefix(MAGIC))
        .map(|body| body.as_chunks::<8>().0.iter().map(|offset| u64::from_be_bytes(*offset)).collect())
        .ok_or_else(|| damaged(sha256, format!("its index {kind} does not have its own digest")))
}

/// What follows the content's name in the name of its index; refuses what would lead elsewhere.
pub(super) fn suffix(sha256: &str, kind: &str) -> Result<String> {
    check_name(sha256)?;
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    if kind.is_empty() || kind == "blocks" || !kind.bytes().all(fits) {
        return Err(Error::internal(format!("{kind:?} cannot name an index")));
    }
    Ok(format!(".{kind}.index"))
}
