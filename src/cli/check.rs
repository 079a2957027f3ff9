//! `fpp check`: reads the configuration and everything it names, and lists every fault at once.

use super::exit::{Exit, Failure};
use super::global::{Global, wait};
use super::output::{Align, Output, Table, note};
use crate::node;
use crate::settings::{Ready, Route, Settings, SpoolKind};
use clap::Args;
use serde_json::json;

/// Check the configuration: every fault of every file at once, with file, line and column.
///
/// Reads the node's file, its routes, and the layouts, mappings and lists these name, and the secrets
/// and certificates of outlets. Where ledger or vault are on a server, it is asked whether it lets the
/// node in; opens nothing else.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  fpp check --config /etc/fpp/fpp.toml")]
pub(super) struct Check {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(super) fn run(&self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        global.is_there()?;
        let loaded = Settings::load(&global.file()).and_then(|settings| {
            let faults = node::outlets::faults(&settings);
            if faults.is_empty() { Ok(settings) } else { Err(faults) }
        });
        let settings = match loaded {
            Ok(settings) => settings,
            Err(faults) if self.json => {
                let list: Vec<_> = faults
                    .iter()
                    .map(|f| json!({"file": f.file, "line": f.line, "column": f.column, "message": f.message}))
                    .collect();
                out.json(&json!({"good": false, "faults": list}))?;
                return Ok(Exit::Usage);
            }
            Err(faults) => return Err(Failure::faults(&faults)),
        };
        for warning in &settings.warnings {
            note(format_args!("warning: {warning}"));
        }
        let (ledger, version) =
            (node::books::place(&settings), wait(async { Ok(node::books::look(&settings).await?) })?);
        let (vault, asked) = (node::vaults::place(&settings), node::vaults::look(&settings)?);
        if self.json {
            let warnings: Vec<_> = settings.warnings.iter().map(ToString::to_string).collect();
            let routes: Vec<_> = settings.routes.iter().map(|r| r.name.as_str()).collect();
            out.json(
                &json!({"good": true, "node": settings.node, "ledger": ledger, "vault": vault, "routes": routes, "warnings": warnings}),
            )?;
            return Ok(Exit::Good);
        }
        out.line(format_args!("ledger {ledger}{}", told(version)))?;
        out.line(format_args!("vault {vault}{}", if asked { ": reached" } else { "" }))?;
        out.line("")?;
        let mut spools = Table::new(&[("spool", Align::Left), ("where", Align::Left)]);
        for spool in &settings.spools {
            let place = match &spool.kind {
                SpoolKind::Local { path } => path.display().to_string(),
                SpoolKind::Sftp(s) => format!("sftp://{}@{}:{}/{}", s.user, s.host, s.port, s.path),
            };
            spools.row(vec![spool.name.clone(), place]);
        }
        out.line(spools)?;
        out.line("")?;
        if let Some(commands) = commands(&settings) {
            out.line(commands)?;
            out.line("")?;
        }
        let heads = ["route", "spool", "files", "ready", "format", "answer"].map(|h| (h, Align::Left));
        let mut routes = Table::new(&heads);
        for route in &settings.routes {
            routes.row(route_row(route));
        }
        out.line(routes)?;
        out.line("")?;
        out.line(format_args!(
            "{}: node {} of {}, {} spools, {} routes: good",
            settings.file.display(),
            settings.node,
            settings.installation,
            settings.spools.len(),
            settings.routes.len()
        ))?;
        Ok(Exit::Good)
    }
}

/// What partners run, and after what.
fn commands(settings: &Settings) -> Option<Table> {
    let heads = ["command", "at", "after", "run"].map(|h| (h, Align::Left));
    let mut table = Table::new(&heads);
    let mut any = false;
    for spool in &settings.spools {
        let SpoolKind::Sftp(sftp) = &spool.kind else { continue };
        for command in &sftp.commands {
            let after: Vec<_> =
                settings.routes.iter().flat_map(|r| r.followed_by(&spool.name, &command.name)).collect();
            let after = if after.is_empty() { "nothing".to_owned() } else { after.join(", ") };
            table.row(vec![command.name.clone(), spool.name.clone(), after, command.run.clone()]);
            any = true;
        }
    }
    any.then_some(table)
}

/// What a server said about its tables.
fn told(version: Option<i64>) -> String {
    match version {
        None => String::new(),
        Some(0) => ": reached; the first node makes its tables".to_owned(),
        Some(version) => format!(": reached, schema version {version}"),
    }
}

fn route_row(route: &Route) -> Vec<String> {
    let ready = match &route.ready {
        Ready::Marker { pattern, .. } => pattern.clone(),
        Ready::Quiet { quiet_ms } => format!("quiet {quiet_ms} ms"),
    };
    let answer = route.answer.as_ref().map_or_else(|| "none".to_owned(), |a| format!("{} to {}", a.name, a.spool));
    vec![route.name.clone(), route.spool.clone(), route.files.clone(), ready, route.texts.format.name.clone(), answer]
}
