//! Why cutting or framing stopped: what, at which record and byte, and what would likely be right.

use super::kind::Framing;
use super::prefix::WORD;
use crate::code::Code;
use crate::record::measure::BadCounter;
use std::fmt;
use std::io;

/// Bytes of the longest line end.
const END_MOST: usize = 2;

/// Why cutting stopped.
#[derive(Debug)]
pub enum CutError {
    /// Reading failed.
    Io(io::Error),
    /// The bytes are not framed as the format says.
    Frame(Box<Misframed>),
}

/// A place where bytes are not framed as the format says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misframed {
    /// `LENGTH`; `NO_LAYOUT` where no layout says how long the record is, `COUNTER` where its counters do not.
    pub code: Code,
    /// Record number, from 1.
    pub n: u64,
    /// First byte of the record with what frames it, from 0 within the file.
    pub offset: u64,
    /// What is wrong.
    pub wrong: Wrong,
    /// What would likely be right.
    pub hint: Option<String>,
    /// The bytes that are wrong, where any are.
    pub found: Option<Found>,
}

/// Bytes that frame a record, or stand where it should end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The first one, from the record's `offset`.
    pub at: usize,
    /// They themselves; none at the end of a file.
    pub bytes: Vec<u8>,
    /// They may be a part of the record itself, and not of what frames it.
    pub of_record: bool,
}

impl Found {
    /// In the bytes from the record on that is wrong.
    pub(super) fn of(framing: &Framing, wrong: &Wrong, rest: &[u8]) -> Option<Found> {
        let (at, most, of_record) = match (wrong, framing.records()) {
            (Wrong::Counter(_), _) => return None,
            (_, Framing::Rdw(_) | Framing::Blocks(_)) => (0, WORD, false),
            (_, Framing::LengthField(field)) => (field.at, field.bytes, false),
            (Wrong::Long { want }, _) => (*want, END_MOST, true),
            (Wrong::Short { have, .. }, _) => (*have, END_MOST, true),
            (Wrong::Other(_), _) => (0, WORD, true),
        };
        let bytes = rest.get(at..).unwrap_or_default();
        Some(Found { at, bytes: bytes[..bytes.len().min(most)].to_vec(), of_record })
    }
}

/// What is wrong with a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The record ends early.
    Short {
        /// Bytes there are.
        have: usize,
        /// Bytes that are due.
        want: usize,
    },
    /// No line end where the line must end.
    Long {
        /// Bytes of a line, or the most of them.
        want: usize,
    },
    /// A counter that says how long the record is cannot be read, or says what its array may not have.
    Counter(Box<BadCounter>),
    /// Anything else, in words that follow `record 1 at byte 0`.
    Other(String),
}

impl CutError {
    /// `LENGTH`, `NO_LAYOUT` or `COUNTER`; `INTERNAL` for a failed read.
    pub fn code(&self) -> Code {
        match self {
            CutError::Io(_) => Code::INTERNAL,
            CutError::Frame(frame) => frame.code,
        }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wrong::Short { have, want } => write!(f, "has {have} bytes, {want} are due"),
            Wrong::Long { want } => write!(f, "has no line end after {want} bytes"),
            Wrong::Counter(bad) => write!(
                f,
                "of {} has the counter {} ({}) at its byte {}: {} {}",
                bad.layout,
                bad.field,
                bad.hex,
                bad.start + 1,
                bad.code,
                bad.detail
            ),
            Wrong::Other(words) => f.write_str(words),
        }
    }
}

impl fmt::Display for Misframed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: record {} at byte {} {}", self.code, self.n, self.offset, self.wrong)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for CutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CutError::Io(e) => write!(f, "{}: reading failed: {e}", self.code()),
            CutError::Frame(frame) => frame.fmt(f),
        }
    }
}

impl std::error::Error for Misframed {}

impl std::error::Error for CutError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            CutError::Io(e) => Some(e),
            CutError::Frame(_) => None,
        }
    }
}
