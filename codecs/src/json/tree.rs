//! Objects and arrays for the groups and OCCURS of a record, both ways.
//!
//! An array ends where its occurrences do. An alternative that does not hold has no key at all.

use super::cell::{is_shown, write_cell};
use super::style::Style;
use super::value::{JsonFault, at, push};
use crate::format::RecordFormat;
use crate::layout::{Array, Field, Node};
use crate::quote::write_text;
use crate::record::{Cell, Row};
use serde_json::{Map, Value};

/// Appends the parts of the record, without the braces around them.
pub(super) fn write(format: &RecordFormat, style: Option<&Style>, row: &Row, out: &mut Vec<u8>) {
    let mut writer = Writer { format, style, row, out };
    format.layout.nodes.iter().for_each(|node| writer.node(node, 0));
}

struct Writer<'a> {
    format: &'a RecordFormat,
    style: Option<&'a Style>,
    row: &'a Row,
    out: &'a mut Vec<u8>,
}

impl Writer<'_> {
    fn node(&mut self, node: &Node, shift: usize) {
        match node {
            Node::Leaf { field, .. } => self.leaf(*field, field + shift),
            Node::Group { key, nodes } if key.is_empty() => nodes.iter().for_each(|node| self.node(node, shift)),
            Node::Group { key, nodes } => {
                self.key(key);
                self.object(nodes, shift);
            }
            Node::Array(array) => self.array(array, shift),
            Node::Redefines(part) => {
                part.alternatives.iter().filter(|node| given(self.row, node, shift)).for_each(|node| {
                    self.node(node, shift);
                });
            }
        }
    }

    fn leaf(&mut self, template: usize, index: usize) {
        let cell = self.row.cells.get(index).copied().unwrap_or(Cell::Absent);
        if !is_shown(&self.format.layout, index, cell) {
            return;
        }
        self.comma();
        if let Some(key) = self.format.keys().fields.get(template) {
            // Keys begin with a comma, which is due only after another value.
            self.cell(index, cell, &key[1..]);
        }
    }

    fn object(&mut self, nodes: &[Node], shift: usize) {
        self.out.push(b'{');
        nodes.iter().for_each(|node| self.node(node, shift));
        self.out.push(b'}');
    }

    fn array(&mut self, array: &Array, shift: usize) {
        self.key(&array.key);
        self.out.push(b'[');
        for n in 0..array.count {
            let shift = shift + n * array.leaves;
            if !given(self.row, &array.item, shift) {
                break;
            }
            self.comma();
            match &*array.item {
                Node::Leaf { field, .. } => {
                    // Bad ones keep their place, or those after them would move.
                    let cell = self.row.cells.get(field + shift).copied().unwrap_or(Cell::Bad);
                    self.cell(field + shift, cell, b"\"");
                }
                Node::Group { nodes, .. } => self.object(nodes, shift),
                other => self.object(std::slice::from_ref(other), shift),
            }
        }
        self.out.push(b']');
    }

    fn cell(&mut self, index: usize, cell: Cell, key: &[u8]) {
        match self.style {
            Some(style) => style.write_cell(self.row, index, cell, key, self.out),
            None => write_cell(self.row, cell, key, self.out),
        }
    }

    fn key(&mut self, key: &str) {
        self.comma();
        write_text(key, self.out);
        self.out.push(b':');
    }

    fn comma(&mut self) {
        if !matches!(self.out.last(), Some(b'{' | b'[')) {
            self.out.push(b',');
        }
    }
}

/// Whether any leaf of a part is in this record.
fn given(row: &Row, node: &Node, shift: usize) -> bool {
    let (from, to) = node.span();
    row.cells.get(from + shift..to + shift).is_some_and(|cells| cells.iter().any(|cell| *cell != Cell::Absent))
}

/// Fills the row from the object of a record.
pub(super) fn fill(record: &RecordFormat, fields: &Map<String, Value>, row: &mut Row) -> Result<(), JsonFault> {
    let leaves = &record.layout.fields;
    row.cells.resize(leaves.len(), Cell::Absent);
    let mut filler = Filler { leaves, row };
    filler.object(&record.layout.nodes, fields, 0, "")
}

struct Filler<'a> {
    leaves: &'a [Field],
    row: &'a mut Row,
}

impl Filler<'_> {
    fn object(&mut self, nodes: &[Node], map: &Map<String, Value>, shift: usize, path: &str) -> Result<(), JsonFault> {
        let mut keys = Vec::new();
        nodes.iter().for_each(|node| known(node, &mut keys));
        keys.sort_unstable();
        if let Some(key) = map.keys().find(|key| keys.binary_search(&key.as_str()).is_err()) {
            return Err(at(&format!("{path}{key}"), "is no part of this record".to_owned()));
        }
        nodes.iter().try_for_each(|node| self.node(node, map, shift, path))
    }

    fn node(&mut self, node: &Node, map: &Map<String, Value>, shift: usize, path: &str) -> Result<(), JsonFault> {
        match node {
            Node::Leaf { key, field } => match map.get(key) {
                Some(value) => self.leaf(field + shift, value),
                None if self.leaves.get(field + shift).is_some_and(Field::is_filler) => {
                    self.set(field + shift, Cell::Null);
                    Ok(())
                }
                None => Err(at(&format!("{path}{key}"), "is missing".to_owned())),
            },
            Node::Group { key, nodes } if key.is_empty() => {
                nodes.iter().try_for_each(|node| self.node(node, map, shift, path))
            }
            Node::Group { key, nodes } => match map.get(key) {
                Some(Value::Object(inner)) => self.object(nodes, inner, shift, &format!("{path}{key}.")),
                Some(_) => Err(at(&format!("{path}{key}"), "must be an object".to_owned())),
                None => Err(at(&format!("{path}{key}"), "is missing".to_owned())),
            },
            Node::Array(array) => match map.get(&array.key) {
                Some(Value::Array(items)) => self.array(array, items, shift, path),
                Some(_) => Err(at(&format!("{path}{}", array.key), "must be a list".to_owned())),
                None => Err(at(&format!("{path}{}", array.key), "is missing".to_owned())),
            },
            Node::Redefines(part) => {
                let mut any = false;
                for alternative in &part.alternatives {
                    let mut keys = Vec::new();
                    known(alternative, &mut keys);
                    if keys.iter().any(|key| map.contains_key(*key)) {
                        any = true;
                        self.node(alternative, map, shift, path)?;
                    }
                }
                let fillers = part.alternatives.iter().all(|node| self.only_fillers(node, shift));
                match (any || fillers, part.alternatives.first()) {
                    (false, Some(first)) => self.node(first, map, shift, path),
                    _ => Ok(()),
                }
            }
        }
    }

    fn array(&mut self, array: &Array, items: &[Value], shift: usize, path: &str) -> Result<(), JsonFault> {
        let path = format!("{path}{}", array.key);
        if items.len() > array.count || (array.depending.is_none() && items.len() < array.count) {
            return Err(at(&path, format!("has {} occurrences, not {}", items.len(), array.count)));
        }
        for (n, value) in items.iter().enumerate() {
            let shift = shift + n * array.leaves;
            match (&*array.item, value) {
                (Node::Leaf { field, .. }, value) => self.leaf(field + shift, value)?,
                (Node::Group { nodes, .. }, Value::Object(map)) => {
                    self.object(nodes, map, shift, &format!("{path}({}).", n + 1))?;
                }
                (other, Value::Object(map)) => self.node(other, map, shift, &format!("{path}({}).", n + 1))?,
                _ => return Err(at(&format!("{path}({})", n + 1), "must be an object".to_owned())),
            }
        }
        Ok(())
    }

    fn leaf(&mut self, index: usize, value: &Value) -> Result<(), JsonFault> {
        let Some(field) = self.leaves.get(index) else { return Ok(()) };
        push(self.row, field, value)?;
        if let Some(cell) = self.row.cells.pop() {
            self.set(index, cell);
        }
        Ok(())
    }

    fn set(&mut self, index: usize, cell: Cell) {
        if let Some(slot) = self.row.cells.get_mut(index) {
            *slot = cell;
        }
    }

    fn only_fillers(&self, node: &Node, shift: usize) -> bool {
        let (from, to) = node.span();
        self.leaves.get(from + shift..to + shift).is_some_and(|leaves| leaves.iter().all(Field::is_filler))
    }
}

/// Keys that a part has in the object around it.
fn known<'a>(node: &'a Node, keys: &mut Vec<&'a str>) {
    match node {
        Node::Leaf { key, .. } => keys.push(key),
        Node::Group { key, nodes } if key.is_empty() => nodes.iter().for_each(|node| known(node, keys)),
        Node::Group { key, .. } => keys.push(key),
        Node::Array(array) => keys.push(&array.key),
        Node::Redefines(part) => part.alternatives.iter().for_each(|node| known(node, keys)),
    }
}
