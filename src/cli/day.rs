//! `fpp day`: which business dates of a route are open (日切). Opening and closing is asked of the running node.

use super::books;
use super::control;
use super::exit::{Exit, Failure};
use super::global::{Global, wait};
use super::output::{Align, Output, Table, note};
use crate::settings::DayControl;
use clap::{Args, Subcommand};
use serde_json::json;

/// Open, close or list the business dates of a route.
///
/// Counts only for routes with day_control = "ledger"; on others every valid date is open.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fpp day open pmtrd 2025-06-20 --reason \"core opened the day\"\n  \
                        fpp day close pmtrd 2025-06-19 --reason \"day end done\"\n  fpp day list pmtrd")]
pub(super) struct Day {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Open a business date: its files are taken
    Open(Date),
    /// Close a business date: its files are held
    Close(Date),
    /// List what was opened and closed
    List {
        /// Route
        route: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
struct Date {
    /// Route
    route: String,
    /// Business date, yyyy-mm-dd
    #[arg(value_parser = date)]
    date: String,
    /// Why; kept in the journal
    #[arg(long, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    reason: String,
}

impl Day {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        match self.act {
            Act::Open(date) => date.send(true, global, out),
            Act::Close(date) => date.send(false, global, out),
            Act::List { route, json } => list(&route, json, global, out),
        }
    }
}

impl Date {
    fn send(self, open: bool, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        let settings = global.settings()?;
        let Some(route) = settings.route(&self.route) else {
            return Err(Failure::usage(format!("there is no route `{}`", self.route)));
        };
        if route.day == DayControl::None {
            return Err(Failure::usage(format!(
                "route {} has no day control: every valid date is open; set day_control = \"ledger\" in {}",
                route.name,
                route.file.display()
            )));
        }
        let by = format!("{}: {}", control::operator(), self.reason);
        let command = json!({"route": self.route, "business_date": self.date, "open": open, "by": by});
        out.line(wait(control::send(&settings, "day", &command))?.message)?;
        Ok(Exit::Good)
    }
}

fn list(route: &str, json: bool, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
    let settings = global.settings()?;
    if settings.route(route).is_none() {
        return Err(Failure::usage(format!("there is no route `{route}`")));
    }
    let days = wait(async { Ok(books::open(&settings).await?.days(route).await?) })?;
    if json {
        for (date, open) in days {
            out.json(&json!({"route": route, "business_date": date, "open": open}))?;
        }
        return Ok(Exit::Good);
    }
    if days.is_empty() {
        note(format_args!("no business date of {route} was opened or closed"));
        return Ok(Exit::Good);
    }
    let mut table = Table::new(&[("business date", Align::Left), ("is", Align::Left)]);
    for (date, open) in days {
        table.row(vec![date, if open { "open" } else { "closed" }.to_owned()]);
    }
    out.line(table)?;
    Ok(Exit::Good)
}

/// A business date of the command line.
pub(super) fn date(text: &str) -> Result<String, String> {
    let date = text.parse::<jiff::civil::Date>().map_err(|_| "there is no such day; write yyyy-mm-dd".to_owned())?;
    Ok(date.to_string())
}
