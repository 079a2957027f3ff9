//! A table of text with a header line, as programs export it: commas, semicolons or tabs, quotes where needed (RFC 4180).
//!
//! The delimiter is the one that gives the header the most cells. Memory is that of the text; time is linear.

use std::collections::HashMap;

/// A cell and where it begins.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct Cell {
    pub(super) text: String,
    /// Line and column, from 1, in characters.
    pub(super) place: (usize, usize),
}

/// A fault of one cell.
pub(super) type Wrong = ((usize, usize), String);

/// Rows under a header.
#[derive(Debug)]
pub(super) struct Table {
    /// Column by its name in upper case.
    columns: HashMap<String, usize>,
    pub(super) rows: Vec<Vec<Cell>>,
}

const DELIMITERS: [char; 3] = [',', ';', '\t'];

impl Table {
    /// Reads a table; the place of a quote that is never closed otherwise.
    pub(super) fn read(text: &str) -> Result<Table, (usize, usize)> {
        let text = text.trim_start_matches('\u{feff}');
        let head = text.lines().next().unwrap_or_default();
        let count = |delimiter: char| head.matches(delimiter).count();
        let delimiter = DELIMITERS.into_iter().rev().max_by_key(|delimiter| count(*delimiter)).unwrap_or(',');
        let mut rows = cells(text, delimiter)?.into_iter();
        let header = rows.next().unwrap_or_default();
        let name = |cell: &Cell| cell.text.trim().to_uppercase();
        let mut columns = HashMap::new();
        for (index, cell) in header.iter().enumerate() {
            columns.entry(name(cell)).or_insert(index);
        }
        let rows = rows.filter(|row| row.iter().any(|cell| !cell.text.trim().is_empty())).collect();
        Ok(Table { columns, rows })
    }

    /// Whether the header has a column.
    pub(super) fn has(&self, name: &str) -> bool {
        self.columns.contains_key(name)
    }

    /// A cell of a row; where the row is too short, an empty one at its end.
    pub(super) fn cell(&self, row: &[Cell], name: &str) -> Cell {
        let found = self.columns.get(name).and_then(|index| row.get(*index));
        let cell = found
            .cloned()
            .unwrap_or(Cell { text: String::new(), place: row.first().map_or((1, 1), |cell| cell.place) });
        Cell { text: cell.text.trim_matches([' ', '\u{a0}']).to_owned(), ..cell }
    }
}

/// A whole number as exports write it: `5`, `00005`, `5.00`, `5,00`; nothing for an empty cell.
pub(super) fn number(cell: &Cell) -> Result<Option<usize>, Wrong> {
    let whole = match cell.text.split_once(['.', ',']) {
        Some((whole, zeros)) if zeros.chars().all(|c| c == '0') => whole,
        _ => cell.text.as_str(),
    };
    if whole.is_empty() {
        return Ok(None);
    }
    whole.parse().map(Some).map_err(|_| (cell.place, format!("`{}` is not a whole number", cell.text)))
}

fn cells(text: &str, delimiter: char) -> Result<Vec<Vec<Cell>>, (usize, usize)> {
    let (mut rows, mut row) = (Vec::new(), Vec::new());
    let (mut line, mut column) = (1, 1);
    let mut cell = Cell { text: String::new(), place: (1, 1) };
    let mut quoted = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        column += 1;
        match (quoted, c) {
            (Some(_), '"') if chars.peek() == Some(&'"') => {
                chars.next();
                column += 1;
                cell.text.push('"');
            }
            (Some(_), '"') => quoted = None,
            (None, '"') if cell.text.trim().is_empty() => {
                cell.text.clear();
                quoted = Some((line, column - 1));
            }
            (None, c) if c == delimiter => {
                row.push(std::mem::replace(&mut cell, Cell { text: String::new(), place: (line, column) }));
            }
            (_, '\r') if chars.peek() == Some(&'\n') => {}
            (quote, '\n' | '\r') => {
                line += 1;
                column = 1;
                if quote.is_some() {
                    cell.text.push(' ');
                } else {
                    row.push(std::mem::replace(&mut cell, Cell { text: String::new(), place: (line, 1) }));
                    rows.push(std::mem::take(&mut row));
                }
            }
            (_, c) => cell.text.push(c),
        }
    }
    if let Some(place) = quoted {
        return Err(place);
    }
    if !cell.text.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_keep_their_places_and_quotes_what_they_hold() {
        let table = Table::read("\u{feff}a;\"B\"\r\n1;\"x;\"\"y\"\"\r\nz\"\r\n\r\n 2 ;\n").unwrap();
        let rows: Vec<_> = table.rows.iter().map(|row| (table.cell(row, "A").text, table.cell(row, "B"))).collect();
        assert_eq!(rows[0].0, "1");
        assert_eq!(rows[0].1, Cell { text: "x;\"y\" z".to_owned(), place: (2, 3) });
        assert_eq!((rows[1].0.as_str(), rows[1].1.place), ("2", (5, 5)));
        assert_eq!(Table::read("A,B\n\"1,2\n").unwrap_err(), (2, 1));
        assert!(Table::read("WHFILE\tWHNAME\n").unwrap().has("WHNAME"));
    }
}
