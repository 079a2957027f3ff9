//! Words that several parts of the configuration share.

use crate::ledger::verbs::Verb;
use fpp_codecs::source::Section;
use std::collections::BTreeSet;

/// `second_person`: the verbs that another person must confirm.
pub(super) fn second_person(section: &Section<'_>) -> BTreeSet<Verb> {
    let mut verbs = BTreeSet::new();
    for word in section.texts("second_person") {
        match Verb::parse(&word) {
            Some(verb) => drop(verbs.insert(verb)),
            None => {
                let known = Verb::ALL.map(Verb::word).join(", ");
                section.fault("second_person", format_args!("`{word}` is not one of: {known}"));
            }
        }
    }
    verbs
}

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
