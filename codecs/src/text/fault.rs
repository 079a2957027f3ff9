//! Where and why text of a field could not be converted.
//!
//! A fault never carries the field's content: fields may be sensitive, and the place is enough to look it up.

use crate::code::Code;
use std::fmt;

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

impl TextFault {
    pub(super) fn unmapped(at: usize, detail: &'static str) -> TextFault {
        TextFault { code: Code::UNMAPPED, at, detail }
    }

    pub(super) fn half(at: usize, detail: &'static str) -> TextFault {
        TextFault { code: Code::HALF_CHARACTER, at, detail }
    }

    pub(super) fn stray(at: usize, detail: &'static str) -> TextFault {
        TextFault { code: Code::STRAY_SHIFT, at, detail }
    }

    pub(super) fn open_run(at: usize) -> TextFault {
        TextFault {
            code: Code::OPEN_RUN,
            at,
            detail: "the double-byte run that starts here is not closed in the field",
        }
    }

    pub(super) fn substitute(at: usize) -> TextFault {
        TextFault { code: Code::SUBSTITUTE, at, detail: "a substitute character, which this field refuses" }
    }

    pub(super) fn private_use(at: usize) -> TextFault {
        TextFault { code: Code::PRIVATE_USE, at, detail: "a private-use character" }
    }
}

impl fmt::Display for TextFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.code, self.at, self.detail)
    }
}

impl std::error::Error for TextFault {}
