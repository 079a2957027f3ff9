//! JSON Schemas (2020-12) of events: what a consumer may rely on.
//!
//! A schema is made of what writes the events: of a mapping and its format, or of the end-of-file event. It holds for both
//! views: a value that may be masked is only said to be text. The event's own `dataschema` is the `$id` of the schema of its
//! data, within the schema of the whole event. CloudEvents lets attributes be added, so an event may have more of them;
//! data has no others.

use fpp_codecs::Code;
use serde_json::{Map, Value, json};

/// The schema of one event type.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// CloudEvents `type`.
    pub name: String,
    /// CloudEvents `dataschema`.
    pub dataschema: String,
    /// The schema.
    pub json: Value,
}

/// An object with these members and no others, all of them there.
pub(super) fn object(members: Vec<(&str, Value)>) -> Value {
    let required: Vec<Value> = members.iter().map(|(name, _)| (*name).into()).collect();
    let properties: Map<String, Value> = members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

/// A text, or null where the value may be missing.
pub(super) fn text(nullable: bool) -> Value {
    if nullable { json!({"type": ["string", "null"]}) } else { json!({"type": "string"}) }
}

/// The schema of an event of one type with such data; `sensitive` names the values that a masked view hides.
pub(super) fn event(name: &str, title: &str, dataschema: &str, sensitive: &str, data: Value) -> Schema {
    let mut own = Map::new();
    own.insert("$id".to_owned(), dataschema.into());
    if let Value::Object(data) = data {
        own.extend(data);
    }
    let mut properties = Map::new();
    let mut required = Vec::new();
    let mut member = |name: &str, value: Value, needed: bool| {
        properties.insert(name.to_owned(), value);
        if needed {
            required.push(Value::from(name));
        }
    };
    member("specversion", json!({"const": "1.0"}), true);
    member("id", json!({"type": "string", "minLength": 1}), true);
    member("source", json!({"type": "string", "minLength": 1, "format": "uri-reference"}), true);
    member("type", json!({"const": name}), true);
    member("subject", json!({"type": "string", "minLength": 1}), true);
    member("time", json!({"type": "string", "format": "date-time"}), true);
    member("dataschema", json!({"const": dataschema}), true);
    member("datacontenttype", json!({"const": "application/json"}), true);
    if !sensitive.is_empty() {
        member("fppsensitive", json!({"const": sensitive}), true);
    }
    member("datahash", json!({"type": "string", "pattern": "^[0-9a-f]{64}$"}), true);
    member("data", json!({"$ref": dataschema}), true);
    member("fppposition", json!({"type": "string", "description": "Place in the stream; only there."}), false);
    let json = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("urn:fpp:event:{name}"),
        "title": title,
        "type": "object",
        "properties": properties,
        "required": required,
        "$defs": {"data": own},
    });
    Schema { name: name.to_owned(), dataschema: dataschema.to_owned(), json }
}

/// What every event of a record says about where it came from.
pub(super) fn lineage() -> Value {
    let whole = || json!({"type": ["integer", "null"], "minimum": 0});
    let count = || json!({"type": "integer", "minimum": 0});
    object(vec![
        ("file", text(false)),
        ("digest", digest()),
        ("batch", whole()),
        ("run", whole()),
        ("seq", count()),
        ("record", count()),
        ("byteOffset", count()),
        ("layoutVersion", text(false)),
        ("table", text(false)),
    ])
}

/// The end-of-file events, which every route has.
pub fn of_files() -> Vec<Schema> {
    ["posted", "rejected"].into_iter().map(of_file).collect()
}

fn of_file(word: &str) -> Schema {
    let whole = || json!({"type": ["integer", "null"], "minimum": 0});
    let count = || json!({"type": "integer", "minimum": 0});
    let total =
        object(vec![("name", text(false)), ("promised", text(false)), ("found", text(false)), ("unreadable", count())]);
    let verdicts =
        if word == "posted" { json!({"enum": ["accepted", "partly"]}) } else { json!({"const": "rejected"}) };
    let data = object(vec![
        ("route", text(false)),
        ("transfer", text(false)),
        ("file", text(false)),
        ("digest", json!({"type": "string", "pattern": "^([0-9a-f]{64})?$"})),
        ("businessDate", json!({"type": ["string", "null"], "format": "date"})),
        ("batch", whole()),
        ("run", whole()),
        ("verdict", verdicts),
        ("records", count()),
        ("accepted", count()),
        ("rejected", count()),
        ("totals", json!({"type": "array", "items": total})),
        ("code", json!({"type": "string", "pattern": "^FPP[0-9]{4}$", "examples": [Code::OK.to_string()]})),
        ("message", text(false)),
        ("reason", text(false)),
    ]);
    let name = format!("pm.file.{word}.v1");
    let title =
        if word == "posted" { "The end of a file that was posted" } else { "A file of which nothing was posted" };
    event(&name, title, &format!("urn:fpp:schema:{name}"), "", data)
}

/// A SHA-256 in hex.
pub(super) fn digest() -> Value {
    json!({"type": "string", "pattern": "^[0-9a-f]{64}$"})
}
