//! Patterns of file names.
use crate::Result;

/// A pattern of names: text, `*`, `?`, `{date}` (8 digits), `{batch}`, `{run}` (1-9 digits, or `{batch:4}`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamePattern {
    text: String,
}

/// What a pattern found in a name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Captures {
    /// Business date, 8 digits.
    pub date: Option<String>,
    /// Batch number.
    pub batch: Option<u32>,
    /// Run number.
    pub run: Option<u32>,
}

impl NamePattern {
    /// Reads a pattern.
    pub fn parse(text: &str) -> Result<NamePattern> {
        Ok(NamePattern { text: text.to_owned() })
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Matches a whole name.
    pub fn matches(&self, name: &str) -> Option<Captures> {
        let _ = name;
        None
    }
}
