//! `fpp layout convert`: a layout of any source as TOML, or as JSON Schema of what `fpp decode` writes.

use super::exit::{Exit, Failure};
use super::layouts::PageArg;
use super::output::Output;
use super::streams::{Target, distinct};
use clap::{Args, ValueEnum};
use fpp_codecs::json;
use fpp_codecs::layout::{Layout, convert};
use std::path::PathBuf;

/// Convert a layout to TOML, or to JSON Schema of the lines that decode writes
///
/// The TOML is read again before it is written: it means the same layout. The schema is of draft 2020-12.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fpp layout convert CUSTMST.PF --to toml -o custmst.toml\n  \
                        fpp layout convert config/layouts/pmtrd.toml --to json-schema")]
pub(super) struct Convert {
    /// File format or layout in TOML, DDS source (.dds, .pf, .lf), outfile of DSPFFD (.csv), or copybook (.cpy)
    #[arg(value_name = "LAYOUT")]
    layout: PathBuf,
    #[command(flatten)]
    page: PageArg,
    /// What to write
    #[arg(long, value_name = "FORM")]
    to: Form,
    /// Which record format, if the source has several
    #[arg(long, value_name = "NAME")]
    record: Option<String>,
    /// For a schema: no other values where the layout names some (level 88, VALUES)
    #[arg(long)]
    closed: bool,
    /// Write to this file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    Toml,
    JsonSchema,
}

impl Convert {
    pub(super) fn run(&self, out: &mut Output) -> Result<Exit, Failure> {
        let mut layouts = self.page.open_all(&self.layout)?.layouts;
        let known: Vec<_> = layouts.iter().map(|layout| layout.name.clone()).collect();
        if let Some(name) = &self.record {
            layouts.retain(|layout| layout.name.eq_ignore_ascii_case(name));
        }
        if layouts.is_empty() {
            return Err(Failure::usage(format!("--record: the source has {}", known.join(", "))));
        }
        let text = match self.to {
            Form::Toml => self.toml(&layouts, &known)?,
            Form::JsonSchema => {
                let schema = json::schema(&layouts, self.closed);
                let mut text = serde_json::to_string_pretty(&schema).map_err(|e| Failure::internal(e.to_string()))?;
                text.push('\n');
                text
            }
        };
        distinct([self.layout.as_path()], self.output.as_deref())?;
        let mut target = Target::open(self.output.as_deref(), out)?;
        target.write(text.as_bytes())?;
        target.finish()?;
        Ok(Exit::Good)
    }

    fn toml(&self, layouts: &[Layout], known: &[String]) -> Result<String, Failure> {
        let [layout] = layouts else {
            let message = format!("the source has several record formats: say --record, one of {}", known.join(", "));
            return Err(Failure::usage(message));
        };
        convert::to_toml(layout).map_err(|why| {
            Failure::usage(format!("{}: {} cannot be written as TOML: {why}", self.layout.display(), layout.name))
        })
    }
}
