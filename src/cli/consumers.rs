//! `fpp consumers`: readers of the stream whose position the books keep, and what each has not read.

use super::books;
use super::control;
use super::exit::{Exit, Failure};
use super::global::{Global, wait};
use super::output::{Align, Output, Table, note};
use super::show::{Times, grouped};
use crate::clock::Clock;
use crate::ledger::consumer::Consumer;
use crate::outlets::lag::{self, Lag};
use crate::outlets::position::Position;
use clap::{Args, Subcommand};
use serde::Serialize;

/// List the named consumers of the stream: where each stands, and what it has not read.
///
/// A consumer holds up nothing: no answer waits for it, and the vault keeps nothing for it. One that nobody reads for any
/// more costs a row; `forget` frees its name.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  fpp consumers\n  fpp consumers forget old-risk-service"
)]
pub(super) struct Consumers {
    #[command(subcommand)]
    what: Option<What>,
    /// Print JSON, one consumer a line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Forget a consumer; who reads under its name afterwards must make it anew
    Forget {
        /// Its name
        name: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// What the node is asked.
#[derive(Serialize)]
struct Forget {
    name: String,
    by: String,
}

#[derive(Serialize)]
struct Known {
    #[serde(flatten)]
    consumer: Consumer,
    position: String,
    files: u64,
    seconds: i64,
}

impl Consumers {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        let settings = global.settings()?;
        if let Some(What::Forget { name, json }) = self.what {
            let forget = Forget { name, by: control::operator() };
            let reply = wait(control::send(&settings, "consumers/forget", &forget))?;
            if json {
                out.json(&reply)?
            } else {
                out.line(&reply.message)?
            }
            return Ok(Exit::Good);
        }
        let known = wait(async {
            let books = books::open(&settings).await?;
            let mut known = Vec::new();
            for consumer in books.consumers().await? {
                let Lag { files, seconds } = lag::of(&*books, &consumer, Clock::System.now_ms()).await?;
                let at = Position { publication: consumer.publication, record: consumer.record };
                known.push(Known { position: at.to_string(), consumer, files, seconds });
            }
            Ok(known)
        })?;
        if self.json {
            for one in &known {
                out.json(one)?;
            }
        } else if known.is_empty() {
            note("nobody reads the stream under a name");
        } else {
            out.line(table(&known, &Times::of(&settings.timezone)))?;
        }
        Ok(Exit::Good)
    }
}

fn table(known: &[Known], times: &Times) -> Table {
    let written = times.head("committed");
    let columns = [
        ("consumer", Align::Left),
        ("token", Align::Left),
        ("position", Align::Left),
        ("files behind", Align::Right),
        ("seconds", Align::Right),
        (&written, Align::Left),
    ];
    let mut table = Table::new(&columns);
    for Known { consumer, position, files, seconds } in known {
        table.row(vec![
            consumer.name.clone(),
            consumer.owner.clone(),
            position.clone(),
            grouped(*files),
            grouped(seconds.unsigned_abs()),
            times.show(consumer.updated_ms),
        ]);
    }
    table
}
