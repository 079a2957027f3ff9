//! Opens the vault that the settings name: the only place that names its engines.

use crate::error::Result;
use crate::settings::Settings;
use crate::vault::Vault;
use crate::vault::disk::DiskVault;
use std::sync::Arc;

/// For a node; `holder` is its name and incarnation, as in its leases.
pub(super) fn open(settings: &Settings, holder: &str) -> Result<Arc<dyn Vault>> {
    // A part of the names of temporaries.
    let owner = holder.replace('/', ".");
    Ok(Arc::new(DiskVault::open(&settings.vault_dir(), &owner)?))
}

/// For a command that only reads, also while nodes write.
pub(crate) fn open_read_only(settings: &Settings) -> Result<Arc<dyn Vault>> {
    Ok(Arc::new(DiskVault::open_read_only(&settings.vault_dir())))
}
