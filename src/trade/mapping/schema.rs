//! The schemas of what a mapping publishes: one for each of its types, all with the same data.

use super::entry::{Entry, Rule};
use super::parse::{Kind, Parts};
use crate::ledger::transfer::Act;
use crate::trade::event::{CORRECTS, correction_schema, correction_type};
use crate::trade::expression::Type;
use crate::trade::schema::{Schema, digest, event, lineage, object, text};
use fpp_codecs::format::{Format, Role};
use fpp_codecs::layout::{Dirty, Field, Kind as FieldKind};
use serde_json::{Map, Value, json};

/// A whole number or a decimal with any digits.
const NUMBER: &str = "^-?[0-9]+(\\.[0-9]+)?$";

pub(super) fn of(parts: &Parts, format: &Format) -> Vec<Schema> {
    let fields = format.record(Role::Detail).map_or(&[][..], |record| &record.layout.fields);
    let data = data(&parts.entries, fields);
    let kinds: Vec<&str> = match &parts.kind {
        Kind::Const(kind) => vec![kind],
        Kind::Map(_, words) => {
            let mut kinds: Vec<&str> = words.iter().map(|(_, kind)| kind.as_str()).collect();
            kinds.sort_unstable();
            kinds.dedup();
            kinds
        }
    };
    let title = format!("{}: {}", parts.name, format.name);
    let mut schemas: Vec<Schema> =
        kinds.iter().map(|kind| event(kind, &title, &parts.schema, &parts.marked, data.clone())).collect();
    for act in [Act::Voided, Act::Corrected] {
        let mut families: Vec<String> = kinds.iter().map(|kind| correction_type(kind, act)).collect();
        families.dedup();
        let title = format!("{title}, {}", act.word());
        let schema = correction_schema(&parts.schema);
        let data = with_correction(data.clone(), act, &kinds);
        let of = |kind: &String| corrects(event(kind, &title, &schema, &parts.marked, data.clone()));
        schemas.extend(families.iter().map(of));
    }
    schemas
}

/// The data of a correction: that of the event, and what the correction says.
fn with_correction(mut data: Value, act: Act, kinds: &[&str]) -> Value {
    let said = object(vec![
        ("act", json!({"const": act.word()})),
        ("of", json!({"type": "string", "minLength": 1, "description": "id of the event that it is about"})),
        ("type", json!({"enum": kinds})),
        ("datahash", digest()),
        ("by", text(false)),
        ("reason", text(true)),
    ]);
    data["properties"]["correction"] = said;
    if let Some(required) = data["required"].as_array_mut() {
        required.push("correction".into());
    }
    data
}

/// The attribute that names the first event.
fn corrects(mut schema: Schema) -> Schema {
    schema.json["properties"][CORRECTS] = json!({"type": "string", "minLength": 1});
    if let Some(required) = schema.json["required"].as_array_mut() {
        required.push(CORRECTS.into());
    }
    schema
}

/// The members of the data, in the order in which they stand there; dotted names share an object.
fn data(entries: &[Entry], fields: &[Field]) -> Value {
    let mut members: Vec<(&str, Value)> = Vec::new();
    let mut group: Vec<(&str, Value)> = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let value = member(entry, fields);
        let Some((outer, inner)) = entry.name.split_once('.') else {
            members.push((&entry.name, value));
            continue;
        };
        group.push((inner, value));
        let next = entries.get(index + 1).and_then(|next| next.name.split_once('.')).map(|(next, _)| next);
        if next != Some(outer) {
            members.push((outer, object(std::mem::take(&mut group))));
        }
    }
    members.push(("lineage", lineage()));
    object(members)
}

fn member(entry: &Entry, fields: &[Field]) -> Value {
    let field = entry.field.and_then(|field| fields.get(field.index));
    let nullable = !entry.mandatory && !matches!(entry.rule, Rule::Const(_));
    let mut value = Map::new();
    match text(nullable) {
        Value::Object(kind) if !matches!(entry.rule, Rule::Const(_)) => value.extend(kind),
        _ => {}
    }
    // A masked value keeps its length and nothing else.
    if entry.mask.is_none() {
        constrain(entry, field, nullable, &mut value);
    }
    let told =
        entry.fields().iter().filter_map(|field| fields.get(field.index)).map(|field| match field.text.as_str() {
            "" => field.name.clone(),
            text => format!("{} {text}", field.name),
        });
    let told = told.collect::<Vec<_>>().join(", ");
    let described = |mut value: Map<String, Value>| {
        if !told.is_empty() {
            value.insert("description".to_owned(), told.as_str().into());
        }
        Value::Object(value)
    };
    match entry.rule {
        Rule::Price | Rule::Weight => {
            let unit = json!({"enum": ["GRM", "KGM"], "description": "UN/ECE Recommendation 20"});
            let inner = Value::Object(value);
            match object(vec![("value", inner), ("unit", unit)]) {
                Value::Object(outer) => described(outer),
                other => other,
            }
        }
        _ => described(value),
    }
}

fn constrain(entry: &Entry, field: Option<&Field>, nullable: bool, value: &mut Map<String, Value>) {
    let one_of = |words: &mut dyn Iterator<Item = &String>| {
        let mut words: Vec<Value> = words.map(|word| word.as_str().into()).collect();
        words.dedup();
        if nullable {
            words.push(Value::Null);
        }
        Value::from(words)
    };
    let mut put = |key: &str, what: Value| {
        value.insert(key.to_owned(), what);
    };
    match &entry.rule {
        Rule::Const(text) => put("const", text.as_str().into()),
        Rule::Map(words) => put("enum", one_of(&mut words.iter().map(|(_, word)| word))),
        Rule::Plain(codes) if !codes.is_empty() => put("enum", one_of(&mut codes.iter())),
        Rule::Day(_) => {
            put("format", "date".into());
            put("pattern", "^[0-9]{4}-[0-9]{2}-[0-9]{2}$".into());
        }
        Rule::Time => put("format", "date-time".into()),
        Rule::Plain(_) | Rule::Price => {
            if let Some(pattern) = field.and_then(pattern) {
                put("pattern", pattern.into());
            }
        }
        Rule::Weight => put("pattern", NUMBER.into()),
        Rule::Cel(expression) if expression.kind() == Type::Number => put("pattern", NUMBER.into()),
        Rule::Cel(_) => {}
    }
}

/// How a number of this field is written; nothing where it may be something else.
fn pattern(field: &Field) -> Option<String> {
    let (_, decimals) = field.kind.digits()?;
    let rules = &field.rules;
    let kept = rules.dirty == Dirty::Keep || rules.blank == Some(Dirty::Keep);
    if kept || rules.moment.is_some() || rules.scale_up > 0 || matches!(field.kind, FieldKind::Float { .. }) {
        return None;
    }
    Some(match decimals {
        0 => "^-?[0-9]+$".to_owned(),
        decimals => format!("^-?[0-9]+\\.[0-9]{{{decimals}}}$"),
    })
}
