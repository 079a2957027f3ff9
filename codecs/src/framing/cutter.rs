//! Records from a stream, one after the other, by length.

use super::kind::{Framing, LineEnding};
use crate::code::Code;
use std::fmt;
use std::io::{self, Read};

/// One record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut<'a> {
    /// Record number, from 1.
    pub n: u64,
    /// First byte within the file, from 0.
    pub offset: u64,
    /// The record without its line ending.
    pub bytes: &'a [u8],
}

/// Why cutting stopped.
#[derive(Debug)]
pub enum CutError {
    /// Reading failed.
    Io(io::Error),
    /// The record ends early.
    Short {
        /// Record number.
        n: u64,
        /// First byte of the record.
        offset: u64,
        /// Bytes there are.
        have: usize,
        /// Bytes of a record.
        want: usize,
    },
    /// No line ending where the line must end.
    Long {
        /// Record number.
        n: u64,
        /// First byte of the record.
        offset: u64,
        /// Bytes of a line.
        want: usize,
    },
}

impl CutError {
    /// `LENGTH`, or `INTERNAL` for a failed read.
    pub fn code(&self) -> Code {
        match self {
            CutError::Io(_) => Code::INTERNAL,
            _ => Code::LENGTH,
        }
    }
}

impl fmt::Display for CutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CutError::Io(e) => write!(f, "{}: reading failed: {e}", self.code()),
            CutError::Short { n, offset, have, want } => {
                write!(f, "{}: record {n} at byte {offset} has {have} bytes, {want} are due", self.code())
            }
            CutError::Long { n, offset, want } => {
                write!(f, "{}: record {n} at byte {offset} has no line end after {want} bytes", self.code())
            }
        }
    }
}

impl std::error::Error for CutError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            CutError::Io(e) => Some(e),
            _ => None,
        }
    }
}

/// Cuts a stream into records. Memory is one block and one record, whatever the file's size.
///
/// Lines are cut by length; what follows must be a line end of the format's family, and may be missing after the last
/// line. A BOM before the first line and a run of 1A or 00 after the last record are legal and remarked.
#[derive(Debug)]
pub struct Cutter<R> {
    framing: Framing,
    input: R,
    n: u64,
    offset: u64,
    buffer: Vec<u8>,
    /// What of the buffer is not yet cut.
    from: usize,
    to: usize,
    at_end: bool,
    oddities: Oddities,
}

#[derive(Clone, Copy, Debug, Default)]
struct Oddities {
    bom: bool,
    tail: u64,
    tail_byte: u8,
    no_last_ending: bool,
    other_endings: u64,
}

/// Read at once; a record comes on top.
const BLOCK: usize = 256 * 1024;
/// EFBBBF, the BOM of UTF-8.
pub(super) const BOM: [u8; 3] = [0xEF, 0xBB, 0xBF];

impl<R: Read> Cutter<R> {
    /// From the start of a file.
    pub fn new(framing: Framing, input: R) -> Cutter<R> {
        Cutter {
            framing,
            input,
            n: 1,
            offset: 0,
            buffer: Vec::new(),
            from: 0,
            to: 0,
            at_end: false,
            oddities: Oddities::default(),
        }
    }

    /// From the middle: `input` stands at byte `offset`, where record `n` begins.
    #[must_use]
    pub fn starting_at(mut self, n: u64, offset: u64) -> Cutter<R> {
        (self.n, self.offset) = (n, offset);
        self
    }

    /// The next record; nothing at the end of the file. After an error there is nothing more.
    #[allow(clippy::should_implement_trait)] // lends from its buffer, which an iterator cannot
    pub fn next(&mut self) -> Result<Option<Cut<'_>>, CutError> {
        let length = self.framing.length();
        // A line needs its ending, and the first one may have a BOM.
        if self.to - self.from < length + 5 && !self.at_end {
            self.fill(length + 5).map_err(CutError::Io)?;
        }
        if let (Framing::Lines { ending, .. }, 1, 0) = (self.framing, self.n, self.offset) {
            self.skip_bom(length, ending);
        }
        let have = self.to - self.from;
        if have < length || have == 0 {
            return self.end(have, length);
        }
        let ending = match self.framing {
            Framing::Fixed { .. } => 0,
            Framing::Lines { ending, .. } => self.line_end(length, ending)?,
        };
        let start = self.from;
        let cut = Cut { n: self.n, offset: self.offset, bytes: &self.buffer[start..start + length] };
        self.from += length + ending;
        self.offset += (length + ending) as u64;
        self.n += 1;
        Ok(Some(cut))
    }

    /// Legal oddities seen so far, for people.
    pub fn remarks(&self) -> Vec<String> {
        let Oddities { bom, tail, tail_byte, no_last_ending, other_endings } = self.oddities;
        let mut remarks = Vec::new();
        if bom {
            remarks.push("a BOM (EFBBBF) stands before the first line".to_owned());
        }
        if other_endings > 0 {
            remarks.push(format!("{other_endings} lines end in another line end than the format's"));
        }
        if no_last_ending {
            remarks.push("the last line has no line end".to_owned());
        }
        if tail > 0 {
            remarks.push(format!("{tail} bytes {tail_byte:02X} follow the last record"));
        }
        remarks
    }

    fn fill(&mut self, need: usize) -> io::Result<()> {
        self.buffer.copy_within(self.from..self.to, 0);
        self.to -= self.from;
        self.from = 0;
        self.buffer.resize(need.max(BLOCK), 0);
        while self.to < need && !self.at_end {
            match self.input.read(&mut self.buffer[self.to..]) {
                Ok(0) => self.at_end = true,
                Ok(count) => self.to += count,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    /// A BOM is one only if the line after it has its ending where it must be.
    fn skip_bom(&mut self, length: usize, ending: LineEnding) {
        let first = &self.buffer[self.from..self.to];
        if has_bom(first, length, ending) {
            self.from += BOM.len();
            self.offset += BOM.len() as u64;
            self.oddities.bom = true;
        }
    }

    /// Bytes of the line end after a line.
    fn line_end(&mut self, length: usize, ending: LineEnding) -> Result<usize, CutError> {
        let rest = &self.buffer[self.from..self.to];
        let found = match ending.after(rest[length - 1], &rest[length..]) {
            Some(found) => found,
            None if rest.len() == length && self.at_end => {
                self.oddities.no_last_ending = true;
                return Ok(0);
            }
            // The last line may lack its ending and still be followed by 1A.
            None if self.at_end && tail_byte(&rest[length..]).is_some() => {
                self.oddities.no_last_ending = true;
                return Ok(0);
            }
            None => {
                let (n, offset, want) = (self.n, self.offset, length);
                let early = rest.iter().take(length + 1).position(|b| ending.feeds(*b));
                let early = early.map(|at| at - usize::from(at > 0 && rest[at - 1] == 0x0D));
                self.stop();
                return Err(match early {
                    Some(have) => CutError::Short { n, offset, have, want },
                    None => CutError::Long { n, offset, want },
                });
            }
        };
        if rest[length..length + found] != *ending.bytes() {
            self.oddities.other_endings += 1;
        }
        Ok(found)
    }

    /// What is left is less than a record: nothing, a legal tail, or a short record.
    fn end(&mut self, have: usize, want: usize) -> Result<Option<Cut<'_>>, CutError> {
        let rest = &self.buffer[self.from..self.to];
        let byte = tail_byte(rest);
        let (n, offset) = (self.n, self.offset);
        self.stop();
        if have == 0 {
            return Ok(None);
        }
        match byte {
            Some(byte) => {
                (self.oddities.tail, self.oddities.tail_byte) = (have as u64, byte);
                Ok(None)
            }
            None => Err(CutError::Short { n, offset, have, want }),
        }
    }

    fn stop(&mut self) {
        (self.from, self.to, self.at_end) = (0, 0, true);
    }
}

/// The byte that a legal tail consists of.
fn tail_byte(rest: &[u8]) -> Option<u8> {
    let first = *rest.first()?;
    (matches!(first, 0x1A | 0x00) && rest.iter().all(|b| *b == first)).then_some(first)
}

/// Whether a file begins with a BOM and not with a line that happens to look like one.
pub(super) fn has_bom(first: &[u8], length: usize, ending: LineEnding) -> bool {
    let ends_after = |at: usize| match (at.checked_sub(1).and_then(|last| first.get(last)), first.get(at..)) {
        (Some(last), Some(rest)) => ending.after(*last, rest).is_some(),
        _ => false,
    };
    let ascii = matches!(ending, LineEnding::Lf | LineEnding::CrLf);
    ascii && first.starts_with(&BOM) && !ends_after(length) && (ends_after(length + 3) || first.len() == length + 3)
}
