//! JSON Schema (draft 2020-12) of the JSON lines that decoding writes.
//!
//! Every line that [`crate::json`] writes with the layout is valid, bad records included: a record with `faults` may
//! lack any field. Names for values (level 88, VALUES) are told as constants with their names; other values stay valid,
//! because no file is held to them, unless the schema is asked to be closed.

mod value;

use crate::layout::{Array, Field, Layout, Node};
use serde_json::{Map, Value, json};

/// The schema's dialect.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema of lines of any of these record formats. `closed` leaves out values that have no name, where a field has
/// names for values.
pub fn schema(layouts: &[Layout], closed: bool) -> Value {
    let records: Vec<Value> = layouts.iter().map(|layout| record(layout, closed)).collect();
    let mut root = Map::new();
    root.insert("$schema".to_owned(), json!(DIALECT));
    match <[Value; 1]>::try_from(records) {
        Ok([Value::Object(only)]) => root.extend(only),
        Ok([other]) => return other,
        Err(records) => {
            root.insert("oneOf".to_owned(), Value::Array(records));
        }
    }
    Value::Object(root)
}

fn record(layout: &Layout, closed: bool) -> Value {
    let leaves: Vec<Node>;
    let nodes = match layout.is_flat() {
        false => &layout.nodes,
        true => {
            let leaf = |(field, of): (usize, &Field)| Node::Leaf { key: of.name.clone(), field };
            leaves = layout.fields.iter().enumerate().map(leaf).collect();
            &leaves
        }
    };
    let writer = Writer { fields: &layout.fields, closed };
    let fault = json!({
        "type": "object",
        "properties": {
            "field": {"type": ["string", "null"]},
            "code": {"type": "string", "pattern": "^FPP[0-9]{4}$"},
            "offset": {"type": "integer", "minimum": 0},
            "detail": {"type": "string"},
        },
        "required": ["field", "code", "offset", "detail"],
    });
    let repair = json!({
        "type": "object",
        "properties": {
            "field": {"type": ["string", "null"]},
            "offset": {"type": "integer", "minimum": 0},
            "repair": {"type": "string"},
        },
        "required": ["field", "offset", "repair"],
    });
    let mut schema = json!({
        "title": layout.name,
        "type": "object",
        "properties": {
            "n": {"type": "integer", "minimum": 1},
            "offset": {"type": "integer", "minimum": 0},
            "type": {"const": layout.name},
            "fields": writer.object(nodes),
            "faults": {"type": "array", "minItems": 1, "items": fault},
            "repairs": {"type": "array", "minItems": 1, "items": repair},
        },
        "required": ["n", "offset", "type", "fields"],
        // Bad fields are left out, so only a record without faults has them all.
        "anyOf": [{"required": ["faults"]}, {"properties": {"fields": writer.complete(nodes)}}],
    });
    if let (Some(object), false) = (schema.as_object_mut(), layout.text.is_empty()) {
        object.insert("description".to_owned(), json!(layout.text));
    }
    schema
}

struct Writer<'a> {
    fields: &'a [Field],
    closed: bool,
}

impl Writer<'_> {
    /// What an object of parts may hold.
    fn object(&self, nodes: &[Node]) -> Value {
        let mut properties = Map::new();
        self.properties(nodes, &mut properties);
        json!({"type": "object", "properties": properties, "additionalProperties": false})
    }

    fn properties(&self, nodes: &[Node], into: &mut Map<String, Value>) {
        for node in nodes {
            match node {
                Node::Leaf { key, field } => {
                    into.insert(key.clone(), self.leaf(*field));
                }
                Node::Group { key, nodes } if key.is_empty() => self.properties(nodes, into),
                Node::Group { key, nodes } => {
                    into.insert(key.clone(), self.object(nodes));
                }
                Node::Array(array) => {
                    into.insert(array.key.clone(), self.array(array));
                }
                Node::Redefines(part) => self.properties(&part.alternatives, into),
            }
        }
    }

    fn leaf(&self, field: usize) -> Value {
        self.fields.get(field).map_or(Value::Bool(true), |field| value::schema(field, self.closed))
    }

    fn array(&self, array: &Array) -> Value {
        let items = match &*array.item {
            // A bad one keeps its place as null.
            Node::Leaf { field, .. } => json!({"anyOf": [self.leaf(*field), {"type": "null"}]}),
            Node::Group { nodes, .. } => self.object(nodes),
            other => self.object(std::slice::from_ref(other)),
        };
        json!({"type": "array", "maxItems": array.count, "items": items})
    }

    /// What an object of parts must hold when no field is bad.
    fn complete(&self, nodes: &[Node]) -> Value {
        let (mut required, mut properties, mut all) = (Vec::new(), Map::new(), Vec::new());
        self.demand(nodes, &mut required, &mut properties, &mut all);
        let mut schema = Map::new();
        for (key, empty, value) in [
            ("required", required.is_empty(), json!(required)),
            ("properties", properties.is_empty(), Value::Object(properties)),
            ("allOf", all.is_empty(), Value::Array(all)),
        ] {
            if !empty {
                schema.insert(key.to_owned(), value);
            }
        }
        Value::Object(schema)
    }

    fn demand(
        &self,
        nodes: &[Node],
        required: &mut Vec<String>,
        properties: &mut Map<String, Value>,
        all: &mut Vec<Value>,
    ) {
        for node in nodes {
            match node {
                // Blank fillers are left out.
                Node::Leaf { key, field } => {
                    if self.fields.get(*field).is_some_and(|field| !field.is_filler()) {
                        required.push(key.clone());
                    }
                }
                Node::Group { key, nodes } if key.is_empty() => self.demand(nodes, required, properties, all),
                Node::Group { key, nodes } => {
                    required.push(key.clone());
                    properties.insert(key.clone(), self.complete(nodes));
                }
                Node::Array(array) => {
                    required.push(array.key.clone());
                    let least = array.depending.as_ref().map_or(array.count, |depending| depending.least);
                    let mut rest = json!({"minItems": least});
                    if let (Node::Group { nodes, .. }, Some(object)) = (&*array.item, rest.as_object_mut()) {
                        object.insert("items".to_owned(), self.complete(nodes));
                    }
                    properties.insert(array.key.clone(), rest);
                }
                Node::Redefines(part) => {
                    let each = |node: &Node| self.complete(std::slice::from_ref(node));
                    let mut readings: Vec<Value> = part.alternatives.iter().map(each).collect();
                    let word = match &part.choice {
                        // Nothing says which one holds: all that decode are shown.
                        None => "anyOf",
                        Some(_) => {
                            exclusive(&mut readings, &self.names(&part.alternatives));
                            "oneOf"
                        }
                    };
                    all.push(json!({word: readings}));
                }
            }
        }
    }

    /// The keys that each alternative has in the object around it.
    fn names(&self, alternatives: &[Node]) -> Vec<Vec<String>> {
        let each = |node: &Node| {
            let mut properties = Map::new();
            self.properties(std::slice::from_ref(node), &mut properties);
            properties.into_iter().map(|(key, _)| key).collect()
        };
        alternatives.iter().map(each).collect()
    }
}

/// Each reading without the keys of the others.
fn exclusive(readings: &mut [Value], names: &[Vec<String>]) {
    for (index, reading) in readings.iter_mut().enumerate().take(names.len()) {
        let own = names.get(index).cloned().unwrap_or_default();
        let others = names.iter().enumerate().filter(|(at, _)| *at != index).flat_map(|(_, keys)| keys);
        let others: Vec<Value> =
            others.filter(|key| !own.contains(key)).map(|key| json!({"required": [key]})).collect();
        if let (Some(object), false) = (reading.as_object_mut(), others.is_empty()) {
            object.insert("not".to_owned(), json!({"anyOf": others}));
        }
    }
}
