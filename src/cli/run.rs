//! `fpp run`: the node.

use super::exit::{Exit, Failure};
use super::global::Global;
use super::output::note;
use clap::Args;

/// Run the node until SIGTERM or Ctrl-C.
///
/// Watches the spools, proves files, posts events and answers the core. Starting and starting after a crash are the
/// same: work goes on where the books say it stands. A stopping node finishes the steps it is in, or gives them up after
/// drain_ms; what was given up goes on at the next start. Its memory holds secrets and trades: as every verb it leaves no core
/// dump, and no debugger of another process reads it.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  fpp run --config /etc/fpp/fpp.toml\n\n\
                  Logs go to stderr: text on a terminal, JSON lines otherwise.")]
pub(super) struct Run {}

impl Run {
    pub(super) fn run(&self, global: &Global) -> Result<Exit, Failure> {
        crate::telemetry::start("info")?;
        let settings = global.settings_to_run()?;
        for warning in &settings.warnings {
            note(format_args!("warning: {warning}"));
        }
        runtime()?.block_on(crate::node::run(settings))?;
        Ok(Exit::Good)
    }
}

/// Threads for a node: services on a few, blocking work beside them.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::internal(format!("cannot start: {error}")))
}
