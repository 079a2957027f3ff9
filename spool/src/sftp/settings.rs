//! How to reach one partner.

use std::path::PathBuf;
use std::time::Duration;

/// How to log in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Auth {
    /// A private key file, with its passphrase in another file where it has one.
    KeyFile {
        /// The private key.
        path: PathBuf,
        /// The file that holds its passphrase.
        passphrase_file: Option<PathBuf>,
    },
    /// The keys of the agent at `SSH_AUTH_SOCK`.
    Agent,
    /// A file that holds the password.
    PasswordFile(PathBuf),
}

/// Another address under which the same folders are reached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Address {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Its pinned host keys, as in [`SftpSettings::host_keys`].
    pub host_keys: Vec<String>,
}

/// How to reach one partner.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SftpSettings {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// User.
    pub user: String,
    /// How to log in.
    pub auth: Auth,
    /// Pinned host keys: `SHA256:<base64>` as `ssh-keygen -l` shows it, or `<type> <base64>` as known_hosts holds it
    /// (a host name in front is allowed). Without any, nothing is trusted.
    pub host_keys: Vec<String>,
    /// Deadline to connect, with name, banner and key exchange, in milliseconds.
    pub connect_timeout_ms: u64,
    /// Deadline of every other call, in milliseconds.
    pub call_timeout_ms: u64,
    /// The most sessions at once; at least one.
    pub sessions_max: usize,
    /// Ciphers in order of preference, comma separated. When not given all that the library knows: AES-GCM first where
    /// the processor has instructions for it, chacha20-poly1305 first elsewhere.
    pub ciphers: Option<String>,
    /// Asked in order when the first address cannot be reached. Never after a wrong host key or a refused login.
    pub standbys: Vec<Address>,
}

impl SftpSettings {
    pub(super) fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms.max(1))
    }

    pub(super) fn call_timeout(&self) -> Duration {
        Duration::from_millis(self.call_timeout_ms.max(1))
    }

    /// The settings for each address, the first one first.
    pub(super) fn addresses(&self) -> Vec<SftpSettings> {
        let first = SftpSettings { standbys: Vec::new(), ..self.clone() };
        let others = self.standbys.iter().map(|address| SftpSettings {
            host: address.host.clone(),
            port: address.port,
            host_keys: address.host_keys.clone(),
            ..first.clone()
        });
        std::iter::once(first.clone()).chain(others).collect()
    }

    pub(super) fn describe(&self) -> String {
        format!("sftp://{}@{}:{}", self.user, self.host, self.port)
    }
}
