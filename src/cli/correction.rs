//! `fpp events void` and `fpp events correct`: an operator's word on an event that stands. Asked of the running node, which
//! journals who and why, and has a second person confirm it where the route says so.

use super::control::{self, Command};
use super::exit::{Exit, Failure};
use super::global::{Global, wait};
use super::output::Output;
use clap::Args;

/// Publish that an event should not have been.
///
/// Nothing is edited: another event, of type `...voided.v1`, refers to it, in the stream in its own place, and in every
/// outlet of the route. An event is voided once.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fpp events void 2025-06-20:T2025062000000001:DONE --route pmtrd \\\n    \
                        --reason \"booked twice at the core, ticket 4711\"\n  \
                        fpp events void 12-345 --reason \"booked twice at the core, ticket 4711\"")]
pub(super) struct Void {
    #[command(flatten)]
    of: Of,
}

/// Publish what an event should have said.
///
/// Fields are named and written as the file's layout has them; layout and mapping judge the record as it should be. Nothing
/// is edited: another event, of type `...corrected.v1`, has the data that counts from now on and refers to the first one.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  fpp events correct 2025-06-20:T2025062000000001:DONE --route pmtrd --set FEE=12.50 \\\n    \
                        --reason \"fee table was wrong, ticket 4711\"\n  \
                        fpp events correct 12-345 --set CHNL=CNT --null ORGNO --reason \"ticket 4711\""
)]
pub(super) struct Correct {
    #[command(flatten)]
    of: Of,
    /// A field and what it should have said; may be given again
    #[arg(long, value_name = "FIELD=VALUE", value_parser = set, required_unless_present = "null")]
    set: Vec<(String, Option<String>)>,
    /// A field that should have been null; may be given again
    #[arg(long, value_name = "FIELD")]
    null: Vec<String>,
}

#[derive(Debug, Args)]
struct Of {
    /// The event: its id, with --route, or its position (`fppposition`)
    id: String,
    /// Route whose event it is; needed with an id
    #[arg(long)]
    route: Option<String>,
    /// Why; kept in the journal, and told to those who see events in clear
    #[arg(long, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    reason: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Void {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        self.of.send("void", Vec::new(), global, out)
    }
}

impl Correct {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        let set = self.set.into_iter().chain(self.null.into_iter().map(|field| (field, None))).collect();
        self.of.send("correct", set, global, out)
    }
}

impl Of {
    fn send(
        self,
        verb: &str,
        set: Vec<(String, Option<String>)>,
        global: &Global,
        out: &mut Output,
    ) -> Result<Exit, Failure> {
        let settings = global.settings()?;
        let by = control::operator();
        let command = Command { id: self.id, route: self.route, set, reason: self.reason, by, ..Command::default() };
        let reply = wait(control::send(&settings, verb, &command))?;
        if self.json {
            out.json(&reply)?;
        } else {
            out.line(&reply.message)?;
        }
        Ok(Exit::Good)
    }
}

fn set(text: &str) -> Result<(String, Option<String>), String> {
    match text.split_once('=') {
        Some((field, value)) if !field.is_empty() => Ok((field.to_owned(), Some(value.to_owned()))),
        _ => Err("write FIELD=VALUE; --null FIELD for none".to_owned()),
    }
}
