//! Why one record gives no event.

use fpp_codecs::Code;
use std::borrow::Cow;
use std::fmt;

/// The first bad field of a record in layout order, from decoding, mapping or a business check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TradeFault {
    /// What is wrong.
    pub code: Code,
    /// Index of the field in the detail layout.
    pub field: usize,
    /// First bad byte within the record, from 0.
    pub at: usize,
    /// In words, without the field's content.
    pub detail: Cow<'static, str>,
}

impl fmt::Display for TradeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}: {}", self.code, self.at + 1, self.detail)
    }
}

impl std::error::Error for TradeFault {}
