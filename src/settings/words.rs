//! Words that several parts of the configuration share.

/// What a marker file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkerContent {
    /// Nothing.
    Empty,
    /// File name and size.
    Size,
    /// File name, size and digest.
    SizeAndDigest,
}

/// A digest that a route asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestKind {
    /// SHA-256.
    Sha256,
    /// SM3 (GB/T 32905-2016).
    Sm3,
}

impl DigestKind {
    /// As written in configuration and as the ending of checksum files.
    pub fn name(self) -> &'static str {
        match self {
            DigestKind::Sha256 => "sha256",
            DigestKind::Sm3 => "sm3",
        }
    }
}

impl From<MarkerContent> for fpp_spool::MarkerContent {
    fn from(content: MarkerContent) -> fpp_spool::MarkerContent {
        match content {
            MarkerContent::Empty => fpp_spool::MarkerContent::Empty,
            MarkerContent::Size => fpp_spool::MarkerContent::Size,
            MarkerContent::SizeAndDigest => fpp_spool::MarkerContent::SizeAndDigest,
        }
    }
}

impl From<DigestKind> for fpp_spool::Algorithm {
    fn from(kind: DigestKind) -> fpp_spool::Algorithm {
        match kind {
            DigestKind::Sha256 => fpp_spool::Algorithm::Sha256,
            DigestKind::Sm3 => fpp_spool::Algorithm::Sm3,
        }
    }
}
