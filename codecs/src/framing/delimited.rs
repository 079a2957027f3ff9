//! Fields between delimiters: where a record ends, and where its fields lie.
//!
//! One scanner serves the cutter, which looks for the end of the record, and the rows, which want the fields. It knows
//! where a byte is no character of its own: the trail bytes of GBK, GB 18030 and Big5 (40 to 7E, so `|` and `\` among
//! them) and the pairs between SO and SI in EBCDIC. A pair that is damaged hides nothing: a lead byte before a line end
//! or a blank is passed alone, so that damage ends with its record.
//!
//! A string delimiter counts at a field's beginning only, and there it makes delimiters and line ends part of the field;
//! within, it is written twice, or after an escape character (CPYTOIMPF STRDLM, STRESCCHR). Nothing is converted here.

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

    fn ends(self, byte: u8) -> bool {
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

    /// Calls for every field of one record that was cut.
    pub fn fields(&self, record: &[u8], field: &mut impl FnMut(Piece)) {
        let mut scan = Scan::default();
        // Only a record that was not cut by this framing holds an end of its own; what follows it is not read.
        let found = scan.walk(self, record, true, field);
        if let Found::Nothing | Found::Open = found {
            field(scan.piece(record.len()));
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

/// A scanner that can be stopped after any byte and go on when there are more.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scan {
    /// The next byte to look at.
    pub(super) at: usize,
    /// First byte of the field, its opening delimiter included.
    began: usize,
    place: Place,
    /// Between SO and SI.
    run: bool,
    escaped: bool,
    trailing: bool,
    /// The closing delimiter.
    closed: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// At a field's beginning, or after blanks there.
    #[default]
    Start,
    Plain,
    Quoted,
    Closed,
}

/// What the scanner came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The record ends: bytes of its content, bytes of its end.
    End(usize, usize),
    /// More bytes are needed, or there are none.
    Nothing,
    /// There are no more bytes, and a string is open.
    Open,
}

impl Scan {
    /// Walks on. `whole` says that no byte follows the given ones, so that nothing waits for its neighbour.
    pub(super) fn walk(&mut self, how: &Delimited, bytes: &[u8], whole: bool, field: &mut impl FnMut(Piece)) -> Found {
        while let Some(&byte) = bytes.get(self.at) {
            let next = bytes.get(self.at + 1);
            if next.is_none() && !whole && self.needs_next(how, byte) {
                return Found::Nothing;
            }
            if how.pair(&bytes[self.at..], self.run) {
                if self.place == Place::Start {
                    self.place = Place::Plain;
                }
                self.trailing |= self.place == Place::Closed;
                self.at += 2;
                continue;
            }
            if self.run && byte < 0x40 {
                self.run = false;
            }
            if how.pairs == Pairs::Shifted && byte == SO {
                self.run = true;
            }
            match self.place {
                Place::Quoted => self.within(how, byte, next.copied()),
                _ if byte == how.field => {
                    field(self.piece(self.at));
                    self.at += 1;
                    *self = Scan { at: self.at, began: self.at, ..Scan::default() };
                }
                _ if how.end.ends(byte) => return self.end(how, bytes, field),
                _ => self.outside(how, byte),
            }
        }
        if whole && self.place == Place::Quoted { Found::Open } else { Found::Nothing }
    }

    /// Whether a byte means something only with the one behind it.
    fn needs_next(&self, how: &Delimited, byte: u8) -> bool {
        let quoted = self.place == Place::Quoted;
        let double = match how.pairs {
            Pairs::None => false,
            Pairs::Lead => matches!(byte, 0x81..=0xFE),
            Pairs::Shifted => self.run && byte >= 0x40,
        };
        double || quoted && (Some(byte) == how.quote || Some(byte) == how.escape)
    }

    /// A byte between string delimiters.
    fn within(&mut self, how: &Delimited, byte: u8, next: Option<u8>) {
        self.at += 1;
        match how.escape {
            Some(escape) if escape == byte && (next == how.quote || next == how.escape) => {
                self.escaped = true;
                self.at += 1;
            }
            None if Some(byte) == how.quote && next == how.quote => {
                self.escaped = true;
                self.at += 1;
            }
            _ if Some(byte) == how.quote => {
                self.place = Place::Closed;
                self.closed = self.at - 1;
            }
            _ => {}
        }
    }

    /// A byte that ends nothing, outside of string delimiters.
    fn outside(&mut self, how: &Delimited, byte: u8) {
        match self.place {
            Place::Start if Some(byte) == how.quote => {
                self.place = Place::Quoted;
                self.began = self.at;
            }
            Place::Start if byte != how.blank => self.place = Place::Plain,
            Place::Closed if byte != how.blank && byte != 0x0D => self.trailing = true,
            _ => {}
        }
        self.at += 1;
    }

    fn end(&mut self, how: &Delimited, bytes: &[u8], field: &mut impl FnMut(Piece)) -> Found {
        let line = matches!(how.end, RecordEnd::Line(_));
        let returned = line && self.at > self.began && bytes[self.at - 1] == 0x0D;
        let content = self.at - usize::from(returned);
        field(self.piece(content));
        Found::End(content, self.at + 1 - content)
    }

    /// The field that ends at a byte.
    fn piece(&self, to: usize) -> Piece {
        let (escaped, trailing) = (self.escaped, self.trailing);
        match self.place {
            Place::Closed => Piece { from: self.began + 1, to: self.closed, quoted: true, escaped, trailing },
            // The end of the file closes it as well; the cutter has told that it is open.
            Place::Quoted => Piece { from: self.began + 1, to, quoted: true, escaped, trailing },
            _ => Piece { from: self.began, to, quoted: false, escaped, trailing },
        }
    }
}
