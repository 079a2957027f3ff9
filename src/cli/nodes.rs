//! `fpp nodes`: the nodes of the installation, as they last said, and what they work on.

use super::books;
use super::exit::{Exit, Failure};
use super::global::{Global, wait};
use super::output::{Align, Output, Table, note};
use super::show::Times;
use crate::ledger::Ledger;
use crate::ledger::lease::LeaseKey;
use crate::ledger::node::{NodeRow, NodeState, lease_of};
use clap::Args;
use serde::Serialize;

/// List the nodes of the installation: what each works on, which spools it reaches, when it was last heard of.
///
/// A node that was killed shows as working until its lease is taken or it starts again; `heard` tells since when it says
/// nothing. A node that said nothing for 30 days is forgotten.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fpp nodes\n  fpp nodes --json")]
pub(super) struct Nodes {
    /// Print JSON, one node a line
    #[arg(long)]
    json: bool,
}

/// A node, and whether its lease is held.
#[derive(Debug, Serialize)]
struct Known {
    #[serde(flatten)]
    row: NodeRow,
    /// Its lease is in its hands. One that was killed keeps it until somebody else takes it.
    holds_lease: bool,
    silent_ms: i64,
}

/// A node speaks every five seconds; one that missed several of them is told apart.
const SILENT_AFTER_MS: i64 = 20_000;

impl Nodes {
    pub(super) fn run(&self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        let settings = global.settings()?;
        let times = Times::of(&settings.timezone);
        let known = wait(async { look(&*books::open(&settings).await?).await })?;
        if self.json {
            for node in &known {
                out.json(node)?;
            }
        } else if known.is_empty() {
            note("no node has worked on this ledger in the last 30 days");
        } else {
            out.line(table(&known, &times))?;
            for node in &known {
                work(node, out)?;
            }
        }
        Ok(Exit::Good)
    }
}

async fn look(ledger: &dyn Ledger) -> Result<Vec<Known>, Failure> {
    let now_ms = crate::clock::Clock::default().now_ms();
    let mut known = Vec::new();
    for row in ledger.nodes().await? {
        let lease = ledger.lease(&LeaseKey(lease_of(&row.name))).await?;
        let holds_lease = lease.is_some_and(|lease| lease.holder == row.incarnation);
        known.push(Known { holds_lease, silent_ms: now_ms - row.heard_ms, row });
    }
    Ok(known)
}

impl Known {
    fn state(&self) -> String {
        let word = self.row.state.word();
        match (self.row.state, self.holds_lease) {
            (NodeState::Stopped, _) => word.to_owned(),
            (_, false) => "gone".to_owned(),
            (_, true) if self.silent_ms > SILENT_AFTER_MS => "SILENT".to_owned(),
            (_, true) => word.to_owned(),
        }
    }
}

fn table(known: &[Known], times: &Times) -> Table {
    let (started, heard) = (times.head("started"), times.head("heard"));
    let columns = [
        ("node", Align::Left),
        ("state", Align::Left),
        ("version", Align::Left),
        ("host", Align::Left),
        ("pid", Align::Right),
        ("http", Align::Left),
        (&started, Align::Left),
        (&heard, Align::Left),
        ("work", Align::Right),
        ("spools", Align::Left),
    ];
    let mut table = Table::new(&columns);
    for node in known {
        let row = &node.row;
        table.row(vec![
            row.name.clone(),
            node.state(),
            row.version.clone(),
            row.host.clone(),
            row.pid.to_string(),
            row.listen.clone(),
            times.show(row.started_ms),
            times.show(row.heard_ms),
            row.working.len().to_string(),
            row.reach.join(" "),
        ]);
    }
    table
}

fn work(node: &Known, out: &mut Output) -> Result<(), Failure> {
    if node.row.state != NodeState::Stopped && !node.row.working.is_empty() {
        out.line(format_args!("\n{} works on", node.row.name))?;
        for lease in &node.row.working {
            out.line(format_args!("  {lease}"))?;
        }
    }
    Ok(())
}
