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

    /// The configuration, checked, for a verb that opens no door of its own: a partner's key that this user may not read, or
    /// that is not on this machine, is no fault.
    pub(super) fn settings(&self) -> Result<Settings, Failure> {
        self.is_there()?;
        Settings::load_to_look(&self.file()).map_err(|faults| Failure::faults(&faults))
    }

    /// The same for a node that runs: every secret must be there.
    pub(super) fn settings_to_run(&self) -> Result<Settings, Failure> {
        self.is_there()?;
        Settings::load(&self.file()).map_err(|faults| Failure::faults(&faults))
    }

    /// Says where a configuration was looked for, where none was named.
    pub(super) fn is_there(&self) -> Result<(), Failure> {
        let file = self.file();
        if self.config.is_some() || file.exists() {
            return Ok(());
        }
        let here = std::env::current_dir().map(|folder| format!(" in {}", folder.display())).unwrap_or_default();
        Err(Failure::usage(format!(
            "there is neither ./fpp.toml nor ./{}{here}: name the node's configuration with --config FILE",
            file.display()
        )))
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
