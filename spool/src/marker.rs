//! Marker files.
use crate::template::NameTemplate;
use crate::{Digest, Entry, Result};
use std::fmt;
use std::sync::Arc;

/// The most bytes of a marker that are read.
pub const MARKER_MAX_BYTES: usize = 4096;

/// Turns a marker's bytes into text, for markers that are not ASCII.
pub type Decode = Arc<dyn Fn(&[u8]) -> Option<String> + Send + Sync>;

/// What a marker says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MarkerContent {
    /// Its presence counts; its content is not read.
    Empty,
    /// It names the size of the data in bytes.
    Size,
    /// It names size and digest (64 hexadecimal digits; SHA-256 unless it says `sm3`).
    SizeAndDigest,
}

/// How the marker of a data file is named, and what it says.
#[derive(Clone)]
pub struct MarkerRule {
    /// The marker's name: `{name}.OK`, `{stem}.OK`...
    pub pattern: NameTemplate,
    /// What it says.
    pub content: MarkerContent,
    /// How its bytes become text; ASCII when not given.
    pub decode: Option<Decode>,
}

impl MarkerRule {
    /// Reads the name's template, which must name the data (`{name}`, `{stem}` or captures) and differ from it.
    pub fn new(pattern: &str, content: MarkerContent) -> Result<MarkerRule> {
        Ok(MarkerRule { pattern: NameTemplate::parse(pattern)?, content, decode: None })
    }

    /// Decodes the marker's bytes with the route's code page.
    pub fn decoded_by(self, decode: Decode) -> MarkerRule {
        MarkerRule { decode: Some(decode), ..self }
    }
}

impl fmt::Debug for MarkerRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "marker {:?} {:?}", self.pattern, self.content)
    }
}

/// What a marker said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MarkerFacts {
    /// The marker's name.
    pub name: String,
    /// The size it names.
    pub size: Option<u64>,
    /// The digest it names; to be compared when the data is fetched.
    pub digest: Option<Digest>,
    /// The marker itself as it was listed, to move or remove it later.
    pub entry: Entry,
}
