//! The vault: every file received or sent, under its SHA-256, with the digests of its blocks and its indexes.
//!
//! Contract: [`Vault`]; engines stand beside it (`disk.rs`). Invariants: content never changes; what [`Vault::put`]
//! returned survives power loss; no byte is handed out before its whole block was checked against the digest that was
//! taken when the content came in (`blocks.rs`), so damage is an error and never an event. Memory is bounded by one
//! block, whatever the file's size.
//!
//! The code is synchronous: callers use `spawn_blocking`. It knows bytes, not records.

pub mod blocks;
pub mod disk;
mod faults;
mod files;
pub mod made;
pub mod plans;

pub use faults::error_of;

use crate::error::Result;
use blocks::Content;
use std::io::Read;

/// What the vault holds of one content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// SHA-256, hex: the name in the vault.
    pub sha256: String,
    /// SM3, hex.
    pub sm3: String,
    /// Bytes.
    pub size: u64,
}

/// What every vault engine does.
pub trait Vault: Send + Sync {
    /// Takes content in: reads `input` to its end, shows each piece to `observe`, and makes content and block digests
    /// durable under the content's SHA-256. Content that is there already stays; if it is damaged, it is replaced by the
    /// sound bytes. More than `max_bytes` are refused (FPP1016), and nothing is kept. An [`crate::error::Error`] inside an I/O error
    /// of `input` comes out as it is.
    fn put(&self, input: &mut dyn Read, observe: &mut dyn FnMut(&[u8]), max_bytes: u64) -> Result<Stored>;

    /// Takes in content that is in memory.
    fn put_bytes(&self, bytes: &[u8]) -> Result<Stored> {
        let mut input = bytes;
        self.put(&mut input, &mut |_| {}, u64::MAX)
    }

    /// Keeps offsets of records beside the content, under a name of small letters, digits, `-` and `_`. An index can be
    /// made again from the content, so a later one replaces it.
    fn put_index(&self, sha256: &str, kind: &str, offsets: &[u64]) -> Result<()>;

    /// The offsets, if that index was put.
    fn index(&self, sha256: &str, kind: &str) -> Result<Option<Vec<u64>>>;

    /// Opens content; FPP9002 when it is missing or its block digests are damaged.
    fn open(&self, sha256: &str) -> Result<Content>;

    /// Whether the content is there.
    fn holds(&self, sha256: &str) -> bool;
}
