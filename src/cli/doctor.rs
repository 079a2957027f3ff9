//! `fpp doctor`: is everything there that a node needs, one line each, with what to do next.

use super::control;
use super::exit::{Exit, Failure};
use super::global::{Global, wait};
use super::output::Output;
use crate::node::doctor::{self, Finding, Level};
use crate::settings::Settings;
use clap::Args;
use serde_json::json;

/// Look at everything that a node needs, and say of each what to do next.
///
/// Configuration, disk, notifications, clock, ledger, vault, and each partner: host key, login, list, put, fsync, rename,
/// remove. Writes a small hidden file and removes it where the routes write; changes nothing else; may run beside the
/// node. Exit code 1 when something is a fault, 2 when the configuration is.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fpp doctor\n  fpp doctor --json")]
pub(super) struct Doctor {
    /// Print JSON, one finding a line
    #[arg(long)]
    json: bool,
}

impl Doctor {
    pub(super) fn run(&self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        global.is_there()?;
        let settings = match Settings::load(&global.file()) {
            Ok(settings) => settings,
            Err(faults) if self.json => {
                for fault in faults {
                    out.json(&json!({"level": "fault", "subject": "configuration", "aspect": "check",
                        "found": fault.to_string(), "next": "Mend it; `fpp check` lists every fault at once."}))?;
                }
                return Ok(Exit::Usage);
            }
            Err(faults) => return Err(Failure::faults(&faults)),
        };
        let mut found = vec![said(Level::Good, "check", format!("{} and all that it names", settings.file.display()))];
        for warning in &settings.warnings {
            found.push(said(Level::Warning, "check", warning.to_string()));
        }
        let running = if control::is_running(&settings) { "runs" } else { "does not run" };
        found.push(said(Level::Note, "node", format!("{} {running}", settings.node)));
        wait(async {
            doctor::examine(&settings, |finding| found.push(finding)).await;
            Ok(())
        })?;
        for finding in &found {
            if self.json { out.json(finding)? } else { out.line(line(finding))? }
        }
        let count = |level| found.iter().filter(|finding| finding.level == level).count();
        let (faults, warnings) = (count(Level::Fault), count(Level::Warning));
        if !self.json {
            out.line(format_args!("\n{} looked at: {faults} faults, {warnings} warnings", found.len()))?;
        }
        Ok(if faults > 0 { Exit::Internal } else { Exit::Good })
    }
}

fn said(level: Level, aspect: &'static str, found: String) -> Finding {
    Finding { level, subject: "configuration".to_owned(), aspect, found, next: String::new() }
}

fn line(finding: &Finding) -> String {
    let level = match finding.level {
        Level::Good => "ok     ",
        Level::Note => "note   ",
        Level::Warning => "WARNING",
        Level::Fault => "FAULT  ",
    };
    let next = if finding.next.is_empty() { String::new() } else { format!(" | {}", finding.next) };
    format!("{level}  {}, {}: {}{next}", finding.subject, finding.aspect, finding.found)
}
