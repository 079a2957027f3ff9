//! Cells to a row, ready for encoding.
//!
//! As strict as reading JSON lines: unknown and missing columns and values of the wrong shape are faults. An empty cell
//! without quotes is a null; for a text that cannot be null it is an empty text, because spreadsheets drop such quotes; in
//! an array that varies, or an alternative, it says that the field is not there.

use super::columns::TYPE;
use super::dialect::{Dialect, RAW};
use super::read::CsvCell;
use crate::code::Code;
use crate::format::Format;
use crate::layout::{Dirty, Field, Kind, Node, Rules};
use crate::record::{Cell, Row, float};
use std::collections::HashMap;
use std::fmt;

/// Why a table or a line does not fit the format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvFault {
    /// What is wrong.
    pub code: Code,
    /// What is wrong and what would be right, in words.
    pub message: String,
    /// The column, if it is one column's fault.
    pub column: Option<String>,
    /// Index of the record format, if the line got so far.
    pub record: Option<usize>,
}

impl fmt::Display for CsvFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.column {
            Some(column) => write!(f, "{column}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for CsvFault {}

/// What the header line says: which field of each record format stands in which column.
#[derive(Clone, Debug)]
pub struct Header {
    type_at: Option<usize>,
    columns: usize,
    names: Vec<String>,
    /// For each record format: the column of each field.
    places: Vec<Vec<Option<usize>>>,
    /// For each record format: whether a field may be absent.
    optional: Vec<Vec<bool>>,
    /// The record format of tables without a type column.
    only: Option<usize>,
}

impl Header {
    /// Reads the header line. `only` is the record format of a table without a type column.
    pub fn new(format: &Format, cells: &[CsvCell], only: Option<usize>) -> Result<Header, CsvFault> {
        let names: Vec<String> = cells.iter().map(|cell| cell.text.clone()).collect();
        let mut column_of: HashMap<&str, usize> = HashMap::new();
        for (at, name) in names.iter().enumerate() {
            if column_of.insert(name, at).is_some() {
                return Err(fault(Code::TWICE, name, "this column is there twice"));
            }
        }
        let is_field = |name: &str| format.records.iter().any(|record| record.field(name).is_some());
        let type_at = names.iter().position(|name| name == TYPE).filter(|_| !is_field(TYPE));
        let only = only.or((format.records.len() == 1).then_some(0));
        if type_at.is_none() && only.is_none() {
            return Err(whole(
                Code::RECORD_FORMAT,
                "the header needs a column `type`, for the format has several record formats",
            ));
        }
        let unknown = names.iter().enumerate().find(|(at, name)| Some(*at) != type_at && !is_field(name));
        if let Some((_, name)) = unknown {
            let delimiters = [(b';', "semicolon"), (b'\t', "tab"), (b'|', "pipe")];
            let mut others = delimiters.into_iter().filter(|_| names.len() == 1);
            let hint = match others.find(|(byte, _)| name.bytes().any(|b| b == *byte)) {
                Some((_, word)) => format!("; the cells seem to be cut at something else than the comma: --csv {word}"),
                None => alike(format, name),
            };
            return Err(fault(Code::NO_FIELD, name, &format!("no record format has such a field{hint}")));
        }
        let place = |field: &Field| column_of.get(field.name.as_str()).copied();
        let places = format.records.iter().map(|record| record.layout.fields.iter().map(place).collect()).collect();
        let optional = format.records.iter().map(|record| {
            let mut optional = vec![false; record.layout.fields.len()];
            record.layout.nodes.iter().for_each(|node| may_be_absent(node, &mut optional));
            optional
        });
        let optional = optional.collect();
        Ok(Header { type_at, columns: names.len(), names, places, optional, only })
    }

    /// Fills the row; gives the index of the record format.
    pub fn fill(
        &self,
        format: &Format,
        dialect: &Dialect,
        cells: &[CsvCell],
        row: &mut Row,
    ) -> Result<usize, CsvFault> {
        row.clear();
        if cells.len() != self.columns {
            return Err(whole(Code::LINE, &format!("{} cells, where the header has {}", cells.len(), self.columns)));
        }
        let named = self.type_at.and_then(|at| cells.get(at)).map(|cell| cell.text.as_str());
        let index = match named {
            Some(name) => format.records.iter().position(|record| record.layout.name == name),
            None => self.only,
        };
        let Some((index, record)) = index.and_then(|index| format.records.get(index).map(|record| (index, record)))
        else {
            let known: Vec<&str> = format.records.iter().map(|record| record.layout.name.as_str()).collect();
            return Err(fault(Code::RECORD_FORMAT, TYPE, &format!("must be one of: {}", known.join(", "))));
        };
        for (at, column) in self.names.iter().enumerate() {
            let given = cells.get(at).is_some_and(|cell| cell.quoted || !cell.text.is_empty());
            if given && Some(at) != self.type_at && record.field(column).is_none() {
                let fault = fault(Code::NO_FIELD, column, &format!("{} has no such field", record.layout.name));
                return Err(CsvFault { record: Some(index), ..fault });
            }
        }
        let (places, optional) = (&self.places[index], &self.optional[index]);
        for ((field, place), optional) in record.layout.fields.iter().zip(places).zip(optional) {
            match place.and_then(|at| cells.get(at)) {
                None if *optional => row.cells.push(Cell::Absent),
                None if field.is_filler() => row.cells.push(Cell::Null),
                None => {
                    let fault = fault(Code::MISSING, &field.name, "the column is missing");
                    return Err(CsvFault { record: Some(index), ..fault });
                }
                Some(cell) if !cell.quoted && cell.text.is_empty() => row.cells.push(empty(field, *optional)),
                Some(cell) if dialect.is_of_another(&cell.text) => {
                    let fault =
                        fault(Code::SHAPE, &field.name, "is a digit string as --csv excel writes it: name the word");
                    return Err(CsvFault { record: Some(index), ..fault });
                }
                Some(cell) => value(field, dialect.undress(&cell.text), row)
                    .map_err(|fault| CsvFault { record: Some(index), ..fault })?,
            }
        }
        record.layout.nodes.iter().for_each(|node| settle(node, 0, &record.layout.fields, row));
        Ok(index)
    }
}

/// The field that is meant where a name differs in its case.
fn alike(format: &Format, name: &str) -> String {
    let mut fields = format.records.iter().flat_map(|record| &record.layout.fields);
    let alike = fields.find(|field| field.name.eq_ignore_ascii_case(name));
    alike.map_or_else(String::new, |field| format!("; perhaps {}", field.name))
}

/// What was empty in a part that is there is a null, an empty text or a filler after all.
fn settle(node: &Node, shift: usize, fields: &[Field], row: &mut Row) {
    match node {
        Node::Leaf { field, .. } => {
            let at = field + shift;
            if let (Some(cell @ Cell::Absent), Some(field)) = (row.cells.get_mut(at), fields.get(at)) {
                *cell = empty(field, false);
            }
        }
        Node::Group { nodes, .. } => nodes.iter().for_each(|node| settle(node, shift, fields, row)),
        Node::Array(array) => {
            for shift in (0..array.count).map(|n| shift + n * array.leaves) {
                if row.has(array.item.span(), shift) {
                    settle(&array.item, shift, fields, row);
                }
            }
        }
        Node::Redefines(part) => {
            for node in &part.alternatives {
                if row.has(node.span(), shift) {
                    settle(node, shift, fields, row);
                }
            }
        }
    }
}

/// What an empty cell says.
fn empty(field: &Field, optional: bool) -> Cell {
    let never_null = !field.nullable && !field.is_filler();
    match field.kind {
        _ if optional => Cell::Absent,
        Kind::Hex if never_null && field.varlen => Cell::Hex(0, 0),
        kind if never_null && kind.is_text() => Cell::Text(0, 0),
        _ => Cell::Null,
    }
}

fn value(field: &Field, text: &str, row: &mut Row) -> Result<(), CsvFault> {
    if let Some(hex) = text.strip_prefix(RAW).filter(|_| keeps(&field.rules)) {
        row.push_raw(hex);
        return Ok(());
    }
    match field.kind {
        Kind::Hex => row.push_hex(text),
        Kind::Float { .. } if float::push_text(row, field, text) => {}
        Kind::Float { .. } => return Err(fault(Code::SHAPE, &field.name, "is no number")),
        _ => row.push_text(text),
    }
    Ok(())
}

fn keeps(rules: &Rules) -> bool {
    rules.dirty == Dirty::Keep || rules.blank == Some(Dirty::Keep)
}

/// Fields that not every record has: those of arrays that vary, and of alternatives.
fn may_be_absent(node: &Node, optional: &mut [bool]) {
    let all = |optional: &mut [bool]| {
        let (from, to) = node.span();
        if let Some(some) = optional.get_mut(from..to) {
            some.fill(true);
        }
    };
    match node {
        Node::Leaf { .. } => {}
        Node::Group { nodes, .. } => nodes.iter().for_each(|node| may_be_absent(node, optional)),
        Node::Array(array) if array.depending.is_some() => all(optional),
        Node::Array(array) => {
            let (from, to) = array.item.span();
            may_be_absent(&array.item, optional);
            let first = optional.get(from..to).unwrap_or_default().to_vec();
            for n in 1..array.count {
                let shift = n * array.leaves;
                if let Some(some) = optional.get_mut(from + shift..to + shift) {
                    some.copy_from_slice(&first);
                }
            }
        }
        Node::Redefines(_) => all(optional),
    }
}

fn whole(code: Code, message: &str) -> CsvFault {
    CsvFault { code, message: message.to_owned(), column: None, record: None }
}

fn fault(code: Code, column: &str, message: &str) -> CsvFault {
    CsvFault { code, message: message.to_owned(), column: Some(column.to_owned()), record: None }
}
