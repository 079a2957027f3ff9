//! `fpp day`: the business day of each series, and which dates are open (日切). Opening and closing is asked of the
//! running node; looking opens the books read-only.

use super::books;
use super::control;
use super::exit::{Exit, Failure};
use super::global::{Global, wait};
use super::output::{Align, Output, Table, note};
use super::series;
use crate::clock::Clock;
use crate::settings::DayControl;
use crate::trade::calendar::business_date;
use clap::{Args, Subcommand};
use serde_json::json;

/// Show the business day of each series; open, close or list business dates.
///
/// Without a subcommand: the present business day of each series, and former ones that are not finished. Opening and
/// closing count for routes with day_control = "ledger" or "calendar"; on others every valid date is open.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:\n  fpp day\n  fpp day show pmtrd 2025-06-20\n  \
                        fpp day open pmtrd 2025-06-20 --reason \"core opened the day\"\n  \
                        fpp day close pmtrd 2025-06-19 --reason \"day end done\"\n  fpp day list pmtrd")]
pub(super) struct Day {
    #[command(subcommand)]
    act: Option<Act>,
    /// Print JSON, one day a line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Open a business date: its files are taken
    Open(Date),
    /// Close a business date: its files are held
    Close(Date),
    /// Show a business day batch by batch
    Show {
        /// Route
        route: String,
        /// Business date, yyyy-mm-dd; the present one without it
        #[arg(value_parser = date)]
        date: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
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
            None => overview(self.json, global, out),
            Some(Act::Show { route, date, json }) => show(&route, date.as_deref(), json, global, out),
            Some(Act::Open(date)) => date.send(true, global, out),
            Some(Act::Close(date)) => date.send(false, global, out),
            Some(Act::List { route, json }) => list(&route, json, global, out),
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
                "route {} has no day control: every valid date is open; set day_control in {}",
                route.name,
                route.file.display()
            )));
        }
        let command = json!({"route": self.route, "business_date": self.date, "open": open, "reason": self.reason,
                             "by": control::operator()});
        out.line(wait(control::send(&settings, "day", &command))?.message)?;
        Ok(Exit::Good)
    }
}

fn overview(json: bool, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
    let settings = global.settings()?;
    let now_ms = Clock::System.now_ms();
    let lines = wait(async { series::overview(&*books::open(&settings).await?, &settings, now_ms).await })?;
    if json {
        for line in &lines {
            out.json(line)?;
        }
        return Ok(Exit::Good);
    }
    if lines.is_empty() {
        note("no route has a [series] or day_control: there is no business day to show");
        return Ok(Exit::Good);
    }
    out.line(series::table(&lines, &settings.zone()))?;
    Ok(Exit::Good)
}

fn show(route: &str, date: Option<&str>, json: bool, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
    let settings = global.settings()?;
    let Some(of) = settings.route(route) else {
        return Err(Failure::usage(format!("there is no route `{route}`")));
    };
    let (zone, now_ms) = (settings.zone(), Clock::System.now_ms());
    let calendar = of.series.calendar.as_deref();
    let date = match date {
        Some(date) => date.parse().ok(),
        None => business_date(calendar, now_ms, &zone),
    };
    let Some(date) = date else {
        return Err(Failure::usage(format!("the calendar of {route} does not know today; name a date")));
    };
    let line = wait(async { series::line(&*books::open(&settings).await?, of, date, &zone, now_ms).await })?;
    if json {
        out.json(&line)?;
        return Ok(Exit::Good);
    }
    if let Some(calendar) = calendar {
        let times = |s: &crate::trade::calendar::Session| {
            let form = if s.evening { "night %m-%d %H:%M" } else { "%H:%M" };
            format!("{} to {}", s.begins.strftime(form), s.ends.strftime("%H:%M"))
        };
        let sessions: Vec<_> = calendar.sessions_of(date).iter().map(times).collect();
        let is = match calendar.is_day(date) {
            Some(true) => "a business day",
            Some(false) => "no business day",
            None => "not in the calendar",
        };
        let sessions = if sessions.is_empty() { String::new() } else { format!(": {}", sessions.join(", ")) };
        out.line(format_args!("{date} is {is} of {}{sessions}\n", calendar.name))?;
    }
    out.line(series::table(std::slice::from_ref(&line), &zone))?;
    if !line.batches.is_empty() {
        out.line("")?;
        out.line(series::batches(&line, &zone))?;
    }
    Ok(Exit::Good)
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
