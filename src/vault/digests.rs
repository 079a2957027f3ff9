//! Digests of other kinds than the vault's own, made when somebody asks for one: they cost more than all else that is done
//! with a file, and few routes want them.

use super::{Vault, error_of};
use crate::error::Result;
use fpp_spool::{Algorithm, Hasher};
use std::io::Read;

/// Bytes read at once.
const PIECE_BYTES: usize = 256 * 1024;

/// The digest of a content, hex. Its own name, where that is asked for.
pub fn digest(vault: &dyn Vault, sha256: &str, algorithm: Algorithm) -> Result<String> {
    if algorithm == Algorithm::Sha256 {
        return Ok(sha256.to_owned());
    }
    let mut input = vault.open(sha256)?.reader_at(0);
    let mut hasher = Hasher::only(algorithm);
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match input.read(&mut piece).map_err(error_of)? {
            0 => return Ok(hasher.finish_one(algorithm).to_string()),
            n => hasher.update(&piece[..n]),
        }
    }
}
