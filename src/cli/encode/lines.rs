//! What `encode` reads: JSON lines, or a CSV table whose header names the fields.
//!
//! Either gives one row after the other; a line that is none is told and the next one is read. Memory is one line, and a
//! line has a limit: of JSON what a record of the layout can need.

use super::super::exit::Failure;
use super::super::show::grouped;
use super::reject::Refusal;
use fpp_codecs::csv::{self, CsvCell, Dialect, Header, ReadError};
use fpp_codecs::format::Format;
use fpp_codecs::json;
use fpp_codecs::record::Row;
use std::io::{BufRead, Read};

/// What a line is.
pub(super) enum Got {
    /// Nothing more.
    End,
    /// A blank line.
    Blank,
    /// A row of this record format.
    Row(usize),
    /// None, and why.
    Bad(Refusal),
}

/// Reads rows.
pub(super) enum Lines<R> {
    /// JSON lines.
    Json {
        /// Where they come from.
        input: R,
        /// Most bytes of one.
        most: u64,
        /// The last one.
        line: Vec<u8>,
        /// Lines and bytes so far.
        n: u64,
        /// Bytes so far.
        read: u64,
    },
    /// A table.
    Csv {
        /// Its lines.
        lines: Box<csv::Lines<R>>,
        /// What its header says.
        header: Box<Header>,
        /// The header line itself.
        head: Vec<u8>,
        /// Cells of the last line.
        cells: Vec<CsvCell>,
        /// How it is written.
        dialect: Dialect,
    },
}

impl<R: BufRead> Lines<R> {
    /// JSON lines of records of a format.
    pub(super) fn json(input: R, format: &Format) -> Lines<R> {
        Lines::Json { input, most: json::longest(format) as u64, line: Vec::new(), n: 0, read: 0 }
    }

    /// A table; its header line is read at once. `only` is the record format of one without a type column.
    pub(super) fn csv(
        input: R,
        dialect: Dialect,
        format: &Format,
        only: Option<usize>,
        name: &str,
    ) -> Result<Lines<R>, Failure> {
        let (mut lines, mut cells) = (csv::Lines::new(input, dialect), Vec::new());
        let there = lines.next(&mut cells).map_err(|e| unread(name, 1, e))?;
        if !there {
            return Err(Failure::usage(format!("{name} has no header line: the first line of CSV names the fields")));
        }
        let told = |e| Failure::usage(format!("{name}:{}: {e}", lines.line()));
        let header = Box::new(Header::new(format, &cells, only).map_err(told)?);
        let head = lines.bytes().to_vec();
        Ok(Lines::Csv { lines: Box::new(lines), header, head, cells, dialect })
    }

    /// The next line.
    pub(super) fn next(&mut self, format: &Format, row: &mut Row, name: &str) -> Result<Got, Failure> {
        match self {
            Lines::Json { input, most, line, n, read } => {
                line.clear();
                let got = input.by_ref().take(*most + 1).read_until(b'\n', line);
                let got = got.map_err(|e| Failure::file("read", name, &e))? as u64;
                (*n, *read) = (*n + 1, *read + got);
                match got {
                    0 => Ok(Got::End),
                    _ if got > *most => {
                        let most = grouped(*most);
                        let words = "a line has more bytes than a record of this layout can need";
                        Err(Failure::usage(format!("{name}:{n}: {words} ({most}); are there line ends in the file?")))
                    }
                    _ if line.trim_ascii().is_empty() => Ok(Got::Blank),
                    _ => Ok(one(format, line, row)),
                }
            }
            Lines::Csv { lines, header, cells, dialect, .. } => match lines.next(cells) {
                Ok(false) => Ok(Got::End),
                Ok(true) => Ok(match header.fill(format, dialect, cells, row) {
                    Ok(index) => Got::Row(index),
                    Err(fault) => Got::Bad(Refusal::csv(format, fault)),
                }),
                Err(ReadError::Malformed(what)) => Ok(Got::Bad(Refusal::line(what.to_owned()))),
                Err(error) => Err(unread(name, lines.line(), error)),
            },
        }
    }

    /// Number of the last line, from 1.
    pub(super) fn line(&self) -> u64 {
        match self {
            Lines::Json { n, .. } => *n,
            Lines::Csv { lines, .. } => lines.line(),
        }
    }

    /// The bytes of the last line.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Lines::Json { line, .. } => line,
            Lines::Csv { lines, .. } => lines.bytes(),
        }
    }

    /// What a file of such lines begins with.
    pub(super) fn head(&self) -> &[u8] {
        match self {
            Lines::Json { .. } => b"",
            Lines::Csv { head, .. } => head,
        }
    }

    /// Bytes taken so far.
    pub(super) fn read(&self) -> u64 {
        match self {
            Lines::Json { read, .. } => *read,
            Lines::Csv { lines, .. } => lines.bytes_read(),
        }
    }
}

fn one(format: &Format, line: &[u8], row: &mut Row) -> Got {
    let text = match std::str::from_utf8(line) {
        Ok(text) => text,
        Err(e) => return Got::Bad(Refusal::line(format!("not UTF-8: {e}"))),
    };
    json::read(format, text.trim_end(), row).map_or_else(|fault| Got::Bad(Refusal::json(format, fault)), Got::Row)
}

fn unread(name: &str, line: u64, error: ReadError) -> Failure {
    match error {
        ReadError::Io(error) => Failure::file("read", name, &error),
        ReadError::Malformed(what) => Failure::usage(format!("{name}:{line}: {what}")),
    }
}
