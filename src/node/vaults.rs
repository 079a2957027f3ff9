//! Opens the vault that the settings name: the only place that names its engines.

use crate::clock::Clock;
use crate::error::Result;
use crate::settings::{Settings, VaultBucket, VaultPlace};
use crate::vault::Vault;
use crate::vault::disk::DiskVault;
use std::path::PathBuf;
use std::sync::Arc;

/// For a node; `holder` is its name and incarnation, as in its leases.
pub(super) fn open(settings: &Settings, holder: &str, clock: &Clock) -> Result<Arc<dyn Vault>> {
    match &settings.vault {
        VaultPlace::Bucket(bucket) => opened(bucket, settings.data_dir.join("scratch"), clock),
        VaultPlace::Own | VaultPlace::Folder(_) => {
            // A part of the names of temporaries.
            let owner = holder.replace('/', ".");
            Ok(Arc::new(DiskVault::open(&settings.vault_dir(), &owner)?))
        }
    }
}

/// For a command that only reads, also while nodes write.
pub(crate) fn open_read_only(settings: &Settings) -> Result<Arc<dyn Vault>> {
    match &settings.vault {
        VaultPlace::Bucket(bucket) => opened(bucket, std::env::temp_dir(), &Clock::System),
        VaultPlace::Own | VaultPlace::Folder(_) => Ok(Arc::new(DiskVault::open_read_only(&settings.vault_dir()))),
    }
}

/// Where the vault is, without any key.
pub(crate) fn place(settings: &Settings) -> String {
    match &settings.vault {
        VaultPlace::Bucket(bucket) => {
            let slash = if bucket.prefix.is_empty() { "" } else { "/" };
            let server = bucket.endpoint.clone().unwrap_or_else(|| bucket.region.clone());
            format!("s3://{}{slash}{} at {server}", bucket.bucket, bucket.prefix)
        }
        VaultPlace::Own | VaultPlace::Folder(_) => settings.vault_dir().display().to_string(),
    }
}

/// Asks a bucket's server whether it lets this node in, changing nothing; false for a folder, which is not looked at: it
/// is made when a node starts.
pub(crate) fn look(settings: &Settings) -> Result<bool> {
    match &settings.vault {
        VaultPlace::Bucket(_) => open_read_only(settings).map(|_| true),
        VaultPlace::Own | VaultPlace::Folder(_) => Ok(false),
    }
}

#[cfg(feature = "s3")]
fn opened(bucket: &VaultBucket, scratch: PathBuf, clock: &Clock) -> Result<Arc<dyn Vault>> {
    use crate::vault::s3::{Keys, Place, S3Vault};
    use fpp_codecs::Code;
    use std::time::Duration;
    let from = bucket.clone();
    let keys = move || {
        let read = |secret, what| super::secret::read(secret, what, Code::VAULT);
        let token = from.session_token.as_ref().map(|token| read(token, "the vault's session token")).transpose()?;
        Ok(Keys {
            id: read(&from.access_key, "the vault's access key id")?,
            secret: read(&from.secret_key, "the vault's secret access key")?,
            token,
        })
    };
    let place = Place {
        bucket: bucket.bucket.clone(),
        prefix: bucket.prefix.clone(),
        endpoint: bucket.endpoint.clone(),
        region: bucket.region.clone(),
        path_style: bucket.path_style,
        tls: bucket.tls,
        ca_file: bucket.ca_file.clone(),
        call_timeout: Duration::from_millis(bucket.call_timeout_ms),
        keys: Arc::new(keys),
        scratch,
        clock: clock.clone(),
    };
    Ok(Arc::new(S3Vault::open(&place)?))
}

/// `fpp check` and every start refuse such settings before; this is for whoever makes settings in another way.
#[cfg(not(feature = "s3"))]
fn opened(_: &VaultBucket, _: PathBuf, _: &Clock) -> Result<Arc<dyn Vault>> {
    Err(crate::error::Error::internal("this fpp was built without S3"))
}
