//! Why a person decides so, as every decision takes it, and how the running node is asked.

use super::control::{self, Command};
use super::exit::{Exit, Failure};
use super::global::{Global, wait};
use super::output::Output;
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct Why {
    /// Why; kept in the journal
    #[arg(long, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(super) reason: String,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

impl Why {
    /// Has the node do it, and tells what was done. What is about everything of a partner, or of days, takes as long as it takes.
    pub(super) fn send(self, verb: &str, command: Command, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        let settings = global.settings()?;
        let is_long = command.partner.is_some() || command.from.is_some();
        let command = Command { reason: self.reason, by: control::operator(), ..command };
        let reply = match is_long {
            true => wait(control::send_and_wait(&settings, verb, &command))?,
            false => wait(control::send(&settings, verb, &command))?,
        };
        reply.tell(self.json, out)?;
        Ok(Exit::Good)
    }
}
