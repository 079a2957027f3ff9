//! Tokens that a node lets in.

use super::site::Site;
use fpp_spool::{Algorithm, Digest};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

/// A table of a token file; the token is its name.
pub(crate) fn token(name: &str, more: &str) -> String {
    token_of(name, name, more)
}

/// A table of a token file, for a token with a name of its own.
pub(crate) fn token_of(name: &str, token: &str, more: &str) -> String {
    let digest = Digest::of(Algorithm::Sha256, token.as_bytes());
    format!("[token.{name}]\nsha256 = \"{digest}\"\n{more}\n")
}

/// From the next start on the node of a site has these tokens.
pub(crate) fn let_in(site: &Site, tokens: &[String]) {
    let file = site.root.join("conf/tokens.toml");
    std::fs::write(&file, tokens.concat()).unwrap();
    std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let settings = std::fs::read_to_string(site.settings_file()).unwrap();
    let settings = settings.replace("[http]\n", "[http]\ntoken_file = \"tokens.toml\"\n");
    std::fs::write(site.settings_file(), settings).unwrap();
}
