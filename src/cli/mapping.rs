//! `fpp mapping`: try an event mapping on a file, and the schemas of what it publishes.

use super::exit::{Exit, Failure};
use super::global::Global;
use super::mapping_check::Check;
use super::mapping_schema::SchemaVerb;
use super::output::Output;
use clap::{Args, Subcommand};

/// Try an event mapping on a file, or show the schemas of its events.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  fpp mapping check pmtrd CORE_PMTS_PMTRD_20250620_0001_00.TXT")]
pub(super) struct MappingVerb {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    Check(Check),
    Schema(SchemaVerb),
}

impl MappingVerb {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        match self.act {
            Act::Check(verb) => verb.run(global, out),
            Act::Schema(verb) => verb.run(global, out),
        }
    }
}
