//! Objects and arrays for the groups and OCCURS of a record, both ways.
//!
//! An array ends where its occurrences do. An alternative that does not hold has no key at all.

use super::cell::{is_shown, write_cell};
use super::parts::{Json, List, Object};
use super::style::Style;
use super::value::{JsonFault, at, push, shape};
use crate::code::Code;
use crate::format::RecordFormat;
use crate::layout::{Array, Field, Node};
use crate::quote::write_text;
use crate::record::{Around, Cell, Row};

/// Appends the parts of the record, without the braces around them.
pub(super) fn write(format: &RecordFormat, style: Option<&Style>, row: &Row, out: &mut Vec<u8>) {
    let mut writer = Writer { format, style, row, around: Around::default(), out };
    format.layout.nodes.iter().for_each(|node| writer.node(node, 0));
}

struct Writer<'a> {
    format: &'a RecordFormat,
    style: Option<&'a Style>,
    row: &'a Row,
    around: Around,
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
                part.alternatives.iter().filter(|node| self.row.has(node.span(), shift)).for_each(|node| {
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
        let (first, _) = array.item.span();
        for n in 0..self.row.occurrences(array, shift, &self.around) {
            let shift = shift + n * array.leaves;
            self.around.enter(first, array.leaves, n);
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
            self.around.leave();
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

/// Fills the row from the object of a record.
pub(super) fn fill(record: &RecordFormat, fields: &str, row: &mut Row) -> Result<(), JsonFault> {
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
    fn object(&mut self, nodes: &[Node], text: &str, shift: usize, path: &str) -> Result<(), JsonFault> {
        let mut names = Vec::new();
        nodes.iter().for_each(|node| known(node, &mut names));
        let around = path.trim_end_matches('.');
        let object = Object::read(text, names).map_err(|e| unread(around, &e))?;
        if let Some(name) = &object.unknown {
            return Err(at(Code::NO_FIELD, &format!("{path}{name}"), "is no part of this record".to_owned()));
        }
        if let Some(name) = &object.twice {
            return Err(at(Code::TWICE, &format!("{path}{name}"), "is there twice".to_owned()));
        }
        nodes.iter().try_for_each(|node| self.node(node, &object, shift, path))
    }

    fn node(&mut self, node: &Node, object: &Object<'_, '_>, shift: usize, path: &str) -> Result<(), JsonFault> {
        let name = |key: &str| format!("{path}{key}");
        let missing = |key: &str| at(Code::MISSING, &name(key), "is missing".to_owned());
        let wrong = |key: &str, what: &str| at(Code::SHAPE, &name(key), what.to_owned());
        let given = |key: &str| object.get(key).map(|raw| shape(raw, &name(key))).transpose();
        match node {
            Node::Leaf { key, field } => match given(key)? {
                Some(value) => self.leaf(field + shift, &value),
                None if self.leaves.get(field + shift).is_some_and(Field::is_filler) => {
                    self.set(field + shift, Cell::Null);
                    Ok(())
                }
                None => Err(missing(key)),
            },
            Node::Group { key, nodes } if key.is_empty() => {
                nodes.iter().try_for_each(|node| self.node(node, object, shift, path))
            }
            Node::Group { key, nodes } => match given(key)? {
                Some(Json::Object(inner)) => self.object(nodes, inner, shift, &format!("{path}{key}.")),
                Some(_) => Err(wrong(key, "must be an object")),
                None => Err(missing(key)),
            },
            Node::Array(array) => match given(&array.key)? {
                Some(Json::List(items)) => self.array(array, items, shift, &name(&array.key)),
                Some(_) => Err(wrong(&array.key, "must be a list")),
                None => Err(missing(&array.key)),
            },
            Node::Redefines(part) => {
                let mut any = false;
                for alternative in &part.alternatives {
                    let mut keys = Vec::new();
                    known(alternative, &mut keys);
                    if keys.iter().any(|key| object.get(key).is_some()) {
                        any = true;
                        self.node(alternative, object, shift, path)?;
                    }
                }
                let fillers = part.alternatives.iter().all(|node| self.only_fillers(node, shift));
                let nothing = fillers || part.alternatives.iter().any(Node::may_be_empty);
                match (any || nothing, part.alternatives.first()) {
                    (false, Some(first)) => self.node(first, object, shift, path),
                    _ => Ok(()),
                }
            }
        }
    }

    fn array(&mut self, array: &Array, text: &str, shift: usize, path: &str) -> Result<(), JsonFault> {
        let list = List::read(text, array.count).map_err(|e| unread(path, &e))?;
        if list.count > array.count || (array.depending.is_none() && list.count < array.count) {
            let told = format!("has {} occurrences, not {}", list.count, array.count);
            return Err(at(if array.depending.is_some() { Code::OCCURRENCES } else { Code::SHAPE }, path, told));
        }
        for (n, value) in list.items.into_iter().enumerate() {
            let shift = shift + n * array.leaves;
            let name = format!("{path}({})", n + 1);
            match (&*array.item, shape(value, &name)?) {
                (Node::Leaf { field, .. }, value) => self.leaf(field + shift, &value)?,
                (Node::Group { nodes, .. }, Json::Object(inner)) => {
                    self.object(nodes, inner, shift, &format!("{name}."))?;
                }
                (other, Json::Object(inner)) => {
                    self.object(std::slice::from_ref(other), inner, shift, &format!("{name}."))?;
                }
                _ => return Err(at(Code::SHAPE, &name, "must be an object".to_owned())),
            }
        }
        Ok(())
    }

    fn leaf(&mut self, index: usize, value: &Json<'_>) -> Result<(), JsonFault> {
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

fn unread(field: &str, error: &serde_json::Error) -> JsonFault {
    at(Code::LINE, field, format!("not a line of JSON: {error}"))
}
