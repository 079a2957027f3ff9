//! The hash chains: what is hashed, in which order, for every engine alike (D22).
//!
//! Invariant: the same journal gives the same hashes on SQLite, MySQL and OceanBase, today and in ten years, so the bytes
//! that are hashed are spelled out here. Every part is preceded by its length, so no two journals share one spelling.
//! This module reads and writes nothing.

use super::change::{JournalRow, Reject};
use crate::error::{Error, Result};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Lower hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn length(bytes: &[u8]) -> [u8; 8] {
    (bytes.len() as u64).to_be_bytes()
}

/// The hash of one journal row: SHA-256 over subject, n, time, entry and the previous hash.
pub fn row_hash(subject: &str, n: u64, at_ms: i64, entry: &str, previous: &str) -> String {
    let mut hash = Sha256::new();
    for part in [subject.as_bytes(), &n.to_be_bytes(), &at_ms.to_be_bytes(), entry.as_bytes(), previous.as_bytes()]
        as [&[u8]; 5]
    {
        hash.update(length(part));
        hash.update(part);
    }
    hex(&hash.finalize())
}

/// The next row of a chain, after `head` (its number and hash; none for the first).
pub fn next_row(subject: &str, head: Option<(u64, &str)>, at_ms: i64, entry: String) -> JournalRow {
    let (n, previous) = head.map_or((1, ""), |(n, hash)| (n + 1, hash));
    let hash = row_hash(subject, n, at_ms, &entry, previous);
    JournalRow { subject: subject.to_owned(), n, at_ms, entry, previous: previous.to_owned(), hash }
}

/// How many rejects a judgement wrote, and their digest. It stands in the journal entry of that judgement, so a reject
/// that is changed or removed later is found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectsDigest {
    /// How many.
    pub count: u64,
    /// SHA-256 over all of them in record order, hex.
    pub sha256: String,
}

/// Makes a [`RejectsDigest`] from rejects that come in pages.
#[derive(Default)]
pub struct RejectsHasher {
    count: u64,
    last: u64,
    hash: Sha256,
}

impl RejectsHasher {
    /// Adds rejects; they must come in record order, one for a record.
    pub fn add(&mut self, rejects: &[Reject]) -> Result<()> {
        for reject in rejects {
            if reject.record <= self.last {
                return Err(Error::internal(format!(
                    "the reject of record {} comes after the one of record {}",
                    reject.record, self.last
                )));
            }
            self.last = reject.record;
            self.count += 1;
            let Reject { record, ordinal, offset, field, at, code, detail, hex } = reject;
            for number in [*record, *ordinal, *offset, u64::from(*at), u64::from(*code)] {
                self.hash.update(number.to_be_bytes());
            }
            for text in [field, detail, hex] {
                self.hash.update(length(text.as_bytes()));
                self.hash.update(text.as_bytes());
            }
        }
        Ok(())
    }

    /// The digest; nothing when there was no reject.
    pub fn finish(self) -> Option<RejectsDigest> {
        (self.count > 0).then(|| RejectsDigest { count: self.count, sha256: hex(&self.hash.finalize()) })
    }
}

/// The digest of the last heads of chains that are purged, in order of their subject.
pub fn heads_digest(heads: &[(String, u64, String)]) -> String {
    let mut hash = Sha256::new();
    for (subject, n, head) in heads {
        for part in [subject.as_bytes(), &n.to_be_bytes(), head.as_bytes()] as [&[u8]; 3] {
            hash.update(length(part));
            hash.update(part);
        }
    }
    hex(&hash.finalize())
}

/// Makes the code of a seal: HMAC-SHA256 over its number, its time, how many heads it holds, each head, and the code of
/// the seal before.
pub struct SealMac(Hmac<Sha256>);

impl SealMac {
    /// Begins a seal over `heads` chain heads.
    pub fn new(key: &[u8], n: u64, at_ms: i64, heads: u64, previous: &str) -> Result<SealMac> {
        let mut mac = Hmac::<Sha256>::new_from_slice(key)
            .map_err(|_| Error::internal("the seal's key cannot be used").hint("Give a key file that is not empty."))?;
        mac.update(&n.to_be_bytes());
        mac.update(&at_ms.to_be_bytes());
        mac.update(&heads.to_be_bytes());
        mac.update(&length(previous.as_bytes()));
        mac.update(previous.as_bytes());
        Ok(SealMac(mac))
    }

    /// Adds one chain head; heads come in order of their subject.
    pub fn head(&mut self, subject: &str, n: u64, hash: &str) {
        for part in [subject.as_bytes(), &n.to_be_bytes(), hash.as_bytes()] as [&[u8]; 3] {
            self.0.update(&length(part));
            self.0.update(part);
        }
    }

    /// The code, in hex.
    pub fn finish(self) -> String {
        hex(&self.0.finalize().into_bytes())
    }

    /// Whether the code is this one, in constant time.
    pub fn is(self, code: &str) -> bool {
        let bytes: Option<Vec<u8>> = (0..code.len())
            .step_by(2)
            .map(|at| code.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok()))
            .collect();
        bytes.is_some_and(|bytes| self.0.verify_slice(&bytes).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_hash_is_spelled_out_and_never_changes() {
        // printf of the length-prefixed parts through sha256sum gives the same.
        let mut bytes = Vec::new();
        for part in [&b"transfer:1"[..], &1u64.to_be_bytes(), &5i64.to_be_bytes(), b"{}", b""] {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part);
        }
        assert_eq!(row_hash("transfer:1", 1, 5, "{}", ""), hex(&Sha256::digest(&bytes)));
        assert_ne!(row_hash("a", 1, 5, "bc", ""), row_hash("ab", 1, 5, "c", ""));
    }

    #[test]
    fn rejects_out_of_order_are_refused() {
        let reject = |record| Reject {
            record,
            ordinal: 1,
            offset: 0,
            field: "AMT".into(),
            at: 1,
            code: 2001,
            detail: "".into(),
            hex: "".into(),
        };
        let mut hasher = RejectsHasher::default();
        hasher.add(&[reject(2), reject(3)]).unwrap();
        assert!(hasher.add(&[reject(3)]).is_err());
        assert_eq!(RejectsHasher::default().finish(), None);
    }

    #[test]
    fn a_seal_is_only_good_with_its_key_and_heads() {
        let mac = |key: &[u8], hash| {
            let mut mac = SealMac::new(key, 1, 5, 1, "").unwrap();
            mac.head("transfer:1", 3, hash);
            mac
        };
        let code = mac(b"key", "aa").finish();
        assert!(mac(b"key", "aa").is(&code));
        assert!(!mac(b"yek", "aa").is(&code));
        assert!(!mac(b"key", "ab").is(&code));
        assert!(!mac(b"key", "aa").is("zz"));
    }
}
