//! Key pairs of the stand-in core, as OpenSSH key files that any SSH client reads.
//!
//! They protect a folder of made-up data on the loopback address; no passphrase guards them, only the file's mode.

use russh::keys::key::safe_rng;
use russh::keys::ssh_key::LineEnding;
use russh::keys::{Algorithm, PrivateKey, PublicKey};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const HOST_FILE: &str = "core_host_ed25519";
const USER_FILE: &str = "core_user_ed25519";

/// The server's own key, and the public half of the one key that is let in.
pub(super) struct Keys {
    pub(super) host: PrivateKey,
    pub(super) user: PublicKey,
    pub(super) user_file: PathBuf,
}

impl Keys {
    /// Reads both pairs from a folder, making what is missing.
    pub(super) fn open(folder: &Path) -> io::Result<Keys> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let host = read_or_make(&folder.join(HOST_FILE))?;
        let user_file = folder.join(USER_FILE);
        let user = read_or_make(&user_file)?.public_key().clone();
        Ok(Keys { host, user, user_file })
    }
}

fn read_or_make(file: &Path) -> io::Result<PrivateKey> {
    if file.try_exists()? {
        let say = |error| io::Error::other(format!("{} is not a usable key: {error}; remove it", file.display()));
        return PrivateKey::read_openssh_file(file).map_err(say);
    }
    let key = PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519).map_err(io::Error::other)?;
    let private = key.to_openssh(LineEnding::LF).map_err(io::Error::other)?;
    let mut public = key.public_key().to_openssh().map_err(io::Error::other)?;
    public.push('\n');
    write_new(file, private.as_bytes(), 0o600)?;
    write_new(&file.with_extension("pub"), public.as_bytes(), 0o644)?;
    Ok(key)
}

fn write_new(file: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(mode);
    options.open(file)?.write_all(content)
}
