//! The scanner of delimited records: where a record ends, and where its fields lie.
//!
//! One scanner serves the cutter, which looks for the end of the record, and the rows, which want the fields. It knows
//! where a byte is no character of its own: the trail bytes of GBK, GB 18030 and Big5 (40 to 7E, so `|` and `\` among
//! them) and the pairs between SO and SI in EBCDIC. A pair that is damaged hides nothing: a lead byte before a line end
//! or a blank is passed alone, so that damage ends with its record.

use super::delimited::{Delimited, Pairs, Piece, RecordEnd, SO};

/// A delimited form, ready for scanning: most bytes are none that mean anything, and are passed at once.
#[derive(Clone, Debug)]
pub struct Scanner {
    how: Delimited,
    special: [bool; 256],
}

impl Scanner {
    /// For a form.
    pub fn new(how: Delimited) -> Scanner {
        let mut special = [false; 256];
        for (byte, special) in (0..=u8::MAX).zip(&mut special) {
            *special = byte == how.field
                || Some(byte) == how.quote
                || Some(byte) == how.escape
                || how.end.ends(byte)
                || match how.pairs {
                    Pairs::None => false,
                    Pairs::Lead => matches!(byte, 0x81..=0xFE),
                    Pairs::Shifted => byte == SO,
                };
        }
        Scanner { how, special }
    }

    /// The form.
    pub fn form(&self) -> &Delimited {
        &self.how
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

    #[inline]
    fn is_special(&self, byte: u8) -> bool {
        self.special[usize::from(byte)]
    }
}

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
    pub(super) fn walk(
        &mut self,
        scanner: &Scanner,
        bytes: &[u8],
        whole: bool,
        field: &mut impl FnMut(Piece),
    ) -> Found {
        let how = &scanner.how;
        while let Some(&byte) = bytes.get(self.at) {
            if !self.run && !scanner.is_special(byte) {
                self.ordinary(scanner, bytes, byte);
                continue;
            }
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

    /// A byte that means nothing, and those after it.
    #[inline]
    fn ordinary(&mut self, scanner: &Scanner, bytes: &[u8], byte: u8) {
        let blank = scanner.how.blank;
        match self.place {
            Place::Plain | Place::Quoted => {
                let rest = bytes.get(self.at..).unwrap_or_default();
                self.at += rest.iter().position(|b| scanner.is_special(*b)).unwrap_or(rest.len());
                return;
            }
            Place::Start if byte != blank => self.place = Place::Plain,
            Place::Closed if byte != blank && byte != 0x0D => self.trailing = true,
            _ => {}
        }
        self.at += 1;
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
