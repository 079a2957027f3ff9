//! Lines to cells, strictly: a quote in an unquoted cell, text after a closing quote and an unclosed quote are faults.
//!
//! Memory is one line, and a line has at most 16 MiB and 262,145 cells: an unclosed quote cannot eat the file. LF alone
//! ends a line too, as spreadsheets and editors write it. The bytes of delimiters, quotes and line ends are no part of
//! another character in either encoding.

use super::dialect::{BOM, Dialect, Encoding};
use crate::text::{self, Page};
use std::fmt;
use std::io::{self, BufRead};

/// Most bytes of a line.
const LINE_MAX: usize = 16 << 20;
/// Most cells of a line: as many as a format has fields, and one for the record's type.
const CELLS_MAX: usize = (1 << 18) + 1;
/// Most bytes that a cell keeps for the next line: cells that were long once shall not all stay so.
const SPARE_MAX: usize = 256;

/// One cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CsvCell {
    /// Its characters, quotes taken away.
    pub text: String,
    /// Whether quotes stood around it: an empty one is a text then, and no null.
    pub quoted: bool,
}

/// Why a line could not be read.
#[derive(Debug)]
pub enum ReadError {
    /// Reading failed.
    Io(io::Error),
    /// The line is no CSV; the next may be. In words.
    Malformed(&'static str),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Io(e) => write!(f, "{e}"),
            ReadError::Malformed(what) => f.write_str(what),
        }
    }
}

/// Reads one table.
#[derive(Debug)]
pub struct Lines<R> {
    input: R,
    dialect: Dialect,
    /// The first line of the last record, from 1.
    line: u64,
    lines_read: u64,
    bytes_read: u64,
    /// Whether the first record has one cell: an empty line is a record of one empty cell then.
    single: Option<bool>,
    bytes: Vec<u8>,
    cell: Vec<u8>,
    spare: Vec<CsvCell>,
}

impl<R: BufRead> Lines<R> {
    /// From the start of a file.
    pub fn new(input: R, dialect: Dialect) -> Lines<R> {
        let (bytes, cell, spare) = (Vec::new(), Vec::new(), Vec::new());
        Lines { input, dialect, line: 0, lines_read: 0, bytes_read: 0, single: None, bytes, cell, spare }
    }

    /// The line where the last record began, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Bytes taken so far.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// The bytes of the last record, its line end included.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The next record; `false` at the end of the file. Empty lines are passed over, but in a table of one column, where
    /// they are what a null looks like.
    pub fn next(&mut self, cells: &mut Vec<CsvCell>) -> Result<bool, ReadError> {
        self.spare.extend(cells.drain(..).filter(|cell| cell.text.capacity() <= SPARE_MAX));
        loop {
            self.bytes.clear();
            self.line = self.lines_read + 1;
            if !self.more()? {
                return Ok(false);
            }
            if self.line == 1 && self.bytes.starts_with(&BOM) {
                self.bytes.drain(..BOM.len());
            }
            // A quote that is open at a line's end says that the record goes on.
            let mut at = At::Start;
            let mut seen = 0;
            loop {
                at = self.bytes[seen..].iter().fold(at, |at, byte| at.after(*byte, self.dialect.delimiter));
                seen = self.bytes.len();
                if at != At::Quoted {
                    break;
                }
                if !self.more()? {
                    return Err(ReadError::Malformed("a quote is not closed"));
                }
            }
            if self.single == Some(true) || !matches!(&self.bytes[..], b"\n" | b"\r\n" | b"") {
                self.split(cells)?;
                self.single.get_or_insert(cells.len() == 1);
                return Ok(true);
            }
        }
    }

    /// Appends the next line; `false` at the end of the file.
    fn more(&mut self) -> Result<bool, ReadError> {
        let room = (LINE_MAX - self.bytes.len().min(LINE_MAX)) as u64;
        let got = io::Read::take(&mut self.input, room).read_until(b'\n', &mut self.bytes).map_err(ReadError::Io)?;
        self.bytes_read += got as u64;
        self.lines_read += 1;
        if got as u64 == room {
            return Err(ReadError::Io(io::Error::new(io::ErrorKind::InvalidData, "a line has more than 16 MiB")));
        }
        Ok(got > 0)
    }

    fn split(&mut self, cells: &mut Vec<CsvCell>) -> Result<(), ReadError> {
        let content = self.bytes.strip_suffix(b"\n").unwrap_or(&self.bytes);
        let content = content.strip_suffix(b"\r").unwrap_or(content);
        let delimiter = self.dialect.delimiter;
        let mut at = 0;
        loop {
            self.cell.clear();
            let quoted = content.get(at) == Some(&b'"');
            if quoted {
                at = unquote(content, at + 1, &mut self.cell).ok_or(ReadError::Malformed("a quote is not closed"))?;
                if content.get(at).is_some_and(|b| *b != delimiter) {
                    return Err(ReadError::Malformed("something stands between a closing quote and the delimiter"));
                }
            } else {
                let length = content[at..].iter().position(|b| *b == delimiter).unwrap_or(content.len() - at);
                self.cell.extend_from_slice(&content[at..at + length]);
                at += length;
                if self.cell.contains(&b'"') {
                    return Err(ReadError::Malformed("a quote stands in a cell that does not begin with one"));
                }
            }
            if cells.len() == CELLS_MAX {
                return Err(ReadError::Malformed("a line has more cells than a format can have fields"));
            }
            let mut cell = self.spare.pop().unwrap_or_default();
            cell.quoted = quoted;
            cell.text.clear();
            self.dialect.decode(&self.cell, &mut cell.text)?;
            cells.push(cell);
            if at >= content.len() {
                return Ok(());
            }
            at += 1;
        }
    }
}

/// Where in a line reading stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// At the beginning of a cell.
    Start,
    /// In a cell without quotes, or behind a closing one.
    Plain,
    /// Between quotes.
    Quoted,
    /// Behind a quote within quotes: the closing one, or the first of two.
    Quote,
}

impl At {
    fn after(self, byte: u8, delimiter: u8) -> At {
        match (self, byte) {
            (At::Start, b'"') | (At::Quote, b'"') => At::Quoted,
            (At::Quoted, b'"') => At::Quote,
            (At::Quoted, _) => At::Quoted,
            (_, byte) if byte == delimiter => At::Start,
            _ => At::Plain,
        }
    }
}

/// Takes a quoted cell; gives the byte behind its closing quote.
fn unquote(content: &[u8], from: usize, cell: &mut Vec<u8>) -> Option<usize> {
    let mut at = from;
    loop {
        let length = content.get(at..)?.iter().position(|b| *b == b'"')?;
        cell.extend_from_slice(&content[at..at + length]);
        at += length + 1;
        if content.get(at) != Some(&b'"') {
            return Some(at);
        }
        cell.push(b'"');
        at += 1;
    }
}

impl Dialect {
    fn decode(&self, bytes: &[u8], out: &mut String) -> Result<(), ReadError> {
        match self.encoding {
            Encoding::Gb18030 => text::decode(Page::Gb18030Of2022, bytes, out)
                .map_err(|_| ReadError::Malformed("these bytes are no GB 18030")),
            Encoding::Utf8 | Encoding::Utf8Bom => {
                let text = std::str::from_utf8(bytes);
                out.push_str(text.map_err(|_| ReadError::Malformed("these bytes are no UTF-8"))?);
                Ok(())
            }
        }
    }
}
