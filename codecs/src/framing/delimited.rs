//! Fields between delimiters: their form, and strings between string delimiters.
//!
//! A string delimiter counts at a field's beginning only, and there it makes delimiters and line ends part of the field;
//! within, it is written twice, or after an escape character (CPYTOIMPF STRDLM, STRESCCHR). The characters of two bytes
//! are known, because their second byte may look like a delimiter; nothing is converted here.

use super::ending::LineEnding;

/// How fields and records are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delimited {
    /// Between two fields (FLDDLM).
    pub field: u8,
    /// Around strings (STRDLM); without it there is none.
    pub quote: Option<u8>,
    /// Before a string delimiter that belongs to the string (STRESCCHR); without it such a one is written twice.
    pub escape: Option<u8>,
    /// After each record (RCDDLM).
    pub end: RecordEnd,
    /// What two-byte characters look like.
    pub pairs: Pairs,
    /// Between whole digits and decimals of a number (DECPNT): `.` or `,` in ASCII, whatever the file's page.
    pub point: u8,
    /// The blank of the file's page, which may stand around numbers and strings.
    pub blank: u8,
    /// Most bytes of a record.
    pub max: usize,
}

/// What ends a delimited record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordEnd {
    /// A line end of this family.
    Line(LineEnding),
    /// One byte.
    Byte(u8),
}

/// Two-byte characters whose second byte may look like a delimiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairs {
    /// None: single bytes, or UTF-8, whose every byte says what it is.
    None,
    /// A lead byte 81 to FE and a trail byte from 30: GBK, GB 18030, Big5.
    Lead,
    /// Pairs between SO and SI.
    Shifted,
}

/// Where a field lies within its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Piece {
    /// First byte of its content.
    pub from: usize,
    /// After its last byte.
    pub to: usize,
    /// It stood between string delimiters, which are not in the range.
    pub quoted: bool,
    /// It holds string delimiters written twice or escaped.
    pub escaped: bool,
    /// Something other than blanks follows the closing delimiter.
    pub trailing: bool,
}

impl RecordEnd {
    /// The bytes to write.
    pub fn bytes(&self) -> &[u8] {
        match self {
            RecordEnd::Line(ending) => ending.bytes(),
            RecordEnd::Byte(byte) => std::slice::from_ref(byte),
        }
    }

    pub(super) fn ends(self, byte: u8) -> bool {
        match self {
            RecordEnd::Line(ending) => ending.feeds(byte),
            RecordEnd::Byte(end) => end == byte,
        }
    }
}

impl Delimited {
    pub(super) fn name(&self) -> String {
        let pairs = match self.pairs {
            Pairs::None => "",
            Pairs::Lead => "-lead",
            Pairs::Shifted => "-shifted",
        };
        let byte = |byte: Option<u8>| byte.map_or_else(|| "no".to_owned(), |b| format!("{b:02x}"));
        let end = match self.end {
            RecordEnd::Line(ending) if ending.is_ascii() => "ascii".to_owned(),
            RecordEnd::Line(_) => "ebcdic".to_owned(),
            RecordEnd::Byte(end) => format!("{end:02x}"),
        };
        let (quote, escape) = (byte(self.quote), byte(self.escape));
        format!("delimited-{:02x}-{quote}-{escape}-{end}{pairs}-{}", self.field, self.max)
    }

    /// Whether a pair begins a slice; `run` says whether SO was seen.
    pub(crate) fn pair(self, rest: &[u8], run: bool) -> bool {
        match (self.pairs, rest) {
            (Pairs::Lead, [0x81..=0xFE, 0x30..=0x39 | 0x40..=0x7E | 0x80..=0xFE, ..]) => true,
            (Pairs::Shifted, [0x40..=0xFE, 0x40..=0xFE, ..]) => run,
            _ => false,
        }
    }

    /// Appends a string between its delimiters, with those within it doubled or escaped; without a string delimiter as
    /// it is.
    pub(crate) fn quote(&self, content: &[u8], out: &mut Vec<u8>) {
        let Some(quote) = self.quote else { return out.extend_from_slice(content) };
        out.push(quote);
        self.characters(content, &mut |character| {
            match character {
                [byte] if *byte == quote => out.push(self.escape.unwrap_or(quote)),
                [byte] if Some(*byte) == self.escape => out.push(*byte),
                _ => {}
            }
            out.extend_from_slice(character);
        });
        out.push(quote);
    }

    /// Appends what stood between string delimiters as it was before they were put around it.
    pub(crate) fn unquote(&self, content: &[u8], out: &mut Vec<u8>) {
        let mut held = false;
        self.characters(content, &mut |character| {
            let mark = match (character, self.escape) {
                ([byte], Some(escape)) => *byte == escape,
                ([byte], None) => Some(*byte) == self.quote,
                _ => false,
            };
            // The first of two is left out.
            if mark && !held {
                held = true;
                return;
            }
            held = false;
            out.extend_from_slice(character);
        });
    }

    fn characters(&self, content: &[u8], character: &mut dyn FnMut(&[u8])) {
        let (mut rest, mut run) = (content, false);
        while let Some(&byte) = rest.first() {
            let length = if self.pair(rest, run) { 2 } else { 1 };
            if length == 1 {
                run = (run && byte >= 0x40) || (self.pairs == Pairs::Shifted && byte == SO);
            }
            let (one, later) = rest.split_at(length.min(rest.len()));
            character(one);
            rest = later;
        }
    }
}

/// Shift out.
pub(crate) const SO: u8 = 0x0E;
