//! Options of every verb, and what every verb needs: the checked configuration, a place to wait.

use super::exit::Failure;
use crate::settings::Settings;
use std::path::{Path, PathBuf};

/// Options of every verb.
#[derive(Debug, clap::Args)]
pub(super) struct Global {
    /// Configuration file of the node [default: ./fpp.toml, else ./config/fpp.toml]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Global {
    /// The configuration file.
    pub(super) fn file(&self) -> PathBuf {
        let beside = Path::new("fpp.toml");
        match &self.config {
            Some(file) => file.clone(),
            None if beside.exists() => beside.to_owned(),
            None => PathBuf::from("config/fpp.toml"),
        }
    }

    /// The configuration, checked.
    pub(super) fn settings(&self) -> Result<Settings, Failure> {
        Settings::load(&self.file()).map_err(|faults| Failure::faults(&faults))
    }
}

/// Runs a verb that waits for books or sockets.
pub(super) fn wait<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::internal(format!("cannot start: {error}")))?;
    runtime.block_on(work)
}
