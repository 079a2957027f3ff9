//! `fpp layout show`: what a layout says, field by field.

use super::exit::{Exit, Failure};
use super::layouts::{LayoutArg, description, letter, role, selector};
use super::output::{Align, Output, Table};
use clap::{Args, Subcommand};
use fpp_codecs::format::{Format, RecordFormat};
use serde_json::{Value, json};

/// Show what a layout says.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  fpp layout show config/layouts/pmtrd.toml")]
pub(super) struct LayoutVerb {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List the fields of each record: name, type, first byte from 1, bytes, digits, decimals, code page, text
    #[command(after_help = "Examples:\n  fpp layout show config/layouts/pmtrdd.dds --ccsid 935\n  \
                            fpp layout show config/layouts/pmtrd.toml --json")]
    Show {
        #[command(flatten)]
        layout: LayoutArg,
        /// Print JSON, one record format a line
        #[arg(long)]
        json: bool,
    },
}

impl LayoutVerb {
    pub(super) fn run(self, out: &mut Output) -> Result<Exit, Failure> {
        let Act::Show { layout, json } = self.act;
        let format = layout.open()?;
        if json {
            for record in &format.records {
                out.json(&as_json(&format, record))?;
            }
            return Ok(Exit::Good);
        }
        out.line(format_args!(
            "{}  {}  version {}  {}  CCSID {}",
            format.name,
            format.text,
            format.version,
            format.framing,
            format.page.name()
        ))?;
        for record in &format.records {
            let layout = &record.layout;
            out.line("")?;
            out.line(format_args!(
                "{}  {}  {} bytes  {}  {}",
                layout.name,
                role(record.role),
                layout.length,
                selector(record),
                layout.text
            ))?;
            out.line(table(record))?;
        }
        Ok(Exit::Good)
    }
}

fn table(record: &RecordFormat) -> Table {
    let columns = [
        ("name", Align::Left),
        ("type", Align::Left),
        ("from", Align::Right),
        ("bytes", Align::Right),
        ("digits", Align::Right),
        ("dec", Align::Right),
        ("CCSID", Align::Left),
        ("null", Align::Left),
        ("sensitive", Align::Left),
        ("text", Align::Left),
    ];
    let mut table = Table::new(&columns);
    for field in &record.layout.fields {
        let number = field.kind.digits();
        table.row(vec![
            field.name.clone(),
            format!("{}{}", letter(field.kind), if field.varlen { " varlen" } else { "" }),
            (field.offset + 1).to_string(),
            field.bytes.to_string(),
            number.map_or_else(String::new, |(digits, _)| digits.to_string()),
            number.map_or_else(String::new, |(_, decimals)| decimals.to_string()),
            field.page.map_or("", |p| p.name()).to_owned(),
            if field.nullable { "yes" } else { "" }.to_owned(),
            if field.sensitive { "yes" } else { "" }.to_owned(),
            description(field).to_owned(),
        ]);
    }
    table
}

fn as_json(format: &Format, record: &RecordFormat) -> Value {
    let fields: Vec<Value> = record
        .layout
        .fields
        .iter()
        .map(|field| {
            let number = field.kind.digits();
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
                "text": description(field),
            })
        })
        .collect();
    json!({
        "format": format.name,
        "record": record.layout.name,
        "role": role(record.role),
        "bytes": record.layout.length,
        "selector": selector(record),
        "text": record.layout.text,
        "fields": fields,
    })
}
