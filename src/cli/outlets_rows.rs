//! `fpp outlets export`, `purge`: rows of a span of days in an outlet's database, copied into a file or taken away.
//!
//! Both go to the database itself: it is no book of ours, and what is taken away can be written again by a replay. The running
//! node writes down who takes rows away and why, before they go, and how many went (D25).

use super::control;
use super::exit::{Exit, Failure};
use super::global::{Global, wait};
use super::output::{Output, note};
use super::show::grouped;
use crate::node::rows;
use crate::outlets::database::{Counted, Span};
use clap::Args;
use jiff::civil::Date;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Copy the rows of some days from an outlet's database into a SQLite file of the same tables; nodes may write meanwhile.
///
/// Products last, so all of them are copied. Other installations' rows are not.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  fpp outlets export /backup/2025-04.sqlite --outlet trades-db --from 2025-04-01 --before 2025-05-01"
)]
pub(super) struct Export {
    /// The outlet, of kind `database`
    #[arg(long, value_name = "NAME")]
    outlet: String,
    /// A file that is not there yet
    file: PathBuf,
    #[command(flatten)]
    days: Days,
    /// Print JSON, one table a line
    #[arg(long)]
    json: bool,
}

/// Take the rows of some days out of an outlet's database. Without `--yes` it only tells how many these are.
///
/// Products last, so they stay, and so do other installations' rows. Months in which nobody else has rows are dropped whole. The
/// running node keeps who took them away and why in its journal.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  fpp outlets purge --outlet trades-db --before 2024-01-01\n  fpp outlets purge --outlet trades-db --before 2024-01-01 --yes --reason \"kept on tape, ticket 4711\""
)]
pub(super) struct Purge {
    /// The outlet, of kind `database`
    #[arg(long, value_name = "NAME")]
    outlet: String,
    #[command(flatten)]
    days: Days,
    /// Take them away
    #[arg(long, requires = "reason")]
    yes: bool,
    /// Why; kept in the journal
    #[arg(long, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    reason: Option<String>,
    /// Print JSON, one table a line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Days {
    /// The first day; the oldest there is without it
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// The first day that is no part of it
    #[arg(long, value_name = "DATE")]
    before: Date,
}

impl Days {
    fn span(&self) -> Span {
        Span { from: self.from.map(|day| day.to_string()), before: self.before.to_string() }
    }
}

impl Export {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        let settings = global.settings()?;
        let copied = wait(async { Ok(rows::export(&settings, &self.outlet, &self.days.span(), &self.file).await?) })
            .map_err(wrong)?;
        tell(&copied, self.json, out)
    }
}

impl Purge {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        let settings = global.settings()?;
        let span = self.days.span();
        let mut rows = wait(async { Ok(rows::purge(&settings, &self.outlet, &span, false).await?) }).map_err(wrong)?;
        match self.reason.filter(|_| self.yes) {
            None => note("nothing was taken away; --yes does it"),
            Some(reason) => {
                let said = |gone: Option<BTreeMap<&str, u64>>| {
                    json!({"outlet": self.outlet, "from": span.from, "before": span.before, "reason": reason,
                        "by": control::operator(), "gone": gone})
                };
                wait(control::send(&settings, "outlets/purge", &said(None)))?;
                rows = wait(async { Ok(rows::purge(&settings, &self.outlet, &span, true).await?) }).map_err(wrong)?;
                let gone = rows.iter().map(|of| (of.table, of.rows)).collect();
                wait(control::send(&settings, "outlets/purge", &said(Some(gone))))?;
            }
        }
        tell(&rows, self.json, out)
    }
}

/// No file of the core is refused here: what cannot be done was asked for wrongly.
fn wrong(failure: Failure) -> Failure {
    if failure.exit == Exit::FileRefused { Failure::usage(failure.message) } else { failure }
}

fn tell(counted: &[Counted], is_json: bool, out: &mut Output) -> Result<Exit, Failure> {
    for Counted { table, rows } in counted {
        if is_json {
            out.json(&json!({"table": table, "rows": rows}))?;
        } else {
            out.line(format_args!("{table:<15} {:>12} rows", grouped(*rows)))?;
        }
    }
    Ok(Exit::Good)
}
