//! `fpp outlets`: what waits for each outlet that events are pushed to; its verbs are in `outlets_act.rs` and
//! `outlets_rows.rs`.

use super::books;
use super::exit::{Exit, Failure};
use super::global::{Global, wait};
use super::outlets_act::{Dead, Defer, Redrive, Replay};
use super::outlets_rows::{Export, Purge};
use super::output::{Align, Output, Table, note};
use super::show::{Times, grouped};
use crate::clock::Clock;
use crate::delivery::overview::{self, OutletLine};
use crate::node;
use crate::settings::{Outlet, Route, Settings};
use crate::telemetry::report::NodeReport;
use clap::{Args, Subcommand};

/// Show the outlets that events are pushed to: whether each answers, what waits for it and since when, and why.
///
/// `records` are those that the outlet has not confirmed, `waits` is the time since the oldest file was posted or sent again.
/// Whether an outlet answers is what the node of this machine saw; one that FAILS answers and did not take what was pushed
/// last, one that was REMOVED is in the configuration no more while something of it is open.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  fpp outlets\n  fpp outlets dead\n  fpp outlets defer --transfer 01JY3V8Q5TZ6QX2M4N7P9RSTVW \
                  --reason \"queue is down\""
)]
pub(super) struct Outlets {
    #[command(subcommand)]
    what: Option<What>,
    /// Print JSON, one outlet a line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    Dead(Dead),
    Defer(Defer),
    Export(Export),
    Purge(Purge),
    Redrive(Redrive),
    Replay(Replay),
}

impl Outlets {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        match self.what {
            Some(What::Dead(verb)) => return verb.run(global, out),
            Some(What::Defer(verb)) => return verb.run(global, out),
            Some(What::Export(verb)) => return verb.run(global, out),
            Some(What::Purge(verb)) => return verb.run(global, out),
            Some(What::Redrive(verb)) => return verb.run(global, out),
            Some(What::Replay(verb)) => return verb.run(global, out),
            None => {}
        }
        let settings = global.settings()?;
        let lines = wait(look(&settings))?;
        if self.json {
            for line in &lines {
                out.json(line)?;
            }
            return Ok(Exit::Good);
        }
        if lines.is_empty() {
            note("the node has no outlets that events are pushed to; docs/outlets.md tells how to set one up");
            let of_files = |route: &&Route| route.outlets.iter().any(|outlet| matches!(outlet, Outlet::File { .. }));
            let routes: Vec<_> = settings.routes.iter().filter(of_files).map(|route| route.name.as_str()).collect();
            if !routes.is_empty() {
                note(format_args!("files of events: route {}; `fpp deliveries` shows them", routes.join(", ")));
            }
            return Ok(Exit::Good);
        }
        out.line(table(&lines))?;
        let times = Times::of(&settings.timezone);
        for line in &lines {
            tell(line, &times, out)?;
        }
        Ok(Exit::Good)
    }
}

/// The outlets as they stand in the books, with what this machine's node saw of them.
async fn look(settings: &Settings) -> Result<Vec<OutletLine>, Failure> {
    let outlets: Vec<_> = settings.outlets.iter().map(|place| (place.name.clone(), place.kind.to_owned())).collect();
    if outlets.is_empty() && !node::books::may_exist(settings) {
        return Ok(Vec::new());
    }
    let books = books::open(settings).await?;
    let mut lines = overview::look(&*books, &outlets, Clock::System.now_ms()).await?;
    let node = NodeReport::read(&settings.status_file()).unwrap_or_default();
    for line in &mut lines {
        if let Some(seen) = node.outlets.get(&line.outlet) {
            (line.down_since_ms, line.error) = (seen.down_since_ms, seen.error.clone());
        }
    }
    Ok(lines)
}

fn table(lines: &[OutletLine]) -> Table {
    let columns = [
        ("outlet", Align::Left),
        ("kind", Align::Left),
        ("state", Align::Left),
        ("route", Align::Left),
        ("files", Align::Right),
        ("held", Align::Right),
        ("gating", Align::Right),
        ("deferred", Align::Right),
        ("records", Align::Right),
        ("waits s", Align::Right),
        ("dead", Align::Right),
    ];
    let mut table = Table::new(&columns);
    for line in lines {
        let state = match (line.paused, line.down_since_ms) {
            _ if line.kind.is_empty() => "REMOVED",
            (true, _) => "PAUSED",
            (false, Some(_)) => "DOWN",
            (false, None) if line.routes.iter().any(|route| route.failing > 0) => "FAILS",
            (false, None) => "answers",
        };
        let head = vec![line.outlet.clone(), line.kind.clone(), state.to_owned()];
        let blank = vec![String::new(); 3];
        let row = |head: Vec<String>, tail: Vec<String>| head.into_iter().chain(tail).collect::<Vec<_>>();
        if line.routes.is_empty() {
            let mut tail = vec![String::new()];
            tail.extend(vec!["0".to_owned(); 6]);
            tail.push(grouped(line.dead));
            table.row(row(head.clone(), tail));
        }
        for (at, route) in line.routes.iter().enumerate() {
            let numbers = [
                route.files,
                route.held,
                route.gating,
                route.deferred,
                route.records,
                u64::try_from(route.seconds).unwrap_or(0),
            ];
            let paused = if route.paused { " (paused)" } else { "" };
            let mut tail = vec![format!("{}{paused}", route.route)];
            tail.extend(numbers.map(grouped));
            tail.push(if at == 0 { grouped(line.dead) } else { String::new() });
            table.row(row(if at == 0 { head.clone() } else { blank.clone() }, tail));
        }
    }
    table
}

fn tell(line: &OutletLine, times: &Times, out: &mut Output) -> Result<(), Failure> {
    if let Some(since) = line.down_since_ms {
        out.line(format_args!("\n{} does not answer since {}: {}", line.outlet, times.with_zone(since), line.error))?;
    }
    if line.kind.is_empty() {
        let next = "put it back and `fpp retry` what waits, or `fpp outlets defer` and `fpp release` it";
        out.line(format_args!("\n{} is not in the configuration any more: {next}", line.outlet))?;
    }
    for route in line.routes.iter().filter(|route| !route.last_error.is_empty()) {
        out.line(format_args!("\n{}, route {}: {}", line.outlet, route.route, route.last_error))?;
    }
    if line.cut {
        out.line(format_args!("\n{}: only the oldest {} files are counted", line.outlet, overview::LOOK_MAX))?;
    }
    Ok(())
}
