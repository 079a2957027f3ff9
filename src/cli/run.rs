//! `fpp run`: the node, until it is told to stop.

use super::exit::{Exit, Failure};
use super::global::Global;
use crate::{node, telemetry};
use clap::Args;

/// Run the node until SIGTERM or Ctrl-C.
///
/// Starting and starting after a crash are the same: work goes on where the books say it stands. On a signal no new work
/// is taken, running steps finish, then everything closes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fpp run --config /etc/fpp/fpp.toml\n  FPP_LOG=debug fpp run")]
pub(super) struct Run {}

impl Run {
    pub(super) fn run(self, global: &Global) -> Result<Exit, Failure> {
        let settings = global.settings()?;
        telemetry::start("info")?;
        for warning in &settings.warnings {
            tracing::warn!("{warning}");
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::internal(format!("cannot start: {error}")))?;
        runtime.block_on(node::run(settings))?;
        Ok(Exit::Good)
    }
}
