//! How a file is cut, and what ends its lines.
//!
//! Kept apart from the cutting itself, so that a file format may name its framing without knowing how it is done.

/// How a file is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Records of one length, nothing between them.
    Fixed {
        /// Bytes of a record.
        length: usize,
    },
    /// Lines of one length.
    Lines {
        /// Bytes of a line without its ending.
        length: usize,
        /// The ending that is written, and expected.
        ending: LineEnding,
    },
}

/// What ends a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnding {
    /// 0A
    Lf,
    /// 0D 0A
    CrLf,
    /// 25, in EBCDIC stream files
    EbcdicLf,
    /// 0D 25, in EBCDIC stream files
    EbcdicCrLf,
}

impl LineEnding {
    /// The bytes to write.
    pub fn bytes(self) -> &'static [u8] {
        match self {
            LineEnding::Lf => b"\n",
            LineEnding::CrLf => b"\r\n",
            LineEnding::EbcdicLf => &[0x25],
            LineEnding::EbcdicCrLf => &[0x0D, 0x25],
        }
    }

    /// Whether a byte ends a line of this family; 15 is what z/OS writes for 25.
    pub(super) fn feeds(self, byte: u8) -> bool {
        match self {
            LineEnding::Lf | LineEnding::CrLf => byte == b'\n',
            LineEnding::EbcdicLf | LineEnding::EbcdicCrLf => byte == 0x25 || byte == 0x15,
        }
    }

    /// Bytes of the line end that stands after a line's last byte, with or without a carriage return.
    ///
    /// A carriage return that would be the line's own last byte belongs to the line end of a line that is one byte
    /// short; only an EBCDIC line without carriage returns may end in 0D, as packed fields do.
    pub(super) fn after(self, last: u8, rest: &[u8]) -> Option<usize> {
        match rest {
            [byte, ..] if self.feeds(*byte) => (last != 0x0D || self == LineEnding::EbcdicLf).then_some(1),
            [0x0D, byte, ..] if self.feeds(*byte) => Some(2),
            _ => None,
        }
    }
}

impl Framing {
    /// A short name of small letters, digits and `-`: what an index of record offsets is kept under.
    pub fn name(&self) -> String {
        match self {
            Framing::Fixed { length } => format!("fixed-{length}"),
            Framing::Lines { length, ending } => format!("lines-{length}-{}", ending.bytes().len()),
        }
    }

    /// Bytes of a record without its line ending, one at least.
    pub fn length(&self) -> usize {
        match self {
            Framing::Fixed { length } | Framing::Lines { length, .. } => (*length).max(1),
        }
    }

    /// What to write after each record.
    pub fn ending(&self) -> &'static [u8] {
        match self {
            Framing::Fixed { .. } => b"",
            Framing::Lines { ending, .. } => ending.bytes(),
        }
    }
}
