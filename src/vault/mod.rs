//! The vault: every file received or sent, under its SHA-256, with the digests of its blocks and its indexes.
//!
//! Contract: [`Vault`]; engines stand beside it (`disk/`, and `s3/` behind the feature `s3`). Invariants: content never changes; what [`Vault::put`]
//! returned survives power loss; no byte is handed out before its whole block was checked against the digest that was
//! taken when the content came in (`blocks.rs`), so damage is an error and never an event. Memory is bounded by one
//! block, whatever the file's size.
//!
//! Several nodes may write to one vault at once, and hold nothing in common but it: equal content of two of them is one
//! content, whoever comes first; a temporary has its node and incarnation in its name, and nobody removes one whose
//! writer may live; what one node put is seen by all when `put` returns. A removal never takes what was put after the
//! time that it names, whichever node put it. What it does not do: it knows no leases, because content that two nodes
//! make of the same file is the same, and so the ledger alone decides whose work counts.
//!
//! The code is synchronous: callers use `spawn_blocking`. It knows bytes, not records.

pub mod blocks;
pub mod digests;
pub mod disk;
mod faults;
mod index;
pub mod made;
pub mod plans;
#[cfg(feature = "s3")]
pub mod s3;
mod take_in;
pub mod watermark;

pub use faults::error_of;

use crate::error::Result;
use blocks::Content;
use std::io::Read;

/// What the vault holds of one content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// SHA-256, hex: the name in the vault.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
}

/// What a walk over the vault finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// SHA-256, hex.
    pub sha256: String,
    /// Bytes; 0 for what an interrupted removal left.
    pub bytes: u64,
    /// When it was last put, UTC milliseconds; where an engine does not know it exactly, not before that.
    pub put_ms: i64,
}

/// An input that can begin elsewhere than at its beginning.
pub trait Resumable: Read {
    /// Goes on behind so many bytes, of which these are the last ones; no where this input has others there. Asked before the
    /// first byte is read.
    fn go_on(&mut self, at: u64, last: &[u8]) -> Result<bool>;
}

/// What every vault engine does.
pub trait Vault: Send + Sync {
    /// Takes content in: reads `input` to its end, shows each piece to `observe`, and makes content and block digests
    /// durable under the content's SHA-256. Content that is there already stays; if it is damaged, it is replaced by the
    /// sound bytes. More than `max_bytes` are refused (FPP1016), and nothing is kept. An [`crate::error::Error`] inside an I/O error
    /// of `input` comes out as it is.
    fn put(&self, input: &mut dyn Read, observe: &mut dyn FnMut(&[u8]), max_bytes: u64) -> Result<Stored>;

    /// The same for an input that may break off, under a name of letters and digits. What an attempt of this name has left
    /// behind, whichever node made it, is gone on with, if `input` finds its end to be right; nobody proves the rest of it but
    /// the content's digest, which the caller compares. When `input` breaks off with an error that is tried again, what has
    /// come is kept for the next attempt. An engine that keeps no parts begins anew.
    fn put_on(
        &self,
        name: &str,
        input: &mut dyn Resumable,
        observe: &mut dyn FnMut(&[u8]),
        max_bytes: u64,
    ) -> Result<Stored> {
        let _ = name;
        self.put(input, observe, max_bytes)
    }

    /// Bytes that are kept of an attempt of this name, of which none need to come again.
    fn kept_of(&self, name: &str) -> Result<u64> {
        let _ = name;
        Ok(0)
    }

    /// Removes what attempts have left behind that nobody is at, and that nothing was added to since; how many.
    fn drop_parts(&self, before_ms: i64) -> Result<u64> {
        let _ = before_ms;
        Ok(0)
    }

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

    /// Whether the content is there. Where nobody can tell it is an error, and never "no".
    fn holds(&self, sha256: &str) -> Result<bool>;

    /// Lets content that is there count as put now, so that no removal takes it; false when it is not there.
    fn renew(&self, sha256: &str) -> Result<bool> {
        if !self.holds(sha256)? {
            return Ok(false);
        }
        self.put(&mut self.open(sha256)?.reader_at(0), &mut |_| {}, u64::MAX).map(|_| true)
    }

    /// Shows every content once, in no order; what comes or goes meanwhile may be shown or not.
    fn contents(&self, visit: &mut dyn FnMut(Kept) -> Result<()>) -> Result<()>;

    /// Removes content with all that tells of it, unless it was put at `put_before_ms` or later: then nothing, else the
    /// bytes that went.
    fn remove(&self, sha256: &str, put_before_ms: i64) -> Result<Option<u64>>;

    /// Bytes that may still be written where content comes in, if there is such a bound.
    fn free_bytes(&self) -> Result<Option<u64>>;
}
