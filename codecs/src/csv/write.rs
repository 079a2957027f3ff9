//! Rows to lines.

use super::columns::{Columns, TYPE};
use super::dialect::{BOM, Dialect, Encoding, RAW};
use crate::fault::{Fault, Flaw};
use crate::format::Format;
use crate::layout::Kind;
use crate::record::{Cell, Decimal, Row};
use crate::text::{self, Page};
use std::fmt::Write as _;

/// Writes one table; its buffers are used again for each line.
#[derive(Clone, Debug)]
pub struct Writer {
    columns: Columns,
    dialect: Dialect,
    line: String,
    cell: String,
    bytes: Vec<u8>,
}

impl Writer {
    /// A writer of a table.
    pub fn new(columns: Columns, dialect: Dialect) -> Writer {
        Writer { columns, dialect, line: String::new(), cell: String::new(), bytes: Vec::new() }
    }

    /// Appends the byte-order mark, if there is one, and the header line. A name that the encoding cannot say is told.
    pub fn header(&mut self, out: &mut Vec<u8>) -> Result<(), String> {
        if self.dialect.encoding == Encoding::Utf8Bom {
            out.extend_from_slice(&BOM);
        }
        self.line.clear();
        let names = self.columns.names.iter().map(String::as_str);
        for name in self.columns.typed.then_some(TYPE).into_iter().chain(names) {
            quote(name, self.dialect.delimiter, &mut self.line);
            self.line.push(char::from(self.dialect.delimiter));
        }
        self.line.pop();
        self.line.push_str("\r\n");
        match self.dialect.encoding {
            Encoding::Gb18030 => text::encode(Page::Gb18030Of2022, &self.line, out).map_err(|e| e.detail.to_owned()),
            _ => {
                out.extend_from_slice(self.line.as_bytes());
                Ok(())
            }
        }
    }

    /// Appends a record; `masked` says which fields are `***`. A character that the encoding does not have is a fault,
    /// and nothing is written. Fields without a value are empty cells: whoever calls leaves bad records out.
    pub fn row(
        &mut self,
        format: &Format,
        index: usize,
        row: &Row,
        masked: &[bool],
        out: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        let start = out.len();
        let delimiter = char::from(self.dialect.delimiter);
        self.line.clear();
        if self.columns.typed {
            let name = format.records.get(index).map_or("", |record| record.layout.name.as_str());
            quote(name, self.dialect.delimiter, &mut self.line);
            self.line.push(delimiter);
        }
        let columns = std::mem::take(&mut self.columns.fields);
        let mut result = Ok(());
        for field in columns.get(index).map_or(&[][..], Vec::as_slice) {
            if let Some(field) = *field {
                let masked = masked.get(field) == Some(&true);
                let cell = row.cells.get(field).copied().unwrap_or(Cell::Absent);
                self.put(row, cell, masked, is_moment(format, index, field));
                if self.dialect.encoding == Encoding::Gb18030 {
                    result = result.and_then(|()| self.encode(format, index, field, out));
                }
            }
            self.line.push(delimiter);
        }
        self.columns.fields = columns;
        self.line.pop();
        self.line.push_str("\r\n");
        if self.dialect.encoding == Encoding::Gb18030 {
            result = result.and_then(|()| self.encode(format, index, usize::MAX, out));
        } else {
            out.extend_from_slice(self.line.as_bytes());
        }
        result.inspect_err(|_| out.truncate(start))
    }

    /// Writes what of the line is there in the encoding, so that a character it lacks is known by its field.
    fn encode(&mut self, format: &Format, index: usize, field: usize, out: &mut Vec<u8>) -> Result<(), Fault> {
        self.bytes.clear();
        let place =
            format.records.get(index).and_then(|record| record.layout.fields.get(field)).map_or(0, |f| f.offset);
        text::encode(Page::Gb18030Of2022, &self.line, &mut self.bytes)
            .map_err(|fault| Flaw::new(fault.code, 0, "GB 18030 has no such character").within(field, place))?;
        out.append(&mut self.bytes);
        self.line.clear();
        Ok(())
    }

    fn put(&mut self, row: &Row, cell: Cell, masked: bool, moment: bool) {
        if matches!(cell, Cell::Null | Cell::Bad | Cell::Absent) {
            return;
        }
        if masked {
            self.line.push_str("***");
            return;
        }
        self.cell.clear();
        let stored = |from: u32, to: u32| row.text.get(from as usize..to as usize).unwrap_or_default();
        match cell {
            // Told from a null, which is empty.
            Cell::Text(from, to) | Cell::Hex(from, to) if from == to => return self.line.push_str("\"\""),
            Cell::Text(from, to) if moment => self.dialect.dress_moment(stored(from, to), &mut self.cell),
            Cell::Text(from, to) | Cell::Hex(from, to) => self.dialect.dress(stored(from, to), &mut self.cell),
            // Told from a number, which its hexadecimal digits may look like.
            Cell::Raw(from, to) => self.cell.extend([RAW, stored(from, to)]),
            Cell::Wide(from, to) => self.dialect.dress_number(stored(from, to), &mut self.cell),
            Cell::Int(value) => self.dialect.dress_number(&value.to_string(), &mut self.cell),
            Cell::Decimal { unscaled, scale } => {
                let value = Decimal { unscaled: unscaled.get(), scale };
                self.dialect.dress_number(&value.to_string(), &mut self.cell);
            }
            // Writing to a string cannot fail.
            Cell::Single(value) => drop(write!(self.cell, "{value:?}")),
            Cell::Double(value) => drop(write!(self.cell, "{value:?}")),
            Cell::Null | Cell::Bad | Cell::Absent => {}
        }
        quote(&self.cell, self.dialect.delimiter, &mut self.line);
    }
}

/// Whether a field is a date or time.
fn is_moment(format: &Format, index: usize, field: usize) -> bool {
    let field = format.records.get(index).and_then(|record| record.layout.fields.get(field));
    field.is_some_and(|field| {
        matches!(field.kind, Kind::Date(_) | Kind::Time(_) | Kind::Timestamp { .. }) || field.rules.moment.is_some()
    })
}

/// A cell of a table that is no record's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plain<'a> {
    /// Nothing.
    Null,
    /// Text; what a spreadsheet would take for a formula is guarded.
    Text(&'a str),
    /// A date or time.
    Moment(&'a str),
    /// A number as it is written.
    Number(&'a str),
}

/// Appends a line of a table that is no record's, with the byte-order mark before the first one. A character that the
/// encoding does not have is told, and nothing is written.
pub fn plain_line(dialect: &Dialect, first: bool, cells: &[Plain<'_>], out: &mut Vec<u8>) -> Result<(), String> {
    let (mut line, mut cell) = (String::new(), String::new());
    for (at, plain) in cells.iter().enumerate() {
        if at > 0 {
            line.push(char::from(dialect.delimiter));
        }
        cell.clear();
        match plain {
            Plain::Null => continue,
            Plain::Text("") => {
                line.push_str("\"\"");
                continue;
            }
            Plain::Text(text) => dialect.dress(text, &mut cell),
            Plain::Moment(moment) => dialect.dress_moment(moment, &mut cell),
            Plain::Number(number) => dialect.dress_number(number, &mut cell),
        }
        quote(&cell, dialect.delimiter, &mut line);
    }
    line.push_str("\r\n");
    match dialect.encoding {
        Encoding::Gb18030 => {
            let start = out.len();
            let written = text::encode(Page::Gb18030Of2022, &line, out).map_err(|e| e.detail.to_owned());
            written.inspect_err(|_| out.truncate(start))
        }
        encoding => {
            if first && encoding == Encoding::Utf8Bom {
                out.extend_from_slice(&BOM);
            }
            out.extend_from_slice(line.as_bytes());
            Ok(())
        }
    }
}

fn quote(cell: &str, delimiter: u8, out: &mut String) {
    // A blank at either end would be dropped by readers that are not strict.
    let edges = cell.starts_with(' ') || cell.ends_with(' ');
    if !edges && !cell.bytes().any(|b| b == delimiter || matches!(b, b'"' | b'\r' | b'\n' | b'\t')) {
        return out.push_str(cell);
    }
    out.push('"');
    for part in cell.split_inclusive('"') {
        out.push_str(part);
        if part.ends_with('"') {
            out.push('"');
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_line_is_as_safe_as_a_records() {
        let excel = Dialect { long_digits: super::super::LongDigits::Formula, ..Dialect::default() };
        let mut out = Vec::new();
        plain_line(&excel, true, &[Plain::Moment("2025-06-20"), Plain::Text("3-4")], &mut out).unwrap();
        assert_eq!(out, b"2025-06-20,\"=\"\"3-4\"\"\"\r\n");
        let cells = [Plain::Text("=1+1"), Plain::Number("-5.00"), Plain::Null, Plain::Text(""), Plain::Text("a,\"b\"")];
        let mut out = Vec::new();
        plain_line(&Dialect::default(), true, &cells, &mut out).unwrap();
        assert_eq!(out, b"'=1+1,-5.00,,\"\",\"a,\"\"b\"\"\"\r\n");
        let dialect = Dialect { encoding: Encoding::Utf8Bom, ..Dialect::default() };
        for first in [true, false] {
            out.clear();
            plain_line(&dialect, first, &[Plain::Text("x")], &mut out).unwrap();
            assert_eq!(out.starts_with(&BOM), first);
        }
        out.clear();
        let dialect = Dialect { encoding: Encoding::Gb18030, ..Dialect::default() };
        plain_line(&dialect, true, &[Plain::Text("\u{56de}")], &mut out).unwrap();
        assert_eq!(out, b"\xbb\xd8\r\n");
    }
}
