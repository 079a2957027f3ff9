//! `fpp status`: what is going on, by route, and what is not worked on and why.

use super::books;
use super::control;
use super::exit::{Exit, Failure};
use super::global::{Global, wait};
use super::output::{Align, Output, Table};
use super::series::{self, DayLine};
use super::show::{Times, grouped};
use crate::clock::Clock;
use crate::ledger::delivery::Purpose;
use crate::ledger::desk::Pause;
use crate::ledger::transfer::TransferId;
use crate::settings::Settings;
use crate::telemetry::report::{HearingReport, NodeReport, PartnerReport};
use clap::Args;
use serde::Serialize;
use std::collections::HashMap;
use std::io::{self, IsTerminal};
use std::time::Duration;

/// Untaken deliveries counted.
const UNTAKEN_MAX: u32 = 1_000;
/// Deferred deliveries that are listed.
const DEBTS_MAX: u32 = 100;
/// Pause between two looks.
const WATCH: Duration = Duration::from_secs(2);
/// Clears a terminal.
const CLEAR: &str = "\x1b[2J\x1b[H";

/// Show what is going on: files by route, the business day of each series, names that are not worked on and why, temporary files, open notices.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fpp status\n  fpp status --watch\n  fpp status --json")]
pub(super) struct Status {
    /// Look again every two seconds until interrupted
    #[arg(long)]
    watch: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What there is to see.
#[derive(Debug, Default, Serialize)]
struct Overview {
    running: bool,
    node: Option<NodeReport>,
    routes: Vec<RouteLine>,
    /// The business day of each series.
    days: Vec<DayLine>,
    open_notices: usize,
    /// What operators paused.
    paused: Vec<Pause>,
    /// What operators deferred and is still due.
    debts: Vec<Debt>,
    /// Requests that wait for a second person.
    open_requests: usize,
    /// More is not taken than was counted.
    untaken_cut: bool,
}

/// A delivery that an operator deferred.
#[derive(Debug, Default, Serialize)]
struct Debt {
    transfer: String,
    file: String,
    to: String,
    error: String,
}

/// Files of one route.
#[derive(Debug, Default, Serialize)]
struct RouteLine {
    route: String,
    /// In the spool, not ready.
    waiting: u64,
    /// On the way.
    working: u64,
    held: u64,
    /// Events are out, the answer is not.
    posted: u64,
    /// The answer is out.
    answered: u64,
    /// Answers that their partner has taken.
    taken: u64,
    /// Answers and event files that the partner has not taken yet.
    untaken: u64,
    accepted: u64,
    partly: u64,
    rejected: u64,
    duplicate: u64,
}

impl Status {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        let settings = global.settings()?;
        let times = Times::of(&settings.timezone);
        loop {
            let overview = wait(look(&settings))?;
            if self.watch && !self.json && io::stdout().is_terminal() {
                io::Write::write_all(out, CLEAR.as_bytes())?;
            }
            if self.json {
                out.json(&overview)?;
            } else {
                tell(&overview, &settings, &times, out)?;
            }
            out.flush()?;
            if !self.watch {
                return Ok(Exit::Good);
            }
            std::thread::sleep(WATCH);
        }
    }
}

async fn look(settings: &Settings) -> Result<Overview, Failure> {
    let running = control::is_running(settings);
    let node = NodeReport::read(&settings.status_file());
    let mut routes: Vec<RouteLine> =
        settings.routes.iter().map(|r| RouteLine { route: r.name.clone(), ..RouteLine::default() }).collect();
    for (route, count) in node.iter().flat_map(|n| n.spools.values()).flat_map(|s| &s.waiting_of) {
        if settings.routes.iter().any(|known| known.name == *route) {
            line(&mut routes, route).waiting += count;
        }
    }
    if !crate::node::books::may_exist(settings) {
        return Ok(Overview { running, node, routes, ..Overview::default() });
    }
    let books = books::open(settings).await?;
    for (route, state, verdict, n) in books.counts().await? {
        add(line(&mut routes, &route), &state, verdict.as_deref(), n);
    }
    // An answered file's answer is taken, unless it is found below among those that are not.
    for route in settings.routes.iter().filter(|r| r.answer.is_some()) {
        let line = line(&mut routes, &route.name);
        line.taken = line.answered;
    }
    let mut route_of: HashMap<TransferId, String> = HashMap::new();
    let untaken = books.untaken_deliveries(None, UNTAKEN_MAX + 1).await?;
    let untaken_cut = untaken.len() > UNTAKEN_MAX as usize;
    for delivery in untaken.into_iter().take(UNTAKEN_MAX as usize) {
        if !route_of.contains_key(&delivery.transfer)
            && let Some(transfer) = books.transfer(&delivery.transfer).await?
        {
            route_of.insert(delivery.transfer.clone(), transfer.route);
        }
        if let Some(route) = route_of.get(&delivery.transfer) {
            let line = line(&mut routes, route);
            line.untaken += 1;
            if delivery.purpose == Purpose::Answer {
                line.taken = line.taken.saturating_sub(1);
            }
        }
    }
    let open_notices = books.notices(false, 1_000).await?.len();
    let days = series::overview(&*books, settings, Clock::System.now_ms()).await?;
    let paused = books.pauses().await?;
    let open_requests = books.asks(false, 1_000).await?.len();
    let mut debts = Vec::new();
    for debt in books.debts(DEBTS_MAX).await? {
        let file = books.transfer(&debt.transfer).await?.map(|transfer| transfer.name).unwrap_or_default();
        debts.push(Debt { transfer: debt.transfer.to_string(), file, to: debt.spool, error: debt.last_error });
    }
    Ok(Overview { running, node, routes, days, open_notices, paused, debts, open_requests, untaken_cut })
}

fn line<'a>(routes: &'a mut Vec<RouteLine>, name: &str) -> &'a mut RouteLine {
    let index = routes.iter().position(|r| r.route == name).unwrap_or_else(|| {
        routes.push(RouteLine { route: name.to_owned(), ..RouteLine::default() });
        routes.len() - 1
    });
    &mut routes[index]
}

fn add(line: &mut RouteLine, state: &str, verdict: Option<&str>, n: u64) {
    match state {
        "Held" => line.held += n,
        "Closed" => {}
        "Posted" => line.posted += n,
        "Acknowledged" | "Archived" => line.answered += n,
        _ => line.working += n,
    }
    match verdict {
        Some("accepted") => line.accepted += n,
        Some("partly") => line.partly += n,
        Some("rejected") => line.rejected += n,
        Some("duplicate") => line.duplicate += n,
        _ => {}
    }
}

fn tell(overview: &Overview, settings: &Settings, times: &Times, out: &mut Output) -> io::Result<()> {
    match &overview.node {
        Some(node) => out.line(format_args!(
            "node {}: {} ({}, process {}), since {}, last word {}",
            node.node,
            if overview.running { "running" } else { "NOT RUNNING" },
            node.listen,
            node.pid,
            times.with_zone(node.started_ms),
            times.with_zone(node.written_ms)
        ))?,
        None => out.line(format_args!("node {} has not run here yet", settings.node))?,
    }
    for pause in &overview.paused {
        out.line(format_args!("PAUSED {} since {}, by {}", pause.switch, times.with_zone(pause.since_ms), pause.by))?;
    }
    out.line("")?;
    out.line(routes_table(&overview.routes))?;
    if !overview.days.is_empty() {
        out.line("")?;
        out.line(series::table(&overview.days, &settings.zone()))?;
    }
    if let Some(node) = &overview.node {
        spools(node, times, out)?;
    }
    if let Some(node) = &overview.node {
        vault(node, times, out)?;
    }
    for debt in &overview.debts {
        let Debt { transfer, file, to, error } = debt;
        out.line(format_args!("\nOWED to {to}: {file} ({transfer}), whose answer went without it: {error}"))?;
    }
    if overview.untaken_cut {
        let most = grouped(u64::from(UNTAKEN_MAX));
        out.line(format_args!(
            "\nmore than {most} files are not taken: the columns taken and untaken know of the oldest {most}"
        ))?;
    }
    if overview.open_requests > 0 {
        out.line(format_args!("\n{} requests wait for a second person: fpp requests", overview.open_requests))?;
    }
    if overview.open_notices > 0 {
        out.line(format_args!("\n{} open notices: fpp notices", overview.open_notices))?;
    }
    Ok(())
}

fn vault(node: &NodeReport, times: &Times, out: &mut Output) -> io::Result<()> {
    if node.no_space {
        out.line("\nINTAKE PAUSED: there is too little space for new files; make some, and it goes on by itself")?;
    }
    let Some(swept) = &node.vault else { return Ok(()) };
    let (removed, kept) = (grouped(swept.removed), grouped(swept.kept));
    out.line(format_args!(
        "\nvault swept {}: {removed} contents ({} bytes) removed, {kept} kept",
        times.with_zone(swept.swept_ms),
        grouped(swept.bytes)
    ))
}

fn routes_table(routes: &[RouteLine]) -> Table {
    let heads = ["waiting", "working", "held", "posted", "answered", "taken", "untaken"];
    let verdicts = ["accepted", "partly", "rejected", "duplicate"];
    let mut columns = vec![("route", Align::Left)];
    columns.extend(heads.iter().chain(&verdicts).map(|h| (*h, Align::Right)));
    let mut table = Table::new(&columns);
    for r in routes {
        let numbers = [
            r.waiting,
            r.working,
            r.held,
            r.posted,
            r.answered,
            r.taken,
            r.untaken,
            r.accepted,
            r.partly,
            r.rejected,
            r.duplicate,
        ];
        table.row(std::iter::once(r.route.clone()).chain(numbers.map(grouped)).collect());
    }
    table
}

fn partner(partner: &PartnerReport, out: &mut Output) -> io::Result<()> {
    if !partner.address.is_empty() {
        let fsync = match partner.fsync {
            Some(true) => "fsync",
            Some(false) => "no fsync",
            None => "fsync not tried",
        };
        out.line(format_args!(
            "  partner: {} at {}; {}, {}, {}, {fsync}; logins: {}, broken sessions: {}",
            partner.server,
            partner.address,
            partner.exchange,
            partner.host_key,
            partner.ciphers.first().map_or("", String::as_str),
            partner.logins,
            partner.broken
        ))?;
    }
    if !partner.left_alone.is_empty() {
        out.line(format_args!("  LEFT ALONE for a while: {}", partner.left_alone))?;
    }
    Ok(())
}

/// Only where it is not as it should be.
fn hearing(hearing: &HearingReport, out: &mut Output) -> io::Result<()> {
    let every = format!("looked at every {} s", hearing.rescan_ms as f64 / 1_000.0);
    if !hearing.deaf.is_empty() {
        out.line(format_args!("  NO NOTIFICATIONS, or not all: {}; {every}", hearing.deaf))?;
    }
    if hearing.lost > 0 {
        out.line(format_args!(
            "  notifications lost: {}; the folder was looked at, and is {every}",
            grouped(hearing.lost)
        ))?;
    }
    Ok(())
}

fn spools(node: &NodeReport, times: &Times, out: &mut Output) -> io::Result<()> {
    for (name, spool) in &node.spools {
        out.line(format_args!("\nspool {name} ({}), looked at {}", spool.place, times.with_zone(spool.scanned_ms)))?;
        if !spool.watched_by.is_empty() {
            out.line(format_args!("  looked into by {}", spool.watched_by))?;
        }
        if !spool.error.is_empty() {
            out.line(format_args!("  FAULT: {}", spool.error))?;
        }
        if spool.in_parts > 0 {
            let wanted = grouped(spool.in_parts);
            out.line(format_args!(
                "  IN PARTS: routes want {wanted} names, more than list_max; each look takes a part"
            ))?;
        }
        if let Some(hearing) = &spool.hearing {
            self::hearing(hearing, out)?;
        }
        if let Some(partner) = &spool.partner {
            self::partner(partner, out)?;
        }
        for waiting in &spool.waiting {
            out.line(format_args!("  waiting: {} ({})", waiting.name, waiting.reason))?;
        }
        let more = spool.waiting_total().saturating_sub(spool.waiting.len() as u64);
        if more > 0 {
            out.line(format_args!("  waiting: and {} more", grouped(more)))?;
        }
        for (reason, ignored) in &spool.ignored {
            let more = if ignored.count > ignored.examples.len() as u64 { " ..." } else { "" };
            let names = ignored.examples.join(", ");
            out.line(format_args!("  ignored: {} {reason}: {names}{more}", grouped(ignored.count)))?;
        }
        for temporary in &spool.temporaries {
            out.line(format_args!("  temporary: {temporary}"))?;
        }
        if spool.temporaries_more > 0 {
            out.line(format_args!("  temporary: and {} more", grouped(spool.temporaries_more)))?;
        }
    }
    Ok(())
}
