//! `fpp layout`: check, show, compare and convert layouts.

use super::exit::{Exit, Failure};
use super::layout_check::Check;
use super::layout_convert::Convert;
use super::layout_diff::Diff;
use super::layout_show::Show;
use super::output::Output;
use clap::{Args, Subcommand};

/// Check, show, compare or convert layouts.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  fpp layout show config/layouts/pmtrd.toml")]
pub(super) struct LayoutVerb {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    Check(Check),
    Show(Show),
    Diff(Diff),
    Convert(Convert),
}

impl LayoutVerb {
    pub(super) fn run(self, out: &mut Output) -> Result<Exit, Failure> {
        match self.act {
            Act::Check(verb) => verb.run(out),
            Act::Show(verb) => verb.run(out),
            Act::Diff(verb) => verb.run(out),
            Act::Convert(verb) => verb.run(out),
        }
    }
}
