//! Named consumers of the stream: readers whose position the books keep.
//!
//! A position decides nothing: no file waits for a consumer, and the vault keeps nothing for one (D12). So a consumer that
//! nobody reads for any more costs its row, and is listed with what it has not read. It is no part of any chain.

use serde::{Deserialize, Serialize};

/// A named consumer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consumer {
    /// Its name.
    pub name: String,
    /// The token that made it, which alone reads and commits for it; empty where the node asks for none.
    pub owner: String,
    /// It has read up to this publication ...
    pub publication: u64,
    /// ... and this record of it; `u64::MAX` for all of it.
    pub record: u64,
    /// When it was made.
    pub made_ms: i64,
    /// When its position was last written.
    pub updated_ms: i64,
}
