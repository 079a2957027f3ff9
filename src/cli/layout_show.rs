//! `fpp layout show`: what a layout says, field by field, groups and arrays in their places.

use super::exit::{Exit, Failure};
use super::layout_tree::{Line, lines, rules};
use super::layouts::{PageArg, description, letter, role, selector};
use super::output::{Align, Output, Table};
use clap::Args;
use fpp_codecs::format::{Format, RecordFormat};
use fpp_codecs::layout::{Field, Layout};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Show the fields of each record: name, type, first byte from 1, bytes, digits, decimals, code page, text
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fpp layout show config/layouts/pmtrdd.dds --ccsid 935\n  \
                        fpp layout show config/layouts/pmtrd.toml --json")]
pub(super) struct Show {
    /// File format or layout in TOML, DDS source (.dds, .pf, .lf), outfile of DSPFFD (.csv), or copybook (.cpy)
    #[arg(value_name = "LAYOUT")]
    layout: PathBuf,
    #[command(flatten)]
    page: PageArg,
    /// Print JSON, one record format a line
    #[arg(long)]
    json: bool,
}

impl Show {
    pub(super) fn run(&self, out: &mut Output) -> Result<Exit, Failure> {
        let file = self.page.open_all(&self.layout)?;
        let format = file.format.as_ref();
        let records: Vec<(&Layout, Option<&RecordFormat>)> = match format {
            Some(format) => format.records.iter().map(|record| (&record.layout, Some(record))).collect(),
            None => file.layouts.iter().map(|layout| (layout, None)).collect(),
        };
        if self.json {
            for (layout, record) in records {
                out.json(&as_json(format, layout, record))?;
            }
            return Ok(Exit::Good);
        }
        if let Some(format) = format {
            let version = if format.version.is_empty() { String::new() } else { format!("version {}", format.version) };
            let parts = [format.name.clone(), format.text.clone(), version, format.framing.to_string()];
            let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            out.line(format_args!("{}  CCSID {}", parts.join("  "), format.page.name()))?;
        }
        for (index, (layout, record)) in records.into_iter().enumerate() {
            if index > 0 || format.is_some() {
                out.line("")?;
            }
            let role = record.map_or_else(String::new, |record| format!("{}  ", role(record.role)));
            let selector = record.map_or_else(String::new, |record| format!("{}  ", selector(record)));
            let bytes = match layout.least == layout.length {
                true => format!("{} bytes", layout.length),
                false => format!("{} to {} bytes", layout.least, layout.length),
            };
            out.line(format_args!("{}  {role}{bytes}  {selector}{}", layout.name, layout.text))?;
            out.line(table(layout))?;
            beside(layout, out)?;
        }
        Ok(Exit::Good)
    }
}

/// Keys, names for values, and what else the source says.
fn beside(layout: &Layout, out: &mut Output) -> std::io::Result<()> {
    if !layout.keys.is_empty() {
        out.line(format_args!("keys: {}", layout.keys.join(", ")))?;
    }
    for line in lines(layout) {
        if let Some(field) = line.field.filter(|field| !field.conditions.is_empty()) {
            let names: Vec<_> = field.conditions.iter().map(|(name, values)| format!("{name} {values}")).collect();
            out.line(format_args!("values of {}: {}", line.name, names.join("; ")))?;
        }
    }
    layout.notes.iter().try_for_each(|note| out.line(format_args!("note: {note}")))
}

fn table(layout: &Layout) -> Table {
    let lines = lines(layout);
    let more = |some: &dyn Fn(&Line<'_>) -> bool| lines.iter().any(some);
    let (parts, ruled) = (more(&|line| !line.part.is_empty()), more(&|line| line.field.is_some_and(has_rules)));
    let mut columns = vec![
        ("name", Align::Left),
        ("type", Align::Left),
        ("from", Align::Right),
        ("bytes", Align::Right),
        ("digits", Align::Right),
        ("dec", Align::Right),
        ("CCSID", Align::Left),
        ("null", Align::Left),
        ("sensitive", Align::Left),
    ];
    if parts {
        columns.push(("part", Align::Left));
    }
    if ruled {
        columns.push(("rules", Align::Left));
    }
    columns.push(("text", Align::Left));
    let mut table = Table::new(&columns);
    for line in lines {
        let field = line.field;
        let number = field.and_then(|field| field.kind.digits());
        let is = |fits: fn(&Field) -> bool| if field.is_some_and(fits) { "yes" } else { "" }.to_owned();
        let varlen = if field.is_some_and(|field| field.varlen) { " varlen" } else { "" };
        let mut row = vec![
            format!("{}{}", "  ".repeat(line.depth), line.name),
            format!("{}{varlen}", field.map_or("group", |field| letter(field.kind))),
            (line.offset + 1).to_string(),
            line.bytes.to_string(),
            number.map_or_else(String::new, |(digits, _)| digits.to_string()),
            number.map_or_else(String::new, |(_, decimals)| decimals.to_string()),
            field.and_then(|field| field.page).map_or("", |page| page.name()).to_owned(),
            is(|field| field.nullable),
            is(|field| field.sensitive),
        ];
        if parts {
            row.push(line.part);
        }
        if ruled {
            row.push(field.map_or_else(String::new, |field| rules(field).join(", ")));
        }
        row.push(field.map_or_else(String::new, |field| description(field).to_owned()));
        table.row(row);
    }
    table
}

fn has_rules(field: &Field) -> bool {
    !rules(field).is_empty()
}

fn as_json(format: Option<&Format>, layout: &Layout, record: Option<&RecordFormat>) -> Value {
    let fields: Vec<Value> = layout.fields.iter().map(field_json).collect();
    let tree: Vec<Value> = lines(layout)
        .into_iter()
        .map(|line| json!({"name": line.name, "depth": line.depth, "part": line.part, "from": line.offset + 1, "bytes": line.bytes}))
        .collect();
    json!({
        "format": format.map(|format| format.name.as_str()),
        "record": layout.name,
        "role": record.map(|record| role(record.role)),
        "bytes": layout.length,
        "least": layout.least,
        "selector": record.map(selector),
        "text": layout.text,
        "keys": layout.keys,
        "notes": layout.notes,
        "fields": fields,
        "tree": if layout.is_flat() { Vec::new() } else { tree },
    })
}

fn field_json(field: &Field) -> Value {
    let number = field.kind.digits();
    let conditions: Vec<Value> =
        field.conditions.iter().map(|(name, values)| json!({"name": name, "values": values})).collect();
    json!({
        "name": field.name,
        "type": letter(field.kind),
        "from": field.offset + 1,
        "bytes": field.bytes,
        "digits": number.map(|n| n.0),
        "decimals": number.map(|n| n.1),
        "ccsid": field.page.map(|p| p.name()),
        "varlen": field.varlen,
        "nullable": field.nullable,
        "sensitive": field.sensitive,
        "conditions": conditions,
        "rules": rules(field),
        "text": description(field),
    })
}
