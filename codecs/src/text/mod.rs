//! Character data: code pages, one at a time and mixed with double-byte runs.
//!
//! The contract that layouts and records rely on is [`Page`], [`decode`] and [`encode`].

use crate::code::Code;

/// A code page by the name used in configuration and lineage (D18).
///
/// A closed set is an enum: the decode plan dispatches on it once a field, never through a trait object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Page {
    /// `37`: EBCDIC Latin-1, US.
    Cp37,
    /// `836`: the single-byte half of 935 and 1388.
    Cp836,
    /// `935` as a current IBM i has it (the superset; 4345 is U+00B7).
    Cp935,
    /// `935-classic`: the 1999 table of ICU, glibc and Java.
    Cp935Classic,
    /// `1388` as a current IBM i has it.
    Cp1388,
    /// `1388-2001`.
    Cp1388Of2001,
    /// `gbk`: ICU's 1386 with ordinary controls.
    Gbk,
    /// `gbk-936`: windows-936.
    Gbk936,
    /// `gb18030-2005`.
    Gb18030Of2005,
    /// `gb18030-2022`.
    Gb18030Of2022,
    /// `1208`: UTF-8.
    Utf8,
}

/// Where text of a field went wrong: `at` counts bytes when decoding, characters when encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextFault {
    /// What is wrong.
    pub code: Code,
    /// First bad byte (decode) or character (encode), from 0.
    pub at: usize,
    /// In words.
    pub detail: &'static str,
}

mod stopgap;
pub use stopgap::{decode, decode_double, encode, encode_double};
