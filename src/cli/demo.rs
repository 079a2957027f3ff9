//! `fpp demo`: the main job on made-up files, with nothing installed.

use super::exit::{Exit, Failure};
use super::run::runtime;
use crate::demo::run::Demo as Story;
use clap::Args;
use std::path::PathBuf;

/// Show the main job: a stand-in core drops files, a node proves, posts and answers them.
///
/// Core and node run in this process, in a folder of their own; no server, no root. Everything that is told is checked:
/// the answers row by row, the events of the stream, the hash chains of the ledger.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  fpp demo --once --trades 10000")]
pub(super) struct Demo {
    /// Folder of the demo; emptied if an earlier demo made it
    #[arg(long, default_value = "fpp-demo", value_name = "DIR")]
    dir: PathBuf,
    /// Trades of the large files
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(100..=10_000_000))]
    trades: u64,
    /// Seed of everything made up
    #[arg(long, default_value_t = 20_250_620)]
    seed: u64,
    /// Address of HTTP
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS:PORT")]
    listen: String,
    /// End with exit 0 after checking everything, instead of keeping the stream up
    #[arg(long)]
    once: bool,
}

impl Demo {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        crate::telemetry::start("error")?;
        let story = Story { dir: self.dir, trades: self.trades, seed: self.seed, listen: self.listen, once: self.once };
        runtime()?.block_on(crate::demo::run::run(&story, &mut std::io::stdout()))?;
        Ok(Exit::Good)
    }
}
