//! Where a vault in a bucket is, and what its requests are signed with.
//!
//! Invariant: what is shown or logged of a place has no key in it.

use crate::clock::Clock;
use crate::error::Result;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What requests are signed with.
pub struct Keys {
    /// Access key id.
    pub id: String,
    /// Secret access key.
    pub secret: String,
    /// Session token, for keys that are lent for a time.
    pub token: Option<String>,
}

/// Reads the keys from where they are.
pub type ReadKeys = Arc<dyn Fn() -> Result<Keys> + Send + Sync>;

/// Where a vault is.
#[derive(Clone)]
pub struct Place {
    /// Bucket, which must be there.
    pub bucket: String,
    /// What all keys begin with; may be empty.
    pub prefix: String,
    /// The server, `https://HOST:PORT`; without one it is Amazon's of the region.
    pub endpoint: Option<String>,
    /// Region, part of every signature.
    pub region: String,
    /// The bucket stands in the path, not in the host's name.
    pub path_style: bool,
    /// Encrypted, and the server proves who it is.
    pub tls: bool,
    /// Authorities that sign the server's certificate; those of the system without it.
    pub ca_file: Option<PathBuf>,
    /// When a server that does not answer is given up.
    pub call_timeout: Duration,
    /// What requests are signed with.
    pub keys: ReadKeys,
    /// Where content is gathered; the files there have no names.
    pub scratch: PathBuf,
    /// The time.
    pub clock: Clock,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slash = if self.prefix.is_empty() { "" } else { "/" };
        write!(f, "s3://{}{slash}{}", self.bucket, self.prefix)?;
        match &self.endpoint {
            Some(endpoint) => write!(f, " at {endpoint}"),
            None => write!(f, " in {}", self.region),
        }
    }
}
