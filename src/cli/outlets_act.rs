//! `fpp outlets dead`, `defer`, `redrive`, `replay`: what an outlet did not take, and what an operator decides about outlets.
//! Decisions are asked of the running node, which journals who and why.

use super::books;
use super::control::Command;
use super::exit::{Exit, Failure};
use super::global::{Global, wait};
use super::output::{Align, Output, Table, note};
use super::show::Times;
use super::why::Why;
use crate::ledger::delivery::DeadLetter;
use clap::Args;

/// List the events that outlets did not take: refused for good (dead letters), or of an id that the outlet has with other
/// data (conflicts).
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fpp outlets dead\n  fpp outlets dead --outlet trades-db --json")]
pub(super) struct Dead {
    /// Only those of this outlet
    #[arg(long, value_name = "NAME")]
    outlet: Option<String>,
    /// How many
    #[arg(long, default_value_t = 100)]
    limit: u32,
    /// Print JSON, one event a line
    #[arg(long)]
    json: bool,
}

/// Let a file's answer go without the outlets that it waits for; they get its events later.
///
/// The delivery stays due and is a debt, listed by `fpp status`, until it is there. An answer itself is never deferred.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  fpp outlets defer --transfer 01JY3V8Q5TZ6QX2M4N7P9RSTVW --reason \"queue is down, answer due 18:30\""
)]
pub(super) struct Defer {
    /// The file
    #[arg(long, value_name = "ID")]
    transfer: String,
    /// Only this outlet, or this spool of an outlet of files; all that it waits for without it
    #[arg(long, value_name = "NAME")]
    outlet: Option<String>,
    #[command(flatten)]
    why: Why,
}

/// Push once more what an outlet did not take: only those events, with the same ids.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  fpp outlets redrive --outlet risk-hook --reason \"the service takes negative amounts now\""
)]
pub(super) struct Redrive {
    /// The outlet
    #[arg(long, value_name = "NAME")]
    outlet: String,
    /// Only those of this file
    #[arg(long, value_name = "ID")]
    transfer: Option<String>,
    #[command(flatten)]
    why: Why,
}

/// Push the events of a route's files into an outlet again, in the order in which the files were posted, with the same ids.
///
/// A file that never went there is pushed as well, and gates nothing. What is on its way is left alone. An outlet of files is
/// named by its spool: there each file is made anew and delivered under a free name, with checksum and marker.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  fpp outlets replay pmtrd --from 2025-06-20 --outlet trades-db --reason \"table restored from backup\""
)]
pub(super) struct Replay {
    /// The route
    route: String,
    /// Files of this business date and later ones
    #[arg(long, value_name = "DATE")]
    from: String,
    /// The outlet, or the spool of an outlet of files
    #[arg(long, value_name = "NAME")]
    outlet: String,
    #[command(flatten)]
    why: Why,
}

impl Dead {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        let settings = global.settings()?;
        let letters = wait(async {
            let books = books::open(&settings).await?;
            Ok(books.dead_letters(self.outlet.as_deref(), None, false, self.limit).await?)
        })?;
        let known = |name: &String| settings.outlets.iter().any(|place| place.name == *name);
        if let Some(name) = self.outlet.as_ref().filter(|name| letters.is_empty() && !known(name)) {
            let text = format!("the node has no outlet `{name}`, and no dead letters of one; `fpp outlets` lists them");
            return Err(Failure::usage(text));
        }
        if self.json {
            for letter in &letters {
                out.json(letter)?;
            }
        } else if letters.is_empty() {
            note("the outlets took everything");
        } else {
            out.line(table(&letters, &Times::of(&settings.timezone)))?;
        }
        Ok(Exit::Good)
    }
}

fn table(letters: &[DeadLetter], times: &Times) -> Table {
    let at = times.head("at");
    let columns = [
        ("outlet", Align::Left),
        ("transfer", Align::Left),
        ("record", Align::Right),
        ("event", Align::Left),
        ("what", Align::Left),
        (&at, Align::Left),
        ("why", Align::Left),
    ];
    let mut table = Table::new(&columns);
    for letter in letters {
        let record = if letter.record == u64::MAX { "end".to_owned() } else { letter.record.to_string() };
        let what = match (letter.conflict, letter.due) {
            (_, true) => "pushed once more",
            (true, false) => "other data",
            (false, false) => "refused",
        };
        table.row(vec![
            letter.outlet.clone(),
            letter.transfer.to_string(),
            record,
            letter.id.clone(),
            what.to_owned(),
            times.show(letter.at_ms),
            letter.why.clone(),
        ]);
    }
    table
}

impl Defer {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        let command = Command { id: self.transfer, outlet: self.outlet, ..Command::default() };
        self.why.send("defer", command, global, out)
    }
}

impl Redrive {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        let (id, outlet) = (self.transfer.unwrap_or_default(), Some(self.outlet));
        self.why.send("redrive", Command { id, outlet, ..Command::default() }, global, out)
    }
}

impl Replay {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        let (outlet, route, from) = (Some(self.outlet), Some(self.route), Some(self.from));
        self.why.send("replay", Command { outlet, route, from, ..Command::default() }, global, out)
    }
}
