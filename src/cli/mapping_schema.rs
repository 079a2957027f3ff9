//! `fpp mapping schema`: what a consumer may rely on, as JSON Schema.

use super::exit::{Exit, Failure};
use super::global::Global;
use super::mapping_target::TargetArg;
use super::output::{Align, Output, Table};
use crate::trade::schema::of_files;
use clap::Args;

/// Show the JSON Schema (2020-12) of an event type, or list the types
///
/// A running node serves the same: GET /v1/schemas.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fpp mapping schema pmtrd\n  \
                        fpp mapping schema pmtrd pm.trade.executed.v1 > trade.schema.json\n  \
                        fpp mapping schema config/events/pmprd.toml --layout config/layouts/pmprd.toml")]
pub(super) struct SchemaVerb {
    #[command(flatten)]
    target: TargetArg,
    /// Event type; without it the types are listed
    #[arg(value_name = "TYPE")]
    kind: Option<String>,
    /// Print JSON: of a list one type a line, its schema with it
    #[arg(long)]
    json: bool,
}

impl SchemaVerb {
    pub(super) fn run(&self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        let target = self.target.open(global)?;
        let mut schemas = target.mapping.schemas(&target.format);
        schemas.extend(of_files());
        if let Some(kind) = &self.kind {
            let Some(schema) = schemas.iter().find(|schema| schema.name == *kind) else {
                let known: Vec<_> = schemas.iter().map(|schema| schema.name.as_str()).collect();
                return Err(Failure::usage(format!("there is no type `{kind}`; known: {}", known.join(", "))));
            };
            let text = serde_json::to_string_pretty(&schema.json);
            out.line(text.map_err(|error| Failure::internal(error.to_string()))?)?;
            return Ok(Exit::Good);
        }
        if self.json {
            for schema in &schemas {
                let line =
                    serde_json::json!({"type": schema.name, "dataschema": schema.dataschema, "schema": schema.json});
                out.json(&line)?;
            }
            return Ok(Exit::Good);
        }
        let mut table = Table::new(&[("type", Align::Left), ("dataschema", Align::Left)]);
        schemas.into_iter().for_each(|schema| table.row(vec![schema.name, schema.dataschema]));
        out.line(table)?;
        Ok(Exit::Good)
    }
}
