//! `fpp remap`: the events of posted files again, as their routes map them today. Asked of the running node, which journals
//! who and why.

use super::control::{self, Command};
use super::exit::{Exit, Failure};
use super::global::{Global, wait};
use super::output::Output;
use clap::Args;

/// Publish the events of posted files again, as their routes map them today.
///
/// A file is told by the mapping it was posted with, whatever the configuration says later. This publishes its events under
/// the new `dataschema` of its route's mapping: in the stream at its end, and in every outlet of the route, with the first
/// event's id and `:remapped:` behind it. The answer to the core is not touched. Refused while the `dataschema` is the same,
/// where an event of the file would get another id, and where a record does not fit any more.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  fpp remap 01JY3V8Q5TZ6QX2M4N7P9RSTVW --reason \"risk takes pm.trade.v2, ticket 4711\"\n  \
                        fpp transfers --route pmtrd --state archived --json   # ids of more of them"
)]
pub(super) struct Remap {
    /// Transfers, in the order in which they are published
    #[arg(required = true)]
    ids: Vec<String>,
    /// Why; kept in the journal
    #[arg(long, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    reason: String,
    /// Print JSON, a line for each
    #[arg(long)]
    json: bool,
}

impl Remap {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        let settings = global.settings()?;
        for id in self.ids {
            let command = Command { id, reason: self.reason.clone(), by: control::operator(), ..Command::default() };
            let reply = wait(control::send(&settings, "remap", &command))?;
            if self.json {
                out.json(&reply)?;
            } else {
                out.line(&reply.message)?;
            }
        }
        Ok(Exit::Good)
    }
}
