//! `fpp outlets`: what waits for each outlet, those that events are pushed to and the spools that files of them go into; its verbs are in `outlets_act.rs` and
//! `outlets_rows.rs`.

use super::books;
use super::exit::{Exit, Failure};
use super::global::{Global, wait};
use super::outlets_act::{Dead, Defer, Redrive, Replay};
use super::outlets_rows::{Export, Purge};
use super::output::{Align, Output, Table, note};
use super::show::{Times, grouped};
use crate::clock::Clock;
use crate::delivery::file_outlets;
use crate::delivery::overview::{self, OutletLine};
use crate::node;
use crate::settings::{Outlet, Route, Settings};
use crate::telemetry::report::NodeReport;
use clap::{Args, Subcommand};

/// Show the outlets: whether each answers, what waits for it and since when, and why. Those that events are pushed to, and,
/// of kind `file`, the spools that files of events and records go into.
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
            note(
                "no outlets but the stream: docs/outlets.md tells how to set one up, docs/routes.md how to have files",
            );
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
    let routes = settings.routes.iter();
    let files: Vec<_> = routes.flat_map(|route| file_spools(route).map(|spool| (spool, route.name.clone()))).collect();
    if outlets.is_empty() && files.is_empty() && !node::books::may_exist(settings) {
        return Ok(Vec::new());
    }
    let books = books::open(settings).await?;
    let now_ms = Clock::System.now_ms();
    let mut lines = overview::look(&*books, &outlets, now_ms).await?;
    lines.extend(file_outlets::look(&*books, &files, now_ms).await?);
    let node = NodeReport::read(&settings.status_file()).unwrap_or_default();
    for line in &mut lines {
        if let Some(seen) = node.outlets.get(&line.outlet) {
            (line.down_since_ms, line.error) = (seen.down_since_ms, seen.error.clone());
        }
        if let Some(seen) = node.spools.get(&line.outlet).filter(|_| line.kind == file_outlets::KIND) {
            let left_alone = seen.partner.as_ref().map(|partner| partner.left_alone.clone());
            line.error = left_alone.filter(|why| !why.is_empty()).unwrap_or_else(|| seen.error.clone());
        }
    }
    Ok(lines)
}

/// Spools that files of a route's events go into.
fn file_spools(route: &Route) -> impl Iterator<Item = String> {
    route.outlets.iter().filter_map(|outlet| match outlet {
        Outlet::File { spool, .. } => Some(spool.clone()),
        _ => None,
    })
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
            (false, None) if !line.error.is_empty() => "DOWN",
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
    } else if !line.error.is_empty() {
        out.line(format_args!("\n{} does not answer: {}", line.outlet, line.error))?;
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
