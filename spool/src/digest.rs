//! Digests of files: SHA-256 and SM3, the checksum files beside a delivery, and the MD5 and SHA-1 that senders state.
//!
//! MD5 and SHA-1 find damage and prove nothing against intent: they are compared with what a sender states, and identify
//! nothing here.
//!
//! A checksum file is one line in the form of coreutils, `<hex>  <name>`, so that `sha256sum -c` accepts it without any
//! tool of ours. Names with characters that this form would have to escape never get here (see [`crate::entry`]).

use crate::error::{Error, ErrorKind, Result};
use sha2::Digest as _;
use std::fmt;
use std::io::Read;

/// A digest algorithm.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Algorithm {
    /// SHA-256.
    Sha256,
    /// SM3 (GB/T 32905).
    Sm3,
    /// SHA-1 (FIPS 180-4), only where a sender states it.
    Sha1,
    /// MD5 (RFC 1321), only where a sender states it.
    Md5,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Algorithm; 4] = [Algorithm::Sha256, Algorithm::Sm3, Algorithm::Sha1, Algorithm::Md5];

    /// The name in lower case, which is also the extension of its checksum file.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Sha256 => "sha256",
            Algorithm::Sm3 => "sm3",
            Algorithm::Sha1 => "sha1",
            Algorithm::Md5 => "md5",
        }
    }

    /// Bytes of its digests.
    pub fn bytes(self) -> usize {
        match self {
            Algorithm::Sha256 | Algorithm::Sm3 => 32,
            Algorithm::Sha1 => 20,
            Algorithm::Md5 => 16,
        }
    }

    /// Reads `sha256`, `sha-256`, `sm3`, `sha1`, `sha-1` or `md5`, in any case.
    pub fn parse(name: &str) -> Option<Algorithm> {
        match name.to_ascii_lowercase().as_str() {
            "sha256" | "sha-256" => Some(Algorithm::Sha256),
            "sm3" => Some(Algorithm::Sm3),
            "sha1" | "sha-1" => Some(Algorithm::Sha1),
            "md5" => Some(Algorithm::Md5),
            _ => None,
        }
    }
}

/// A digest of up to 32 bytes; shorter ones are followed by zeros.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest {
    /// How it was made.
    pub algorithm: Algorithm,
    /// The digest.
    pub bytes: [u8; 32],
}

impl Digest {
    /// The digest of bytes in memory.
    pub fn of(algorithm: Algorithm, bytes: &[u8]) -> Digest {
        let mut hasher = Hasher::only(algorithm);
        hasher.update(bytes);
        hasher.finish_one(algorithm)
    }

    /// Reads its hexadecimal digits, of either case: 64, 40 of SHA-1, 32 of MD5.
    pub fn parse(algorithm: Algorithm, hex: &str) -> Option<Digest> {
        let hex = hex.as_bytes();
        if hex.len() != 2 * algorithm.bytes() {
            return None;
        }
        let digit = |b: u8| char::from(b).to_digit(16).map(|d| d as u8);
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Digest { algorithm, bytes })
    }

    /// The content of a checksum file for `name`.
    pub fn checksum_line(&self, name: &str) -> String {
        format!("{self}  {name}\n")
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes.iter().take(self.algorithm.bytes()).try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{self}", self.algorithm.name())
    }
}

/// Makes digests while bytes go by: SHA-256 and SM3, or one of any kind.
#[derive(Clone)]
pub struct Hasher {
    sha256: Option<sha2::Sha256>,
    sm3: Option<sm3::Sm3>,
    stated: Option<Stated>,
    size: u64,
}

/// What only senders make.
#[derive(Clone)]
enum Stated {
    Sha1(sha1::Sha1),
    Md5(md5::Md5),
}

impl Hasher {
    /// Makes SHA-256 and SM3 at once.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Hasher {
        Hasher { sha256: Some(sha2::Sha256::new()), sm3: Some(sm3::Sm3::new()), stated: None, size: 0 }
    }

    /// Makes one digest only, which costs about half.
    pub fn only(algorithm: Algorithm) -> Hasher {
        let none = Hasher { sha256: None, sm3: None, stated: None, size: 0 };
        match algorithm {
            Algorithm::Sha256 => Hasher { sha256: Some(sha2::Sha256::new()), ..none },
            Algorithm::Sm3 => Hasher { sm3: Some(sm3::Sm3::new()), ..none },
            Algorithm::Sha1 => Hasher { stated: Some(Stated::Sha1(sha1::Sha1::new())), ..none },
            Algorithm::Md5 => Hasher { stated: Some(Stated::Md5(md5::Md5::new())), ..none },
        }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        if let Some(hasher) = &mut self.sha256 {
            hasher.update(bytes);
        }
        if let Some(hasher) = &mut self.sm3 {
            hasher.update(bytes);
        }
        match &mut self.stated {
            Some(Stated::Sha1(hasher)) => hasher.update(bytes),
            Some(Stated::Md5(hasher)) => hasher.update(bytes),
            None => {}
        }
    }

    /// How many bytes it has taken.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The digests that were asked for: (SHA-256, SM3).
    pub fn finish(self) -> (Option<Digest>, Option<Digest>) {
        let sha256 = self.sha256.map(|h| Digest { algorithm: Algorithm::Sha256, bytes: h.finalize().into() });
        let sm3 = self.sm3.map(|h| Digest { algorithm: Algorithm::Sm3, bytes: h.finalize().into() });
        (sha256, sm3)
    }

    /// The digest of one kind, which was asked for.
    pub fn finish_one(self, algorithm: Algorithm) -> Digest {
        let shorter = |made: &[u8]| {
            let mut bytes = [0; 32];
            bytes.iter_mut().zip(made).for_each(|(to, from)| *to = *from);
            Digest { algorithm, bytes }
        };
        match self.stated {
            Some(Stated::Sha1(hasher)) => return shorter(&hasher.finalize()),
            Some(Stated::Md5(hasher)) => return shorter(&hasher.finalize()),
            None => {}
        }
        let (sha256, sm3) = self.finish();
        let one = if algorithm == Algorithm::Sha256 { sha256 } else { sm3 };
        one.unwrap_or(Digest { algorithm, bytes: [0; 32] })
    }
}

/// Reads to the end and gives the size and the digest.
pub fn digest_of(algorithm: Algorithm, input: &mut dyn Read) -> Result<(u64, Digest)> {
    let mut hasher = Hasher::only(algorithm);
    let mut buffer = vec![0; 1 << 20];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return Ok((hasher.size(), hasher.finish_one(algorithm))),
            Ok(n) => hasher.update(&buffer[..n]),
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(Error::from_io("reading to make the digest", e)),
        }
    }
}

/// Reads one line of a checksum file: digest and name. Accepts the binary mark `*` of coreutils.
pub fn parse_checksum_line(algorithm: Algorithm, line: &str) -> Result<(Digest, String)> {
    let line = line.trim_end_matches(['\r', '\n']);
    line.split_at_checked(2 * algorithm.bytes())
        .and_then(|(hex, rest)| {
            let name = rest.strip_prefix("  ").or_else(|| rest.strip_prefix(" *"))?;
            Some((Digest::parse(algorithm, hex)?, name.to_owned()))
        })
        .ok_or_else(|| Error::new(ErrorKind::Io, "a checksum line is not `<hex digits>  <name>`").hint(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABC_SHA256: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const ABC_SM3: &str = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0";

    #[test]
    fn known_answers() {
        assert_eq!(Digest::of(Algorithm::Sha256, b"abc").to_string(), ABC_SHA256);
        assert_eq!(Digest::of(Algorithm::Sm3, b"abc").to_string(), ABC_SM3);
        // RFC 1321, A.5, and FIPS 180-1, appendix A.
        for (algorithm, due) in [
            (Algorithm::Md5, "900150983cd24fb0d6963f7d28e17f72"),
            (Algorithm::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ] {
            assert_eq!(Digest::of(algorithm, b"abc").to_string(), due);
            assert_eq!(Digest::parse(algorithm, &due.to_uppercase()), Some(Digest::of(algorithm, b"abc")));
            assert_eq!(Digest::parse(algorithm, ABC_SM3), None, "another length");
            assert_eq!(Algorithm::parse(algorithm.name()), Some(algorithm));
        }
        let mut both = Hasher::new();
        both.update(b"a");
        both.update(b"bc");
        assert_eq!(both.size(), 3);
        let (sha256, sm3) = both.finish();
        assert_eq!((sha256.unwrap().to_string(), sm3.unwrap().to_string()), (ABC_SHA256.into(), ABC_SM3.into()));
    }

    #[test]
    fn line_reads_back() {
        let digest = Digest::parse(Algorithm::Sha256, &ABC_SHA256.to_uppercase()).unwrap();
        let line = digest.checksum_line("回盘.TXT");
        assert_eq!(parse_checksum_line(Algorithm::Sha256, &line).unwrap(), (digest, "回盘.TXT".to_owned()));
        assert!(parse_checksum_line(Algorithm::Sha256, "abc  x").is_err());
        assert!(Digest::parse(Algorithm::Sm3, &"回".repeat(22)).is_none());
    }
}
