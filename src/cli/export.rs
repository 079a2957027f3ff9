//! `fpp transfers export`: every transfer of a choice, as CSV that is safe in a spreadsheet, or as JSON lines.

use super::books;
use super::day::date;
use super::exit::{Exit, Failure};
use super::global::wait;
use super::output::{Output, note};
use super::show::{STATES, Times, grouped, state_of};
use super::tables::{CsvArg, Form};
use crate::ledger::transfer::{FileState, Transfer, TransferQuery};
use crate::settings::Settings;
use clap::Args;
use clap::builder::PossibleValuesParser;
use fpp_codecs::Code;
use fpp_codecs::csv::{Dialect, Plain, plain_line};
use std::io::Write;

/// Transfers read at once.
const PAGE: u32 = 500;

const COLUMNS: [&str; 26] = [
    "id",
    "route",
    "spool",
    "name",
    "state",
    "held_at",
    "closed",
    "verdict",
    "business_date",
    "batch",
    "run",
    "bytes",
    "sha256",
    "arrived",
    "moved",
    "decided",
    "records",
    "accepted",
    "refused",
    "ok_amount",
    "ng_amount",
    "code",
    "reason",
    "duplicate_of",
    "publication",
    "waiting_for",
];

/// Write all transfers of a choice, newest first: CSV that is safe in a spreadsheet, or JSON lines.
///
/// A page at a time, so memory does not grow with their number. Reasons name places, never the content of fields.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fpp transfers export --date 2025-06-20 --format csv --csv excel > day.csv\n  \
                  fpp transfers export --route pmtrd --state held")]
pub(super) struct Export {
    /// Only this route
    #[arg(long)]
    route: Option<String>,
    /// Only this state
    #[arg(long, value_parser = PossibleValuesParser::new(STATES.map(|s| s.0)))]
    state: Option<String>,
    /// Only this business date, yyyy-mm-dd
    #[arg(long, value_parser = date)]
    date: Option<String>,
    /// Form of the output; JSON lines without it
    #[arg(long, value_name = "FORM", value_parser = Form::readable())]
    format: Option<Form>,
    #[command(flatten)]
    csv: CsvArg,
}

impl Export {
    pub(super) fn run(self, settings: &Settings, times: &Times, out: &mut Output) -> Result<Exit, Failure> {
        let form = Form::of(self.format, None);
        let dialect = self.csv.dialect(form)?;
        let mut query = TransferQuery {
            route: self.route,
            state: self.state.as_deref().and_then(state_of),
            business_date: self.date,
            sha256: None,
            before: None,
            limit: PAGE,
        };
        let count = wait(async {
            let books = books::open(settings).await?;
            if form == Form::Csv {
                line(&dialect, true, &COLUMNS.map(Plain::Text), out)?;
            }
            let mut count = 0u64;
            loop {
                let page = books.transfers(&query).await?;
                for transfer in &page {
                    match form {
                        Form::Csv => row(&dialect, transfer, times, out)?,
                        _ => out.json(transfer)?,
                    }
                }
                count += page.len() as u64;
                match page.last() {
                    Some(last) if page.len() == PAGE as usize => query.before = Some(last.id.clone()),
                    _ => return Ok::<_, Failure>(count),
                }
            }
        })?;
        note(format_args!("{} transfers", grouped(count)));
        Ok(Exit::Good)
    }
}

fn line(dialect: &Dialect, first: bool, cells: &[Plain<'_>], out: &mut Output) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    plain_line(dialect, first, cells, &mut bytes).map_err(Failure::internal)?;
    Ok(out.write_all(&bytes)?)
}

fn row(dialect: &Dialect, transfer: &Transfer, times: &Times, out: &mut Output) -> Result<(), Failure> {
    let facts = &transfer.facts;
    let (code, reason) = match transfer.state {
        FileState::Held => (facts.hold(transfer.verdict).0, Some(facts.hold(transfer.verdict).1)),
        _ => (facts.code, facts.reason.as_deref()),
    };
    let number = |value: Option<u64>| value.map(|n| n.to_string());
    let identity = facts.identity.as_ref();
    let (state, moved) = (format!("{:?}", transfer.state), times.with_zone(transfer.updated_ms));
    let (arrived, decided) = (times.with_zone(transfer.arrived_ms), facts.decided_ms.map(|ms| times.with_zone(ms)));
    let held = transfer.held_from.map(|state| format!("{state:?}"));
    let verdict = transfer.verdict.map(|verdict| format!("{verdict:?}").to_lowercase());
    let (batch, run) = (number(identity.map(|i| i.batch.into())), number(identity.map(|i| i.run.into())));
    let (size, records) = (number(facts.size), number(facts.records));
    let (accepted, refused) = (number(facts.accepted), number(facts.rejected));
    let (code, publication) = (code.map(|code| Code(code).to_string()), number(transfer.publication));
    let cells = [
        Plain::Text(&transfer.id.0),
        Plain::Text(&transfer.route),
        Plain::Text(&transfer.spool),
        Plain::Text(&transfer.name),
        Plain::Text(&state),
        text(held.as_deref()),
        Plain::Text(if transfer.closed { "yes" } else { "no" }),
        text(verdict.as_deref()),
        moment(identity.map(|i| i.business_date.as_str())),
        digits(&batch),
        digits(&run),
        digits(&size),
        text(facts.sha256.as_deref()),
        Plain::Moment(&arrived),
        Plain::Moment(&moved),
        moment(decided.as_deref()),
        digits(&records),
        digits(&accepted),
        digits(&refused),
        digits(&facts.ok_amount),
        digits(&facts.ng_amount),
        text(code.as_deref()),
        text(reason),
        text(facts.duplicate_of.as_ref().map(|id| id.0.as_str())),
        digits(&publication),
        Plain::Text(&transfer.waiting_for),
    ];
    line(dialect, false, &cells, out)
}

fn text(value: Option<&str>) -> Plain<'_> {
    value.map_or(Plain::Null, Plain::Text)
}

fn moment(value: Option<&str>) -> Plain<'_> {
    value.map_or(Plain::Null, Plain::Moment)
}

fn digits(value: &Option<String>) -> Plain<'_> {
    value.as_deref().map_or(Plain::Null, Plain::Number)
}
