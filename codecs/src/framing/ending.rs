//! What ends a line: the bytes that are written, and those that are taken for it.
//!
//! IBM i writes 25 as line feed of EBCDIC stream files (CPYTOSTMF ENDLINFMT), z/OS Unix 15; either is read in both.

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
    /// 15, the new line of z/OS Unix
    Nel,
    /// 0A behind EBCDIC records, as a program on a PC writes it
    ForeignLf,
}

impl LineEnding {
    /// The bytes to write.
    pub fn bytes(self) -> &'static [u8] {
        match self {
            LineEnding::Lf | LineEnding::ForeignLf => b"\n",
            LineEnding::CrLf => b"\r\n",
            LineEnding::EbcdicLf => &[0x25],
            LineEnding::EbcdicCrLf => &[0x0D, 0x25],
            LineEnding::Nel => &[0x15],
        }
    }

    /// Whether line ends are those of ASCII.
    pub(super) fn is_ascii(self) -> bool {
        matches!(self, LineEnding::Lf | LineEnding::CrLf | LineEnding::ForeignLf)
    }

    /// Whether a byte ends a line of this family; 15 is what z/OS writes for 25.
    pub(super) fn feeds(self, byte: u8) -> bool {
        if self.is_ascii() { byte == b'\n' } else { byte == 0x25 || byte == 0x15 }
    }

    /// Bytes of the line end that stands after a line's last byte, with or without a carriage return.
    ///
    /// A carriage return that would be the line's own last byte belongs to the line end of a line that is one byte
    /// short; only an EBCDIC line without carriage returns may end in 0D, as packed fields do.
    pub(super) fn after(self, last: u8, rest: &[u8]) -> Option<usize> {
        let keeps_return = matches!(self, LineEnding::EbcdicLf | LineEnding::Nel | LineEnding::ForeignLf);
        match rest {
            [byte, ..] if self.feeds(*byte) => (last != 0x0D || keeps_return).then_some(1),
            [0x0D, byte, ..] if self.feeds(*byte) => Some(2),
            _ => None,
        }
    }
}
