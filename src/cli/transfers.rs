//! `fpp transfers`: the files that came, newest first; `transfers show` is one file's whole story.

use super::books;
use super::exit::{Exit, Failure};
use super::export::Export;
use super::global::{Global, wait};
use super::output::{Align, Output, Table, note};
use super::show::{STATES, Times, count, short, state, state_of, verdict};
use super::story::{self, Story};
use crate::ledger::transfer::{FileState, Transfer, TransferId, TransferQuery};
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use fpp_codecs::Code;

/// List files that came, newest first, or show one file's whole story.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(
    after_help = "Examples:\n  fpp transfers --route pmtrd --date 2025-06-20\n  fpp transfers --state held --json\n  \
                        fpp transfers show 01JY3V8Q5TZ6QX2M4N7P9RSTVW\n  \
                        fpp transfers export --date 2025-06-20 --format csv --csv excel > day.csv"
)]
pub(super) struct Transfers {
    #[command(subcommand)]
    act: Option<Act>,
    /// Only this route
    #[arg(long)]
    route: Option<String>,
    /// Only this state
    #[arg(long, value_parser = PossibleValuesParser::new(STATES.map(|s| s.0)))]
    state: Option<String>,
    /// Only this business date, yyyy-mm-dd
    #[arg(long)]
    date: Option<String>,
    /// Only those older than this transfer: the next page
    #[arg(long, value_name = "ID")]
    before: Option<String>,
    /// How many
    #[arg(long, default_value_t = 20)]
    limit: u32,
    /// Print JSON, one transfer a line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// One file's story: timeline, totals, rejects, answer; for a held file what differs, and the command to use
    Show {
        /// Transfer, or the trace-id or traceparent of a call or message that came of it
        id: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Rejects to show
        #[arg(long, default_value_t = 20)]
        rejects: u32,
    },
    Export(Export),
}

impl Transfers {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        let settings = global.settings()?;
        let times = Times::of(&settings.timezone);
        if let Some(Act::Export(export)) = self.act {
            return export.run(&settings, &times, out);
        }
        if let Some(Act::Show { id, json, rejects }) = self.act {
            let story = wait(async { Story::read(&*books::open(&settings).await?, &id, rejects).await })?;
            if json {
                out.json(&story)?;
            } else {
                story::tell(&story, &times, out)?;
            }
            return Ok(Exit::Good);
        }
        let state = self.state.as_deref().and_then(state_of);
        let query = TransferQuery {
            route: self.route,
            state,
            business_date: self.date,
            sha256: None,
            before: self.before.map(TransferId),
            limit: self.limit,
        };
        let transfers = wait(async { Ok(books::open(&settings).await?.transfers(&query).await?) })?;
        if self.json {
            for transfer in &transfers {
                out.json(transfer)?;
            }
        } else if transfers.is_empty() {
            note("no transfers");
        } else {
            out.line(table(&transfers, &times))?;
        }
        Ok(Exit::Good)
    }
}

fn table(transfers: &[Transfer], times: &Times) -> Table {
    let arrived = times.head("arrived");
    let columns = [
        ("id", Align::Left),
        (&arrived, Align::Left),
        ("route", Align::Left),
        ("name", Align::Left),
        ("state", Align::Left),
        ("verdict", Align::Left),
        ("records", Align::Right),
        ("refused", Align::Right),
        ("sha256", Align::Left),
        ("why", Align::Left),
    ];
    let mut table = Table::new(&columns);
    for transfer in transfers {
        let facts = &transfer.facts;
        let held = if transfer.state == FileState::Held { facts.hold(transfer.verdict).0 } else { facts.code };
        let why = match held.map(Code) {
            Some(code) if code.0 != 0 => format!("{code} {}", code.english()),
            _ => transfer.waiting_for.clone(),
        };
        table.row(vec![
            transfer.id.to_string(),
            times.show(transfer.arrived_ms),
            transfer.route.clone(),
            transfer.name.clone(),
            state(transfer),
            verdict(transfer),
            count(facts.records),
            count(facts.rejected),
            short(facts.sha256.as_deref()),
            why,
        ]);
    }
    table
}
